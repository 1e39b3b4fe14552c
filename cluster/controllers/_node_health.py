"""What the node lifecycle controller remembers of each Node, and when it gives one up.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go tryUpdateNodeHealth, ComputeZoneState.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from . import _taints

LEASES = "kube-node-lease"  # the namespace of Nodes' Leases
EXCLUDED = "node.kubernetes.io/exclude-disruption"
CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
UNHEALTHY_ZONE_SHARE = 0.55  # --unhealthy-zone-threshold
LARGE_CLUSTER = 50  # --large-cluster-size-threshold
EVICTION_QPS, SECOND_EVICTION_QPS = 0.1, 0.01


class Health(msgspec.Struct):
    """probe_ms: when news of the Node was last noticed. ready: its Ready condition then, None if it had none."""

    probe_ms: int
    ready: dict | None = None
    renew_time: str = ""


def ready_condition(node: dict) -> dict | None:
    """The Node's Ready condition."""
    for condition in (node.get("status") or {}).get("conditions") or ():
        if condition["type"] == "Ready":
            return condition
    return None


class Look(NamedTuple):
    """What a Node's object says to who judges its health. is_fine: ready and without taints. counts: when a zone's Nodes are counted."""

    node: dict
    name: str
    uid: str
    lease: str  # its Lease's key
    zone: str
    ready: dict | None
    is_fine: bool
    counts: bool


def look_at(node: dict) -> Look:
    """Read a Node's object."""
    meta, ready = node["metadata"], ready_condition(node)
    is_fine = ready is not None and ready["status"] == "True" and not _taints.of(node)
    counts = EXCLUDED not in (meta.get("labels") or {})
    return Look(node, meta["name"], meta["uid"], f"{LEASES}/{meta['name']}", zone_of(node), ready, is_fine, counts)


def observe(health: Health | None, current: dict | None, lease: dict | None, *, now_ms: int, created_ms: int) -> Health:
    """The memory after one look: a new heartbeat or a renewed Lease counts as news. current: the Node's Ready condition.

    As upstream, a new heartbeat makes it forget the Lease, which is news at the next look even if it is old.
    """
    known = health.renew_time if health is not None else ""
    if health is None and current is None:
        health = Health(probe_ms=created_ms)
    elif health is None or _is_news(health.ready, current):
        health = Health(probe_ms=now_ms, ready=current)
    elif current is not None and current is not health.ready:
        health = Health(probe_ms=health.probe_ms, ready=current, renew_time=health.renew_time)
    return renewed(health, lease, now_ms, known)


def renewed(health: Health, lease: dict | None, now_ms: int, known: str | None = None) -> Health:
    """The memory after a look at the Lease alone, which is all where the Ready condition is the very same. known: its time before."""
    time = ((lease or {}).get("spec") or {}).get("renewTime", "")
    return Health(now_ms, health.ready, time) if time and time > (health.renew_time if known is None else known) else health


def _is_news(saved: dict | None, current: dict | None) -> bool:
    if saved is current:
        return False
    if saved is None or current is None:
        return (saved is None) != (current is None)
    return saved.get("lastHeartbeatTime") != current.get("lastHeartbeatTime")


def given_up(node: dict, now: str) -> list[dict]:
    """The Node's conditions when nobody has heard of it: Unknown, or never known at all."""
    conditions = list((node.get("status") or {}).get("conditions") or ())
    for type_ in CONDITIONS:
        index = next((i for i, condition in enumerate(conditions) if condition["type"] == type_), None)
        if index is None:
            conditions.append(
                {
                    "type": type_,
                    "status": "Unknown",
                    "lastHeartbeatTime": node["metadata"]["creationTimestamp"],
                    "lastTransitionTime": now,
                    "reason": "NodeStatusNeverUpdated",
                    "message": "Kubelet never posted node status.",
                }
            )
        elif conditions[index]["status"] != "Unknown":
            conditions[index] = {
                **conditions[index],
                "status": "Unknown",
                "reason": "NodeStatusUnknown",
                "message": "Kubelet stopped posting node status.",
                "lastTransitionTime": now,
            }
    return conditions


def zone_of(node: dict) -> str:
    """The zone's key. Source: k8s.io/component-helpers node/topology GetZoneKey."""
    labels = node["metadata"].get("labels") or {}
    region = labels.get("topology.kubernetes.io/region", "")
    zone = labels.get("topology.kubernetes.io/zone", "")
    return f"{region}:\x00:{zone}" if region or zone else ""


def zone_state(ready: list[bool]) -> str:
    """ "Normal", "PartialDisruption" or "FullDisruption" of a zone's Nodes. Source: ComputeZoneState."""
    lost = ready.count(False)
    if lost and lost == len(ready):
        return "FullDisruption"
    if lost > 2 and lost / len(ready) >= UNHEALTHY_ZONE_SHARE:
        return "PartialDisruption"
    return "Normal"


def eviction_qps(state: str, size: int) -> float:
    """Nodes a second that may be given the NoExecute taint. Source: setLimiterInZone, ReducedQPSFunc."""
    if state == "PartialDisruption":
        return SECOND_EVICTION_QPS if size > LARGE_CLUSTER else 0.0
    return EVICTION_QPS


@dataclass
class Zone:
    """Nodes of one zone that wait for a NoExecute taint, and the token bucket (burst 1) that slows them.

    waiting: names, first come first served. done: names that have had it and are not to be queued again. is_left: at the last look no Node
    of it counted.
    """

    state: str = "Initial"
    qps: float = EVICTION_QPS
    full_at_ms: int = 0
    waiting: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    is_left: bool = False

    def add(self, name: str) -> bool:
        """Queue a Node once."""
        if name in self.waiting or name in self.done:
            return False
        self.waiting.append(name)
        return True

    def remove(self, name: str) -> bool:
        """Forget a Node; whether it was known."""
        known = name in self.waiting or name in self.done
        self.waiting = [other for other in self.waiting if other != name]
        self.done = [other for other in self.done if other != name]
        return known

    def finish(self, name: str) -> None:
        """A Node has what it waited for, unless it was forgotten meanwhile."""
        if name in self.waiting:
            self.waiting.remove(name)
            self.done.append(name)

    def put_off(self, name: str) -> None:
        """A Node could not be served: those behind it come first. Source: rate_limited_queue.go Try."""
        if name in self.waiting:
            self.waiting.remove(name)
            self.waiting.append(name)

    def take_token(self, now_ms: int) -> bool:
        """Whether one more Node may be tainted now."""
        if self.qps <= 0 or now_ms < self.full_at_ms:
            return False
        self.full_at_ms = now_ms + round(1000 / self.qps)
        return True

    def set_qps(self, qps: float, now_ms: int) -> None:
        """Another rate: a bucket that was empty stays so for the new rate's time. Source: SwapLimiter."""
        if qps == self.qps:
            return
        empty = now_ms < self.full_at_ms or self.qps <= 0
        self.qps = qps
        self.full_at_ms = now_ms + round(1000 / qps) if empty and qps > 0 else 0 if not empty else self.full_at_ms
