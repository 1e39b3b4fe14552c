"""What a worker can be asked: one function a command, all run on the simulation thread.

A command is {do, sandbox, …}; the answer is {ok, …}, or None when it comes later.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cluster.apiserver import http
from cluster.meta.status import StatusError
from cluster.store.memory import Compacted

from . import sandboxes
from .runner import Refused, Runner

Respond = Callable[[dict], None]
COMMANDS: dict[str, Callable] = {}


def command(function: Callable) -> Callable:
    COMMANDS[function.__name__] = function
    return function


def handle(host, asked: dict, respond: Respond) -> dict | None:
    """Do a command; raises Refused for one that makes no sense."""
    function = COMMANDS.get(asked.get("do", ""))
    if function is None:
        raise Refused(f"unknown command {asked.get('do')!r}")
    return function(host, asked, respond)


def _runner(host, asked: dict) -> Runner:
    name = asked.get("sandbox", "")
    if not name and "token" in asked:
        sandbox = sandboxes.find_by_token(asked["token"])
        name = sandbox.name if sandbox else ""
    runner = host.runner(name)
    host.touched(name)
    return runner


# -- the Kubernetes API -----------------------------------------------------------------------------------------------


@command
def kube(host, asked: dict, respond: Respond) -> dict | None:
    """One HTTP request {token, method, path, query, headers, body}; answered with {status, headers, body}."""
    try:
        runner = _runner(host, asked)
    except Refused:
        return {"status": 404, "headers": [("Content-Type", "text/plain; charset=utf-8")], "body": b"404 page not found\n"}
    try:
        request = http.parse(asked["method"], asked["path"], asked["query"], asked["headers"], asked["body"])
        if request.verb == "watch":
            return _watch(runner, request, asked, respond)
        if request.verb in ("get", "list", "raw"):
            return _rendered(runner.server.handle(request), request)
    except StatusError as refusal:
        return _refused(refusal, asked)
    runner.input("request", msgspec.to_builtins(request), token=lambda kind, sent, answer: respond(_rendered(answer, sent)))
    return None


def _rendered(response: Any, request: Any) -> dict:
    status, headers, body = http.render(response, request)
    return {"status": status, "headers": headers, "body": body}


def _refused(refusal: StatusError, asked: dict) -> dict:
    status, headers, body = http.render_error(refusal, asked["headers"])
    return {"status": status, "headers": headers, "body": body}


def _watch(runner: Runner, request: Any, asked: dict, respond: Respond) -> dict | None:
    """Start a watch: respond({watch: id, status, headers}) once, then {watch: id, line: bytes} for each event."""
    watch = http.watch_spec(request, runner.server.context)   # raises StatusError; .initial: events to send first
    try:
        watcher = runner.server.watch_external(watch.spec, watch.revision)
    except Compacted:
        respond({"status": 200, "headers": watch.headers, "watch": 0})
        respond({"watch": 0, "line": http.expired_line(watch.revision, runner.server.context)})
        respond({"watch": 0, "end": True})
        return None
    respond({"status": 200, "headers": watch.headers, "watch": watcher.id, "timeout_s": watch.timeout_s,
             "bookmarks": watch.bookmarks})
    for kind, obj in watch.initial:
        respond({"watch": watcher.id, "line": http.watch_line(kind, obj, request, runner.server.context)})

    def send(kind: str, event_type: str = "", obj: dict | None = None) -> None:
        if kind == "end":
            respond({"watch": watcher.id, "end": True})
        else:
            respond({"watch": watcher.id, "line": http.watch_line(event_type, obj, request, runner.server.context)})

    runner.watches[watcher.id] = send
    runner.watch_requests[watcher.id] = request
    return None


@command
def unwatch(host, asked: dict, respond: Respond) -> dict:
    runner = _runner(host, asked)
    runner.server.unwatch(asked["watch"])
    runner.watches.pop(asked["watch"], None)
    runner.watch_requests.pop(asked["watch"], None)
    return {"ok": True}


@command
def bookmark(host, asked: dict, respond: Respond) -> dict:
    """A line for a watch that asked for bookmarks."""
    runner = _runner(host, asked)
    request = runner.watch_requests.get(asked["watch"])
    return {"ok": True, "line": http.bookmark_line(request, runner.server.context) if request else b""}


# -- time ---------------------------------------------------------------------------------------------------------------


@command
def control(host, asked: dict, respond: Respond) -> dict:
    """{action: hold | run | step | stage | settle | jump | speed | pacing | reset, value?}"""
    runner, action, value = _runner(host, asked), asked.get("action"), asked.get("value")
    if action in ("hold", "run", "settle", "stage", "reset"):
        getattr(runner, action)()
    elif action in ("step", "jump"):
        runner.step(_number(value, 1, whole=True))
    elif action == "speed":
        runner.set_speed(_number(value, 1.0))
    elif action == "pacing":
        runner.set_pacing(str(value))
    else:
        raise Refused(f"unknown action {action!r}: choose hold, run, step, stage, settle, jump, speed, pacing or reset")
    runner.finish_turn()
    return {"ok": True, **runner.head()}


def _number(value: Any, default: float, *, whole: bool = False) -> Any:
    if value is None or value == "":
        return default
    try:
        return int(value) if whole else float(value)
    except (TypeError, ValueError):
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
    return {"ok": True, "message": runner.snapshot_message(asked.get("cursor"))}


@command
def bye(host, asked: dict, respond: Respond) -> None:
    runner = host.runners.get(asked.get("sandbox", ""))
    if runner is not None:
        runner.viewers.discard(asked["viewer"])


@command
def history(host, asked: dict, respond: Respond) -> dict:
    runner = _runner(host, asked)
    cells, rows, more = runner.display.history(int(asked["before"]), min(int(asked.get("limit") or 2000), 5000))
    return {"ok": True, "cells": cells, "rows": rows, "more": more}


# -- sandboxes ------------------------------------------------------------------------------------------------------------


@command
def sandbox_list(host, asked: dict, respond: Respond) -> dict:
    return {"ok": True, "sandboxes": sandboxes.listing()}


@command
def sandbox_create(host, asked: dict, respond: Respond) -> dict:
    try:
        sandbox = sandboxes.create(asked["name"], **{key: asked.get(key) for key in ("nodes", "node_cpu", "node_memory", "seed")},
                                   profile=asked.get("profile") or "learner")
    except sandboxes.BadSandbox as error:
        raise Refused(str(error)) from None
    host.runner(sandbox.name)
    return {"ok": True, "name": sandbox.name}


@command
def sandbox_delete(host, asked: dict, respond: Respond) -> dict:
    name = asked.get("sandbox", "")
    sandbox = sandboxes.find(name)
    if sandbox is None:
        raise Refused(f"sandbox {name!r} not found", f"找不到沙箱“{name}”")
    if name == "main":
        raise Refused("sandbox 'main' stays: reset it instead", "沙箱“main”不能删除：请改为重置")
    host.drop(name)
    sandbox.delete()
    host.publish(name, {"type": "gone"})
    return {"ok": True}


@command
def sandbox_token(host, asked: dict, respond: Respond) -> dict:
    """The unguessable part of a sandbox's API address, for its kubeconfig."""
    name = asked.get("sandbox", "")
    sandbox = sandboxes.find(name)
    if sandbox is None:
        raise Refused(f"sandbox {name!r} not found", f"找不到沙箱“{name}”")
    return {"ok": True, "token": sandbox.token}
