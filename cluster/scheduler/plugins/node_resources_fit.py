"""NodeResourcesFit: what the Pod asks for must be free, and the emptier the node, the better, unless a profile says otherwise.

Source: kubernetes pkg/scheduler/framework/plugins/noderesources/{fit,least_allocated,resource_allocation}.go.
"""

from __future__ import annotations

from ..framework import MAX_SCORE, Cycle, Plugin, Rejection, always
from ..nodes import NodeInfo
from ..pods import PodInfo
from ..resources import Requests
from ..strategies import Strategy

TOO_MANY = "Too many pods"


def shortages(requests: Requests, node: NodeInfo) -> Rejection | None:
    """What is missing on a node; not resolvable where even the empty node has too little."""
    reasons, resolvable = [], True
    if len(node.pods) + 1 > node.pod_limit:
        reasons.append(TOO_MANY)
    for name, wanted, offered, used in _compared(requests, node):
        if wanted > offered - used:
            reasons.append(f"Insufficient {name}")
            resolvable = resolvable and wanted <= offered
    return Rejection(tuple(reasons), resolvable) if reasons else None


def _compared(requests: Requests, node: NodeInfo):
    """(resource, wanted, offered, used) of all that is asked for."""
    rows = [
        ("cpu", requests.cpu, node.cpu, node.used_cpu),
        ("memory", requests.memory, node.memory, node.used_memory),
        ("ephemeral-storage", requests.storage, node.storage, node.used_storage),
    ]
    rows += [
        (name, wanted, node.scalars.get(name, 0), node.used_scalars.get(name, 0))
        for name, wanted in requests.scalars.items()
    ]
    return [row for row in rows if row[1]]


def _fits_when_empty(pod: PodInfo, node: NodeInfo) -> bool:
    return shortages(pod.requests, node) is None


def _empty(node: dict) -> NodeInfo:
    info = NodeInfo(node["metadata"]["name"])
    info.set_node(node)
    return info


def after_node_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    grown = _empty(new)
    if not _fits_when_empty(pod, grown):
        return False
    if old is None:
        return True
    before = _empty(old)
    if grown.pod_limit > before.pod_limit:
        return True
    was = {name: offered for name, _, offered, _ in _compared(pod.requests, before)}
    return any(offered > was[name] for name, _, offered, _ in _compared(pod.requests, grown))


def after_scale_down(pod: PodInfo, old: PodInfo, new: PodInfo) -> bool:
    if new.uid == pod.uid:
        return True
    if not new.spec.get("nodeName"):
        return False
    before, now, wanted = old.requests, new.requests, pod.requests
    return any(
        asked and had > has
        for asked, had, has in (
            (wanted.cpu, before.cpu, now.cpu),
            (wanted.memory, before.memory, now.memory),
            (wanted.storage, before.storage, now.storage),
        )
    )


class NodeResourcesFit(Plugin):
    name, order, weight = "NodeResourcesFit", 60, 1
    is_local = True
    hints = {
        "node/add": after_node_change,
        "node/allocatable": after_node_change,
        "pod/delete": always,
        "pod/scale-down": after_scale_down,
    }

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        requests = cycle.pod.requests
        if (
            len(node.pods) < node.pod_limit
            and requests.cpu <= node.cpu - node.used_cpu
            and requests.memory <= node.memory - node.used_memory
            and not requests.storage
            and not requests.scalars
        ):
            return None
        return shortages(requests, node)

    def score(self, cycle: Cycle, node: NodeInfo) -> int:
        """The mean of the free shares of cpu and memory, with the Pod on the node."""
        requests, cpu, memory = cycle.pod.requests, node.cpu, node.memory
        free = _free_share(cpu, node.nonzero_cpu + requests.scored_cpu) + _free_share(memory, node.nonzero_memory + requests.scored_memory)
        return free // 2 if cpu and memory else free  # what a node does not offer does not count


def _free_share(offered: int, used: int) -> int:
    return (offered - used) * MAX_SCORE // offered if offered and used <= offered else 0


class ByStrategy(NodeResourcesFit):
    """The same with a profile's scoringStrategy."""

    def __init__(self, strategy: Strategy):
        self.strategy = strategy

    def score(self, cycle: Cycle, node: NodeInfo) -> int:
        return self.strategy.score(cycle.pod.requests, node)


PLUGIN = NodeResourcesFit()
