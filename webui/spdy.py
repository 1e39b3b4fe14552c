"""Owns SPDY/3.1 framing as far as port-forwarding needs it: bytes in, events out, frames to send; no network here.

Flow control is left out, as in the library that Kubernetes' clients use. Source: SPDY protocol, draft 3.1, sections 2.2 (framing),
2.6 (control frames); github.com/moby/spdystream, the other side.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

VERSION = 3
SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 0x01
PROTOCOL_ERROR, CANCEL = 1, 5
MOST_FRAME = 1024 * 1024
MOST_HEADERS = 16 * 1024  # unpacked
# The words that header blocks are compressed against (section 2.6.10.1): names with their lengths, then common values.
NAMES = """
    options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization
    cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range
    content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified
    location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding
    upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin
"""
VALUES = (
    b"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information"
    b"204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error"
    b"501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, "
    b"Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    b"text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = b"".join(struct.pack(">I", len(name)) + name.replace("_", " ").encode() for name in NAMES.split()) + VALUES


class ProtocolError(ValueError):
    """The other side does not speak SPDY/3.1; the connection is to be closed."""


class Opened(NamedTuple):
    """A stream was opened; the names of headers are in small letters."""

    stream: int
    headers: dict[str, str]
    is_last: bool


class Data(NamedTuple):
    stream: int
    data: bytes
    is_last: bool


class Reset(NamedTuple):
    stream: int


class Pinged(NamedTuple):
    number: int


class GoneAway(NamedTuple):
    last: int


Event = Opened | Data | Reset | Pinged | GoneAway


class Connection:
    """The server's side of one connection: `receive` what came, send what the other methods return."""

    def __init__(self):
        self.buffer = bytearray()
        self.unpacker = zlib.decompressobj(zdict=DICTIONARY)
        self.packer = zlib.compressobj(zdict=DICTIONARY)

    # -- in -----------------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> list[Event]:
        """The events of all frames that are whole by now. Raises ProtocolError."""
        self.buffer += data
        events: list[Event] = []
        while len(self.buffer) >= 8:
            first, second = struct.unpack_from(">II", self.buffer)
            flags, length = second >> 24, second & 0xFFFFFF
            if length > MOST_FRAME:
                raise ProtocolError(f"a frame of {length} bytes")
            if len(self.buffer) < 8 + length:
                break
            payload = bytes(self.buffer[8 : 8 + length])
            del self.buffer[: 8 + length]
            event = self._control(first, flags, payload) if first >> 31 else Data(first, payload, bool(flags & FIN))
            if event is not None:
                events.append(event)
        return events

    def _control(self, first: int, flags: int, payload: bytes) -> Event | None:
        version, kind = first >> 16 & 0x7FFF, first & 0xFFFF
        if version != VERSION:
            raise ProtocolError(f"version {version}")
        try:
            if kind == SYN_STREAM:
                return Opened(_stream(payload), self._unpacked(payload[10:]), bool(flags & FIN))
            if kind in (SYN_REPLY, HEADERS):  # nothing of it is needed, but the compression goes on through it
                self._unpacked(payload[4:])
            elif kind == RST_STREAM:
                return Reset(_stream(payload))
            elif kind == PING:
                return Pinged(struct.unpack(">I", payload)[0])
            elif kind == GOAWAY:
                return GoneAway(_stream(payload))
        except (struct.error, zlib.error, UnicodeDecodeError) as error:
            raise ProtocolError(str(error)) from None
        return None

    def _unpacked(self, block: bytes) -> dict[str, str]:
        plain = self.unpacker.decompress(block, MOST_HEADERS)
        if self.unpacker.unconsumed_tail:
            raise ProtocolError("headers are too long")
        (count,), at, found = struct.unpack_from(">I", plain), 4, {}
        for _ in range(count):
            name, at = _text(plain, at)
            value, at = _text(plain, at)
            found[name.lower()] = value.partition("\0")[0]
        return found

    # -- out ----------------------------------------------------------------------------------------------------------

    def reply(self, stream: int) -> bytes:
        """A stream that was opened is taken."""
        block = self.packer.compress(struct.pack(">I", 0)) + self.packer.flush(zlib.Z_SYNC_FLUSH)
        return _frame(SYN_REPLY, 0, struct.pack(">I", stream) + block)

    def data(self, stream: int, data: bytes, *, is_last: bool = False) -> bytes:
        return struct.pack(">II", stream, (FIN if is_last else 0) << 24 | len(data)) + data

    def reset(self, stream: int, status: int = CANCEL) -> bytes:
        return _frame(RST_STREAM, 0, struct.pack(">II", stream, status))

    def pong(self, number: int) -> bytes:
        return _frame(PING, 0, struct.pack(">I", number))


def _frame(kind: int, flags: int, payload: bytes) -> bytes:
    return struct.pack(">HHI", 1 << 15 | VERSION, kind, flags << 24 | len(payload)) + payload


def _stream(payload: bytes) -> int:
    return struct.unpack_from(">I", payload)[0] & 0x7FFFFFFF


def _text(plain: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">I", plain, at)
    if at + 4 + length > len(plain):
        raise ProtocolError("a header is cut off")
    return plain[at + 4 : at + 4 + length].decode("latin-1"), at + 4 + length
