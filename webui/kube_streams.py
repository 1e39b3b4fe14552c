"""exec and attach of the Kubernetes endpoint as plain ASGI: a WebSocket of channels, each frame's first byte says which.

portforward comes in here too, and goes on in port_forward.py; a log asked for over a WebSocket is the answer to a GET in frames.

Source: k8s.io/apimachinery pkg/util/remotecommand/constants.go; k8s.io/apiserver pkg/util/proxy/websocket.go (v5 adds closing of stdin);
k8s.io/streaming pkg/httpstream/wsstream (stream.go, the protocols of logs), k8s.io/kubelet pkg/cri/streaming/remotecommand/websocket.go.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

from cluster.runtime.octets import bytes_of, text_of

from . import port_forward
from .address import address_of
from .door import Answers, door
from .kube_api import converse, encoded
from .terminal.held import tell_if_held

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io")  # the last says how a command ended in words, and nothing of success
LOG_PROTOCOLS = ("binary.k8s.io",)
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
CHANNELS = {"stdout": STDOUT, "stderr": STDERR}
MOST_FRAME = 1024 * 1024
MOST_SIDE = 10_000  # rows and columns of a terminal


class KubeStreams:
    """ASGI middleware: answers sockets of a sandbox's API, whose address is the credential; passes everything else on."""

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send) -> None:
        address = address_of(scope) if scope["type"] == "websocket" else None
        if address is None:
            await self.inner(scope, receive, send)
            return
        await receive()  # websocket.connect
        known = LOG_PROTOCOLS if scope["path"].endswith("/log") else port_forward.PROTOCOLS if scope["path"].endswith("/portforward") else PROTOCOLS
        protocol = next((each for each in known if each in scope.get("subprotocols", ())), None)
        if protocol is None:
            await send({"type": "websocket.close", "code": 1002})
            return
        token, session = address.token, address.session
        command = {"do": "stream", "token": token, "path": address.path, "query": scope["query_string"].decode("latin-1"),
                   "headers": address.headers, "terminal": bool(session)}
        if known is LOG_PROTOCOLS:
            await converse({**command, "do": "kube", "method": "GET", "body": b""}, token, {}, receive, framed(send, protocol))
            return
        async with door().conversation(command) as answers:
            first = await answers.get()
            if "stream" not in first and "forward" not in first:
                await refuse(send, first)
                return
            await send({"type": "websocket.accept", "subprotocol": protocol})
            if "forward" in first:
                carrier = port_forward.Tunnel if protocol == port_forward.TUNNEL else port_forward.Channels
                await carrier(token, first, receive, send).run()
                return
            await Stream(token, first, receive, send, protocol=protocol).run(answers, session)


def framed(send, protocol: str):
    """A `send` of HTTP messages that sends their bytes over a WebSocket; what is no success is answered over HTTP."""
    is_refused = False

    async def send_framed(message: dict) -> None:
        nonlocal is_refused
        if message["type"] == "http.response.start":
            is_refused = message["status"] != 200
            begin = {"type": "websocket.accept", "subprotocol": protocol}
            await send({**message, "type": "websocket.http.response.start"} if is_refused else begin)
        elif is_refused:
            await send({**message, "type": "websocket.http.response.body"})
        else:
            if message.get("body"):
                await send({"type": "websocket.send", "bytes": message["body"]})
            if not message.get("more_body"):
                await send({"type": "websocket.close", "code": 1000})

    return send_framed


async def refuse(send, answer: dict) -> None:
    """Answer over HTTP; kubectl then asks once more by POST, others show it."""
    body = answer["body"] if "body" in answer else answer["error"]["en"].encode() + b"\n"
    await send({"type": "websocket.http.response.start", "status": answer.get("status", 500), "headers": encoded(answer.get("headers", []))})
    await send({"type": "websocket.http.response.body", "body": body})


