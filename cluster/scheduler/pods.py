"""A Pod as the scheduler reads it: parsed once, then only looked at."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from cluster.kinds._csi_migration import INLINE
from cluster.kinds._pod_resources import counted
from cluster.meta.objects import key_of

from .affinity import Affinity, affinity_of
from .resources import Requests, pod_requests

PARSED = ("containers", "initContainers", "tolerations", "resources", "overhead", "affinity")

SHAPE = ("tolerations", "resources", "overhead", "nodeSelector", "affinity")
PARTICULAR = frozenset(("nodeName", "nodeSelector", "affinity", "topologySpreadConstraints"))
DISKS = INLINE | {"iscsi", "rbd"}  # by the names of their sources
SHAPES = 1024  # that are remembered

HostPort = tuple[str, str, int]  # (address, protocol, port)


class Asked(NamedTuple):
    """What Pods of one shape ask for. likeness: all that plugins which look at one node alone may read of them, nodeName aside."""

    requests: Requests
    host_ports: list[HostPort]
    likeness: bytes


_asked: dict[bytes, Asked] = {}  # shape -> what follows from it


def asked(spec: dict) -> Asked:
    """What a spec asks for, worked out once for all Pods of a template."""
    mounted = [volume["image"] for volume in spec.get("volumes") or () if volume.get("image")]
    kinds = [_parts(spec.get(kind) or ()) for kind in ("initContainers", "containers")]
    shape = msgspec.json.encode([mounted, *kinds, *map(spec.get, SHAPE)])
    found = _asked.get(shape)
    if found is None:
        found = _asked[shape] = _read(spec, mounted)
        if len(_asked) > SHAPES:
            del _asked[next(iter(_asked))]
    return found


def _parts(containers: list[dict]) -> list[tuple]:
    """What is read of containers. Not all: their mounts have names that each Pod has of its own."""
    return [(each.get("image"), each.get("resources"), each.get("ports"), each.get("restartPolicy")) for each in containers]


def _read(spec: dict, mounted: list[dict]) -> Asked:
    requests, ports = pod_requests(spec), host_ports(spec)
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    images = [container.get("image") for container in containers]
    affinity = (spec.get("affinity") or {}).get("nodeAffinity")
    about = (requests, ports, spec.get("nodeSelector"), affinity, spec.get("tolerations") or (), images, mounted)
    return Asked(requests, ports, msgspec.json.encode(about))


class PodInfo:
    """One Pod with what the plugins ask of it. Source: kubernetes pkg/scheduler/framework/types.go PodInfo."""

    __slots__ = (
        "affinity",
        "claims",
        "disks",
        "host_ports",
        "key",
        "labels",
        "likeness",
        "name",
        "namespace",
        "pod",
        "priority",
        "requests",
        "spec",
        "terminating",
        "tolerations",
        "uid",
    )

    def __init__(self, pod: dict):
        self.spec = spec = pod["spec"]
        self.requests, self.host_ports, self.likeness = asked(counted(pod) if pod["metadata"].get("generation", 1) > 1 else spec)
        self.claims, self.disks = volumes_of(pod) if "volumes" in spec else ((), ())
        self.tolerations = spec.get("tolerations") or ()
        self.priority = spec.get("priority") or 0
        self.affinity: Affinity | None = affinity_of(spec, pod["metadata"].get("namespace", "")) if "affinity" in spec else None
        self._refresh(pod)

    def _refresh(self, pod: dict) -> None:
        metadata = pod["metadata"]
        self.pod, self.key, self.name = pod, key_of(pod), metadata["name"]
        self.uid, self.namespace = metadata.get("uid", ""), metadata.get("namespace", "")
        self.labels = metadata.get("labels") or {}
        self.terminating = "deletionTimestamp" in metadata

    def updated(self, pod: dict) -> PodInfo:
        """This Pod's newer version; parsed anew only where what it asks for changed."""
        spec, metadata = pod["spec"], pod["metadata"]
        if spec is not self.spec and any([spec.get(field) != self.spec.get(field) for field in PARSED]):
            return PodInfo(pod)
        if metadata.get("generation", 1) > (2 if "deletionTimestamp" in metadata else 1):
            return PodInfo(pod)  # it may have been resized, of which its status tells
        fresh = PodInfo.__new__(PodInfo)
        fresh.spec, fresh.requests, fresh.host_ports, fresh.claims, fresh.disks = spec, self.requests, self.host_ports, self.claims, self.disks
        fresh.tolerations, fresh.priority, fresh.affinity, fresh.likeness = self.tolerations, self.priority, self.affinity, self.likeness
        fresh._refresh(pod)
        return fresh

    def reported(self, pod: dict) -> PodInfo:
        """This Pod with another status: all that is parsed is as it was."""
        fresh = PodInfo.__new__(PodInfo)
        fresh.pod, fresh.spec, fresh.requests, fresh.host_ports, fresh.claims = pod, self.spec, self.requests, self.host_ports, self.claims
        fresh.tolerations, fresh.priority, fresh.affinity, fresh.likeness = self.tolerations, self.priority, self.affinity, self.likeness
        fresh.key, fresh.name = self.key, self.name
        fresh.uid, fresh.namespace, fresh.labels, fresh.terminating, fresh.disks = self.uid, self.namespace, self.labels, self.terminating, self.disks
        return fresh

    def counts_as(self, other: PodInfo) -> bool:
        """Whether both take the same from a node and match the same selectors."""
        return (
            self.requests is other.requests
            and self.uid == other.uid
            and self.affinity is other.affinity
            and self.terminating == other.terminating
            and (self.labels is other.labels or self.labels == other.labels)
        )

    @property
    def is_plain(self) -> bool:
        """Whether it asks for nothing of nodes but room, as most do, so that filters which prepare something skip it."""
        return not (self.claims or self.disks or self.host_ports) and PARTICULAR.isdisjoint(self.spec)

    @property
    def nominated(self) -> str:
        """The node that is to be freed for it, or ""."""
        return (self.pod.get("status") or {}).get("nominatedNodeName") or ""

    @property
    def gates(self) -> list[str]:
        return [gate["name"] for gate in self.spec.get("schedulingGates") or ()]


