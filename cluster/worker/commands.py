"""What a worker can be asked: one function a command, all run on the simulation thread.

A command is {do, sandbox, …}; the answer is {ok, …}, or None when it comes later.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cluster.apiserver import http, pipeline, streams
from cluster.apiserver.server import refused_connection
from cluster.meta import status
from cluster.meta.requests import Request, Response
from cluster.meta.status import StatusError
from cluster.picture import inspection
from cluster.picture.inside import inside as pictured
from cluster.runtime.registry import registry_of
from cluster.runtime.repositories import repositories_of

from . import checking, following, reads, sandboxes, streaming, supplies, watching
from .recovery import SimulationFailed
from .refusals import Refused
from .runner import Runner

Respond = Callable[[dict], None]
COMMANDS: dict[str, Callable] = {}
NOT_FOUND = {"status": 404, "headers": [("Content-Type", "text/plain; charset=utf-8")], "body": b"404 page not found\n"}


def command(function: Callable) -> Callable:
    COMMANDS[function.__name__] = function
    return function


def handle(host, asked: dict, respond: Respond) -> dict | None:
    """Do a command; raises Refused for one that makes no sense."""
    function = COMMANDS.get(asked.get("do", ""))
    if function is None:
        raise Refused(f"unknown command {asked.get('do')!r}", f"未知命令“{asked.get('do')}”")
    return function(host, asked, respond)


def _runner(host, asked: dict) -> Runner:
    name = asked.get("sandbox", "")
    if not name and "token" in asked:
        name = host.name_by_token(asked["token"])
    runner = host.runner(name)
    host.touched(name)
    return runner


# -- the Kubernetes API -----------------------------------------------------------------------------------------------


@command
def kube(host, asked: dict, respond: Respond) -> dict | None:
    """One HTTP request {token, method, path, query, headers, body}; answered with {status, headers, body}."""
    accept = asked["headers"].get("accept", "")
    try:
        runner = _runner(host, asked)
    except Refused as refusal:
        return NOT_FOUND if refusal.code == 404 else _unavailable(refusal, accept)
    try:
        request = http.parse(asked["method"], asked["path"], asked["query"], asked["headers"], asked["body"])
    except StatusError as refusal:
        return _rendered(Response(code=refusal.code, body=refusal.status), accept)
    runner.heard(waits=request.verb in ("watch", "delete"))
    if not runner.server.is_on and (request.verb == "watch" or pipeline.is_read(request, runner.server.looking) or streams.is_stream(request)):
        return _rendered(refused_connection(), accept)
    if streams.is_stream(request):
        return streaming.refusal(runner, request, asked["query"], upgrades="upgrade" in asked["headers"].get("connection", "").lower())
    if request.verb == "watch" or pipeline.is_read(request, runner.server.looking):
        return _read(runner, request, reads.Drawing(runner, request, asked), respond)
    try:
        reads.note_run(runner, request, asked)
        pretty = http.is_pretty(request)
        runner.input("request", msgspec.to_builtins(request), token=lambda kind, sent, answer: respond(_rendered(answer, accept, pretty)))
    except Refused as refusal:
        return _unavailable(refusal, accept)
    except SimulationFailed:
        pass  # whoever waited was answered when it stopped
    return None


def _read(runner: Runner, request: Request, drawing: reads.Drawing, respond: Respond) -> None:
    """Answer a read at once; only then is it drawn."""
    if following.is_follow(request):
        following.start(runner, request, drawing, respond)
    elif request.verb == "watch":
        watching.start(runner, request, drawing, respond)
    else:
        response = runner.server.handle(request, drawing.heard)
        respond(_rendered(response, request.accept, http.is_pretty(request)))
        drawing.answered(response.code)


@command
def stream(host, asked: dict, respond: Respond) -> dict | None:
    """exec or attach over a socket {token, path, query, headers}: see streaming.start."""
    try:
        runner = _runner(host, asked)
        request = http.parse("GET", asked["path"], asked["query"], asked["headers"])
        if not streams.is_stream(request):
            return NOT_FOUND
        if not runner.server.is_on:
            return _rendered(refused_connection(), "")
        return streaming.start(runner, request, asked["query"], reads.Drawing(runner, request, asked), respond)
    except StatusError as refusal:
        return _rendered(Response(code=refusal.code, body=refusal.status), "")
    except Refused as refusal:
        return NOT_FOUND if refusal.code == 404 else _unavailable(refusal, "")


@command
def forward(host, asked: dict, respond: Respond) -> dict | None:
    """One connection of a forwarding {token, about, port}: see streaming.forward."""
    streaming.forward(_runner(host, asked), asked["about"], asked["port"], respond)
    return None


@command
def stream_input(host, asked: dict, respond: Respond) -> dict:
    """What is typed into a stream {token, stream, run?, node, text?, size?, closed?, gone?}; see `unwatch` for one of another run."""
    runner = _runner(host, asked)
    if asked.get("run") not in (None, runner.sandbox.run):
        return {"ok": True}
    number = asked["stream"]
    if number in runner.streams:
        runner.input("exec-input", {"exec": number, **{key: asked[key] for key in ("node", "text", "size", "closed", "gone") if key in asked}})
    if asked.get("gone"):
        runner.streams.pop(number, None)
    runner.finish_turn()
    return {"ok": True}


def _unavailable(refusal: Refused, accept: str) -> dict:
    """A sandbox that cannot answer now, in the words of an API server that cannot."""
    error = status.service_unavailable(str(refusal))
    return _rendered(Response(code=error.code, body=error.status), accept)


def _rendered(response: Response, accept: str, pretty: bool = False) -> dict:
    status, headers, body = http.render(response, accept, pretty=pretty)
    return {"status": status, "headers": headers, "body": body}


@command
def unwatch(host, asked: dict, respond: Respond) -> dict:
    """End a watch or a followed log {watch, run?}; one of before a reset (another run) has ended, and its number may be another's."""
    runner = _runner(host, asked)
    if asked.get("run") not in (None, runner.sandbox.run):
        return {"ok": True}
    runner.heard(waits=runner.simulation.is_waited_for)
    runner.server.unwatch(asked["watch"])
    runner.watches.pop(asked["watch"], None)
    runner.watch_requests.pop(asked["watch"], None)
    if (drawing := runner.drawings.pop(asked["watch"], None)) is not None:
        drawing.ended()
    return {"ok": True}


