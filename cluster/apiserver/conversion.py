"""Between the version a request speaks and the one that is stored: what is stored once may be served in several versions.

An Event is shown in two groups; a kind's other versions say themselves how they differ (`faces`). A custom resource whose webhook
converts is worked with in the version of the request, and goes into the version that is stored last of all (`to_storage`).

Source: k8s.io/kubernetes pkg/apis/events/v1/conversion.go.
"""
from __future__ import annotations

from functools import lru_cache

from cluster.kinds import api_version
from cluster.kinds.base import Kind

EVENTS = "events.k8s.io"
TO_CORE = {
    "regarding": "involvedObject", "note": "message", "reportingController": "reportingComponent",
    "deprecatedSource": "source", "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp", "deprecatedCount": "count",
}
TO_EVENTS = {core: events for events, core in TO_CORE.items()}

SHOWN_EMPTY = {"reportingComponent": "", "reportingInstance": ""}    # in the core group only


def to_stored(kind: Kind, obj: dict) -> dict:
    """An object as it was sent, in the version that is stored."""
    if kind.stored_as:
        return {**(kind.to_stored(obj) if kind.to_stored else obj), "apiVersion": kind.stored_as}
    if kind.group != EVENTS:
        return obj
    return {**SHOWN_EMPTY, **_renamed(obj, TO_CORE), "apiVersion": "v1"}


def to_version(kind: Kind, obj: dict) -> dict:
    """A stored object in the version of the kind that was asked for."""
    if obj.get("kind") != kind.kind:
        return obj  # a Status that stands for it
    if kind.custom is not None:
        return kind.custom.shown(obj)
    if kind.stored_as and obj.get("apiVersion") != api_version(kind):
        return {**(kind.from_stored(obj) if kind.from_stored else obj), "apiVersion": api_version(kind)}
    if kind.group != EVENTS or obj.get("apiVersion") == f"{EVENTS}/v1":
        return obj
    shown = {name: value for name, value in obj.items() if value != "" or name not in SHOWN_EMPTY}
    return {**_renamed(shown, TO_EVENTS), "apiVersion": f"{EVENTS}/v1"}


def loaded(kind: Kind, obj: dict) -> dict:
    """A stored object as updates work with it."""
    return obj if kind.custom is None else to_stored(kind, to_version(kind, obj))


def to_storage(kind: Kind, obj: dict) -> dict:
    """An object that has been worked with, as it is stored."""
    return kind.custom.converted(obj, kind.custom.storage) if kind.custom is not None and kind.custom.webhook else obj


def stored_version(kind: Kind) -> str:
    """The apiVersion in which a kind's objects are stored."""
    return kind.stored_as or ("v1" if kind.group == EVENTS else api_version(kind))


def stored_group(kind: Kind) -> str:
    """The group of the stored version, which validation's complaints name."""
    return "" if kind.group == EVENTS else kind.group


def _renamed(obj: dict, names: dict[str, str]) -> dict:
    return dict(zip(_new_names(tuple(obj), names is TO_CORE), obj.values()))


def core_names(keys: tuple[str, ...]) -> tuple[str, ...]:
    """What an Event's fields of events.k8s.io are called in the core group."""
    return _new_names(keys, True)


@lru_cache(maxsize=256)
def _new_names(keys: tuple[str, ...], is_to_core: bool) -> tuple[str, ...]:
    """What an Event's fields are called in the other group."""
    names = TO_CORE if is_to_core else TO_EVENTS
    return tuple([names.get(key, key) for key in keys])
