"""VolumeZone: a bound volume that names its zone or region by labels is used there only.

Source: kubernetes pkg/scheduler/framework/plugins/volumezone/volume_zone.go.
"""

from __future__ import annotations

from cluster.kinds._volume_binding import WAIT
from cluster.kinds._volume_sources import class_of

from ..framework import SKIP, Cycle, Plugin, Rejection, always
from ..nodes import NodeInfo
from ..pods import PodInfo
from .volume_restrictions import after_claim_added

CONFLICT = Rejection(("node(s) had no available volume zone",))
# label of a volume -> the labels of a node that are held against it, the first one that it has
LABELS = {
    "failure-domain.beta.kubernetes.io/zone": ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    "failure-domain.beta.kubernetes.io/region": ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    "topology.kubernetes.io/zone": ("topology.kubernetes.io/zone",),
    "topology.kubernetes.io/region": ("topology.kubernetes.io/region",),
}


def places_of(volume: dict) -> list[tuple[str, list[str]]]:
    """(label, the values that a node may have) of a volume; a label with an empty part says nothing. Source: getPVTopologies."""
    labels = volume["metadata"].get("labels") or {}
    found = [(label, [part.strip() for part in labels[label].split("__")]) for label in LABELS if label in labels]
    return [(label, values) for label, values in found if all(values)]


def problem_of(cycle: Cycle, name: str, claim: dict | None, volume: dict | None) -> str:
    """Why a claim says nothing of a zone and must not be passed over; "" when it does, or waits for its Pod. Source: getPVbyPod."""
    if claim is None:
        return f'persistentvolumeclaim "{name}" not found'
    if claim["spec"].get("volumeName"):
        return "" if volume else f'persistentvolume "{claim["spec"]["volumeName"]}" not found'
    wanted = class_of(claim)
    if not wanted:
        return "PersistentVolumeClaim had no pv name and storageClass name"
    found = cycle.listers.get("storageclasses", wanted)
    if found is None:
        return f'storageclass.storage.k8s.io "{wanted}" not found'
    return "" if found.get("volumeBindingMode") == WAIT else "PersistentVolume had no name"


def after_class_added(pod: PodInfo, old: None, new: dict) -> bool:
    return new.get("volumeBindingMode") == WAIT


def after_volume_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    return old is None or places_of(old) != places_of(new)


class VolumeZone(Plugin):
    name, order = "VolumeZone", 68
    hints = {
        "class/add": after_class_added, "claim/add": after_claim_added, "claim/update": after_claim_added,
        "volume/add": after_volume_change, "volume/update": after_volume_change, "node/add": always, "node/label": always,
    }  # fmt: skip

    def pre_filter(self, cycle: Cycle) -> str | Rejection | None:
        wanted = []
        for name in (name for name, is_ephemeral in cycle.pod.claims if not is_ephemeral):
            claim = cycle.listers.get("persistentvolumeclaims", f"{cycle.pod.namespace}/{name}")
            of_volume = (claim or {}).get("spec", {}).get("volumeName")
            volume = cycle.listers.get("persistentvolumes", of_volume) if of_volume else None
            problem = problem_of(cycle, name, claim, volume)
            if problem:
                return Rejection((problem,))
            wanted += places_of(volume) if volume else []
        cycle.data[self.name] = wanted
        return None if wanted else SKIP

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        if not any(label in node.labels for label in LABELS):
            return None
        fits = all(_value_of(node, label) in values for label, values in cycle.data[self.name])
        return None if fits else CONFLICT


def _value_of(node: NodeInfo, label: str) -> str | None:
    return next((node.labels[one] for one in LABELS[label] if one in node.labels), None)


PLUGIN = VolumeZone()
