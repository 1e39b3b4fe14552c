"""portforward of the Kubernetes endpoint: each connection of a client becomes a conversation with the worker.

Two ways to carry connections over the WebSocket: kubectl tunnels SPDY, two streams a connection (`SPDY/3.1+portforward.k8s.io`);
the Python client has two channels a port, one connection each (`v4.channel.k8s.io`).

Source: k8s.io/apiserver pkg/util/proxy/streamtunnel.go; k8s.io/client-go tools/portforward; the kubelet's streaming server,
pkg/kubelet/server/portforward (httpstream.go, websocket.go).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import struct

from cluster.runtime.octets import bytes_of, text_of

from . import spdy
from .door import door

TUNNEL = "SPDY/3.1+portforward.k8s.io"
CHANNELS = "v4.channel.k8s.io"
PROTOCOLS = (TUNNEL, CHANNELS)
MOST_CONNECTIONS = 200  # at a time, of one client
PIECE = 32 * 1024


def inputs_of(token: str, begun: dict) -> dict:
    """The command that says something into a stream that has begun; its run, since after a reset its number may be another's."""
    return {"do": "stream_input", "token": token, "stream": begun["stream"], "node": begun["node"], "run": begun.get("run")}


class Connection:
    """One connection to a port of a Pod. told(kind, data): "data", "error" (words), at last "end"."""

    def __init__(self, token: str, about: dict, port: int, told):
        self.command = {"do": "forward", "token": token, "about": about, "port": port}
        self.token, self.told = token, told
        self.waiting: list[dict] = []  # what was said before the worker gave the connection its number
        self.about: dict | None = None
        self.is_dropped = False
        self.task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            async with door().conversation(self.command) as answers:
                async with answers.unless_given_up():
                    while await self._heard(await answers.get()):
                        pass
                if answers.is_given_up:  # the client reads too slowly
                    await self.say({"gone": True})
        finally:
            with contextlib.suppress(Exception):
                await self.told("end", b"")

    async def _heard(self, answer: dict) -> bool:
        """Pass on what the worker says; whether more may come."""
        if "stream" in answer:
            self.about = inputs_of(self.token, answer)
            for said in self.waiting:
                await door().tell({**self.about, **said})
            return not self.is_dropped
        if "channel" in answer:
            await self.told("data", bytes_of(answer["text"]))
            return True
        if "exit" not in answer:
            await self.told("error", words_of(answer.get("error")).encode())
        self.about = None
        return False

    async def say(self, said: dict) -> None:
        if self.about is not None:
            await door().tell({**self.about, **said})
        elif not self.task.done():
            self.waiting.append(said)

    async def write(self, data: bytes) -> None:
        if data:
            await self.say({"text": text_of(data)})

    async def end(self) -> None:
        """The client has no more to say."""
        await self.say({"closed": True})

    async def drop(self) -> None:
        """The client is gone."""
        has_number, self.is_dropped = self.about is not None, True
        await self.say({"gone": True})
        if has_number:
            self.task.cancel()


def words_of(error: str | dict | None) -> str:
    """Why a connection is not there: the node's words, or the worker's, which are in two languages."""
    return (error.get("en") if isinstance(error, dict) else error) or "the sandbox is not there any more"


class Tunnel:
    """SPDY over a WebSocket: streams in pairs, by the request's number in their headers."""

    def __init__(self, token: str, begun: dict, receive, send):
        self.token, self.about, self.receive, self.send = token, begun["forward"], receive, send
        self.spdy = spdy.Connection()
        self.halves: dict[str, dict[str, int]] = {}  # request → type → stream, until both are there
        self.connections: dict[int, Connection] = {}  # by the stream of their data

    async def run(self) -> None:
        try:
            while (message := await self.receive())["type"] != "websocket.disconnect":
                for event in self.spdy.receive(message.get("bytes") or b""):
                    await self.handle(event)
        except spdy.ProtocolError:
            await self.send({"type": "websocket.close", "code": 1002})
        finally:
            for connection in list(self.connections.values()):
                await connection.drop()

    async def handle(self, event: spdy.Event) -> None:
        if isinstance(event, spdy.Opened):
            await self.opened(event)
        elif isinstance(event, spdy.Data) and event.stream in self.connections:
            connection = self.connections[event.stream]
            await connection.write(event.data)
            if event.is_last:
                await connection.end()
        elif isinstance(event, spdy.Reset) and event.stream in self.connections:
            await self.connections.pop(event.stream).drop()
        elif isinstance(event, spdy.Pinged):
            await self.frame(self.spdy.pong(event.number))

    async def opened(self, event: spdy.Opened) -> None:
        """A stream is taken when its headers say what it is; with its other half it makes a connection."""
        kind, port, request = (event.headers.get(name, "") for name in ("streamtype", "port", "requestid"))
        is_known = kind in ("data", "error") and re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536
        has_room = max(len(self.halves), len(self.connections)) < MOST_CONNECTIONS
        pair = self.halves.setdefault(request, {}) if is_known and has_room else None
        if pair is None or kind in pair:
            await self.frame(self.spdy.reset(event.stream, spdy.PROTOCOL_ERROR))
            return
        await self.frame(self.spdy.reply(event.stream))
        pair[kind] = event.stream
        if len(pair) == 2:
            del self.halves[request]
            self.connections[pair["data"]] = Connection(self.token, self.about, int(port), self.teller(pair))

    def teller(self, pair: dict[str, int]):
        async def told(kind: str, data: bytes) -> None:
            if kind == "end":
                self.connections.pop(pair["data"], None)
                await self.frame(self.spdy.data(pair["data"], b"", is_last=True) + self.spdy.data(pair["error"], b"", is_last=True))
                return
            stream = pair["data" if kind == "data" else "error"]
            for at in range(0, len(data), PIECE):
                await self.frame(self.spdy.data(stream, data[at : at + PIECE]))

        return told

    async def frame(self, data: bytes) -> None:
        await self.send({"type": "websocket.send", "bytes": data})


class Channels:
    """Two channels a port: its data, and its error; each begins with the port's number."""

    def __init__(self, token: str, begun: dict, receive, send):
        self.receive, self.send, self.count = receive, send, len(begun["ports"])
        self.ports, self.token, self.about = begun["ports"], token, begun["forward"]

    async def run(self) -> None:
        for at, port in enumerate(self.ports):
            for channel in (2 * at, 2 * at + 1):
                await self.frame(channel, struct.pack("<H", port))
        self.connections = [Connection(self.token, self.about, port, self.teller(at)) for at, port in enumerate(self.ports)]
        try:
            while (message := await self.receive())["type"] != "websocket.disconnect":
                data = message.get("bytes") or (message.get("text") or "").encode()
                if len(data) > 1 and not data[0] % 2 and data[0] // 2 < len(self.connections):
                    await self.connections[data[0] // 2].write(data[1:])
        finally:
            for connection in self.connections:
                await connection.drop()

    def teller(self, at: int):
        async def told(kind: str, data: bytes) -> None:
            if kind != "end":
                await self.frame(2 * at + (kind == "error"), data)
                return
            self.count -= 1
            if not self.count:
                await self.send({"type": "websocket.close", "code": 1000})

        return told

    async def frame(self, channel: int, data: bytes) -> None:
        await self.send({"type": "websocket.send", "bytes": bytes([channel]) + data})