@command
def bookmark(host, asked: dict, respond: Respond) -> dict:
    """Tell a watch how far it has come {watch}: a further line of its own."""
    runner = _runner(host, asked)
    runner.finish_turn()  # what it speaks of leaves first
    if asked["watch"] in runner.watch_requests:
        runner.watches[asked["watch"]]("mark")
    return {"ok": True}


# -- time ---------------------------------------------------------------------------------------------------------------


@command
def control(host, asked: dict, respond: Respond) -> dict:
    """{action: hold | run | step | stage | settle | jump | speed | pacing | rbac | reset, value?}"""
    action, value = asked.get("action"), asked.get("value")
    runner = host.reset(asked.get("sandbox", "")) if action == "reset" else _runner(host, asked)
    if action in ("hold", "run", "settle", "stage"):
        getattr(runner, action)()
    elif action in ("step", "jump"):
        return _step(runner, _number(value, 1, whole=True), respond)
    elif action == "speed":
        runner.set_speed(_number(value, 1.0))
    elif action == "pacing":
        runner.set_pacing(str(value))
    elif action == "rbac":
        _enforce(runner, value)
    elif action != "reset":
        raise Refused(f"unknown action {action!r}: choose hold, run, step, stage, settle, jump, speed, pacing, rbac or reset",
                      f"未知操作“{action}”：可用 hold、run、step、stage、settle、jump、speed、pacing、rbac 或 reset")
    runner.finish_turn()
    return {"ok": True, **runner.head(), "rbac": runner.server.enforces_rbac}


