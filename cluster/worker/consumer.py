"""The worker's mouth and ears: a Channels consumer that hands commands to the simulation thread and returns at once."""
from __future__ import annotations

import asyncio
import logging
from collections import deque

import msgspec
from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)
CHANNEL = "simulation"


def group_name(sandbox: str) -> str:
    """The group of everyone who looks at a sandbox."""
    return f"sandbox.{sandbox}"


class Bridge:
    """Joins the event loop and the simulation thread of this process."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop, self.layer = loop, get_channel_layer()
        self.leaving: deque[tuple[str, object]] = deque()   # (channel, answer) or (group, frame), in the order they were made
        self.something_leaves, self.is_woken = asyncio.Event(), False
        self.sender = loop.create_task(self._send())
        from .host import Host  # the whole simulation stands behind it: a page is served before it is loaded

        self.host = Host(self.publish)

    def publish(self, sandbox: str, message: dict) -> None:
        """Called from the simulation thread: one encoded frame to everyone who looks."""
        text = msgspec.json.encode(message).decode()
        self._leave(group_name(sandbox), {"type": "frame", "text": text, "number": message.get("number", 0)})

    def respond_to(self, channel: str, request_id: str):
        """The function by which the simulation thread answers one command."""
        def respond(answer: dict) -> None:
            self._leave(channel, (request_id, msgspec.msgpack.encode(answer)))
        return respond

    def _leave(self, to: str, what: object) -> None:
        """Hand something to the event loop, which is woken once for all that gathers until it comes to it."""
        self.leaving.append((to, what))
        if not self.is_woken:
            self.is_woken = True
            try:
                self.loop.call_soon_threadsafe(self.something_leaves.set)
            except RuntimeError:  # the loop is closed: the server is going down
                self.leaving.clear()

    async def _send(self) -> None:
        """Send on what has gathered, in order, as long as the server lives."""
        while True:
            await self.something_leaves.wait()
            self.something_leaves.clear()
            self.is_woken = False   # before the look: what comes after it wakes the loop again
            for to, what in self._gathered():
                try:
                    if isinstance(what, dict):
                        await self.layer.group_send(to, what)
                    else:
                        await self.layer.send(to, {"type": "answers", "answers": what})
                except Exception:
                    logger.exception("sending on to %s", to)

    def _gathered(self) -> list[tuple[str, object]]:
        """What leaves now: frames, and the answers for one channel that stand together as one list."""
        batches: list[tuple[str, object]] = []
        for _ in range(len(self.leaving)):
            to, what = self.leaving.popleft()
            if isinstance(what, dict):
                batches.append((to, what))
            elif batches and batches[-1][0] == to:
                batches[-1][1].append(what)
            else:
                batches.append((to, [what]))
        return batches


_bridge: Bridge | None = None


def bridge() -> Bridge:
    """This process's bridge, its thread started."""
    global _bridge
    if _bridge is None:
        _bridge = Bridge(asyncio.get_running_loop())
        _bridge.host.start()
    return _bridge


def stop() -> None:
    """Commit everything and end the simulation thread."""
    if _bridge is not None:
        _bridge.host.stop()


class SimulationConsumer(AsyncConsumer):
    """Serves the channel `simulation`; must never wait, since one instance serves every message of it."""

    async def dispatch(self, message: dict) -> None:
        """The one sort of message there is. Channels' own would look for stale database connections each time, on another thread."""
        await self.command(message)

    async def command(self, message: dict) -> None:
        joined = bridge()
        command = msgspec.msgpack.decode(message["data"])
        joined.host.submit(command, joined.respond_to(message["reply"], message["id"]))
