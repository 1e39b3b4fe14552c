"""Informers: a component's own copy of what it watches, and the news about it. One set a process.

A connection that ends is made anew with a back-off, and all is listed again, since a server that has just started knows no older
revisions. Source: client-go tools/cache (reflector, shared informers, indexers); k8s.io/apiserver pkg/storage/cacher/watch_cache.go
(too old resource version).
"""
from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from cluster.apiserver.watch import WatchSpec
from cluster.kinds import lease, pod, prefix
from cluster.meta.objects import controller_of, key_of

from .client import Client

RETRY_MS, MOST_RETRY_MS = 800, 30_000  # wait before asking again: doubling, and up to as much again by chance
Handler = Callable[[str, dict | None, dict | None], None]
# Of what most changes are mere reports: whether one is. They can concern no index, and few handlers.
ONLY_REPORTS: dict[str, Callable[[dict, dict], bool]] = {"pods": pod.only_reports, "leases": lease.only_renews}


@dataclass
class InformerState:
    objects: dict[str, dict] = field(default_factory=dict)
    synced: bool = False
    watcher: int = 0
    newest: str = ""   # the revision of what came last: how far this copy has come
    failures: int = 0  # in a row
    is_cut: bool = False   # its watch has ended, and there is none in its place yet
    missed: int = 0    # how many objects were otherwise when it was listed again


