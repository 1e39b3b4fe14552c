"""The inputs of streams into containers (`exec`, `attach`), as the simulation acts on them: kubectl asks, the node's runtime does it."""
from __future__ import annotations

from typing import Any

CAUSES = {"exec": "ExecRequested", "attach": "AttachRequested"}


def begin_exec(simulation: Any, data: dict) -> None:
    """kubectl asks, kube-apiserver hands on, the kubelet of the node runs it."""
    runtime = asked(simulation, "exec", data, command=data["command"])
    runtime.exec_asked(simulation.inputs, data["id"], data["command"], has_input=data["stdin"], has_terminal=data["tty"])


def begin_attach(simulation: Any, data: dict) -> None:
    asked(simulation, "attach", data).attach_asked(simulation.inputs, data["id"], has_input=data["stdin"])


def asked(simulation: Any, kind: str, data: dict, **more: Any):
    """Record the request, and return the runtime that it is for."""
    pod, engine = f"{data['namespace']}/{data['pod']}", simulation.engine
    if data.get("facts"):
        simulation.draw(data["facts"])
    engine.cause = engine.record("kubectl", CAUSES[kind], f"pods/{pod}", {
        "pod": pod, "container": data["container"], "node": data["node"], **more})
    return simulation.nodes[data["node"]].runtime


def exec_input(simulation: Any, data: dict) -> None:
    runtime, number = simulation.nodes[data["node"]].runtime, data["exec"]
    takes = ("attach_input", "attach_resized", "attach_gone", "attach_closed") if str(number) in runtime.state.attachments else (
        "exec_input", "exec_resized", "exec_gone", "exec_closed")
    text, size, gone, closed = (getattr(runtime, name) for name in takes)
    if data.get("size"):
        size(number, data["size"])
    if data.get("text"):
        text(number, data["text"])
    if data.get("gone"):
        gone(number)
    elif data.get("closed"):
        closed(number)


INPUTS = {"exec": begin_exec, "exec-input": exec_input, "attach": begin_attach}
