"""NodeName: a Pod that names its node goes nowhere else.

Source: kubernetes pkg/scheduler/framework/plugins/nodename/node_name.go.
"""

from __future__ import annotations

from ..framework import SKIP, Cycle, Plugin, Rejection
from ..nodes import NodeInfo

REJECTION = Rejection(("node(s) didn't match the requested node name",))


class NodeName(Plugin):
    name, order = "NodeName", 20
    is_local = True
    hints = {"node/add": lambda pod, old, new: pod.spec.get("nodeName") == new["metadata"]["name"]}

    def pre_filter(self, cycle: Cycle) -> str | None:
        return None if cycle.pod.spec.get("nodeName") else SKIP

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        return None if cycle.pod.spec["nodeName"] == node.name else REJECTION


PLUGIN = NodeName()
