"""_pod_sameness.py: Pods of one template are judged once, all others by themselves."""
from __future__ import annotations

import pytest

from cluster.kinds import _pod_validation
from cluster.kinds._pod_sameness import sameness


def pod(token="abcde", image="nginx", **meta):
    name = f"kube-api-access-{token}"
    mounts = [{"name": name, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}]
    return {"metadata": {"name": f"web-{token}", "generateName": "web-", "namespace": "default", **meta}, "spec": {
        "containers": [{"name": "app", "image": image, "imagePullPolicy": "Always", "terminationMessagePolicy": "File", "volumeMounts": mounts}],
        "volumes": [{"name": name, "emptyDir": {}}], "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "terminationGracePeriodSeconds": 30,
        "securityContext": {}, "serviceAccountName": "default"}}


def test_the_tokens_volume_makes_no_difference():
    assert sameness(pod("abcde")) == sameness(pod("fghij"))


def test_another_image_does():
    assert sameness(pod()) != sameness(pod(image="busybox"))


@pytest.mark.parametrize("meta", [{"generateName": ""}, {"annotations": {"a": "b"}}, {"finalizers": ["a/b"]}])
def test_pods_whose_metadata_matters_are_alike_to_none(meta):
    assert sameness(pod(**meta)) is None


def test_claims_that_are_named_after_their_pod_are_alike_to_none():
    found = pod()
    found["spec"]["volumes"][0] = {"name": "scratch", "ephemeral": {}}
    assert sameness(found) is None


def test_a_pod_that_is_not_sound_is_refused_each_time():
    for token in ("abcde", "fghij"):
        assert [error.path for error in _pod_validation.validate(pod(token, image=""))] == ["spec.containers[0].image"]


def test_a_sound_pod_stays_sound_and_clears_no_other():
    assert _pod_validation.validate(pod("abcde")) == _pod_validation.validate(pod("fghij")) == []
    assert _pod_validation.validate(pod("klmno", image="")) != []
