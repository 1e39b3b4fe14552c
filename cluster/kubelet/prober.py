"""Owns the probes of a kubelet's Pods: a ticker each, what it last found, and what the kubelet holds of each container.

A tick that could find nothing is not played: a probe whose container is not there yet, has started already or is being replaced waits
for news of its Pod, and goes on at its ticker's next moment. A result that says the same again costs one event and no fact.
Source: kubernetes pkg/kubelet/prober/{worker,prober_manager}.go, prober/results; kubelet.go (syncLoopIteration, handleProbeSync).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cluster.kinds.pod import is_sidecar
from cluster.runtime.commands import Ended

from . import probing, resets
from .environment import expanded
from .pod_status import TERMINAL
from .probing import FAILURE, SUCCESS, UNKNOWN, WARNING, Answer
from .restart import restarts_on
from .shapes import shape_of
from .state import Probe, Report, Worker

KINDS = ("startup", "readiness", "liveness")
FIRST = {"startup": UNKNOWN, "readiness": FAILURE, "liveness": SUCCESS}  # what is held until the first result
GRACE_MS = 10_000  # a container that ran that long before the kubelet started is not judged anew
AT_ONCE_MS = 20  # an answer that takes no longer is taken at once
CANCELLED = "rpc error: code = Canceled desc = context canceled"
STOP, PARK, TICK, GO = "stop", "park", "tick", "go"
TOKEN = "probe"
FAR_MS = 60_000  # what is further away than this happens in the background
NOTHING = Report()


class Seen(NamedTuple):
    """What a try of a probe came from: the Pod, the status that the kubelet held, the container's id, and what they led to."""

    pod: dict
    status: dict
    id: str
    spec: dict
    container: dict
    address: str


