"""The tunnel of port-forward: what is not a connection is reset, what is no SPDY ends the socket. No worker is asked."""

from __future__ import annotations

import asyncio
import struct

import pytest

from webui.port_forward import Tunnel, words_of
from webui.spdy import FIN, PING, RST_STREAM

from .test_spdy import Client, control


def played(*messages: bytes) -> list[dict]:
    """What a tunnel sends when these messages come, and then the end."""
    waiting = [{"type": "websocket.receive", "bytes": each} for each in messages] + [{"type": "websocket.disconnect"}]
    sent: list[dict] = []

    async def receive() -> dict:
        return waiting.pop(0)

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(Tunnel("token", {"forward": {}}, receive, send).run())
    return sent


@pytest.mark.parametrize(
    "headers",
    [
        {"streamtype": "data", "port": "0", "requestid": "0"},
        {"streamtype": "data", "port": "70000", "requestid": "0"},
        {"streamtype": "data", "port": "80x", "requestid": "0"},
        {"streamtype": "data", "port": "8" * 5000, "requestid": "0"},
        {"streamtype": "other", "port": "80", "requestid": "0"},
        {"port": "80"},
    ],
)
def test_a_stream_that_says_not_what_it_is_is_reset(headers):
    assert played(Client().opens(1, **headers)) == [{"type": "websocket.send", "bytes": control(RST_STREAM, struct.pack(">II", 1, 1))}]


def test_a_second_stream_of_the_same_kind_is_reset():
    client = Client()
    sent = played(*(client.opens(stream, flags=FIN, streamtype="error", port="80", requestid="4") for stream in (1, 3)))
    assert [message["bytes"][:4] for message in sent] == [b"\x80\x03\x00\x02", b"\x80\x03\x00\x03"]


def test_pings_are_answered_and_data_of_unknown_streams_left_alone():
    assert played(struct.pack(">II", 9, 2) + b"ab", control(PING, struct.pack(">I", 1))) == [
        {"type": "websocket.send", "bytes": control(PING, struct.pack(">I", 1))}]  # fmt: skip


def test_what_is_no_spdy_ends_the_socket():
    assert played(b"GET / HTTP/1.1\r\n\r\n") == [{"type": "websocket.close", "code": 1002}]


def test_streams_without_their_other_half_are_bounded():
    client = Client()
    sent = played(*(client.opens(2 * at + 1, streamtype="error", port="80", requestid=str(at)) for at in range(210)))
    kinds = [message["bytes"][3] for message in sent]
    assert kinds == [2] * 200 + [3] * 10


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("connection refused", "connection refused"),
        ({"en": "the simulation stopped", "zh": "模拟已停止"}, "the simulation stopped"),
        (None, "the sandbox is not there any more"),
    ],
)
def test_why_a_connection_is_not_there_is_said_in_words(error, words):
    assert words_of(error) == words
