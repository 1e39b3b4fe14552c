"""The watch hub: who is told of which changes, in order, each watcher at its own moment.

Source: k8s.io/apiserver pkg/storage/cacher (selectors decide ADDED and DELETED for objects that begin or cease to match).
"""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from cluster.engine.plain import carried
from cluster.store.memory import with_revision

_NOT_PLAIN = re.compile(r"[,=\\]")


@carried
class WatchSpec(msgspec.Struct, kw_only=True):
    """What a watcher wants to see. prefix: the folder of keys; version: of a custom resource, where not the stored one."""

    resource: str
    prefix: str
    label_selector: str = ""
    field_selector: str = ""
    version: str = ""


class Watcher:
    """One standing watch: of a component (`actor`, delivered by event) or of an HTTP client (`sink`)."""

    __slots__ = ("id", "spec", "reach", "actor", "handler", "matches", "pending", "due_ms", "sink", "generation", "quiet")

    def __init__(self, watcher_id: int, spec: WatchSpec, matches: Callable[[dict], bool] | None):
        self.id, self.spec, self.reach, self.matches = watcher_id, spec, len(spec.prefix), matches
        self.actor, self.handler, self.sink = None, "", None
        self.pending: list[tuple] = []
        self.due_ms, self.generation, self.quiet = 0, 0, False


class Hub:
    """All watchers of a sandbox, found by resource folder; watches of one node's Pods by node, of one object by its name."""

    def __init__(self):
        self.by_id: dict[int, Watcher] = {}
        self.by_folder: dict[str, dict[int, Watcher]] = {}
        self.by_name: dict[str, dict[int, Watcher]] = {}  # folder and name
        self.named: dict[str, int] = {}                   # folder -> how many watches of one name there are
        self.by_node: dict[str, dict[int, Watcher]] = {}
        self.next_id = 1

    def add(self, watcher: Watcher) -> None:
        self.by_id[watcher.id] = watcher
        table, key = self._place(watcher)
        table.setdefault(key, {})[watcher.id] = watcher
        if table is self.by_name:
            folder = self.folder(watcher)
            self.named[folder] = self.named.get(folder, 0) + 1

    def remove(self, watcher_id: int) -> None:
        watcher = self.by_id.pop(watcher_id, None)
        if watcher is not None:
            table, key = self._place(watcher)
            watchers = table.get(key) or {}
            watchers.pop(watcher_id, None)
            if not watchers:
                table.pop(key, None)
            if table is self.by_name:
                self.named[self.folder(watcher)] -= 1

    def _place(self, watcher: Watcher) -> tuple[dict[str, dict[int, Watcher]], str]:
        node, name, folder = node_of(watcher.spec), name_of(watcher.spec), self.folder(watcher)
        if node:
            return self.by_node, node
        return (self.by_name, folder + name) if name else (self.by_folder, folder)

    def interested(self, change) -> list[tuple[Watcher, str, dict]]:
        """(watcher, type, object) for each watcher that must be told of a change, oldest watcher first."""
        key = change.key
        folder = key[: key.index("/", 10) + 1]
        watchers = self.by_folder.get(folder)
        told = self._told(watchers, change) if watchers else []
        if self.named.get(folder):
            named = self._told(self.by_name.get(folder + key[key.rindex("/") + 1 :]), change)
            told = sorted(told + named, key=lambda row: row[0].id) if named else told
        if self.by_node and folder == "/registry/pods/":
            self._tell_nodes(change, told)
        return told

    @staticmethod
    def _told(watchers: dict[int, Watcher] | None, change) -> list[tuple[Watcher, str, dict]]:
        told, key = [], change.key
        for watcher in watchers.values() if watchers else ():
            if watcher.matches is not None:
                seen = classify(watcher, change)
                if seen:
                    told.append((watcher, *seen))
            elif key[:watcher.reach] == watcher.spec.prefix:
                told.append((watcher, change.type, change.value))
        return told

    def _tell_nodes(self, change, told: list[tuple[Watcher, str, dict]]) -> None:
        """Add the same for watches of one node's Pods: where the Pod was and is says what `classify` would find out."""
        if change.type == "MODIFIED" and change.value["spec"] is change.previous["spec"]:      # it stays where it is, as with each report
            watchers = self.by_node.get(change.value["spec"].get("nodeName", ""))
            for watcher in watchers.values() if watchers else ():
                told.append((watcher, "MODIFIED", change.value))
            return
        before, after = _node(change.previous), "" if change.type == "DELETED" else _node(change.value)
        for node in (before, after) if before != after else (after,):
            if node in self.by_node:
                kind, obj = (change.type, change.value) if before == after else _event(node == before, node == after, change)
                for watcher in self.by_node[node].values():
                    told.append((watcher, kind, obj))

    @staticmethod
    def folder(watcher: Watcher) -> str:
        prefix = watcher.spec.prefix
        return prefix[: prefix.index("/", 10) + 1]


def _node(pod: dict | None) -> str:
    return pod["spec"]["nodeName"] if pod and "nodeName" in pod["spec"] else ""


def node_of(spec: WatchSpec) -> str:
    """The node whose Pods this watch is about, "" if it is no such watch."""
    lead = "spec.nodeName="
    return spec.field_selector[len(lead):] if spec.resource == "pods" and spec.field_selector.startswith(lead) \
        and "," not in spec.field_selector and not spec.label_selector else ""


def name_of(spec: WatchSpec) -> str:
    """The one name that this watch is about, "" if it is no such watch."""
    lead = "metadata.name="
    return spec.field_selector[len(lead):] if spec.field_selector.startswith(lead) and not _NOT_PLAIN.search(spec.field_selector, len(lead)) else ""


def classify(watcher: Watcher, change) -> tuple[str, dict] | None:
    """The event that a watcher sees of a change, or None."""
    if change.key[:watcher.reach] != watcher.spec.prefix:
        return None
    matches = watcher.matches
    if matches is None:
        return change.type, change.value
    was = change.previous is not None and matches(change.previous)
    now = change.type != "DELETED" and matches(change.value)
    return ("MODIFIED", change.value) if was and now else _event(was, now, change)


def _event(was: bool, now: bool, change) -> tuple[str, dict] | None:
    """What somebody sees of a change who saw the object before it, and sees it after it."""
    if now:
        return ("MODIFIED" if was else "ADDED"), change.value
    if not was:
        return None
    return "DELETED", change.value if change.type == "DELETED" else with_revision(change.previous, change.revision)


def fold(changes: list[Any], watcher: Watcher) -> list[tuple[str, dict]]:
    """The events of past changes, for a watch that starts at an older revision."""
    return [seen for change in changes if (seen := classify(watcher, change))]
