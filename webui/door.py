"""The way from the web to the worker: commands and answers over the channel layer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections import deque
from typing import Any

import msgspec
from channels.layers import get_channel_layer

WORKER_CHANNEL = "simulation"
TIMEOUT_S = 30
MOST_ANSWERS = 1000             # that wait for one reader; upstream's channel of a watcher holds as many at most
MOST_WAITING_BYTES = 1024 * 1024  # of them together; one alone may be longer
MOST_AT_ONCE_BYTES = 8 * MOST_WAITING_BYTES  # that come before the reader can have taken any of it
PATIENCE_S = 0.1  # that too much may wait; a reader who is there begins to take it meanwhile


class WorkerSilent(Exception):
    """No answer came in time."""


class Door:
    """One per event loop: sends commands, and gives each answer to whoever asked. `open()` before use."""

    def __init__(self):
        self.layer = get_channel_layer()
        self.channel = f"door.{secrets.token_hex(8)}"
        self.ids = itertools.count(1)
        self.queues: dict[str, Answers] = {}
        self.listener: asyncio.Task | None = None

    def open(self) -> Door:
        if self.listener is None:
            self.listener = asyncio.get_running_loop().create_task(self._listen())
        return self

    async def _listen(self) -> None:
        while True:
            message = await self.layer.receive(self.channel)
            for request_id, data in message["answers"]:
                answers = self.queues.get(request_id)
                if answers is not None:
                    answers.put(data)

    async def ask(self, command: dict, *, timeout_s: float | None = TIMEOUT_S) -> dict:
        """Send a command and wait for its one answer; timeout_s None waits for as long as the sandbox is held."""
        async with self.conversation(command) as answers:
            try:
                return await asyncio.wait_for(answers.get(), timeout_s)
            except TimeoutError:
                raise WorkerSilent(command.get("do")) from None

    def conversation(self, command: dict) -> Conversation:
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


class Answers:
    """What was answered and not yet taken, within bounds: who reads too slowly is given up.

    Much may come at once (all that a watch begins with, a long file, the echo of what was pasted), so a reader has a moment
    before it is judged, and another one as long as it takes what is there.

    Source: k8s.io/apiserver pkg/storage/cacher/cache_watcher.go (a watcher whose channel stays full for a moment is forgotten;
    what it was not sent it can ask for by its last resourceVersion).
    """

    def __init__(self):
        self.waiting: deque[bytes] = deque()
        self.size = self.taken = 0
        self.judgement: asyncio.TimerHandle | None = None
        self.something = asyncio.Event()
        self.is_given_up = False
        self.patience: asyncio.Timeout | None = None

    def put(self, data: bytes) -> None:
        """Keep an answer, or forget them all: one that is missing makes the rest worth nothing."""
        if self.is_given_up:
            return
        if self.size > MOST_AT_ONCE_BYTES:
            self._give_up()
            return
        self.waiting.append(data)
        self.size += len(data)
        self.something.set()
        if self.is_too_much and self.judgement is None:
            self._judge_later()

    @property
    def is_too_much(self) -> bool:
        """Whether more waits than may wait for long."""
        return len(self.waiting) > 1 and (self.size > MOST_WAITING_BYTES or len(self.waiting) > MOST_ANSWERS)

    def _judge_later(self) -> None:
        self.judgement = asyncio.get_running_loop().call_later(PATIENCE_S, self._judge, self.taken)

    def _judge(self, taken: int) -> None:
        """Give up a reader who has taken nothing of too much. taken: how many answers it had taken a moment ago."""
        self.judgement = None
        if not self.is_too_much:
            return
        if self.taken == taken:
            self._give_up()
        else:
            self._judge_later()

    def _give_up(self) -> None:
        self.waiting.clear()
        self.size, self.is_given_up = 0, True
        if self.patience is not None:
            self.patience.reschedule(asyncio.get_running_loop().time())

    @contextlib.asynccontextmanager
    async def unless_given_up(self):
        """What is inside is broken off, wherever it waits, when the reader is given up; what is after it looks at `is_given_up`."""
        try:
            async with asyncio.timeout(0 if self.is_given_up else None) as self.patience:
                yield
        except TimeoutError:
            if not self.is_given_up:
                raise
        finally:
            self.patience = None

    def forget(self) -> None:
        """Nobody reads any more."""
        self.waiting.clear()
        if self.judgement is not None:
            self.judgement.cancel()

    def wake(self) -> None:
        """Let `changed` return although nothing came."""
        self.something.set()

    async def changed(self) -> None:
        """Wait until an answer is there, or `wake`."""
        if not self.waiting:
            await self.something.wait()
        self.something.clear()

    async def get(self) -> dict:
        """The next answer; waits for ever once the reader was given up."""
        while not self.waiting:
            self.something.clear()
            await self.something.wait()
        return self.get_nowait()

    def get_nowait(self) -> dict:
        data = self.waiting.popleft()
        self.size, self.taken = self.size - len(data), self.taken + 1
        return msgspec.msgpack.decode(data)

    def empty(self) -> bool:
        return not self.waiting


class Conversation:
    """Keeps a place for answers while it is open."""

    def __init__(self, door: Door, command: dict):
        self.door, self.command = door, command
        self.id = str(next(door.ids))

    async def __aenter__(self) -> Answers:
        answers = Answers()
        self.door.queues[self.id] = answers
        await self.door._send(self.id, self.command)
        return answers

    async def __aexit__(self, *exception: Any) -> None:
        answers = self.door.queues.pop(self.id, None)
        if answers is not None:
            answers.forget()


_doors: dict[int, Door] = {}


def door() -> Door:
    """This event loop's door, open."""
    loop = asyncio.get_running_loop()
    found = _doors.get(id(loop))
    if found is None or found.listener is None or found.listener.done():
        found = _doors[id(loop)] = Door()
    return found.open()
