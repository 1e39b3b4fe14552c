"""VolumeZone: a bound volume that names its zone or region by labels is used there only.

Source: kubernetes pkg/scheduler/framework/plugins/volumezone/volume_zone.go.
"""

from __future__ import annotations

from cluster.kinds._volume_binding import WAIT

from ..framework import SKIP, Cycle, Plugin, Rejection
from ..nodes import NodeInfo
from ..pods import PodInfo
from .volume_binding import after_node_change
from .volume_restrictions import after_claim_added as after_claim_change

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


def after_class_added(pod: PodInfo, old: None, new: dict) -> bool:
    return new.get("volumeBindingMode") == WAIT


def after_volume_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    return old is None or places_of(old) != places_of(new)


class VolumeZone(Plugin):
    name, order = "VolumeZone", 68
    hints = {
        "class/add": after_class_added, "claim/add": after_claim_change, "claim/update": after_claim_change,
        "volume/add": after_volume_change, "volume/update": after_volume_change, "node/add": after_node_change, "node/label": after_node_change,
    }  # fmt: skip

    def pre_filter(self, cycle: Cycle) -> str | Rejection | None:
        wanted = []
        for name, is_ephemeral in cycle.pod.claims:
            claim = None if is_ephemeral else cycle.listers.get("persistentvolumeclaims", f"{cycle.pod.namespace}/{name}")
            if claim is None or not claim["spec"].get("volumeName"):
                continue
            volume = cycle.listers.get("persistentvolumes", claim["spec"]["volumeName"])
            if volume is None:
                return Rejection((f'persistentvolume "{claim["spec"]["volumeName"]}" not found',))
            wanted += places_of(volume)
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
