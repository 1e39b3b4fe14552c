"""Counts Pods by node and by the domains of node labels, kept up to date as Pods come and go.

Source: what kubernetes pkg/scheduler/framework/plugins/{podtopologyspread,interpodaffinity} count anew in each cycle.
"""

from __future__ import annotations

from collections.abc import Mapping

from cluster.meta.labels import Selector

from .nodes import NodeInfo
from .pods import PodInfo


class Tally:
    """So many by node, and by value of each label that somebody has asked about (of nodes that are there)."""

    __slots__ = ("_by_value", "by_node")

    def __init__(self) -> None:
        self.by_node: dict[str, int] = {}
        self._by_value: dict[str, dict[str, int]] = {}

    def add(self, node: NodeInfo, sign: int) -> None:
        count = self.by_node.get(node.name, 0) + sign
        if count:
            self.by_node[node.name] = count
        else:
            del self.by_node[node.name]
        for key, counts in self._by_value.items():
            if node.node is not None and key in node.labels:
                counts[node.labels[key]] += sign

    def by_value(self, key: str, nodes: Mapping[str, NodeInfo]) -> dict[str, int]:
        """label's value -> so many, 0 included; read only. It changes with the Pods, so it is good for this cycle alone."""
        counts = self._by_value.get(key)
        if counts is None:
            counts = self._by_value[key] = {node.labels[key]: 0 for node in nodes.values() if node.node is not None and key in node.labels}
            for name, count in self.by_node.items():
                node = nodes[name]
                if node.node is not None and key in node.labels:
                    counts[node.labels[key]] += count
        return counts

    def forget_values(self) -> None:
        """Nodes came, went or changed their labels."""
        self._by_value.clear()


class Counter(Tally):
    """How many Pods of some namespaces (None: of all) match a selector; with or without those that are going."""

    __slots__ = ("namespaces", "selector", "with_going")

    def __init__(self, namespaces: tuple[str, ...] | None, selector: Selector, with_going: bool):
        super().__init__()
        self.namespaces, self.selector, self.with_going = namespaces, selector, with_going

    def count(self, info: PodInfo, node: NodeInfo, sign: int) -> None:
        if (
            (self.namespaces is None or info.namespace in self.namespaces)
            and (self.with_going or not info.terminating)
            and self.selector.matches(info.labels)
        ):
            self.add(node, sign)


class Label:
    """The values that nodes have of a label, and whether every node has one."""

    __slots__ = ("is_everywhere", "values")

    def __init__(self, key: str, nodes: list[NodeInfo]):
        self.values: dict[str, None] = {node.labels[key]: None for node in nodes if key in node.labels}
        self.is_everywhere = all(key in node.labels for node in nodes)
