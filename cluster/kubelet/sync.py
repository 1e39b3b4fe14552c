"""Owns a pass over a Pod that should run: status, volumes, sandbox, network, images, containers.

Source: kubernetes pkg/kubelet/kubelet.go (SyncPod), kuberuntime/kuberuntime_manager.go (SyncPod, doBackOff),
kuberuntime_container.go (startContainer).
"""

from __future__ import annotations

from msgspec.structs import replace

from cluster.engine import Sleep
from cluster.kinds.pod import is_sidecar

from . import backoff, environment, image_volumes, pod_status, resets, sandboxes, seccomp
from .actions import Actions, actions_for, all_runs, definition_of
from .gotime import duration
from .hooks import UNFINISHED, spec_named, words_of
from .prober import CANCELLED
from .shapes import shape_of
from .state import Pass, Report, Worker
from .surroundings import cpu_of, limit_of
from .termination import find_spec

NOTHING = Report()
CHANGED = "Pod sandbox changed, it will be killed and re-created."


class Sync:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet
        self.settled: dict[str, Report] = {}  # uid -> the report of the last pass that found nothing to do for a Pod of app containers alone

    def begin(self, worker: Worker) -> None:
        """One pass; what of it takes time becomes a unit of work. Most passes only tell how the Pod does."""
        kubelet, uid = self.kubelet, worker.uid
        state = kubelet.state
        pod, report = kubelet.pod(uid), state.reports.get(uid) or NOTHING
        if pod is None or (uid in self.settled and self.is_repeated(uid, pod, report)):
            kubelet.workers.done(worker)
            return
        was_resized = uid in state.resizes
        if was_resized:
            kubelet.resizes.note(pod, report)
        status = kubelet.status_of(pod, report, is_terminal=False)
        kubelet.statuses.set(pod, status, promptly=was_resized or not report.sandboxes, is_stamped=True)
        if status["phase"] in pod_status.TERMINAL:
            kubelet.workers.done(worker, next_phase="terminating")
            return
        if worker.cancelled:
            kubelet.workers.done(worker)
            return
        if kubelet.runtime.state.is_netless and kubelet.health.keeps_back(worker, pod):
            return
        if "activeDeadlineSeconds" in pod["spec"]:
            kubelet.deadlines.arm(pod, status)
        if (worker.mounted and uid not in state.volumes) or kubelet.volumes.mount(worker, pod):
            self._act(worker, pod, report, status)

    def mounted(self, worker: Worker) -> None:
        """The rest of a pass that had to wait for volumes."""
        kubelet, pod = self.kubelet, self.kubelet.pod_or_ended(worker.uid)
        self._act(worker, pod, kubelet.state.reports.get(worker.uid) or NOTHING, kubelet.statuses.held(pod))

    def _act(self, worker: Worker, pod: dict, report: Report, status: dict) -> None:
        """Bring what runs in line with what is wanted; volumes are there. status: the one held."""
        kubelet, shape = self.kubelet, shape_of(pod["spec"])
        if not worker.is_probed:
            worker.is_probed = True
            if shape.has_probes:
                kubelet.prober.add(pod)
        if shape.can_reset and resets.must_remove(status):
            kubelet.tell("ContainersReset", worker)
            worker.plan = Pass(removals=resets.to_remove(pod, report), acted=True)
            kubelet.work(self._carry_out(worker, pod))
            return
        if shape.is_simple and self._acts_simply(worker, pod, report):
            return
        actions = self._actions(worker, pod, report)
        if actions.create_sandbox and report.sandboxes:
            kubelet.recorder.event(pod, "Normal", "SandboxChanged", CHANGED)
        if "dnsConfig" in pod["spec"]:
            sandboxes.note_resolver(kubelet, pod, 2 if actions.create_sandbox else 1)
        if worker.uid in kubelet.state.resizes:
            kubelet.work(self._resize_and_act(worker, pod, report, actions))
        elif actions.is_none and not worker.has_images:
            kubelet.workers.done(worker)
        elif self._may_start(worker, pod, report, actions):
            kubelet.work(self._carry_out(worker, pod))

    def is_repeated(self, uid: str, pod: dict, report: Report) -> bool:
        """Whether a pass would find what the last one found: the same report, and a Pod of which the API has just what was sent then."""
        if self.settled.get(uid) is not report:
            return False
        state, sent, known = self.kubelet.state, self.kubelet.statuses.agreed.get(uid), self.kubelet.state.statuses.get(uid)
        if sent is None or known is None or sent[0] is not pod or sent[1] is not known.status or "activeDeadlineSeconds" in pod["spec"]:
            return False
        return not (state.evictions or state.resizes or uid in state.volumes or uid in state.reasons or self.kubelet.runtime.state.is_netless)

    def _acts_simply(self, worker: Worker, pod: dict, report: Report) -> bool:
        """The short way of a pass over a Pod of app containers alone: all run already, or there is nothing of it yet. False where it is otherwise."""
        kubelet = self.kubelet
        if worker.has_images or worker.uid in kubelet.state.resizes or "dnsConfig" in pod["spec"]:
            return False
        if all_runs(pod, report):
            self.settled[worker.uid] = report
            kubelet.workers.done(worker)
            return True
        if report.sandboxes or report.containers or kubelet.runtime.state.by_pod.get(worker.uid):
            return False
        worker.plan = first_plan(pod, report)
        kubelet.work(self._carry_out(worker, pod))
        return True

    def _resize_and_act(self, worker: Worker, pod: dict, report: Report, actions: Actions):
        changed = yield from self._resize(worker, pod, report, actions)
        if self._may_start(worker, pod, report, actions, acted=bool(changed), failed=changed is None):
            yield from self._carry_out(worker, pod)

    def _may_start(self, worker: Worker, pod: dict, report: Report, actions: Actions, *, acted: bool = False, failed: bool = False) -> bool:
        """Make the pass's plan and stop what must end first; False when the pass will be continued from there."""
        worker.plan = plan_of(actions, report)
        worker.plan.acted, worker.plan.failed = acted, failed
        return not self.kubelet.termination.must_stop_first(worker, pod, report, actions, worker.plan)

    def _actions(self, worker: Worker, pod: dict, report: Report) -> Actions:
        prober, uid = self.kubelet.prober, worker.uid
        if uid not in self.kubelet.state.probes:
            return actions_for(pod, report)
        return actions_for(pod, report, lambda kind, container: prober.verdict(uid, kind, container.id, container.name))

    def _resize(self, worker: Worker, pod: dict, report: Report, actions: Actions):
        """Bring a resize into force: in place now, or by a restart in this pass. Returns the containers that were changed in place.

        None: it cannot be brought into force yet.
        """
        kubelet, changed = self.kubelet, []
        for name, must_restart in kubelet.resizes.changes(pod, report):
            if must_restart:
                kind, _ = find_spec(pod, name)
                actions.stop.append((report.latest(name).id, f"Container {name} resize requires restart", ""))
                (actions.start_init if kind == "initContainers" else actions.start).append(name)
            else:
                changed.append(name)
        if changed and kubelet.resizes.is_refused(pod, changed):
            return None
        if changed:
            yield Sleep(kubelet.latency("resize"))
            worker.pending = worker.pending or "sync"  # the next pass tells that it is done
        for name in changed:
            kubelet.resizes.in_force(worker.uid, name)
            if not name:
                kubelet.local_storage.limit_memory(pod)
            else:
                resources = find_spec(pod, name)[1].get("resources") or {}
                limits = resources.get("limits") or {}
                kubelet.runtime.limits_set(report.latest(name).id, memory_bytes=limit_of(limits, "memory"), cpu=cpu_of(resources, limits))
        return changed

    def go_on(self, worker: Worker):
        """The rest of a pass that had to stop containers first, or to wait for a hook."""
        kubelet = self.kubelet
        pod = kubelet.pod(worker.uid)
        if pod is None or worker.plan is None:
            kubelet.workers.done(worker)
            return
        yield from self._carry_out(worker, pod)

    def _carry_out(self, worker: Worker, pod: dict):
        """Make the sandbox if there must be one, then start what must be started; a postStart hook is waited for outside of here."""
        plan = worker.plan
        assert plan is not None
        if plan.removals and not self._remove_all(worker, pod, plan):
            return
        report = self._report(worker, plan) if plan.stopped else self.kubelet.state.reports.get(worker.uid) or NOTHING
        if plan.create_sandbox:
            plan.create_sandbox = False
            refused = "" if sandboxes.is_plain(pod["spec"]) else (yield from sandboxes.refusal(self.kubelet, pod))
            if refused:
                self._refuse_sandbox(worker, pod, plan, refused)
                return
            plan.address = yield from self._make_sandbox(worker, pod, plan.attempt)
            plan.acted = True
        if worker.has_images:
            yield from image_volumes.pull(self.kubelet, worker, pod, plan)
        while plan.starts:
            kind, name = plan.starts.pop(0)
            is_up = yield from self._start(worker, pod, report, name, kind, plan)
            if plan.hook:
                return
            if not is_up:
                self._give_up_inits(pod, kind, name, plan)
        worker.plan = None
        self._conclude(worker, plan)

    def _remove_all(self, worker: Worker, pod: dict, plan: Pass) -> bool:
        """Remove all containers, one after the other; False while one that runs is being stopped. The next pass starts them anew."""
        runtime = self.kubelet.runtime
        while plan.removals:
            container = runtime.state.containers.get(plan.removals[0])
            if container is not None and container.state == "running":
                self.kubelet.termination.stop_for_reset(worker, pod, container.id, container.name)
                return False
            plan.removals.pop(0)
            if container is not None:
                runtime.remove_container(container.id)
        worker.pending = "update"
        return True

    def _report(self, worker: Worker, plan: Pass) -> Report:
        """The report that a pass goes by which has stopped something: it still runs there."""
        report = self.kubelet.state.reports.get(worker.uid) or NOTHING
        containers = [replace(each, state="running") if each.id in plan.stopped else each for each in report.containers]
        return Report(report.sandboxes, containers, report.ip)

    def _give_up_inits(self, pod: dict, kind: str, name: str, plan: Pass) -> None:
        """A plain init container that did not start holds up all that follow; a sidecar does not."""
        if kind == "initContainers" and not is_sidecar(spec_named(pod, name)):
            plan.starts = []

    def _refuse_sandbox(self, worker: Worker, pod: dict, plan: Pass, refused: str) -> None:
        """A Pod without a sandbox: nothing of it can start, the next pass tries again."""
        if not worker.cancelled:
            self.kubelet.recorder.event(pod, "Warning", "FailedCreatePodSandBox", f"Failed to create pod sandbox: {refused}")
            self.kubelet.tell("SandboxRefused", worker, message=refused)
        worker.plan, plan.failed = None, True
        self._conclude(worker, plan)

    def _make_sandbox(self, worker: Worker, pod: dict, attempt: int):
        kubelet, shape = self.kubelet, shape_of(pod["spec"])
        if kubelet.engine.trace.on:
            kubelet.tell("SandboxRequested", worker, attempt=attempt)
        yield Sleep(kubelet.latency("sandbox_start"))
        is_host = bool(pod["spec"].get("hostNetwork"))
        if shape.has_amounts:
            kubelet.local_storage.limit(pod)
            kubelet.local_storage.limit_memory(pod)
        ports = host_ports(pod) if shape.has_host_ports else {}
        sandbox = kubelet.runtime.sandbox_started(worker.uid, worker.key, attempt=attempt, host_network=is_host, host_ports=ports)
        pod = kubelet.pod(worker.uid) or pod
        held = kubelet.statuses.held(pod)
        if held.get("conditions"):
            kubelet.statuses.set(pod, pod_status.ready_to_start(held, pod, kubelet.moment.now_text), promptly=True, is_stamped=True)
        return kubelet.node_ip if is_host else sandbox.ip

    def _conclude(self, worker: Worker, plan: Pass) -> None:
        kubelet = self.kubelet
        if not plan.failed:
            kubelet.workers.done(worker)
            if plan.acted:
                kubelet.pleg.relist_pod(worker.uid)
            return
        retry_ms = kubelet.workers.retry_delay_ms(worker, plan.ends_ms if plan.ends_ms >= 0 else None)
        for name, delay_ms, restarts in plan.delayed:
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

    def _start(self, worker: Worker, pod: dict, report: Report, name: str, kind: str, plan: Pass):
        """Start a container; the reason of a failure is kept for the next status. Returns whether it runs."""
        spec = spec_named(pod, name)
        path = f"spec.{kind}{{{name}}}"
        plan.acted = True
        reason, message = self._in_backoff(worker, pod, spec, report, path, plan) if report.containers else ("", "")
        if not reason and plan.missing_images:
            reason, message = image_volumes.refusal(self.kubelet, pod, spec, path, plan.missing_images)
        if not reason:
            reason, message = yield from self._launch(worker, pod, spec, report, path, plan.address)
        if not reason and "lifecycle" in spec and spec["lifecycle"].get("postStart") and self._begin_hook(worker, pod, spec, plan):
            return True
        self._note_start(worker, name, plan, reason, message)
        return not reason

    def _note_start(self, worker: Worker, name: str, plan: Pass, reason: str, message: str) -> None:
        """How a start went; reason "": well."""
        kubelet, table = self.kubelet, self.kubelet.state.reasons
        if not reason:
            if worker.uid in table:
                table[worker.uid].pop(name, None)
            return
        table.setdefault(worker.uid, {})[name], plan.failed = [reason, message], True
        if reason != "CrashLoopBackOff":
            kubelet.tell("ContainerStartRefused", worker, name, reason=reason, message=message)

    # -- postStart -----------------------------------------------------------------------------------------------

    def _begin_hook(self, worker: Worker, pod: dict, spec: dict, plan: Pass) -> bool:
        """Run the postStart of a container that has just been started; the pass waits for it."""
        container_id = self.kubelet.runtime.running(worker.key, spec["name"])
        if not container_id:
            return False
        plan.hook = spec["name"]
        self.kubelet.tell("PostStartStarted", worker, spec["name"], hook=next(iter(spec["lifecycle"]["postStart"])))
        self.kubelet.hooks.run(worker.uid, pod, container_id, spec, "postStart")
        return True

    def hook_ended(self, uid: str, container_id: str, error: str) -> None:
        """A postStart has ended: the pass goes on, after the container's end if it failed."""
        kubelet, worker = self.kubelet, self.kubelet.state.workers.get(uid)
        plan, pod = (worker.plan if worker else None), kubelet.pod(uid)
        if worker is None or plan is None or not plan.hook or pod is None:
            return
        name, plan.hook = plan.hook, ""
        if not error:
            self._note_start(worker, name, plan, "", "")
            kubelet.work(self.go_on(worker))
            return
        kind, _ = self._hook_failed(worker, pod, name, plan, error)
        self._give_up_inits(pod, kind, name, plan)
        kubelet.termination.stop_failed(worker, pod, container_id, name)

    def _hook_failed(self, worker: Worker, pod: dict, name: str, plan: Pass, error: str) -> tuple[str, dict]:
        """What is said of a postStart that failed. Returns (list of the spec, container)."""
        kubelet, (kind, spec) = self.kubelet, find_spec(pod, name)
        full = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}({worker.uid})"
        message = words_of(spec["lifecycle"]["postStart"], name, full, error)
        kubelet.recorder.event(pod, "Warning", "FailedPostStartHook", "PostStartHook failed", f"spec.{kind}{{{name}}}")
        kubelet.tell("HookFailed", worker, name, hook="postStart", error=error[:200])
        self._note_start(worker, name, plan, "PostStartHookError", message)
        return kind, spec

    def cancel_hook(self, worker: Worker, pod: dict) -> None:
        """A Pod that begins to end cancels the postStart that its pass waits for. The cancelled pass can stop nothing, the next one does.

        Source: pod_workers.go (UpdatePod), kuberuntime_container.go (startContainer, killContainer); a client of HTTP goes on.
        """
        kubelet, plan = self.kubelet, worker.plan
        if plan is None or not plan.hook or "httpGet" in find_spec(pod, plan.hook)[1]["lifecycle"]["postStart"]:
            return
        name, plan.hook = plan.hook, ""
        kubelet.runtime.forget_command(f"hook {worker.uid} postStart/{kubelet.runtime.running(worker.key, name)}")
        is_command = "exec" in find_spec(pod, name)[1]["lifecycle"]["postStart"]
        kind, spec = self._hook_failed(worker, pod, name, plan, f'{CANCELLED}, message: ""' if is_command else UNFINISHED)
        path = f"spec.{kind}{{{name}}}"
        kubelet.recorder.event(pod, "Normal", "Killing", "FailedPostStartHook", path)
        before = spec["lifecycle"].get("preStop")
        if before and "httpGet" not in before:
            kubelet.recorder.event(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", path)
        worker.plan = None
        kubelet.workers.done(worker)

    def _in_backoff(
        self, worker: Worker, pod: dict, spec: dict, report: Report, path: str, plan: Pass
    ) -> tuple[str, str]:
        """CrashLoopBackOff and its message while the delay since the last end is not over."""
        kubelet, name = self.kubelet, spec["name"]
        ended = next((each for each in reversed(report.containers) if each.name == name and each.state == "exited"), None)
        if ended is None:
            return "", ""
        key, now_ms = f"{worker.uid}_{name}_{spec['image']}", kubelet.now_ms
        if not backoff.is_waiting(kubelet.state.crash, key, event_ms=ended.finished_ms, now_ms=now_ms):
            most_ms = kubelet.configuration.crash_most_ms
            backoff.note(kubelet.state.crash, key, event_ms=ended.finished_ms, now_ms=now_ms, most_ms=most_ms)
            return "", ""
        full = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}({worker.uid})"
        kubelet.recorder.event(
            pod, "Warning", "BackOff", f"Back-off restarting failed container {name} in pod {full}", path
        )
        delay_ms = backoff.delay_ms(kubelet.state.crash, key)
        ends_ms = ended.finished_ms + delay_ms
        plan.ends_ms = ends_ms if plan.ends_ms < 0 else min(plan.ends_ms, ends_ms)
        plan.delayed.append([name, delay_ms, ended.attempt])
        return "CrashLoopBackOff", f"back-off {duration(delay_ms)} restarting failed container={name} pod={full}"

    def _launch(self, worker: Worker, pod: dict, spec: dict, report: Report, path: str, address: str):
        """Image, create, start. Returns ("", "") or (reason, message)."""
        kubelet, runtime, name = self.kubelet, self.kubelet.runtime, spec["name"]
        image, reason, message = yield from kubelet.images.ensure(worker, pod, spec, path)
        if image is None:
            kubelet.recorder.event(pod, "Warning", "Failed", f"Error: {reason}", path)
            return reason, message
        prepared = environment.prepare(kubelet, pod, spec, image.name, address)
        if prepared.problem:
            kubelet.recorder.event(pod, "Warning", "Failed", f"Error: {prepared.problem}", path)
            return "CreateContainerConfigError", prepared.problem
        yield Sleep(kubelet.latency("container_create"))
        refused = seccomp.refusal(kubelet, pod, spec) if spec.get("securityContext") or pod["spec"].get("securityContext") else ""
        if refused:
            kubelet.recorder.event(pod, "Warning", "Failed", f"Error: {refused}", path)
            return "CreateContainerError", refused
        latest = report.latest(name)
        container = runtime.container_created(
            worker.uid,
            worker.key,
            name=name,
            attempt=latest.attempt + 1 if latest else 0,
            image=image,
            definition=definition_of(spec),
            message_path=spec.get("terminationMessagePath", ""),
            message_from_logs=spec.get("terminationMessagePolicy") == "FallbackToLogsOnError",
        )
        kubelet.recorder.event(pod, "Normal", "Created", "Container created", path)
        target = report.latest(spec["targetContainerName"]) if "targetContainerName" in spec else None
        yield Sleep(kubelet.latency("container_start"))
        refused = runtime.container_started(
            container.id,
            command=prepared.command,
            args=prepared.args,
            env=prepared.env,
            hostname=prepared.hostname,
            mounts=prepared.mounts,
            around=prepared.around,
            stdin=bool(spec.get("stdin")),
            stdin_once=bool(spec.get("stdinOnce")),
            tty=bool(spec.get("tty")),
            target=target.id if target is not None else "",
            ports=tuple([port["containerPort"] for port in spec.get("ports") or () if port.get("protocol", "TCP") == "TCP"]),
        )
        if refused:
            kubelet.recorder.event(pod, "Warning", "Failed", f"Error: {refused}", path)
            return "RunContainerError", refused
        kubelet.recorder.event(pod, "Normal", "Started", "Container started", path)
        if kubelet.state.resizes:
            kubelet.resizes.in_force(worker.uid, name)
        return "", ""


