"""SPDY/3.1 framing, held against a client's side that is written out here."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webui.spdy import DICTIONARY, FIN, PING, RST_STREAM, SYN_STREAM, Connection, Data, GoneAway, Opened, Pinged, ProtocolError, Reset


class Client:
    """Frames as a client sends them."""

    def __init__(self):
        self.packer = zlib.compressobj(zdict=DICTIONARY)

    def opens(self, stream: int, *, flags: int = 0, **headers: str) -> bytes:
        block = struct.pack(">I", len(headers))
        for name, value in headers.items():
            block += struct.pack(">I", len(name)) + name.encode() + struct.pack(">I", len(value)) + value.encode()
        packed = self.packer.compress(block) + self.packer.flush(zlib.Z_SYNC_FLUSH)
        return control(SYN_STREAM, struct.pack(">IIBB", stream, 0, 0, 0) + packed, flags)


def control(kind: int, payload: bytes, flags: int = 0) -> bytes:
    return struct.pack(">HHI", 0x8003, kind, flags << 24 | len(payload)) + payload


def test_streams_are_opened_with_their_headers_and_share_one_compression():
    client, server = Client(), Connection()
    sent = client.opens(1, streamtype="error", port="80", requestid="0", flags=FIN) + client.opens(3, streamtype="data", port="80", requestid="0")
    assert server.receive(sent) == [
        Opened(1, {"streamtype": "error", "port": "80", "requestid": "0"}, True),
        Opened(3, {"streamtype": "data", "port": "80", "requestid": "0"}, False),
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 40), max_size=12))
def test_frames_may_come_in_any_pieces(lengths):
    sent = Client().opens(1, port="80") + struct.pack(">II", 1, 5) + b"hello" + control(PING, struct.pack(">I", 7))
    sent += control(RST_STREAM, struct.pack(">II", 1, 5)) + control(7, struct.pack(">II", 1, 0)) + struct.pack(">II", 3, FIN << 24)
    server, events, at = Connection(), [], 0
    for length in [*lengths, len(sent)]:
        events += server.receive(sent[at : at + length])
        at += length
    assert events == [Opened(1, {"port": "80"}, False), Data(1, b"hello", False), Pinged(7), Reset(1), GoneAway(1), Data(3, b"", True)]


def test_what_is_sent_can_be_read_by_the_other_side():
    server, unpacker = Connection(), zlib.decompressobj(zdict=DICTIONARY)
    for stream in (1, 3):
        reply = server.reply(stream)
        assert struct.unpack_from(">HHII", reply) == (0x8003, 2, len(reply) - 8, stream)
        assert unpacker.decompress(reply[12:]) == struct.pack(">I", 0)
    assert server.data(3, b"ab", is_last=True) == struct.pack(">II", 3, FIN << 24 | 2) + b"ab"
    assert server.reset(3, 1) == control(RST_STREAM, struct.pack(">II", 3, 1))
    assert server.pong(9) == control(PING, struct.pack(">I", 9))


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">HHI", 0x8002, SYN_STREAM, 0),
        control(SYN_STREAM, struct.pack(">IIBB", 1, 0, 0, 0) + b"no zlib at all"),
        control(SYN_STREAM, b"\0"),
        struct.pack(">II", 1, 0xFFFFFF),
        Client().opens(1, name="x" * 100_000),
    ],
)
def test_what_is_no_spdy_ends_the_connection(sent):
    with pytest.raises(ProtocolError):
        Connection().receive(sent)
