"""garbage-collector: deletes what has lost its owners, and finishes foreground and orphaning deletions.

Source: pkg/controller/garbagecollector/garbagecollector.go, operations.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.kinds import Registry
from cluster.kinds.base import Kind
from cluster.meta.requests import Response

from . import _kinds
from ._claims import release_patch
from ._graph import FOREGROUND, ORPHAN, Coordinates, Graph, Node, identity
from ._tasks import all_at_once

# retry.DefaultBackoff: waits of 10, 50, 250 ms, each up to a tenth longer.
CONFLICT_WAITS_MS = (0, 10, 50, 250)


class GarbageCollector(Controller):
    """Its keys are `delete/<uid>` and `orphan/<uid>`: objects to look at, or owners to free dependents from."""

    NAME = "garbage-collector"
    WORKERS = 20
    QPS = 40

    @property
    def account(self) -> str:
        return "generic-garbage-collector"

    def setup(self) -> None:
        self.state = Graph()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component="garbage-collector-controller"))

    def watch(self, informers) -> None:
        for kind in _kinds.collected():
            informers.watch(_kinds.resource(kind)).on(partial(self.on_object, kind), report=None)
        informers.watch("customresourcedefinitions").on(self.on_definition)

    def subject(self, key: str) -> str:
        node = self.state.nodes.get(key.partition("/")[2])
        return self._subject(node) if node else ""

    def _subject(self, node: Node) -> str:
        return _subject_of(node, self.client.kinds)

    # -- custom resources ---------------------------------------------------------------------------------------------

    def on_definition(self, event: str, old: dict | None, new: dict) -> None:
        """A kind came or went: its objects may own and be owned too. Simplified: noticed at once, not every 30 s."""
        resource = f"{new['spec']['names']['plural']}.{new['spec']['group']}"
        if event == "DELETED":
            self.informers.forget(resource)
        elif self.client.kinds.plural(resource) is not None:
            self._follow(self.informers.follow(resource))

    def _follow(self, informer) -> None:
        if not informer.is_heard_by(self):
            informer.registrant = self
            informer.on(partial(self.on_object, self.client.kinds.plural(informer.resource)))

    def on_restore(self) -> None:
        for informer in self.informers.by_resource.values():
            if informer.late and self.client.kinds.plural(informer.resource) is not None:
                self._follow(informer)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_object(self, kind: Kind, event: str, old: dict | None, new: dict) -> None:
        """Any object: nearly always nothing that matters here, so the way out is short."""
        meta = new["metadata"]
        if event == "DELETED":
            self._attempt(self.state.vanish(new, _kinds.api_version(kind), kind.kind))
            return
        if old is not None and old["metadata"]["uid"] != meta["uid"]:
            self._attempt(self.state.remove(old["metadata"]["uid"]))
            old = None
        node = self.state.nodes.get(meta["uid"])
        is_known = node is not None and not node.virtual
        if is_known and ("deletionTimestamp" not in meta or (node.being_deleted and not meta.get("finalizers"))):
            owners = meta.get("ownerReferences")
            if owners is node.owners or (owners or []) == node.owners:
                return
        self._attempt(self.state.observe(old, new, _kinds.api_version(kind), kind.kind))

    def _attempt(self, todo: list[tuple[str, str]]) -> None:
        for what, uid in todo:
            if what == "report":
                dependent, _, owner = uid.partition("/")
                self._report(self.state.nodes[dependent], owner)
            else:
                self.queue.add(f"{what}/{uid}")

    def _report(self, dependent: Node, owner: str) -> None:
        """An owner (its uid, since it may be gone) is of another namespace, which none may be. Source: reportInvalidNamespaceOwnerRef."""
        ref = next(ref for ref in dependent.owners if ref["uid"] == owner)
        meta = {"name": dependent.name, "namespace": dependent.namespace, "uid": dependent.uid}
        words = f"[{ref['apiVersion']}/{ref['kind']}, namespace: {dependent.namespace}, name: {ref['name']}, uid: {owner}]"
        self.recorder.event({"apiVersion": dependent.api_version, "kind": dependent.kind, "metadata": meta}, "Warning",
                            "OwnerRefInvalidNamespace", f'ownerRef {words} does not exist in namespace "{dependent.namespace}"')

    # -- sync -------------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        what, _, uid = key.partition("/")
        node = self.state.nodes.get(uid)
        if node is None:
            return None
        if what == "orphan":
            return (yield from self._orphan(node))
        result = yield from self._look_at(node)
        if result is None and node.virtual and self.state.nodes.get(uid) is node:
            return "retry"  # an owner that exists but has not been seen yet, or that may be another
        return None if result == "forget" else result

    def _look_at(self, node: Node) -> Iterator[Any]:
        """None: done, "retry", or "forget": what will not get better by a further try. Source: attemptToDeleteItem."""
        if node.being_deleted and not node.deleting_dependents:
            return None
        kind = self.client.kinds.kind(node.api_version, node.kind)
        if kind is None:
            return "retry"
        if kind.namespaced and not node.namespace:
            return "forget"
        asked = node.coordinates
        reply = yield self.client.get(_kinds.resource(kind), node.name, node.namespace if kind.namespaced else "")
        if reply.code == 404 or (reply.ok and reply.body["metadata"]["uid"] != node.uid):
            return self._gone(node, asked)
        if not reply.ok:
            return "retry"
        if node.deleting_dependents:
            return (yield from self._wait_for_dependents(node))
        references = reply.body["metadata"].get("ownerReferences") or []
        return (yield from self._judge(node, reply.body, references)) if references else None

    def _gone(self, node: Node, asked: Coordinates) -> str | None:
        """Looked up and not there; None where it may be another, which is then looked up."""
        if node.virtual:
            self.trace("OwnerAbsent", self._subject(node), dependents=len(node.dependents))
        self._attempt(self.state.remove_virtual(asked))
        return "forget" if node.coordinates == asked else None

    def _judge(self, node: Node, latest: dict, references: list[dict]) -> Iterator[Any]:
        """Weigh the owners: any that lives keeps the object. Source: attemptToDeleteItem."""
        solid, dangling, waiting = [], [], []
        for reference in references:
            state = yield from self._owner_state(node, reference)
            if state in ("retry", "forget"):
                return state
            {"solid": solid, "dangling": dangling, "waiting": waiting}[state].append(reference)
        self.trace("OwnersWeighed", self._subject(node), solid=len(solid), dangling=len(dangling), waiting=len(waiting))
        if solid:
            gone = [reference["uid"] for reference in (*dangling, *waiting)]
            return (yield from self._release(node, gone)) if gone else None
        if waiting and node.dependents:
            return (yield from self._delete_in_foreground(node, latest))
        return (yield from self._delete(node, latest, _policy(latest)))

    def _owner_state(self, node: Node, reference: dict) -> Iterator[Any]:
        """ "solid", "dangling" (does not exist), "waiting" (is being deleted in the foreground), or how the look at the node ends."""
        if self.state.is_absent(reference, node.namespace):
            return "dangling"
        kind = self.client.kinds.kind(reference["apiVersion"], reference["kind"])
        if kind is None:
            return "retry"
        if kind.namespaced and not node.namespace:
            return "forget"  # no owner of a namespace for what is of none
        namespace = node.namespace if kind.namespaced else ""
        reply = yield self.client.get(_kinds.resource(kind), reference["name"], namespace)
        if reply.code == 404 or (reply.ok and reply.body["metadata"]["uid"] != reference["uid"]):
            owner = Coordinates(reference["kind"], reference["apiVersion"], namespace, reference["name"], reference["uid"])
            self.state.note_absent(identity(owner))
            return "dangling"
        if not reply.ok:
            return "retry"
        meta = reply.body["metadata"]
        return "waiting" if "deletionTimestamp" in meta and FOREGROUND in (meta.get("finalizers") or ()) else "solid"

    def _resource(self, node: Node) -> str | None:
        """What a client calls the node's kind; None once that is served no more, of which the graph hears later."""
        kind = self.client.kinds.kind(node.api_version, node.kind)
        return _kinds.resource(kind) if kind is not None else None

    # -- deleting ---------------------------------------------------------------------------------------------------

    def _delete(self, node: Node, latest: dict, policy: str) -> Iterator[Any]:
        """Source: deleteObject: with the uid and version seen; once more by uid if only other fields changed."""
        self.trace("GarbageFound", self._subject(node), policy=policy)
        resource, meta = self._resource(node), latest["metadata"]
        if resource is None:
            return "retry"
        options = {"propagation_policy": policy, "uid": node.uid}
        reply = yield self.client.delete(
            resource, node.name, node.namespace, resource_version=meta["resourceVersion"], **options
        )
        if reply.code == 409:
            live = yield self.client.get(resource, node.name, node.namespace)
            if live.ok and live.body["metadata"]["uid"] == node.uid and _owners(live.body) == _owners(latest):
                reply = yield self.client.delete(resource, node.name, node.namespace, **options)
            elif live.code == 404:
                reply = live
        if reply.code == 404:
            return self._gone(node, node.coordinates)
        return None if reply.ok else "retry"

    def _delete_in_foreground(self, node: Node, latest: dict) -> Iterator[Any]:
        """Its owner waits for it, and it has dependents of its own: they go first."""
        if any(dependent.deleting_dependents for dependent in self.state.dependents(node)):
            blocking = [{**ref, "blockOwnerDeletion": False} for ref in node.owners if ref.get("blockOwnerDeletion")]
            patch = {"metadata": {"uid": node.uid, "ownerReferences": blocking}}
            result = yield from self._patch(node, patch, lambda _: [{**ref, "blockOwnerDeletion": False} for ref in node.owners])
            if result:
                return result
        return (yield from self._delete(node, latest, "Foreground"))

    def _wait_for_dependents(self, node: Node) -> Iterator[Any]:
        """Being deleted in the foreground: done when nothing blocks. Source: processDeletingDependentsItem."""
        blocking = self.state.blocking(node)
        if not blocking:
            return (yield from self._remove_finalizer(node, FOREGROUND))
        self.trace("DeletionBlocked", self._subject(node), blocking=len(blocking))
        self._attempt([("delete", dependent.uid) for dependent in blocking if not dependent.deleting_dependents])
        return None

    def _orphan(self, owner: Node) -> Iterator[Any]:
        """Take the owner off its dependents, then let it go. Source: attemptToOrphanWorker."""
        dependents = self.state.dependents(owner)
        self.trace("DependentsOrphaned", self._subject(owner), dependents=len(dependents))
        results = yield from all_at_once(
            self._release(dependent, [owner.uid]) for dependent in dependents
        )
        if any(results):
            return "retry"
        yield Sleep(self.latency("orphan_finish"))
        return (yield from self._remove_finalizer(owner, ORPHAN))

    def _release(self, node: Node, owners: list[str]) -> Iterator[Any]:
        """Take owners off an object."""
        patch = release_patch(node.uid, owners)
        return (yield from self._patch(node, patch, lambda refs: [ref for ref in refs if ref["uid"] not in owners]))

    def _patch(self, node: Node, patch: dict, left: Callable[[list[dict]], list[dict]]) -> Iterator[Any]:
        """A strategic patch; custom resources know none, and get their references as `left` leaves them. Source: patch.go."""
        resource = self._resource(node)
        if resource is None:
            return "retry"
        reply = yield self.client.patch(resource, node.name, patch, namespace=node.namespace)
        if reply.code == 415:
            reply = yield from self._known(resource, node)
            if reply.ok:
                refs = left(_owners(reply.body)) or None
                patch = {"metadata": {"resourceVersion": reply.body["metadata"]["resourceVersion"], "ownerReferences": refs}}
                reply = yield self.client.patch(resource, node.name, patch, namespace=node.namespace, patch_type="merge")
        return None if reply.ok or reply.code == 404 else "retry"

    def _known(self, resource: str, node: Node) -> Iterator[Any]:
        """The object as the informer knows it, else as the API server does. Source: patch.go getMetadata."""
        informer = self.informers.by_resource.get((resource, ""))
        known = informer.get(f"{node.namespace}/{node.name}" if node.namespace else node.name) if informer else None
        return Response(code=200, body=known) if known else (yield self.client.get(resource, node.name, node.namespace))

    def _remove_finalizer(self, node: Node, finalizer: str) -> Iterator[Any]:
        """GET and PATCH until nobody came between. Source: removeFinalizer."""
        resource = self._resource(node)
        if resource is None:
            return "retry"
        for wait_ms in CONFLICT_WAITS_MS:
            if wait_ms:
                yield Sleep(round(wait_ms * (1 + 0.1 * self.engine.rng(self.NAME).random())))
            reply = yield self.client.get(resource, node.name, node.namespace)
            if reply.code == 404:
                return None
            if not reply.ok:
                return "retry"
            meta = reply.body["metadata"]
            finalizers = meta.get("finalizers") or []
            if finalizer not in finalizers:
                return None
            left = [name for name in finalizers if name != finalizer]
            patch = {"metadata": {"resourceVersion": meta["resourceVersion"], "finalizers": left or None}}
            reply = yield self.client.patch(resource, node.name, patch, namespace=node.namespace, patch_type="merge")
            if reply.code != 409:
                return None if reply.ok or reply.code == 404 else "retry"
        return "retry"


def _owners(obj: dict) -> list[dict]:
    return obj["metadata"].get("ownerReferences") or []


def _policy(obj: dict) -> str:
    """How the dependents of a dependent go: as its finalizers ask, else in the background."""
    finalizers = obj["metadata"].get("finalizers") or ()
    return "Orphan" if ORPHAN in finalizers else "Foreground" if FOREGROUND in finalizers else "Background"


def _subject_of(node: Node, kinds: Registry) -> str:
    kind = kinds.kind(node.api_version, node.kind)
    return f"{kind.plural if kind else node.kind.lower()}/{node.namespace}/{node.name}"
