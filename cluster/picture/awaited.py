"""How long it may take until something follows from what the picture shows, while everything else is at rest."""

from __future__ import annotations

from typing import Any

FROM_OFF_MS = 400_000  # a node is given up after 50 s, and its Pods are evicted 300 s later
FROM_PLAN_MS = 600_000  # a run that is further away is not waited for
AFTER_PLAN_MS = 5_000


def awaited_ms(cells: dict[str, dict[str, Any]], now_ms: int) -> int:
    """The longest wait for what follows from something that is off, or for a CronJob's next run; 0 where nothing is awaited."""
    waits = [FROM_OFF_MS] if _is_something_off(cells) else []
    for plan in cells.get("plans", {}).values():
        wait_ms = plan["next_ms"] - now_ms
        waits += [wait_ms + AFTER_PLAN_MS] if 0 <= wait_ms <= FROM_PLAN_MS else []
    return max(waits, default=0)


def _is_something_off(cells: dict[str, dict[str, Any]]) -> bool:
    parts = [node[part] for node in cells.get("nodes", {}).values() for part in ("kubelet", "containerd", "cni") if node.get(part)]
    return any(each.get("off") for each in (*cells.get("components", {}).values(), *cells.get("controllers", {}).values(), *parts))
