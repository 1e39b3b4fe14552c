"""Defaults, strategies and the meaning of a Pod's fields."""
from __future__ import annotations

import pytest

from cluster.kinds import pod
from cluster.kinds._pod_defaults import pull_policy
from cluster.kinds._pod_resources import qos_class
from cluster.meta.objects import draft

from .objects import a_pod, with_container


@pytest.mark.parametrize(("image", "policy"), [
    ("nginx", "Always"), ("nginx:latest", "Always"), ("nginx:1.27", "IfNotPresent"), ("host:5000/nginx", "Always"),
    ("host:5000/nginx:1", "IfNotPresent"), ("nginx@sha256:" + "a" * 64, "IfNotPresent"),
    ("nginx:latest@sha256:" + "a" * 64, "Always"),
])
def test_an_image_that_may_change_is_always_pulled(image, policy):
    assert pull_policy(image) == policy


def test_defaults_do_not_change_what_is_defaulted_already():
    made = with_container(ports=[{"containerPort": 80}], resources={"limits": {"cpu": "0.1"}}, livenessProbe={"httpGet": {"port": 1}})
    again = draft(made)
    pod.default(again)
    assert again == made


def test_missing_requests_come_from_limits_in_canonical_form():
    made = with_container(resources={"limits": {"cpu": "0.5", "memory": "1024Ki"}, "requests": {"cpu": "100m"}})
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "500m", "memory": "1Mi"}, "requests": {"cpu": "100m", "memory": "1Mi"}}


@pytest.mark.parametrize(("resources", "wanted"), [
    ({}, "BestEffort"), ({"requests": {"cpu": "1"}}, "Burstable"), ({"requests": {"cpu": "0"}}, "BestEffort"),
    ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
    ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}}, "Burstable"),
    ({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}, "Burstable"),
])
def test_the_qos_class_follows_from_requests_and_limits(resources, wanted):
    assert qos_class({"containers": [{"name": "a", "resources": resources}]}) == wanted


