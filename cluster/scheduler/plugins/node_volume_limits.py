"""NodeVolumeLimits: a node takes no more volumes of a CSI driver than its CSINode says.

Source: kubernetes pkg/scheduler/framework/plugins/nodevolumelimits/csi.go.
"""

from __future__ import annotations

from ..framework import SKIP, Cycle, Plugin, Rejection
from ..nodes import NodeInfo
from ..pods import PodInfo

EXCEEDED = Rejection(("node(s) exceed max volume count",), resolvable=True)


def after_pod_gone(pod: PodInfo, old: PodInfo, new: None) -> bool:
    return bool(old.claims)


def volume_of(cycle: Cycle, namespace: str, name: str) -> tuple[str, str] | None:
    """(driver, handle) of the CSI volume behind a claim."""
    claim = cycle.listers.get("persistentvolumeclaims", f"{namespace}/{name}")
    volume = cycle.listers.get("persistentvolumes", claim["spec"]["volumeName"]) if claim and claim["spec"].get("volumeName") else None
    source = volume["spec"].get("csi") if volume else None
    return (source.get("driver", ""), source.get("volumeHandle", "")) if source else None


class NodeVolumeLimits(Plugin):
    name, order = "NodeVolumeLimits", 64
    hints = {"pod/delete": after_pod_gone}

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
        after = dict.fromkeys((*used, *cycle.data[self.name]))
        for driver in dict.fromkeys(driver for driver, _ in cycle.data[self.name]):
            counts = [sum(each[0] == driver for each in volumes) for volumes in (used, after)]
            if driver in limits and counts[1] > counts[0] and counts[1] > limits[driver]:
                return EXCEEDED
        return None


def limits_of(csi_node: dict | None) -> dict[str, int]:
    """driver -> how many volumes the node takes."""
    drivers = ((csi_node or {}).get("spec") or {}).get("drivers") or ()
    return {driver["name"]: driver["allocatable"]["count"] for driver in drivers if (driver.get("allocatable") or {}).get("count") is not None}


PLUGIN = NodeVolumeLimits()
