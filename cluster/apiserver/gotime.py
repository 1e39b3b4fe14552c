"""Times on the wire: RFC 3339 to the second (Time) or microsecond (MicroTime), always in UTC, and Go's words for others.

Source: k8s.io/apimachinery pkg/apis/meta/v1/{time,micro_time}.go; Go's time/format.go.
"""
from __future__ import annotations

import re

from cluster.meta.gotext import quote

LAYOUT = "2006-01-02T15:04:05Z07:00"
MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"
MICRO_DIGITS = 6
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[-+]\d\d:\d\d)", re.ASCII)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PARTS = (("2006", r"\d{4}"), ("-", "-"), ("01", r"\d\d"), ("-", "-"), ("02", r"\d\d"), ("T", "T"), ("15", r"\d\d?"), (":", ":"),
          ("04", r"\d\d"), (":", ":"), ("05", r"\d\d(?:[.,]\d+)?"), ("Z07:00", r"Z|[-+]\d\d:\d\d"))


class TimeError(ValueError):
    """A text that is no time; the message is Go's."""


def time(text: str) -> str | None:
    """A Time in canonical form: UTC, whole seconds; None for the zero time. Raises TimeError."""
    year, month, day, hour, minute, second, _ = _parsed(text, LAYOUT)
    shown = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    return None if shown == "0001-01-01T00:00:00Z" else shown


def micro_time(text: str) -> str | None:
    """A MicroTime in canonical form: UTC, six decimals. Raises TimeError."""
    year, month, day, hour, minute, second, micros = _parsed(text, MICRO_LAYOUT)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"


def _parsed(text: str, layout: str) -> tuple[int, ...]:
    found = _TIME.fullmatch(text)
    if not found or (layout == MICRO_LAYOUT and len(found[7] or "") != MICRO_DIGITS):
        raise TimeError(_problem(text, layout))
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    for name, is_bad in (("month", not 1 <= month <= 12), ("hour", hour > 23), ("minute", minute > 59), ("second", second > 59)):
        if is_bad:
            raise TimeError(f"parsing time {quote(text)}: {name} out of range")
    if not 1 <= day <= _days(year, month):
        raise TimeError(f"parsing time {quote(text)}: day out of range")
    offset = 0 if found[8] == "Z" else int(found[8][1:3]) * 60 + int(found[8][4:6])
    if offset:
        year, month, day, hour, minute = _shifted(year, month, day, hour, minute - (offset if found[8][0] == "+" else -offset))
    return year, month, day, hour, minute, second, int(((found[7] or "") + "000000")[:6])


def _days(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else _DAYS[month - 1]


def _shifted(year: int, month: int, day: int, hour: int, minute: int) -> tuple[int, int, int, int, int]:
    """Minutes outside of 0-59 carried into hours and days; at most a day either way."""
    hour, minute = hour + minute // 60, minute % 60
    day, hour = day + hour // 24, hour % 24
    if day < 1:
        month -= 1
        if month < 1:
            year, month = year - 1, 12
        day += _days(year, month)
    elif day > _days(year, month):
        day -= _days(year, month)
        month += 1
        if month > 12:
            year, month = year + 1, 1
    return year, month, day, hour, minute


def _problem(text: str, layout: str) -> str:
    """Which part Go could not read."""
    rest = text
    for word, pattern in _PARTS:
        shown = ".000000" if word == "05" and layout == MICRO_LAYOUT else ""
        found = re.match(pattern, rest, re.ASCII)
        if not found:
            return f"parsing time {quote(text)} as {quote(layout)}: cannot parse {quote(rest)} as {quote(word)}"
        if shown and not re.match(r"\d\d[.,]\d{6}", rest, re.ASCII):
            return f"parsing time {quote(text)} as {quote(layout)}: cannot parse {quote(rest[2:])} as {quote('.000000')}"
        rest = rest[found.end():]
    return f"parsing time {quote(text)}: extra text: {quote(rest)}"
