"""A Deployment's status: counts, and the conditions Available, Progressing and ReplicaFailure.

Source: pkg/controller/deployment/sync.go calculateStatus, progress.go, util/deployment_util.go.
"""

from __future__ import annotations

from cluster.engine import clock

from . import _deployment_math as math

PROGRESSING, AVAILABLE, FAILURE = "Progressing", "Available", "ReplicaFailure"
NO_LIMIT = 2**31 - 1


def condition_of(status: dict, type_: str) -> dict | None:
    """The condition of a type."""
    for condition in status.get("conditions") or ():
        if condition["type"] == type_:
            return condition
    return None


def make_condition(type_: str, status: str, reason: str, message: str, now: str) -> dict:
    """A new condition, all times now."""
    return {
        "type": type_,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }


def with_condition(status: dict, condition: dict) -> dict:
    """The status with a condition set; the same status and reason change nothing, not even times.

    Source: SetDeploymentCondition (an updated condition moves to the end).
    """
    old = condition_of(status, condition["type"])
    if old and old["status"] == condition["status"] and old.get("reason") == condition["reason"]:
        return status
    if old and old["status"] == condition["status"]:
        condition = {**condition, "lastTransitionTime": old["lastTransitionTime"]}
    return {**status, "conditions": [*_others(status, condition["type"]), condition]}


def without_condition(status: dict, type_: str) -> dict:
    """The status without a condition."""
    if condition_of(status, type_) is None:
        return status
    kept = _others(status, type_)
    return {**status, "conditions": kept} if kept else {k: v for k, v in status.items() if k != "conditions"}


def _others(status: dict, type_: str) -> list[dict]:
    return [condition for condition in status.get("conditions") or () if condition["type"] != type_]


def has_deadline(deployment: dict) -> bool:
    """Whether lack of progress is to be noticed at all."""
    return deployment["spec"].get("progressDeadlineSeconds") not in (None, NO_LIMIT)


def has_history_limit(deployment: dict) -> bool:
    """Whether old ReplicaSets are to be cleaned up."""
    return deployment["spec"].get("revisionHistoryLimit") not in (None, NO_LIMIT)


def calculate(deployment: dict, all_sets: list[dict], new: dict | None, now: str) -> dict:
    """Counts and the Available condition; other conditions are kept."""
    available = math.sum_status(all_sets, "availableReplicas")
    old = deployment.get("status") or {}
    counts = {
        "observedGeneration": deployment["metadata"].get("generation", 0),
        "replicas": math.sum_status(all_sets, "replicas"),
        "updatedReplicas": math.sum_status([new] if new else [], "replicas"),
        "readyReplicas": math.sum_status(all_sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, math.total(all_sets) - available),
    }
    status = {name: value for name, value in counts.items() if value}
    terminating = _terminating(all_sets)
    if terminating is not None:
        status["terminatingReplicas"] = terminating
    for name in ("collisionCount", "conditions"):
        if old.get(name) is not None:
            status[name] = old[name]
    return with_condition(status, _available_condition(deployment, available, now))


def _terminating(all_sets: list[dict]) -> int | None:
    """Source: GetTerminatingReplicaCountForReplicaSets: unknown if a synced ReplicaSet does not say."""
    count = 0
    for replica_set in all_sets:
        status = replica_set.get("status") or {}
        if "terminatingReplicas" in status:
            count += status["terminatingReplicas"]
        elif status.get("observedGeneration"):
            return None
    return count


def _available_condition(deployment: dict, available: int, now: str) -> dict:
    if available >= math.replicas(deployment) - math.max_unavailable(deployment):
        return make_condition(
            AVAILABLE, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now
        )
    message = "Deployment does not have minimum availability."
    return make_condition(AVAILABLE, "False", "MinimumReplicasUnavailable", message, now)


def is_complete(deployment: dict, status: dict) -> bool:
    """All replicas are updated and available, and no old Pod is left. Source: DeploymentComplete."""
    desired = math.replicas(deployment)
    counted = (status.get(name, 0) for name in ("updatedReplicas", "replicas", "availableReplicas"))
    return all(count == desired for count in counted) and status.get("observedGeneration", 0) >= deployment[
        "metadata"
    ].get("generation", 0)


