"""Keeps Events few: counts repeats, combines similar ones, and throttles an object that never stops complaining.

Everything remembered is plain data in `CorrelatorState`; the rules are functions of it.
Source: k8s.io/client-go tools/record/events_cache.go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import msgspec

CACHE_ENTRIES = 4096
SPAM_BURST = 25
SPAM_REFILL_MS = 300_000  # one more Event each five minutes, per source and object
AGGREGATE_FROM = 10  # the tenth different message within the window is combined
AGGREGATE_WINDOW_MS = 600_000


@dataclass
class CorrelatorState:
    """What a correlator remembers; the least recently used entry of each map comes first."""

    seen: dict[str, list] = field(default_factory=dict)  # key -> [count, firstTimestamp, name]
    similar: dict[str, list] = field(default_factory=dict)  # key -> [[full keys], last_ms]
    budgets: dict[str, list] = field(default_factory=dict)  # key -> [tokens, as of ms]


class Keys(msgspec.Struct, frozen=True):
    """What an Event is alike to: by source and object; but for its message; in everything. Short digests."""

    spam: str
    similar: str
    full: str


def correlate(
    state: CorrelatorState, event: dict, *, now_ms: int, fresh: Callable[[], dict]
) -> tuple[dict, dict | None, str] | None:
    """(the Event to send, the patch if it repeats an earlier one, the key to note its answer by), or None where the spam filter drops it.

    fresh: makes name and time (`{"name", "time"}`) for a combined Event, should one be needed.
    """
    keys = keys_of(event)
    event, key = aggregate(state, event, keys, now_ms=now_ms, fresh=fresh)
    event, patch = observe(state, event, key)
    if not allow(state, keys.spam, now_ms=now_ms):
        return None
    return event, patch, key if key == keys.full else full_key(event)


def aggregate(
    state: CorrelatorState, event: dict, keys: Keys, *, now_ms: int, fresh: Callable[[], dict]
) -> tuple[dict, str]:
    """The Event itself, or the combined one once ten messages differ only in their text; and its cache key."""
    messages, last_ms = state.similar.pop(keys.similar, None) or [[], now_ms]
    if now_ms - last_ms > AGGREGATE_WINDOW_MS:
        messages = []
    if keys.full not in messages:
        messages.append(keys.full)
    remember(state.similar, keys.similar, [messages, now_ms])
    if len(messages) < AGGREGATE_FROM:
        return event, keys.full
    del messages[0]
    return combined(event, fresh()), keys.similar


def combined(event: dict, fresh: dict) -> dict:
    """The Event that stands for many. As upstream, it has no reporting component."""
    metadata = {"name": fresh["name"], "namespace": event["metadata"]["namespace"]}
    return {
        **{key: value for key, value in event.items() if key not in ("reportingComponent", "reportingInstance")},
        "metadata": metadata,
        "message": "(combined from similar events): " + event["message"],
        "count": 1,
        "firstTimestamp": fresh["time"],
        "lastTimestamp": fresh["time"],
    }


def observe(state: CorrelatorState, event: dict, key: str) -> tuple[dict, dict | None]:
    """Counts an Event; a repeat takes over its first's name, and comes with the patch that says so."""
    last, patch = state.seen.get(key), None
    if last:
        count, first_timestamp, name = last
        metadata = {**event["metadata"], "name": name}
        event = {**event, "metadata": metadata, "firstTimestamp": first_timestamp, "count": count + 1}
        patch = {"count": count + 1, "lastTimestamp": event["lastTimestamp"], "message": event["message"]}
    note(state, event, key)
    return event, patch


def note(state: CorrelatorState, event: dict, key: str) -> None:
    """Remembers an Event as it was sent, or as the server answered it."""
    remember(state.seen, key, [event.get("count", 1), event["firstTimestamp"], event["metadata"]["name"]])


def allow(state: CorrelatorState, key: str, *, now_ms: int) -> bool:
    """Takes one of the tokens that this source has for this object."""
    tokens, then_ms = state.budgets.pop(key, None) or [float(SPAM_BURST), now_ms]
    tokens = min(float(SPAM_BURST), tokens + (now_ms - then_ms) / SPAM_REFILL_MS)
    allowed = tokens >= 1
    remember(state.budgets, key, [tokens - 1 if allowed else tokens, now_ms])
    return allowed


def remember(cache: dict, key: str, value: object) -> None:
    """Puts an entry last and drops the first when the cache is full."""
    cache.pop(key, None)
    cache[key] = value
    if len(cache) > CACHE_ENTRIES:
        del cache[next(iter(cache))]


def keys_of(event: dict) -> Keys:
    """The keys of an Event."""
    whose, reason = _whose(event), event["reason"]
    reporter = f"{event.get('reportingComponent', '')}|{event.get('reportingInstance', '')}"
    return Keys(digest(whose), digest(f"{whose}||{reason}|{reporter}"), _full(event, whose))


def full_key(event: dict) -> str:
    """The one of an Event's keys under which it is counted."""
    return _full(event, _whose(event))


def _full(event: dict, whose: str) -> str:
    return digest(f"{whose}|{event['involvedObject'].get('fieldPath', '')}|{event['reason']}|{event['message']}")


def _whose(event: dict) -> str:
    """Who reports on what, and as which type."""
    source, about = event["source"], event["involvedObject"]
    return "|".join(
        (
            source.get("component", ""),
            source.get("host", ""),
            about.get("kind", ""),
            about.get("namespace", ""),
            about.get("name", ""),
            about.get("uid", ""),
            about.get("apiVersion", ""),
            event["type"],
        )
    )


@lru_cache(maxsize=8192)
def digest(text: str) -> str:
    """A short stand-in for a long key: what is remembered of each Event lies in every snapshot."""
    return blake2b(text.encode(), digest_size=9).hexdigest()
