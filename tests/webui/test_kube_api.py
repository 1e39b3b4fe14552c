"""The Kubernetes endpoint's ways with clients that leave early; the worker is a double."""
from __future__ import annotations

import asyncio
import contextlib
import math

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


@pytest.mark.parametrize(("now_s", "end_s", "expected"), [
    (0, math.inf, 60), (100, math.inf, 160), (0, 30, 28), (0, 300, 60), (240, 300, 298), (298, 300, 358), (0, 1, 60),
])
def test_a_watch_is_marked_each_minute_and_shortly_before_its_end(now_s, end_s, expected):
    assert kube_api.next_mark(now_s, end_s) == expected


async def test_events_do_not_put_a_bookmark_off(monkeypatch):
    """A busy watch is marked as often as one that hears nothing."""
    monkeypatch.setattr(kube_api, "BOOKMARK_S", 0.03)
    answers, sent, gone = Answers(), [], asyncio.get_running_loop().create_future()

    async def mark(answer, token) -> None:
        sent.append("mark")
        gone.set_result(None)

    async def send(message: dict) -> None:
        sent.append(message["body"])
        asyncio.get_running_loop().call_later(0.01, answers.put, msgspec.msgpack.encode({"line": b"event"}))

    monkeypatch.setattr(kube_api, "bookmark", mark)
    answers.put(msgspec.msgpack.encode({"line": b"event"}))
    async with asyncio.timeout(2):
        await kube_api.lines(WATCH, answers, "t", gone, send)
    assert sent[-1] == "mark" and sent.count(b"event") > 1


def test_headers_are_sent_as_utf8():
    assert kube_api.encoded([["Warning", '299 - "名"'], ["X", 1]]) == [(b"Warning", '299 - "名"'.encode()), (b"X", b"1")]
