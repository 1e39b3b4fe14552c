"""A terminal's other end: a WebSocket that types lines and reads what comes back."""

from __future__ import annotations

import json

import websocket

FILES = [
    {"name": "web.yaml", "text": ("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: 'nginx/nginx:v1'}]}\n")}
]


class Terminal:
    """One terminal of a sandbox."""

    def __init__(self, url: str, sandbox: str, timeout_s: float = 30):
        address = url.replace("http://", "ws://").rstrip("/") + f"/ws/terminal/{sandbox}/"
        self.socket = websocket.create_connection(address, timeout=timeout_s, origin=url.rstrip("/"))
        self.messages: list[dict] = []
        self.ready = self.until("ready", "gone")

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception) -> None:
        self.socket.close()

    def send(self, **message) -> None:
        self.socket.send(json.dumps(message))

    def read(self) -> dict:
        message = json.loads(self.socket.recv())
        if message["type"] == "output":
            self.send(type="ack", count=len(message["text"]))
        self.messages.append(message)
        return message

    def until(self, *kinds: str, text: str = "") -> dict:
        """Read until a message of one of these kinds comes, for output one that holds a text."""
        while True:
            message = self.read()
            if message["type"] in kinds and text in message.get("text", ""):
                return message

    def begin(self, line: str, files: list | None = None) -> None:
        self.messages.clear()
        self.send(type="run", line=line, files=FILES if files is None else files)

    def run(self, line: str, files: list | None = None) -> str:
        """Run a line to its end; what it printed, notes as `<key>`."""
        self.begin(line, files)
        self.done = self.until("done")
        return self.printed

    @property
    def printed(self) -> str:
        shown = [
            each["text"] if each["type"] == "output" else f"<terminal.{each['key']}>" for each in self.messages if each["type"] in ("output", "note")
        ]
        return "".join(shown)

    def complete(self, line: str) -> list[str]:
        self.messages.clear()
        self.send(type="complete", id=1, line=line, files=FILES)
        return self.until("completion")["items"]