class Prober:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet
        self.seen: dict[tuple[str, str], Seen] = {}  # what the last tries came from: as long as it is so, the next ones go ahead

    @property
    def table(self) -> dict[str, dict[str, Probe]]:
        return self.kubelet.state.probes

    # -- which probes there are -----------------------------------------------------------------------------------

    def add(self, pod: dict) -> None:
        """Begin to probe a Pod's containers and sidecars, if that has not begun."""
        uid, spec = pod["metadata"]["uid"], pod["spec"]
        if not shape_of(spec).has_probes or uid in self.table:
            return
        wanted = [*spec["containers"], *(each for each in spec.get("initContainers") or () if is_sidecar(each))]
        for container in wanted:
            for kind in KINDS:
                if container.get(kind + "Probe"):
                    self._begin(uid, Probe(kind, container["name"], self.kubelet.now_ms), container[kind + "Probe"])

    def _begin(self, uid: str, probe: Probe, spec: dict) -> None:
        """A kubelet that has just started does not probe everything at once."""
        kubelet, period_ms = self.kubelet, spec["periodSeconds"] * 1000
        self.table.setdefault(uid, {})[key_of(probe)] = probe
        delay_ms = 0
        if period_ms > kubelet.now_ms - kubelet.state.started_ms:
            delay_ms = kubelet.engine.rng("probes/" + kubelet.node).below(period_ms)
        probe.anchor_ms += delay_ms
        probe.timer = kubelet.after(delay_ms, "probe", uid, key_of(probe), background=True)

    def stop(self, uid: str, kinds: tuple[str, ...] = KINDS, *, only: list[str] | None = None) -> None:
        """End probes of a Pod; of some kinds, of some containers. What they found is forgotten."""
        probes = self.table.get(uid)
        if probes is None:
            return
        for key in [key for key, each in probes.items() if each.kind in kinds and (only is None or each.container in only)]:
            self._drop(uid, key)

    def _drop(self, uid: str, key: str) -> None:
        probe = self.table[uid].pop(key)
        self.seen.pop((uid, key), None)
        self.kubelet.cancel(probe.timer)
        self.kubelet.runtime.forget_command(token_of(uid, probe))
        if not self.table[uid]:
            del self.table[uid]

    # -- what the kubelet holds -----------------------------------------------------------------------------------

    def verdict(self, uid: str, kind: str, container_id: str, name: str) -> str | None:
        """What a probe has found of a container, "" when nothing yet; None without such a probe."""
        probes = self.kubelet.state.probes.get(uid)
        probe = probes.get(f"{kind}/{name}") if probes else None
        if probe is None:
            return None
        return probe.verdict if probe.id == container_id else ""

    def is_started(self, uid: str, name: str, container_id: str, was_started: bool) -> bool:
        """Whether a running container has started."""
        verdict = self.verdict(uid, "startup", container_id, name)
        return verdict == SUCCESS if verdict else (was_started or verdict is None)

    def is_ready(self, pod: dict, name: str, container_id: str) -> bool:
        """Whether a started container is ready; if not, it is looked at once more right away."""
        uid = pod["metadata"]["uid"]
        verdict = self.verdict(uid, "readiness", container_id, name)
        if verdict == SUCCESS:
            return True
        if verdict is not None:
            self._want(uid, self.table[uid][f"readiness/{name}"])
        return verdict is None or (not verdict and self._was_before(container_id) and _is_ready_in(pod))

    def _was_before(self, container_id: str) -> bool:
        """Whether a container ran long before this kubelet started."""
        container = self.kubelet.runtime.state.containers.get(container_id)
        return container is not None and container.started_ms < self.kubelet.state.started_ms - GRACE_MS

    def _want(self, uid: str, probe: Probe) -> None:
        """Look once more, now; the ticker begins anew from here."""
        if probe.is_busy:
            probe.is_wanted = True
            return
        self.kubelet.cancel(probe.timer)
        probe.anchor_ms = self.kubelet.now_ms
        probe.timer = self.kubelet.after(1, "probe", uid, key_of(probe))

    def wake(self, uid: str) -> None:
        """There is news of a Pod: probes that waited for it go on at their next moment."""
        for probe in self.table.get(uid, {}).values():
            if not probe.timer and not probe.is_busy:
                pod = self.kubelet.pod(uid)
                if pod is not None:
                    self._next(uid, probe, spec_of(pod, probe)[0])

    # -- a tick ---------------------------------------------------------------------------------------------------

    def tick(self, uid: str, key: str) -> None:
        """The time for a probe has come."""
        probes, pod = self.kubelet.state.probes.get(uid), self.kubelet.pod(uid)
        probe = probes.get(key) if probes else None
        if probe is None:
            return
        probe.timer = 0
        known = self.kubelet.state.statuses.get(uid)
        if pod is None or known is None:
            return
        seen = self.seen.get((uid, key))
        if seen is not None and seen.pod is pod and seen.status is known.status and seen.id == probe.id and not probe.is_on_hold:
            self._try(uid, pod, probe, seen.spec, seen.container, seen.address)
            return
        spec, container = spec_of(pod, probe)
        verdict = self._look(pod, known.status, probe, spec, container)
        if verdict == STOP:
            self._drop(uid, key)
        elif verdict == TICK:
            self._next(uid, probe, spec)
        elif verdict == GO:
            address = known.status.get("podIP", "")
            self.seen[uid, key] = Seen(pod, known.status, probe.id, spec, container, address)
            self._try(uid, pod, probe, spec, container, address)

    def _next(self, uid: str, probe: Probe, spec: dict, *, earliest_ms: int = 0) -> None:
        """Wait for the ticker's next moment."""
        kubelet, period_ms = self.kubelet, spec["periodSeconds"] * 1000
        past_ms = max(earliest_ms - 1, kubelet.now_ms) - probe.anchor_ms
        due_ms = probe.anchor_ms + (past_ms // period_ms + 1) * period_ms
        wait_ms = due_ms - kubelet.now_ms
        probe.timer = kubelet.after(wait_ms, "probe", uid, key_of(probe), background=is_steady(probe, spec) or wait_ms > FAR_MS)

    def _look(self, pod: dict, status: dict, probe: Probe, spec: dict, container: dict) -> str:
        """Whether to probe now: STOP for ever, PARK until there is news, TICK at the next moment, GO."""
        if status.get("phase") in TERMINAL:
            return STOP
        found = find(status, probe.container)
        if found is None or not found.get("containerID"):
            return PARK
        uid, container_id = pod["metadata"]["uid"], found["containerID"].removeprefix("containerd://")
        if probe.id != container_id:
            self._new_container(uid, probe, container_id)
        if probe.is_on_hold:
            return PARK
        if "running" not in found["state"]:
            self._hold(uid, probe, FAILURE)
            ended = found["state"].get("terminated")
            goes_on = ended is None or restarts_on(pod, container, ended["exitCode"]) or resets.is_restarting(pod, NOTHING, status)
            return PARK if goes_on else STOP
        delay_ms = spec.get("initialDelaySeconds", 0) * 1000
        if delay_ms:
            began = self.kubelet.runtime.state.containers.get(container_id)
            if began is not None and self.kubelet.now_ms < began.started_ms + delay_ms:
                self._next(uid, probe, spec, earliest_ms=began.started_ms + delay_ms)
                return PARK
        return GO if bool(found.get("started")) != (probe.kind == "startup") else PARK

    def _new_container(self, uid: str, probe: Probe, container_id: str) -> None:
        probe.id, probe.verdict, probe.is_on_hold = container_id, "", False
        if not self._was_before(container_id):
            self._hold(uid, probe, FIRST[probe.kind])

    # -- one try --------------------------------------------------------------------------------------------------

    def _try(self, uid: str, pod: dict, probe: Probe, spec: dict, container: dict, pod_ip: str) -> None:
        kubelet = self.kubelet
        is_command = "exec" in spec
        answer = self._exec(uid, probe, spec, container) if is_command else probing.ask(kubelet.runtime, spec, container, pod_ip)
        if answer is not None and answer.took_ms <= AT_ONCE_MS:
            self._answered(uid, pod, probe, spec, answer)
            return
        probe.is_busy = True
        if answer is not None:
            args = (uid, key_of(probe), probe.id, answer.result, answer.output, answer.error)
            kubelet.after(answer.took_ms, "probe_answered", *args, background=is_steady(probe, spec))

    def _exec(self, uid: str, probe: Probe, spec: dict, container: dict) -> Answer | None:
        """A probe's command; None while it runs. Nothing is run any more for a Pod that ends: its context is cancelled."""
        worker = self.kubelet.state.workers.get(uid)
        if worker is None or worker.phase != "sync" or not self.kubelet.health.has_runtime:
            return Answer(UNKNOWN, error=CANCELLED)
        argv = spec["exec"].get("command") or []
        if any("$" in text for text in argv):
            plain = {each["name"]: each.get("value", "") for each in container.get("env") or () if not each.get("valueFrom")}
            argv = [expanded(text, plain) for text in argv]
        limit_ms = spec.get("timeoutSeconds", 1) * 1000
        ended = self.kubelet.runtime.run_command(token_of(uid, probe), probe.id, argv, limit_ms=limit_ms)
        if ended is None:
            return None
        answer = probing.of_command(ended)  # what says the same again is taken at once: nobody could tell
        return answer if answer.result == probe.verdict else answer._replace(took_ms=self.kubelet.latency("exec_probe"))

    def command_ended(self, uid: str, key: str, ended: Ended) -> None:
        """A probe's command that took its time has ended."""
        probe = self.table.get(uid, {}).get(key)
        if probe is not None:
            answer = probing.of_command(ended)
            self._late_answer(uid, probe, probe.id, answer)

    def answered(self, uid: str, key: str, container_id: str, answer: Answer) -> None:
        """An answer that took its time has come."""
        probe = self.table.get(uid, {}).get(key)
        if probe is not None:
            self._late_answer(uid, probe, container_id, answer)

    def _late_answer(self, uid: str, probe: Probe, container_id: str, answer: Answer) -> None:
        pod = self.kubelet.pod(uid)
        probe.is_busy = False
        if pod is None:
            return
        spec, _ = spec_of(pod, probe)
        if probe.id == container_id:
            self._answered(uid, pod, probe, spec, answer)
        else:
            self._next(uid, probe, spec)

    def _answered(self, uid: str, pod: dict, probe: Probe, spec: dict, answer: Answer) -> None:
        """What a result leads to; then the next one is waited for."""
        self._note(uid, pod, probe, spec, answer)
        key = key_of(probe)
        if key not in self.table.get(uid, {}) or probe.is_on_hold:
            return
        if probe.is_wanted:
            probe.is_wanted = False
            self._want(uid, probe)
        elif not probe.timer:
            self._next(uid, probe, spec)

    def _note(self, uid: str, pod: dict, probe: Probe, spec: dict, answer: Answer) -> None:
        probe.count, probe.last_ms = probe.count + 1, self.kubelet.now_ms
        if answer.error or answer.result != SUCCESS:
            self._complain(pod, probe, answer)
        if answer.error:
            return  # a try that failed says nothing of the container
        result = SUCCESS if answer.result in (SUCCESS, WARNING) else FAILURE
        if result == probe.result:
            probe.run += 1
        else:
            probe.result, probe.run = result, 1
            self._tell(uid, probe, spec, result, answer)
        needed = spec.get("failureThreshold", 3) if result == FAILURE else spec.get("successThreshold", 1)
        if probe.run < needed:
            return
        self._hold(uid, probe, result)
        if probe.kind == "startup" or (probe.kind == "liveness" and result == FAILURE):
            probe.is_on_hold, probe.run = True, 0

    def _complain(self, pod: dict, probe: Probe, answer: Answer) -> None:
        name = probe.kind.capitalize()
        reason, words = "Unhealthy", f"{name} probe failed: {answer.output}"
        if answer.error:
            words = f"{name} probe errored and resulted in {answer.result} state: {answer.error}"
        elif answer.result == WARNING:
            reason, words = "ProbeWarning", f"{name} probe warning: {answer.output}"
        elif answer.result == UNKNOWN:
            return
        probe.output = answer.error or answer.output
        where = "initContainers" if any(each["name"] == probe.container for each in pod["spec"].get("initContainers") or ()) else "containers"
        self.kubelet.recorder.event(pod, "Warning", reason, words, f"spec.{where}{{{probe.container}}}")

    def _tell(self, uid: str, probe: Probe, spec: dict, result: str, answer: Answer) -> None:
        """A fact for the first result, and for each that differs from the last."""
        worker = self.kubelet.state.workers.get(uid)
        if worker is None:
            return
        how = next((name for name in ("exec", "httpGet", "tcpSocket", "grpc") if name in spec), "")
        if result == SUCCESS:
            self.kubelet.tell("ProbeSucceeded", worker, probe.container, probe=probe.kind, how=how, needed=spec.get("successThreshold", 1))
        else:
            said = answer.output.strip()[:120] or "-"
            needed = spec.get("failureThreshold", 3)
            self.kubelet.tell("ProbeFailed", worker, probe.container, probe=probe.kind, how=how, said=said, needed=needed)

    # -- what is held changes -------------------------------------------------------------------------------------

    def _hold(self, uid: str, probe: Probe, verdict: str) -> None:
        """Hold a verdict; what is new reaches the status at once, and the Pod's worker."""
        if probe.verdict == verdict:
            return
        was, probe.verdict = probe.verdict, verdict
        kubelet, worker = self.kubelet, self.kubelet.state.workers.get(uid)
        if probe.kind == "liveness" and verdict != FAILURE:
            return
        if probe.kind == "readiness":
            kubelet.statuses.set_readiness(uid, probe.container, probe.id, verdict == SUCCESS)
        elif probe.kind == "startup":
            kubelet.statuses.set_started(uid, probe.container, probe.id, verdict == SUCCESS)
        if worker is not None and was and verdict in (SUCCESS, FAILURE):
            kubelet.tell("ProbeVerdict", worker, probe.container, probe=probe.kind, verdict=VERDICTS[probe.kind, verdict])
        self._sync(uid, worker)

    def _sync(self, uid: str, worker: Worker | None) -> None:
        pod = self.kubelet.pod(uid)
        if worker is not None and pod is not None and worker.phase == "sync" and uid in self.kubelet.state.pods:
            self.kubelet.workers.update(pod, "sync")


VERDICTS = {
    ("readiness", SUCCESS): "ready",
    ("readiness", FAILURE): "unready",
    ("startup", SUCCESS): "started",
    ("startup", FAILURE): "unhealthy",
    ("liveness", FAILURE): "unhealthy",
}


def key_of(probe: Probe) -> str:
    """Its place among the probes of its Pod."""
    return f"{probe.kind}/{probe.container}"


def is_steady(probe: Probe, spec: dict) -> bool:
    """Whether a probe goes on for ever by itself. Until it has found a container well, or unwell often enough, something comes of it."""
    if probe.verdict == SUCCESS:
        return probe.result != FAILURE
    enough = spec.get("failureThreshold", 3)
    return probe.is_on_hold or (probe.run if probe.result == FAILURE else 0 if probe.result else probe.count) >= enough


def token_of(uid: str, probe: Probe) -> str:
    return f"{TOKEN} {uid} {probe.kind}/{probe.container}"


def spec_of(pod: dict, probe: Probe) -> tuple[dict, dict]:
    """(the probe, the container) as the Pod has them."""
    for field in ("containers", "initContainers"):
        for each in pod["spec"].get(field) or ():
            if each["name"] == probe.container:
                return each[probe.kind + "Probe"], each
    raise AssertionError(f"no container {probe.container}")


def find(status: dict, name: str) -> dict | None:
    """A container's status."""
    for field in ("containerStatuses", "initContainerStatuses"):
        for each in status.get(field) or ():
            if each["name"] == name:
                return each
    return None


def _is_ready_in(pod: dict[str, Any]) -> bool:
    """Whether the API has the Pod as Ready."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
