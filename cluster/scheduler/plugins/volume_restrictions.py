"""VolumeRestrictions: a claim that only one Pod may use (ReadWriteOncePod) is used by no second one, and some disks by one Pod of a node.

Source: kubernetes pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go.
"""

from __future__ import annotations

from ..framework import SKIP, Cycle, Plugin, Rejection, always
from ..nodes import NodeInfo
from ..pods import PodInfo

IN_USE = Rejection(
    ("node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",), resolvable=True
)
DISK_CONFLICT = Rejection(("node(s) had no available disk",), resolvable=True)


def conflicts(disk: dict, other: dict) -> bool:
    """Whether two Pods of a node cannot both have these volumes. Source: isVolumeConflict."""
    for kind in ("gcePersistentDisk", "awsElasticBlockStore", "iscsi", "rbd"):
        mine, theirs = disk.get(kind), other.get(kind)
        if mine and theirs:
            both_read = kind != "awsElasticBlockStore" and mine.get("readOnly") and theirs.get("readOnly")
            return not both_read and _is_same(kind, mine, theirs)
    return False


def _is_same(kind: str, mine: dict, theirs: dict) -> bool:
    if kind == "rbd":
        shared = any(monitor in theirs["monitors"] for monitor in mine["monitors"])
        return shared and all(mine.get(name) == theirs.get(name) for name in ("pool", "image"))
    name = {"gcePersistentDisk": "pdName", "awsElasticBlockStore": "volumeID", "iscsi": "iqn"}[kind]
    return mine.get(name) == theirs.get(name)


def have_conflict(pod: PodInfo, other: PodInfo) -> bool:
    return any(conflicts(disk, one) for disk in pod.disks for one in other.disks)


def after_pod_gone(pod: PodInfo, old: PodInfo, new: None) -> bool:
    """A Pod has gone that used one of the claims, or had one of the disks. Source: isSchedulableAfterPodDeleted."""
    if old.namespace != pod.namespace:
        return False
    return have_conflict(pod, old) or any(not claim[1] and claim in old.claims for claim in pod.claims)


def after_claim_added(pod: PodInfo, old: None, new: dict) -> bool:
    """A claim of the Pod's own came (or, to others, changed); those that are made for it are not looked at."""
    meta = new["metadata"]
    return meta["namespace"] == pod.namespace and (meta["name"], False) in pod.claims


class VolumeRestrictions(Plugin):
    name, order = "VolumeRestrictions", 62
    hints = {"node/add": always, "claim/add": after_claim_added, "pod/delete": after_pod_gone}

    def pre_filter(self, cycle: Cycle) -> str | Rejection | None:
        pod, single = cycle.pod, []
        if not pod.claims and not pod.disks:
            return SKIP
        for name, is_ephemeral in pod.claims:
            if is_ephemeral:
                continue
            claim = cycle.listers.get("persistentvolumeclaims", f"{pod.namespace}/{name}")
            if claim is None:
                return Rejection((f'persistentvolumeclaim "{name}" not found',))
            if "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
                single.append(name)
        users = users_of(cycle, single)
        if not users and not pod.disks:
            return SKIP
        cycle.data[self.name] = (tuple(single), users)
        return None

    def adjust(self, cycle: Cycle, other: PodInfo, node: NodeInfo, sign: int) -> None:
        names, users = cycle.data.get(self.name) or ((), [])
        if names and uses(other, cycle.pod, names):
            others = [key for key in users if key != other.key]
            cycle.data[self.name] = (names, [*others, other.key] if sign > 0 else others)

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        if cycle.pod.disks and any(have_conflict(cycle.pod, other) for other in node.pods.values() if other.disks):
            return DISK_CONFLICT
        return IN_USE if cycle.data[self.name][1] else None


def uses(info: PodInfo, pod: PodInfo, names) -> bool:
    """Whether another Pod uses one of a Pod's claims."""
    return bool(info.claims) and info.namespace == pod.namespace and info.key != pod.key and any(name in names for name, _ in info.claims)


def users_of(cycle: Cycle, names: list[str]) -> list[str]:
    """The other Pods that use one of the claims, wherever they run."""
    cache, pod = cycle.cache, cycle.pod
    found = dict.fromkeys(key for name in names for key in cache.users.get(f"{pod.namespace}/{name}", ()))
    return [key for key in found if key != pod.key and cache.by_name[cache.node_of[key]].node is not None]


PLUGIN = VolumeRestrictions()
