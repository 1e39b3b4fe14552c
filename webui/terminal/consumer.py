"""The terminal's WebSocket: a session for a page; keys and lines in, output out.

In: hello, run, interrupt, input, resize, complete, ack. Out: output, note, done, raw, open, clear, completion, ready, gone.
"""

from __future__ import annotations

import asyncio
import json

from channels.generic.websocket import AsyncWebsocketConsumer

from webui.consumers import parse
from webui.door import WorkerSilent, door

from .completion import complete
from .session import Session
from .words import Refusal

MOST_UNREAD = 512 * 1024  # characters that a page may be behind, before its command waits for it
MOST_INPUT = 8 * 1024
MOST_MESSAGE = 4 * 1024 * 1024


class TerminalConsumer(AsyncWebsocketConsumer):
    """One terminal of one page."""

    session: Session | None = None
    unread = 0
    completing: asyncio.Task | None = None

    async def __call__(self, scope, receive, send):
        """Whatever ends the connection, a closed tab or the server, ends what runs in it."""
        self.read_on = asyncio.Event()
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self.session is not None:
                self.session.kill()

    async def connect(self) -> None:
        await self.accept()
        name = self.scope["url_route"]["kwargs"]["sandbox"][:63]
        try:
            answer = await door().ask({"do": "sandbox_token", "sandbox": name})
            if not answer.get("ok"):
                await self.tell({"type": "gone", "error": answer["error"]})
                await self.close()
                return
            self.session = Session(name, f"{self.address()}/k8s/{answer['token']}", self.tell)
        except Refusal as refusal:
            await self.tell({"type": "note", "tone": "error", "key": refusal.key.removeprefix("terminal."), "values": {}})
            await self.close(code=1013)
        except WorkerSilent:
            await self.close(code=1013)
        else:
            await self.tell({"type": "ready", "prompt": self.session.prompt})

    def address(self) -> str:
        """This server, as this connection reached it."""
        host, port = self.scope["server"]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def disconnect(self, code: int) -> None:
        if self.completing is not None:
            self.completing.cancel()
        if self.session is not None:
            await self.session.close()

    async def tell(self, message: dict) -> None:
        """Send a message; a page that is far behind is waited for."""
        if message["type"] == "output":
            self.unread += len(message["text"])
            while self.unread > MOST_UNREAD and not (self.session and self.session.is_closed):
                self.read_on.clear()
                await self.read_on.wait()
        await self.send(text_data=json.dumps(message, ensure_ascii=False))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        session = self.session
        if session is None or text_data is None or len(text_data) > MOST_MESSAGE:
            return
        message = parse(text_data)
        kind = message.get("type")
        if kind == "run" and isinstance(message.get("line"), str):
            await self.run(session, message)
        elif kind == "interrupt":
            session.interrupt()
        elif kind == "input" and isinstance(message.get("text"), str):
            session.typed(message["text"][:MOST_INPUT])
        elif kind == "resize" and all(type(message.get(name)) is int for name in ("rows", "columns")):
            session.resize(message["rows"], message["columns"])
        elif kind == "ack" and type(message.get("count")) is int:
            self.unread = max(0, self.unread - max(0, message["count"]))
            self.read_on.set()
        elif kind == "complete" and isinstance(message.get("line"), str):
            await self.complete(session, message)

    async def run(self, session: Session, message: dict) -> None:
        try:
            session.take_files(message.get("files"))
        except Refusal as refusal:
            await session.note(refusal.key, "error", **refusal.values)
            await self.tell({"type": "done", "status": 1, "prompt": session.prompt})
            return
        session.start(message["line"])

    async def complete(self, session: Session, message: dict) -> None:
        """One at a time; the newest wins."""
        if session.is_running:
            return
        if self.completing is not None:
            self.completing.cancel()
        session.take_files(message.get("files"))
        self.completing = asyncio.ensure_future(self._complete(session, message))

    async def _complete(self, session: Session, message: dict) -> None:
        try:
            found = await complete(session, message["line"][:2000])
        except (Refusal, WorkerSilent):
            found = {"word": "", "items": [], "space": True}
        await self.tell({"type": "completion", "id": message.get("id"), **found})
