"""PodTopologySpread: like Pods are spread over hosts and zones, as their constraints, or the system's defaults, say.

Source: kubernetes pkg/scheduler/framework/plugins/podtopologyspread/{common,filtering,scoring}.go, helper/spread.go.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import NamedTuple

from cluster.meta import labels
from cluster.meta.nodeselector import Required, terms_of
from cluster.meta.objects import controller_of

from ..counts import Tally
from ..framework import MAX_SCORE, SKIP, Cycle, Plugin, Rejection
from ..nodes import ZONE, NodeInfo
from ..pods import PodInfo, tolerates
from ..remembered import Turn, translated

HOSTNAME = "kubernetes.io/hostname"
MISMATCH = Rejection(("node(s) didn't match pod topology spread constraints",), resolvable=True)
NO_LABEL = Rejection(("node(s) didn't match pod topology spread constraints (missing required label)",))
OWNERS = {
    ("v1", "ReplicationController"): "replicationcontrollers",
    ("apps/v1", "ReplicaSet"): "replicasets",
    ("apps/v1", "StatefulSet"): "statefulsets",
}


class Constraint(NamedTuple):
    max_skew: int
    key: str
    selector: labels.Selector
    min_domains: int = 1
    honors_affinity: bool = True
    honors_taints: bool = False

    def includes(self, pod: PodInfo, required: Required, node: NodeInfo) -> bool:
        """Whether a node counts at all for this constraint."""
        if self.honors_affinity and not required.matches(node.node):
            return False
        return not (self.honors_taints and any(not tolerates(pod.tolerations, taint) for taint in node.hard_taints))

    def includes_all(self, pod: PodInfo) -> bool:
        """Whether every node counts, whatever it is like."""
        is_free = not self.honors_affinity or not (pod.spec.get("nodeSelector") or terms_of(pod.spec) is not None)
        return is_free and not self.honors_taints


NOBODY = Tally()  # whom an empty selector selects
DEFAULTS = ((3, HOSTNAME), (5, ZONE))  # all of them ScheduleAnyway


def explicit_constraints(pod: PodInfo, action: str) -> list[Constraint]:
    """The Pod's own constraints of one whenUnsatisfiable."""
    return [
        _constraint(pod, entry)
        for entry in pod.spec.get("topologySpreadConstraints") or ()
        if entry.get("whenUnsatisfiable") == action
    ]


def _constraint(pod: PodInfo, entry: dict) -> Constraint:
    selector = labels.from_object(entry.get("labelSelector"))
    extra = {key: pod.labels[key] for key in entry.get("matchLabelKeys") or () if key in pod.labels}
    if extra:
        selector = labels.Selector([*selector.requirements, *labels.from_labels(extra).requirements])
    return Constraint(
        entry["maxSkew"],
        entry["topologyKey"],
        selector,
        entry.get("minDomains") or 1,
        entry.get("nodeAffinityPolicy", "Honor") == "Honor",
        entry.get("nodeTaintsPolicy", "Ignore") == "Honor",
    )


def default_constraints(cycle: Cycle) -> list[Constraint]:
    """The system's defaults for Pods that belong to a Service or a set; none for other Pods."""
    return defaults_for(default_selector(cycle))


@lru_cache(maxsize=256)
def defaults_for(selector: labels.Selector) -> list[Constraint]:
    """Read only. Selectors that are written alike are the same object."""
    return [] if selector.empty else [Constraint(skew, key, selector) for skew, key in DEFAULTS]


def listed_constraints(cycle: Cycle, listed: tuple[dict, ...], action: str) -> list[Constraint]:
    """A profile's own defaults of one whenUnsatisfiable, for the same Pods. Source: buildDefaultConstraints."""
    found = [_constraint(cycle.pod, entry) for entry in listed if entry["whenUnsatisfiable"] == action]
    selector = default_selector(cycle) if found else labels.NOTHING
    return [] if selector.empty else [one._replace(selector=selector) for one in found]


