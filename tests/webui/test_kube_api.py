"""The Kubernetes endpoint's ways with clients that leave early; the worker is a double."""
from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest

from webui import kube_api
from webui.door import Answers

WATCH = {"status": 200, "headers": [], "watch": 7, "run": 3, "timeout_s": None, "bookmarks": False}


class Door:
    """A worker that answers once, late."""

    def __init__(self, answer: dict, *, late_s: float):
        self.answer, self.late_s, self.told = answer, late_s, []

    @contextlib.asynccontextmanager
    async def conversation(self, command: dict):
        answers = Answers()
        asyncio.get_running_loop().call_later(self.late_s, answers.put, msgspec.msgpack.encode(self.answer))
        yield answers

    async def tell(self, command: dict) -> None:
        self.told.append(command)


@pytest.mark.parametrize(("answer", "told"), [(WATCH, [{"do": "unwatch", "token": "t", "watch": 7, "run": 3}]), ({"status": 200, "body": b""}, [])])
async def test_a_watch_whose_client_went_before_it_began_is_ended(monkeypatch, answer, told):
    door = Door(answer, late_s=0.05)
    monkeypatch.setattr(kube_api, "door", lambda: door)
    monkeypatch.setattr(kube_api, "QUICK_S", 0.01)

    async def receive() -> dict:
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        raise AssertionError("nobody is there to read")

    await kube_api.converse({"do": "kube", "method": "GET"}, "t", {}, receive, send)
    assert door.told == told
