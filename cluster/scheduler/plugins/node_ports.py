"""NodePorts: two Pods cannot have the same port of one node.

Source: kubernetes pkg/scheduler/framework/plugins/nodeports/node_ports.go, framework/types.go HostPortInfo.
"""

from __future__ import annotations

from ..framework import SKIP, Cycle, Plugin, Rejection, always
from ..nodes import NodeInfo
from ..pods import HostPort, PodInfo

ANY = "0.0.0.0"
REJECTION = Rejection(("node(s) didn't have free ports for the requested pod ports",), resolvable=True)


def conflict(wanted: HostPort, used: HostPort) -> bool:
    """The same port and protocol, on one address or on all of them."""
    return wanted[1:] == used[1:] and (wanted[0] == used[0] or ANY in (wanted[0], used[0]))


def after_pod_deleted(pod: PodInfo, old: PodInfo, new: None) -> bool:
    return any(conflict(wanted, used) for wanted in pod.host_ports for used in old.host_ports)


class NodePorts(Plugin):
    name, order = "NodePorts", 50
    is_local = True
    hints = {"node/add": always, "pod/delete": after_pod_deleted}

    def pre_filter(self, cycle: Cycle) -> str | None:
        return None if cycle.pod.host_ports else SKIP

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        taken = [port for port, count in node.used_ports.items() if count > 0]
        if any(conflict(wanted, used) for wanted in cycle.pod.host_ports for used in taken):
            return REJECTION
        return None


PLUGIN = NodePorts()
