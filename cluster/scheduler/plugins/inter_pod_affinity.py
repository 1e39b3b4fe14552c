"""InterPodAffinity: Pods near Pods, or away from them, as both they and the Pods that are there ask.

Source: kubernetes pkg/scheduler/framework/plugins/interpodaffinity/{plugin,filtering,scoring}.go.
"""

from __future__ import annotations

from typing import NamedTuple

from cluster.meta.labels import Selector

from ..affinity import Term, unrolled
from ..framework import MAX_SCORE, SKIP, Cycle, Plugin, Rejection
from ..nodes import NodeInfo
from ..pods import PodInfo

NOT_NEAR = Rejection(("node(s) didn't match pod affinity rules",))
TOO_NEAR = Rejection(("node(s) didn't match pod anti-affinity rules",), resolvable=True)
UNWANTED = Rejection(("node(s) didn't satisfy existing pods anti-affinity rules",), resolvable=True)
HARD_WEIGHT = 1  # what a required term of a Pod that is there is worth to a Pod that it selects

Counts = dict[tuple[str, str], int]  # (label's key, its value) -> Pods, or points


class Situation(NamedTuple):
    """What the filter reads: the Pod's own terms, and the Pods that count for and against each domain."""

    near: tuple[Term, ...]
    away: tuple[Term, ...]
    namespace_labels: dict
    wanted: Counts  # Pods that match all of `near`
    shunned: Counts  # Pods that match a term of `away`
    shunning: Counts  # terms of Pods that are there which the Pod matches


def matches_all(terms: tuple[Term, ...], pod: PodInfo) -> bool:
    """Whether a Pod matches every one of some terms; no terms are matched by nobody."""
    return bool(terms) and all(term.matches(pod.namespace, pod.labels) for term in terms)


def _add(counts: Counts, labels: dict, key: str, amount: int) -> None:
    value = labels.get(key)
    if value is not None:
        pair = (key, value)
        counts[pair] = counts.get(pair, 0) + amount


def _count(cycle: Cycle, counts: Counts, key: str, by_node: dict[str, int], weight: int = 1) -> None:
    """Add Pods, counted by node, to the domains of their nodes."""
    for name, count in by_node.items():
        node = cycle.cache.by_name[name]
        if count and node.node is not None:
            _add(counts, node.labels, key, count * weight)


def _matching(cycle: Cycle, terms: tuple[Term, ...]) -> dict[str, int]:
    """Pods that match all of some terms, by node."""
    selector = terms[0].selector if len(terms) == 1 else Selector([r for term in terms for r in term.selector.requirements])
    if any(term.selector.matches_nothing for term in terms):
        return {}
    names: list[str] | None = None  # all
    for term in terms:
        if not term.namespace_selector.empty:
            names = [name for name in dict.fromkeys(term.namespaces) if names is None or name in names]
    return cycle.cache.matching_in(names, selector)


# -- hints ------------------------------------------------------------------------------------------------------------


def after_pod_change(pod: PodInfo, old: PodInfo | None, new: PodInfo | None) -> bool:
    """Source: isSchedulableAfterPodChange."""
    if old is not None and new is not None and pod.uid == new.uid:
        return True
    if any(one is not None and not one.spec.get("nodeName") and not one.nominated for one in (old, new)):
        return False
    near, away = (pod.affinity.required, pod.affinity.required_anti) if pod.affinity else ((), ())
    if old is not None and new is not None:
        comes = not matches_all(near, old) and matches_all(near, new)
        return comes or (matches_all(away, old) and not matches_all(away, new))
    if new is not None:
        return matches_all(near, new)
    return matches_all(away, old) or (old.affinity is not None and matches_all(old.affinity.required_anti, pod))


def after_node_change(pod: PodInfo, old: dict | None, new: dict) -> bool:
    """Source: isSchedulableAfterNodeChange."""
    near, away = (pod.affinity.required, pod.affinity.required_anti) if pod.affinity else ((), ())
    now = new["metadata"].get("labels") or {}
    if old is None:
        return bool(away) or any(term.key in now for term in near)
    was = old["metadata"].get("labels") or {}
    joins = any(term.key in now and was.get(term.key) != now[term.key] for term in near)
    return joins or any(term.key in was and was[term.key] != now.get(term.key) for term in away)


