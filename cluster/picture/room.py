"""How full a node is, for the inspector: what it can give, what the Pods on it ask for, its conditions and taints."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cluster.kinds import _pod_resources
from cluster.kinds import node as nodes
from cluster.kinds import pod as pods
from cluster.meta import quantity

from .nodes import taint_word

FIRST = ("cpu", "memory", "ephemeral-storage", "pods")
OVER = ("Succeeded", "Failed")


def room_of(node: dict, every_pod: Iterable[dict]) -> dict[str, Any]:
    """What kube-scheduler counts: requests of all Pods on it that are not over, against what is allocatable."""
    name, status = node["metadata"]["name"], node.get("status") or {}
    asked: dict[str, int] = {}
    for pod in every_pod:
        if pod["spec"].get("nodeName") == name and pods.phase(pod) not in OVER:
            for resource, amount in _of(pod).items():
                asked[resource] = asked.get(resource, 0) + amount
    allocatable = status.get("allocatable") or {}
    names = [*(resource for resource in FIRST if resource in allocatable), *sorted(set(allocatable) - set(FIRST))]
    rows = [_row(resource, allocatable[resource], asked.get(resource, 0)) for resource in names]
    conditions = [{"type": row["type"], "status": row["status"], "reason": row.get("reason", "")} for row in status.get("conditions") or ()]
    taints = [taint_word(taint) for taint in nodes.taints(node)]
    return {"rows": [row for row in rows if row["allocatable"] != "0"], "conditions": conditions, "taints": taints}


def _of(pod: dict) -> dict[str, int]:
    """What one Pod counts with: until a resize is in force, with the most of what it asks for, was promised and has."""
    spec = _pod_resources.counted(pod)
    return pods.requests(pod) if spec is pod["spec"] else {**_pod_resources.of_spec(spec), "pods": 1}


def _row(resource: str, allocatable: str, asked: int) -> dict[str, Any]:
    """asked: cpu in thousandths, all else in whole units."""
    is_cpu, is_binary = resource == "cpu", resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-")
    total = quantity.millis(allocatable) if is_cpu else quantity.value(allocatable)
    of_it = quantity.of(asked * 10**6) if is_cpu else quantity.from_value(asked, quantity.BINARY if is_binary else quantity.DECIMAL)
    return {"resource": resource, "allocatable": allocatable, "asked": of_it.text, "percent": asked * 100 // total if total else 0}
