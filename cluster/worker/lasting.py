"""What a learner has set up and switched off outlasts a change of the engine, though its run does not: the journal says what it was.

Images that were pushed and repositories lie beyond the cluster, a node's disk and its kubelet's configuration beyond its components, and
what is off stays off. What was broken once (a container killed, a machine restarted) is in the objects.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import faults, supplies
from .refusals import Refused

KINDS = ("fault", "rbac")
OF_NODES = ("disk-fill", "image-import")
MOST_NAMED, LONGEST_NAME = 3, 30
CONFIGURATION, REBOOT = "kubelet-config", "node-reboot"  # either starts the kubelet, off or not


def sorted_out(faults_made: Iterable[dict]) -> tuple[list[dict], list[dict]]:
    """(what is to be there before the components start, what is to be done once they have). faults_made: in their order."""
    before: dict[Any, dict] = {}
    configured: dict[str, dict] = {}
    off: dict[tuple[str, ...], dict] = {}
    for number, made in enumerate(faults_made):
        action, args = made["action"], made["args"]
        what, _, way = action.rpartition("-")
        if action in supplies.ARGUMENTS:
            before[number] = made
        elif action in OF_NODES:
            of_what = tuple(args) if action == "image-import" else tuple(args[:1])
            before.pop((action, *of_what), None)
            before[action, *of_what] = made
        elif action in (CONFIGURATION, REBOOT):
            off.pop(("kubelet", args[0]), None)
            if action == CONFIGURATION:
                configured[args[0]] = made
        elif way in ("start", "stop"):
            off.pop((what, *args), None)
            if way == "stop":
                off[what, *args] = made
    return list(before.values()), [*configured.values(), *off.values()]


def set_up(simulation: Any, inputs: list[tuple[str, dict]]) -> list[dict]:
    """Do what belongs before the components start; returns what is left for `go_on`. inputs: (kind, data) of KINDS, in order."""
    before, left = sorted_out(data for kind, data in inputs if kind == "fault")
    engine = simulation.engine
    if before or left:
        engine.record("kube-apiserver", "SetUpKept", "", {"count": len(before) + len(left), "what": named([*before, *left])})
    told, engine.trace.on = engine.trace.on, False  # nobody pushes or fills anything now
    _make(simulation, before)
    engine.trace.on = told
    for enforced in [data["enforced"] for kind, data in inputs if kind == "rbac"][-1:]:
        if enforced != simulation.server.enforces_rbac:
            simulation.server.enforce_rbac(enforced)
    return left


def named(made: list[dict]) -> str:
    """The first of them, in words that fit into a line."""
    words = [" ".join([each["action"], *each["args"][:1]]) for each in made[:MOST_NAMED]]
    return ", ".join(word if len(word) <= LONGEST_NAME else word[:LONGEST_NAME] + "…" for word in words) + (", …" if made[MOST_NAMED:] else "")


def go_on(simulation: Any, left: list[dict]) -> None:
    """Configure again what was, and switch off what was off."""
    _make(simulation, left)


def _make(simulation: Any, made: list[dict]) -> None:
    """Do it as a learner does, who is not said to do it again; what this engine does not know any more is passed over."""
    cause = simulation.engine.cause
    for each in made:
        try:
            faults.check(simulation, each["action"], each["args"])
        except Refused:
            continue
        faults.do(simulation, each)
        simulation.engine.cause = cause
    simulation.engine.cause = 0
