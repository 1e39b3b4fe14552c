"""Owns the end of a Pod: preStop hooks, whose turn it is, SIGTERM, the grace period, SIGKILL, the sandbox, the last status.

Source: kubernetes pkg/kubelet/kubelet.go (SyncTerminatingPod, SyncTerminatedPod), pkg/kubelet/kuberuntime/
kuberuntime_container.go (killContainer, executePreStopHook).
"""

from __future__ import annotations

from cluster.engine import Sleep

from . import pod_status
from .actions import Actions
from .state import Pass, Report, Stop, Worker
from .turns import waits_for

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
            kubelet.statuses.set(pod, kubelet.status_of(pod, report, is_terminal=False), is_stamped=True)
        kubelet.prober.stop(worker.uid, ("liveness", "startup"), only=[spec["name"] for spec in pod["spec"]["containers"]])
        self._stop_all(worker, pod, grace_s=worker.grace_s, then="terminated")

    def _stop_all(self, worker: Worker, pod: dict, *, grace_s: int, then: str) -> None:
        """Stop all that runs of a Pod, sidecars last.

        They are asked at once; upstream's goroutines begin with the one that was made last, which is that of the oldest container.
        """
        running = [each for each in self.kubelet.runtime.containers(worker.uid) if each.state == "running"]
        stops = [Stop(each.id, each.name, grace_s) for each in (*running[:1], *reversed(running[1:]))]
        self._stop(worker, pod, [(stop, f"Stopping container {stop.name}") for stop in stops], then=then, in_turns=True)

    def _stop(self, worker: Worker, pod: dict, stops: list[tuple[Stop, str]], *, then: str, in_turns: bool = False) -> None:
        """Stop containers; what follows waits for the last. stops: each with its message."""
        worker.stops, worker.then = {stop.id: stop for stop, _ in stops}, then
        worker.turns = waits_for(pod, [stop.name for stop, _ in stops]) if in_turns else {}
        for stop, message in stops:
            self._stop_one(worker, pod, stop, message)
        if not worker.stops:
            self._all_stopped(worker)

    def _stop_one(self, worker: Worker, pod: dict, stop: Stop, message: str) -> None:
        kubelet = self.kubelet
        kind, spec = find_spec(pod, stop.name)
        kubelet.recorder.event(pod, "Normal", "Killing", message, f"spec.{kind}{{{stop.name}}}")
        hook = ((spec.get("lifecycle") or {}).get("preStop")) or {}
        if not hook or stop.grace_s <= 0:
            self._take_turn(worker, stop)
            return
        due_ms = stop.grace_s * 1000
        kubelet.tell("PreStopStarted", worker, stop.name, hook=next(iter(hook)), due_ms=kubelet.now_ms + due_ms)
        stop.stage, stop.since_ms = "hook", kubelet.now_ms
        stop.timer = kubelet.after(due_ms, "stop_goes_on", worker.uid, stop.id)
        kubelet.hooks.run(worker.uid, pod, stop.id, spec, "preStop")

    def hook_ended(self, uid: str, container_id: str, error: str) -> None:
        """A preStop has ended, perhaps long after its time was over."""
        kubelet, worker = self.kubelet, self.kubelet.state.workers.get(uid)
        container, pod = kubelet.runtime.state.containers.get(container_id), kubelet.pod(uid)
        if error and container is not None and pod is not None and worker is not None:
            kind, _ = find_spec(pod, container.name)
            kubelet.recorder.event(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", f"spec.{kind}{{{container.name}}}")
            kubelet.tell("HookFailed", worker, container.name, hook="preStop", error=error[:200])
        if worker is not None and container_id in worker.stops and worker.stops[container_id].stage == "hook":
            self.go_on(uid, container_id)

    def go_on(self, uid: str, container_id: str) -> None:
        """A hook has ended, a turn has come, or the grace period is over: to the next stage, with what is left of the time."""
        worker = self.kubelet.state.workers.get(uid)
        stop = worker.stops.get(container_id) if worker else None
        if worker is None or stop is None or stop.stage == "term":
            return
        self.kubelet.cancel(stop.timer)
        stop.grace_s = max(stop.grace_s - (self.kubelet.now_ms - stop.since_ms) // 1000, 0)
        if stop.stage == "hook":
            self._take_turn(worker, stop)
        else:
            self._send_term(worker, stop)

    def _take_turn(self, worker: Worker, stop: Stop) -> None:
        """Wait for those that end first, as long as there is time."""
        if stop.grace_s <= 0 or not self._is_waiting(worker, stop):
            self._send_term(worker, stop)
            return
        stop.stage, stop.since_ms = "turn", self.kubelet.now_ms
        stop.timer = self.kubelet.after(stop.grace_s * 1000, "stop_goes_on", worker.uid, stop.id)
        self.kubelet.tell("SidecarWaits", worker, stop.name, others=worker.turns[stop.name], due_ms=self.kubelet.now_ms + stop.grace_s * 1000)

    def _is_waiting(self, worker: Worker, stop: Stop) -> bool:
        before = worker.turns.get(stop.name)
        return bool(before) and any(other.name in before for other in worker.stops.values())

    def _send_term(self, worker: Worker, stop: Stop) -> None:
        stop.stage = "term"
        if not self.kubelet.runtime.stop_container(stop.id, max(stop.grace_s, MINIMUM_KILL_S) * 1000):
            self.stopped(worker.uid, stop.id)

    def hurry(self, worker: Worker) -> None:
        """The grace period became shorter while the containers are being stopped."""
        for stop in list(worker.stops.values()):
            self.kubelet.cancel(stop.timer)
            stop.grace_s = worker.grace_s
            self._send_term(worker, stop)

    def stopped(self, uid: str, container_id: str) -> None:
        """A container that was asked to stop has ended; who waited for it may be next."""
        worker = self.kubelet.state.workers.get(uid)
        if worker is None or worker.stops.pop(container_id, None) is None:
            return
        if not worker.stops:
            self._all_stopped(worker)
            return
        for stop in list(worker.stops.values()):
            if stop.stage == "turn" and not self._is_waiting(worker, stop):
                self.go_on(uid, stop.id)

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
        kubelet.prober.stop(worker.uid)
        kubelet.release(worker.uid)  # before its end is reported: who is scheduled upon that finds room (filterOutInactivePods)
        self._note_end(worker)
        kubelet.workers.done(worker, next_phase="terminated")

    def _note_end(self, worker: Worker) -> None:
        """The last states of the containers, from the runtime itself."""
        kubelet, pod = self.kubelet, self.kubelet.pod(worker.uid)
        if pod is None or worker.uid not in kubelet.state.pods:
            return
        report = kubelet.pleg.report_of(worker.uid)
        kubelet.statuses.set(pod, kubelet.status_of(pod, report, is_terminal=True), is_stamped=True)

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
            kubelet.statuses.set(pod, pod_status.terminated(status), finished=True, is_stamped=True)
        else:
            kubelet.workers.done(worker, next_phase="finished")
        if worker.removed:
            kubelet.forget(worker.uid)

    # -- stopping within a pass that goes on ----------------------------------------------------------------------

    def must_stop_first(self, worker: Worker, pod: dict, report: Report, actions: Actions, plan: Pass) -> bool:
        """Stop what a pass must stop before it can start; True when the pass will be continued from there."""
        if not actions.kill_pod and not actions.stop:
            return False
        running = {each.id: each.name for each in self.kubelet.runtime.containers(worker.uid) if each.state == "running"}
        if actions.kill_pod and (running or report.sandboxes):
            plan.acted, plan.stopped = True, list(running)
            self._stop_all(worker, pod, grace_s=grace_of(pod), then="sync")
            return True
        if actions.stop:
            stops = [
                (Stop(each, running[each], grace_of(pod, running[each], failed)), message)
                for each, message, failed in actions.stop
                if each in running
            ]
            plan.acted, plan.stopped = True, [stop.id for stop, _ in stops]
            self._stop(worker, pod, stops, then="start")
            return True
        return False

    def stop_failed(self, worker: Worker, pod: dict, container_id: str, name: str) -> None:
        """Stop a container whose postStart failed; the pass goes on after its end."""
        self._stop(worker, pod, [(Stop(container_id, name, grace_of(pod)), "FailedPostStartHook")], then="start")


    def stop_for_reset(self, worker: Worker, pod: dict, container_id: str, name: str) -> None:
        """Stop a container without a grace period, as all of its Pod start anew."""
        self._stop(worker, pod, [(Stop(container_id, name, 0), "killing")], then="start")


def grace_of(pod: dict, name: str = "", failed: str = "") -> int:
    """How long a container may take to end. failed: the probe for which it must, which may have a period of its own.

    Source: kuberuntime_container.go (setTerminationGracePeriod).
    """
    asked = pod["metadata"].get("deletionGracePeriodSeconds")
    if asked is not None:
        return asked
    if failed:
        own = (find_spec(pod, name)[1].get(failed + "Probe") or {}).get("terminationGracePeriodSeconds")
        if own is not None:
            return own
    return pod["spec"].get("terminationGracePeriodSeconds") or 0


def find_spec(pod: dict, name: str) -> tuple[str, dict]:
    """(the list that holds it, the spec) of a container."""
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for spec in pod["spec"].get(kind) or ():
            if spec["name"] == name:
                return kind, spec
    return "containers", {"name": name}