def _enforce(runner: Runner, value: Any) -> None:
    """Let Roles and bindings decide about everybody (on), or no longer (off): an input like any other."""
    if value not in ("on", "off", True, False):
        raise Refused("rbac is on or off", "rbac 是 on 或 off")
    runner.input("rbac", {"enforced": value in ("on", True)})


def _step(runner: Runner, count: int, respond: Respond) -> None:
    """Answered when the steps are done."""
    if count < 1:
        raise Refused(f"{count} is no number of steps", f"{count} 不是步数")

    def done() -> None:
        runner.finish_turn()
        respond({"ok": True, **runner.head()})

    runner.step(count, done)


@command
def head(host, asked: dict, respond: Respond) -> dict:
    """Where a sandbox stands."""
    return {"ok": True, **_runner(host, asked).head()}


def _number(value: Any, default: float, *, whole: bool = False) -> Any:
    if value is None or value == "":
        return default
    try:
        return int(value) if whole else float(value)
    except (TypeError, ValueError, OverflowError):
        raise Refused(f"{value!r} is not a number", f"{value!r} 不是数字") from None


@command
def kubectl(host, asked: dict, respond: Respond) -> dict:
    """The page's Apply, Delete and Scale: {command: {action, files | resource, namespace, name, …}}"""
    runner = _runner(host, asked)
    number = runner.input("kubectl", asked["command"])
    runner.finish_turn()
    return {"ok": True, "input": number}


@command
def fault(host, asked: dict, respond: Respond) -> dict:
    runner = _runner(host, asked)
    runner.fault(asked.get("action", ""), list(asked.get("args") or ()))
    if not runner.server.is_on:
        streaming.cut(runner)
    runner.finish_turn()
    return {"ok": True}


# -- looking ------------------------------------------------------------------------------------------------------------


@command
def hello(host, asked: dict, respond: Respond) -> dict:
    """A page begins to look, or comes back with its cursor."""
    runner = _runner(host, asked)
    runner.viewers.add(asked["viewer"])
    runner.pacing.reset()
    runner.finish_turn()
    return {"ok": True, "message": runner.snapshot_message(asked.get("cursor"), asked.get("run"))}


@command
def bye(host, asked: dict, respond: Respond) -> None:
    name = asked.get("sandbox", "")
    if name in host.viewers:
        host.viewers[name].discard(asked["viewer"])
        if name in host.runners:
            host.touched(name)  # with nobody looking, the clock decides


@command
def history(host, asked: dict, respond: Respond) -> dict:
    runner = _runner(host, asked)
    cells, rows, more = runner.display.history(int(asked["before"]), min(int(asked.get("limit") or 2000), 5000))
    return {"ok": True, "cells": cells, "rows": rows, "more": more}


@command
def inspect(host, asked: dict, respond: Respond) -> dict:
    """One object at a step: {subject, seq?}."""
    runner = _runner(host, asked)
    runner.finish_turn()
    found = inspection.inspect(runner, asked["subject"], asked.get("seq"))
    if found is None:
        raise Refused(f"{asked['subject']} does not exist at this step", f"{asked['subject']} 在这一步不存在")
    return {"ok": True, **found}


@command
def inside(host, asked: dict, respond: Respond) -> dict:
    """What goes on inside a Pod: {subject, at_ms?}."""
    runner = _runner(host, asked)
    at_ms = asked.get("at_ms")
    found = pictured(runner.simulation, asked["subject"], runner.display.at_ms if at_ms is None else at_ms)
    if found is None:
        raise Refused(f"no node has a sandbox of {asked['subject']}", f"没有节点拥有 {asked['subject']} 的沙箱", code=404)
    return {"ok": True, **found}


