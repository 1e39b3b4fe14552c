"""Owns the calendar: virtual milliseconds since a sandbox began, as the times that objects carry."""
from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT_EPOCH_MS = 1_767_258_000_000  # 2026-01-01T09:00:00Z
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
KEPT_TEXTS = 4096  # of seconds: the same moments are written, and read, again and again


class Clock:
    """Turns virtual time into text and back. epoch_ms: the Unix time in ms of virtual 0, a whole second."""

    def __init__(self, epoch_ms: int = DEFAULT_EPOCH_MS):
        self.epoch_ms = epoch_ms - epoch_ms % 1000
        self._texts: dict[int, str] = {}

    def text(self, now_ms: int) -> str:
        """metav1.Time: whole seconds, `2026-01-01T09:00:00Z`."""
        second = (self.epoch_ms + now_ms) // 1000
        text = self._texts.get(second)
        if text is None:
            if len(self._texts) >= KEPT_TEXTS:
                self._texts.clear()
            text = self._texts[second] = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return text

    def micro_text(self, now_ms: int) -> str:
        """metav1.MicroTime: `2026-01-01T09:00:00.128000Z`."""
        return f"{self.text(now_ms)[:-1]}.{(self.epoch_ms + now_ms) % 1000:03d}000Z"

    def nano_text(self, now_ms: int) -> str:
        """RFC 3339 with nanoseconds, as container logs have it."""
        return f"{self.text(now_ms)[:-1]}.{(self.epoch_ms + now_ms) % 1000:03d}000000Z"

    def parse_ms(self, text: str) -> int:
        """Virtual ms of a time text (whole or fractional seconds); ValueError if it is none."""
        return unix_ms(text) - self.epoch_ms

    def unix_ms(self, now_ms: int) -> int:
        return self.epoch_ms + now_ms


@lru_cache(maxsize=KEPT_TEXTS)
def unix_ms(text: str) -> int:
    """Unix milliseconds of an RFC 3339 text; ValueError if it is none."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def calendar(unix_s: int) -> datetime:
    """The calendar time of a Unix time in UTC."""
    return datetime.fromtimestamp(unix_s, UTC)


@cache
def zone(name: str) -> ZoneInfo | None:
    """A time zone by its name; None where this machine's database has it not."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_utc(name: str) -> bool:
    """Whether a zone is that of the components, which is UTC."""
    return name in ("", "UTC", "Local")


def offset_s(unix_s: int, name: str) -> int:
    """How far a zone's clocks are ahead of UTC at a Unix time; a zone that is not known here counts as UTC."""
    return 0 if is_utc(name) else int(datetime.fromtimestamp(unix_s, zone(name) or UTC).utcoffset().total_seconds())


def rfc3339(unix_s: int, name: str = "") -> str:
    """A Unix time as text in a zone, `2026-01-01T10:00:00+01:00`, or with a Z where that is UTC."""
    ahead = offset_s(unix_s, name)
    text = calendar(unix_s + ahead).strftime("%Y-%m-%dT%H:%M:%S")
    minutes = abs(ahead) // 60
    return f"{text}Z" if ahead == 0 else f"{text}{'-' if ahead < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def rfc1123(unix_s: int) -> str:
    """A Unix time as mail has it, `Thu, 01 Jan 2026 09:00:00 +0000`, whatever the machine's language."""
    at = calendar(unix_s)
    return f"{DAYS[at.weekday()]}, {at.day:02d} {MONTHS[at.month - 1]} {at:%Y %H:%M:%S} +0000"
