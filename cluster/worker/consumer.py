"""The worker's mouth and ears: a Channels consumer that hands commands to the simulation thread and returns at once."""
from __future__ import annotations

import asyncio

import msgspec
from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer

CHANNEL = "simulation"


def group_name(sandbox: str) -> str:
    """The group of everyone who looks at a sandbox."""
    return f"sandbox.{sandbox}"


class Bridge:
    """Joins the event loop and the simulation thread of this process."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop, self.layer = loop, get_channel_layer()
        from .host import Host  # the whole simulation stands behind it: a page is served before it is loaded

        self.host = Host(self.publish)

    def publish(self, sandbox: str, message: dict) -> None:
        """Called from the simulation thread: one encoded frame to everyone who looks."""
        text = msgspec.json.encode(message).decode()
        self._soon(self.layer.group_send(group_name(sandbox), {"type": "frame", "text": text, "number": message.get("number", 0)}))

    def respond_to(self, channel: str, request_id: str):
        """The function by which the simulation thread answers one command."""
        def respond(answer: dict) -> None:
            self._soon(self.layer.send(channel, {"type": "answer", "id": request_id, "data": msgspec.msgpack.encode(answer)}))
        return respond

    def _soon(self, coroutine) -> None:
        try:
            self.loop.call_soon_threadsafe(self.loop.create_task, coroutine)
        except RuntimeError:  # the loop is closed: the server is going down
            coroutine.close()


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

    async def command(self, message: dict) -> None:
        joined = bridge()
        command = msgspec.msgpack.decode(message["data"])
        joined.host.submit(command, joined.respond_to(message["reply"], message["id"]))
