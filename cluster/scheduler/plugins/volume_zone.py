"""VolumeZone: a bound volume that names its zone or region by labels is used there only.

Source: kubernetes pkg/scheduler/framework/plugins/volumezone/volume_zone.go.
"""

from __future__ import annotations

from ..framework import SKIP, Cycle, Plugin, Rejection
from ..nodes import NodeInfo
from .volume_binding import after_change, after_claim_change, after_node_change

CONFLICT = Rejection(("node(s) had no available volume zone",))
LABELS = (
    "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
)  # fmt: skip


class VolumeZone(Plugin):
    name, order = "VolumeZone", 68
    hints = {"claim/add": after_claim_change, "claim/update": after_claim_change, "volume/add": after_change, "volume/update": after_change,
             "node/add": after_node_change, "node/label": after_node_change}  # fmt: skip

    def pre_filter(self, cycle: Cycle) -> str | None:
        if not cycle.pod.claims:
            return SKIP
        wanted = []
        for name, _ in cycle.pod.claims:
            claim = cycle.listers.get("persistentvolumeclaims", f"{cycle.pod.namespace}/{name}") or {"spec": {}}
            volume = cycle.listers.get("persistentvolumes", claim["spec"].get("volumeName") or "")
            labels = (volume or {"metadata": {}})["metadata"].get("labels") or {}
            wanted += [(label, labels[label].split("__")) for label in LABELS if label in labels]
        cycle.data[self.name] = wanted
        return None if wanted else SKIP

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        if not any(label in node.labels for label in LABELS):
            return None
        fits = all(node.labels.get(label) in values for label, values in cycle.data[self.name])
        return None if fits else CONFLICT


PLUGIN = VolumeZone()
