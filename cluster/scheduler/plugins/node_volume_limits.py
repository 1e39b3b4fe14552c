"""NodeVolumeLimits: a node takes no more volumes of a CSI driver than its CSINode says.

In-tree disks of clouds are not counted as volumes of the drivers that took their place.
Source: kubernetes pkg/scheduler/framework/plugins/nodevolumelimits/csi.go.
"""

from __future__ import annotations

from cluster.kinds._volume_sources import class_of

from ..framework import SKIP, Cycle, Plugin, Rejection, always
from ..nodes import NodeInfo
from ..pods import PodInfo
from .volume_binding import after_claim_change

EXCEEDED = Rejection(("node(s) exceed max volume count",), resolvable=True)

Volume = tuple[str, str]  # (driver, handle)


def after_pod_gone(pod: PodInfo, old: PodInfo, new: None) -> bool:
    """A Pod that had volumes has gone. Source: isSchedulableAfterPodDeleted."""
    return bool(old.claims)


def after_attachment_gone(pod: PodInfo, old: dict, new: None) -> bool:
    """A volume was detached, and the Pod names a claim. Source: isSchedulableAfterVolumeAttachmentDeleted."""
    return any(not is_ephemeral for _, is_ephemeral in pod.claims)


def after_node_update(pod: PodInfo, old: dict, new: dict) -> bool:
    """A driver takes more volumes than before. Source: isSchedulableAfterCSINodeUpdated."""
    before, now = limits_of(old), limits_of(new)
    return any(limit > before.get(driver, 0) for driver, limit in now.items())


def volume_of(cycle: Cycle, namespace: str, name: str) -> Volume | None:
    """The CSI volume behind a claim, also one that is still to be made. Source: getCSIDriverInfo."""
    claim = cycle.listers.get("persistentvolumeclaims", f"{namespace}/{name}")
    if claim is None:
        return None
    bound_to = claim["spec"].get("volumeName")
    volume = cycle.listers.get("persistentvolumes", bound_to) if bound_to else None
    if volume is not None:
        source = volume["spec"].get("csi") or {}
        return (source["driver"], source["volumeHandle"]) if source else None
    storage_class = cycle.listers.get("storageclasses", class_of(claim))
    return (storage_class["provisioner"], f"{namespace}/{name} to be made") if storage_class else None


def attached_to(cycle: Cycle, node: str) -> list[Volume]:
    """What is attached to a node, whoever uses it. Source: getNodeVolumeAttachmentInfo."""
    found = []
    for attachment in cycle.listers.list("volumeattachments", ""):
        spec = attachment["spec"]
        name = (spec.get("source") or {}).get("persistentVolumeName") if spec.get("nodeName") == node else None
        volume = cycle.listers.get("persistentvolumes", name) if name else None
        if volume is not None and volume["spec"].get("csi"):
            found.append((spec["attacher"], volume["spec"]["csi"]["volumeHandle"]))
    return found


class NodeVolumeLimits(Plugin):
    name, order = "NodeVolumeLimits", 64
    hints = {
        "csinode/add": always, "csinode/update": after_node_update, "pod/delete": after_pod_gone,
        "claim/add": after_claim_change, "attachment/delete": after_attachment_gone,
    }  # fmt: skip

    def pre_filter(self, cycle: Cycle) -> str | None:
        if not cycle.pod.claims:
            return SKIP
        wanted = [volume_of(cycle, cycle.pod.namespace, name) for name, _ in cycle.pod.claims]
        cycle.data[self.name] = [each for each in wanted if each is not None]
        return None if cycle.data[self.name] else SKIP

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        limits = limits_of(cycle.listers.get("csinodes", node.name))
        if not limits:
            return None
        users = ((info.namespace, name) for info in node.pods.values() for name, _ in info.claims)
        used = dict.fromkeys(each for each in (volume_of(cycle, *user) for user in users) if each is not None)
        added = [each for each in dict.fromkeys(cycle.data[self.name]) if each not in used]
        there = [*used, *(each for each in dict.fromkeys(attached_to(cycle, node.name)) if each not in used)]
        for driver in dict.fromkeys(driver for driver, _ in added):
            count = sum(each[0] == driver for each in (*there, *added))
            if driver in limits and count > limits[driver]:
                return EXCEEDED
        return None


def limits_of(csi_node: dict | None) -> dict[str, int]:
    """driver -> how many volumes the node takes."""
    drivers = ((csi_node or {}).get("spec") or {}).get("drivers") or ()
    return {driver["name"]: driver["allocatable"]["count"] for driver in drivers if (driver.get("allocatable") or {}).get("count") is not None}


PLUGIN = NodeVolumeLimits()
