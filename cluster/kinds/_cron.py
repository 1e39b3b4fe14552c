"""Schedules of CronJobs, `*/5 9-17 * * mon-fri`: what may be written, and upstream's words for what may not.

Source: github.com/robfig/cron/v3 parser.go, pkg/util/parsers/parsers.go, Go's time.ParseDuration and time.LoadLocation.
"""
from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import NamedTuple

from cluster.meta.gotext import atoi, quote

DESCRIPTORS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}
EVERY = "@every "
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ZONES = ("TZ=", "CRON_TZ=")
_LARGEST = 2**63 - 1
_UNITS_NS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9}
_FRACTION_DIGITS = 18  # of a part of a duration; more are not read
_PART = re.compile(r"(\d*)(?:\.(\d*))?([^0-9.]*)", re.ASCII)


class CronError(ValueError):
    """A schedule that cannot be read; the message is upstream's."""


class Field(NamedTuple):
    """One of the five fields: what it may hold."""

    low: int
    high: int
    names: dict[str, int]


MINUTES, HOURS, DAYS = Field(0, 59, {}), Field(0, 23, {}), Field(1, 31, {})
MONTHS = Field(1, 12, {name: number for number, name in enumerate(_MONTHS, 1)})
WEEKDAYS = Field(0, 6, {name: number for number, name in enumerate(_DAYS)})
FIELDS = (MINUTES, HOURS, DAYS, MONTHS, WEEKDAYS)


class Schedule(NamedTuple):
    """When to run: the minutes, hours, days, months and weekdays; or, of `@every`, the pause in nanoseconds.

    any_day, any_weekday: the field is a star; a time needs to match both day fields when one of them is.
    """

    values: tuple[frozenset[int], ...]
    any_day: bool = True
    any_weekday: bool = True
    every_ns: int = 0
    time_zone: str = ""


def parse(text: str) -> Schedule:
    """The schedule that a text means. Raises CronError."""
    zone = ""
    if text.startswith(_ZONES):
        zone, text = _zone(text)
    if text.startswith("@"):
        return _descriptor(text)._replace(time_zone=zone)
    if not text:
        raise CronError("empty spec string")
    return _fields(text)._replace(time_zone=zone)


def _zone(text: str) -> tuple[str, str]:
    """The time zone before a schedule. Without a space after it upstream's parser panics, and says so."""
    end, start = text.find(" "), text.index("=") + 1
    if end < 0:
        raise CronError("invalid schedule format: runtime error: slice bounds out of range [:-1]")
    zone = text[start:end]
    complaint = zone_complaint(zone)
    if complaint:
        raise CronError(f"provided bad location {zone}: {complaint}")
    return zone, text[end:].strip()


def _descriptor(text: str) -> Schedule:
    if text in DESCRIPTORS:
        return _fields(DESCRIPTORS[text])
    if not text.startswith(EVERY):
        raise CronError(f"unrecognized descriptor: {text}")
    try:
        return Schedule((), every_ns=duration_ns(text[len(EVERY):]))
    except ValueError as error:
        raise CronError(f"failed to parse duration {text}: {error}") from None


def _fields(text: str) -> Schedule:
    written = text.split()
    if len(written) != len(FIELDS):
        raise CronError(f"expected exactly 5 fields, found {len(written)}: [{' '.join(written)}]")
    found = [_field(part, field) for part, field in zip(written, FIELDS, strict=True)]
    return Schedule(tuple(values for values, _ in found), found[2][1], found[4][1])


def _field(text: str, field: Field) -> tuple[frozenset[int], bool]:
    """(values, whether one part is a star) of a comma-separated list."""
    parts = [_range(part, field) for part in text.split(",") if part]
    return frozenset(value for values, _ in parts for value in values), any(is_star for _, is_star in parts)


def _range(text: str, field: Field) -> tuple[range, bool]:
    """`5`, `1-5`, `*`, `*/2`, `1-30/5`, `3/10`."""
    whole, *steps = text.split("/")
    bounds = whole.split("-")
    is_star = bounds[0] in ("*", "?")
    low, high = (field.low, field.high) if is_star else _bounds(bounds, field, text)
    step = 1
    if len(steps) == 1:
        step = _whole(steps[0])
        high = field.high if len(bounds) == 1 else high
        is_star = is_star and step <= 1
    elif steps:
        raise CronError(f"too many slashes: {text}")
    _check(low, high, step, field, text)
    return range(low, high + 1, step), is_star


def _bounds(bounds: list[str], field: Field, text: str) -> tuple[int, int]:
    low = _number(bounds[0], field)
    if len(bounds) == 1:
        return low, low
    if len(bounds) > 2:
        raise CronError(f"too many hyphens: {text}")
    return low, _number(bounds[1], field)


def _check(low: int, high: int, step: int, field: Field, text: str) -> None:
    if low < field.low:
        raise CronError(f"beginning of range ({low}) below minimum ({field.low}): {text}")
    if high > field.high:
        raise CronError(f"end of range ({high}) above maximum ({field.high}): {text}")
    if low > high:
        raise CronError(f"beginning of range ({low}) beyond end of range ({high}): {text}")
    if step == 0:
        raise CronError(f"step of range should be a positive number: {text}")


def _number(text: str, field: Field) -> int:
    return field.names[text.lower()] if text.lower() in field.names else _whole(text)


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        raise CronError(f"failed to parse int from {text}: strconv.Atoi: parsing {quote(text)}: invalid syntax")
    number = atoi(text)
    if number is None:
        raise CronError(f"failed to parse int from {text}: strconv.Atoi: parsing {quote(text)}: value out of range")
    if number < 0:
        raise CronError(f"negative number ({number}) not allowed: {text}")
    return number


def duration_ns(text: str) -> int:
    """A Go duration, `1h30m`. Raises ValueError with Go's words."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise ValueError(f"time: invalid duration {quote(text)}")
    total = 0
    while rest:
        found = _PART.match(rest)
        whole, fraction, unit = found[1], found[2] or "", found[3]
        if not whole and not fraction:
            raise ValueError(f"time: invalid duration {quote(text)}")
        if not unit:
            raise ValueError(f"time: missing unit in duration {quote(text)}")
        if unit not in _UNITS_NS:
            raise ValueError(f"time: unknown unit {quote(unit)} in duration {quote(text)}")
        whole, fraction = whole.lstrip("0"), fraction[:_FRACTION_DIGITS]
        is_long = len(whole) > len(str(_LARGEST))
        if not is_long:
            total += int(whole or 0) * _UNITS_NS[unit] + int(fraction or 0) * _UNITS_NS[unit] // 10 ** len(fraction)
        if is_long or total > _LARGEST:
            raise ValueError(f"time: invalid duration {quote(text)}")
        rest = rest[found.end():]
    return -total if text.startswith("-") else total


@cache
def time_zones() -> frozenset[str]:
    """The names of the time zone database; package data."""
    return frozenset(resources.files("cluster.kinds").joinpath("timezones.txt").read_text().split())


def zone_complaint(name: str) -> str:
    """What Go's time.LoadLocation says about a time zone that it cannot load, or ""."""
    if name in ("", "UTC", "Local") or name in time_zones():
        return ""
    if ".." in name or name[0] in "/\\":
        return "time: invalid location name"
    is_folder = any(known.startswith(f"{name}/") for known in sorted(time_zones()))
    return "is a directory" if is_folder else f"unknown time zone {name}"
