"""Owns the Pod workers: one line of passes for each Pod, each pass in one phase: sync, terminating, terminated.

Nothing here tells how to start or stop a Pod (see sync.py and termination.py), only when. A pass needs a report of the
runtime newer than the last pass; meanwhile it waits, and takes what it was asked for before.
Source: kubernetes pkg/kubelet/pod_workers.go.
"""

from __future__ import annotations

from cluster.kinds import pod as pods

from .state import Worker

RETRY_MS, RESYNC_MS = 10_000, 60_000  # backOffPeriod; syncFrequency is the most that a back-off waits
JITTER = 0.5
TICK_MS, TICK_OFFSET_MS = 1_000, 450  # the sync loop looks once a second for workers that are due
MINIMUM_GRACE_S = 1


class Workers:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    @property
    def table(self) -> dict[str, Worker]:
        return self.kubelet.state.workers

    def may_run(self, uid: str) -> bool:
        """Whether a container of the Pod may still run: until it is terminated."""
        worker = self.kubelet.state.workers.get(uid)
        return worker is not None and worker.phase in ("sync", "terminating")

    def is_ending(self, uid: str) -> bool:
        worker = self.kubelet.state.workers.get(uid)
        return worker is not None and worker.phase != "sync"

    def update(self, pod: dict, why: str) -> None:
        """A Pod came, changed or must be looked at again."""
        meta, kubelet = pod["metadata"], self.kubelet
        worker = kubelet.state.workers.get(meta["uid"])
        if worker is None:
            key = f"{meta['namespace']}/{meta['name']}"
            worker = kubelet.state.workers[meta["uid"]] = Worker(meta["uid"], key, seen_ms=kubelet.engine.now_ms)
        if worker.phase == "finished":
            return
        is_new_end = worker.phase == "sync" and (pods.is_terminating(pod) or pods.is_terminal(pod) or worker.removed)
        if is_new_end:
            worker.phase, worker.cancelled = "terminating", worker.running or bool(worker.awaiting)
            if self.kubelet.runtime.state.pulls:
                self.kubelet.runtime.cancel_pulls(worker.uid)
            is_waiting = worker.running and not worker.mounted
            self.kubelet.tell(
                "PodTerminationRequested", worker, reason="deleted" if pods.is_terminating(pod) else "ended"
            )
        if worker.phase == "terminating":
            self._note_grace(worker, pod)
        worker.pending = why
        if is_new_end and is_waiting:
            self.kubelet.volumes.give_up(worker)
        elif is_new_end and worker.plan is not None:
            self.kubelet.sync.cancel_hook(worker, pod)
        elif not worker.running and not worker.awaiting:
            self.kubelet.after(
                self.kubelet.latency("kubelet_sync") if why in ("create", "update") else 0, "begin_pass", worker.uid
            )

    def _note_grace(self, worker: Worker, pod: dict) -> None:
        """The grace period in force; it can only become shorter.

        Source: pod_workers.go (calculateEffectiveGracePeriod).
        """
        asked = pod["metadata"].get("deletionGracePeriodSeconds")
        grace_s, before_s = worker.grace_s, worker.grace_s
        if asked is not None and (not grace_s or asked < grace_s):
            grace_s = asked
        elif asked is None and not grace_s:
            grace_s = pod["spec"].get("terminationGracePeriodSeconds") or 0
        worker.grace_s = max(grace_s, MINIMUM_GRACE_S)
        if before_s and worker.grace_s < before_s and worker.stops:
            self.kubelet.termination.hurry(worker)

    def begin(self, uid: str) -> None:
        """Start the next pass, or wait for a newer report."""
        kubelet = self.kubelet
        worker = kubelet.state.workers.get(uid)
        if worker is None or worker.running or worker.awaiting or not worker.pending or worker.phase == "finished":
            return
        if kubelet.runtime.state.down_ms >= 0:
            return  # it is asked for again when the runtime is back
        worker.pending, worker.awaiting = "", worker.phase
        if kubelet.pleg.is_newer_than(uid, worker.synced_ms):
            self._go_on(worker)
        else:
            kubelet.state.awaiting[uid] = True
            kubelet.pleg.want()

    def resume(self, uid: str) -> None:
        """The pass that waited may go on."""
        worker = self.kubelet.state.workers.get(uid)
        if worker is not None and not worker.running and worker.awaiting:
            self._go_on(worker)

    def _go_on(self, worker: Worker) -> None:
        phase, worker.awaiting, worker.running = worker.awaiting, "", True
        if worker.retry:
            self.kubelet.cancel(worker.retry)
            worker.retry = 0
        if phase == "sync":
            self.kubelet.sync.begin(worker)
        elif phase == "terminating":
            self.kubelet.termination.begin(worker)
        else:
            self.kubelet.work(self.kubelet.termination.finish(worker))

    def done(self, worker: Worker, *, next_phase: str = "", retry_ms: int = 0) -> None:
        """A pass is over: go on with the next phase, try again later, or do what was asked for meanwhile."""
        kubelet = self.kubelet
        worker.running, worker.cancelled, worker.synced_ms = False, False, kubelet.engine.now_ms
        if next_phase == "finished":
            worker.phase, worker.pending = next_phase, ""
            return
        if next_phase and worker.phase != next_phase:
            worker.phase, worker.pending = next_phase, worker.pending or "sync"
            if next_phase == "terminating" and (pod := kubelet.pod(worker.uid)) is not None:
                self._note_grace(worker, pod)
        if retry_ms and not worker.pending:
            worker.retry = kubelet.after(retry_ms, "retry_pass", worker.uid, background=True)
        if worker.pending:
            self.begin(worker.uid)

    def retry_delay_ms(self, worker: Worker, backoff_ends_ms: int | None) -> int:
        """How long until a failed pass is tried again: the back-off's end, jittered, at the sync loop's next look.

        Source: pod_workers.go (completeWork), kubelet.go (syncCh).
        """
        kubelet = self.kubelet
        wait_ms = RETRY_MS if backoff_ends_ms is None else backoff_ends_ms - kubelet.now_ms
        wait_ms = max(0, min(wait_ms, RESYNC_MS))
        wait_ms += int(wait_ms * JITTER * kubelet.engine.rng("jitter/" + kubelet.node).random())
        due_ms = kubelet.now_ms + wait_ms
        late_ms = (due_ms - kubelet.state.started_ms - TICK_OFFSET_MS) % TICK_MS
        return wait_ms + (TICK_MS - late_ms if late_ms else 0)

    def retry(self, uid: str) -> None:
        worker = self.kubelet.state.workers.get(uid)
        if worker is None:
            return
        worker.retry = 0
        worker.pending = worker.pending or "sync"
        self.begin(uid)
