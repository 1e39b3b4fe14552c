"""Keeps Events few: counts repeats, combines similar ones, and throttles an object that never stops complaining.

Everything remembered is plain data in `CorrelatorState`; the rules are functions of it.
Source: k8s.io/client-go tools/record/events_cache.go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

CACHE_ENTRIES = 4096
SPAM_BURST = 25.0
SPAM_REFILL_MS = 300_000  # one more Event each five minutes, per source and object
AGGREGATE_FROM = 10  # the tenth different message within the window is combined
AGGREGATE_WINDOW_MS = 600_000


@dataclass
class CorrelatorState:
    """What a correlator remembers; the least recently used entry of each map comes first."""

    seen: dict[str, list] = field(default_factory=dict)  # key -> [count, firstTimestamp, name]
    similar: dict[str, list] = field(default_factory=dict)  # key -> [[digests of messages], last_ms]
    budgets: dict[str, list] = field(default_factory=dict)  # key -> [tokens, as of ms]


def correlate(
    state: CorrelatorState, event: dict, *, now_ms: int, fresh: Callable[[dict], dict]
) -> tuple[dict, dict | None, str] | None:
    """(the Event to send, the patch if it repeats an earlier one, the key to note it by when it was sent), or None where the spam filter
    drops it.

    fresh: makes name and time (`{"name", "time"}`) for the combined Event that this one becomes, should one be needed.
    """
    source, about, reason = event["source"], event["involvedObject"], event["reason"]
    whose = _told(
        source.get("component", ""),
        source.get("host", ""),
        about.get("kind", ""),
        about.get("namespace", ""),
        about.get("name", ""),
        about.get("uid", ""),
        about.get("apiVersion", ""),
        event["type"],
    )
    message = digest(event["message"])
    similar, full = f"{whose} {reason}", f"{whose} {reason} {about.get('fieldPath', '')} {message}"
    if similar in state.similar or full in state.seen:
        return _like_another(state, event, whose, similar, full, message, now_ms=now_ms, fresh=fresh)
    put_last(state.similar, similar, [[message], now_ms])
    if allow(state, whose, now_ms=now_ms):
        return event, None, full
    note(state, event, full)
    return None


def _like_another(
    state: CorrelatorState, event: dict, whose: str, similar: str, full: str, message: str, *, now_ms: int, fresh: Callable[[dict], dict]
) -> tuple[dict, dict | None, str] | None:
    """The same for an Event the like of which there was of late."""
    event, key = aggregate(state, event, similar, full, message, now_ms=now_ms, fresh=fresh)
    event, patch = observe(state, event, key)
    is_allowed = allow(state, whose, now_ms=now_ms)
    if key is not full or not is_allowed:
        note(state, event, key)  # an Event that is sent as it is is noted with its answer
    if not is_allowed:
        return None
    return event, patch, key if key is full else f"{similar} {event['involvedObject'].get('fieldPath', '')} {digest(event['message'])}"


def aggregate(
    state: CorrelatorState, event: dict, similar: str, full: str, message: str, *, now_ms: int, fresh: Callable[[dict], dict]
) -> tuple[dict, str]:
    """The Event itself, or the combined one once ten messages differ only in their text; and its cache key.

    similar: what it is alike to but for its message and its field; full: in everything. message: in short; of two fields the same one counts once.
    """
    known = state.similar.pop(similar, None)
    if known is None or now_ms - known[1] > AGGREGATE_WINDOW_MS:
        put_last(state.similar, similar, [[message], now_ms])
        return event, full
    messages = known[0]
    if message not in messages:
        messages.append(message)
    put_last(state.similar, similar, [messages, now_ms])
    if len(messages) < AGGREGATE_FROM:
        return event, full
    del messages[0]
    return combined(event, fresh(event)), similar


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
    last = state.seen.get(key)
    if last is None:
        return event, None
    count, first_timestamp, name = last
    metadata = {**event["metadata"], "name": name}
    event = {**event, "metadata": metadata, "firstTimestamp": first_timestamp, "count": count + 1}
    return event, {"count": count + 1, "lastTimestamp": event["lastTimestamp"], "message": event["message"]}


def note(state: CorrelatorState, event: dict, key: str) -> None:
    """Remembers an Event as the server answered it, or as it was sent in vain."""
    remember(state.seen, key, [event.get("count", 1), event["firstTimestamp"], event["metadata"]["name"]])


def allow(state: CorrelatorState, key: str, *, now_ms: int) -> bool:
    """Takes one of the tokens that this source has for this object."""
    known, tokens = state.budgets.pop(key, None), SPAM_BURST
    if known is not None:
        filled = known[0] + (now_ms - known[1]) / SPAM_REFILL_MS
        tokens = filled if filled < tokens else tokens
    allowed = tokens >= 1
    put_last(state.budgets, key, [tokens - 1 if allowed else tokens, now_ms])
    return allowed


def remember(cache: dict, key: str, value: object) -> None:
    """Puts an entry last and drops the first when the cache is full."""
    cache.pop(key, None)
    put_last(cache, key, value)


def put_last(cache: dict, key: str, value: object) -> None:
    """The same for an entry that was taken out."""
    cache[key] = value
    if len(cache) > CACHE_ENTRIES:
        del cache[next(iter(cache))]


@lru_cache(maxsize=8192)
def _told(*parts: str) -> str:
    """A short key for who reports on what, and as which type. Most objects are reported on more than once.

    The reporting component and instance are the source's, told once more.
    """
    return digest("|".join(parts))


def digest_anew(text: str) -> str:
    """A short stand-in for a long key or text: what is remembered of each Event lies in every snapshot."""
    return blake2b(text.encode(), digest_size=9).hexdigest()


digest = lru_cache(maxsize=8192)(digest_anew)  # of texts that come again