def default_selector(cycle: Cycle) -> labels.Selector:
    """What the Pod's Services and its controller select, together."""
    pod, found = cycle.pod, []
    for service in cycle.listers.list("services", pod.namespace):
        wanted = (service.get("spec") or {}).get("selector")
        if wanted and all(pod.labels.get(key) == value for key, value in wanted.items()):
            found += labels.from_labels(wanted).requirements
    owner = controller_of(pod.pod)
    resource = OWNERS.get((owner.get("apiVersion"), owner.get("kind"))) if owner else None
    owning = cycle.listers.get(resource, f"{pod.namespace}/{owner['name']}") if resource else None
    if owning is None:
        return _joined(tuple(found))
    wanted = owning["spec"].get("selector")
    own = labels.from_labels(wanted) if resource == "replicationcontrollers" else labels.from_object(wanted)
    return _joined((*found, *own.requirements)) if found else own


@lru_cache(maxsize=256)
def _joined(requirements: tuple[labels.Requirement, ...]) -> labels.Selector:
    """One object for all Pods of a set, so that what is known of it is found again."""
    return labels.Selector(requirements)


def matching_pods(cycle: Cycle, selector: labels.Selector) -> Tally:
    """Matching Pods of the Pod's namespace; an empty selector counts none."""
    return Tally() if selector.empty else cycle.cache.matching(cycle.pod.namespace, selector)


def pods_by_domain(cycle: Cycle, constraint: Constraint, needed: list[Constraint]) -> dict[str, int]:
    """Matching Pods in each domain of the nodes that count: those with all labels that are needed, which the policies include."""
    cache, tally = cycle.cache, matching_pods(cycle, constraint.selector)
    if constraint.includes_all(cycle.pod) and all(cache.label(one.key).is_everywhere for one in needed):
        return tally.by_value(constraint.key, cache.by_name)
    required, counts, by_node, places = Required(cycle.pod.spec), {}, tally.by_node, Turn(0, len(cache.nodes), len(cache.nodes))
    key = ("included", cycle.likeness, constraint.honors_affinity, constraint.honors_taints)
    included = cache.remembered.picked(key, places, lambda node: constraint.includes(cycle.pod, required, node))
    for node, is_included in zip(cache.nodes, included, strict=True):
        domain = node.labels.get(constraint.key)
        if is_included and domain is not None and _has_keys(node.labels, needed):
            counts[domain] = counts.get(domain, 0) + by_node.get(node.name, 0)
    return counts


def after_pod_change(pod: PodInfo, old: PodInfo | None, new: PodInfo | None) -> bool:
    """A Pod that counts for one of the constraints came, went, or changed its labels."""
    if not pod.spec.get("topologySpreadConstraints"):
        return True  # a profile's defaults reject it, and whom they count is not asked here
    constraints = explicit_constraints(pod, "DoNotSchedule")
    for other in (old, new):
        if (
            other is not None
            and other.uid != pod.uid
            and (not (other.spec.get("nodeName") or other.nominated) or other.namespace != pod.namespace)
        ):
            return False
    if old is not None and new is not None:
        return any(c.selector.matches(old.labels) != c.selector.matches(new.labels) for c in constraints)
    return any(c.selector.matches((new or old).labels) for c in constraints)


def after_toleration(pod: PodInfo, old: PodInfo, new: PodInfo) -> bool:
    return new.uid == pod.uid and any(c.honors_taints for c in explicit_constraints(pod, "DoNotSchedule"))


def after_node_change(pod: PodInfo, old: dict | None, new: dict | None) -> bool:
    if not pod.spec.get("topologySpreadConstraints"):
        return True
    constraints = explicit_constraints(pod, "DoNotSchedule")
    had, has = (
        None if node is None else _has_keys(node["metadata"].get("labels") or {}, constraints) for node in (old, new)
    )
    if old is None or new is None:
        return bool(has or had)
    if had != has:
        return True
    was, now = old["metadata"].get("labels") or {}, new["metadata"].get("labels") or {}
    moved = any(was.get(c.key) != now.get(c.key) for c in constraints)
    return bool(has) and (moved or (old.get("spec") or {}).get("taints") != (new.get("spec") or {}).get("taints"))


def _has_keys(found: dict, constraints: list[Constraint]) -> bool:
    return all(constraint.key in found for constraint in constraints)


