"""namespace-controller: empties a namespace that is being deleted, Pods first, and then lets it go.

Source: pkg/controller/namespace/namespace_controller.go, deletion/namespaced_resources_deleter.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.engine import clock
from cluster.kinds.base import Kind
from cluster.meta.requests import Response

from . import _kinds, _namespace_conditions

GRACE_MS = 5_000  # namespaceDeletionGracePeriod: for caches elsewhere to learn that it is going
FINALIZER = "kubernetes"
FINALIZER_ESTIMATE_S = 15
CONFLICT_RETRIES = 5


@dataclass
class Leftovers:
    """What is left of a namespace's content after an attempt."""

    estimate_s: int = 0
    remaining: dict[str, int] = field(default_factory=dict)
    finalizers: Counter = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


class NamespaceController(Controller):
    """Its keys are namespaces with a deletionTimestamp."""

    NAME = "namespace-controller"
    RESOURCE = "namespaces"
    WORKERS = 10
    QPS, BURST = 400, 3000
    RETRY_MAX_MS = 60_000  # nsControllerRateLimiter

    def watch(self, informers) -> None:
        self.namespaces = informers.watch("namespaces")
        self.namespaces.on(self.on_namespace)

    def on_namespace(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "DELETED" and "deletionTimestamp" in new["metadata"]:
            self.queue.add_after(new["metadata"]["name"], GRACE_MS)

    @property
    def now(self) -> str:
        return self.engine.clock.text(self.now_ms)

    # -- sync -------------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        """Source: namespacedResourcesDeleter.Delete."""
        if self.namespaces.get(key) is None:
            return None
        reply = yield self.client.get("namespaces", key)
        if not reply.ok:
            return None if reply.code == 404 else "retry"
        namespace = reply.body
        if "deletionTimestamp" not in namespace["metadata"]:
            return None
        marked = yield from self._mark_terminating(namespace)
        if not marked.ok:
            return None if marked.code == 404 else "retry"
        namespace = marked.body
        if "deletionTimestamp" not in namespace["metadata"] or not _finalizers(namespace):
            return None
        left = yield from self._delete_content(namespace)
        if left.errors:
            return "retry"
        if left.estimate_s > 0:
            self.queue.add_after(key, (left.estimate_s // 2 + 1) * 1000)
            return None
        return (yield from self._finalize(namespace))

    def _mark_terminating(self, namespace: dict) -> Iterator[Any]:
        """Source: updateNamespaceStatusFunc."""
        return (yield from self._until_no_conflict(namespace, self._marking))

    def _marking(self, namespace: dict) -> Iterator[Any]:
        status = namespace.get("status") or {}
        if status.get("phase") == "Terminating" or "deletionTimestamp" not in namespace["metadata"]:
            return Response(code=200, body=namespace)
        return (yield self.client.update("namespaces", {**namespace, "status": {**status, "phase": "Terminating"}}, subresource="status"))

    def _finalize(self, namespace: dict) -> Iterator[Any]:
        """Take our finalizer off; the API server removes the namespace with the last. Source: finalizeNamespace."""
        reply = yield from self._until_no_conflict(namespace, self._finalizing)
        return None if reply.ok or reply.code == 404 else "retry"

    def _finalizing(self, namespace: dict) -> Iterator[Any]:
        left = sorted(name for name in _finalizers(namespace) if name != FINALIZER)
        return (yield self.client.update("namespaces", {**namespace, "spec": {"finalizers": left} if left else {}}, subresource="finalize"))

    def _until_no_conflict(self, namespace: dict, write: Callable[[dict], Iterator[Any]]) -> Iterator[Any]:
        """The answer to a write, which is tried on the namespace as it is by then while somebody comes before. Source: retryOnConflictError."""
        reply = yield from write(namespace)
        for _ in range(CONFLICT_RETRIES):
            if reply.code != 409:
                break
            fresh = yield self.client.get("namespaces", namespace["metadata"]["name"])
            if not fresh.ok or fresh.body["metadata"]["uid"] != namespace["metadata"]["uid"]:
                return fresh if not fresh.ok else reply
            reply = yield from write(fresh.body)
        return reply

    # -- content ----------------------------------------------------------------------------------------------------

    def _delete_content(self, namespace: dict) -> Iterator[Any]:
        """Pods before all else, then each kind. Source: deleteAllContent (OrderedNamespaceDeletion)."""
        name, left = namespace["metadata"]["name"], Leftovers()
        kinds = _kinds.in_namespaces(self.client.kinds)
        deleted_ms = clock.unix_ms(namespace["metadata"]["deletionTimestamp"])
        for kind in [kind for kind in kinds if kind.plural == "pods"]:
            yield from self._delete_kind(kind, name, deleted_ms, left)
        if not left.remaining.get("pods."):
            for kind in [kind for kind in kinds if kind.plural != "pods"]:
                yield from self._delete_kind(kind, name, deleted_ms, left)
            bad = _namespace_conditions.troubles(left.remaining, left.finalizers, left.errors)
        else:
            bad = _namespace_conditions.troubles({}, {}, left.errors)
        self.trace(
            "NamespaceEmptied",
            f"namespaces//{name}",
            remaining=sum(left.remaining.values()),
            estimate_s=left.estimate_s,
        )
        yield from self._report(namespace, bad)
        return left

    def _delete_kind(self, kind: Kind, namespace: str, deleted_ms: int, left: Leftovers) -> Iterator[Any]:
        """Source: deleteAllContentForGroupVersionResource: what cannot be deleted, or be listed then, is not counted."""
        resource, estimate_s, error = _kinds.resource(kind), 0, ""
        if kind.plural == "pods":
            estimate_s, error = yield from self._grace_of_pods(namespace, deleted_ms)
        error = error or (yield from self._delete_all(kind, resource, namespace))
        items = []
        if not error:
            items, error = yield from self._items(resource, namespace)
        if items:
            left.remaining[f"{kind.plural}.{kind.group}"] = len(items)
            held = Counter(name for item in items for name in item["metadata"].get("finalizers") or ())
            left.finalizers.update(held)
            if not estimate_s and held:
                estimate_s = FINALIZER_ESTIMATE_S
            if not estimate_s:
                error = f"unexpected items still remain in namespace: {namespace} for gvr: {_gvr(kind)}"
        if error:
            left.errors.append(error)
        if items or error:
            left.estimate_s = max(left.estimate_s, estimate_s)

    def _items(self, resource: str, namespace: str) -> Iterator[Any]:
        """(the objects of a kind, why they cannot be listed); a kind that is gone or cannot be listed has none. Source: listCollection."""
        listing = yield self.client.list(resource, namespace)
        if listing.ok:
            return listing.body.get("items") or [], ""
        return [], "" if listing.code in (404, 405) else listing.message

    def _delete_all(self, kind: Kind, resource: str, namespace: str) -> Iterator[Any]:
        """All of one kind at once where the kind allows it, else one by one; returns an error text."""
        if "deletecollection" in kind.verbs:
            body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
            reply = yield self.client.call("deletecollection", resource, namespace=namespace, body=body)
            if reply.code not in (404, 405):
                return "" if reply.ok else reply.message
        items, error = yield from self._items(resource, namespace)
        for item in items:
            reply = yield self.client.delete(
                resource, item["metadata"]["name"], namespace, propagation_policy="Background"
            )
            if not reply.ok and reply.code not in (404, 405):
                return reply.message
        return error

    def _grace_of_pods(self, namespace: str, deleted_ms: int) -> Iterator[Any]:
        """(seconds that the namespace's Pods may still take to end, why that is not known). Source: estimateGracefulTermination."""
        listing = yield self.client.list("pods", namespace)
        if not listing.ok:
            return 0, listing.message
        running = [
            pod for pod in listing.body.get("items") or [] if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
        ]
        longest_s = max((pod["spec"].get("terminationGracePeriodSeconds", 0) for pod in running), default=0)
        age_ms = self.engine.clock.unix_ms(self.now_ms) - deleted_ms
        return (0 if age_ms >= longest_s * 1000 else longest_s), ""

    def _report(self, namespace: dict, bad: dict) -> Iterator[Any]:
        status = namespace.get("status") or {}
        before = status.get("conditions") or []
        conditions = _namespace_conditions.updated(before, bad, self.now)
        if conditions != before:
            changed = {**namespace, "status": {**status, "conditions": conditions}}
            yield self.client.update("namespaces", changed, subresource="status")


def _finalizers(namespace: dict) -> list[str]:
    return (namespace.get("spec") or {}).get("finalizers") or []


def _gvr(kind: Kind) -> str:
    return f"{kind.group}/{kind.version}, Resource={kind.plural}"
