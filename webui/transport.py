"""What Daphne leaves open about its connections: an answer waits while its reader's buffer is full, and no form is read from a body.

Without the first, a client that opens a watch and reads nothing would have everything kept for it in Twisted's buffer.
"""

from __future__ import annotations

import asyncio
from functools import partial

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer


@implementer(IPushProducer)
class Room:
    """Whether a connection's buffer takes more; Twisted says so at 64 KiB."""

    def __init__(self):
        self.event = asyncio.Event()
        self.event.set()

    def pauseProducing(self) -> None:
        self.event.clear()

    def resumeProducing(self) -> None:
        self.event.set()

    def stopProducing(self) -> None:
        """The connection is gone: nobody need wait for it."""
        self.event.set()


def room_for(protocol, message: dict) -> Room | None:
    """What to wait for once a message has been written; None where nothing follows it."""
    if message["type"] == "http.response.body":
        return _of_request(protocol, more=message.get("more_body", False))
    if message["type"] == "websocket.send":
        return _of_socket(protocol.transport)
    return None


def _of_request(request: WebRequest, *, more: bool) -> Room | None:
    if request.channel is None or request.finished:
        return None
    if more and request.producer is None:
        request.registerProducer(Room(), True)
    elif not more and request.producer is not None:
        request.unregisterProducer()  # before the end, as Twisted wants it
    return request.producer


def _of_socket(transport) -> Room:
    """The transport tells the HTTP channel of before the upgrade until somebody else takes its place."""
    if not isinstance(transport.producer, Room):
        transport.unregisterProducer()
        transport.registerProducer(Room(), True)
    return transport.producer


class Factory(HTTPFactory):
    """Daphne's, but nothing looks for a form in a body: Django does that itself, and for a Content-Type it takes half a millisecond."""

    def buildProtocol(self, addr):
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = partial(WebRequest, parsePOSTFormSubmission=False)
        return protocol

    def log(self, request) -> None:
        """Twisted would make a line for an access log that nobody keeps."""