class Domains(NamedTuple):
    """One hard constraint, the matching Pods in each domain, and whether the Pod itself matches."""

    constraint: Constraint
    counts: dict[str, int]
    self_match: bool
    minimum: int  # of all domains

    def rejection(self, domain: str | bool | None) -> Rejection | None:
        """What is said of a node in a domain, or in none."""
        if not isinstance(domain, str):
            return NO_LABEL
        skew = self.counts.get(domain, 0) + self.self_match - self.minimum
        return MISMATCH if skew > self.constraint.max_skew else None


def domains_of(constraint: Constraint, counts: dict[str, int], self_match: bool) -> Domains:
    """With too few domains there might be an empty one."""
    minimum = 0 if len(counts) < constraint.min_domains else min(counts.values(), default=2**31 - 1)
    return Domains(constraint, counts, self_match, minimum)


class Preferences(NamedTuple):
    """The soft constraints, ready to score with. needed: whose labels a node must have, else it is ignored.

    tallies: the matching Pods by node, of those that count hosts; others count by the label's value (`counts`), if a node has one.
    """

    constraints: list[Constraint]
    needed: list[Constraint]
    tallies: list[Tally | None]
    counts: list[dict[str, int] | None]


class PodTopologySpread(Plugin):
    name, order, weight = "PodTopologySpread", 80, 2
    hints = {
        "pod/add": after_pod_change,
        "pod/delete": after_pod_change,
        "pod/label": after_pod_change,
        "pod/toleration": after_toleration,
        "node/add": after_node_change,
        "node/delete": after_node_change,
        "node/label": after_node_change,
        "node/taint": after_node_change,
    }

    def __init__(self, listed: tuple[dict, ...] | None = None):
        self.listed = listed  # the defaults of a profile that lists its own; None: the system's
        self.asks_of_all = bool(listed)

    def pre_filter(self, cycle: Cycle) -> str | None:
        constraints = explicit_constraints(cycle.pod, "DoNotSchedule")
        if self.listed and not cycle.pod.spec.get("topologySpreadConstraints"):
            constraints = listed_constraints(cycle, self.listed, "DoNotSchedule")
        if not constraints:
            return SKIP
        cycle.data[self.name + "/filter"] = [
            domains_of(one, pods_by_domain(cycle, one, constraints), one.selector.matches(cycle.pod.labels)) for one in constraints
        ]
        return None

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        for domains in cycle.data[self.name + "/filter"]:
            rejection = domains.rejection(node.labels.get(domains.constraint.key))
            if rejection is not None:
                return rejection
        return None

    def sweep(self, cycle: Cycle, places: list[int]) -> list[Rejection | None]:
        """Nodes of one domain are told the same."""
        found: list[Rejection | None] = [None] * len(places)
        for domains in cycle.data[self.name + "/filter"]:
            answers = translated(cycle.cache.remembered.labels(domains.constraint.key, places), domains.rejection)
            found = [first or then for first, then in zip(found, answers, strict=True)]
        return found

    def adjust(self, cycle: Cycle, other: PodInfo, node: NodeInfo, sign: int) -> None:
        """Source: updateWithPod."""
        found: list[Domains] | None = cycle.data.get(self.name + "/filter")
        if found is None or other.namespace != cycle.pod.namespace:
            return
        if not _has_keys(node.labels, [domains.constraint for domains in found]):
            return
        required = Required(cycle.pod.spec)
        cycle.data[self.name + "/filter"] = [self._adjusted(cycle, domains, other, node, sign, required) for domains in found]

    @staticmethod
    def _adjusted(cycle: Cycle, domains: Domains, other: PodInfo, node: NodeInfo, sign: int, required: Required) -> Domains:
        constraint = domains.constraint
        if not constraint.selector.matches(other.labels) or not constraint.includes(cycle.pod, required, node):
            return domains
        domain = node.labels[constraint.key]
        return domains_of(constraint, {**domains.counts, domain: domains.counts.get(domain, 0) + sign}, domains.self_match)

    def pre_score(self, cycle: Cycle) -> str | None:
        is_explicit = bool(cycle.pod.spec.get("topologySpreadConstraints"))
        if is_explicit:
            constraints = explicit_constraints(cycle.pod, "ScheduleAnyway")
        elif self.listed is None:
            constraints = default_constraints(cycle)
        else:
            constraints = listed_constraints(cycle, self.listed, "ScheduleAnyway")
        if not constraints:
            return SKIP
        needed = constraints if is_explicit or self.listed is not None else []
        tallies, counts = [], []
        for one in constraints:
            by_node = one.key == HOSTNAME
            tallies.append(None if not by_node else NOBODY if one.selector.empty else matching_pods(cycle, one.selector))
            counts.append(None if by_node or not cycle.cache.label(one.key).values else pods_by_domain(cycle, one, needed))
        cycle.data[self.name] = Preferences(constraints, needed, tallies, counts)
        return None

    def is_steady(self, cycle: Cycle) -> bool:
        """Where nothing is counted by domain: each Pod changes these counts, for all nodes of its domain."""
        found: Preferences | None = cycle.data.get(self.name)
        return self.listed is None and (found is None or all(counts is None for counts in found.counts))

    def basis(self, cycle: Cycle) -> tuple:
        found: Preferences = cycle.data[self.name]
        return (*[tally or one.key for tally, one in zip(found.tallies, found.constraints, strict=True)], len(found.needed))

    def trait(self, cycle: Cycle, node: NodeInfo) -> tuple[int | str | None, ...] | None:
        """For each constraint the matching Pods on the node, or its domain, None where it has none; None alone: it is ignored."""
        found: Preferences = cycle.data[self.name]
        if found.needed and not _has_keys(node.labels, found.needed):
            return None
        return tuple([
            node.labels.get(one.key) if tally is None else tally.by_node.get(node.name, 0) if one.key in node.labels else None
            for tally, one in zip(found.tallies, found.constraints, strict=True)
        ])  # fmt: skip

    def scores(self, cycle: Cycle, traits: list[tuple | None]) -> list[int]:
        """Each constraint gives points for the Pods in the domain, and nothing to a node without the label."""
        rows = self._rows(cycle, traits)
        if len(rows) == 1:
            return [0 if trait is None else int(_points(trait, *rows[0]) + 0.5) for trait in traits]  # none is below zero
        return [0 if trait is None else int(sum([_points(trait, *row) for row in rows]) + 0.5) for trait in traits]

    @staticmethod
    def _rows(cycle: Cycle, traits: list[tuple | None]) -> list[tuple[int, dict[str, int] | None, float, int]]:
        """(index, matching Pods by domain or None for the node's own, weight, allowed skew - 1) of the constraints that count."""
        found, rows = cycle.data[PodTopologySpread.name], []
        for index, one in enumerate(found.constraints):
            if found.tallies[index] is not None:
                rows.append((index, None, log(_scored(cycle, traits) + 2), one.max_skew - 1))
                continue
            domains = dict.fromkeys(trait[index] or "" for trait in traits if trait is not None) if found.counts[index] is not None else ()
            if any(domains):  # a node without the label gets nothing for it
                rows.append((index, found.counts[index], log(len(domains) + 2), one.max_skew - 1))
        return rows

    def normalize(self, cycle: Cycle, traits: list[tuple | None], scores: list[int]) -> list[int]:
        counted = [score for trait, score in zip(traits, scores, strict=True) if trait is not None]
        lowest, highest = min(counted, default=0), max(counted, default=0)
        return [
            0 if trait is None else MAX_SCORE * (highest + lowest - score) // highest if highest else MAX_SCORE
            for trait, score in zip(traits, scores, strict=True)
        ]


def _scored(cycle: Cycle, traits: list[tuple | None]) -> int:
    """How many of the nodes that fit are not ignored."""
    ignored = [sort for sort, trait in zip(cycle.found, traits, strict=True) if trait is None]
    return len(cycle.sorts) - sum(map(cycle.sorts.count, ignored))


def _points(trait: tuple, index: int, counts: dict[str, int] | None, weight: float, allowed: int) -> float:
    """What one constraint gives a node."""
    where = trait[index]
    if where is None:
        return 0.0
    return (where if counts is None else counts.get(where, 0)) * weight + allowed


PLUGIN = PodTopologySpread()