def test_a_new_pod_is_pending_whatever_its_client_says():
    made = {**a_pod(), "status": {"phase": "Running"}}
    pod.KIND.prepare_create(made)
    assert made["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    assert made["metadata"]["generation"] == 1


def test_a_changed_spec_raises_the_generation_and_a_label_does_not():
    old = a_pod()
    old["metadata"]["generation"] = 3
    labelled, changed = draft(old), draft(old)
    labelled["metadata"]["labels"] = {"a": "b"}
    changed["spec"]["containers"][0]["image"] = "nginx:2"
    for new in (labelled, changed):
        pod.KIND.prepare_update(new, old)
    assert (labelled["metadata"]["generation"], changed["metadata"]["generation"]) == (3, 4)


def test_a_status_update_keeps_the_spec_and_the_qos_class():
    old = {**a_pod(), "status": {"phase": "Pending", "qosClass": "Burstable"}}
    new = {**draft(old), "spec": {}, "status": {"phase": "Running"}}
    pod.KIND.prepare_status(new, old)
    assert new["spec"] is old["spec"]
    assert new["status"] == {"phase": "Running", "qosClass": "Burstable"}


@pytest.mark.parametrize(("spec", "phase", "asked", "wanted"), [
    ({}, "Pending", None, 0), ({"nodeName": "n"}, "Running", None, 30), ({"nodeName": "n"}, "Running", 5, 5),
    ({"nodeName": "n"}, "Running", -1, 1), ({"nodeName": "n"}, "Succeeded", None, 0),
])
def test_a_pod_gets_its_grace_period_only_where_something_runs(spec, phase, asked, wanted):
    assert pod.graceful({**a_pod(**spec), "status": {"phase": phase}}, asked) == wanted


def test_requests_count_sidecars_init_containers_and_overhead():
    made = a_pod(
        containers=[{"name": "a", "image": "i", "resources": {"requests": {"cpu": "100m", "memory": "1Mi"}}}],
        initContainers=[{"name": "s", "image": "i", "restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}},
                        {"name": "i", "image": "i", "resources": {"requests": {"cpu": "300m"}}}],
        overhead={"memory": "1Mi"})
    assert pod.requests(made) == {"cpu": 350, "memory": 2 * 1024 * 1024, "pods": 1}


def status_of(*containers, **status) -> dict:
    return {"phase": "Running", "containerStatuses": [{"name": f"c{index}", **found} for index, found in enumerate(containers)],
            **status}


RUNNING = {"ready": True, "state": {"running": {}}}
CRASHED = {"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
           "lastState": {"terminated": {"finishedAt": "2026-01-01T09:00:00Z"}}}


@pytest.mark.parametrize(("status", "word", "ready", "restarts"), [
    ({"phase": "Pending"}, "Pending", 0, "0"),
    (status_of(RUNNING), "Running", 1, "0"),
    (status_of(CRASHED), "CrashLoopBackOff", 0, "3 (90s ago)"),
    (status_of({"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}), "Error", 0, "0"),
    (status_of({"state": {"terminated": {"exitCode": 137, "signal": 9}}}), "Signal:9", 0, "0"),
    (status_of({"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}, phase="Succeeded"), "Completed", 0, "0"),
    ({"phase": "Failed", "reason": "Evicted"}, "Evicted", 0, "0"),
    ({"phase": "Pending", "initContainerStatuses": [{"name": "i", "state": {"running": {}}}]}, "Init:0/1", 0, "0"),
    ({"phase": "Pending", "conditions": [{"type": "PodScheduled", "reason": "SchedulingGated"}]}, "SchedulingGated", 0, "0"),
])
def test_the_status_column_says_what_kubectl_says(status, word, ready, restarts):
    made = {**a_pod(initContainers=[{"name": "i", "image": "i"}]), "status": status}
    cells = pod.cells(made, 1_767_258_090_000)
    assert cells[1:4] == [f"{ready}/1", word, restarts]


def test_a_deleted_pod_is_terminating():
    made = {**a_pod(), "status": status_of(RUNNING)}
    made["metadata"]["deletionTimestamp"] = "2026-01-01T09:00:00Z"
    assert pod.status_word(made) == "Terminating"
    assert not pod.is_active(made)


def test_match_label_keys_become_part_of_the_selector():
    made = a_pod(topologySpreadConstraints=[{"topologyKey": "z", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule",
                                             "labelSelector": {}, "matchLabelKeys": ["hash"]}])
    made["metadata"]["labels"] = {"hash": "x"}
    pod.KIND.prepare_create(made)
    assert made["spec"]["topologySpreadConstraints"][0]["labelSelector"] == {
        "matchExpressions": [{"key": "hash", "operator": "In", "values": ["x"]}]}


SPEC = {}   # not placed yet
GOING_ON = {"metadata": {"uid": "1", "labels": {"app": "a"}, "ownerReferences": []}, "spec": {"nodeName": "n1"}, "status": {"phase": "Pending"}}


def changed(part: str, **values) -> dict:
    return {**GOING_ON, part: {**GOING_ON[part], **values}}


@pytest.mark.parametrize(("old", "new", "is_report"), [
    (GOING_ON, changed("status", phase="Running"), True),
    (GOING_ON, changed("metadata", resourceVersion="2"), True),
    (GOING_ON, changed("metadata", labels={"app": "a"}), False),   # equal, but that would have to be looked at
    (GOING_ON, changed("metadata", ownerReferences=[{"uid": "2"}]), False),
    (GOING_ON, changed("metadata", deletionTimestamp="2026-01-01T09:00:00Z"), False),
    (GOING_ON, changed("metadata", uid="2"), False),
    (GOING_ON, changed("spec"), False),
    (GOING_ON, changed("status", phase="Failed"), False),
    (changed("status", phase="Failed"), GOING_ON, False),
    (GOING_ON, {**GOING_ON, "metadata": {"uid": "1", "labels": {}}}, False),
    ({**GOING_ON, "spec": SPEC}, {**GOING_ON, "spec": SPEC}, False),
])
def test_a_change_is_a_mere_report_where_a_placed_pod_goes_on_with_what_is_asked_of_it(old, new, is_report):
    assert pod.only_reports(old, new) is is_report
