"""node-ipam-controller: gives each new Node a range of Pod addresses.

Source: pkg/controller/nodeipam/ipam/range_allocator.go, cidrset/cidr_set.go.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder

SECOND = 244  # --cluster-cidr=10.244.0.0/14, one /24 a node
RANGES = 1024
CLUSTER_BITS, NODE_BITS = 14, 24
PATCH_TRIES = 3  # cidrUpdateRetries


@dataclass
class RangeState:
    """cursor: where the search for a free range goes on, so that a freed one is not used again at once. taken: range -> Node.

    given: the uid of each Node that was given one of which no news has come yet.
    """

    cursor: int = 0
    taken: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)


def cidr_of(number: int) -> str:
    """A range as Nodes carry it."""
    return f"10.{SECOND + number // 256}.{number % 256}.0/24"


def ranges_of(cidr: str) -> list[str]:
    """The ranges of the cluster's that a Node's own one takes: its part of one, one or several. Source: cidr_set.go getBeginningAndEndIndices."""
    text, _, size = cidr.partition("/")
    parts = text.split(".")
    if len(parts) != 4:
        return []  # of IPv6, of which the cluster has none
    address, bits = int.from_bytes(bytes(map(int, parts))), min(int(size), NODE_BITS)
    base, shared = int.from_bytes(bytes((10, SECOND, 0, 0))), min(bits, CLUSTER_BITS)
    if address >> (32 - shared) != base >> (32 - shared):
        return []
    if bits <= CLUSTER_BITS:
        return [cidr_of(number) for number in range(RANGES)]
    first = ((address - base) >> 8) & -(1 << (NODE_BITS - bits))
    return [cidr_of(number) for number in range(first, first + (1 << (NODE_BITS - bits)))]


def next_range(taken: Container[str], after: int) -> int | None:
    """The number of a free range, searched from `after` round once; None if all are taken."""
    return next((number for step in range(RANGES) if cidr_of(number := (after + step) % RANGES) not in taken), None)


class NodeIpamController(Controller):
    """Its keys are Nodes without a podCIDR."""

    NAME = "node-ipam-controller"
    RESOURCE = "nodes"
    WORKERS = 30  # cidrUpdateWorkers

    @property
    def account(self) -> str:
        return "node-controller"

    def setup(self) -> None:
        self.state = RangeState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component="cidrAllocator"))

    def watch(self, informers) -> None:
        self.nodes = informers.watch("nodes")
        self.nodes.on(self.on_node)

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        cidr, name = new["spec"].get("podCIDR"), new["metadata"]["name"]
        if kind == "DELETED" or cidr:
            self.state.given.pop(name, None)
        if kind == "DELETED":
            for each in ranges_of(cidr) if cidr else ():
                self.state.taken.pop(each, None)
        elif not cidr:
            self.queue.add(name)
        elif cidr not in self.state.taken:
            self.state.taken.update((each, name) for each in ranges_of(cidr))

    def sync(self, key: str) -> Iterator[Any]:
        """Source: syncNode, AllocateOrOccupyCIDR.

        A Node that something else has changed meanwhile may be looked at again before its range is seen: that is waited for, or it would be
        given a second one, which is refused.
        """
        node = self.nodes.get(key)
        if node is None or node["spec"].get("podCIDR") or "deletionTimestamp" in node["metadata"]:
            return None
        uid = node["metadata"].get("uid", "")
        if self.state.given.get(key) == uid:
            return None
        number = next_range(self.state.taken, self.state.cursor)
        if number is None:
            self._tell(node, "CIDRNotAvailable")
            return "retry"
        self.state.cursor = (number + 1) % RANGES
        cidr = cidr_of(number)
        self.state.taken[cidr] = key
        self.trace("PodRangeAllocated", f"nodes//{key}", cidr=cidr)
        for _ in range(PATCH_TRIES):
            reply = yield self.client.patch("nodes", key, {"spec": {"podCIDR": cidr, "podCIDRs": [cidr]}})
            if reply.ok:
                self.state.given[key] = uid
                return None
        self._tell(node, "CIDRAssignmentFailed")
        self.state.taken.pop(cidr, None)  # who named it itself may have gone meanwhile
        return "retry"

    def _tell(self, node: dict, what: str) -> None:
        self.recorder.event(node, "Normal", what, f"Node {node['metadata']['name']} status is now: {what}")
