"""Faults: what a learner (or the referee) breaks and mends from outside the API."""
from __future__ import annotations

from . import supplies

COMPONENTS = ("kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns")


class UnknownFault(ValueError):
    """The words of a fault make no sense; the message says which and what would."""


ARGUMENTS: dict[str, tuple[str, ...]] = {
    "kubelet-stop": ("NODE",), "kubelet-start": ("NODE",),
    "component-stop": ("NAME",), "component-start": ("NAME",),
    "container-kill": ("NODE", "POD", "CONTAINER"), "sandbox-kill": ("NODE", "POD"), "image-import": ("NODE", "IMAGE"),
    "disk-fill": ("NODE", "GIB"),
    **supplies.ARGUMENTS,
}


def check(simulation, action: str, args: list[str]) -> None:
    """Refuse what cannot be meant, before it is journaled. Raises UnknownFault."""
    wanted = ARGUMENTS.get(action)
    if wanted is None:
        raise UnknownFault(f"unknown fault {action!r}: choose one of {', '.join(ARGUMENTS)}")
    least = len([word for word in wanted if not word.startswith("[")])
    if wanted[-1:] == ("…",):
        least, wanted = least - 1, (*wanted, *args)
    if not least <= len(args) <= len(wanted):
        raise UnknownFault(f"usage: {action} {' '.join(ARGUMENTS[action])}".rstrip())
    if action in supplies.ARGUMENTS:
        try:
            supplies.check(simulation.engine, action, args)
        except ValueError as error:
            raise UnknownFault(str(error)) from None
        return
    if wanted[0] == "NODE" and args[0] not in simulation.nodes:
        raise UnknownFault(f"node {args[0]!r} not found: this sandbox has {', '.join(simulation.nodes) or 'no nodes'}")
    there = [name for name in COMPONENTS if name in simulation.engine.actors]
    if wanted[0] == "NAME" and args[0] not in there:
        raise UnknownFault(f"component {args[0]!r} not found: choose one of {', '.join(there)}")
    if action == "disk-fill" and not (args[1].isascii() and args[1].isdigit() and len(args[1]) < 8):
        raise UnknownFault(f"{args[1]!r} is no whole number of GiB")
    if action in ("container-kill", "sandbox-kill"):
        complaint = simulation.nodes[args[0]].why_not(action, *args[1:])
        if complaint:
            raise UnknownFault(complaint)


def apply(simulation, data: dict) -> None:
    """Do it: {action, args}."""
    action, args = data["action"], data["args"]
    cause = simulation.engine.record("you", "FaultMade", "", {"action": action, "args": args, "command": " ".join([action, *args])})
    simulation.engine.cause = cause
    engine = simulation.engine
    if action == "kubelet-stop":
        simulation.nodes[args[0]].stop()
    elif action == "kubelet-start":
        simulation.nodes[args[0]].start()
    elif action == "component-stop":
        engine.stop(engine.actors[args[0]])
    elif action == "component-start":
        engine.start(engine.actors[args[0]])
    elif action == "container-kill":
        simulation.nodes[args[0]].kill_container(args[1], args[2])
    elif action == "sandbox-kill":
        simulation.nodes[args[0]].kill_sandbox(args[1])
    elif action == "image-import":
        simulation.nodes[args[0]].import_image(args[1])
    elif action == "disk-fill":
        simulation.nodes[args[0]].fill_disk(int(args[1]) << 30)
    elif action in supplies.ARGUMENTS:
        supplies.apply(simulation.engine, action, args)
