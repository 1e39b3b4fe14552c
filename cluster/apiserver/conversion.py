"""Between the version a request speaks and the one that is stored: an Event is stored once and shown in two groups.

Source: k8s.io/kubernetes pkg/apis/events/v1/conversion.go.
"""
from __future__ import annotations

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
    if kind.group != EVENTS:
        return obj
    return {**SHOWN_EMPTY, **_renamed(obj, TO_CORE), "apiVersion": "v1"}


def to_version(kind: Kind, obj: dict) -> dict:
    """A stored object in the version of the kind that was asked for."""
    if kind.group != EVENTS or obj.get("apiVersion") == f"{EVENTS}/v1":
        return obj
    shown = {name: value for name, value in obj.items() if value != "" or name not in SHOWN_EMPTY}
    return {**_renamed(shown, TO_EVENTS), "apiVersion": f"{EVENTS}/v1"}


def stored_version(kind: Kind) -> str:
    """The apiVersion in which a kind's objects are stored."""
    return "v1" if kind.group == EVENTS else api_version(kind)


def stored_group(kind: Kind) -> str:
    """The group of the stored version, which validation's complaints name."""
    return "" if kind.group == EVENTS else kind.group


def _renamed(obj: dict, names: dict[str, str]) -> dict:
    return {names.get(key, key): value for key, value in obj.items()}
