"""Owns what the scheduler writes into the status of a Pod that it could not place.

Source: kubernetes pkg/scheduler/schedule_one.go (updatePod).
"""

from __future__ import annotations

from cluster.meta.condition_patch import setting


def failure_patch(pod: dict, reason: str, message: str, nominated: str | None, *, now: str) -> dict | None:
    """The patch of a status after a failure: the condition, and the node to be where that changes; None where nothing does."""
    patch = condition_patch(pod, reason, message, now=now)
    place = None if nominated is None else nomination_patch(pod, nominated)
    return {"status": {**(patch["status"] if patch else {}), **place["status"]}} if place else patch


def nomination_patch(pod: dict, node: str) -> dict | None:
    """A patch that names the node to be, "" takes it back; None where the Pod says so already."""
    known = (pod.get("status") or {}).get("nominatedNodeName") or ""
    return None if node == known else {"status": {"nominatedNodeName": node or None}}


def condition_patch(pod: dict, reason: str, message: str, *, now: str) -> dict | None:
    """A strategic patch that sets PodScheduled to False; None where it says so already.

    Source: kubernetes pkg/scheduler/schedule_one.go updatePod.
    """
    status = pod.get("status") or {}
    conditions = status.get("conditions") or []
    old = next((one for one in conditions if one["type"] == "PodScheduled"), {})
    wanted = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    if "generation" in pod["metadata"]:
        wanted["observedGeneration"] = pod["metadata"]["generation"]
    if all(old.get(name) == value for name, value in wanted.items()):
        return None
    since = old.get("lastTransitionTime") if old.get("status") == "False" else now
    return {"status": setting(conditions, {**wanted, "lastProbeTime": None, "lastTransitionTime": since})}
