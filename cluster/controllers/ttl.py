"""ttl-controller: tells each kubelet, by an annotation on its Node, how long it may cache Secrets and ConfigMaps.

Source: pkg/controller/ttl/ttl_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller

ANNOTATION = "node.alpha.kubernetes.io/ttl"
# (cluster size up to, seconds). Simplified: upstream lowers a value only well below the size that raised it.
BOUNDARIES = ((100, 0), (500, 15), (1000, 30), (2000, 60), (10_000, 300))


def desired_seconds(nodes: int) -> int:
    """The cache's lifetime for a cluster of this size."""
    return next((seconds for size, seconds in BOUNDARIES if nodes <= size), BOUNDARIES[-1][1])


class TtlController(Controller):
    """Its keys are Nodes."""

    NAME = "ttl-controller"
    RESOURCE = "nodes"

    def watch(self, informers) -> None:
        self.nodes = informers.watch("nodes")
        self.nodes.on(self.on_node)

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        """Only a Node whose annotation is wrong is looked at; upstream looks at all."""
        if kind != "DELETED" and self._annotation(new) != self._desired():
            self.queue.add(new["metadata"]["name"])

    def _desired(self) -> str:
        return str(desired_seconds(len(self.nodes.pairs())))

    @staticmethod
    def _annotation(node: dict) -> str:
        return (node["metadata"].get("annotations") or {}).get(ANNOTATION, "")

    def sync(self, key: str) -> Iterator[Any]:
        node = self.nodes.get(key)
        if node is None or self._annotation(node) == self._desired():
            return None
        patch = {"metadata": {"annotations": {ANNOTATION: self._desired()}}}
        reply = yield self.client.patch("nodes", key, patch)
        return None if reply.ok or reply.code == 404 else "retry"
