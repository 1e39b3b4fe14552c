"""Owns the ConfigMaps and Secrets that a kubelet's Pods depend on: each is listed and watched by itself, while a Pod needs it.

Source: kubernetes pkg/kubelet/util/manager/watch_based_manager.go, cache_based_manager.go.
"""

from __future__ import annotations

from cluster.apiserver.watch import WatchSpec
from cluster.engine import Sleep
from cluster.kinds import prefix_of

from . import references
from .volume_state import Cached

RETRY_MS = 1000


class Objects:
    """Part of one kubelet; `kubelet.state.objects` holds "configmaps/namespace/name" -> Cached."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    @property
    def table(self) -> dict[str, Cached]:
        return self.kubelet.state.objects

    def get(self, resource: str, namespace: str, name: str) -> dict | None:
        """An object that was registered for a Pod, as last heard of; None when there is none."""
        known = self.table.get(f"{resource}/{namespace}/{name}")
        return known.object if known else None

    def missing(self, uid: str, pod: dict) -> list[str]:
        """Register a Pod's references; returns those that must be fetched first."""
        namespace, wanted = pod["metadata"]["namespace"], []
        for resource, name in references.of(pod):
            key = f"{resource}/{namespace}/{name}"
            known = self.table.get(key)
            if known is None:
                known = self.table[key] = Cached()
            known.users[uid] = True
            if not known.is_synced:
                wanted.append(key)
        return wanted

    def fetch(self, keys: list[str]):
        """List objects and begin to watch them."""
        for key in keys:
            known = self.table.get(key)
            if known is not None and not known.is_synced and not known.is_asked:
                known.is_asked = True
                yield from self._list_and_watch(key, known)
        while any(key in self.table and not self.table[key].is_synced for key in keys):
            yield Sleep(10)

    def _list_and_watch(self, key: str, known: Cached):
        kubelet = self.kubelet
        resource, namespace, name = key.split("/")
        selector = f"metadata.name={name}"
        while True:
            reply = yield kubelet.client.list(resource, namespace, field_selector=selector)
            if reply.ok and kubelet.client.server.is_on:
                break
            if known.is_synced:  # nobody waits for it
                kubelet.after(RETRY_MS, "look_at_object", key, background=True)
                return
            yield Sleep(RETRY_MS, background=True)
        known.object = next(iter(reply.body.get("items") or ()), None)
        known.is_synced, known.is_asked = True, False
        if self.table.get(key) is not known:
            return
        spec = WatchSpec(resource=resource, prefix=f"{prefix_of(resource)}{namespace}/{name}", field_selector=selector)
        revision = int(reply.body["metadata"]["resourceVersion"])
        known.watcher = kubelet.client.server.watch(kubelet, "deliver_object", spec, revision)
        kubelet.trace("WatchStarted", resource=resource, objects=int(known.object is not None), revision=revision)

    def closed(self, watcher_id: int) -> None:
        """The watch of one of them has ended: it is asked for again."""
        key = next((key for key, known in self.table.items() if known.watcher == watcher_id), None)
        if key is not None:
            self.table[key].watcher = 0
            self.kubelet.after(RETRY_MS, "look_at_object", key, background=True)

    def look_again(self, key: str) -> None:
        known = self.table.get(key)
        if known is not None and not known.watcher:
            self.kubelet.work(self._list_and_watch(key, known))

    def deliver(self, watcher_id: int, batch: list) -> None:
        """News of one of them."""
        key = next((key for key, known in self.table.items() if known.watcher == watcher_id), None)
        if key is None:
            return
        kubelet = self.kubelet
        for kind, found, cause in batch:
            kubelet.engine.cause = cause
            kubelet.trace("WatchDelivered", key, cause=cause, type=kind, revision=int(found["metadata"]["resourceVersion"]), to=kubelet.name)
            self.table[key].object = None if kind == "DELETED" else found

    def forget(self, uid: str) -> None:
        """A Pod is gone; what nobody else needs is watched no longer."""
        for key in [key for key, known in self.table.items() if known.users.pop(uid, None) and not known.users]:
            known = self.table.pop(key)
            if known.watcher:
                self.kubelet.client.server.unwatch(known.watcher)
