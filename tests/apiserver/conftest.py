"""A server without a network: `ask` as a component, `http` as a client that sends bytes."""
import json

import pytest

from cluster.apiserver import http as wire
from tests.conformance.in_process import InProcess


class Client:
    """Speaks HTTP to an InProcess server; (status, headers, body) come back parsed."""

    def __init__(self, server: InProcess):
        self.server = server

    def __call__(self, method, path, body=None, *, query="", **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        request = wire.parse(method, path, query, {"User-Agent": "tests/1", "Content-Type": "application/json", **sent}, raw)
        code, found, content = wire.render(self.server.run(request), request.accept)
        media = dict(found).get("Content-Type", "")
        if media.endswith("+protobuf"):
            return code, dict(found), content
        return code, dict(found), json.loads(content) if media.startswith("application/json") else content.decode()


@pytest.fixture
def server():
    return InProcess()


@pytest.fixture
def http(server):
    return Client(server)


@pytest.fixture
def pod():
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
            "spec": {"containers": [{"name": "app", "image": "nginx:1"}]}}