class InterPodAffinity(Plugin):
    name, order, weight = "InterPodAffinity", 90, 2
    hints = {
        "pod/add": after_pod_change,
        "pod/delete": after_pod_change,
        "pod/label": after_pod_change,
        "node/add": after_node_change,
        "node/label": after_node_change,
    }

    # -- filtering --------------------------------------------------------------------------------------------------

    def pre_filter(self, cycle: Cycle) -> str | None:
        pod, shunning = cycle.pod, {}
        mine = pod.affinity
        if mine is None and not cycle.cache.shunned:
            return SKIP
        about = self._namespace_labels(cycle)
        for term, by_node in cycle.cache.shunned.items():
            if term.matches(pod.namespace, pod.labels, about):
                _count(cycle, shunning, term.key, by_node)
        if not shunning and (mine is None or not (mine.required or mine.required_anti)):
            return SKIP
        cycle.data[self.name + "/filter"] = self._situation(cycle, about, shunning)
        return None

    def _situation(self, cycle: Cycle, about: dict, shunning: Counts) -> Situation:
        mine, wanted, shunned = cycle.pod.affinity, {}, {}
        near = self._unrolled(cycle, mine.required) if mine else ()
        away = self._unrolled(cycle, mine.required_anti) if mine else ()
        if near:
            found = _matching(cycle, near)
            for term in near:
                _count(cycle, wanted, term.key, found)
        for term in away:
            _count(cycle, shunned, term.key, _matching(cycle, (term,)))
        return Situation(near, away, about, wanted, shunned, shunning)

    @staticmethod
    def _unrolled(cycle: Cycle, terms: tuple[Term, ...]) -> tuple[Term, ...]:
        if all(term.namespace_selector.matches_nothing for term in terms):
            return terms
        return unrolled(terms, cycle.listers.list("namespaces", ""))

    @staticmethod
    def _namespace_labels(cycle: Cycle) -> dict:
        namespace = cycle.listers.get("namespaces", cycle.pod.namespace)
        return (namespace["metadata"].get("labels") or {}) if namespace else {}

    def adjust(self, cycle: Cycle, other: PodInfo, node: NodeInfo, sign: int) -> None:
        """Source: updateWithPod."""
        found = cycle.data.get(self.name + "/filter")
        if found is None:
            return
        wanted, shunned, shunning, pod = dict(found.wanted), dict(found.shunned), dict(found.shunning), cycle.pod
        for term in other.affinity.required_anti if other.affinity else ():
            if term.matches(pod.namespace, pod.labels, found.namespace_labels):
                _add(shunning, node.labels, term.key, sign)
        if matches_all(found.near, other):
            for term in found.near:
                _add(wanted, node.labels, term.key, sign)
        for term in found.away:
            if term.matches(other.namespace, other.labels):
                _add(shunned, node.labels, term.key, sign)
        cycle.data[self.name + "/filter"] = found._replace(wanted=wanted, shunned=shunned, shunning=shunning)

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        found: Situation = cycle.data[self.name + "/filter"]
        labels = node.labels
        if found.near and not self._is_near(found, labels, cycle.pod):
            return NOT_NEAR
        for term in found.away:
            if found.shunned.get((term.key, labels.get(term.key)), 0) > 0:
                return TOO_NEAR
        if found.shunning and any(found.shunning.get(pair, 0) > 0 for pair in labels.items()):
            return UNWANTED
        return None

    @staticmethod
    def _is_near(found: Situation, labels: dict, pod: PodInfo) -> bool:
        """The first of Pods that want to be together may go anywhere. Source: satisfyPodAffinity."""
        if any(term.key not in labels for term in found.near):
            return False
        if all(found.wanted.get((term.key, labels[term.key]), 0) > 0 for term in found.near):
            return True
        return not any(found.wanted.values()) and matches_all(found.near, pod)

    # -- scoring ----------------------------------------------------------------------------------------------------

    def pre_score(self, cycle: Cycle, nodes: list[NodeInfo]) -> str | None:
        """Points of each domain, for what the Pod prefers and for what those that are there prefer."""
        pod, points = cycle.pod, {}
        mine = pod.affinity
        if mine is None and not cycle.cache.wishes:
            return SKIP
        if mine is not None:
            for terms, sign in ((mine.preferred, 1), (mine.preferred_anti, -1)):
                for term in self._unrolled(cycle, terms):
                    _count(cycle, points, term.key, _matching(cycle, (term,)), sign * term.weight)
        if cycle.cache.wishes:
            about = self._namespace_labels(cycle)
            for (term, weight), by_node in cycle.cache.wishes.items():
                if term.matches(pod.namespace, pod.labels, about):
                    _count(cycle, points, term.key, by_node, weight)
        if not points:
            return SKIP
        cycle.data[self.name] = points
        return None

    def score(self, cycle: Cycle, node: NodeInfo) -> int:
        points = cycle.data[self.name]
        return sum(points.get(pair, 0) for pair in node.labels.items())

    def normalize(self, cycle: Cycle, nodes: list[NodeInfo], scores: list[int]) -> list[int]:
        lowest, highest = min(scores), max(scores)
        if lowest == highest:
            return [0] * len(scores)
        return [int(MAX_SCORE * ((score - lowest) / (highest - lowest))) for score in scores]


PLUGIN = InterPodAffinity()
