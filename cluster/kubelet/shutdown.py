"""Owns a node's graceful shutdown: before the machine goes down its Pods end, ordinary ones first, critical ones last.

Only a kubelet whose configuration asks for it (shutdownGracePeriod) holds the machine back; it refuses new Pods meanwhile.
Source: kubernetes pkg/kubelet/nodeshutdown/{nodeshutdown_manager.go,nodeshutdown_manager_linux.go}.
"""

from __future__ import annotations

from . import evictions

REASON, WORDS = "Terminated", "Pod was terminated in response to imminent node shutdown."
REFUSED = ("NodeShutdown", "Pod was rejected as the node is shutting down.")
TROUBLE = "node is shutting down"
LOOKED_MS = 500


class Shutdown:
    """Part of one kubelet. `state.shutdown`: [seconds, uids] of the groups of Pods that are still to end; the first one ends."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    @property
    def is_under_way(self) -> bool:
        return self.kubelet.state.shutdown_ms >= 0

    def begin(self) -> bool:
        """The machine is to go down; False when nothing holds it back."""
        kubelet, (ordinary_s, critical_s) = self.kubelet, self.kubelet.configuration.shutdown_s
        if self.is_under_way or not ordinary_s + critical_s:
            return self.is_under_way
        kubelet.recorder.event(kubelet.agent.reference, "Normal", "Shutdown", "Shutdown manager detected shutdown event")
        kubelet.trace("NodeShutsDown", f"nodes//{kubelet.node}", node=kubelet.node, seconds=ordinary_s + critical_s)
        kubelet.state.shutdown_ms = kubelet.now_ms
        node = kubelet.node_object()
        if node is not None:
            kubelet.work(kubelet.agent.report(node))
        groups: list[list] = [[ordinary_s, []], [critical_s, []]]
        for uid, worker in kubelet.state.workers.items():
            pod = kubelet.pod(uid)
            if pod is not None and worker.phase == "sync":
                groups[(pod["spec"].get("priority") or 0) >= evictions.CRITICAL][1].append(uid)
        kubelet.state.shutdown = [group for group in groups if group[1]]
        self._end_group()
        return True

    def _end_group(self) -> None:
        """End the Pods whose turn it is; when there are no more, the machine goes down."""
        kubelet, state = self.kubelet, self.kubelet.state
        if not state.shutdown:
            kubelet.runtime.reboot()
            return
        seconds, uids = state.shutdown[0]
        for uid in uids:
            worker, pod = state.workers.get(uid), kubelet.pod(uid)
            if worker is not None and pod is not None and worker.phase == "sync":
                own_s = pod["spec"].get("terminationGracePeriodSeconds")
                worker.grace_s = max(1, seconds if own_s is None else min(own_s, seconds))
                evictions.end(kubelet, worker, pod, REASON, WORDS, WORDS)
        kubelet.after(LOOKED_MS, "shutdown_goes_on", kubelet.now_ms + seconds * 1000)

    def let_go(self) -> None:
        """The kubelet stops before the Pods have ended: nothing holds the machine back any more (its inhibitor lock is gone)."""
        if self.kubelet.state.shutdown:
            self.kubelet.runtime.after(0, "reboot")

    def go_on(self, ends_ms: int) -> None:
        """Whether the Pods whose turn it is have ended, or their time is over."""
        kubelet, state = self.kubelet, self.kubelet.state
        workers = [state.workers.get(uid) for uid in state.shutdown[0][1]]
        if kubelet.now_ms < ends_ms and any(worker is not None and worker.phase != "finished" for worker in workers):
            kubelet.after(min(LOOKED_MS, ends_ms - kubelet.now_ms), "shutdown_goes_on", ends_ms)
            return
        del state.shutdown[0]
        self._end_group()
