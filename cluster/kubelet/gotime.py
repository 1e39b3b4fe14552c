"""Durations as Go prints them: 345ms, 1.234s, 1m2.5s."""

from __future__ import annotations


def duration(milliseconds: int) -> str:
    """The text of a time.Duration of whole milliseconds."""
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / 1000:.3f}".rstrip("0").rstrip(".")
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or hours else "") + f"{seconds}s"
