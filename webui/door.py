"""The way from the web to the worker: commands and answers over the channel layer."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from typing import Any

import msgspec
from channels.layers import get_channel_layer

WORKER_CHANNEL = "simulation"
TIMEOUT_S = 30


class WorkerSilent(Exception):
    """No answer came in time."""


class Door:
    """One per event loop: sends commands, and gives each answer to whoever asked. `open()` before use."""

    def __init__(self):
        self.layer = get_channel_layer()
        self.channel = f"door.{secrets.token_hex(8)}"
        self.ids = itertools.count(1)
        self.queues: dict[str, asyncio.Queue] = {}
        self.listener: asyncio.Task | None = None

    def open(self) -> "Door":
        if self.listener is None:
            self.listener = asyncio.get_running_loop().create_task(self._listen())
        return self

    async def _listen(self) -> None:
        while True:
            message = await self.layer.receive(self.channel)
            answers = self.queues.get(message["id"])
            if answers is not None:
                answers.put_nowait(msgspec.msgpack.decode(message["data"]))

    async def ask(self, command: dict, *, timeout_s: float | None = TIMEOUT_S) -> dict:
        """Send a command and wait for its one answer; timeout_s None waits for as long as the sandbox is held."""
        async with self.conversation(command) as answers:
            try:
                return await asyncio.wait_for(answers.get(), timeout_s)
            except asyncio.TimeoutError:
                raise WorkerSilent(command.get("do")) from None

    def conversation(self, command: dict) -> "Conversation":
        """A command with many answers: `async with door.conversation(command) as answers: await answers.get()`."""
        return Conversation(self, command)

    async def tell(self, command: dict) -> None:
        """Send a command whose answer does not matter."""
        await self._send("0", command)

    async def _send(self, request_id: str, command: dict) -> None:
        await self.layer.send(
            WORKER_CHANNEL,
            {"type": "command", "id": request_id, "reply": self.channel, "data": msgspec.msgpack.encode(command)},
        )


class Conversation:
    """Keeps a place for answers while it is open."""

    def __init__(self, door: Door, command: dict):
        self.door, self.command = door, command
        self.id = str(next(door.ids))

    async def __aenter__(self) -> asyncio.Queue:
        answers: asyncio.Queue = asyncio.Queue()
        self.door.queues[self.id] = answers
        await self.door._send(self.id, self.command)
        return answers

    async def __aexit__(self, *exception: Any) -> None:
        self.door.queues.pop(self.id, None)


_doors: dict[int, Door] = {}


def door() -> Door:
    """This event loop's door, open."""
    loop = asyncio.get_running_loop()
    found = _doors.get(id(loop))
    if found is None or found.listener is None or found.listener.done():
        found = _doors[id(loop)] = Door()
    return found.open()
