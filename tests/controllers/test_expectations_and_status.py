"""What a ReplicaSet expects to see, what its Pods count as, and when a status is worth writing.

Source: pkg/controller/controller_utils_test.go, pkg/controller/replicaset/replica_set_utils_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import _replicaset_status as statuses
from cluster.controllers._expectations import EXPIRE_MS, Expectations
from cluster.controllers._replicaset_status import Counts
from cluster.controllers._tally import Tally

NOW = "2026-01-01T09:00:00Z"


def replica_set(size=2, generation=1, **status):
    return {
        "metadata": {"name": "rs", "namespace": "default", "uid": "rs", "generation": generation},
        "spec": {
            "replicas": size,
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"metadata": {"labels": {"app": "a", "tier": "front"}}},
        },
        "status": status,
    }


def pod(name, *, labels=None, ready=False, phase="Running", deleted=False, owner="rs"):
    meta = {"name": name, "namespace": "default", "labels": labels or {"app": "a", "tier": "front"}}
    if owner:
        meta["ownerReferences"] = [{"uid": owner, "kind": "ReplicaSet", "name": owner, "controller": True}]
    if deleted:
        meta["deletionTimestamp"] = NOW
    return {"metadata": meta, "status": {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]}}


def test_nothing_is_done_twice_while_creations_are_outstanding():
    expectations = Expectations()
    expectations.expect_creations("a", 2, now_ms=0)
    expectations.creation_observed("a")
    assert not expectations.are_satisfied("a", 10)
    expectations.creation_observed("a")
    assert expectations.are_satisfied("a", 10)


def test_a_deletion_counts_once_however_often_it_is_seen():
    expectations = Expectations()
    expectations.expect_deletions("a", ["x", "y"], now_ms=0)
    expectations.deletion_observed("a", "x")
    expectations.deletion_observed("a", "x")
    assert not expectations.are_satisfied("a", 10)
    expectations.deletion_observed("a", "y")
    assert expectations.are_satisfied("a", 10)


def test_expectations_expire_after_five_minutes():
    expectations = Expectations()
    expectations.expect_creations("a", 1, now_ms=0)
    assert not expectations.are_satisfied("a", EXPIRE_MS)
    assert expectations.are_satisfied("a", EXPIRE_MS + 1)


def counts(tally):
    return tally.active, tally.labelled, tally.ready, tally.terminating, tally.stray


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (pod("p"), (1, 1, 0, 0, 0)),
        (pod("p", ready=True), (1, 1, 1, 0, 0)),
        (pod("p", labels={"app": "a"}, ready=True), (1, 0, 1, 0, 0)),
        (pod("p", labels={"app": "b"}), (0, 0, 0, 0, 1)),
        (pod("p", deleted=True, ready=True), (0, 0, 0, 1, 0)),
        (pod("p", phase="Failed"), (0, 0, 0, 0, 0)),
        (pod("p", phase="Succeeded", deleted=True), (0, 0, 0, 0, 0)),  # ended, held by a finalizer: counts nowhere
        (pod("p", owner="other"), (0, 0, 0, 0, 0)),
    ],
)
def test_a_tally_follows_each_pod(change, expected):
    owner = replica_set()
    assert counts(Tally(owner, [change])) == expected
    tally = Tally(owner, [pod("p")])
    tally.update(owner, change)
    assert counts(tally) == expected
    tally.remove(change)
    assert counts(tally) == (0, 0, 0, 0, 0)


def test_the_first_status_writes_replicas_and_terminating_even_when_zero():
    status = statuses.calculate(replica_set(), Counts(0, 0, 0, 0, 0), "", NOW)
    assert status == {"replicas": 0, "terminatingReplicas": 0}


def test_a_failure_becomes_a_condition_and_goes_with_the_next_success():
    failed = statuses.calculate(replica_set(), Counts(1, 1, 1, 1, 0), "exceeded quota", NOW)
    assert failed["conditions"] == [
        {
            "type": "ReplicaFailure",
            "status": "True",
            "lastTransitionTime": NOW,
            "reason": "FailedCreate",
            "message": "exceeded quota",
        }
    ]
    healed = statuses.calculate(replica_set(**failed), Counts(2, 2, 2, 2, 0), "", NOW)
    assert "conditions" not in healed


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"replicas": 2, "terminatingReplicas": 0, "observedGeneration": 1}, True),
        ({"replicas": 2, "observedGeneration": 1}, False),
        ({"replicas": 1, "terminatingReplicas": 0, "observedGeneration": 1}, False),
        ({"replicas": 2, "terminatingReplicas": 0}, False),
    ],
)
def test_a_status_is_written_only_when_it_says_something_new(written, expected):
    owner = replica_set(**written)
    status = statuses.calculate(owner, Counts(2, 0, 0, 0, 0), "", NOW)
    assert statuses.is_unchanged(owner, status) is expected
