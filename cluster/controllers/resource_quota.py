"""resourcequota-controller: counts anew what a quota limits, when the quota changes or something goes, and each five minutes.

Between the counts, admission adds to the usage whatever is created.
Source: pkg/controller/resourcequota/resource_quota_controller.go, resource_quota_monitor.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.kinds import _quota
from cluster.meta.objects import key_of

from . import _kinds

RESYNC_MS = 300_000  # --resource-quota-sync-period
IGNORED = ("events",)


class ResourceQuotaController(Controller):
    """Its keys are quotas."""

    NAME = "resourcequota-controller"
    RESOURCE = "resourcequotas"
    WORKERS = 5

    def watch(self, informers) -> None:
        self.quotas = informers.watch("resourcequotas", indexes={"namespace": lambda quota: [quota["metadata"]["namespace"]]})
        self.quotas.on(self.on_quota)
        self.counted = {}
        self.special = {"pods": self.on_pod, "services": self.on_service, "persistentvolumeclaims": self.on_claim}
        for kind in _kinds.in_namespaces():
            if kind.plural in IGNORED or "watch" not in kind.verbs:
                continue
            informer = informers.watch(_kinds.resource(kind))
            self.counted[(kind.plural, kind.group)] = informer
            informer.on(self.special.get(kind.plural, self.on_object), report=None)
        informers.watch("customresourcedefinitions").on(self.on_definition)

    # -- custom resources ---------------------------------------------------------------------------------------------

    def on_definition(self, event: str, old: dict | None, new: dict) -> None:
        """A kind came or went, whose objects can be counted. Simplified: noticed at once, not every 30 s. Source: Sync, GetQuotableResources."""
        plural, group = new["spec"]["names"]["plural"], new["spec"]["group"]
        resource = f"{plural}.{group}"
        if event == "DELETED":
            self.counted.pop((plural, group), None)
        elif (found := self.client.kinds.plural(resource)) is not None and found.namespaced:
            self._count(self.informers.follow(resource), plural, group)

    def _count(self, informer: Any, plural: str, group: str) -> None:
        self.counted[(plural, group)] = informer
        if not informer.is_heard_by(self):
            informer.registrant = self
            informer.on(self.on_object, report=None)

    def on_restore(self) -> None:
        for informer in self.informers.by_resource.values():
            kind = self.client.kinds.plural(informer.resource) if informer.late else None
            if kind is not None and kind.namespaced:
                self._count(informer, kind.plural, kind.group)

    # -- news ---------------------------------------------------------------------------------------------------------

    def on_synced(self) -> None:
        self.after(RESYNC_MS, "resync", background=True)

    def resync(self) -> None:
        for quota in self.quotas.items():
            self.queue.add(key_of(quota))
        self.after(RESYNC_MS, "resync", background=True)

    def on_quota(self, kind: str, old: dict | None, new: dict) -> None:
        """A quota that is new or has other limits; its status is this controller's and admission's own."""
        if kind != "DELETED" and (old is None or (old["spec"].get("hard") or {}) != (new["spec"].get("hard") or {})):
            self.queue.add(key_of(new))

    def on_object(self, kind: str, old: dict | None, new: dict) -> None:
        if kind == "DELETED":
            self._replenish(new)

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        if self.quotas.state.objects and (kind == "DELETED" or (old is not None and _quota.frees(old, new))):
            self._replenish(new)

    def on_service(self, kind: str, old: dict | None, new: dict) -> None:
        if kind == "DELETED" or (old is not None and old["spec"].get("type") != new["spec"].get("type")):
            self._replenish(new)

    def on_claim(self, kind: str, old: dict | None, new: dict) -> None:
        """Any change of a claim counts: upstream compares two amounts by where they lie in memory. Source: RequiresQuotaReplenish."""
        if kind != "ADDED":
            self._replenish(new)

    def _replenish(self, obj: dict) -> None:
        """Something that counted is gone: count anew in its namespace."""
        for quota in self.quotas.by("namespace", obj["metadata"]["namespace"]):
            self.queue.add(key_of(quota))

    def sync(self, key: str) -> Iterator[Any]:
        quota = self.quotas.get(key)
        if quota is None:
            return None
        status = _quota.recounted(quota, self._objects(quota), self.engine.clock.text(self.now_ms))
        if status == (quota.get("status") or {}):
            return None
        reply = yield self.client.update("resourcequotas", {**quota, "status": status}, subresource="status")
        return None if reply.ok or reply.code == 404 else "retry"

    def _objects(self, quota: dict) -> Iterator[tuple[str, str, dict]]:
        """What the quota's namespace holds of the kinds that it limits."""
        namespace, hard = quota["metadata"]["namespace"], quota["spec"].get("hard") or {}
        for (resource, group), informer in self.counted.items():
            if _quota.tracked(resource, group, hard):
                yield from ((resource, group, obj) for obj in informer.items() if obj["metadata"].get("namespace") == namespace)
