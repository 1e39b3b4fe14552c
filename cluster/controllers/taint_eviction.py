"""taint-eviction-controller: deletes Pods that do not, or no longer, tolerate their Node's NoExecute taints.

Source: pkg/controller/tainteviction/taint_eviction.go, timed_workers.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.meta.objects import key_of, split_key

from . import _pods, _taints

RETRIES, RETRY_WAIT_MS = 5, 10


@dataclass
class Eviction:
    """A deletion that is due: when it was decided, when it happens, and the timer's id (0: under way)."""

    created_ms: int
    fire_ms: int
    event_id: int = 0


@dataclass
class EvictionState:
    tainted: dict[str, list[dict]] = field(default_factory=dict)  # Node -> its NoExecute taints
    evictions: dict[str, Eviction] = field(default_factory=dict)  # Pod's key -> what is planned


class TaintEvictionController(Controller):
    """Has no queue of keys: each change of a Node's taints or a Pod's tolerations is judged as it comes."""

    NAME = "taint-eviction-controller"
    RESOURCE = "pods"

    @property
    def account(self) -> str:
        return "node-controller"

    def setup(self) -> None:
        self.state = EvictionState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component=self.NAME))

    def watch(self, informers) -> None:
        self.nodes = informers.watch("nodes")
        self.pods = informers.watch("pods", indexes={"node": _pods.node_names})
        self.nodes.on(self.on_node)
        self.pods.on(self.on_pod, report=None)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        """Source: handleNodeUpdate."""
        name, taints = new["metadata"]["name"], no_execute(new)
        if kind == "DELETED":
            self.state.tainted.pop(name, None)
            return
        if old is not None and no_execute(old) == taints:
            return
        if not taints:
            if self.state.tainted.pop(name, None) is not None:
                for pod in self.pods.by("node", name):
                    self._cancel(key_of(pod))
            return
        self.state.tainted[name] = taints
        for pod in self.pods.by("node", name):
            self._judge(pod, taints)

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """Source: PodUpdated, handlePodUpdate."""
        if kind == "DELETED":
            self._cancel(key_of(new))
            return
        node = new["spec"].get("nodeName")
        taints = self.state.tainted.get(node) if node else None
        if taints is None:
            return
        changed = old is None or old["spec"].get("nodeName") != node
        if changed or old["spec"].get("tolerations") != new["spec"].get("tolerations"):
            self._judge(new, taints)

    # -- judging ----------------------------------------------------------------------------------------------------

    def _judge(self, pod: dict, taints: list[dict]) -> None:
        """Delete now, delete later, or let it be. Source: processPodOnNode."""
        key = key_of(pod)
        tolerated_s = tolerated_seconds(taints, pod["spec"].get("tolerations") or [])
        if tolerated_s is None:
            self._cancel(key)
            return
        if tolerated_s == NOT_TOLERATED:
            self._cancel(key)
            self._plan(pod, created_ms=self.now_ms, fire_ms=self.now_ms)
            return
        planned = self.state.evictions.get(key)
        if planned is not None and planned.event_id:
            return  # upstream weighs one against the other, but what was planned earlier always is the earlier
        self._plan(pod, created_ms=self.now_ms, fire_ms=self.now_ms + tolerated_s * 1000)

    def _plan(self, pod: dict, *, created_ms: int, fire_ms: int) -> None:
        key = key_of(pod)
        if key in self.state.evictions:
            return
        delay_ms = fire_ms - created_ms
        self.trace("PodEvictionPlanned", f"pods/{key}", node=pod["spec"]["nodeName"], seconds=delay_ms // 1000)
        self.state.evictions[key] = Eviction(
            created_ms, fire_ms, self.after(delay_ms, "evict", key) if delay_ms > 0 else 0
        )
        if delay_ms <= 0:
            self.evict(key)

    def _cancel(self, key: str) -> None:
        """Source: cancelWorkWithEvent. What is under way cannot be stopped; its end forgets it."""
        planned = self.state.evictions.get(key)
        if planned is None:
            return
        del self.state.evictions[key]
        if planned.event_id:
            self.cancel(planned.event_id)
            self.trace("PodEvictionCancelled", f"pods/{key}")
            self._event(key, f"Cancelling deletion of Pod {key}")

    def _event(self, key: str, message: str) -> None:
        namespace, name = split_key(key)
        reference = {"apiVersion": "v1", "kind": "Pod", "name": name, "namespace": namespace}
        self.recorder.event(reference, "Normal", "TaintManagerEviction", message)

    # -- evicting ---------------------------------------------------------------------------------------------------

    def evict(self, key: str) -> None:
        """Time is up. The plan is kept until the delete is dealt with: a Pod gone by then is reported as cancelled."""
        self.work(self._evict(key))

    def _evict(self, key: str) -> Iterator[Any]:
        self.trace("PodMarkedForEviction", f"pods/{key}")
        self._event(key, f"Marking for deletion Pod {key}")
        planned = self.state.evictions.get(key)
        for _ in range(RETRIES):
            if (yield from self._delete(key)):
                yield Sleep(self.latency("eviction_finish"))
                break
            yield Sleep(RETRY_WAIT_MS)
        if self.state.evictions.get(key) is planned:
            self.state.evictions.pop(key, None)

    def _delete(self, key: str) -> Iterator[Any]:
        """Source: addConditionAndDeletePod."""
        namespace, name = split_key(key)
        reply = yield self.client.get("pods", name, namespace)
        if not reply.ok:
            return False
        meta = reply.body["metadata"]
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
            "observedGeneration": meta.get("generation", 0),
        }
        status = _pods.condition_patch(reply.body, condition, self.engine.clock.text(self.now_ms))
        if status is not None:
            patch = {"metadata": {"uid": meta["uid"]}, "status": status}
            reply = yield self.client.patch("pods", name, patch, namespace=namespace, subresource="status")
            if not reply.ok:
                return False
        reply = yield self.client.delete("pods", name, namespace)
        return reply.ok


NOT_TOLERATED = -1


def no_execute(node: dict) -> list[dict]:
    """A Node's NoExecute taints."""
    return [taint for taint in _taints.of(node) if taint["effect"] == "NoExecute"]


def tolerated_seconds(taints: list[dict], tolerations: list[dict]) -> int | None:
    """How long the taints are tolerated: NOT_TOLERATED, seconds, or None for ever. Source: getMinTolerationTime."""
    used = []
    for taint in taints:
        found = next((toleration for toleration in tolerations if _taints.tolerates(toleration, taint)), None)
        if found is None:
            return NOT_TOLERATED
        used.append(found)
    seconds = [
        max(0, toleration["tolerationSeconds"])
        for toleration in used
        if toleration.get("tolerationSeconds") is not None
    ]
    return min(seconds) if seconds else None if used else 0
