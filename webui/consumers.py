"""The page's WebSocket: it parses, forwards to the worker and passes frames on."""

from __future__ import annotations

import json
import secrets

from channels.generic.websocket import AsyncWebsocketConsumer

from cluster.worker.consumer import group_name

from .door import WorkerSilent, door

CONTROLS = {"hold", "run", "step", "stage", "settle", "jump", "speed", "pacing", "reset"}
MAX_MESSAGE = 3 * 1024 * 1024


class PageConsumer(AsyncWebsocketConsumer):
    """One viewer of one sandbox. Messages in: hello, control, kubectl, fault; out: snapshot, frame, gap, reply, gone."""

    async def connect(self) -> None:
        self.sandbox = self.scope["url_route"]["kwargs"]["sandbox"][:63]  # no name is longer
        self.viewer = secrets.token_hex(8)
        self.seen = -1  # the number of the newest message that was sent on; -1 before the hello
        await self.channel_layer.group_add(group_name(self.sandbox), self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(group_name(self.sandbox), self.channel_name)
        await door().tell({"do": "bye", "sandbox": self.sandbox, "viewer": self.viewer})

    async def frame(self, event: dict) -> None:
        """What happened in the sandbox, encoded once for everybody. What the hello's answer tells already is left out."""
        if self.seen >= 0 and (event["number"] > self.seen or not event["number"]):
            self.seen = max(self.seen, event["number"])
            await self.send(text_data=event["text"])

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message = parse(text_data)
        kind = message.get("type")
        if kind == "hello":
            await self.hello(message)
            return
        command = command_of(kind, message)
        if command is None:
            await self.answer(
                message, {"ok": False, "error": {"en": f"unknown message {kind!r}", "zh": f"未知消息 {kind!r}"}}
            )
            return
        try:
            answer = await door().ask({**command, "sandbox": self.sandbox})
        except WorkerSilent:
            answer = {"ok": False, "error": {"en": "the simulation does not answer", "zh": "模拟没有应答"}}
        except OverflowError:  # more than 64 bits cannot be sent on
            answer = {"ok": False, "error": {"en": "a number is too large", "zh": "数字太大"}}
        await self.answer(message, answer)

    async def hello(self, message: dict) -> None:
        hello = {"do": "hello", "sandbox": self.sandbox, "viewer": self.viewer}
        hello |= {name: message[name] for name in ("cursor", "run") if is_count(message.get(name))}
        try:
            answer = await door().ask(hello)
        except WorkerSilent:
            await self.close(code=1013)  # try again later; the page does
            return
        if answer.get("ok"):
            self.seen = answer["message"]["number"]
            await self.send(text_data=json.dumps(answer["message"], ensure_ascii=False, separators=(",", ":")))
        else:
            await self.send(text_data=json.dumps({"type": "gone", "error": answer["error"]}))

    async def answer(self, message: dict, answer: dict) -> None:
        reply = {"type": "reply", "id": message.get("id"), "ok": bool(answer.get("ok"))}
        if answer.get("error"):
            reply["error"] = answer["error"]
        await self.send(text_data=json.dumps(reply, ensure_ascii=False))


def is_count(value: object) -> bool:
    """Whether a value can be a seq or a number of runs."""
    return type(value) is int and 0 <= value < 1 << 53


def parse(text: str | None) -> dict:
    """A message as a dict; {} for what is none."""
    try:
        value = json.loads(text or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def command_of(kind: str | None, message: dict) -> dict | None:
    """The worker's command for a page's message; None if there is none."""
    if kind == "control" and message.get("action") in CONTROLS:
        return {"do": "control", "action": message["action"], "value": message.get("value")}
    if kind == "kubectl" and message.get("action") in ("apply", "delete", "scale"):
        return {"do": "kubectl", "command": {key: value for key, value in message.items() if key not in ("type", "id")}}
    if kind == "fault":
        args = message.get("args")
        return {
            "do": "fault",
            "action": str(message.get("action")),
            "args": [str(arg) for arg in args] if isinstance(args, list) else [],
        }
    return None