@command
def why(host, asked: dict, respond: Respond) -> dict:
    return {"ok": True, "why": inspection.why(_runner(host, asked), int(asked["seq"]))}


@command
def check(host, asked: dict, respond: Respond) -> dict:
    """What the API server would say of a manifest, by line; nothing is changed."""
    return {"ok": True, "errors": checking.check(_runner(host, asked).server, asked["text"])}


@command
def completion(host, asked: dict, respond: Respond) -> dict:
    return {"ok": True, "fields": checking.completion(asked.get("api_version", ""), asked.get("kind", ""), asked.get("path", ""))}


@command
def nodes(host, asked: dict, respond: Respond) -> dict:
    """The names of a sandbox's machines."""
    return {"ok": True, "nodes": list(_runner(host, asked).simulation.nodes)}


@command
def images(host, asked: dict, respond: Respond) -> dict:
    """What containerd of a node holds: {node}."""
    node = _runner(host, asked).simulation.nodes.get(asked.get("node", ""))
    if node is None:
        raise Refused(f"node {asked.get('node')!r} not found", f"找不到节点“{asked.get('node')}”", code=404)
    found = sorted(node.runtime.images(), key=lambda image: image.name or image.ref)
    return {"ok": True, "images": [{"name": image.name or image.ref, "digest": image.id, "size_bytes": image.size_bytes} for image in found]}


@command
def registry(host, asked: dict, respond: Respond) -> dict:
    """What a learner made of the sandbox's registry; with `named`, also what it has of the images that the cluster names."""
    simulation = _runner(host, asked).simulation
    source = registry_of(simulation.engine)
    state = source.state
    images = source.listing(supplies.named(simulation) if asked.get("named") else ())
    return {"ok": True, "images": images, "has_everything": not state.is_empty, "bytes_per_s": state.bandwidth_bytes_s,
            "broken": [{"domain": domain, "mode": mode} for domain, mode in state.broken.items()]}


@command
def repositories(host, asked: dict, respond: Respond) -> dict:
    """The commits of the sandbox's Git repositories, newest first."""
    source = repositories_of(_runner(host, asked).simulation.engine)
    return {"ok": True, "commits": source.listing(), "trees": source.trees()}


# -- sandboxes ------------------------------------------------------------------------------------------------------------


@command
def sandbox_list(host, asked: dict, respond: Respond) -> dict:
    return {"ok": True, "sandboxes": sandboxes.listing()}


@command
def sandbox_create(host, asked: dict, respond: Respond) -> dict:
    wishes = {key: asked.get(key) for key in ("nodes", "node_cpu", "node_memory", "seed", "rbac", "parallel_pulls", "scheduler_config")}
    sandbox = sandboxes.create(asked["name"], **wishes, profile=asked.get("profile") or "learner")
    host.runner(sandbox.name)
    return {"ok": True, "name": sandbox.name}


@command
def sandbox_delete(host, asked: dict, respond: Respond) -> dict:
    name = asked.get("sandbox", "")
    sandbox = sandboxes.find(name)
    if sandbox is None:
        raise Refused(f"sandbox {name!r} not found", f"找不到沙箱“{name}”", code=404)
    if name == "main":
        raise Refused("sandbox 'main' stays: reset it instead", "沙箱“main”不能删除：请改为重置")
    host.drop(name)
    host.viewers.pop(name, None)
    sandbox.delete()
    host.publish(name, {"type": "gone"})
    return {"ok": True}


@command
def sandbox_token(host, asked: dict, respond: Respond) -> dict:
    """The unguessable part of a sandbox's API address, for its kubeconfig."""
    name = asked.get("sandbox", "")
    sandbox = sandboxes.find(name)
    if sandbox is None:
        raise Refused(f"sandbox {name!r} not found", f"找不到沙箱“{name}”", code=404)
    return {"ok": True, "token": sandbox.token}
