"""Table tests of a Deployment's status and of when a rollout has made progress or run out of time.

Source: pkg/controller/deployment/progress_test.go, pkg/controller/deployment/util/deployment_util_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import _deployment_status as statuses
from cluster.engine import clock

NOW = "2026-01-01T09:10:00Z"
NOW_MS = clock.unix_ms(NOW)


def deployment(status=None, *, replicas=2, deadline=600, generation=1):
    rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
    return {
        "metadata": {"name": "web", "generation": generation},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": deadline,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
        },
        "status": status or {},
    }


def replica_set(replicas=2, **status):
    return {"metadata": {"name": "web-abc"}, "spec": {"replicas": replicas}, "status": status}


def progressing(reason, at="2026-01-01T09:00:00Z", status="True"):
    return {
        "type": "Progressing",
        "status": status,
        "reason": reason,
        "message": "",
        "lastUpdateTime": at,
        "lastTransitionTime": at,
    }


def reasons(status):
    return {condition["type"]: (condition["status"], condition["reason"]) for condition in status["conditions"]}


def rollout(of, sets, new):
    return statuses.rollout_status(of, sets, new, now=NOW, now_unix_ms=NOW_MS)


def test_the_first_status_counts_what_is_missing_and_leaves_out_zeros():
    new = replica_set()
    status = rollout(deployment({"conditions": [progressing("NewReplicaSetCreated", NOW)]}), [new], new)
    assert {name: value for name, value in status.items() if name != "conditions"} == {
        "observedGeneration": 1,
        "unavailableReplicas": 2,
        "terminatingReplicas": 0,
    }
    assert reasons(status) == {
        "Progressing": ("True", "NewReplicaSetCreated"),
        "Available": ("False", "MinimumReplicasUnavailable"),
    }


def test_a_new_pod_is_progress_and_moves_the_condition_to_the_end():
    new = replica_set(replicas=2, observedGeneration=1, terminatingReplicas=0)
    new["status"]["replicas"] = 2
    before = {
        "conditions": [
            progressing("NewReplicaSetCreated"),
            {
                "type": "Available",
                "status": "False",
                "reason": "MinimumReplicasUnavailable",
                "message": "",
                "lastTransitionTime": NOW,
            },
        ]
    }
    status = rollout(deployment(before), [new], new)
    assert [condition["type"] for condition in status["conditions"]] == ["Available", "Progressing"]
    assert reasons(status)["Progressing"] == ("True", "ReplicaSetUpdated")
    assert status["conditions"][1]["message"] == 'ReplicaSet "web-abc" is progressing.'
    assert status["conditions"][1]["lastTransitionTime"] == "2026-01-01T09:00:00Z"
    assert status["conditions"][1]["lastUpdateTime"] == NOW


def test_a_complete_rollout_says_so():
    new = replica_set()
    new["status"] = {
        "replicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 0,
        "observedGeneration": 1,
    }
    status = rollout(deployment({"conditions": [progressing("ReplicaSetUpdated")]}), [new], new)
    assert reasons(status) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    assert status["terminatingReplicas"] == 0


@pytest.mark.parametrize(
    ("last_progress", "reason", "expected"),
    [
        ("2026-01-01T08:59:59Z", "ReplicaSetUpdated", True),
        ("2026-01-01T09:00:01Z", "ReplicaSetUpdated", False),
        ("2026-01-01T08:00:00Z", "NewReplicaSetAvailable", False),  # an old success is no failure
        ("2026-01-01T09:09:00Z", "ProgressDeadlineExceeded", True),
    ],
)
def test_the_deadline_counts_from_the_last_progress(last_progress, reason, expected):
    status = {"conditions": [progressing(reason, last_progress)]}
    assert statuses.is_timed_out(deployment(), status, NOW_MS) is expected


def test_no_progress_in_time_is_a_failure():
    new = replica_set()
    before = {"unavailableReplicas": 2, "conditions": [progressing("NewReplicaSetCreated", "2026-01-01T08:00:00Z")]}
    status = rollout(deployment(before), [new], new)
    assert reasons(status)["Progressing"] == ("False", "ProgressDeadlineExceeded")


def test_without_a_deadline_there_is_no_progressing_condition():
    new = replica_set()
    status = rollout(deployment({"conditions": [progressing("ReplicaSetUpdated")]}, deadline=2**31 - 1), [new], new)
    assert "Progressing" not in reasons(status)


def test_a_replica_sets_failure_becomes_the_deployments():
    failure = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": "no",
        "lastTransitionTime": NOW,
    }
    new = replica_set(conditions=[failure])
    assert reasons(rollout(deployment(), [new], new))["ReplicaFailure"] == ("True", "FailedCreate")


def test_terminating_replicas_are_unknown_while_a_synced_replica_set_does_not_tell():
    silent = replica_set(observedGeneration=1)
    assert "terminatingReplicas" not in statuses.calculate(deployment(), [silent], silent, NOW)


def test_a_stuck_rollout_is_looked_at_when_its_deadline_comes():
    status = {"conditions": [progressing("ReplicaSetUpdated", "2026-01-01T09:05:00Z")]}
    assert statuses.progress_check_ms(deployment(status), status, NOW_MS) == 300_000
    done = {"conditions": [progressing("ProgressDeadlineExceeded", status="False")]}
    assert statuses.progress_check_ms(deployment(done), done, NOW_MS) is None


def test_a_rollout_that_was_complete_and_lost_its_pods_is_not_looked_at_for_ever():
    lost = {"conditions": [progressing("NewReplicaSetAvailable")], "replicas": 2, "updatedReplicas": 2, "unavailableReplicas": 2}
    assert statuses.progress_check_ms(deployment(lost), lost, NOW_MS) is None


def test_the_same_reason_changes_nothing_not_even_times():
    status = {"conditions": [progressing("ReplicaSetUpdated")]}
    assert statuses.with_condition(status, progressing("ReplicaSetUpdated", NOW)) is status
