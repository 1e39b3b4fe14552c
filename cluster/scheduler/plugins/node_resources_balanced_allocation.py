"""NodeResourcesBalancedAllocation: prefer nodes whose cpu and memory the Pod brings closer to each other.

Source: kubernetes pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go.
"""

from __future__ import annotations

from ..framework import MAX_SCORE, SKIP, Cycle, Plugin
from ..nodes import NodeInfo


def balance(cpu: int, memory: int, node: NodeInfo) -> int:
    """0..100: how even the shares of cpu and memory are; half their distance is lost."""
    if not node.cpu or not node.memory:
        return MAX_SCORE
    cpu_share, memory_share = cpu / node.cpu, memory / node.memory
    if cpu_share > 1 or memory_share > 1:
        cpu_share, memory_share = min(cpu_share, 1.0), min(memory_share, 1.0)
    return int((1 - abs((cpu_share - memory_share) / 2)) * MAX_SCORE)


class NodeResourcesBalancedAllocation(Plugin):
    name, order, weight = "NodeResourcesBalancedAllocation", 110, 1
    is_local = True

    def pre_score(self, cycle: Cycle) -> str | None:
        requests = cycle.pod.requests
        return None if requests.cpu or requests.memory else SKIP

    def score(self, cycle: Cycle, node: NodeInfo) -> int:
        requests = cycle.pod.requests
        after = balance(node.used_cpu + requests.cpu, node.used_memory + requests.memory, node)
        before = balance(node.used_cpu, node.used_memory, node)
        return MAX_SCORE // 2 + (MAX_SCORE // 2 + after - before) // 2


PLUGIN = NodeResourcesBalancedAllocation()
