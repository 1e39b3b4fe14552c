"""A server of its own for the tests of a client library: its sandbox runs by the clock, and its log is kept."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.servers import Server

SPEED = 8  # of the cluster's clock, so that grace periods and back-offs are short


class World:
    """A running server with one sandbox; `kubeconfig` is what a client library loads."""

    def __init__(self, server: Server, sandbox: str = "main"):
        self.server, self.sandbox, self.url = server, sandbox, server.url
        text = urllib.request.urlopen(f"{self.url}api/sandboxes/{sandbox}/kubeconfig", timeout=60).read()
        self.kubeconfig: dict = yaml.safe_load(text)

    @property
    def api(self) -> str:
        """The address of the sandbox's Kubernetes API."""
        return self.kubeconfig["clusters"][0]["cluster"]["server"]

    def control(self, action: str, value: object = None) -> dict:
        body = json.dumps({"action": action, "value": value}).encode()
        request = urllib.request.Request(f"{self.url}api/sandboxes/{self.sandbox}/control", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def write_kubeconfig(self, path: Path) -> Path:
        path.write_text(yaml.safe_dump(self.kubeconfig))
        return path


@contextmanager
def running(data: Path, speed: int = SPEED) -> Iterator[World]:
    """A server whose sandbox runs; at its end its log must hold no traceback."""
    with Server(data) as server:
        world = World(server)
        for action, value in (("pacing", "clock"), ("speed", speed), ("run", None)):
            world.control(action, value)
        yield world
        assert "Traceback" not in server.output, server.output


def until(what: Callable[[], object], within_s: float = 60) -> object:
    """The first true value that `what` returns; fails when none comes in time."""
    end = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < end, f"not within {within_s} s"
        time.sleep(0.05)
    return found
