"""Owns a Pod's phase: a summary of its containers' states.

Source: kubernetes pkg/kubelet/kubelet_pods.go (getPhase).
"""

from __future__ import annotations

from msgspec import Struct

from .container_status import RESETTING
from .restart import restarts_on
from .shapes import Shape, shape_of


class Tally(Struct):
    unknown: int = 0
    running: int = 0
    waiting: int = 0
    stopped: int = 0
    final: int = 0  # stopped and not to be restarted
    succeeded: int = 0


def phase_of(
    pod: dict, statuses: dict[str, dict], init_statuses: dict[str, dict], *, is_terminal: bool, has_started: bool
) -> str:
    """Pending, Running, Succeeded or Failed. has_started: an app container has been started before."""
    shape = shape_of(pod["spec"])
    pending, pending_sidecars, failed = _init(pod, shape, init_statuses) if shape.inits else (0, 0, 0)
    if failed:
        return "Failed"
    tally = _tally(pod, statuses)
    _add_sidecars(shape, init_statuses, tally)
    if pending or (pending_sidecars and not has_started) or tally.waiting:
        return "Pending"
    if tally.running and not tally.unknown:
        return "Running"
    if tally.stopped and not tally.running and not tally.unknown:
        return _ended(tally, is_terminal)
    return "Pending"


def _ended(tally: Tally, is_terminal: bool) -> str:
    if not is_terminal and tally.stopped != tally.final:
        return "Running"  # it will be restarted
    return "Succeeded" if tally.stopped == tally.succeeded else "Failed"


def _init(pod: dict, shape: Shape, statuses: dict[str, dict]) -> tuple[int, int, int]:
    """(regular init containers to come, sidecars to come, init containers that failed for good)."""
    pending = pending_sidecars = failed = 0
    for spec in shape.inits:
        status = statuses.get(spec["name"])
        state = status["state"] if status else {}
        if spec["name"] in shape.sidecars:
            is_started = "running" in state and status.get("started")
            has_run = "terminated" in state or (status or {}).get("lastState", {}).get("terminated")
            pending_sidecars += not is_started and not has_run
            continue
        ended = state.get("terminated") or (
            (status or {}).get("lastState", {}).get("terminated") if "waiting" in state else None
        )
        if ended is None:
            pending += 1
        elif ended["exitCode"] != 0 and ended.get("reason") != RESETTING and not restarts_on(pod, spec, ended["exitCode"]):
            failed += 1
    return pending, pending_sidecars, failed


def _tally(pod: dict, statuses: dict[str, dict]) -> Tally:
    tally = Tally()
    for spec in pod["spec"]["containers"]:
        status = statuses.get(spec["name"])
        state = status["state"] if status else {}
        if "running" in state:
            tally.running += 1
        elif "terminated" in state or ("waiting" in state and status.get("lastState", {}).get("terminated")):
            ended = state.get("terminated") or status["lastState"]["terminated"]
            tally.stopped += 1
            tally.final += ended.get("reason") != RESETTING and not restarts_on(pod, spec, ended["exitCode"])
            tally.succeeded += "terminated" in state and ended["exitCode"] == 0
        elif "waiting" in state:
            tally.waiting += 1
        else:
            tally.unknown += 1
    return tally


def _add_sidecars(shape: Shape, statuses: dict[str, dict], tally: Tally) -> None:
    for name in shape.sidecars:
        status = statuses.get(name)
        state = status["state"] if status else {}
        tally.running += "running" in state
        tally.unknown += not state
        tally.waiting += "waiting" in state and not status.get("lastState", {}).get("terminated")
