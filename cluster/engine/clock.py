"""Owns the calendar: virtual milliseconds since a sandbox began, as the times that objects carry."""
from __future__ import annotations

from datetime import datetime, timezone

DEFAULT_EPOCH_MS = 1_767_258_000_000  # 2026-01-01T09:00:00Z
UTC = timezone.utc


class Clock:
    """Turns virtual time into text and back. epoch_ms: the Unix time in ms of virtual 0, a whole second."""

    def __init__(self, epoch_ms: int = DEFAULT_EPOCH_MS):
        self.epoch_ms = epoch_ms - epoch_ms % 1000
        self._second, self._text = -1, ""

    def text(self, now_ms: int) -> str:
        """metav1.Time: whole seconds, `2026-01-01T09:00:00Z`."""
        second = (self.epoch_ms + now_ms) // 1000
        if second != self._second:
            self._second, self._text = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._text

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


def unix_ms(text: str) -> int:
    """Unix milliseconds of an RFC 3339 text; ValueError if it is none."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
