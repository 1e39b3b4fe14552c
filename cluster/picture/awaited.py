"""How long it may take until something follows from what the picture shows, while everything else is at rest."""

from __future__ import annotations

from typing import Any

FROM_OFF_MS = 400_000  # a node is given up after 50 s, and its Pods are evicted 300 s later
FROM_PLAN_MS = 600_000  # a run that is further away is not waited for
AFTER_PLAN_MS = 5_000


def awaited_ms(cells: dict[str, dict[str, Any]], now_ms: int) -> int:
    """The longest wait for what follows from something that is off, or for a CronJob's next run; 0 where nothing is awaited."""
    waits = [FROM_OFF_MS] if _is_something_off(cells) else []
    return max([*waits, *(wait_ms + AFTER_PLAN_MS for wait_ms, _ in _planned(cells, now_ms))], default=0)


def forecast(cells: dict[str, dict[str, Any]], now_ms: int) -> dict | None:
    """What the next Step of a cluster at rest is likely to come to, in words; None where nothing is awaited."""
    if planned := _planned(cells, now_ms):
        name = planned[0][1].rpartition("/")[2]
        return {"caption": {"en": f"CronJob {name} is due", "zh": f"CronJob {name} 到期运行"}}
    if _is_something_off(cells):
        return {"caption": {"en": "what follows from what is switched off", "zh": "已停止的部分引起的后果"}}
    return None


def _planned(cells: dict[str, dict[str, Any]], now_ms: int) -> list[tuple[int, str]]:
    """(ms from now, subject) of the CronJobs that run soon, the soonest first."""
    waits = [(plan["next_ms"] - now_ms, subject) for subject, plan in cells.get("plans", {}).items()]
    return sorted((wait_ms, subject) for wait_ms, subject in waits if 0 <= wait_ms <= FROM_PLAN_MS)


def _is_something_off(cells: dict[str, dict[str, Any]]) -> bool:
    parts = [node[part] for node in cells.get("nodes", {}).values() for part in ("kubelet", "containerd", "cni") if node.get(part)]
    return any(each.get("off") for each in (*cells.get("components", {}).values(), *cells.get("controllers", {}).values(), *parts))