class Stream:
    """One stream, both ways."""

    def __init__(self, token: str, begun: dict, receive, send, *, protocol: str):
        self.about = port_forward.inputs_of(token, begun)
        self.token, self.receive, self.send, self.has_closing = token, receive, send, protocol == PROTOCOLS[0]
        self.has_status = protocol != PROTOCOLS[-1]
        self.held_back = b""  # a sign that is not whole yet

    async def run(self, answers: Answers, session: str) -> None:
        tasks = [asyncio.ensure_future(self.inward()), asyncio.ensure_future(self.outward(answers))]
        telling = asyncio.ensure_future(tell_if_held(self.token, session, "exec")) if session else None
        self.first_word = telling.cancel if telling is not None else lambda: None
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in [*tasks, *([telling] if telling else [])]:
                task.cancel()
            with contextlib.suppress(Exception):
                await door().tell({**self.about, "gone": True})

    async def inward(self) -> None:
        """What the client sends, until it is gone."""
        while (message := await self.receive())["type"] != "websocket.disconnect":
            data = message.get("bytes") or (message.get("text") or "").encode()
            if len(data) < 2 or len(data) > MOST_FRAME:
                continue
            if data[0] == STDIN:
                whole, self.held_back = split_at_sign(self.held_back + data[1:])
                if whole:
                    await door().tell({**self.about, "text": text_of(whole)})
            elif data[0] == RESIZE and (size := size_of(data[1:])):
                await door().tell({**self.about, "size": size})
            elif data[0] == CLOSE and self.has_closing and data[1] == STDIN:
                last, self.held_back = self.held_back, b""
                await door().tell({**self.about, "closed": True, **({"text": text_of(last)} if last else {})})

    async def outward(self, answers: Answers) -> None:
        """What the command writes, until it has ended or the client has read too slowly for too long."""
        async with answers.unless_given_up():
            while True:
                answer = await answers.get()
                self.first_word()
                if "channel" in answer:
                    await self.frame(CHANNELS[answer["channel"]], bytes_of(answer["text"]))
                elif "exit" in answer or "error" in answer:
                    status = status_of(answer)
                    if self.has_status or status["status"] != "Success":
                        await self.frame(ERROR, (json.dumps(status) if self.has_status else status["message"]).encode())
                    await self.send({"type": "websocket.close", "code": 1000})
                    return
        await self.send({"type": "websocket.close", "code": 1013})  # try again later

    async def frame(self, channel: int, data: bytes) -> None:
        await self.send({"type": "websocket.send", "bytes": bytes([channel]) + data})


def split_at_sign(data: bytes) -> tuple[bytes, bytes]:
    """(what is whole, the beginning of a UTF-8 sign whose rest is still to come)."""
    for length in range(1, min(3, len(data)) + 1):
        byte = data[-length]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return (data[:-length], data[-length:]) if needed > length else (data, b"")
        if byte < 0x80:
            break
    return data, b""


def size_of(data: bytes) -> list[int] | None:
    """[rows, columns] that a client says its terminal has. Source: k8s.io/client-go tools/remotecommand/resize.go."""
    try:
        said = json.loads(data)
        size = [int(said["Height"]), int(said["Width"])]
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    return size if all(0 < side <= MOST_SIDE for side in size) else None


def status_of(answer: dict) -> dict:
    """How a command ended, as a Status. Source: k8s.io/kubelet pkg/cri/streaming/remotecommand/exec.go (ServeExec)."""
    if "error" in answer:
        words = answer["error"]
        return {"metadata": {}, "status": "Failure", "message": f"Internal error occurred: Internal error occurred: {words}",
                "reason": "InternalError",
                "details": {"causes": [{"message": words}]}, "code": 500}  # fmt: skip
    code = answer["exit"]
    if not code:
        return {"metadata": {}, "status": "Success"}
    words = f"command terminated with non-zero exit code: command terminated with exit code {code}"
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return {"metadata": {}, "status": "Failure", "message": words, "reason": "NonZeroExitCode", "details": {"causes": causes}}
