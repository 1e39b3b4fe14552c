"""The garbage collector's graph: who owns whom, kept up from what the informers say.

Source: pkg/controller/garbagecollector/graph.go, graph_builder.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
ABSENT_CACHE_SIZE = 500


class Coordinates(NamedTuple):
    """What an object is looked up by, compared as upstream does. Source: referenceLessThan."""

    kind: str
    api_version: str
    namespace: str
    name: str
    uid: str

    def fits(self, ref: dict) -> bool:
        """Whether an ownerReference says the same, its namespace aside. Source: ownerReferenceMatchesCoordinates."""
        return (ref["kind"], ref["apiVersion"], ref["name"], ref["uid"]) == (self.kind, self.api_version, self.name, self.uid)

    def is_beyond(self, namespace: str) -> bool:
        """Whether it is of another namespace than who refers to it, which no owner may be."""
        return bool(self.namespace) and self.namespace != namespace


class Node(msgspec.Struct):
    """One object, or (virtual) an owner that is only known from references to it.

    dependents: uids, in the order seen (an ordered set). owners: ownerReferences.
    """

    uid: str
    api_version: str
    kind: str
    name: str
    namespace: str = ""
    owners: list[dict] = []
    dependents: dict[str, bool] = {}
    virtual: bool = False
    being_deleted: bool = False
    deleting_dependents: bool = False

    @property
    def coordinates(self) -> Coordinates:
        return Coordinates(self.kind, self.api_version, self.namespace, self.name, self.uid)

    def rename(self, new: Coordinates) -> None:
        """Stand for other coordinates of the same uid."""
        self.kind, self.api_version, self.namespace, self.name, _ = new


def identity(owner: Coordinates) -> str:
    """Coordinates as one text."""
    return "|".join((owner.api_version, owner.kind, owner.namespace, owner.name, owner.uid))


def coordinates_of(meta: dict, api_version: str, kind: str) -> Coordinates:
    """Those of an object that was observed."""
    return Coordinates(kind, api_version, meta.get("namespace", ""), meta["name"], meta["uid"])


def partition(dependents: list[Node], owner: Coordinates) -> tuple[list[Node], list[Node]]:
    """(those that refer to just this owner, those that refer to its uid otherwise); one may do both. Source: partitionDependents."""
    fitting, others = [], []
    for dependent in dependents:
        found = [owner.fits(ref) for ref in dependent.owners if ref["uid"] == owner.uid]
        is_beyond = owner.is_beyond(dependent.namespace)
        if not is_beyond and any(found):
            fitting.append(dependent)
        if is_beyond or not all(found):
            others.append(dependent)
    return fitting, others


def alternate(dependents: list[Node], absent: Coordinates) -> Coordinates | None:
    """What else an owner that does not exist may be, by what its dependents call it: the next in order. Source: getAlternateOwnerIdentity."""
    found = []
    for dependent in dependents:
        for ref in dependent.owners:
            if ref["uid"] != absent.uid or (absent.fits(ref) and not absent.is_beyond(dependent.namespace)):
                continue
            is_global = not absent.namespace and (ref["kind"], ref["apiVersion"]) == absent[:2]
            found.append(Coordinates(ref["kind"], ref["apiVersion"], "" if is_global else dependent.namespace, ref["name"], ref["uid"]))
    found = [each for each in found if each != absent]
    return min([each for each in found if each > absent] or found, default=None)


def starts_with_finalizer(old: dict | None, new: dict, finalizer: str) -> bool:
    """Whether this change begins a deletion that waits on a finalizer. Source: deletionStartsWithFinalizer."""

    def waits(obj: dict) -> bool:
        meta = obj["metadata"]
        return "deletionTimestamp" in meta and finalizer in (meta.get("finalizers") or ())

    return waits(new) and (old is None or not waits(old))


@dataclass
class Graph:
    """All nodes by uid; methods return the uids that are to be attempted: ("delete" | "orphan", uid)."""

    nodes: dict[str, Node] = field(default_factory=dict)
    absent: dict[str, bool] = field(default_factory=dict)  # identities of owners known to be gone, oldest first

    # -- news -------------------------------------------------------------------------------------------------------

    def observe(self, old: dict | None, new: dict, api_version: str, kind: str) -> list[tuple[str, str]]:
        """An object came or changed. Source: processGraphChanges, add and update."""
        meta = new["metadata"]
        node = self.nodes.get(meta["uid"])
        if node is None:
            return self._insert(old, new, api_version, kind)
        todo: list[tuple[str, str]] = []
        if node.virtual:
            todo += self._materialise(node, coordinates_of(meta, api_version, kind))
        owners = meta.get("ownerReferences") or []
        if owners != node.owners:
            todo += self._change_owners(node, owners)
        node.being_deleted = node.being_deleted or "deletionTimestamp" in meta
        return todo + self._transitions(node, old, new)

    def _insert(self, old: dict | None, obj: dict, api_version: str, kind: str) -> list[tuple[str, str]]:
        meta = obj["metadata"]
        deleting = "deletionTimestamp" in meta
        node = Node(meta["uid"], api_version, kind, meta["name"], meta.get("namespace", ""), meta.get("ownerReferences") or [])
        if deleting:
            node.being_deleted, node.deleting_dependents = True, FOREGROUND in (meta.get("finalizers") or ())
        self.nodes[node.uid] = node
        todo = self._add_to_owners(node, node.owners) if node.owners else []
        return todo + self._transitions(node, old, obj) if deleting else todo

    def _materialise(self, node: Node, seen: Coordinates) -> list[tuple[str, str]]:
        """A virtual owner turns out to exist; dependents that call it otherwise are looked at."""
        node.virtual = False
        if seen == node.coordinates:
            return []
        node.rename(seen)
        todo = []
        for dependent in partition(self.dependents(node), seen)[1]:
            if seen.is_beyond(dependent.namespace):
                todo.append(("report", f"{dependent.uid}/{node.uid}"))
            todo.append(("delete", dependent.uid))
        return todo

    def _add_to_owners(self, node: Node, owners: list[dict]) -> list[tuple[str, str]]:
        """Source: addDependentToOwners."""
        todo, suspect = [], False
        for ref in owners:
            owner = self.nodes.get(ref["uid"])
            if owner is None:
                owner = Node(
                    uid=ref["uid"],
                    api_version=ref["apiVersion"],
                    kind=ref["kind"],
                    name=ref["name"],
                    namespace=node.namespace,
                    virtual=True,
                )
                self.nodes[owner.uid] = owner
                todo.append(("delete", owner.uid))
            elif not suspect and self._is_suspect(node, ref, owner):
                suspect = True
                if not owner.virtual and owner.coordinates.is_beyond(node.namespace):
                    todo.append(("report", f"{node.uid}/{owner.uid}"))
            owner.dependents[node.uid] = True
        return [*todo, ("delete", node.uid)] if suspect else todo

    @staticmethod
    def _is_suspect(node: Node, ref: dict, owner: Node) -> bool:
        """Whether a reference may be wrong, by what is known of its owner: a virtual one without a namespace may be of a namespaced kind."""
        if owner.namespace != node.namespace and (owner.namespace or owner.virtual):
            return True
        return (ref["kind"], ref["apiVersion"], ref["name"]) != (owner.kind, owner.api_version, owner.name)

    def _change_owners(self, node: Node, owners: list[dict]) -> list[tuple[str, str]]:
        before = {ref["uid"]: ref for ref in node.owners}
        after = {ref["uid"]: ref for ref in owners}
        todo = []
        for uid, ref in before.items():
            unblocked = uid not in after or not after[uid].get("blockOwnerDeletion")
            if ref.get("blockOwnerDeletion") and unblocked and uid in self.nodes:
                todo.append(("delete", uid))
        node.owners = owners
        todo += self._add_to_owners(node, [ref for uid, ref in after.items() if uid not in before])
        for uid in before:
            if uid not in after and uid in self.nodes:
                self.nodes[uid].dependents.pop(node.uid, None)
        return todo

    def _transitions(self, node: Node, old: dict | None, new: dict) -> list[tuple[str, str]]:
        """Source: processTransitions."""
        if "deletionTimestamp" not in new["metadata"] or not new["metadata"].get("finalizers"):
            return []
        if starts_with_finalizer(old, new, ORPHAN):
            return [("orphan", node.uid)]
        if starts_with_finalizer(old, new, FOREGROUND):
            node.being_deleted = node.deleting_dependents = True
            return [("delete", uid) for uid in node.dependents] + [("delete", node.uid)]
        return []

    def vanish(self, obj: dict, api_version: str, kind: str) -> list[tuple[str, str]]:
        """An object was seen to go. One of which only references were known was just that object."""
        node = self.nodes.get(obj["metadata"]["uid"])
        if node is None or not node.virtual:
            return self.remove(obj["metadata"]["uid"])
        return self._materialise(node, coordinates_of(obj["metadata"], api_version, kind)) + self.remove(node.uid)

    def remove(self, uid: str) -> list[tuple[str, str]]:
        """An object is gone: its dependents are to be looked at, and owners that waited for it."""
        node = self.nodes.pop(uid, None)
        if node is None:
            return []
        todo = self._blame(node.coordinates, self.dependents(node)) if node.dependents else []
        for ref in node.owners:
            owner = self.nodes.get(ref["uid"])
            if owner is not None:
                owner.dependents.pop(uid, None)
                if owner.deleting_dependents:
                    todo.append(("delete", owner.uid))
        return todo

    def _blame(self, absent: Coordinates, dependents: list[Node]) -> list[tuple[str, str]]:
        self.note_absent(identity(absent))
        return [("delete", dependent.uid) for dependent in dependents]

    def remove_virtual(self, absent: Coordinates) -> list[tuple[str, str]]:
        """What was looked up by these coordinates does not exist. Source: processGraphChanges, virtual delete events.

        Where dependents call an owner by other coordinates too, only those that mean these are looked at, and the owner is tried by the others.
        """
        node = self.nodes.get(absent.uid)
        if node is None:
            return []
        fitting, others = partition(self.dependents(node), absent)
        is_it = node.coordinates == absent
        if not others if node.virtual else is_it:
            return self.remove(absent.uid)
        todo = self._blame(absent, fitting) if fitting else []
        other = alternate(others, absent) if is_it else None
        if other is not None:
            node.rename(other)
        return todo

    # -- questions --------------------------------------------------------------------------------------------------

    def note_absent(self, key: str) -> None:
        """Remember that an owner does not exist."""
        self.absent.pop(key, None)
        self.absent[key] = True
        if len(self.absent) > ABSENT_CACHE_SIZE:
            del self.absent[next(iter(self.absent))]

    def is_absent(self, ref: dict, namespace: str) -> bool:
        """Whether a reference is known to lead nowhere; what is asked for is forgotten last."""
        for place in ("", namespace):
            key = identity(Coordinates(ref["kind"], ref["apiVersion"], place, ref["name"], ref["uid"]))
            if key in self.absent:
                self.note_absent(key)
                return True
        return False

    def dependents(self, node: Node) -> list[Node]:
        """The node's dependents, in the order seen."""
        return [self.nodes[uid] for uid in node.dependents if uid in self.nodes]

    def blocking(self, node: Node) -> list[Node]:
        """Dependents whose reference blocks the owner's deletion."""
        return [
            dependent
            for dependent in self.dependents(node)
            if any(ref["uid"] == node.uid and ref.get("blockOwnerDeletion") for ref in dependent.owners)
        ]
