"""Which Pods a ReplicaSet deletes first when it has too many.

Source: pkg/controller/controller_utils.go ActivePodsWithRanks,
pkg/controller/replicaset/replica_set.go getPodsToDelete.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from functools import cmp_to_key

from cluster.engine import clock
from cluster.meta.gotext import atoi

from . import _pods

PHASE_ORDER = {"Pending": 0, "Unknown": 1, "Running": 2}
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


def choose(pods: list[dict], related: Iterable[dict], count: int, now_unix_ms: int) -> list[dict]:
    """The `count` Pods to delete, least valuable first. related: Pods of all ReplicaSets of the same owner."""
    if count >= len(pods):
        return list(pods)
    on_node = Counter(pod["spec"].get("nodeName", "") for pod in related if _pods.is_active(pod))
    ranked = [_Rank(pod, on_node[pod["spec"].get("nodeName", "")], now_unix_ms) for pod in pods]
    ranked.sort(key=cmp_to_key(_compare))
    return [rank.pod for rank in ranked[:count]]


class _Rank:
    """A Pod with all that the comparison asks about it, read once."""

    __slots__ = ("created_bucket", "created_ms", "first", "pod", "ready_bucket", "ready_ms", "restarts", "uid")

    def __init__(self, pod: dict, neighbours: int, now_unix_ms: int):
        self.pod, self.uid = pod, pod["metadata"]["uid"]
        assigned = 1 if pod["spec"].get("nodeName") else 0
        ready = 1 if _pods.is_ready(pod) else 0
        self.first = (assigned, PHASE_ORDER.get(_pods.phase(pod), 0), ready, deletion_cost(pod), -neighbours)
        self.ready_ms = _pods.ready_since_ms(pod)
        self.ready_bucket = age_bucket(now_unix_ms, self.ready_ms)
        self.restarts = max_restarts(pod)
        created = pod["metadata"].get("creationTimestamp")
        self.created_ms = clock.unix_ms(created) if created else None
        self.created_bucket = age_bucket(now_unix_ms, self.created_ms)


def deletion_cost(pod: dict) -> int:
    """The annotation's number; 0 if it is missing or none."""
    annotations = pod["metadata"].get("annotations")
    if not annotations or DELETION_COST not in annotations:
        return 0
    text = annotations[DELETION_COST]
    digits = text[1:] if text[:1] == "-" else text
    return (atoi(text) or 0) if digits.isdigit() and (digits == "0" or digits[0] != "0") else 0


def age_bucket(now_unix_ms: int, since_ms: int | None) -> int:
    """The age's order of magnitude, so that Pods of about the same age are chosen at random (by uid)."""
    if since_ms is None or now_unix_ms <= since_ms:
        return -1
    return int(math.log2((now_unix_ms - since_ms) * 1_000_000))


def max_restarts(pod: dict) -> tuple[int, int]:
    """(highest restart count of a container, of a sidecar)."""
    status = pod.get("status") or {}
    regular = max([c.get("restartCount", 0) for c in status.get("containerStatuses") or ()], default=0)
    if "initContainerStatuses" not in status:
        return regular, 0
    sidecars = [c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"]
    of_sidecars = (c.get("restartCount", 0) for c in status.get("initContainerStatuses") or () if c["name"] in sidecars)
    return regular, max(of_sidecars, default=0)


def _compare(a: _Rank, b: _Rank) -> int:
    """Negative if `a` is to be deleted before `b`."""
    if a.first != b.first:
        return -1 if a.first < b.first else 1
    if a.first[2] and a.ready_ms != b.ready_ms:
        return _by_age(a, b, a.ready_ms, b.ready_ms, a.ready_bucket - b.ready_bucket)
    if a.restarts != b.restarts:
        return -1 if a.restarts > b.restarts else 1
    if a.created_ms != b.created_ms:
        return _by_age(a, b, a.created_ms, b.created_ms, a.created_bucket - b.created_bucket)
    return 0


def _by_age(a: _Rank, b: _Rank, a_ms: int | None, b_ms: int | None, difference: int) -> int:
    if a_ms is None or b_ms is None:
        return -1 if a_ms is None else 1
    return difference or (-1 if a.uid < b.uid else 1)
