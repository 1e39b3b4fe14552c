"""replication-controller: keeps ReplicationControllers' Pods alive by the very rules of ReplicaSets.

Source: pkg/controller/replication/replication_controller.go, conversion.go, where one is looked at as the other too.
"""

from __future__ import annotations

from collections.abc import Callable

from .replicaset import ReplicaSetController


def as_replica_set(controller: dict) -> dict:
    """A ReplicationController with its selector in a ReplicaSet's form. Source: convertRCtoRS."""
    spec = controller["spec"]
    return {**controller, "spec": {**spec, "selector": {"matchLabels": spec.get("selector") or {}}}}


class AsReplicaSets:
    """An informer of ReplicationControllers, seen as one of ReplicaSets. Source: informerAdapter."""

    def __init__(self, informer):
        self.informer = informer
        self._seen: dict[str, tuple[dict, dict]] = {}  # by key: what was seen last, and how it looked; derived

    def _view(self, key: str, controller: dict) -> dict:
        known = self._seen.get(key)
        if known is None or known[0] is not controller:
            known = self._seen[key] = controller, as_replica_set(controller)
        return known[1]

    def get(self, key: str) -> dict | None:
        """The owner at `namespace/name`."""
        found = self.informer.get(key)
        if found is None:
            self._seen.pop(key, None)
            return None
        return self._view(key, found)

    def items(self) -> list[dict]:
        """All owners."""
        return [self._view(key, found) for key, found in self.informer.pairs()]

    def by(self, index: str, value: str) -> list[dict]:
        """The owners under one value of an index."""
        return [as_replica_set(found) for found in self.informer.by(index, value)]

    def on(self, handler: Callable[[str, dict | None, dict], None]) -> None:
        """Hear of changes."""
        self.informer.on(lambda kind, old, new: handler(kind, old and as_replica_set(old), as_replica_set(new)))


class ReplicationManager(ReplicaSetController):
    """Its keys are ReplicationControllers."""

    NAME = "replication-controller"
    RESOURCE = "replicationcontrollers"
    KIND, API_VERSION = "ReplicationController", "v1"
    SAYS_TERMINATING = False
    AWAITS_OWN_WRITES = False  # upstream gives it a store that remembers nothing

    def owners(self, informer):
        return AsReplicaSets(informer)

    def stored(self, replica_set: dict) -> dict:
        spec = replica_set["spec"]
        return {**replica_set, "spec": {**spec, "selector": spec["selector"].get("matchLabels") or {}}}

    def seen(self, owner: dict) -> dict:
        return as_replica_set(owner)
