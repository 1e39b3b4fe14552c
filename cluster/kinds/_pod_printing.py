"""The row of a Pod in `kubectl get pods`: the status word, ready and restart counts.

Source: pkg/printers/internalversion/printers.go (printPod).
"""
from __future__ import annotations

from cluster.kinds._columns import age, since
from cluster.kinds._pod_resources import is_sidecar

NONE = "<none>"


class _Summary:
    """What one walk over a Pod's container statuses finds."""

    __slots__ = ("last_restart", "ready", "restarts", "total", "word")

    def __init__(self, pod: dict):
        spec, status = pod["spec"], pod.get("status") or {}
        sidecars = {c["name"]: True for c in spec.get("initContainers") or () if is_sidecar(c)}
        self.ready, self.restarts, self.last_restart = 0, 0, ""
        self.total = len(spec.get("containers") or ()) + len(sidecars)
        self.word = _first_word(status)
        initializing = self._walk_init(status, spec, sidecars)
        if not initializing or _is_true(status, "Initialized"):
            self._walk_main(status)
        self.word = _deleted_word(pod, status) or self.word

    def _restarted(self, container: dict) -> None:
        self.restarts += container.get("restartCount", 0)
        ended = ((container.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""
        self.last_restart = max(self.last_restart, ended)

    def _walk_init(self, status: dict, spec: dict, sidecars: dict) -> bool:
        """Look at init containers until one is not done; True when the Pod is held up there.

        When nothing holds it up, only the restarts of sidecars count.
        """
        of_sidecars: list[dict] = []
        word = ""
        for index, container in enumerate(status.get("initContainerStatuses") or ()):
            self._restarted(container)
            is_beside = container.get("name") in sidecars
            if is_beside:
                of_sidecars.append(container)
            word = _init_word(container, is_beside, index, len(spec.get("initContainers") or ()))
            if word:
                break
            if is_beside and container.get("started") and container.get("ready") and not _exited_well(container):
                self.ready += 1
        if word:
            self.word = word
        if not word or _is_true(status, "Initialized"):
            self.restarts, self.last_restart = 0, ""
            for container in of_sidecars:
                self._restarted(container)
        return bool(word)

    def _walk_main(self, status: dict) -> None:
        running, error = False, ""
        for container in reversed(status.get("containerStatuses") or ()):
            self._restarted(container)
            state = container.get("state") or {}
            if state.get("waiting") is not None and state["waiting"].get("reason"):
                self.word = state["waiting"]["reason"]
            elif state.get("terminated") is not None:
                self.word = _ended_word(state["terminated"])
                if state["terminated"].get("exitCode", 0):
                    error = self.word
            elif container.get("ready") and state.get("running") is not None:
                running = True
                self.ready += 1
        if self.word == "Completed":
            self.word = self._completed_word(running, error, _is_true(status, "Ready"))

    @staticmethod
    def _completed_word(running: bool, error: str, ready: bool) -> str:
        if running and ready:
            return "Running"
        return error or ("NotReady" if running else "Completed")


def _first_word(status: dict) -> str:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            return "SchedulingGated"
    return status.get("reason") or status.get("phase", "")


def _deleted_word(pod: dict, status: dict) -> str:
    if not pod["metadata"].get("deletionTimestamp"):
        return ""
    if status.get("reason") == "NodeLost":
        return "Unknown"
    return "" if status.get("phase") in ("Succeeded", "Failed") else "Terminating"


def _is_true(status: dict, kind: str) -> bool:
    return any(condition.get("type") == kind and condition.get("status") == "True"
               for condition in status.get("conditions") or ())


def _exited_well(container: dict) -> bool:
    ended = (container.get("state") or {}).get("terminated")
    return ended is not None and not ended.get("exitCode", 0)


def _ended_word(ended: dict) -> str:
    if ended.get("reason"):
        return ended["reason"]
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _init_word(container: dict, is_beside: bool, index: int, total: int) -> str:
    """What an init container that is not done says; "" for one that is, and for a sidecar that has started."""
    if _exited_well(container) or (is_beside and container.get("started")):
        return ""
    state = container.get("state") or {}
    if state.get("terminated") is not None:
        return "Init:" + _ended_word(state["terminated"])
    reason = (state.get("waiting") or {}).get("reason")
    if reason and reason != "PodInitializing":
        return "Init:" + reason
    return f"Init:{index}/{total}"


def status_word(pod: dict) -> str:
    """The STATUS column: Running, Pending, CrashLoopBackOff, Init:0/1, Terminating, …"""
    return _Summary(pod).word


def ready_counts(pod: dict) -> tuple[int, int]:
    """(ready, total) containers, started sidecars included."""
    summary = _Summary(pod)
    return summary.ready, summary.total


def restart_count(pod: dict) -> int:
    """The number in the RESTARTS column."""
    return _Summary(pod).restarts


def cells(pod: dict, now_unix_ms: int) -> list:
    """As kubectl get pods -o wide shows it."""
    summary, status, spec = _Summary(pod), pod.get("status") or {}, pod["spec"]
    restarts = str(summary.restarts)
    if summary.restarts and summary.last_restart:
        restarts = f"{restarts} ({since(summary.last_restart, now_unix_ms)} ago)"
    addresses = status.get("podIPs") or [{}]
    return [pod["metadata"]["name"], f"{summary.ready}/{summary.total}", summary.word, restarts, age(pod, now_unix_ms),
            addresses[0].get("ip") or NONE, spec.get("nodeName") or NONE, status.get("nominatedNodeName") or NONE,
            _gates(spec, status)]


def _gates(spec: dict, status: dict) -> str:
    gates = spec.get("readinessGates")
    if not gates:
        return NONE
    return f"{sum(_is_true(status, gate.get('conditionType', '')) for gate in gates)}/{len(gates)}"