class Informer:
    """The objects of one resource as this process knows them. Handlers hear (type, old, new)."""

    def __init__(self, resource: str, field_selector: str, indexes: dict[str, Callable[[dict], list[str]]]):
        self.resource, self.field_selector, self.indexers = resource, field_selector, indexes
        self.state = InformerState()
        self.late = False        # began while the process ran: of a custom resource
        self.handlers: list[Handler] = []
        self.only_reports = ONLY_REPORTS.get(resource)
        self.of_owner: dict[str, list[Handler]] = {}    # by the kind of the controller that an object names
        self.reports: list[Handler] = []                # who hears of reports, and what they hear
        self.reports_of_owner: dict[str, list[Handler]] = {}
        self.registered: list[tuple[Any, str, Handler, Handler | None]] = []   # (whose, owner's kind or "", for news, for reports): in order
        self.registrant: Any = None   # who is registering handlers now
        self.deaf: tuple[Any, ...] = ()   # registrants that are switched off
        self.indexes: dict[str, dict[str, dict[str, dict]]] = {name: {} for name in indexes}
        self._values: dict[str, list[list[str]]] = {}   # key -> what each indexer said of the object; derived, as the indexes are
        self._rows: dict[str, list[dict[str, dict]]] = {}   # key -> the rows of the indexes in which the object stands

    @property
    def synced(self) -> bool:
        return self.state.synced

    def get(self, key: str) -> dict | None:
        """The object at `namespace/name` (or `name`), as far as this process knows."""
        return self.state.objects.get(key)

    def items(self) -> list[dict]:
        return list(self.state.objects.values())

    def pairs(self) -> ItemsView[str, dict]:
        return self.state.objects.items()

    def by(self, index: str, value: str) -> list[dict]:
        """The objects under one value of an index, oldest first."""
        return list((self.indexes[index].get(value) or {}).values())

    def values(self, index: str) -> Iterable[str]:
        """The values of an index under which there are objects."""
        return self.indexes[index].keys()

    def add_index(self, name: str, indexer: Callable[[dict], list[str]]) -> None:
        if name not in self.indexers:
            self.indexers[name] = indexer
            self.on_restore()

    def on(self, handler: Handler, *, report: Handler | Literal["same"] | None = "same") -> None:
        """Hear of all news. report: who hears instead of what only reports how an object does (ONLY_REPORTS); None: nobody."""
        self._register("", handler, handler if report == "same" else report)

    def on_owned(self, kind: str, handler: Handler, *, report: Handler | Literal["same"] | None = "same") -> None:
        """Hear only of objects that have, or had, a controller of this kind, and of those that have none."""
        self._register(kind, handler, handler if report == "same" else report)

    def _register(self, kind: str, handler: Handler, report: Handler | None) -> None:
        self.registered.append((self.registrant, kind, handler, report))
        if self.registrant not in self.deaf:
            self._let_hear(kind, handler, report)

    def is_heard_by(self, whose: Any) -> bool:
        """Whether a registrant has handlers here."""
        return any(each is whose for each, *_ in self.registered)

    def _let_hear(self, kind: str, handler: Handler, report: Handler | None) -> None:
        (self.of_owner.setdefault(kind, []) if kind else self.handlers).append(handler)
        if report is not None:
            (self.reports_of_owner.setdefault(kind, []) if kind else self.reports).append(report)

    def tell_only(self, deaf: tuple[Any, ...]) -> None:
        """Let the handlers of all but some registrants hear of news."""
        self.deaf, self.handlers, self.of_owner, self.reports, self.reports_of_owner = deaf, [], {}, [], {}
        for whose, kind, handler, report in self.registered:
            if whose not in deaf:
                self._let_hear(kind, handler, report)

    def replay(self, whose: Any) -> None:
        """Tell one registrant of all objects as if they had just come."""
        mine = [(kind, handler) for each, kind, handler, _ in self.registered if each is whose]
        for obj in self.items() if mine else ():
            owner = controller_of(obj)
            for kind, handler in mine:
                if not kind or owner is None or owner["kind"] == kind:
                    handler("ADDED", None, obj)

    def concerned(self, old: dict | None, new: dict) -> list[Handler]:
        """The handlers of owners' kinds that a change of an object is news for."""
        after = controller_of(new)
        is_same = old is None or old["metadata"].get("ownerReferences") is new["metadata"].get("ownerReferences")
        before = after if is_same else controller_of(old)
        if after is None or before is None:
            return _all(self.of_owner)
        found = self.of_owner.get(after["kind"]) or []
        return found if before["kind"] == after["kind"] else [*(self.of_owner.get(before["kind"]) or ()), *found]

    def has_seen(self, revision: int) -> bool:
        """Whether this copy is as new as a revision, as far as is known. Source: client-go LastStoreSyncResourceVersion."""
        return not self.state.newest or int(self.state.newest) >= revision

    def put(self, kind: str, obj: dict) -> tuple[str, dict | None]:
        """Take one event in; returns the type as seen from here and the old object.

        An object keeps its place unless an index value of it changes; then it goes to the end everywhere, so that
        the order within an index is always the order of `objects`, also after a restore.
        """
        key, objects = key_of(obj), self.state.objects
        old = objects.get(key)
        if kind == "DELETED":
            if old is not None:
                self._remove(key)
            return kind, old
        if old is None:
            self._add(key, obj)
            return "ADDED", None
        if not self.indexers:
            objects[key] = obj
            return "MODIFIED", old
        values = [indexer(obj) for indexer in self.indexers.values()]
        if values == self._values[key]:
            objects[key] = obj
            for row in self._rows[key]:
                row[key] = obj
        else:
            self._remove(key)
            objects[key] = obj
            self._index(key, obj, values)
        return "MODIFIED", old

    def tell(self, kind: str, obj: dict) -> None:
        """Take one event in, and let all hear of it whom it may concern."""
        if kind == "MODIFIED" and self.only_reports is not None:
            meta = obj["metadata"]
            namespace = meta.get("namespace")
            key = f"{namespace}/{meta['name']}" if namespace else meta["name"]   # as `key_of` has it
            old = self.state.objects.get(key)
            if old is not None and self.only_reports(old, obj):
                self._report(key, old, obj)
                return
        kind, old = self.put(kind, obj)
        for handler in self.handlers:
            handler(kind, old, obj)
        if self.of_owner:
            for handler in self.concerned(old, obj):
                handler(kind, old, obj)

    def _report(self, key: str, old: dict, obj: dict) -> None:
        """Take a mere report in: all indexes' values are as they were."""
        self.state.objects[key] = obj
        if self.indexers:
            for row in self._rows[key]:
                row[key] = obj
        for handler in self.reports:
            handler("MODIFIED", old, obj)
        if self.reports_of_owner:
            owner = controller_of(obj)
            for handler in _all(self.reports_of_owner) if owner is None else self.reports_of_owner.get(owner["kind"]) or ():
                handler("MODIFIED", old, obj)

    def _add(self, key: str, obj: dict) -> None:
        self.state.objects[key] = obj
        if self.indexers:
            self._index(key, obj, [indexer(obj) for indexer in self.indexers.values()])

    def _remove(self, key: str) -> None:
        del self.state.objects[key]
        if not self.indexers:
            return
        del self._rows[key]
        for rows, values in zip(self.indexes.values(), self._values.pop(key)):
            for value in values:
                row = rows.get(value)
                if row and row.pop(key, None) is not None and not row:
                    del rows[value]

    def _index(self, key: str, obj: dict, values: list[list[str]]) -> None:
        self._values[key] = values
        self._rows[key] = places = []
        for rows, each in zip(self.indexes.values(), values):
            for value in each:
                row = rows.get(value)
                if row is None:
                    rows[value] = row = {}
                row[key] = obj
                places.append(row)

    def on_restore(self) -> None:
        self.indexes, self._values, self._rows = {name: {} for name in self.indexers}, {}, {}
        for key, obj in self.state.objects.items() if self.indexers else ():
            self._index(key, obj, [indexer(obj) for indexer in self.indexers.values()])


