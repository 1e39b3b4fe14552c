"""Taints on Nodes: the rules, and the reads and patches that set them.

Source: pkg/util/taints/taints.go, pkg/controller/controller_utils.go AddOrUpdateTaintOnNode, RemoveTaintOffNode.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.engine import Sleep

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE, OUT_OF_SERVICE = "node.kubernetes.io/unschedulable", "node.kubernetes.io/out-of-service"
# condition -> status -> the taint that it brings
OF_CONDITIONS = {
    "Ready": {"False": NOT_READY, "Unknown": UNREACHABLE},
    "MemoryPressure": {"True": "node.kubernetes.io/memory-pressure"},
    "DiskPressure": {"True": "node.kubernetes.io/disk-pressure"},
    "NetworkUnavailable": {"True": "node.kubernetes.io/network-unavailable"},
    "PIDPressure": {"True": "node.kubernetes.io/pid-pressure"},
}
MANAGED = (UNSCHEDULABLE, *(key for by_status in OF_CONDITIONS.values() for key in by_status.values()))
CONFLICT_RETRIES, CONFLICT_WAIT_MS = 5, 100  # UpdateTaintBackoff; each wait is up to twice as long


def of(node: dict) -> list[dict]:
    """spec.taints."""
    return node["spec"].get("taints") or []


def same(a: dict, b: dict) -> bool:
    """Taints are told apart by key and effect. Source: MatchTaint."""
    return a["key"] == b["key"] and a["effect"] == b["effect"]


def tolerates(toleration: dict, taint: dict) -> bool:
    """Source: k8s.io/api core/v1 Toleration.ToleratesTaint."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    return operator == "Equal" and toleration.get("value", "") == taint.get("value", "")


def has(node: dict, taint: dict) -> bool:
    """Whether a Node carries a taint."""
    return any(same(taint, other) for other in of(node))


def wanted_no_schedule(node: dict) -> list[dict]:
    """The NoSchedule taints that a Node's conditions and spec.unschedulable bring."""
    found = []
    for condition in (node.get("status") or {}).get("conditions") or ():
        key = OF_CONDITIONS.get(condition["type"], {}).get(condition["status"])
        if key:
            found.append({"key": key, "effect": "NoSchedule"})
    if node["spec"].get("unschedulable"):
        found.append({"key": UNSCHEDULABLE, "effect": "NoSchedule"})
    return found


def no_schedule_difference(node: dict) -> tuple[list[dict], list[dict]]:
    """(taints to add, taints to remove). Source: node_lifecycle_controller.go doNoScheduleTaintingPass."""
    wanted = wanted_no_schedule(node)
    present = [taint for taint in of(node) if taint["effect"] == "NoSchedule" and taint["key"] in MANAGED]
    add = [taint for taint in wanted if not any(same(taint, other) for other in present)]
    remove = [taint for taint in present if not any(same(taint, other) for other in wanted)]
    return add, remove


def with_taints(taints: list[dict], add: list[dict]) -> list[dict]:
    """The list with taints added; one that is there already takes the new one's value and time, at its place. Source: AddOrUpdateTaint."""
    result = list(taints)
    for taint in add:
        if any(same(taint, other) for other in result):
            result = [taint if same(taint, other) else other for other in result]
        else:
            result.append(taint)
    return result


def without_taints(taints: list[dict], remove: list[dict]) -> list[dict]:
    """The list without taints."""
    return [taint for taint in taints if not any(same(taint, other) for other in remove)]


def swap(client, node: dict, *, add: list[dict], remove: list[dict], now: str) -> Iterator[Any]:
    """Add, then remove; returns whether both went well. Source: pkg/controller/util/node SwapNodeControllerTaint."""
    stamped = [{**taint, "timeAdded": now} for taint in add]
    if stamped and not (
        yield from _change(client, node["metadata"]["name"], lambda taints: with_taints(taints, stamped))
    ):
        return False
    return (yield from take_off(client, node, remove))


def take_off(client, node: dict, remove: list[dict]) -> Iterator[Any]:
    """Remove taints that the Node is known to carry; returns whether that went well."""
    if not any(has(node, taint) for taint in remove):
        return True
    return (yield from _change(client, node["metadata"]["name"], lambda taints: without_taints(taints, remove)))


def _change(client, name: str, change) -> Iterator[Any]:
    """GET and PATCH until nobody came between; True if the Node is as wanted."""
    for attempt in range(CONFLICT_RETRIES):
        if attempt:
            yield Sleep(CONFLICT_WAIT_MS + client.actor.engine.rng("taints").below(CONFLICT_WAIT_MS))
        reply = yield client.get("nodes", name)
        if not reply.ok:
            return False
        before = of(reply.body)
        after = change(before)
        if after == before:
            return True
        patch = {
            "metadata": {"resourceVersion": reply.body["metadata"]["resourceVersion"]},
            "spec": {"taints": after or None},
        }
        reply = yield client.patch("nodes", name, patch)
        if reply.ok:
            return True
        if reply.code != 409:
            return False
    return False
