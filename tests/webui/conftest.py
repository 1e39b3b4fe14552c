"""One real server for the tests of a module, and ways to talk to it."""
from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.servers import Server


class Api:
    """The control API and the Kubernetes endpoint of a running server."""

    def __init__(self, server: Server):
        self.server, self.place = server, urlsplit(server.url)

    def ask(self, method: str, path: str, body: object = None, headers: dict | None = None) -> tuple[int, object]:
        """(status, JSON or text)."""
        connection = http.client.HTTPConnection(self.place.hostname, self.place.port, timeout=30)
        data = body if isinstance(body, bytes) else json.dumps(body) if body is not None else None
        try:
            connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        is_json = reply.headers.get("Content-Type", "").startswith("application/json")
        return reply.status, json.loads(text) if is_json and text else text

    def sandbox(self, name: str, **settings) -> str:
        """A new sandbox that runs by the clock at full speed; its name."""
        assert self.ask("POST", "/api/sandboxes", {"name": name, "seed": 7, **settings})[0] == 200
        for action, value in (("pacing", "clock"), ("speed", 64), ("run", None)):
            self.control(name, action, value)
        return name

    def control(self, name: str, action: str, value: object = None) -> dict:
        status, answer = self.ask("POST", f"/api/sandboxes/{name}/control", {"action": action, "value": value})
        assert status == 200, answer
        return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture(scope="module")
def api(server):
    return Api(server)
