"""Which changes of a Node or a Pod may let a waiting Pod be placed; each plugin's hints say for whom.

Source: kubernetes pkg/scheduler/framework/events.go.
"""

from __future__ import annotations

from .pods import PodInfo


def node_changes(old: dict, new: dict) -> list[str]:
    """What changed of a node that scheduling depends on; a node that becomes cordoned helps nobody."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    found = []
    if (old.get("status") or {}).get("allocatable") != (new.get("status") or {}).get("allocatable"):
        found.append("node/allocatable")
    if (old["metadata"].get("labels") or {}) != (new["metadata"].get("labels") or {}):
        found.append("node/label")
    is_uncordoned = before.get("unschedulable") and not after.get("unschedulable")
    if is_uncordoned or (before.get("taints") or []) != (after.get("taints") or []):
        found.append("node/taint")
    return found


def pod_changes(old: PodInfo, new: PodInfo) -> list[str]:
    """What changed of a Pod that scheduling depends on."""
    if old.spec is new.spec and old.labels == new.labels and old.requests is new.requests:
        return []
    found = []
    if old.labels != new.labels:
        found.append("pod/label")
    if _is_scaled_down(old, new):
        found.append("pod/scale-down")
    if old.gates and not new.gates:
        found.append("pod/gates")
    if len(old.tolerations) != len(new.tolerations):
        found.append("pod/toleration")
    return found


def _is_scaled_down(old: PodInfo, new: PodInfo) -> bool:
    before, after = old.requests, new.requests
    if before is after:
        return False
    return (
        before.cpu > after.cpu
        or before.memory > after.memory
        or before.storage > after.storage
        or any(value > after.scalars.get(name, 0) for name, value in before.scalars.items())
    )
