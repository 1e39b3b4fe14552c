"""VolumeRestrictions: a claim that only one Pod may use (ReadWriteOncePod) is used by no second one.

Not there: conflicts of in-tree disks (GCE, EBS, iSCSI, RBD) that two Pods mount on one node.
Source: kubernetes pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go.
"""

from __future__ import annotations

from ..framework import SKIP, Cycle, Plugin, Rejection
from ..nodes import NodeInfo
from ..pods import PodInfo
from .volume_binding import after_claim_change

IN_USE = Rejection(
    ("node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",), resolvable=True
)


def after_pod_gone(pod: PodInfo, old: PodInfo, new: None) -> bool:
    """A Pod that used one of the claims has gone."""
    return old.namespace == pod.namespace and any(claim in old.claims for claim in pod.claims)


class VolumeRestrictions(Plugin):
    name, order = "VolumeRestrictions", 62
    hints = {"claim/add": after_claim_change, "pod/delete": after_pod_gone}

    def pre_filter(self, cycle: Cycle) -> str | Rejection | None:
        pod = cycle.pod
        if not pod.claims:
            return SKIP
        single = []
        for name, is_ephemeral in pod.claims:
            claim = cycle.listers.get("persistentvolumeclaims", f"{pod.namespace}/{name}")
            if claim is None and not is_ephemeral:
                return Rejection((f'persistentvolumeclaim "{name}" not found',))
            if claim is not None and "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
                single.append(name)
        if not single:
            return SKIP
        cycle.data[self.name] = (tuple(single), users_of(cycle, single))
        return None

    def adjust(self, cycle: Cycle, other: PodInfo, node: NodeInfo, sign: int) -> None:
        names, users = cycle.data.get(self.name) or ((), [])
        if names and uses(other, cycle.pod, names):
            others = [key for key in users if key != other.key]
            cycle.data[self.name] = (names, [*others, other.key] if sign > 0 else others)

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
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