def host_ports(spec: dict) -> list[HostPort]:
    """The node's ports that a Pod wants for itself; sidecars' count, other init containers' do not."""
    containers = list(spec.get("containers") or ())
    containers += [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    return [
        (port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", port["hostPort"])
        for container in containers
        for port in container.get("ports") or ()
        if port.get("hostPort")
    ]


def tolerates(tolerations, taint: dict) -> bool:
    """Whether one of the tolerations tolerates a taint. Source: k8s.io/api core/v1/toleration.go ToleratesTaint."""
    return any(_tolerates(toleration, taint) for toleration in tolerations)


def _tolerates(toleration: dict, taint: dict) -> bool:
    effect, key = toleration.get("effect"), toleration.get("key")
    if effect and effect != taint.get("effect"):
        return False
    if key and key != taint.get("key"):
        return False
    operator = toleration.get("operator") or "Equal"
    return operator == "Exists" or (
        operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or "")
    )


def volumes_of(pod: dict) -> tuple[tuple[tuple[str, bool], ...], tuple[dict, ...]]:
    """(name, whether it is made for this Pod alone) of the PersistentVolumeClaims behind a Pod's volumes; and its disks: those that cannot
    be shared, and those of clouds, which count as volumes of their drivers."""
    claims: list[tuple[str, bool]] = []
    disks: list[dict] = []
    for volume in pod["spec"]["volumes"] or ():
        if "persistentVolumeClaim" in volume:
            claims.append((volume["persistentVolumeClaim"].get("claimName", ""), False))
        elif "ephemeral" in volume:
            claims.append((f"{pod['metadata']['name']}-{volume['name']}", True))
        elif not DISKS.isdisjoint(volume):
            disks.append(volume)
    return tuple(claims), tuple(disks)
