"""What controllers ask about a Pod: active, terminating, ready, available."""

from __future__ import annotations

from cluster.engine import clock
from cluster.meta.condition_patch import setting

TERMINAL = ("Succeeded", "Failed")


def phase(pod: dict) -> str:
    """status.phase, "" if there is none."""
    return (pod.get("status") or {}).get("phase") or ""


def node_names(pod: dict) -> list[str]:
    """An informer's index: Pods by the Node that they are bound to."""
    name = pod["spec"].get("nodeName")
    return [name] if name else []


def is_active(pod: dict) -> bool:
    """Neither finished nor being deleted. Source: pkg/controller/controller_utils.go IsPodActive."""
    return "deletionTimestamp" not in pod["metadata"] and phase(pod) not in TERMINAL


def is_terminating(pod: dict) -> bool:
    """Being deleted and not finished. Source: pkg/controller/controller_utils.go IsPodTerminating."""
    return "deletionTimestamp" in pod["metadata"] and phase(pod) not in TERMINAL


def ready_condition(pod: dict) -> dict | None:
    """The Ready condition, whatever its status."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready":
            return condition
    return None


def is_ready(pod: dict) -> bool:
    """Whether the Pod's Ready condition is True."""
    condition = ready_condition(pod)
    return condition is not None and condition["status"] == "True"


def ready_since_ms(pod: dict) -> int | None:
    """Unix ms at which a ready Pod became ready; None if it is not ready or the time is missing."""
    condition = ready_condition(pod)
    if condition is None or condition["status"] != "True" or not condition.get("lastTransitionTime"):
        return None
    return clock.unix_ms(condition["lastTransitionTime"])


def is_available(pod: dict, min_ready_seconds: int, now_unix_ms: int) -> bool:
    """Ready for at least minReadySeconds. Source: pkg/api/v1/pod/util.go IsPodAvailable."""
    if not is_ready(pod):
        return False
    if min_ready_seconds == 0:
        return True
    since_ms = ready_since_ms(pod)
    return since_ms is not None and since_ms + min_ready_seconds * 1000 <= now_unix_ms


def next_availability_ms(pods: list[dict], min_ready_seconds: int, now_unix_ms: int) -> int | None:
    """Ms until the next of these Pods becomes available; None if none is on its way.

    Source: pkg/controller/controller_utils.go FindMinNextPodAvailabilityCheck.
    """
    waits = []
    for pod in pods:
        since_ms = ready_since_ms(pod)
        if since_ms is not None and since_ms + min_ready_seconds * 1000 > now_unix_ms:
            waits.append(since_ms + min_ready_seconds * 1000 - now_unix_ms)
    return min(waits) if waits else None


def with_condition(status: dict, condition: dict, now: str) -> tuple[dict, bool]:
    """(status with the condition set, whether that changed it); transition time moves only with the status.

    Source: pkg/api/v1/pod/util.go UpdatePodCondition.
    """
    conditions = list(status.get("conditions") or ())
    for index, old in enumerate(conditions):
        if old["type"] == condition["type"]:
            same = old["status"] == condition["status"]
            new = {**condition, "lastTransitionTime": old.get("lastTransitionTime") if same else now}
            conditions[index] = new
            changed = any(
                old.get(name) != new.get(name) for name in ("status", "reason", "message", "lastTransitionTime")
            )
            return {**status, "conditions": conditions}, changed
    conditions.append({**condition, "lastTransitionTime": now})
    return {**status, "conditions": conditions}, True


def condition_patch(pod: dict, condition: dict, now: str) -> dict | None:
    """The part of a status patch that sets one condition and keeps the order of all; None if it changes nothing.

    Source: pkg/util/pod/pod.go PatchPodStatus (a two-way strategic merge patch).
    """
    status, changed = with_condition(pod.get("status") or {}, condition, now)
    if not changed:
        return None
    wanted = next(item for item in status["conditions"] if item["type"] == condition["type"])
    return setting((pod.get("status") or {}).get("conditions") or [], wanted)
