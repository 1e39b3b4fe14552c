"""node-ipam-controller: gives each new Node a range of Pod addresses.

Source: pkg/controller/nodeipam/ipam/range_allocator.go, cidrset/cidr_set.go.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import Sleep

SECOND = 244  # --cluster-cidr=10.244.0.0/14, one /24 a node
RANGES = 1024


@dataclass
class RangeState:
    """cursor: where the search for a free range goes on, so that a freed one is not used again at once. taken: range -> Node."""

    cursor: int = 0
    taken: dict[str, str] = field(default_factory=dict)


def cidr_of(number: int) -> str:
    """A range as Nodes carry it."""
    return f"10.{SECOND + number // 256}.{number % 256}.0/24"


def next_range(taken: Container[str], after: int) -> int | None:
    """The number of a free range, searched from `after` round once; None if all are taken."""
    return next((number for step in range(RANGES) if cidr_of(number := (after + step) % RANGES) not in taken), None)


class NodeIpamController(Controller):
    """Its keys are Nodes without a podCIDR."""

    NAME = "node-ipam-controller"
    RESOURCE = "nodes"
    WORKERS = 1

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
        cidr = new["spec"].get("podCIDR")
        if kind == "DELETED":
            self.state.taken.pop(cidr, None)
        elif cidr:
            self.state.taken[cidr] = new["metadata"]["name"]
        else:
            self.queue.add(new["metadata"]["name"])

    def sync(self, key: str) -> Iterator[Any]:
        """Simplified: one range at a time (a single worker), so ranges are read off the Nodes rather than reserved."""
        node = self.nodes.get(key)
        if node is None or node["spec"].get("podCIDR"):
            return None
        number = next_range(self.state.taken, self.state.cursor)
        if number is None:
            self.recorder.event(node, "Normal", "CIDRNotAvailable", f"Node {key} status is now: CIDRNotAvailable")
            return "retry"
        self.state.cursor = (number + 1) % RANGES
        cidr = cidr_of(number)
        self.trace("PodRangeAllocated", f"nodes//{key}", cidr=cidr)
        patch = {"spec": {"podCIDR": cidr, "podCIDRs": [cidr]}}
        reply = yield self.client.patch("nodes", key, patch)
        if not reply.ok:
            return "retry"
        return (yield from self._until_seen(key))

    def _until_seen(self, key: str) -> Iterator[Any]:
        """Wait for our own write, or the next Node would be given the same range."""
        for _ in range(20):
            node = self.nodes.get(key)
            if node is None or node["spec"].get("podCIDR"):
                return None
            yield Sleep(5)
        return None
