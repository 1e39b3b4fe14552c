"""Owns exponential back-off: of container restarts and of image pulls.

Source: k8s.io/client-go util/flowcontrol/backoff.go; kubernetes pkg/kubelet/kubelet.go (10 s to 300 s).
"""

from __future__ import annotations

from .state import BackoffEntry, Backoffs

FIRST_MS, MOST_MS = 10_000, 300_000
STABLE_MS = 2 * MOST_MS  # a longer time without trouble starts it anew


def _is_over(entry: BackoffEntry, event_ms: int) -> bool:
    return event_ms - entry.updated_ms > STABLE_MS


def delay_ms(backoffs: Backoffs, key: str) -> int:
    """The present delay of a key; 0 when it never failed."""
    entry = backoffs.entries.get(key)
    return entry.delay_ms if entry else 0


def is_waiting(backoffs: Backoffs, key: str, *, event_ms: int, now_ms: int) -> bool:
    """Whether the delay since an event (the end of the last run) is not over yet."""
    entry = backoffs.entries.get(key)
    return entry is not None and not _is_over(entry, event_ms) and now_ms - event_ms < entry.delay_ms


def is_waiting_since_update(backoffs: Backoffs, key: str, *, now_ms: int) -> bool:
    """Whether the delay since the last failure is not over yet."""
    entry = backoffs.entries.get(key)
    return entry is not None and not _is_over(entry, now_ms) and now_ms - entry.updated_ms < entry.delay_ms


def note(backoffs: Backoffs, key: str, *, event_ms: int, now_ms: int, most_ms: int = MOST_MS) -> None:
    """Count one more failure: the first delay, else twice the last; anew after ten quiet minutes."""
    entry = backoffs.entries.get(key)
    if entry is None or _is_over(entry, event_ms):
        backoffs.entries[key] = BackoffEntry(min(FIRST_MS, most_ms), now_ms)
    else:
        backoffs.entries[key] = BackoffEntry(min(entry.delay_ms * 2, most_ms), now_ms)


def forget(backoffs: Backoffs, prefix: str) -> None:
    """Drop the entries of a Pod that is gone."""
    for key in [key for key in backoffs.entries if key.startswith(prefix)]:
        del backoffs.entries[key]
