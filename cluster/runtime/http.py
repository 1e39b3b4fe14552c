"""Owns HTTP/1.1 as a server in a container speaks it: requests out of text, answers as text (bytes as in octets.py)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from .octets import bytes_of, text_of

MOST_HEAD, MOST_BODY = 16 * 1024, 1024 * 1024
MOST_DIGITS = 18  # of a length
SHORT = 500  # characters of a request that is remembered
DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # day 0 was a Thursday
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
REASONS = {200: "OK", 301: "Moved Permanently", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Not Allowed",
           413: "Request Entity Too Large"}  # fmt: skip


class Malformed(ValueError):
    """What came is no request; `code` is what a server answers."""

    def __init__(self, code: int = 400):
        super().__init__(code)
        self.code = code


class Asked(NamedTuple):
    """One request; the names of headers are in small letters."""

    method: str
    target: str
    version: str
    headers: dict[str, str]
    body: str = ""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def keeps_open(self) -> bool:
        said = self.headers.get("connection", "").lower()
        return said == "keep-alive" if self.version == "HTTP/1.0" else said != "close"


def request_of(text: str) -> tuple[Asked | None, str]:
    """(the first request of what came, the rest); None while it is not all there. Raises Malformed."""
    return _read_before(text) if len(text) <= SHORT else _read(text)


@lru_cache(maxsize=512)
def _read_before(text: str) -> tuple[Asked | None, str]:
    """What is asked again and again, as by a probe, is read once."""
    return _read(text)


def _read(text: str) -> tuple[Asked | None, str]:
    text = text.lstrip("\r\n")
    head, end, rest = text.partition("\r\n\r\n")
    if not end:
        line, is_whole, _ = text.partition("\n")
        if len(text) > MOST_HEAD or (text[:1] and not text[0].isalpha()) or (is_whole and " HTTP/" not in line):
            raise Malformed
        return None, text
    first, *lines = head.split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[0].isalpha() or parts[2] not in ("HTTP/1.0", "HTTP/1.1") or not parts[1].startswith(("/", "http://")):
        raise Malformed
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0")
    if not re.fullmatch("[0-9]+", length) or "transfer-encoding" in headers:
        raise Malformed
    if len(length) > MOST_DIGITS or int(length) > MOST_BODY:
        raise Malformed(413)
    body = bytes_of(rest)
    if len(body) < int(length):
        return None, text
    asked = Asked(parts[0].upper(), parts[1] if parts[1].startswith("/") else "/" + parts[1].split("/", 3)[-1], parts[2], headers,
                  text_of(body[: int(length)]) if int(length) else "")  # fmt: skip
    return asked, (rest if not int(length) else text_of(body[int(length) :]))


class Answered(NamedTuple):
    """An answer as a client reads it; the names of headers are in small letters."""

    code: int
    reason: str
    headers: dict[str, str]
    body: str


def answer_of(text: str) -> Answered | None:
    """The answer that a text begins with, its body whatever follows (cut at its length); None when it is no HTTP."""
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    version, _, rest = first.partition(" ")
    code, _, reason = rest.partition(" ")
    if not version.startswith("HTTP/") or not re.fullmatch("[1-5][0-9][0-9]", code):
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "")
    whole = bytes_of(body) if re.fullmatch("[0-9]{1,18}", length) else b""
    return Answered(int(code), reason, headers, text_of(whole[: int(length)]) if len(whole) > int(length or 0) else body)


def answer(code: int, headers: list[tuple[str, str]], body: str, *, reason: str | None = None, has_body: bool = True) -> str:
    """An answer; its length is counted here."""
    reason = reason_of(code) if reason is None else reason
    lines = [f"HTTP/1.1 {code} {reason}", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines) + "\r\n\r\n" + (body if has_body else "")


@lru_cache(maxsize=64)
def date_of(date_text: str, unix_s: int) -> str:
    """`Thu, 01 Jan 2026 09:00:00 GMT`. date_text: 2026-01-01T09:00:00Z, the same moment."""
    day, _, time = date_text.rstrip("Z").partition("T")
    year, month, number = day.split("-")
    return f"{DAYS[unix_s // 86400 % 7]}, {number} {MONTHS[int(month) - 1]} {year} {time} GMT"


@lru_cache(maxsize=64)
def log_date(date_text: str) -> str:
    """`01/Jan/2026:09:00:00 +0000`, as access logs have it."""
    day, _, time = date_text.rstrip("Z").partition("T")
    year, month, number = day.split("-")
    return f"{number}/{MONTHS[int(month) - 1]}/{year}:{time} +0000"


def reason_of(code: int) -> str:
    return REASONS.get(code, "")
