"""The garbage collector's graph: who owns whom, kept up from what the informers say.

Source: pkg/controller/garbagecollector/graph.go, graph_builder.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
ABSENT_CACHE_SIZE = 500


@dataclass
class Node:
    """One object, or (virtual) an owner that is only known from references to it.

    dependents: uids, in the order seen (an ordered set). owners: ownerReferences.
    """

    uid: str
    api_version: str
    kind: str
    name: str
    namespace: str = ""
    owners: list[dict] = field(default_factory=list)
    dependents: dict[str, bool] = field(default_factory=dict)
    virtual: bool = False
    being_deleted: bool = False
    deleting_dependents: bool = False

    @property
    def identity(self) -> str:
        return identity(self.api_version, self.kind, self.namespace, self.name, self.uid)


def identity(api_version: str, kind: str, namespace: str, name: str, uid: str) -> str:
    """An object's coordinates as one text."""
    return "|".join((api_version, kind, namespace, name, uid))


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
            return self._insert(new, api_version, kind)
        todo: list[tuple[str, str]] = []
        if node.virtual:
            todo += self._materialise(node, meta, api_version, kind)
        owners = meta.get("ownerReferences") or []
        if owners != node.owners:
            todo += self._change_owners(node, owners)
        node.being_deleted = node.being_deleted or "deletionTimestamp" in meta
        return todo + self._transitions(node, old, new)

    def _insert(self, obj: dict, api_version: str, kind: str) -> list[tuple[str, str]]:
        meta = obj["metadata"]
        deleting = "deletionTimestamp" in meta
        node = Node(
            uid=meta["uid"],
            api_version=api_version,
            kind=kind,
            name=meta["name"],
            namespace=meta.get("namespace", ""),
            owners=meta.get("ownerReferences") or [],
            being_deleted=deleting,
            deleting_dependents=deleting and FOREGROUND in (meta.get("finalizers") or ()),
        )
        self.nodes[node.uid] = node
        todo = self._add_to_owners(node, node.owners) if node.owners else []
        return todo + self._transitions(node, None, obj) if deleting else todo

    def _materialise(self, node: Node, meta: dict, api_version: str, kind: str) -> list[tuple[str, str]]:
        """A virtual owner turns out to exist; references with other coordinates than its own are suspect."""
        node.virtual = False
        seen = identity(api_version, kind, meta.get("namespace", ""), meta["name"], meta["uid"])
        if seen == node.identity:
            return []
        node.api_version, node.kind, node.name, node.namespace = (
            api_version,
            kind,
            meta["name"],
            meta.get("namespace", ""),
        )
        todo = []
        for uid in node.dependents:
            if not self._refers_to(self.nodes[uid], node):
                todo += [*self._strange(self.nodes[uid], node), ("delete", uid)]
        return todo

    @staticmethod
    def _strange(dependent: Node, owner: Node) -> list[tuple[str, str]]:
        """That an owner of another namespace is told of. Source: reportInvalidNamespaceOwnerRef."""
        is_far = owner.namespace and owner.namespace != dependent.namespace and not owner.virtual
        return [("report", f"{dependent.uid}/{owner.uid}")] if is_far else []

    def _refers_to(self, dependent: Node, owner: Node) -> bool:
        if owner.namespace and owner.namespace != dependent.namespace:
            return False
        for ref in dependent.owners:
            if ref["uid"] == owner.uid and ref["name"] == owner.name and ref["kind"] == owner.kind and ref["apiVersion"] == owner.api_version:
                return True
        return False

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
            elif not self._refers_to(node, owner):
                todo += self._strange(node, owner)
                suspect = True
            owner.dependents[node.uid] = True
        return [*todo, ("delete", node.uid)] if suspect else todo

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

    def remove(self, uid: str) -> list[tuple[str, str]]:
        """An object is gone: its dependents are to be looked at, and owners that waited for it."""
        node = self.nodes.pop(uid, None)
        if node is None:
            return []
        if node.dependents:
            self.note_absent(node.identity)
        todo = [("delete", dependent) for dependent in node.dependents if dependent in self.nodes]
        for ref in node.owners:
            owner = self.nodes.get(ref["uid"])
            if owner is not None:
                owner.dependents.pop(uid, None)
                if owner.deleting_dependents:
                    todo.append(("delete", owner.uid))
        return todo

    def remove_virtual(self, uid: str) -> list[tuple[str, str]]:
        """An owner was looked up and does not exist (any more).

        Simplified: dependents that name one uid by several coordinates are all looked at, where upstream tries
        the alternatives one by one.
        """
        return self.remove(uid)

    # -- questions --------------------------------------------------------------------------------------------------

    def note_absent(self, key: str) -> None:
        """Remember that an owner does not exist."""
        self.absent.pop(key, None)
        self.absent[key] = True
        if len(self.absent) > ABSENT_CACHE_SIZE:
            del self.absent[next(iter(self.absent))]

    def is_absent(self, ref: dict, namespace: str) -> bool:
        """Whether a reference is known to lead nowhere."""
        return any(
            identity(ref["apiVersion"], ref["kind"], place, ref["name"], ref["uid"]) in self.absent
            for place in (namespace, "")
        )

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
