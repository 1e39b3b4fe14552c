"""Owns what a kubelet says of its runtime and its network plugin, and what it leaves until they are back.

A runtime that is gone is noticed at once, as every call fails; the node is NotReady after 30 s of it. Simplified: passes wait for the
runtime instead of failing until then, and a network plugin is missed at once, not at the next look each 5 s.
Source: kubernetes pkg/kubelet/runtime.go (runtimeErrors, networkErrors), pkg/kubelet/pleg/generic.go (Healthy),
pkg/kubelet/kubelet.go (syncLoop, SyncPod, updateRuntimeUp), pkg/kubelet/nodestatus/setters.go (ReadyCondition).
"""

from __future__ import annotations

from .gotime import duration
from .shutdown import TROUBLE

RUNTIME_GRACE_MS, PLEG_GRACE_MS = 30_000, 180_000  # maxWaitForContainerRuntime, relistThreshold
NO_PLUGIN = "NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"
NOT_READY_MESSAGE = "network is not ready"
AGAIN_MS = 1_000  # backOffOnTransientErrorPeriod


class Health:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    @property
    def has_runtime(self) -> bool:
        """Whether the runtime answers: without it nothing is started, stopped or looked at."""
        return self.kubelet.runtime.state.down_ms < 0

    def troubles(self) -> list[str]:
        """Why the node is not ready, in the words of its condition."""
        state, now_ms = self.kubelet.runtime.state, self.kubelet.now_ms
        found = []
        if state.down_ms >= 0 and now_ms - state.down_ms >= RUNTIME_GRACE_MS:
            found.append("container runtime is down")
        if state.down_ms >= 0 and now_ms - state.down_ms >= PLEG_GRACE_MS:
            since = duration(now_ms - state.down_ms)
            found.append(f"PLEG is not healthy: pleg was last seen active {since} ago; threshold is 3m0s")
        if self.network_trouble():
            found.append(self.network_trouble())
        if self.kubelet.shutdown.is_under_way:
            found.append(TROUBLE)
        return found

    def trouble(self) -> str:
        """All of it as one message; "" for a node that is ready. Source: k8s.io/apimachinery pkg/util/errors (aggregate)."""
        found = self.troubles()
        return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""

    def network_trouble(self) -> str:
        return f"container runtime network not ready: {NO_PLUGIN}" if self.kubelet.runtime.state.is_netless else ""

    def keeps_back(self, worker, pod: dict) -> bool:
        """Whether a pass ends here, because the Pod would have no network; it is tried again soon."""
        if not self.kubelet.runtime.state.is_netless or pod["spec"].get("hostNetwork"):
            return False
        kubelet = self.kubelet
        kubelet.recorder.event(pod, "Warning", "NetworkNotReady", f"{NOT_READY_MESSAGE}: {self.network_trouble()}")
        kubelet.tell("NetworkMissed", worker, detail=worker.synced_ms >= 0)
        kubelet.workers.done(worker, retry_ms=kubelet.workers.retry_delay_ms(worker, kubelet.now_ms + AGAIN_MS))
        return True

    def runtime_is_back(self) -> None:
        """Look at everything, and do what was left."""
        kubelet = self.kubelet
        kubelet.pleg.want()
        for uid, worker in kubelet.state.workers.items():
            if worker.pending:
                kubelet.after(0, "begin_pass", uid)
