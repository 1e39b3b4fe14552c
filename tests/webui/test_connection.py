"""A connection that writes first and asks the reactor for help only where the socket takes no more."""

import asyncio
from types import SimpleNamespace

import pytest
from twisted.internet import abstract

from webui.transport import Connection

pytestmark = pytest.mark.asyncio


class Reactor:
    def __init__(self):
        self.watched = []

    def addWriter(self, writer):
        self.watched.append(writer)

    def removeWriter(self, writer):
        self.watched.remove(writer)


class Wire(Connection):
    """A connection whose socket takes so many bytes at a time."""

    def __init__(self, room: int):
        abstract.FileDescriptor.__init__(self, Reactor())
        self.connected, self.room, self.sent = 1, room, []
        self.socket = SimpleNamespace(getsockname=lambda: None)

    def writeSomeData(self, data):
        self.sent.append(bytes(data[: self.room]))
        return len(self.sent[-1])


async def test_what_one_turn_writes_leaves_in_one_piece_without_the_reactor():
    wire = Wire(room=100)
    wire.write(b"head ")
    wire.write(b"body")
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"head body"] and wire.reactor.watched == []


async def test_what_the_socket_does_not_take_is_the_reactors_to_send():
    wire = Wire(room=4)
    wire.write(b"head body")
    await asyncio.sleep(0)
    assert wire.sent == [b"head"] and wire.reactor.watched == [wire]
    wire.write(b"!")
    await asyncio.sleep(0)
    assert wire.sent == [b"head"]  # no attempt while there is no room
    wire.room = 100
    wire.doWrite()
    assert b"".join(wire.sent) == b"head body!" and wire.reactor.watched == []
    wire.write(b"more")
    await asyncio.sleep(0)
    assert wire.sent[-1] == b"more"


async def test_nothing_is_written_to_a_connection_that_is_gone():
    wire = Wire(room=100)
    wire.write(b"late")
    wire.connected = 0
    await asyncio.sleep(0)
    assert wire.sent == []
