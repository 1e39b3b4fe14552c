"""Owns a pass over a Pod that should run: status, volumes, sandbox, network, images, containers.

Source: kubernetes pkg/kubelet/kubelet.go (SyncPod), kuberuntime/kuberuntime_manager.go (SyncPod, doBackOff),
kuberuntime_container.go (startContainer).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.engine import Sleep

from . import backoff, environment, pod_status
from .actions import Actions, actions_for, definition_of
from .gotime import duration
from .state import Report, Worker

CHANGED = "Pod sandbox changed, it will be killed and re-created."


@dataclass
class Outcome:
    """What the starts of one pass came to. ends_ms: when the first crash back-off ends."""

    acted: bool = False
    failed: bool = False
    ends_ms: int | None = None
    delayed: list[tuple[str, int, int]] = field(default_factory=list)  # (container, delay, restarts)


class Sync:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    def run(self, worker: Worker):
        """One pass."""
        kubelet = self.kubelet
        pod, report = kubelet.pod(worker.uid), kubelet.state.reports.get(worker.uid) or Report()
        if pod is None:
            kubelet.workers.done(worker)
            return
        status = kubelet.status_of(pod, report, is_terminal=False)
        kubelet.statuses.set(pod, status, promptly=not report.sandboxes)
        if status["phase"] in pod_status.TERMINAL:
            kubelet.workers.done(worker, next_phase="terminating")
            return
        if worker.cancelled:
            kubelet.workers.done(worker)
            return
        self._mount(worker, pod)
        actions = actions_for(pod, report)
        if actions.create_sandbox and report.sandboxes:
            kubelet.recorder.event(pod, "Normal", "SandboxChanged", CHANGED)
        if kubelet.termination.must_stop_first(worker, pod, report, actions):
            return
        yield from self.start(worker, pod, report, actions)

    def _mount(self, worker: Worker, pod: dict) -> None:
        if not worker.mounted:
            worker.mounted = True
            self.kubelet.tell(
                "VolumesMounted", worker, volumes=[volume["name"] for volume in pod["spec"].get("volumes") or ()]
            )

    def go_on(self, worker: Worker):
        """The second half of a pass that had to stop containers first."""
        kubelet = self.kubelet
        pod = kubelet.pod(worker.uid)
        before = kubelet.state.reports.get(worker.uid) or Report()
        if pod is None or worker.cancelled:
            kubelet.workers.done(worker)
            return
        yield from self.start(worker, pod, before, actions_for(pod, before))

    def start(self, worker: Worker, pod: dict, report: Report, actions: Actions):
        """Make the sandbox if there must be one, then start what must be started."""
        outcome, address = Outcome(), report.ip
        if actions.create_sandbox:
            address = yield from self._make_sandbox(worker, pod, actions.attempt)
            outcome.acted = True
        for name in actions.start_ephemeral:
            yield from self._start(worker, pod, report, name, "ephemeralContainers", address, outcome)
        for name in actions.start_init:
            if not (yield from self._start(worker, pod, report, name, "initContainers", address, outcome)):
                break
        else:
            for name in actions.start:
                yield from self._start(worker, pod, report, name, "containers", address, outcome)
        self._conclude(worker, outcome)

    def _make_sandbox(self, worker: Worker, pod: dict, attempt: int):
        kubelet = self.kubelet
        kubelet.tell("SandboxRequested", worker, attempt=attempt)
        yield Sleep(kubelet.latency("sandbox_start"))
        is_host = bool(pod["spec"].get("hostNetwork"))
        sandbox = kubelet.runtime.sandbox_started(worker.uid, worker.key, attempt=attempt, host_network=is_host)
        pod = kubelet.pod(worker.uid) or pod
        held = kubelet.statuses.held(pod)
        if held.get("conditions"):
            kubelet.statuses.set(pod, pod_status.ready_to_start(held, pod, kubelet.moment.now_text), promptly=True)
        return kubelet.node_ip if is_host else sandbox.ip

    def _conclude(self, worker: Worker, outcome: Outcome) -> None:
        kubelet = self.kubelet
        if not outcome.failed:
            kubelet.workers.done(worker)
            if outcome.acted:
                kubelet.pleg.relist_pod(worker.uid)
            return
        retry_ms = kubelet.workers.retry_delay_ms(worker, outcome.ends_ms)
        for name, delay_ms, restarts in outcome.delayed:
            kubelet.tell(
                "RestartDelayed",
                worker,
                name,
                delay_ms=delay_ms,
                delay_s=delay_ms // 1000,
                until_ms=kubelet.now_ms + retry_ms,
                restarts=restarts,
            )
        kubelet.workers.done(worker, retry_ms=retry_ms)

    # -- one container -------------------------------------------------------------------------------------------

    def _start(self, worker: Worker, pod: dict, report: Report, name: str, kind: str, address: str, outcome: Outcome):
        """Start a container; the reason of a failure is kept for the next status. Returns whether it runs."""
        kubelet = self.kubelet
        spec = next(each for each in pod["spec"][kind] if each["name"] == name)
        path = f"spec.{kind}{{{name}}}"
        outcome.acted = True
        reason, message = self._in_backoff(worker, pod, spec, report, path, outcome)
        if not reason:
            reason, message = yield from self._launch(worker, pod, spec, report, path, address)
        reasons = kubelet.state.reasons.setdefault(worker.uid, {})
        if reason:
            reasons[name] = [reason, message]
            outcome.failed = True
            if reason != "CrashLoopBackOff":
                kubelet.tell("ContainerStartRefused", worker, name, reason=reason, message=message)
        else:
            reasons.pop(name, None)
        return not reason

    def _in_backoff(
        self, worker: Worker, pod: dict, spec: dict, report: Report, path: str, outcome: Outcome
    ) -> tuple[str, str]:
        """CrashLoopBackOff and its message while the delay since the last end is not over."""
        kubelet, name = self.kubelet, spec["name"]
        ended = report.latest(name)
        if ended is None or ended.state != "exited":
            return "", ""
        key, now_ms = f"{worker.uid}_{name}_{spec['image']}", kubelet.now_ms
        if not backoff.is_waiting(kubelet.state.crash, key, event_ms=ended.finished_ms, now_ms=now_ms):
            backoff.note(kubelet.state.crash, key, event_ms=ended.finished_ms, now_ms=now_ms)
            return "", ""
        full = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}({worker.uid})"
        kubelet.recorder.event(
            pod, "Warning", "BackOff", f"Back-off restarting failed container {name} in pod {full}", path
        )
        delay_ms = backoff.delay_ms(kubelet.state.crash, key)
        ends_ms = ended.finished_ms + delay_ms
        outcome.ends_ms = ends_ms if outcome.ends_ms is None else min(outcome.ends_ms, ends_ms)
        outcome.delayed.append((name, delay_ms, ended.attempt))
        return "CrashLoopBackOff", f"back-off {duration(delay_ms)} restarting failed container={name} pod={full}"

    def _launch(self, worker: Worker, pod: dict, spec: dict, report: Report, path: str, address: str):
        """Image, create, start. Returns ("", "") or (reason, message)."""
        kubelet, runtime, name = self.kubelet, self.kubelet.runtime, spec["name"]
        image, reason, message = yield from kubelet.images.ensure(worker, pod, spec, path)
        if image is None:
            kubelet.recorder.event(pod, "Warning", "Failed", f"Error: {reason}", path)
            return reason, message
        yield Sleep(kubelet.latency("container_create"))
        latest = report.latest(name)
        container = runtime.container_created(
            worker.uid,
            worker.key,
            name=name,
            attempt=latest.attempt + 1 if latest else 0,
            image=image,
            definition=definition_of(spec),
        )
        kubelet.recorder.event(pod, "Normal", "Created", "Container created", path)
        target = report.latest(spec.get("targetContainerName", ""))
        yield Sleep(kubelet.latency("container_start"))
        values = environment.variables(pod, spec, pod_ip=address, host_ip=kubelet.node_ip)
        refused = runtime.container_started(
            container.id,
            command=[environment.expanded(text, values) for text in spec.get("command") or ()],
            args=[environment.expanded(text, values) for text in spec.get("args") or ()],
            env=values,
            hostname=environment.hostname(pod, kubelet.node),
            mounts=environment.mounts(worker.uid, spec),
            stdin=bool(spec.get("stdin")),
            stdin_once=bool(spec.get("stdinOnce")),
            tty=bool(spec.get("tty")),
            target=target.id if target is not None else "",
            ports=tuple(port["containerPort"] for port in spec.get("ports") or () if port.get("protocol", "TCP") == "TCP"),
        )
        if refused:
            kubelet.recorder.event(pod, "Warning", "Failed", f"Error: {refused}", path)
            return "RunContainerError", refused
        kubelet.recorder.event(pod, "Normal", "Started", "Container started", path)
        return "", ""
