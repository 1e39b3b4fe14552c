"""NodeAffinity: the node's labels must match nodeSelector and required terms, and should match preferred ones.

Source: kubernetes pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go.
"""

from __future__ import annotations

from cluster.meta.nodeselector import Required, term_matches, terms_of

from ..framework import SKIP, Cycle, OnlyNodes, Plugin, Rejection, normalized
from ..nodes import NodeInfo
from ..pods import PodInfo

REJECTION = Rejection(("node(s) didn't match Pod's node affinity/selector",))
CONFLICT = Rejection(("pod affinity terms conflict",))


def _preferred(pod: PodInfo) -> list[dict]:
    affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    return affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or []


def _named_nodes(terms: list[dict]) -> tuple[str, ...] | None:
    """The only nodes that terms allow by name; None where a term allows others too."""
    names: dict[str, None] = {}
    for term in terms:
        allowed: list[str] | None = None
        for field in term.get("matchFields") or ():
            if field["key"] == "metadata.name" and field["operator"] == "In":
                values = field.get("values") or []
                allowed = values if allowed is None else [name for name in allowed if name in values]
        if allowed is None:
            return None
        names.update(dict.fromkeys(allowed))
    return tuple(names)


def after_node_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    required = Required(pod.spec)
    return required.matches(new) and (old is None or not required.matches(old))


class NodeAffinity(Plugin):
    name, order, weight = "NodeAffinity", 40, 2
    is_local = True
    hints = {"node/add": after_node_change, "node/label": after_node_change}

    def pre_filter(self, cycle: Cycle) -> str | Rejection | OnlyNodes | None:
        spec = cycle.pod.spec
        terms = terms_of(spec)
        if terms is None and not spec.get("nodeSelector"):
            return SKIP
        cycle.data[self.name] = Required(spec)
        names = _named_nodes(terms) if terms else None
        if names is None:
            return None
        return OnlyNodes(names) if names else CONFLICT

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        return None if cycle.data[self.name].matches(node.node) else REJECTION

    def pre_score(self, cycle: Cycle) -> str | None:
        return None if _preferred(cycle.pod) else SKIP

    def score(self, cycle: Cycle, node: NodeInfo) -> int:
        return sum(
            term["weight"] for term in _preferred(cycle.pod) if term_matches(term.get("preference") or {}, node.node)
        )

    def normalize(self, cycle: Cycle, traits: list[int], scores: list[int]) -> list[int]:
        return normalized(scores)


PLUGIN = NodeAffinity()
