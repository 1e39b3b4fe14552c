"""TaintToleration: nodes repel Pods by taints; the fewer soft taints are not tolerated, the better.

Source: kubernetes pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go.
"""

from __future__ import annotations

from ..framework import Cycle, Plugin, Rejection, normalized
from ..nodes import HARD_EFFECTS, NodeInfo
from ..pods import PodInfo, tolerates

REJECTION = Rejection(("node(s) had untolerated taint(s)",))


def _is_repelled(pod: PodInfo, node: dict) -> bool:
    taints = (node.get("spec") or {}).get("taints") or ()
    return any(taint.get("effect") in HARD_EFFECTS and not tolerates(pod.tolerations, taint) for taint in taints)


def after_node_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    return (old is None or _is_repelled(pod, old)) and not _is_repelled(pod, new)


class TaintToleration(Plugin):
    name, order, weight = "TaintToleration", 30, 3
    is_local = True
    hints = {
        "node/add": after_node_change,
        "node/taint": after_node_change,
        "pod/toleration": lambda pod, old, new: pod.uid == new.uid,
    }

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        for taint in node.hard_taints:
            if not tolerates(cycle.pod.tolerations, taint):
                return REJECTION
        return None

    def pre_score(self, cycle: Cycle) -> None:
        cycle.data[self.name] = [t for t in cycle.pod.tolerations if t.get("effect") in (None, "", "PreferNoSchedule")]

    def score(self, cycle: Cycle, node: NodeInfo) -> int:
        if not node.soft_taints:
            return 0
        tolerations = cycle.data[self.name]
        return sum(not tolerates(tolerations, taint) for taint in node.soft_taints)

    def normalize(self, cycle: Cycle, traits: list[int], scores: list[int]) -> list[int]:
        return normalized(scores, reverse=True)


PLUGIN = TaintToleration()
