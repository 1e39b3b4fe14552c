"""etcd: the current keys of one sandbox, their revisions and the recent log, in memory.

A value is an API object; it carries its revision as `metadata.resourceVersion` and is never changed.
Source: etcd's MVCC as k8s.io/apiserver pkg/storage/etcd3 uses it, kept append-only as kine does.
"""
from __future__ import annotations

from bisect import bisect_right
from typing import Any

import msgspec

KEPT_CHANGES = 10_000  # the log behind the current state; older revisions answer 410 to a watch


class Conflict(Exception):
    """The compare-and-swap failed: the key is at `found` (0 = absent)."""

    def __init__(self, key: str, found: int):
        super().__init__(key)
        self.key, self.found = key, found


class Compacted(Exception):
    """The revision asked for is older than what the log keeps."""


class Stored(msgspec.Struct):
    """A key's current value."""

    value: dict
    create_revision: int
    mod_revision: int
    version: int


class Change(msgspec.Struct):
    """One revision. type: ADDED, MODIFIED or DELETED; previous: the value before, None for ADDED."""

    revision: int
    type: str
    key: str
    value: dict
    previous: dict | None
    create_revision: int
    version: int
    at_ms: int = 0
    cause: int = 0


def folder(key: str) -> str:
    """The kind's folder of a key: `/registry/pods/` of `/registry/pods/default/x`."""
    return key[: key.index("/", 10) + 1]


class Store:
    """get, list, put, delete, log. is_committed: whether somebody drains what was written; else it is kept only as long as the log goes back."""

    def __init__(self, *, kept: int = KEPT_CHANGES, is_committed: bool = True):
        self.revision = 0
        self.compacted = 0
        self.kept, self.is_committed = kept, is_committed
        self.rows: dict[str, Stored] = {}     # every key
        self.folders: dict[str, dict[str, Stored]] = {}   # the same by folder
        self.touched: dict[str, int] = {}     # folder -> the revision of its last change: what is worked out from it may be kept till then
        self.changes: list[Change] = []
        self.uncommitted: list[Change] = []   # since the last drain()
        self.fanned_out = 0                   # how far the API server has told its watchers
        self.now_ms = 0                       # set by the API server before it writes

    def get(self, key: str) -> Stored | None:
        return self.rows.get(key)

    def list(self, prefix: str) -> list[tuple[str, Stored]]:
        """All keys that begin with `prefix` (which ends in "/"), ordered."""
        place = folder(prefix)
        rows = self.folders.get(place)
        if not rows:
            return []
        if place == prefix:
            return sorted(rows.items())
        return sorted((key, stored) for key, stored in rows.items() if key.startswith(prefix))

    def put(self, key: str, value: dict, *, expected: int | None = None, is_own: bool = False) -> Stored:
        """Write; `expected` is the mod_revision that must be found, 0 = the key must not exist.

        is_own: nobody else holds the value's top or its metadata, which take their revision in place then.
        """
        old = self.rows.get(key)
        found = old.mod_revision if old is not None else 0
        if expected is not None and expected != found:
            raise Conflict(key, found)
        place = key[: key.index("/", 10) + 1]
        self.revision = self.touched[place] = revision = self.revision + 1
        if is_own:
            value["metadata"]["resourceVersion"] = str(revision)
        else:
            value = with_revision(value, revision)
        if old is not None:
            stored = Stored(value, old.create_revision, revision, old.version + 1)
            change = Change(revision, "MODIFIED", key, value, old.value, old.create_revision, stored.version, self.now_ms)
        else:
            stored = Stored(value, revision, revision, 1)
            change = Change(revision, "ADDED", key, value, None, revision, 1, self.now_ms)
            self.folders.setdefault(place, {})
        self.rows[key] = self.folders[place][key] = stored
        self._log(change)
        return stored

    def delete(self, key: str, *, expected: int | None = None, final: dict | None = None) -> Stored:
        """Remove a key; what watchers see last is `final` (default: the value) with the deletion's revision."""
        place = folder(key)
        old = self.rows.get(key)
        found = old.mod_revision if old else 0
        if old is None or (expected is not None and expected != found):
            raise Conflict(key, found)
        self.revision = self.touched[place] = revision = self.revision + 1
        value = with_revision(final if final is not None else old.value, revision)
        del self.rows[key], self.folders[place][key]
        stored = Stored(value, old.create_revision, revision, 0)
        self._log(Change(revision, "DELETED", key, value, old.value, old.create_revision, 0, self.now_ms))
        return stored

    def _log(self, change: Change) -> None:
        self.changes.append(change)
        if self.is_committed:
            self.uncommitted.append(change)
        if len(self.changes) > 2 * self.kept:
            self.compact(self.changes[-self.kept - 1].revision)

    def since(self, prefix: str, revision: int) -> list[Change]:
        """Changes after `revision` of keys that begin with `prefix`; raises Compacted."""
        if revision < self.compacted:
            raise Compacted(revision)
        if revision >= self.revision:
            return []
        start = bisect_right(self.changes, revision, key=lambda change: change.revision)
        return [change for change in self.changes[start:] if change.key.startswith(prefix)]

    def left_at_ms(self, revision: int) -> int | None:
        """When a revision ceased to be the present one, as far as the log goes back; None: it has not."""
        start = bisect_right(self.changes, revision, key=lambda change: change.revision)
        return self.changes[start].at_ms if start < len(self.changes) else None

    def compact(self, revision: int) -> None:
        """Forget the log up to and including a revision."""
        start = bisect_right(self.changes, revision, key=lambda change: change.revision)
        self.changes = self.changes[start:]
        self.compacted = max(self.compacted, revision)

    def drain(self) -> list[Change]:
        """What was written since the last call, to be committed."""
        changes, self.uncommitted = self.uncommitted, []
        return changes

    # -- snapshots ------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        rows = [[key, s.value, s.create_revision, s.mod_revision, s.version]
                for place in sorted(self.folders) for key, s in sorted(self.folders[place].items())]
        return {"revision": self.revision, "rows": rows}

    def restore(self, data: dict[str, Any], changes: list[Change] = ()) -> None:
        """Put a snapshot back. changes: the log as it was kept, so that watches can resume."""
        self.revision = data["revision"]
        self.rows, self.folders, self.uncommitted, self.changes = {}, {}, [], list(changes)
        self.compacted = self.changes[0].revision - 1 if self.changes else self.revision
        self.fanned_out = self.revision
        for key, value, created, modified, version in data["rows"]:
            self.rows[key] = self.folders.setdefault(folder(key), {})[key] = Stored(value, created, modified, version)
        self.touched = dict.fromkeys(self.folders, self.revision)


def with_revision(value: dict, revision: int) -> dict:
    """The object with its resourceVersion; shares everything else."""
    return {**value, "metadata": {**value["metadata"], "resourceVersion": str(revision)}}
