"""What a controller has written and not seen come back through its informers: until it has, it would act on old news.

Source: pkg/controller/util/consistency/consistency.go (StaleControllerConsistencyReplicaSet, …StatefulSet, …DaemonSet, …Job).
"""

from __future__ import annotations

from dataclasses import dataclass, field

CATCH_UP_MS = 6  # a look that follows a write waits for the watch, which here an answer overtakes more often than upstream


@dataclass
class OwnWrites:
    """By the owner's key: the newest revision written of each resource."""

    by_key: dict[str, dict[str, int]] = field(default_factory=dict)

    def wrote(self, key: str, resource: str, obj: dict) -> None:
        """A write was answered with this object."""
        revision = int(obj["metadata"]["resourceVersion"])
        written = self.by_key.setdefault(key, {})
        written[resource] = max(revision, written.get(resource, 0))

    def are_seen(self, key: str, informers: dict) -> bool:
        """Whether the informers (by resource) have come as far as all that was written for the key."""
        written = self.by_key.get(key)
        if written is None:
            return True
        if all(informers[resource].has_seen(revision) for resource, revision in written.items()):
            del self.by_key[key]
            return True
        return False

    def forget(self, key: str) -> None:
        """The owner is gone."""
        self.by_key.pop(key, None)
