"""NodeVolumeLimits: a node takes no more volumes of a CSI driver than its CSINode says.

Disks of clouds count as volumes of the drivers that took their place, but for those of which upstream does not say so.
Source: kubernetes pkg/scheduler/framework/plugins/nodevolumelimits/{csi,utils}.go.
"""

from __future__ import annotations

from cluster.kinds import _csi_migration as migration
from cluster.kinds._volume_sources import class_of

from ..framework import SKIP, Cycle, Plugin, Rejection, always
from ..nodes import NodeInfo
from ..pods import PodInfo
from .volume_binding import after_claim_change

EXCEEDED = Rejection(("node(s) exceed max volume count",), resolvable=True)

# By the names of their storage classes, disks of clouds and who makes them now; "": theirs are not counted. Source: isCSIMigrationOn.
MIGRATED = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com", "kubernetes.io/azure-disk": "disk.csi.azure.com", "kubernetes.io/azure-file": "",
    "kubernetes.io/cinder": "cinder.csi.openstack.org", "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com", "kubernetes.io/vsphere-volume": "",
}  # fmt: skip

Volume = tuple[str, str]  # (driver, handle)


def after_pod_gone(pod: PodInfo, old: PodInfo, new: None) -> bool:
    """A Pod that had volumes has gone. Source: isSchedulableAfterPodDeleted."""
    return bool(old.claims) or any(not migration.INLINE.isdisjoint(disk) for disk in old.disks)


def after_attachment_gone(pod: PodInfo, old: dict, new: None) -> bool:
    """A volume was detached, and the Pod names a claim or has such a disk. Source: isSchedulableAfterVolumeAttachmentDeleted."""
    drivers = (migration.SOURCES[kind][0] for disk in pod.disks for kind in disk if kind in migration.SOURCES)
    return any(not is_ephemeral for _, is_ephemeral in pod.claims) or old["spec"].get("attacher") in drivers


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
        return _of_driver(volume)
    storage_class = cycle.listers.get("storageclasses", class_of(claim))
    driver = MIGRATED.get(storage_class["provisioner"], storage_class["provisioner"]) if storage_class else ""
    return (driver, f"{namespace}/{name} to be made") if driver else None


def _of_driver(volume: dict) -> Volume | None:
    """What a PersistentVolume is to its driver, if a driver has it."""
    try:
        source = migration.persistent(volume)["spec"].get("csi")
    except migration.Untranslatable:
        return None
    is_counted = source and source["volumeHandle"] and (volume["spec"].get("csi") or source["driver"] in MIGRATED.values())
    return (source["driver"], source["volumeHandle"]) if is_counted else None


def volumes_of(cycle: Cycle, info: PodInfo) -> list[Volume]:
    """A Pod's volumes of drivers. Source: filterAttachableVolumes."""
    found = [volume_of(cycle, info.namespace, name) for name, _ in info.claims]
    for disk in info.disks:
        try:
            made = migration.inline(disk, info.namespace)
        except migration.Untranslatable:
            continue
        if made is not None and made["spec"]["csi"]["driver"] in MIGRATED.values():
            found.append((made["spec"]["csi"]["driver"], made["spec"]["csi"]["volumeHandle"]))
    return [each for each in found if each is not None]


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
        if not cycle.pod.claims and not cycle.pod.disks:
            return SKIP
        cycle.data[self.name] = volumes_of(cycle, cycle.pod)
        return None if cycle.data[self.name] else SKIP

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        limits = limits_of(cycle.listers.get("csinodes", node.name))
        if not limits:
            return None
        used = dict.fromkeys(each for info in node.pods.values() if info.claims or info.disks for each in volumes_of(cycle, info))
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
