"""Durations and points in time in expressions.

A field of the format `duration` or `date-time` is a text here; where it meets one of these it is read as one.
Source: github.com/google/cel-go common/types/{duration,timestamp,string}.go.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from cluster.engine import clock

from .failures import NO_OVERLOAD, Failed

NANO = 10**9
UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": NANO, "m": 60 * NANO, "h": 3600 * NANO}
PART = re.compile(r"([0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(ns|us|µs|μs|ms|s|m|h)")
LENGTH = re.compile(rf"[+-]?(?:{PART.pattern}){{1,20}}".replace("([0", "(?:[0").replace("(ns", "(?:ns"))
MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,20}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))")
ZONE = re.compile(r"([+-]?)([0-9]{2}):([0-9]{2})")
FIRST, LAST, LONGEST = -62_135_596_800, 253_402_300_799, 2**63


@dataclass(frozen=True, order=True)
class Duration:
    """A length of time."""

    nano: int
    type_name = "google.protobuf.Duration"

    def __str__(self) -> str:
        whole, rest = divmod(abs(self.nano), NANO)
        return f"{'-' if self.nano < 0 else ''}{whole}" + (f".{rest:09}".rstrip("0") if rest else "") + "s"


@dataclass(frozen=True, order=True)
class Moment:
    """nano: since 1970. offset: minutes that its text was ahead of UTC."""

    nano: int
    offset: int = field(default=0, compare=False)
    type_name = "google.protobuf.Timestamp"

    @property
    def unix_s(self) -> int:
        return self.nano // NANO

    def __str__(self) -> str:
        rest = self.nano % NANO
        sign, minutes = "-" if self.offset < 0 else "+", abs(self.offset)
        zone = f"{sign}{minutes // 60:02}:{minutes % 60:02}" if self.offset else "Z"
        text = _calendar(self.unix_s + self.offset * 60).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
        return text + (f".{rest:09}".rstrip("0") if rest else "") + zone


TIMED = (Duration, Moment)


def _calendar(unix_s: int):
    try:
        return clock.calendar(unix_s)
    except (ValueError, OverflowError):
        raise Failed("timestamp overflow") from None


def duration(value: object) -> Duration:
    """duration()."""
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise Failed(NO_OVERLOAD)
    if value in ("0", "+0", "-0"):
        return Duration(0)
    if not LENGTH.fullmatch(value):
        raise Failed("type conversion error from 'string' to 'google.protobuf.Duration'")
    nano = sum(int(Fraction(f"0{number}" if number[0] == "." else number.rstrip(".")) * UNITS[unit]) for number, unit in PART.findall(value))
    return _long(-nano if value[0] == "-" else nano)


def moment(value: object) -> Moment:
    """timestamp(); of a whole number, the seconds since 1970."""
    if isinstance(value, Moment):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return _within(value * NANO)
    found = MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Failed(NO_OVERLOAD if not isinstance(value, str) else "type conversion error from 'string' to 'google.protobuf.Timestamp'")
    try:
        there_s = clock.unix_ms(found[1] + "Z") // 1000
    except ValueError:
        raise Failed("type conversion error from 'string' to 'google.protobuf.Timestamp'") from None
    offset = _offset(found[3], found[4], found[5]) if found[3] else 0
    return _within((there_s - offset * 60) * NANO + int((found[2] or "0")[:9].ljust(9, "0")), offset)


def _offset(sign: str, hours: str, minutes: str) -> int:
    return (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)


def _long(nano: int) -> Duration:
    if not -LONGEST <= nano < LONGEST:
        raise Failed("duration overflow")
    return Duration(nano)


def _within(nano: int, offset: int = 0) -> Moment:
    if not FIRST <= nano // NANO <= LAST:
        raise Failed("timestamp overflow")
    return Moment(nano, offset)


def operated(operator: str, left: object, right: object) -> object:
    """An operator with one of these on one side at least."""
    left, right = _like(left, right), _like(right, left)
    if operator in SAME:
        return (left == right) is SAME[operator]
    if not isinstance(left, TIMED) or not isinstance(right, TIMED):
        raise Failed(NO_OVERLOAD)
    if operator in ORDERS and type(left) is type(right):
        return ORDERS[operator](left.nano, right.nano)
    if operator == "-" and not (isinstance(left, Duration) and isinstance(right, Moment)):
        made = _within if isinstance(left, Moment) and isinstance(right, Duration) else _long
        return made(left.nano - right.nano)
    if operator == "+" and not (isinstance(left, Moment) and isinstance(right, Moment)):
        return (_long if type(left) is type(right) else _within)(left.nano + right.nano)
    raise Failed(NO_OVERLOAD)


SAME = {"==": True, "!=": False}
ORDERS: dict[str, Callable[[int, int], bool]] = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
                                                 ">=": lambda a, b: a >= b}


def _like(value: object, other: object) -> object:
    """A text beside a duration or a point in time is one itself."""
    if isinstance(value, str):
        return duration(value) if isinstance(other, Duration) else moment(value)
    return value


def _told(length: int | None, of_moment: Callable[[Any, int], int]) -> Callable[..., int]:
    """length: nanoseconds that a duration is counted in, None where it has no such part."""
    def told(value: object, zone: str | None = None) -> int:
        if isinstance(value, str):
            value = duration(value) if LENGTH.fullmatch(value) else moment(value)
        if isinstance(value, Duration) and length and zone is None:
            return value.nano // length if value.nano >= 0 else -(-value.nano // length)
        if not isinstance(value, Moment):
            raise Failed(NO_OVERLOAD)
        return of_moment(_calendar(value.unix_s + _ahead_s(value.unix_s, zone or "")), value.nano % NANO)
    return told


def _ahead_s(unix_s: int, zone: str) -> int:
    """How far a zone's clocks are ahead of UTC."""
    found = ZONE.fullmatch(zone)
    if found is not None:
        return _offset(*found.groups()) * 60
    if not clock.is_utc(zone) and clock.zone(zone) is None:
        raise Failed(f"unknown time zone {zone}")
    return clock.offset_s(unix_s, zone)


FUNCTIONS: dict[str, Callable] = {
    "duration": duration, "timestamp": moment,
    "getFullYear": _told(None, lambda at, nano: at.year), "getMonth": _told(None, lambda at, nano: at.month - 1),
    "getDayOfYear": _told(None, lambda at, nano: at.timetuple().tm_yday - 1), "getDayOfMonth": _told(None, lambda at, nano: at.day - 1),
    "getDate": _told(None, lambda at, nano: at.day), "getDayOfWeek": _told(None, lambda at, nano: at.isoweekday() % 7),
    "getHours": _told(UNITS["h"], lambda at, nano: at.hour), "getMinutes": _told(UNITS["m"], lambda at, nano: at.minute),
    "getSeconds": _told(NANO, lambda at, nano: at.second), "getMilliseconds": _told(UNITS["ms"], lambda at, nano: nano // UNITS["ms"]),
}
GLOBAL = ("duration", "timestamp")