def first_plan(pod: dict, report: Report) -> Pass:
    """What is to be started of a Pod of app containers alone, of which there is nothing yet: what `plan_of` says then."""
    return Pass(True, 0, [["containers", spec["name"]] for spec in pod["spec"]["containers"]], report.ip)


def plan_of(actions: Actions, report: Report) -> Pass:
    """What is to be started, in order."""
    starts: list[list[str]] = []
    for kind, names in (
        ("ephemeralContainers", actions.start_ephemeral),
        ("initContainers", actions.start_init),
        ("containers", actions.start),
    ):
        if names:
            starts += [[kind, name] for name in names]
    return Pass(actions.create_sandbox, actions.attempt, starts, report.ip)


def host_ports(pod: dict) -> dict[str, int]:
    """Ports of the node that lead to ports of the Pod, for the CNI to map. Source: kuberuntime_sandbox.go (makePortMappings)."""
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports") or ()]
    return {_host_port(port): port["containerPort"] for port in ports if port.get("hostPort")}


def _host_port(port: dict) -> str:
    """A port as the network knows it: an address before it where it is one address's, /udp behind it where it is for datagrams."""
    address, suffix = port.get("hostIP") or "", "/udp" if port.get("protocol") == "UDP" else ""
    return f"{address if address != '0.0.0.0' else ''}:{port['hostPort']}{suffix}".lstrip(":")
