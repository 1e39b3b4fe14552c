"""Owns RestartAllContainers: when all containers of a Pod are removed and started anew in place, and what of them goes first.

Source: kubernetes pkg/kubelet/container/helpers.go (ShouldAllContainersRestart, AllContainersRestartCleanedUp), pkg/kubelet/kuberuntime/
kuberuntime_manager.go (getContainersToReset), pkg/kubelet/status/generate.go (GenerateAllContainersRestartingCondition).
"""

from __future__ import annotations

from cluster.runtime.state import Container

from . import conditions
from .restart import rule_for
from .shapes import RESTARTS_ALL
from .state import Report

CONDITION = "AllContainersRestarting"
STARTED, STARTED_WORDS = "RestartAllContainersStarted", "container exited with restart policy rule"


def must_remove(status: dict) -> bool:
    """Whether a status that has just been made says that all containers are to be removed: the condition stands last."""
    made = status.get("conditions")
    return bool(made) and made[-1]["type"] == CONDITION and made[-1]["status"] == "True"


def asks(spec: dict, exit_code: int) -> bool:
    """Whether a container that ended so makes all start anew."""
    rule = rule_for(spec, exit_code)
    return rule is not None and rule.get("action") == RESTARTS_ALL


def is_restarting(pod: dict, report: Report, old: dict) -> bool:
    """Whether the containers of a Pod are to be, or are being, removed. old: its status until now."""
    if any(each["type"] == CONDITION and each["status"] == "True" for each in old.get("conditions") or ()):
        return True
    before = {each["name"]: each for each in (*(old.get("initContainerStatuses") or ()), *(old.get("containerStatuses") or ()))}
    for spec in (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]):
        latest, known = report.latest(spec["name"]), before.get(spec["name"])
        if latest is None or latest.state != "exited":
            continue
        ended = known["state"].get("terminated") if known else None
        if asks(spec, latest.exit_code) or (ended and asks(spec, ended["exitCode"])):
            return True
    return False


def condition(pod: dict, report: Report, phase: str, restarting: bool) -> dict:
    """AllContainersRestarting; it is over once nothing is left of the containers."""
    generation = pod["metadata"].get("generation", 0)
    if phase in ("Succeeded", "Failed"):
        return conditions.make(CONDITION, generation, False, "PodCompleted" if phase == "Succeeded" else "PodFailed")
    specs = (*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"])
    if not restarting or all(report.latest(spec["name"]) is None for spec in specs):
        return conditions.make(CONDITION, generation, False)
    return conditions.make(CONDITION, generation, True, STARTED, STARTED_WORDS)


def to_remove(pod: dict, report: Report) -> list[str]:
    """The ids of all containers, in the order in which they go: those whose end asked for it last, init containers after the others."""
    apps = _split(pod["spec"]["containers"], report)
    inits = _split(pod["spec"].get("initContainers") or [], report)
    return [*apps[1], *inits[1], *apps[0], *inits[0]]


def _split(specs: list[dict], report: Report) -> tuple[list[str], list[str]]:
    """(who asked, the others)."""
    sources: list[str] = []
    targets: list[str] = []
    for spec in specs:
        for each in reversed(report.containers):
            if each.name == spec["name"]:
                (sources if _asked(spec, each) else targets).append(each.id)
    return sources, targets


def _asked(spec: dict, container: Container) -> bool:
    return container.state == "exited" and asks(spec, container.exit_code)
