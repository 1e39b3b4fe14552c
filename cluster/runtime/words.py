"""Owns what programs of images have in common: reading their flags, sizes and durations, dating their lines, answering over HTTP."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import parse_qs

from .http import Asked, Malformed, answer, date_of
from .octets import bytes_of
from .servers import Served
from .world import ContainerWorld

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")  # day 0 was a Thursday
SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
DURATIONS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
MOST = 10**15


def flags(words: list[str], *, plain: tuple[str, ...] = ()) -> tuple[dict[str, str], list[str]]:
    """(flags without their dashes, the other words): --name value, --name=value; plain: flags that take no value ("true")."""
    found: dict[str, str] = {}
    rest: list[str] = []
    words = list(words)
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            rest.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if not equals:
            value = "true" if name in plain or not words or (words[0].startswith("--") and len(words[0]) > 2) else words.pop(0)
        found[name] = value
    return found, rest


def size_of(text: str, default: int = 0) -> int:
    """Bytes of 250M, 150Mi, 1g, 4096."""
    read = re.fullmatch(r"([0-9]{1,15})([kmgt]?)(?:i?b?)", text.strip().lower())
    return min(MOST, int(read[1]) * SIZES[read[2]]) if read else default


def duration_of(text: str, default: int = 0) -> int:
    """Milliseconds of 10s, 1m30s, 500ms, 0; a bare number is seconds."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        return int(float(text) * 1000)
    parts = re.findall(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return default
    return int(sum(float(number) * DURATIONS_MS[unit] for number, unit in parts))


def number_of(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else default


class Stamp:
    """The present moment as programs write it."""

    def __init__(self, world: ContainerWorld):
        self.day, _, self.time = world.date_text.rstrip("Z").partition("T")
        self.year, self.month, self.date = self.day.split("-")
        self.month_name = MONTHS[int(self.month) - 1]
        self.weekday = DAYS[world.unix_s // 86400 % 7]
        self.ms = world.now_ms % 1000

    @property
    def go(self) -> str:
        """2026/01/01 09:00:00, as Go's log has it."""
        return f"{self.year}/{self.month}/{self.date} {self.time}"

    @property
    def klog(self) -> str:
        """0101 09:00:00.123456."""
        return f"{self.month}{self.date} {self.time}.{self.ms:03}000"

    @property
    def sql(self) -> str:
        """2026-01-01 09:00:00."""
        return f"{self.day} {self.time}"

    @property
    def redis(self) -> str:
        """01 Jan 2026 09:00:00.123."""
        return f"{self.date} {self.month_name} {self.year} {self.time}.{self.ms:03}"

    @property
    def java(self) -> str:
        """01-Jan-2026 09:00:00.123, as Tomcat's log has it."""
        return f"{self.date}-{self.month_name}-{self.year} {self.time}.{self.ms:03}"

    @property
    def apache(self) -> str:
        """[Thu Jan 01 09:00:00.123000 2026]."""
        return f"[{self.weekday} {self.month_name} {self.date} {self.time}.{self.ms:03}000 {self.year}]"


def asked_for(asked: Asked | Malformed) -> tuple[str, dict[str, str]]:
    """(path, query) of a request."""
    if not isinstance(asked, Asked):
        return "", {}
    path, _, query = asked.target.partition("?")
    return posixpath.normpath("/" + path.lstrip("/")), {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def go_answer(
    world: ContainerWorld,
    asked: Asked | Malformed,
    body: str,
    *,
    code: int = 200,
    kind: str = "text/plain; charset=utf-8",
    lines: tuple[str, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
) -> Served:
    """An answer as Go's net/http gives it. lines: what is logged, on standard error."""
    if not isinstance(asked, Asked):
        code, body = asked.code, f"{asked.code} Bad Request"
    is_kept = isinstance(asked, Asked) and asked.keeps_open
    all_headers = [*headers, ("Date", date_of(world.date_text, world.unix_s)), ("Content-Length", str(len(bytes_of(body)))), ("Content-Type", kind)]
    if not is_kept:
        all_headers.append(("Connection", "close"))
    text = answer(code, all_headers, body, has_body=not (isinstance(asked, Asked) and asked.method == "HEAD"))
    return Served(code, text, tuple(("stderr", line + "\n") for line in lines))