def _all(handlers: dict[str, list[Handler]]) -> list[Handler]:
    return [handler for each in handlers.values() for handler in each]


class Informers:
    """A process's shared informers. The process actor must call `start()` in on_start; what is delivered to it comes here.

    by_resource is never changed in place: who goes through it may come to follow or forget one on the way.
    """

    def __init__(self, process, client: Client):
        self.process, self.client = process, client
        process.deliver = self.deliver
        self.by_resource: dict[tuple[str, str], Informer] = {}
        self._by_watcher: dict[int, Informer] = {}
        self.registrant: Any = None   # whose handlers are registered now: a part of the process that can be switched off by itself

    def __getitem__(self, resource: str) -> Informer:
        return self.by_resource[(resource, "")] if (resource, "") in self.by_resource else \
            next(i for (name, _), i in self.by_resource.items() if name == resource)

    def watch(self, resource: str, *, field_selector: str = "", indexes: dict | None = None) -> Informer:
        """The informer of a resource, made when first asked for; indexes are added to a shared one."""
        informer = self.by_resource.get((resource, field_selector))
        if informer is None:
            informer = Informer(resource, field_selector, {})
            self.by_resource = {**self.by_resource, (resource, field_selector): informer}
            self.process.attach(f"informer/{resource}/{field_selector}", informer)
        for name, indexer in (indexes or {}).items():
            informer.add_index(name, indexer)
        informer.registrant = self.registrant
        return informer

    def follow(self, resource: str) -> Informer:
        """The informer of a kind that came while the process runs; it lists at once."""
        if (resource, "") in self.by_resource:
            return self.by_resource[(resource, "")]
        informer = self.watch(resource)
        informer.late = True
        self.process.work(self._list_and_watch(informer))
        return informer

    def forget(self, resource: str) -> None:
        """Watch a kind no longer, which is served no more."""
        informer = self.by_resource.get((resource, ""))
        if informer is not None:
            self.by_resource = {key: each for key, each in self.by_resource.items() if each is not informer}
            self._by_watcher = {}
            self.process.parts.pop(f"informer/{resource}/", None)
            self.client.server.unwatch(informer.state.watcher)

    def recall(self, parts: Iterable[str]) -> None:
        """Make the informers again that a snapshot holds and the process did not start with."""
        for name in parts:
            sort, _, rest = name.partition("/")
            resource, _, field_selector = rest.partition("/")
            if sort == "informer" and (resource, field_selector) not in self.by_resource:
                self.watch(resource, field_selector=field_selector).late = True

    @property
    def synced(self) -> bool:
        """Whether all is known that the process began with. A kind that came meanwhile is waited for by nobody."""
        return all(informer.synced for informer in self.by_resource.values() if not informer.late)

    def start(self) -> None:
        """List and watch everything, as a process that starts does."""
        for informer in self.by_resource.values():
            self.process.work(self._list_and_watch(informer))

    def closed(self, watcher_id: int) -> None:
        """A watch has ended: what it told of is asked for again."""
        informer = self._watching(watcher_id)
        if informer is not None:
            informer.state.watcher, informer.state.is_cut = 0, True
            self._later(informer)

    def again(self, resource: str, field_selector: str) -> None:
        informer = self.by_resource.get((resource, field_selector))
        if informer is not None:
            self.process.work(self._list_and_watch(informer))

    def _later(self, informer: Informer) -> None:
        """Ask again after a back-off. Source: client-go tools/cache/reflector.go (defaultBackoffInit, Max, Factor, Jitter)."""
        wait_ms = min(RETRY_MS << min(informer.state.failures, 10), MOST_RETRY_MS)
        informer.state.failures += 1
        jitter_ms = int(wait_ms * self.process.engine.rng("reflector/" + self.process.name).random())
        self.process.after(wait_ms + jitter_ms, "list_again", informer.resource, informer.field_selector, background=True)

    def _list_and_watch(self, informer: Informer):
        if informer.late and self.client.kinds.plural(informer.resource) is None:
            self.forget(informer.resource)
            return
        listing = yield self.client.list(informer.resource, field_selector=informer.field_selector)
        if self.by_resource.get((informer.resource, informer.field_selector)) is not informer:
            return    # forgotten meanwhile
        if not listing.ok or not self.client.server.is_on:
            self._later(informer)
            return
        revision = int(listing.body["metadata"]["resourceVersion"])
        informer.state.newest = listing.body["metadata"]["resourceVersion"]
        missed = self._replace(informer, listing.body)
        kind = self.client.kinds.plural(informer.resource)
        plural = kind.plural
        spec = WatchSpec(resource=informer.resource if kind.custom else plural, prefix=prefix(kind) + "/", field_selector=informer.field_selector)
        quiet = plural in ("leases", "events")
        informer.state.watcher = self.client.server.watch(self.process, "deliver", spec, revision, quiet=quiet)
        self.process.trace("WatchStarted", resource=informer.resource, objects=len(informer.state.objects), revision=revision)
        self._connected(informer, missed, revision)

    def _connected(self, informer: Informer, missed: int, revision: int) -> None:
        """A watch stands: for the first time, or again. The last of them completes what the process knows."""
        state = informer.state
        is_first, was_cut = not state.synced, state.is_cut
        state.failures, state.is_cut, state.synced, state.missed = 0, False, True, missed if was_cut else 0
        if is_first and not informer.late and self.synced:
            self._tell_caught_up("ComponentListed", revision)
            self.process.on_synced()
        elif was_cut and not any(each.state.is_cut for each in self.by_resource.values()):
            self._tell_caught_up("ComponentRelisted", revision, missed=sum(each.state.missed for each in self.by_resource.values()))

    def _tell_caught_up(self, kind: str, revision: int, **about: int) -> None:
        objects = sum(len(each.state.objects) for each in self.by_resource.values())
        self.process.trace(kind, component=self.process.name, kinds=len(self.by_resource), objects=objects, revision=revision, **about)

    def _replace(self, informer: Informer, listing: dict) -> int:
        """Take a list in; handlers hear of what differs from before. Returns how much did."""
        fresh, known = {key_of(item): item for item in listing.get("items") or ()}, informer.state.objects
        gone = [key for key in known if key not in fresh]
        changed = [item for key, item in fresh.items() if key not in known
                   or known[key]["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]]
        for key in gone:
            informer.tell("DELETED", known[key])
        for item in changed:
            informer.tell("ADDED", item)
        return len(gone) + len(changed)

    def _watching(self, watcher_id: int) -> Informer | None:
        """The informer whose watch has this number."""
        self._by_watcher = {informer.state.watcher: informer for informer in self.by_resource.values()}
        return self._by_watcher.get(watcher_id)

    def deliver(self, watcher_id: int, batch: list) -> None:
        """News from the API server, in order; each is a fact caused by the write that made it.

        Whose watch it is is remembered, but asked again: a restart begins another watch.
        """
        informer = self._by_watcher.get(watcher_id)
        if informer is None or informer.state.watcher != watcher_id:
            informer = self._watching(watcher_id)
            if informer is None:
                return
        informer.state.newest = batch[-1][1]["metadata"]["resourceVersion"]
        engine = self.process.engine
        is_told = engine.trace.on and informer.resource not in ("leases", "events")
        for kind, obj, cause in batch:
            engine.cause = cause
            if is_told:
                meta = obj["metadata"]
                self.process.trace("WatchDelivered", f"{informer.resource}/{meta.get('namespace', '')}/{meta['name']}",
                                   cause=cause, type=kind, revision=int(meta["resourceVersion"]), to=self.process.name)
            informer.tell(kind, obj)
