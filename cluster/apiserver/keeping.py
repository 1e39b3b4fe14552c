"""What the API server puts right by itself: when a change concerns what it keeps, and which requests it then sends to itself.

Source: as in aggregation.py, allocation.py and fairness.py.
"""
from __future__ import annotations

from cluster.meta.requests import Request
from cluster.store.memory import Store

from . import aggregation, allocation, fairness
from .context import Context

# the beginnings of keys whose changes may ask for something; compared for each change, so of one length
LENGTH = 13
CONCERNS = frozenset(("/registry/api", "/registry/flo", "/registry/pri", "/registry/ipa"))
ALL = APIS, FLOWS_OWN, FLOWS, ADDRESSES = "apis", "flows-own", "flows", "addresses"


def due(change, now_ms: int, soon_ms: int, store: Store) -> list[tuple[int, str]]:
    """(when, what) is to be looked after because of a change."""
    key = change.key
    if key.startswith(allocation.ADDRESSES):
        is_missed = change.type == "DELETED" and allocation.is_held(change.value, store)
        return [(allocation.REPAIR_MS - now_ms % allocation.REPAIR_MS, ADDRESSES)] if is_missed else []
    if key.startswith((aggregation.DEFINITIONS, aggregation.FOLDER)):
        return [(soon_ms, APIS)]
    if not key.startswith((fairness.SCHEMAS, fairness.LEVELS)):
        return []
    again = [(fairness.INTERVAL_MS - now_ms % fairness.INTERVAL_MS, FLOWS_OWN)] if change.type == "DELETED" else []
    is_told = key.startswith(fairness.SCHEMAS) or change.type != "MODIFIED"
    return [(soon_ms, FLOWS), *again] if is_told else again


def again_ms(what: str, context: Context) -> int:
    """After how long it is to be looked at again though nothing changes; 0: never."""
    return aggregation.INTERVAL_MS if what == APIS and aggregation.remotes(context.store) else 0


def requests(what: str, context: Context) -> list[Request]:
    """What the server asks of itself; nothing where all is as it should be."""
    store = context.store
    if what == APIS:
        return aggregation.requests(store) + aggregation.judged(store, context.time_text())
    if what == FLOWS:
        return fairness.requests(store, context.time_text())
    return allocation.missing(store) if what == ADDRESSES else fairness.missing(store)
