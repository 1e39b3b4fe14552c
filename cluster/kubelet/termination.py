"""Owns the end of a Pod: preStop hooks, SIGTERM, the grace period, SIGKILL, the sandbox, the last status.

Source: kubernetes pkg/kubelet/kubelet.go (SyncTerminatingPod, SyncTerminatedPod), pkg/kubelet/kuberuntime/
kuberuntime_container.go (killContainer, executePreStopHook).
"""

from __future__ import annotations

from cluster.engine import Sleep

from . import pod_status
from .actions import Actions
from .state import Report, Worker

MINIMUM_KILL_S = 2  # minimumGracePeriodInSeconds: what a container always gets between TERM and KILL


class Termination:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    # -- a pass in the phase "terminating" -----------------------------------------------------------------------

    def begin(self, worker: Worker) -> None:
        """Acknowledge the end in the status and stop all containers."""
        kubelet = self.kubelet
        pod = kubelet.pod_or_ended(worker.uid)
        report = kubelet.state.reports.get(worker.uid) or Report()
        if worker.uid in kubelet.state.pods:
            kubelet.statuses.set(pod, kubelet.status_of(pod, report, is_terminal=False))
        running = [container for container in kubelet.runtime.containers(worker.uid) if container.state == "running"]
        self._stop(
            worker,
            pod,
            [(each.id, each.name, f"Stopping container {each.name}") for each in running],
            grace_s=worker.grace_s,
            then="terminated",
        )

    def _stop(
        self, worker: Worker, pod: dict, containers: list[tuple[str, str, str]], *, grace_s: int, then: str
    ) -> None:
        """Stop containers, all at once; what follows waits for the last."""
        worker.killing, worker.then = [container_id for container_id, _, _ in containers], then
        for container_id, name, message in containers:
            self._stop_one(worker, pod, container_id, name, message, grace_s)
        if not worker.killing:
            self._all_stopped(worker)

    def _stop_one(self, worker: Worker, pod: dict, container_id: str, name: str, message: str, grace_s: int) -> None:
        kubelet = self.kubelet
        kind, spec = find_spec(pod, name)
        kubelet.recorder.event(pod, "Normal", "Killing", message, f"spec.{kind}{{{name}}}")
        hook = ((spec.get("lifecycle") or {}).get("preStop")) or {}
        took_ms = self._hook_ms(container_id, hook, grace_s * 1000) if hook and grace_s > 0 else 0
        if not hook or grace_s <= 0:
            self.send_term(worker.uid, container_id, max(grace_s, MINIMUM_KILL_S))
            return
        kubelet.tell("PreStopStarted", worker, name, hook=next(iter(hook)), due_ms=kubelet.now_ms + took_ms)
        is_late = took_ms >= grace_s * 1000
        left_s = max(grace_s - took_ms // 1000, MINIMUM_KILL_S)
        kubelet.after(took_ms, "prestop_done", worker.uid, container_id, name, left_s, is_late)

    def _hook_ms(self, container_id: str, hook: dict, limit_ms: int) -> int:
        if "sleep" in hook:
            return min(int(hook["sleep"].get("seconds", 0)) * 1000, limit_ms)
        if "exec" in hook:
            took_ms, _code = self.kubelet.runtime.exec_duration(
                container_id, hook["exec"].get("command") or [], limit_ms=limit_ms
            )
            return took_ms
        return 0

    def prestop_done(self, uid: str, container_id: str, name: str, left_s: int, is_late: bool) -> None:
        """The hook has ended, or its time is over."""
        kubelet, pod = self.kubelet, self.kubelet.pod_or_ended(uid)
        if is_late and pod is not None:
            kind, _ = find_spec(pod, name)
            kubelet.recorder.event(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", f"spec.{kind}{{{name}}}")
        self.send_term(uid, container_id, left_s)

    def send_term(self, uid: str, container_id: str, grace_s: int) -> None:
        if not self.kubelet.runtime.stop_container(container_id, grace_s * 1000):
            self.stopped(uid, container_id)

    def hurry(self, worker: Worker) -> None:
        """The grace period became shorter while the containers are being stopped."""
        for container_id in worker.killing:
            self.kubelet.runtime.stop_container(container_id, max(worker.grace_s, MINIMUM_KILL_S) * 1000)

    def stopped(self, uid: str, container_id: str) -> None:
        """A container that was asked to stop has ended."""
        worker = self.kubelet.state.workers.get(uid)
        if worker is None or container_id not in worker.killing:
            return
        worker.killing.remove(container_id)
        if not worker.killing:
            self._all_stopped(worker)

    def _all_stopped(self, worker: Worker) -> None:
        if worker.then == "start":
            self.kubelet.work(self.kubelet.sync.go_on(worker))
        else:
            self.kubelet.work(self._stop_sandbox(worker))

    def _stop_sandbox(self, worker: Worker):
        kubelet = self.kubelet
        if any(
            sandbox.state == "ready" or sandbox.ip in kubelet.runtime.state.addresses
            for sandbox in kubelet.runtime.sandboxes(worker.uid)
        ):
            yield Sleep(kubelet.latency("sandbox_stop"))
            kubelet.runtime.stop_sandbox(worker.uid, worker.key)
        if worker.then == "sync":
            yield from kubelet.sync.go_on(worker)
            return
        self._note_end(worker)
        kubelet.workers.done(worker, next_phase="terminated")

    def _note_end(self, worker: Worker) -> None:
        """The last states of the containers, from the runtime itself."""
        kubelet, pod = self.kubelet, self.kubelet.pod(worker.uid)
        if pod is None or worker.uid not in kubelet.state.pods:
            return
        report = kubelet.pleg.report_of(worker.uid)
        kubelet.statuses.set(pod, kubelet.status_of(pod, report, is_terminal=True))

    # -- a pass in the phase "terminated" -------------------------------------------------------------------------

    def finish(self, worker: Worker):
        """Clean up what is left on the node; the status is final and a deleted Pod's object may go."""
        kubelet, pod = self.kubelet, self.kubelet.pod(worker.uid)
        yield Sleep(kubelet.latency("pod_cleanup"))
        kubelet.tell("PodWorkerFinished", worker)
        kubelet.release(worker.uid)
        if pod is not None and worker.uid in kubelet.state.pods:
            report = kubelet.state.reports.get(worker.uid) or Report()
            status = kubelet.status_of(kubelet.pod(worker.uid) or pod, report, is_terminal=True)
            kubelet.workers.done(worker, next_phase="finished")
            kubelet.statuses.set(pod, pod_status.terminated(status), finished=True)
        else:
            kubelet.workers.done(worker, next_phase="finished")
        if worker.removed:
            kubelet.forget(worker.uid)

    # -- stopping within a pass that goes on ----------------------------------------------------------------------

    def must_stop_first(self, worker: Worker, pod: dict, report: Report, actions: Actions) -> bool:
        """Stop what a pass must stop before it can start; True when the pass will be continued from there."""
        running = [each for each in self.kubelet.runtime.containers(worker.uid) if each.state == "running"]
        grace_s = pod["spec"].get("terminationGracePeriodSeconds") or 0
        if actions.kill_pod and (running or report.sandboxes):
            stops = [(each.id, each.name, f"Stopping container {each.name}") for each in running]
            self._stop(worker, pod, stops, grace_s=grace_s, then="sync")
            return True
        if actions.stop:
            by_id = {each.id: each.name for each in running}
            stops = [(each, by_id[each], message) for each, message in actions.stop if each in by_id]
            self._stop(worker, pod, stops, grace_s=grace_s, then="start")
            return True
        return False


def find_spec(pod: dict, name: str) -> tuple[str, dict]:
    """(the list that holds it, the spec) of a container."""
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for spec in pod["spec"].get(kind) or ():
            if spec["name"] == name:
                return kind, spec
    return "containers", {"name": name}
