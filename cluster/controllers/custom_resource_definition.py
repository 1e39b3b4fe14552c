"""crd-controller: accepts the names of new kinds, has them served, and deletes their objects before a definition goes.

Simplified: upstream's API server runs these loops itself; here they stop with kube-controller-manager.
Source: k8s.io/apiextensions-apiserver pkg/controller/{status/naming_controller,establish,finalizer/crd_finalizer}.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Client, Controller
from cluster.kinds import _crd_names
from cluster.kinds.customresourcedefinition import CLEANUP

RESOURCE = "customresourcedefinitions"
IN_PROGRESS = ("InstanceDeletionInProgress", "CustomResource deletion is in progress")
POLL_MS = 5_000  # between two looks at whether all objects are gone


class CustomResourceDefinitionController(Controller):
    """Its keys are definitions."""

    NAME = "crd-controller"
    RESOURCE = RESOURCE
    WORKERS = 1  # names are given one after another

    def setup(self) -> None:
        self.client = Client(
            self, user="system:apiserver", groups=["system:masters", "system:authenticated"], manager="kube-apiserver"
        )

    def watch(self, informers) -> None:
        self.definitions = informers.watch(RESOURCE)
        self.definitions.on(self.on_definition)

    def on_definition(self, event: str, old: dict | None, new: dict) -> None:
        if event != "DELETED":
            self.queue.add(new["metadata"]["name"])
            return
        for other in self._others(new):
            self.queue.add(other["metadata"]["name"])  # its names are free now

    def _others(self, crd: dict) -> list[dict]:
        """The other definitions of the same group."""
        group, name = crd["spec"]["group"], crd["metadata"]["name"]
        return [one for one in self.definitions.items() if one["spec"]["group"] == group and one["metadata"]["name"] != name]

    @property
    def now(self) -> str:
        return self.engine.clock.text(self.now_ms)

    def sync(self, key: str) -> Iterator[Any] | None:
        crd = self.definitions.get(key)
        if crd is None:
            return None
        if "deletionTimestamp" in crd["metadata"]:
            return self._clean_up(crd) if CLEANUP in (crd["metadata"].get("finalizers") or ()) else None
        if crd["spec"]["names"] != (crd["status"].get("acceptedNames") or {}):
            return self._name(crd)
        if _crd_names.is_true(crd, "NamesAccepted") and not _crd_names.is_true(crd, "Established"):
            return self._establish(crd)
        return None

    def _name(self, crd: dict) -> Iterator[Any]:
        """Give a kind its names, unless another has them."""
        names, reason, message = _crd_names.accepted(crd, self._others(crd))
        conditions = _crd_names.conditions(crd, reason, message, self.now)
        if names == crd["status"].get("acceptedNames") and conditions == crd["status"].get("conditions"):
            return None
        return (yield from self._write(crd, {"acceptedNames": names, "conditions": conditions}))

    def _establish(self, crd: dict) -> Iterator[Any]:
        result = yield from self._write(crd, {"conditions": _crd_names.established(crd, self.now)})
        if result is None:
            spec = crd["spec"]
            versions = ", ".join(one["name"] for one in spec["versions"] if one.get("served"))
            self.trace("KindServed", self.subject(crd["metadata"]["name"]), served=spec["names"]["kind"], group=spec["group"], versions=versions)
        return result

    def _clean_up(self, crd: dict) -> Iterator[Any]:
        """Delete all objects of a kind that goes, then let its definition go."""
        found = yield self.client.get(RESOURCE, crd["metadata"]["name"])
        if not found.ok:
            return None if found.code == 404 else "retry"
        crd = yield from self._say_so(found.body)
        if crd is None:
            return None
        reason, message = "NeverEstablished", "resource was never established"
        if _crd_names.is_true(crd, "Established"):
            left = yield from self._delete_objects(crd)
            if left:
                self.queue.add_after(crd["metadata"]["name"], POLL_MS)
                return None
            reason, message = "InstanceDeletionCompleted", "removed all instances"
        finalizers = [name for name in crd["metadata"]["finalizers"] if name != CLEANUP]
        gone = {**crd, "metadata": {**crd["metadata"], "finalizers": finalizers}}
        return (yield from self._write(gone, {"conditions": _crd_names.terminating(crd, False, reason, message, self.now)}))

    def _say_so(self, crd: dict) -> Iterator[Any]:
        """That the objects are being deleted, which may take a while; None where the definition has changed meanwhile."""
        if any(one["type"] == "Terminating" and one["reason"] == IN_PROGRESS[0] for one in crd["status"].get("conditions") or ()):
            return crd
        conditions = _crd_names.terminating(crd, True, *IN_PROGRESS, self.now)
        reply = yield self.client.update(RESOURCE, {**crd, "status": {**crd["status"], "conditions": conditions}}, subresource="status")
        return reply.body if reply.ok else None

    def _delete_objects(self, crd: dict) -> Iterator[Any]:
        """How many objects are left once all are asked to go."""
        resource = f"{crd['status']['acceptedNames']['plural']}.{crd['spec']['group']}"
        if self.client.kinds.plural(resource) is None:
            return 0  # no version is served
        listing = yield self.client.list(resource)
        items = listing.body["items"] if listing.ok else []
        for namespace in dict.fromkeys(item["metadata"].get("namespace", "") for item in items):
            body = {"kind": "DeleteOptions", "apiVersion": "v1"}
            yield self.client.call("deletecollection", resource, namespace=namespace, body=body)
        listing = yield self.client.list(resource)
        return len(listing.body["items"]) if listing.ok else 1

    def _write(self, crd: dict, changes: dict) -> Iterator[Any]:
        changed = {**crd, "status": {**crd["status"], **changes}}
        reply = yield self.client.update(RESOURCE, changed, subresource="status")
        return None if reply.ok or reply.code in (404, 409) else "retry"  # whoever changed it will be heard of
