"""Owns whether this node takes a Pod that was bound to it.

Source: kubernetes pkg/kubelet/lifecycle/predicate.go (generalFilter), pkg/scheduler/framework/plugins/{noderesources,
nodeaffinity,nodename,nodeports}.
"""

from __future__ import annotations

from cluster.kinds import pod as pods
from cluster.meta import quantity
from cluster.meta.gotext import atoi

from .admission_rules import OS
from .shapes import shape_of

SHORT = "OutOf"
OUT_OF = {
    "cpu": "OutOfcpu",
    "memory": "OutOfmemory",
    "ephemeral-storage": "OutOfephemeral-storage",
    "pods": "OutOfpods",
}
SELECTOR = ("NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")
PORTS = ("NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports")


A_PLACE = {"pods": 1}
MOST_KEPT = 2048
_ALLOCATABLE: dict[int, tuple[dict, dict[str, int]]] = {}


def allocatable_of(node: dict) -> dict[str, int]:
    """cpu in thousandths, the rest in whole units. The answer is kept by the identity of what the node says, and must not be changed."""
    listed = (node.get("status") or {}).get("allocatable")
    if not listed:
        return {}
    known = _ALLOCATABLE.get(id(listed))
    if known is not None and known[0] is listed:
        return known[1]
    if len(_ALLOCATABLE) >= MOST_KEPT:
        _ALLOCATABLE.clear()
    found = {
        name: quantity.parse(str(text)).millis if name == "cpu" else quantity.parse(str(text)).value
        for name, text in listed.items()
    }
    _ALLOCATABLE[id(listed)] = (listed, found)
    return found


def requests_of(pod: dict) -> dict[str, int]:
    """What a Pod takes of its node, see kinds.pod.requests; of one that says nothing of amounts it is a place. It must not be changed."""
    return pods.requests(pod) if shape_of(pod["spec"]).has_amounts else A_PLACE


def is_welcome(pod: dict, node: dict, used: dict[str, int]) -> bool:
    """Whether it is plain to see that nothing here or in admission_rules.py refuses a Pod: it wants a place alone, and there is one."""
    meta = pod["metadata"]
    return (
        shape_of(pod["spec"]).is_undemanding
        and "annotations" not in meta
        and not ("labels" in meta and OS in meta["labels"])
        and used.get("pods", 0) < allocatable_of(node).get("pods", 0)
    )


def refusal(pod: dict, node: dict, used: dict[str, int], ports: list[tuple]) -> tuple[str, str] | None:
    """(reason, message), or None when the Pod is admitted. used: what the node's other Pods request."""
    return shortage(pod, node, used) or unmovable(pod, node, ports)


def unmovable(pod: dict, node: dict, ports: list[tuple]) -> tuple[str, str] | None:
    """(reason, message) of a Pod that no room would help."""
    if not matches_node(pod, node):
        return SELECTOR
    wanted = host_ports(pod)
    if wanted and any(port in ports for port in wanted):
        return PORTS
    return None


def shortage(pod: dict, node: dict, used: dict[str, int]) -> tuple[str, str] | None:
    """(reason, message) when the node has no room for what a Pod requests."""
    for name, wanted, taken, capacity in shortages(pod, node, used):
        return OUT_OF.get(name, SHORT + name), (
            f"Node didn't have enough resource: {name}, requested: {wanted}, used: {taken}, capacity: {capacity}"
        )
    return None


def shortages(pod: dict, node: dict, used: dict[str, int]) -> list[tuple[str, int, int, int]]:
    """(resource, requested, used, capacity) of all that the node has not enough of."""
    allocatable, short = allocatable_of(node), {}
    for name, wanted in requests_of(pod).items():
        if wanted and wanted > allocatable.get(name, 0) - used.get(name, 0) and (name in allocatable or name in OUT_OF):
            short[name] = wanted
    return [(name, wanted, used.get(name, 0), allocatable.get(name, 0)) for name, wanted in _in_order(short)] if short else []


def _in_order(requests: dict[str, int]) -> list[tuple[str, int]]:
    first = [name for name in ("pods", "cpu", "memory", "ephemeral-storage") if name in requests]
    return [(name, requests[name]) for name in [*first, *sorted(name for name in requests if name not in first)]]


def host_ports(pod: dict) -> list[tuple]:
    """(address, protocol, port) of each host port."""
    if not shape_of(pod["spec"]).has_host_ports:
        return []
    return [
        (port.get("hostIP", ""), port.get("protocol", "TCP"), port["hostPort"])
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or ()
        if port.get("hostPort")
    ]


def matches_node(pod: dict, node: dict) -> bool:
    """nodeSelector and the required node affinity."""
    if "nodeSelector" not in pod["spec"] and "affinity" not in pod["spec"]:
        return True
    labels = node["metadata"].get("labels") or {}
    selector = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return False
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(
        _term_matches(term, labels, node["metadata"]["name"]) for term in required.get("nodeSelectorTerms") or ()
    )


def _term_matches(term: dict, labels: dict, name: str) -> bool:
    expressions, match_fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not match_fields:
        return False
    return all(_holds(each, labels) for each in expressions) and all(
        _holds(each, {"metadata.name": name}) for each in match_fields
    )


def _holds(requirement: dict, labels: dict) -> bool:
    key, operator, values = requirement["key"], requirement["operator"], requirement.get("values") or []
    value = labels.get(key)
    if operator in ("Exists", "DoesNotExist"):
        return (value is not None) == (operator == "Exists")
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    number, limit = atoi(value or ""), atoi(values[0]) if values else None
    if number is None or limit is None:
        return False
    return number > limit if operator == "Gt" else number < limit
