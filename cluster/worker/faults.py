"""Faults: what a learner (or the referee) breaks and mends from outside the API."""
from __future__ import annotations

from . import supplies
from .refusals import Refused

PLANE = ("kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler")
COMPONENTS = (*PLANE, "kube-proxy", "coredns")
MOST_CONFIGURATION = 64 << 10


ARGUMENTS: dict[str, tuple[str, ...]] = {
    "kubelet-stop": ("NODE",), "kubelet-start": ("NODE",), "runtime-stop": ("NODE",), "runtime-start": ("NODE",),
    "cni-stop": ("NODE",), "cni-start": ("NODE",),
    "component-stop": ("NAME",), "component-start": ("NAME",),
    "container-kill": ("NODE", "POD", "CONTAINER"), "sandbox-kill": ("NODE", "POD"), "image-import": ("NODE", "IMAGE"),
    "disk-fill": ("NODE", "GIB"), "kubelet-config": ("NODE", "FILE"), "node-reboot": ("NODE",),
    **supplies.ARGUMENTS,
}


def check(simulation, action: str, args: list[str]) -> None:
    """Refuse what cannot be meant, before it is journaled. Raises Refused, which says what would make sense."""
    wanted = ARGUMENTS.get(action)
    if wanted is None:
        raise Refused(f"unknown fault {action!r}: choose one of {', '.join(ARGUMENTS)}", f"未知故障“{action}”：可选 {'、'.join(ARGUMENTS)}")
    _check_count(action, args, wanted)
    if action in supplies.ARGUMENTS:
        supplies.check(simulation.engine, action, args)
        return
    if wanted[0] == "NODE" and args[0] not in simulation.nodes:
        nodes = tuple(simulation.nodes)
        raise Refused(f"node {args[0]!r} not found: this sandbox has {', '.join(nodes) or 'no nodes'}",
                      f"找不到节点“{args[0]}”：此沙箱{'有 ' + '、'.join(nodes) if nodes else '没有节点'}")
    if wanted[0] == "NAME":
        _check_component(simulation, args[0])
    if action == "disk-fill" and not (args[1].isascii() and args[1].isdigit() and len(args[1]) < 8):
        raise Refused(f"{args[1]!r} is no whole number of GiB", f"“{args[1]}”不是以 GiB 计的整数")
    if action == "kubelet-config":
        _check_configuration(args[1])
    if action in ("container-kill", "sandbox-kill"):
        complaint = simulation.nodes[args[0]].why_not(action, *args[1:])
        if complaint:
            raise Refused(*complaint)


def _check_configuration(text: str) -> None:
    """Refuse with what a kubelet would end with when it started."""
    from cluster.kubelet import configuration  # not above: commands in a shell look at this file's table, and start at once

    if len(text.encode()) > MOST_CONFIGURATION:
        raise Refused("a kubelet's configuration here has at most 64 KiB", "此处 kubelet 的配置至多 64 KiB")
    try:
        configuration.read(text)
    except configuration.ConfigurationError as error:
        raise Refused(f"kubelet would not start with this configuration: {error}", f"kubelet 无法以此配置启动：{error}") from None


def _check_count(action: str, args: list[str], wanted: tuple[str, ...]) -> None:
    least = len([word for word in wanted if not word.startswith("[")])
    if wanted[-1:] == ("…",):
        least, wanted = least - 1, (*wanted, *args)
    if not least <= len(args) <= len(wanted):
        usage = f"{action} {' '.join(ARGUMENTS[action])}".rstrip()
        raise Refused(f"usage: {usage}", f"用法：{usage}")


def _check_component(simulation, name: str) -> None:
    there, controllers = switchable(simulation), simulation.manager.controllers
    if name not in there and name not in controllers:
        raise Refused(f"component {name!r} not found: choose one of {', '.join(there)}, or a controller: {', '.join(controllers)}",
                      f"找不到组件“{name}”：可选 {'、'.join(there)}，或控制器 {'、'.join(controllers)}")


def switchable(simulation) -> list[str]:
    """The components of a sandbox that can be switched off as a whole."""
    return [name for name in COMPONENTS if name in simulation.engine.actors]


def apply(simulation, data: dict) -> None:
    """Say so and do it: {action, args}."""
    action, args = data["action"], data["args"]
    cause = simulation.engine.record("you", "FaultMade", "", {"action": action, "args": args, "command": " ".join([action, *args])})
    simulation.engine.cause = cause
    do(simulation, data)


def do(simulation, data: dict) -> None:
    """Do it: {action, args}."""
    action, args = data["action"], data["args"]
    what, _, way = action.rpartition("-")
    if action in supplies.ARGUMENTS:
        supplies.apply(simulation.engine, action, args)
    elif what == "component":
        _switch_component(simulation, args[0], is_on=way == "start")
    elif way in ("start", "stop"):
        _switch_part(simulation.nodes[args[0]], what, is_on=way == "start")
    else:
        _break(simulation.nodes[args[0]], action, args[1:])


def _switch_component(simulation, name: str, *, is_on: bool) -> None:
    engine, manager = simulation.engine, simulation.manager
    if name in manager.controllers:
        (manager.switch_on if is_on else manager.switch_off)(name)
    elif is_on:
        engine.start(engine.actors[name])
    elif engine.actors[name].is_on:
        engine.stop(engine.actors[name])
    else:
        engine.actors[name].drop_memory()  # one that has ended by itself is not started again


def _switch_part(node, part: str, *, is_on: bool) -> None:
    """A part of a node: its kubelet, its runtime, or its network plugin."""
    if part == "kubelet":
        (node.start if is_on else node.stop)()
    elif part == "runtime":
        node.switch_runtime(is_on=is_on)
    else:
        node.switch_network(is_on=is_on)


def _break(node, action: str, args: list[str]) -> None:
    if action == "container-kill":
        node.kill_container(*args)
    elif action == "sandbox-kill":
        node.kill_sandbox(*args)
    elif action == "image-import":
        node.import_image(*args)
    elif action == "node-reboot":
        node.reboot()
    elif action == "disk-fill":
        node.fill_disk(int(args[0]) << 30)
    elif action == "kubelet-config":
        node.configure(*args)
