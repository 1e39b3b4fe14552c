"""A ReplicaSet's status from its Pods' counts.

Source: pkg/controller/replicaset/replica_set_utils.go calculateStatus, updateReplicaSetStatus.
"""

from __future__ import annotations

from dataclasses import dataclass

FAILURE = "ReplicaFailure"
COUNTS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas")


@dataclass(frozen=True)
class Counts:
    """How many Pods are active, carry all template labels, are ready, are available, are terminating."""

    active: int
    labelled: int
    ready: int
    available: int
    terminating: int


def calculate(replica_set: dict, counts: Counts, error: str, now: str, *, says_terminating: bool = True) -> dict:
    """The new status in wire form. error: what went wrong while creating or deleting, "" if nothing."""
    old = replica_set.get("status") or {}
    status: dict = {"replicas": counts.active}
    _put(status, "fullyLabeledReplicas", counts.labelled)
    _put(status, "readyReplicas", counts.ready)
    _put(status, "availableReplicas", counts.available)
    if says_terminating:
        status["terminatingReplicas"] = counts.terminating
    _put(status, "observedGeneration", old.get("observedGeneration", 0))
    _put(status, "conditions", _conditions(replica_set, counts, error, now))
    return status


def _put(status: dict, name: str, value) -> None:
    if value:
        status[name] = value


def _conditions(replica_set: dict, counts: Counts, error: str, now: str) -> list[dict]:
    old = list((replica_set.get("status") or {}).get("conditions") or ())
    failing = any(condition["type"] == FAILURE for condition in old)
    if error and not failing:
        missing = counts.active < replica_set["spec"]["replicas"]
        reason = "FailedCreate" if missing else "FailedDelete"
        return [
            *old,
            {"type": FAILURE, "status": "True", "lastTransitionTime": now, "reason": reason, "message": error},
        ]
    if not error and failing:
        return [condition for condition in old if condition["type"] != FAILURE]
    return old


def is_unchanged(replica_set: dict, status: dict) -> bool:
    """Whether writing the status would say nothing new."""
    old = replica_set.get("status") or {}
    return (
        all(old.get(name, 0) == status.get(name, 0) for name in COUNTS)
        and old.get("terminatingReplicas") == status.get("terminatingReplicas")
        and replica_set["metadata"].get("generation", 0) == old.get("observedGeneration", 0)
        and (old.get("conditions") or []) == (status.get("conditions") or [])
    )
