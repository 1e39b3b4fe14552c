"""A socket that is refused is told why, over HTTP: ASGI's "Websocket Denial Response", which Daphne leaves out.

Client libraries show the status and the words of it, as they do of the real API server.
"""

from __future__ import annotations

from http import HTTPStatus

from autobahn.websocket.types import ConnectionDeny
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol


class Socket(WebSocketProtocol):
    """A socket that can also be answered with a plain response instead of being opened."""

    denial: dict | None = None  # how the response begins

    def handle_reply(self, message: dict) -> None:
        if message["type"] == "websocket.http.response.start":
            self.denial = message
        elif message["type"] == "websocket.http.response.body":
            self.deny(message["body"])
        else:
            super().handle_reply(message)

    def deny(self, body: bytes) -> None:
        """End the handshake with the whole response."""
        self.denial["body"] = body
        code = self.denial["status"]
        self.handshake_deferred.errback(ConnectionDeny(code=code, reason=HTTPStatus(code).phrase))
        del self.handshake_deferred
        self.server.protocol_disconnected(self)

    def sendHttpErrorResponse(self, code, reason, responseHeaders=None) -> None:
        """Autobahn's answer to a handshake that failed, with a body if there is one."""
        if self.denial is None:
            super().sendHttpErrorResponse(code, reason, responseHeaders)
            return
        body = self.denial["body"]
        headers = [*self.denial["headers"], (b"Content-Length", str(len(body)).encode()), (b"Connection", b"close")]
        lines = [f"HTTP/1.1 {code} {reason}".encode(), *(b": ".join(header) for header in headers)]
        self.sendData(b"\r\n".join(lines) + b"\r\n\r\n" + body)


def install() -> None:
    """Have Daphne open sockets of this sort."""
    WebSocketFactory.protocol = Socket
