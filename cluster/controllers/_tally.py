"""Running counts of a ReplicaSet's Pods, kept up from each delivery so that a sync need not look at all of them."""

from __future__ import annotations

from collections.abc import Iterable

from cluster.meta import labels as selectors
from cluster.meta.objects import controller_of, key_of

from . import _pods

ACTIVE, TERMINATING, STRAY = 1, 2, 4  # STRAY: active, but the selector no longer matches
LABELLED, READY = 8, 16


def classify(pod: dict, bits: int) -> int:
    """What one of a ReplicaSet's own Pods counts as, in bits. bits: what its labels alone say (`of_labels`)."""
    status = pod.get("status") or {}
    if status.get("phase") in _pods.TERMINAL:
        return 0
    if "deletionTimestamp" in pod["metadata"]:
        return TERMINATING if bits & ACTIVE else 0
    if bits & ACTIVE:
        for condition in status.get("conditions") or ():
            if condition["type"] == "Ready":
                return bits | READY if condition["status"] == "True" else bits
    return bits


def of_labels(replica_set: dict, labels: dict) -> int:
    """What labels count as: STRAY, or ACTIVE and perhaps LABELLED."""
    spec = replica_set["spec"]
    if not selectors.from_object(spec["selector"]).matches(labels):
        return STRAY
    wanted = (spec["template"].get("metadata") or {}).get("labels") or {}
    return ACTIVE | (LABELLED if all(labels.get(name) == value for name, value in wanted.items()) else 0)


class Tally:
    """Counts for one ReplicaSet (by uid). Derived from the informer: lost at a restart and counted anew."""

    def __init__(self, replica_set: dict, pods: Iterable[dict]):
        self.basis, self.key = basis(replica_set), key_of(replica_set)
        self.bits: dict[str, int] = {}
        self._labels: dict | None = None   # those looked at last, and what they count as: mostly each Pod's are the same
        self._of_labels = 0
        self.active = self.terminating = self.stray = self.labelled = self.ready = 0
        for pod in pods:
            self.update(replica_set, pod)

    def update(self, replica_set: dict, pod: dict) -> None:
        """A Pod came or changed."""
        reference = controller_of(pod)
        if reference is not None and reference["uid"] == replica_set["metadata"]["uid"]:
            self.put(replica_set, pod)
        else:
            self.remove(pod)

    def put(self, replica_set: dict, pod: dict) -> None:
        """One of its own Pods came or changed."""
        labels = pod["metadata"].get("labels") or {}
        if labels is not self._labels and labels != self._labels:
            self._labels, self._of_labels = labels, of_labels(replica_set, labels)
        key, bits = key_of(pod), classify(pod, self._of_labels)
        if self.bits.get(key, 0) != bits:
            self._set(key, bits)

    def remove(self, pod: dict) -> None:
        """A Pod is gone."""
        self._set(key_of(pod), 0)

    def _set(self, key: str, bits: int) -> None:
        old = self.bits.pop(key, 0)
        if bits:
            self.bits[key] = bits
        if old:
            self._count(old, -1)
        if bits:
            self._count(bits, 1)

    def _count(self, bits: int, by: int) -> None:
        self.active += by if bits & ACTIVE else 0
        self.terminating += by if bits & TERMINATING else 0
        self.stray += by if bits & STRAY else 0
        self.labelled += by if bits & LABELLED else 0
        self.ready += by if bits & READY else 0


def basis(replica_set: dict) -> tuple:
    """What the counts depend on beside the Pods; a tally with another basis is counted anew."""
    spec = replica_set["spec"]
    return spec["selector"], (spec["template"].get("metadata") or {}).get("labels")
