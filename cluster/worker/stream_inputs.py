"""The inputs of streams (`exec`, `attach`, `port-forward`) as the simulation acts on them: kubectl asks, a node's runtime does it."""
from __future__ import annotations

from typing import Any

CAUSES = {"exec": "ExecRequested", "attach": "AttachRequested", "forward": "ForwardRequested"}


def begin_exec(simulation: Any, data: dict) -> None:
    """kubectl asks, kube-apiserver hands on, the kubelet of the node runs it."""
    runtime = asked(simulation, "exec", data, command=data["command"])
    runtime.exec_asked(simulation.inputs, data["id"], data["command"], has_input=data["stdin"], has_terminal=data["tty"])


def begin_attach(simulation: Any, data: dict) -> None:
    asked(simulation, "attach", data).attach_asked(simulation.inputs, data["id"], has_input=data["stdin"])


def begin_forward(simulation: Any, data: dict) -> None:
    """A client of `kubectl port-forward` has connected to the port there; the same happens in the Pod."""
    runtime = asked(simulation, "forward", data, port=data["port"])
    runtime.forward_asked(simulation.inputs, data["uid"], f"{data['namespace']}/{data['pod']}", data["port"])


def asked(simulation: Any, kind: str, data: dict, **more: Any):
    """Record the request, and return the runtime that it is for."""
    pod, engine = f"{data['namespace']}/{data['pod']}", simulation.engine
    if data.get("facts"):
        simulation.draw(data["facts"])
    container = {"container": data["container"]} if "container" in data else {}
    engine.cause = engine.record("kubectl", CAUSES[kind], f"pods/{pod}", {"pod": pod, "node": data["node"], **container, **more})
    return simulation.nodes[data["node"]].runtime


def stream_input(simulation: Any, data: dict) -> None:
    """What comes in to a stream that was begun."""
    runtime, number = simulation.nodes[data["node"]].runtime, data["exec"]
    state = runtime.state
    kind = "attach" if str(number) in state.attachments else "forward" if str(number) in state.forwards else "exec"
    if data.get("size") and kind != "forward":
        getattr(runtime, f"{kind}_resized")(number, data["size"])
    if data.get("text"):
        getattr(runtime, f"{kind}_input")(number, data["text"])
    if data.get("gone"):
        getattr(runtime, f"{kind}_gone")(number)
    elif data.get("closed"):
        getattr(runtime, f"{kind}_closed")(number)


INPUTS = {"exec": begin_exec, "attach": begin_attach, "forward": begin_forward, "exec-input": stream_input}
