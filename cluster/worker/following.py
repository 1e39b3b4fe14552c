"""Log streams of HTTP clients (`kubectl logs -f`): what a container writes goes out turn by turn, until it has ended.

Source: kubernetes pkg/kubelet/kuberuntime/logs (ReadLogs: a follow ends when the container is no longer running).
"""
from __future__ import annotations

import itertools
from collections.abc import Callable

from cluster.apiserver import http, options
from cluster.kubelet import logs
from cluster.meta.requests import Request
from cluster.runtime.state import Log

from .reads import Drawing

NUMBERS = itertools.count(-1, -1)   # apart from the numbers of watches
Respond = Callable[[dict], None]


def is_follow(request: Request) -> bool:
    return request.verb == "get" and request.subresource == "log" and options.boolean(request.options.get("follow", "false"))


def start(runner, request: Request, drawing: Drawing, respond: Respond) -> None:
    """Answer with what is there, then {watch, line} for what is written. A refusal, or a log that has ended, is a plain answer."""
    response = runner.server.handle(request, drawing.heard)
    code, headers, body = http.render(response, request.accept)
    found = runner.simulation.log_run(request) if code == 200 else None
    if found is None:
        respond({"status": code, "headers": headers, "body": body})
        drawing.answered(code)
        return
    follow = Follow.begin(runner, *found, request.options, room=room_of(request, body), respond=respond)
    respond({"status": code, "headers": headers, "watch": follow.id, "timeout_s": None, "bookmarks": False})
    if body:
        respond({"watch": follow.id, "line": body})
    runner.drawings[follow.id] = drawing
    drawing.answered(code)
    pump(runner)


def room_of(request: Request, body: bytes) -> int | None:
    """How many bytes may still come; None: any number."""
    limit = request.options.get("limitBytes", "")
    return int(limit) - len(body) if limit.isdigit() else None


def pump(runner) -> None:
    """Send on what was written since the last turn; end the streams of containers that have ended."""
    for follow in list(runner.follows.values()):
        if not runner.server.is_on or follow.id not in runner.watches or not follow.send_fresh():
            del runner.follows[follow.id]
            if runner.watches.pop(follow.id, None) is not None:
                follow.respond({"watch": follow.id, "end": True})
            if (drawing := runner.drawings.pop(follow.id, None)) is not None:
                drawing.ended()


class Follow:
    """One stream: of a container's run, up to a line."""

    def __init__(self, number: int, runtime, container: str, wanted: dict, clock, *, room: int | None, respond: Respond):
        self.id, self.runtime, self.container, self.clock = number, runtime, container, clock
        self.with_time = wanted.get("timestamps") in ("true", "1")
        self.room, self.respond = room, respond
        self.seen = self.log.written

    @classmethod
    def begin(cls, runner, runtime, container: str, wanted: dict, *, room: int | None, respond: Respond) -> Follow:
        """A stream of what is written from now on, among the runner's."""
        follow = cls(next(NUMBERS), runtime, container, wanted, runner.engine.clock, room=room, respond=respond)
        runner.watches[follow.id] = lambda kind, *rest: respond({"watch": follow.id, "end": True})
        runner.follows[follow.id] = follow
        return follow

    @property
    def log(self) -> Log:
        return self.runtime.state.logs.get(self.container) or Log()

    def send_fresh(self) -> bool:
        """Whether more may come."""
        run = self.runtime.state.containers.get(self.container)
        log = self.log
        fresh, self.seen = log.lines[max(0, len(log.lines) - (log.written - self.seen)):] if log.written > self.seen else [], log.written
        data = "".join(logs.shown(line, self.clock, with_time=self.with_time) for line in fresh).encode()
        if self.room is not None:
            data, self.room = data[:max(0, self.room)], self.room - len(data)
        if data:
            self.respond({"watch": self.id, "line": data})
        return run is not None and run.state == "running" and (self.room is None or self.room > 0)

