"""A Deployment's revisions in the annotations of its ReplicaSets.

Source: pkg/controller/deployment/util/deployment_util_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import _revisions as revisions

TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "busybox:1"}]}}


def deployment(**annotations):
    return {
        "metadata": {"name": "web", "namespace": "default", "uid": "d", "annotations": annotations},
        "spec": {
            "replicas": 3,
            "template": TEMPLATE,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        },
    }


def with_hash(template, digest="abc"):
    labels = {**template["metadata"]["labels"], "pod-template-hash": digest}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


def test_the_hash_is_a_function_of_template_and_collisions():
    first = revisions.template_hash(TEMPLATE, None)
    assert first == revisions.template_hash(TEMPLATE, None)
    assert first != revisions.template_hash(TEMPLATE, 1)
    assert first != revisions.template_hash({**TEMPLATE, "spec": {"containers": []}}, None)
    assert set(first) <= set(revisions.SAFE_LETTERS)


def test_templates_are_equal_whatever_their_hash_label():
    assert revisions.same_template(with_hash(TEMPLATE, "one"), with_hash(TEMPLATE, "two"))
    assert revisions.same_template(
        TEMPLATE, {**TEMPLATE, "spec": {**TEMPLATE["spec"], "volumes": [], "nodeSelector": None}}
    )
    assert not revisions.same_template(TEMPLATE, {**TEMPLATE, "spec": {"containers": []}})


def test_the_oldest_replica_set_with_the_template_is_the_new_one():
    def replica_set(name, created, template):
        return {"metadata": {"name": name, "uid": name, "creationTimestamp": created}, "spec": {"template": template}}

    other = {**TEMPLATE, "spec": {"containers": [{"name": "app", "image": "other"}]}}
    sets = [
        replica_set("late", "2026-01-01T09:00:02Z", with_hash(TEMPLATE)),
        replica_set("old", "2026-01-01T09:00:00Z", with_hash(other)),
        replica_set("early", "2026-01-01T09:00:01Z", with_hash(TEMPLATE)),
    ]
    new, old = revisions.split(deployment(), sets)
    assert new["metadata"]["name"] == "early"
    assert [item["metadata"]["name"] for item in old] == ["old", "late"]


@pytest.mark.parametrize(
    ("before", "revision", "expected"),
    [
        ({}, 1, {"revision": "1"}),
        ({"revision": "1"}, 3, {"revision": "3", "revision-history": "1"}),
        ({"revision": "3", "revision-history": "1"}, 5, {"revision": "5", "revision-history": "1,3"}),
        ({"revision": "4"}, 3, {"revision": "4"}),  # old ones were cleaned up: never go back
        ({"revision": "x"}, 3, {"revision": "x"}),
    ],
)
def test_rolling_back_remembers_the_revisions_served_before(before, revision, expected):
    prefix = "deployment.kubernetes.io/"
    found = revisions.annotations_for(
        deployment(), {prefix + name: value for name, value in before.items()}, revision, exists=True
    )
    assert found == {prefix + name: value for name, value in expected.items()}


def test_a_deployments_annotations_are_copied_but_for_its_own():
    annotations = {"kubernetes.io/change-cause": "because", revisions.LAST_APPLIED: "{}", revisions.REVISION: "7"}
    found = revisions.annotations_for(deployment(**annotations), {}, 1, exists=False)
    assert found == {
        "kubernetes.io/change-cause": "because",
        revisions.REVISION: "1",
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
    }


def test_a_history_that_is_too_long_loses_its_oldest():
    long = ",".join(str(number) for number in range(1000, 1399))
    found = revisions.annotations_for(
        deployment(), {revisions.REVISION: "1399", revisions.HISTORY: long}, 1400, exists=True
    )
    assert len(found[revisions.HISTORY]) <= revisions.HISTORY_LIMIT
    assert found[revisions.HISTORY].endswith(",1399")


def test_a_new_replica_set_carries_the_hash_in_name_labels_selector_and_template():
    made = revisions.new_replica_set(deployment(), 1, {"uid": "d"})
    digest = made["metadata"]["labels"]["pod-template-hash"]
    assert made["metadata"]["name"] == f"web-{digest}"
    assert made["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": digest}
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "web", "pod-template-hash": digest}
    assert TEMPLATE["metadata"]["labels"] == {"app": "web"}
