"""What Daphne leaves open about its connections.

An answer waits while its reader's buffer is full: a client that opens a watch and reads nothing would otherwise have
everything kept for it in Twisted's buffer. What is written leaves at once. No form is read from a body. A status comes with its
phrase.
"""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus

from daphne.http_protocol import HTTPFactory, WebRequest
from twisted.internet import tcp
from twisted.internet.interfaces import IPushProducer
from twisted.web import http
from zope.interface import implementer

http.RESPONSES.update({each.value: each.phrase.encode() for each in HTTPStatus})  # Twisted knows no word for 422 and 429


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


class Connection(tcp.Server):
    """Tries to write first, and has the reactor watch for room only if there was none.

    To watch and to stop watching are two calls of the system for each answer, and at each of them the simulation's
    thread may take its turn.
    """

    will_flush = is_watched = False
    host = None

    def startWriting(self) -> None:
        if not self.will_flush and not self.is_watched:
            self.will_flush = True
            asyncio.get_running_loop().call_soon(self._flush)  # once all that is written in this turn is there

    def stopWriting(self) -> None:
        if self.is_watched:
            self.is_watched = False
            super().stopWriting()

    def _flush(self) -> None:
        self.will_flush = False
        if not self.connected:
            return
        if self.doWrite() is not None or self.dataBuffer or self._tempDataBuffer:
            self.is_watched = True  # the reactor finds again what is wrong, and ends the connection if it is over
            super().startWriting()

    def getHost(self):
        """Its own end, asked for once."""
        if self.host is None:
            self.host = super().getHost()
        return self.host


class Factory(HTTPFactory):
    """Daphne's, but nothing looks for a form in a body: Django does that itself, and for a Content-Type it takes half a millisecond."""

    def buildProtocol(self, addr):
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = partial(WebRequest, parsePOSTFormSubmission=False)
        return protocol

    def log(self, request) -> None:
        """Twisted would make a line for an access log that nobody keeps."""
