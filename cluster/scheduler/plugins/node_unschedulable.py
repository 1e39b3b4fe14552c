"""NodeUnschedulable: cordoned nodes take only Pods that tolerate it.

Source: kubernetes pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go.
"""

from __future__ import annotations

from ..framework import Cycle, Plugin, Rejection
from ..nodes import NodeInfo
from ..pods import PodInfo, tolerates

TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
REJECTION = Rejection(("node(s) were unschedulable",))


def _is_unschedulable(node: dict) -> bool:
    return bool((node.get("spec") or {}).get("unschedulable"))


def after_node_change(pod: PodInfo, old: dict | None, new: dict | None) -> bool:
    return (old is None or _is_unschedulable(old)) and not _is_unschedulable(new)


def after_toleration_change(pod: PodInfo, old: PodInfo | None, new: PodInfo) -> bool:
    return new.uid == pod.uid and tolerates(new.tolerations, TAINT)


class NodeUnschedulable(Plugin):
    name, order = "NodeUnschedulable", 10
    is_local = True
    hints = {"node/add": after_node_change, "node/taint": after_node_change, "pod/toleration": after_toleration_change}

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        if not node.unschedulable or tolerates(cycle.pod.tolerations, TAINT):
            return None
        return REJECTION


PLUGIN = NodeUnschedulable()
