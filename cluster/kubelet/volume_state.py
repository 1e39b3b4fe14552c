"""Owns what a kubelet remembers of its Pods' volumes and of the objects behind them. All plain data."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Cached(Struct):
    """A ConfigMap or Secret that Pods of the node need. users: uids of these Pods. watcher: the watch's number, 0 before it began."""

    object: dict[str, Any] | None = None
    users: dict[str, bool] = field(default_factory=dict)
    is_synced: bool = False
    is_asked: bool = False
    watcher: int = 0


class Failing(Struct):
    """A volume that could not be set up: how long to wait after the last try, and when the next one is due."""

    delay_ms: int
    due_ms: int
    is_unattached: bool = False


class Mounted(Struct):
    """The volumes of one Pod. places: volume -> [key of the runtime's volumes, path in it, "ro" or ""]. since_ms: when the wait began.

    claims: what is known of a claim behind a volume: [the PersistentVolume, "" or why not]. tokens: "volume/path" -> [token, when it
    is old, when it is good no more]. refused: the same -> why there was no other. retry, resync: event ids.
    """

    places: dict[str, list[str]] = field(default_factory=dict)
    failing: dict[str, Failing] = field(default_factory=dict)
    claims: dict[str, list[Any]] = field(default_factory=dict)
    tokens: dict[str, list[Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    attachable: dict[str, bool] = field(default_factory=dict)  # by their names in the node's status
    since_ms: int = -1
    retry: int = 0
    resync: int = 0
