"""Owns bytes as text: what a program reads and writes is text here, and any bytes at all can be it, there and back.

Bytes that are no UTF-8 become signs of a private plane, one a byte; so the text goes into journals and snapshots as it is.
"""

from __future__ import annotations

import codecs
import re

BASE = 0x10FF00  # a byte that is no UTF-8 is the sign BASE + its value: U+10FF80 to U+10FFFF
MARKS = re.compile("[\U0010ff80-\U0010ffff]+")
MARKS_THEMSELVES = re.compile(b"(\xf4\x8f[\xbe\xbf][\x80-\xbf])")  # such a sign among the bytes stands for four bytes
_HANDLER = "podlife.octets"


def marked(data: bytes) -> str:
    return "".join(chr(BASE + byte) for byte in data)


codecs.register_error(_HANDLER, lambda error: (marked(error.object[error.start : error.end]), error.end))


def text_of(data: bytes) -> str:
    """The text that stands for bytes. The texts of pieces, one after the other, stand for the pieces one after the other."""
    if b"\xf4\x8f" not in data:
        return data.decode("utf-8", _HANDLER)
    parts = MARKS_THEMSELVES.split(data)
    return "".join(marked(part) if at % 2 else part.decode("utf-8", _HANDLER) for at, part in enumerate(parts))


def bytes_of(text: str) -> bytes:
    """The bytes that a text stands for."""
    if text.isascii():
        return text.encode()
    parts, at = [], 0
    for found in MARKS.finditer(text):
        parts += [text[at : found.start()].encode("utf-8", "replace"), bytes(ord(sign) - BASE for sign in found[0])]
        at = found.end()
    return b"".join([*parts, text[at:].encode("utf-8", "replace")])
