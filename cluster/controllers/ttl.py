"""ttl-controller: tells each kubelet, by an annotation on its Node, how long it may cache Secrets and ConfigMaps.

Source: pkg/controller/ttl/ttl_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cluster.client import Controller
from cluster.meta.gotext import atoi

ANNOTATION = "node.alpha.kubernetes.io/ttl"
# (fewest Nodes, most Nodes, seconds): a size is left only beyond its bounds, so that one Node more or less changes nothing.
BOUNDARIES = ((0, 100, 0), (90, 500, 15), (450, 1000, 30), (900, 2000, 60), (1800, 2**31 - 1, 300))


def step_for(step: int, nodes: int) -> int:
    """Which of the boundaries holds for a cluster of this size, coming from another. Source: addNode, deleteNode."""
    while nodes > BOUNDARIES[step][1]:
        step += 1
    while nodes < BOUNDARIES[step][0]:
        step -= 1
    return step


@dataclass
class TtlState:
    """step: which of the boundaries holds."""

    step: int = 0


class TtlController(Controller):
    """Its keys are Nodes."""

    NAME = "ttl-controller"
    RESOURCE = "nodes"

    def setup(self) -> None:
        self.state = TtlState()

    def watch(self, informers) -> None:
        self.nodes = informers.watch("nodes")
        self.nodes.on(self.on_node)

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        """Only a Node whose annotation is wrong is looked at; upstream looks at all."""
        self.state.step = step_for(self.state.step, len(self.nodes.pairs()))
        if kind != "DELETED" and self._annotation(new) != self._desired():
            self.queue.add(new["metadata"]["name"])

    def _desired(self) -> int:
        return BOUNDARIES[self.state.step][2]

    @staticmethod
    def _annotation(node: dict) -> int | None:
        """What the Node says, None if that is no number. Source: getIntFromAnnotation."""
        return atoi((node["metadata"].get("annotations") or {}).get(ANNOTATION, ""))

    def sync(self, key: str) -> Iterator[Any]:
        node = self.nodes.get(key)
        if node is None or self._annotation(node) == self._desired():
            return None
        patch = {"metadata": {"annotations": {ANNOTATION: str(self._desired())}}}
        reply = yield self.client.patch("nodes", key, patch)
        return None if reply.ok or reply.code == 404 else "retry"
