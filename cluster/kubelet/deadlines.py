"""Owns activeDeadlineSeconds: how long a Pod may be on its node before the kubelet ends it.

Source: kubernetes pkg/kubelet/active_deadline.go.
"""

from __future__ import annotations

from .workers import TICK_MS, TICK_OFFSET_MS

REASON, MESSAGE = "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
IN_TIME = ("", "")


class Deadlines:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    def arm(self, pod: dict, status: dict) -> None:
        """Have a Pod looked at once its time is over, at the sync loop's next tick; the deadline may have become shorter."""
        kubelet, uid = self.kubelet, pod["metadata"]["uid"]
        due_ms = self._due_ms(pod, status)
        if due_ms is None:
            return
        kubelet.cancel(kubelet.state.deadlines.get(uid, 0))
        late_ms = (due_ms - kubelet.state.started_ms - TICK_OFFSET_MS) % TICK_MS
        wait_ms = due_ms - kubelet.now_ms + (TICK_MS - late_ms if late_ms else 0)
        kubelet.state.deadlines[uid] = kubelet.after(wait_ms, "deadline", uid, background=True)

    def _due_ms(self, pod: dict, status: dict) -> int | None:
        limit_s, started = pod["spec"].get("activeDeadlineSeconds"), status.get("startTime")
        if limit_s is None or not started:
            return None
        return self.kubelet.engine.clock.parse_ms(started) + limit_s * 1000

    def passed(self, uid: str) -> None:
        """The time of a Pod is over."""
        kubelet, worker = self.kubelet, self.kubelet.state.workers.get(uid)
        pod = kubelet.pod(uid)
        kubelet.state.deadlines.pop(uid, None)
        if worker is not None and pod is not None and worker.phase == "sync":
            kubelet.tell("DeadlinePassed", worker, seconds=pod["spec"].get("activeDeadlineSeconds") or 0)
            kubelet.workers.update(pod, "sync")

    def evicted(self, pod: dict) -> tuple[str, str]:
        """(reason, message) of a Pod whose time is over; it is said each time that somebody asks."""
        due_ms = self._due_ms(pod, self.kubelet.statuses.held(pod))
        if due_ms is None or self.kubelet.now_ms < due_ms:
            return IN_TIME
        self.kubelet.recorder.event(pod, "Normal", REASON, MESSAGE)
        return REASON, MESSAGE
