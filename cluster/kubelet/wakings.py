"""Owns what wakes a kubelet: news from its runtime, and timers that have run out, each handed to the part that it is for.

Source: kubernetes pkg/kubelet/kubelet.go (syncLoopIteration).
"""

from __future__ import annotations

from cluster.meta import quantity
from cluster.runtime.commands import Ended

from . import node_status, oom_scores, prober
from .hooks import spec_named


class Wakings:
    """Part of the kubelet's class: handlers of its runtime and of its own events."""

    def on_runtime_back(self) -> None:
        self.health.runtime_is_back()

    def on_runtime_change(self, _uid: str) -> None:
        if not self.state.relist_due:
            self.pleg.want()

    def on_service(self, _kind: str, _old: dict | None, _new: dict | None) -> None:
        self.services.kept.clear()

    def deliver_object(self, watcher_id: int, batch: list) -> None:
        self.objects.deliver(watcher_id, batch)

    def look_at_object(self, key: str) -> None:
        self.objects.look_again(key)

    def on_manifests_change(self) -> None:
        self.static.changed()

    def look_at_manifests(self) -> None:
        self.static.look()

    def on_storage_over(self, uid: str) -> None:
        self.local_storage.noticed(uid)

    def check_storage(self, uid: str) -> None:
        self.local_storage.check(uid)

    def oom_score_adj(self, uid: str, container: str) -> int:
        """What a container's programs have been started with; of a Pod that is not known any more, nothing special."""
        pod = self.pod(uid)
        capacity = quantity.parse(node_status.capacity(self.machine)["memory"]).value
        return oom_scores.score(pod, spec_named(pod, container), capacity) if pod is not None else 0

    def fill_volume(self, key: str) -> None:
        self.volumes.fill(key)

    def retry_mount(self, uid: str) -> None:
        self.volumes.retry(uid)

    def report_mount(self, uid: str, volume: str, message: str, delay_ms: int) -> None:
        self.volumes.report(uid, volume, message, delay_ms)

    def resync_volumes(self, uid: str) -> None:
        self.volumes.resync(uid)

    def on_pull_ended(self, key: str) -> None:
        self.images.puller.ended(key)

    def on_container_stopped(self, uid: str, container_id: str) -> None:
        self.termination.stopped(uid, container_id)

    def relist(self) -> None:
        self.pleg.relist()

    def pleg_sync(self, uid: str, is_twice: bool) -> None:
        """The sync loop hears of the runtime's changes; the second of two may come when the worker is busy already."""
        worker = self.state.workers.get(uid)
        if worker is None or uid not in self.state.pods or worker.phase == "finished":
            return
        was_idle = not worker.running and not worker.awaiting
        worker.pending = worker.pending or "sync"
        self.workers.begin(uid)
        if is_twice and was_idle and not worker.pending:
            worker.pending = "sync"
            self.workers.begin(uid)

    def begin_pass(self, uid: str) -> None:
        self.workers.begin(uid)

    def retry_pass(self, uid: str) -> None:
        self.workers.retry(uid)

    def on_command_ended(self, token: str, ended: Ended) -> None:
        kind, uid, rest = token.split(" ", 2)
        (self.prober if kind == prober.TOKEN else self.hooks).command_ended(uid, rest, ended)

    def probe(self, uid: str, key: str) -> None:
        self.prober.tick(uid, key)

    def probe_answered(self, uid: str, key: str, container_id: str, result: str, output: str, error: str) -> None:
        self.prober.answered(uid, key, container_id, prober.Answer(result, output, error))

    def hook_ended(self, uid: str, which: str, container_id: str, error: str) -> None:
        self.hooks.ended(uid, which, container_id, error)

    def stop_goes_on(self, uid: str, container_id: str) -> None:
        self.termination.go_on(uid, container_id)

    def retry_resizes(self) -> None:
        self.resizes.retry()

    def deadline(self, uid: str) -> None:
        self.deadlines.passed(uid)

    def reconcile_status(self, uid: str) -> None:
        self.statuses.reconcile_now(uid)

    def on_usage_change(self) -> None:
        """Memory or disk of the node is used otherwise than before."""
        self.pressure.usage_changed()

    def on_system_oom(self, program: str, pid: int) -> None:
        """The kernel killed a process because the machine had no memory left. Source: pkg/kubelet/oom/oom_watcher_linux.go."""
        message = f"System OOM encountered, victim process: {program}, pid: {pid}"
        self.recorder.event(self.agent.reference, "Warning", "SystemOOM", message)

    def look_at_pressure(self) -> None:
        self.pressure.look()

    def shutdown_goes_on(self, ends_ms: int) -> None:
        self.shutdown.go_on(ends_ms)

    def collect_images(self) -> None:
        self.collection.run()

    def beat(self) -> None:
        self.agent.beat()
