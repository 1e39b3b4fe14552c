"""Whose an object is, and becomes: a table of owners and candidates. Source: pkg/controller/controller_ref_manager(_test).go."""

from __future__ import annotations

import pytest

from cluster.controllers import _claims
from cluster.controllers._pod_control import pod_from_template
from cluster.controllers._tasks import slow_start

WEB = {"app": "web"}


def owner(uid="mine", *, deleting=False, labels=None):
    meta = {"name": uid, "namespace": "default", "uid": uid, **({"deletionTimestamp": "2026-01-01T09:00:00Z"} if deleting else {})}
    return {"metadata": meta, "spec": {"selector": {"matchLabels": WEB if labels is None else labels}}}


def candidate(*, controller=None, labels=None, deleting=False, owners=()):
    references = [*owners, *([{"kind": "ReplicaSet", "name": controller, "uid": controller, "controller": True}] if controller else [])]
    meta = {"name": "x", "namespace": "default", "labels": WEB if labels is None else labels, "ownerReferences": references}
    return {"metadata": {**meta, **({"deletionTimestamp": "2026-01-01T09:00:00Z"} if deleting else {})}}


@pytest.mark.parametrize(("who", "what", "fits", "verdict"), [
    (owner(), candidate(controller="mine"), None, "keep"),
    (owner(), candidate(controller="mine", labels={}), None, "release"),
    (owner(deleting=True), candidate(controller="mine"), None, "keep"),
    (owner(deleting=True), candidate(controller="mine", labels={}), None, "leave"),
    (owner(), candidate(controller="other"), None, "leave"),
    (owner(), candidate(), None, "adopt"),
    (owner(), candidate(owners=[{"kind": "Node", "name": "n", "uid": "n"}]), None, "adopt"),
    (owner(), candidate(labels={}), None, "leave"),
    (owner(), candidate(deleting=True), None, "leave"),
    (owner(), candidate(controller="mine", deleting=True), None, "keep"),
    (owner(), candidate(controller="mine", deleting=True, labels={}), None, "release"),
    (owner(deleting=True), candidate(), None, "leave"),
    (owner(), candidate(), lambda pod: False, "leave"),
    (owner(), candidate(controller="mine"), lambda pod: False, "release"),
])
def test_what_becomes_of_a_candidate(who, what, fits, verdict):
    assert _claims.verdict(who, who["spec"]["selector"], what, fits) == verdict


@pytest.mark.parametrize(("labels", "selecting"), [
    ({"app": "web"}, ["a", "b"]), ({"app": "web", "tier": "x"}, ["a", "b"]), ({"app": "other"}, []), ({}, []),
])
def test_an_orphan_is_offered_to_all_who_select_it_and_never_to_an_empty_selector(labels, selecting):
    """Source: pkg/controller/replicaset getPodReplicaSets; an empty selector selects nothing here."""
    found = _claims.selecting([owner("a"), owner("b"), owner("c", labels={})], candidate(labels=labels))
    assert [one["metadata"]["name"] for one in found] == selecting


def test_a_reference_means_an_object_of_its_kind_and_uid_alone():
    known = {"default/web": {"metadata": {"name": "web", "uid": "1"}}}
    reference = {"kind": "ReplicaSet", "name": "web", "uid": "1"}
    assert _claims.resolve(known, "default", reference, "ReplicaSet") is known["default/web"]
    for other in ({**reference, "uid": "2"}, {**reference, "name": "gone"}, None):
        assert _claims.resolve(known, "default", other, "ReplicaSet") is None
    assert _claims.resolve(known, "default", reference, "Job") is None


@pytest.mark.parametrize(("name", "prefix"), [("web", "web-"), ("Not.A.Name", "Not.A.Name"), ("a" * 300, "a" * 300)])
def test_a_prefix_that_is_no_name_is_left_without_its_dash(name, prefix):
    """Source: pkg/controller/controller_utils.go getPodsPrefix."""
    made = pod_from_template({"metadata": {"name": name, "namespace": "default"}}, {}, {"metadata": {}, "spec": {}})
    assert made["metadata"]["generateName"].removesuffix("-") == prefix.removesuffix("-")


@pytest.mark.parametrize(("count", "fails_at", "batches", "made"), [
    (0, None, [], 0), (1, None, [1], 1), (5, None, [1, 2, 2], 5), (10, None, [1, 2, 4, 3], 10),
    (5, 0, [1], 0), (7, 2, [1, 2], 2), (8, 7, [1, 2, 4, 1], 7),
])
def test_attempts_come_in_batches_that_double_until_one_fails(count, fails_at, batches, made):
    """Source: pkg/controller/replicaset/replica_set_test.go (TestSlowStartBatch)."""
    sizes, tried = [], iter(range(1000))
    work = slow_start(count, lambda: next(tried))
    try:
        tasks = next(work)
        while True:
            sizes.append(len(tasks))
            tasks = work.send(["no" if task.generator == fails_at else "" for task in tasks])
    except StopIteration as end:
        assert (sizes, end.value) == (batches, (made, "" if fails_at is None else "no"))
