"""A server for the referee's players with a whole control plane behind it, on the simulation's own clock: who sleeps lets it run."""
from __future__ import annotations

import json
from urllib.parse import quote

from cluster.apiserver import http
from cluster.apiserver.server import ReplyTo
from cluster.worker.simulation import Simulation, settings_for
from tests.conformance.in_process import kept, parsed


class Simulated:
    """What wire.Server is for a real server, and what the module `time` is for a player."""

    def __init__(self, profile: str = "empty", *, without: tuple[str, ...] = (), **settings):
        self.simulation = Simulation(settings_for(profile, **settings), trace=False, without=without).boot()
        self.engine, self.server, self.sent = self.simulation.engine, self.simulation.server, 0

    def send(self, method: str, path: str, *, query: dict | None = None, headers: dict | None = None,
             body: object = None, text: str | None = None, timeout_s: float = 60):
        """The reply to one HTTP request; the cluster runs until it is there."""
        from wire import Reply
        payload = text.encode() if text is not None else None if body is None else json.dumps(body).encode()
        sent = {"Accept": "application/json", "User-Agent": "scheduling/1"}
        sent |= {"Content-Type": "application/json"} if payload is not None else {}
        request = http.parse(method, quote(path, safe="/:@$&+,;=~%"), query or {}, {**sent, **(headers or {})}, payload or b"",
                             user="kubernetes-admin", groups=["system:masters"])
        self.sent += 1
        self.server.submit(request, ReplyTo(external=self.sent), sender="client")
        while not any(entry[0] == "reply" and entry[1] == self.sent for entry in self.server.outbox):
            assert self.engine.step() is not None, f"no answer to {method} {path}"
        answer = next(entry[3] for entry in self.server.outbox if entry[0] == "reply" and entry[1] == self.sent)
        self.server.outbox = []
        code, found, raw = http.render(answer, request.accept)
        return Reply(code, kept(found), parsed(raw, many=False))

    def get(self, path: str, **query: str) -> dict:
        """The object or list at a path; raises LookupError when it is refused."""
        reply = self.send("GET", path, query=query or None)
        if reply.status != 200:
            raise LookupError(f"GET {path}: {reply.status} {reply.body}")
        return reply.body

    # -- as the module time -----------------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        self.engine.run_until(self.engine.now_ms + max(round(seconds * 1000), 1))

    def monotonic(self) -> float:
        return self.engine.now_ms / 1000
