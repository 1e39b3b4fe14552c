"""The page's WebSocket on the real ASGI application and a worker of its own: hello, frames, cursors, bad messages."""
from __future__ import annotations

import asyncio
import base64
import json
import os

import pytest

from tests.servers import Server

from .conftest import Api

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: app, image: 'nginx/nginx:v1'}]}\n"


class Socket:
    """A WebSocket client of a few lines: text frames only, as a browser sends and gets them."""

    async def open(self, server: Server, sandbox: str) -> Socket:
        host, port = server.url.removeprefix("http://").strip("/").split(":")
        self.reader, self.writer = await asyncio.open_connection(host, int(port), limit=1 << 26)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write((f"GET /ws/s/{sandbox}/ HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {server.url.rstrip('/')}\r\nUpgrade: websocket\r\n"
                           f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
        answer = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in answer.partition(b"\r\n")[0], answer
        return self

    def send_text(self, text: str) -> None:
        data, mask = text.encode(), os.urandom(4)
        size = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0x80 | 126]) + len(data).to_bytes(2, "big")
        self.writer.write(b"\x81" + size + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def send(self, **message) -> None:
        self.send_text(json.dumps(message))

    async def get(self, kind: str = "") -> dict:
        """The next message (of a kind)."""
        while True:
            head = await asyncio.wait_for(self.reader.readexactly(2), 20)
            size = head[1] & 127
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big") if size > 125 else size
            data = await self.reader.readexactly(size)
            if head[0] & 15 == 1:
                message = json.loads(data)
                if not kind or message["type"] == kind:
                    return message

    async def ask(self, **message) -> dict:
        self.send(id=7, **message)
        return await self.get("reply")

    def close(self) -> None:
        self.writer.close()


@pytest.fixture
async def socket(server):
    opened = await Socket().open(server, "main")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def held(api: Api):
    api.control("main", "reset")


async def test_hello_is_answered_by_the_whole_picture(socket):
    socket.send(type="hello", cursor=None)
    message = await socket.get()
    assert message["type"] == "snapshot" and message["sandbox"]["name"] == "main" and message["mode"] == "held"
    assert "nodes" in message["cells"] and message["step"] == 0


async def test_frames_come_in_order_without_gap_or_double_and_a_cursor_resumes(socket, server):
    socket.send(type="hello", cursor=None)
    first = await socket.get("snapshot")
    socket.send(type="kubectl", action="apply", files=[{"name": "x", "text": POD % "web"}])
    socket.send(type="control", action="speed", value=64)
    socket.send(type="control", action="run")
    known, steps = first["seq"], []
    while len(steps) < 40:
        frame = await socket.get("frame")
        assert frame["after_seq"] <= known
        fresh = [row for row in frame["rows"] if row["seq"] > known]
        assert len(fresh) == len(frame["rows"])
        known = max([known, *(row["seq"] for row in fresh)])
        steps += [row["step"] for row in fresh if row["step"] is not None]
    assert steps == list(range(1, len(steps) + 1))
    again = await Socket().open(server, "main")
    again.send(type="hello", cursor=known, run=first["sandbox"]["run"])
    frame = await again.get()
    assert frame["type"] == "frame" and frame["after_seq"] == known
    assert [row["step"] for row in frame["rows"] if row["step"] is not None][:1] in ([], [steps[-1] + 1])
    again.close()


async def test_a_cursor_of_an_earlier_run_gets_the_whole_picture(socket, api):
    socket.send(type="hello", cursor=None)
    run = (await socket.get("snapshot"))["sandbox"]["run"]
    api.control("main", "reset")
    assert (await socket.get("snapshot"))["sandbox"]["run"] == run + 1   # told to everyone who looks
    socket.send(type="hello", cursor=50, run=run)
    assert (await socket.get())["type"] in ("snapshot", "frame")


async def test_two_viewers_see_the_same(socket, server):
    other = await Socket().open(server, "main")
    for one in (socket, other):
        one.send(type="hello", cursor=None)
        await one.get("snapshot")
    assert (await other.ask(type="kubectl", action="apply", files=[{"name": "x", "text": POD % "web"}]))["ok"]
    other.send(type="control", action="step")

    async def first_step(one: Socket) -> dict:
        while True:
            rows = [row for row in (await one.get("frame"))["rows"] if row["step"] is not None]
            if rows:
                return rows[0]

    assert await first_step(socket) == await first_step(other)
    other.close()


async def test_an_unknown_sandbox_is_gone(server):
    socket = await Socket().open(server, "nowhere")
    socket.send(type="hello", cursor=None)
    message = await socket.get()
    assert message["type"] == "gone" and "not found" in message["error"]["en"]
    socket.close()


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", '{"type": 5}', '{"type": "melt"}', '{"type": "control", "action": "__init__"}',
                                  '{"type": "kubectl", "action": "exec"}', '{"type": "control", "action": "speed", "value": [1]}',
                                  '{"type": "control", "action": "step", "value": 1e400}', '{"type": "fault", "args": {"a": 1}}',
                                  '{"type": "control", "action": "step", "value": 99999999999999999999999}'])
async def test_a_message_that_makes_no_sense_is_refused_and_the_socket_goes_on(socket, text):
    socket.send_text(text)
    assert (await socket.get("reply"))["ok"] is False
    socket.send(type="hello", cursor=None)
    assert (await socket.get())["type"] == "snapshot"


@pytest.mark.parametrize("cursor", ["x", True, 1.5, -3, [], 10**30])
async def test_a_cursor_that_is_none_gets_the_whole_picture(socket, cursor):
    socket.send(type="hello", cursor=cursor)
    assert (await socket.get())["type"] == "snapshot"


@pytest.mark.parametrize("path", ["/ws/s/main/", "/ws/terminal/main/"])
@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "http://localhost", "null"])
async def test_another_sites_page_cannot_open_a_socket(server, path, origin):
    host, port = server.url.removeprefix("http://").strip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write((f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").encode())
    assert b" 403 " in (await reader.readline())
    writer.close()


def test_nothing_of_this_is_logged_as_an_error(server):
    assert "Traceback" not in server.output
