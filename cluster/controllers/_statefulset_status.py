"""A StatefulSet's status from its Pods.

Source: pkg/controller/statefulset/stateful_set_control.go computeReplicaStatus, stateful_set_utils.go inconsistentStatus,
completeRollingUpdate.
"""

from __future__ import annotations

from . import _pods
from . import _statefulset_identity as identity

ROLLING_UPDATE, ON_DELETE = "RollingUpdate", "OnDelete"
COMPARED = ("replicas", "currentReplicas", "readyReplicas", "updatedReplicas", "currentRevision", "availableReplicas",
            "updateRevision")
ORDER = ("observedGeneration", "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "currentRevision",
         "updateRevision", "collisionCount", "availableReplicas")
ALWAYS = ("replicas", "availableReplicas", "collisionCount")


def count(status: dict, pods: list[dict], wait_s: int, now_unix_ms: int) -> dict:
    """The status with the counts of these Pods; those that are only meant count nowhere."""
    created = [pod for pod in pods if identity.is_created(pod)]
    ready = [pod for pod in created if identity.is_running_and_ready(pod)]
    revisions = [identity.revision_of(pod) for pod in created if not identity.is_terminating(pod)]
    return {
        **status,
        "replicas": len(created),
        "readyReplicas": len(ready),
        "availableReplicas": sum(_pods.is_available(pod, wait_s, now_unix_ms) for pod in ready),
        "currentReplicas": revisions.count(status["currentRevision"]),
        "updatedReplicas": revisions.count(status["updateRevision"]),
    }


def completed(stateful_set: dict, status: dict) -> dict:
    """Once all Pods are updated and ready, the updated revision is the current one. Source: completeRollingUpdate."""
    wanted = stateful_set["spec"]["replicas"]
    is_rolling = stateful_set["spec"]["updateStrategy"]["type"] == ROLLING_UPDATE
    if is_rolling and status["updatedReplicas"] == status["readyReplicas"] == status["replicas"] == wanted:
        return {**status, "currentReplicas": status["updatedReplicas"], "currentRevision": status["updateRevision"]}
    return status


def has_news(stateful_set: dict, status: dict) -> bool:
    """Whether a status says what the stored one does not. Source: inconsistentStatus."""
    old = stateful_set.get("status") or {}
    return status["observedGeneration"] > old.get("observedGeneration", 0) or any(
        status[name] != (old.get(name) or type(status[name])()) for name in COMPARED
    )


def wire(status: dict) -> dict:
    """As it is written: in the order of the Go struct, without zeros that it leaves out."""
    return {name: status[name] for name in ORDER if name in ALWAYS or status[name]}
