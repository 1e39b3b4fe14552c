"""Logs and commands over WebSockets in the older protocols: what is framed, and how an end is told."""

import asyncio
import contextlib

import pytest

from webui.kube_streams import PROTOCOLS, Stream, framed


class Heard(list):
    async def __call__(self, message):
        self.append(message)


class Answers:
    """What the worker says, one after the other."""

    def __init__(self, *said):
        self.said = list(said)

    async def get(self):
        return self.said.pop(0)

    @contextlib.asynccontextmanager
    async def unless_given_up(self):
        yield


def test_a_log_is_the_body_of_an_answer_in_frames():
    heard = Heard()

    async def run():
        send = framed(heard, "binary.k8s.io")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"alive\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    asyncio.run(run())
    assert [each["type"] for each in heard] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert heard[0]["subprotocol"] == "binary.k8s.io" and heard[1]["bytes"] == b"alive\n"


def test_a_log_that_is_not_there_is_refused_over_http():
    heard = Heard()

    async def run():
        send = framed(heard, "binary.k8s.io")
        await send({"type": "http.response.start", "status": 404, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"{}"})

    asyncio.run(run())
    assert heard[0] == {"type": "websocket.http.response.start", "status": 404, "headers": [(b"a", b"b")]}
    assert heard[1]["body"] == b"{}"


@pytest.mark.parametrize(
    "protocol, code, words",
    [
        ("channel.k8s.io", 0, None),
        ("channel.k8s.io", 3, b"\x03command terminated with non-zero exit code: command terminated with exit code 3"),
        ("v4.channel.k8s.io", 0, b'\x03{"metadata": {}, "status": "Success"}'),
    ],
)
def test_the_oldest_protocol_tells_of_failures_alone_and_in_words(protocol, code, words):
    heard = Heard()

    async def never():
        await asyncio.sleep(1_000)

    stream = Stream("token", {"stream": 1, "node": "n"}, never, heard, protocol=protocol)
    stream.first_word = lambda: None
    asyncio.run(stream.outward(Answers({"channel": "stdout", "text": "hi\n"}, {"exit": code})))
    frames = [each["bytes"] for each in heard if each["type"] == "websocket.send"]
    assert protocol in PROTOCOLS and frames == [b"\x01hi\n", *([words] if words else [])] and heard[-1]["code"] == 1000
