"""Owns bytes as text: what a program reads and writes is text here, and any bytes at all can be it, there and back.

Bytes that are no UTF-8 become signs of a private plane, one a byte; so the text goes into journals and snapshots as it is.
"""

from __future__ import annotations

import re

BASE = 0x10FF00  # a byte that is no UTF-8 is the sign BASE + its value: U+10FF80 to U+10FFFF
SURROGATES = 0xDC00  # as Python's own decoder marks such a byte
TO_MARKS = {SURROGATES + byte: chr(BASE + byte) for byte in range(0x80, 0x100)}
FROM_MARKS = {BASE + byte: chr(SURROGATES + byte) for byte in range(0x80, 0x100)}
MARKS_THEMSELVES = re.compile(b"(\xf4\x8f[\xbe\xbf][\x80-\xbf])")  # such a sign among the bytes stands for four bytes


def text_of(data: bytes) -> str:
    """The text that stands for bytes. The texts of pieces, one after the other, stand for the pieces one after the other."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape").translate(TO_MARKS)
    if b"\xf4\x8f" not in data:
        return text
    parts = MARKS_THEMSELVES.split(data)
    return "".join(_marked(part) if at % 2 else part.decode("utf-8", "surrogateescape").translate(TO_MARKS) for at, part in enumerate(parts))


def _marked(data: bytes) -> str:
    return "".join(chr(BASE + byte) for byte in data)


def bytes_of(text: str) -> bytes:
    """The bytes that a text stands for."""
    if text.isascii():
        return text.encode()
    try:
        return text.translate(FROM_MARKS).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair that stands alone: it came from no bytes
        return text.encode("utf-8", "replace")
