"""`kubectl exec`, `attach` and `port-forward`: a stream is journaled as an input, what is typed into it too; what comes back goes to its
caller. Of a forwarding each connection is a stream of its own.

Source: kubernetes pkg/kubelet/server (exec), k8s.io/kubelet pkg/cri/streaming/remotecommand/exec.go (the status at the end).
"""
from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from cluster.apiserver import http, streams
from cluster.meta import status
from cluster.meta.requests import Request, Response

from .reads import Drawing

Respond = Callable[[dict], None]
MOST_PORTS = 100         # of one forwarding over channels; a channel's number has to fit a byte
SWITCHED = 101           # Switching Protocols
UPGRADE = "Upgrade request required"
LOST = "the connection to the API server was lost"
TEXT = [("Content-Type", "text/plain; charset=utf-8")]


def refusal(runner, request: Request, query: str, *, upgrades: bool) -> dict:
    """The answer to an exec or attach without a stream: why there is none, else that one has to ask for it.

    upgrades: the caller asks for another protocol, so the kubelet has its say too.
    Source: k8s.io/apimachinery pkg/util/proxy/upgradeaware.go (ServeHTTP).
    """
    found = _found(runner, request, query) if upgrades else streams.target(request, query, runner.server.looking.enter(request, True))
    if isinstance(found, dict):
        return found
    if not isinstance(found, Response):
        error = status.bad_request(UPGRADE)
        found = Response(code=error.code, body=error.status)
    return _rendered(found, request)


def _rendered(response: Response, request: Request) -> dict:
    code, headers, body = http.render(response, request.accept)
    return {"status": code, "headers": headers, "body": body}


def start(runner, request: Request, query: str, drawing: Drawing, respond: Respond) -> dict | None:
    """Begin: {stream: number, node, run}, then {channel, text}, at last {exit: code} or {error: words}. A refusal is a plain answer."""
    found = _found(runner, request, query, drawing.heard)
    if isinstance(found, dict):
        return found
    target, container = found
    if target.action == "portforward":
        drawing.answered(SWITCHED)
        return _forwarding(target, query)
    data = {"namespace": target.namespace, "pod": target.pod, "container": target.container, "node": target.node, "id": container,
            "stdin": target.stdin, "facts": drawing.facts(SWITCHED) if drawing.how else []}
    if target.action == "exec":
        data |= {"command": target.command, "tty": target.tty}
    begin(runner, data, target.action, respond)
    return None


def begin(runner, data: dict, kind: str, respond: Respond) -> None:
    """Journal a stream, and let its caller know its number, and of which run of the sandbox it is."""
    def heard(channel: str, said) -> None:
        is_end = channel in ("exit", "error")
        respond({channel: said} if is_end else {"channel": channel, "text": said})

    number = runner.begin_stream(data, heard, kind)
    respond({"stream": number, "node": data["node"], "run": runner.sandbox.run})


def cut(runner) -> None:
    """The API server stops: the connections through it break. What was begun in containers ends as it does when its client has gone."""
    for hear in list(runner.streams.values()):
        hear("error", LOST)


def _forwarding(target, query: str) -> dict:
    """A forwarding may begin: {forward: what each of its connections is about, ports: those that were named beforehand}."""
    named = [port for name, value in parse_qsl(query) if name == "ports" for port in value.split(",")]
    ports = [int(port) for port in named[:MOST_PORTS] if re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536]
    about = {"namespace": target.namespace, "pod": target.pod, "node": target.node, "uid": target.uid}
    return {"forward": about, "ports": ports}


def forward(runner, about: dict, port: int, respond: Respond) -> None:
    """One connection to a port of a Pod: {stream: number}, then {channel: "data", text}, at last {exit: 0} or {error: words}."""
    begin(runner, {**about, "port": port}, "forward", respond)


def _found(runner, request: Request, query: str, heard: list | None = None):
    """(target, the container's id), or a plain answer."""
    found = streams.target(request, query, runner.server.looking.enter(request, True, heard))
    if isinstance(found, Response):
        return _rendered(found, request)
    runtime = runner.simulation.nodes[found.node].runtime if found.node in runner.simulation.nodes else None
    if runtime and found.action == "portforward":
        return found, ""
    container = runtime.running(f"{found.namespace}/{found.pod}", found.container) if runtime else ""
    if not container:
        return {"status": 500, "headers": TEXT, "body": absent(found.action, found.namespace, found.pod, found.container).encode()}
    return found, container


def absent(action: str, namespace: str, pod: str, container: str) -> str:
    """What the kubelet says of a container that does not run. Source: kubernetes pkg/kubelet/kubelet_pods.go (GetExec, GetAttach)."""
    return f"container {container} not found in pod {pod}_{namespace}" if action == "attach" else f'container not found ("{container}")'