def is_progressing(deployment: dict, status: dict) -> bool:
    """Whether the new status is nearer to the end than the old one. Source: DeploymentProgressing."""
    old = deployment.get("status") or {}
    left_before = old.get("replicas", 0) - old.get("updatedReplicas", 0)
    left_now = status.get("replicas", 0) - status.get("updatedReplicas", 0)
    grew = any(
        status.get(name, 0) > old.get(name, 0) for name in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return grew or left_now < left_before


def is_timed_out(deployment: dict, status: dict, now_unix_ms: int) -> bool:
    """Whether the deadline since the last progress has passed. Source: DeploymentTimedOut."""
    condition = condition_of(status, PROGRESSING)
    if not has_deadline(deployment) or condition is None or condition.get("reason") == "NewReplicaSetAvailable":
        return False
    if condition.get("reason") == "ProgressDeadlineExceeded":
        return True
    deadline_ms = deployment["spec"]["progressDeadlineSeconds"] * 1000
    return clock.unix_ms(condition["lastUpdateTime"]) + deadline_ms < now_unix_ms


def rollout_status(deployment: dict, all_sets: list[dict], new: dict | None, *, now: str, now_unix_ms: int) -> dict:
    """The status to write during a rollout, progress included. Source: progress.go syncRolloutStatus."""
    status = calculate(deployment, all_sets, new, now)
    if not has_deadline(deployment):
        status = without_condition(status, PROGRESSING)
    elif not _was_complete(deployment, status):
        status = _with_progress(deployment, status, new, now, now_unix_ms)
    failure = _failure(all_sets, new)
    return with_condition(status, failure) if failure else without_condition(status, FAILURE)


def _was_complete(deployment: dict, status: dict) -> bool:
    current = condition_of(deployment.get("status") or {}, PROGRESSING)
    same = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    return same and current is not None and current.get("reason") == "NewReplicaSetAvailable"


def _with_progress(deployment: dict, status: dict, new: dict | None, now: str, now_unix_ms: int) -> dict:
    name = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        done = make_condition(
            PROGRESSING, "True", "NewReplicaSetAvailable", f"{name} has successfully progressed.", now
        )
        return with_condition(status, done)
    if is_progressing(deployment, status):
        return _with_step(
            deployment, status, make_condition(PROGRESSING, "True", "ReplicaSetUpdated", f"{name} is progressing.", now)
        )
    if is_timed_out(deployment, status, now_unix_ms):
        message = f"{name} has timed out progressing."
        return with_condition(status, make_condition(PROGRESSING, "False", "ProgressDeadlineExceeded", message, now))
    return status


def _with_step(deployment: dict, status: dict, condition: dict) -> dict:
    """Each sign of progress renews lastUpdateTime, even under the same reason."""
    current = condition_of(deployment.get("status") or {}, PROGRESSING)
    if current and current["status"] == "True":
        condition = {**condition, "lastTransitionTime": current["lastTransitionTime"]}
    return with_condition(without_condition(status, PROGRESSING) if current else status, condition)


def _failure(all_sets: list[dict], new: dict | None) -> dict | None:
    """A ReplicaSet's failure as the Deployment's, the new one's before others'. Source: getReplicaFailures."""
    for replica_set in ([new] if new else []) + all_sets:
        found = condition_of(replica_set.get("status") or {}, FAILURE)
        if found:
            return {**found, "lastUpdateTime": found["lastTransitionTime"]}
    return None


def progress_check_ms(deployment: dict, status: dict, now_unix_ms: int) -> int | None:
    """Ms until a stuck rollout should be looked at again; None: never, negative or < 1 s: now, rate-limited.

    Source: progress.go requeueStuckDeployment. There a rollout that was complete once and has lost Pods is looked at ten times a
    second for as long as that lasts; no such look can change anything (`is_timed_out`), so none is made here.
    """
    current = condition_of(deployment.get("status") or {}, PROGRESSING)
    if not has_deadline(deployment) or current is None:
        return None
    if is_complete(deployment, status) or current.get("reason") in ("ProgressDeadlineExceeded", "NewReplicaSetAvailable"):
        return None
    deadline_ms = deployment["spec"]["progressDeadlineSeconds"] * 1000
    return clock.unix_ms(current["lastUpdateTime"]) + deadline_ms - now_unix_ms
