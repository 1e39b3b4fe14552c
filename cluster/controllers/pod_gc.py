"""pod-garbage-collector: removes Pods that no kubelet will ever end: their Node is gone, or they never had one.

Source: pkg/controller/podgc/gc_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.kinds import node as nodes
from cluster.meta.objects import key_of

from . import _pods, _taints

PERIOD_MS = 20_000
QUARANTINE_MS = 40_000
TERMINATED_LIMIT = 12_500  # --terminated-pod-gc-threshold


@dataclass
class PodGcState:
    due_ms: dict[str, int] = field(default_factory=dict)  # missing Node -> when its quarantine ends


class PodGarbageCollector(Controller):
    """Has no queue: it looks at everything each 20 s."""

    NAME = "pod-garbage-collector"
    RESOURCE = "pods"

    def setup(self) -> None:
        self.state = PodGcState()
        self._ending: dict[str, None] | None = None  # keys of the Pods that are going or have ended; derived, None until it is needed

    def watch(self, informers) -> None:
        self.nodes = informers.watch("nodes")
        self.pods = informers.watch("pods", indexes={"node": _pods.node_names})
        self.pods.on(self.on_pod, report=None)

    def drop_memory(self) -> None:
        super().drop_memory()
        self._ending = None

    def restore(self, data: dict) -> None:
        super().restore(data)
        self._ending = None

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        if self._ending is None:
            return
        if kind != "DELETED" and not _pods.is_active(new):
            self._ending[key_of(new)] = None
        elif self._ending:
            self._ending.pop(key_of(new), None)

    def on_synced(self) -> None:
        self.after(0, "collect", background=True)

    def collect(self) -> None:
        self.work(self._collect(), lambda _: self.after(PERIOD_MS, "collect", background=True))

    def _collect(self) -> Iterator[Any]:
        if self._is_nothing_amiss():
            return
        pods = self.pods.items()
        going = [pod for pod in pods if "deletionTimestamp" in pod["metadata"]]
        for pod in surplus_terminated(pods) + self._out_of_service(going):
            yield from self._remove(pod)
        yield from self._collect_orphaned(pods)
        for pod in going:
            if not pod["spec"].get("nodeName"):
                yield from self._remove(pod)

    def _out_of_service(self, going: list[dict]) -> list[dict]:
        """Terminating Pods on Nodes that somebody has declared dead. Source: gcTerminating."""
        return [pod for pod in going if self._is_out(pod["spec"].get("nodeName", ""))]

    def _is_out(self, name: str) -> bool:
        node = self.nodes.get(name)
        if node is None:
            return False
        return not nodes.is_ready(node) and any(taint["key"] == _taints.OUT_OF_SERVICE for taint in _taints.of(node))

    def _is_nothing_amiss(self) -> bool:
        """No Pod is going or has ended, and no Node is missing, so that not every Pod need be looked at."""
        if self._ending is None:
            self._ending = {key: None for key, pod in self.pods.pairs() if not _pods.is_active(pod)}
        return not self._ending and not self.state.due_ms and all([self.nodes.get(name) is not None for name in self.pods.values("node")])

    # -- Pods of Nodes that are gone --------------------------------------------------------------------------------

    def _collect_orphaned(self, pods: list[dict]) -> Iterator[Any]:
        """Source: gcOrphaned: a missing Node is given 40 s, then looked up once more."""
        missing = {}
        for pod in pods:
            name = pod["spec"].get("nodeName")
            if name and self.nodes.get(name) is None:
                missing[name] = True
                self.state.due_ms.setdefault(name, self.now_ms + QUARANTINE_MS)
        for name in [name for name, due_ms in self.state.due_ms.items() if due_ms <= self.now_ms]:
            del self.state.due_ms[name]
            if name in missing and (yield from self._is_gone(name)):
                yield from self._remove_all_of(name, pods)

    def _is_gone(self, name: str) -> Iterator[Any]:
        reply = yield self.client.get("nodes", name)
        return reply.code == 404

    def _remove_all_of(self, node_name: str, pods: list[dict]) -> Iterator[Any]:
        for pod in pods:
            if pod["spec"].get("nodeName") == node_name:
                self.trace("PodOrphanedByNode", f"pods/{key_of(pod)}", node=node_name)
                yield from self._remove(
                    pod,
                    {
                        "type": "DisruptionTarget",
                        "status": "True",
                        "reason": "DeletionByPodGC",
                        "message": "PodGC: node no longer exists",
                        "observedGeneration": pod["metadata"].get("generation", 0),
                    },
                )

    def _remove(self, pod: dict, condition: dict | None = None) -> Iterator[Any]:
        """Failed, then gone without grace. Source: markFailedAndDeletePodWithCondition."""
        meta = pod["metadata"]
        if _pods.phase(pod) not in _pods.TERMINAL:
            status: dict[str, Any] = {"phase": "Failed", "observedGeneration": meta.get("generation", 0)}
            if condition is not None:
                status |= _pods.condition_patch(pod, condition, self.engine.clock.text(self.now_ms)) or {}
            patch = {"metadata": {"uid": meta["uid"]}, "status": status}
            reply = yield self.client.patch(
                "pods", meta["name"], patch, namespace=meta["namespace"], subresource="status"
            )
            if not reply.ok:
                return
        yield self.client.delete("pods", meta["name"], meta["namespace"], grace_period_seconds=0)


def surplus_terminated(pods: list[dict], limit: int = TERMINATED_LIMIT) -> list[dict]:
    """The oldest finished Pods beyond the limit, evicted ones first. Source: gcTerminated."""
    finished = [pod for pod in pods if _pods.phase(pod) in _pods.TERMINAL]
    finished.sort(
        key=lambda pod: (
            (pod["status"].get("reason") != "Evicted"),
            pod["metadata"].get("creationTimestamp", ""),
            pod["metadata"]["name"],
        )
    )
    return finished[: max(0, len(finished) - limit)]
