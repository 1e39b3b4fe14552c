"""A node as the scheduler reads it, with the running sums of what its Pods ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .pods import PodInfo
from .resources import NATIVE, amounts

if TYPE_CHECKING:
    from .framework import Rejection

HARD_EFFECTS = ("NoSchedule", "NoExecute")
ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


class Verdict(NamedTuple):
    """What the filters said of one node; plugin "" and rejection None when it passed."""

    node: str
    plugin: str = ""
    rejection: Rejection | None = None


class NodeInfo:
    """One node: what it offers, what is taken. Source: kubernetes pkg/scheduler/framework/types.go NodeInfo."""

    __slots__ = (
        "cpu",
        "hard_taints",
        "images",
        "labels",
        "memory",
        "name",
        "node",
        "nonzero_cpu",
        "nonzero_memory",
        "pod_limit",
        "pods",
        "scalars",
        "soft_taints",
        "storage",
        "unschedulable",
        "used_cpu",
        "used_memory",
        "used_ports",
        "used_scalars",
        "used_storage",
    )

    def __init__(self, name: str):
        self.name, self.node = name, None
        self.labels, self.unschedulable, self.hard_taints, self.soft_taints = {}, False, (), ()
        self.cpu = self.memory = self.storage = self.pod_limit = 0
        self.scalars: dict[str, int] = {}
        self.used_cpu = self.used_memory = self.used_storage = self.nonzero_cpu = self.nonzero_memory = 0
        self.used_scalars: dict[str, int] = {}
        self.pods: dict[str, PodInfo] = {}
        self.used_ports: dict[tuple, int] = {}
        self.images: dict = {}

    def set_node(self, node: dict | None) -> None:
        """Take over a node's object; None: it is gone, its Pods stay counted until they go."""
        before, self.node = self.node, node
        if node is None:
            return
        spec, status = node.get("spec") or {}, node.get("status") or {}
        self.labels = node["metadata"].get("labels") or {}
        self.unschedulable = bool(spec.get("unschedulable"))
        taints = spec.get("taints") or ()
        self.hard_taints = tuple(taint for taint in taints if taint.get("effect") in HARD_EFFECTS)
        self.soft_taints = tuple(taint for taint in taints if taint.get("effect") == "PreferNoSchedule")
        if before is None or (before.get("status") or {}).get("allocatable") != status.get("allocatable"):
            self._set_offered(amounts(status.get("allocatable")))

    def _set_offered(self, offered: dict[str, int]) -> None:
        self.cpu, self.memory, self.storage = (offered.get(name, 0) for name in NATIVE)
        self.pod_limit = offered.pop("pods", 0)
        self.scalars = {name: value for name, value in offered.items() if name not in NATIVE}

    def copy(self) -> NodeInfo:
        """The same node, of which Pods may be taken away on trial."""
        other = NodeInfo.__new__(NodeInfo)
        for slot in NodeInfo.__slots__:
            setattr(other, slot, getattr(self, slot))
        other.pods, other.used_ports, other.used_scalars = dict(self.pods), dict(self.used_ports), dict(self.used_scalars)
        return other

    def add(self, info: PodInfo) -> None:
        self.pods[info.key] = info
        self._count(info, 1)

    def remove(self, key: str) -> PodInfo | None:
        info = self.pods.pop(key, None)
        if info is not None:
            self._count(info, -1)
        return info

    def _count(self, info: PodInfo, sign: int) -> None:
        requests = info.requests
        self.used_cpu += sign * requests.cpu
        self.used_memory += sign * requests.memory
        self.used_storage += sign * requests.storage
        self.nonzero_cpu += sign * requests.nonzero_cpu
        self.nonzero_memory += sign * requests.nonzero_memory
        if not requests.scalars and not info.host_ports:
            return
        for name, value in requests.scalars.items():
            self.used_scalars[name] = self.used_scalars.get(name, 0) + sign * value
        for port in info.host_ports:
            self.used_ports[port] = self.used_ports.get(port, 0) + sign


def zone_of(node: dict) -> str:
    """Region and zone of a node: nodes are looked at zone by zone in turn. Source: component-helpers node/topology."""
    labels = node["metadata"].get("labels") or {}
    region, zone = labels.get(REGION, ""), labels.get(ZONE, "")
    return f"{region}:\0:{zone}" if region or zone else ""
