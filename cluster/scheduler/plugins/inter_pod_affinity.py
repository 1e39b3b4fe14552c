"""InterPodAffinity: Pods near Pods, or away from them, as both they and the Pods that are there ask.

Source: kubernetes pkg/scheduler/framework/plugins/interpodaffinity/{plugin,filtering,scoring}.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cluster.meta.labels import Selector

from ..affinity import Term, unrolled
from ..counts import Tally
from ..framework import MAX_SCORE, SKIP, Cycle, Plugin, Rejection
from ..nodes import NodeInfo
from ..pods import PodInfo
from ..remembered import ABSENT, translated

NOT_NEAR = Rejection(("node(s) didn't match pod affinity rules",))
TOO_NEAR = Rejection(("node(s) didn't match pod anti-affinity rules",), resolvable=True)
UNWANTED = Rejection(("node(s) didn't satisfy existing pods anti-affinity rules",), resolvable=True)
HARD_WEIGHT = 1  # by default, what a required term of a Pod that is there is worth to a Pod that it selects

Counts = dict[str, dict[str, int]]  # label's key -> its value -> Pods


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


def _count(cycle: Cycle, counts: Counts, key: str, tally: Tally) -> None:
    """Add Pods to the domains of their nodes. What is there already may be shared, so it is replaced."""
    found, known = tally.by_value(key, cycle.cache.by_name), counts.get(key)
    counts[key] = found if known is None else {value: known[value] + count for value, count in found.items()}


def _adjusted(counts: Counts, labels: dict, keys: Iterable[str], sign: int) -> Counts:
    """The counts with a Pod more or less in the domains of a node, once for each key."""
    found = dict(counts)
    for key in keys:
        value = labels.get(key)
        if value is not None:
            before = found.get(key, {})
            found[key] = {**before, value: before.get(value, 0) + sign}
    return found


def _matching(cycle: Cycle, terms: tuple[Term, ...]) -> Tally:
    """Pods that match all of some terms."""
    selector = terms[0].selector if len(terms) == 1 else Selector([r for term in terms for r in term.selector.requirements])
    if any(term.selector.matches_nothing for term in terms):
        return Tally()
    names: list[str] | None = None  # all
    for term in terms:
        if not term.namespace_selector.empty:
            names = [name for name in dict.fromkeys(term.namespaces) if names is None or name in names]
    return cycle.cache.matching_in(names, selector)


def _keys(terms: tuple[Term, ...]) -> Iterable[str]:
    """The terms' keys, each once."""
    return dict.fromkeys(term.key for term in terms)


def _is_first(found: Situation, pod: PodInfo) -> bool:
    """Whether nobody is there yet whom the Pod wants to be near, and it may be the first of its like."""
    return not any(count for counts in found.wanted.values() for count in counts.values()) and matches_all(found.near, pod)


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

    def __init__(self, hard_weight: int = HARD_WEIGHT):
        self.hard_weight = hard_weight

    # -- filtering --------------------------------------------------------------------------------------------------

    def pre_filter(self, cycle: Cycle) -> str | None:
        pod, shunning = cycle.pod, {}
        mine = pod.affinity
        if mine is None and not cycle.cache.shunned:
            return SKIP
        about = self._namespace_labels(cycle)
        for term, tally in cycle.cache.shunned.items():
            if term.matches(pod.namespace, pod.labels, about) and any(tally.by_value(term.key, cycle.cache.by_name).values()):
                _count(cycle, shunning, term.key, tally)
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
            for key in _keys(near):
                _count(cycle, wanted, key, found)
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
        pod, labels = cycle.pod, node.labels
        terms = other.affinity.required_anti if other.affinity else ()
        theirs = [term.key for term in terms if term.matches(pod.namespace, pod.labels, found.namespace_labels)]
        mine = [term.key for term in found.away if term.matches(other.namespace, other.labels)]
        cycle.data[self.name + "/filter"] = found._replace(
            wanted=_adjusted(found.wanted, labels, _keys(found.near), sign) if matches_all(found.near, other) else found.wanted,
            shunned=_adjusted(found.shunned, labels, mine, sign),
            shunning=_adjusted(found.shunning, labels, theirs, sign),
        )

    def filter(self, cycle: Cycle, node: NodeInfo) -> Rejection | None:
        found: Situation = cycle.data[self.name + "/filter"]
        labels = node.labels
        if found.near and not self._is_near(found, labels, cycle.pod):
            return NOT_NEAR
        for counts, rejection in ((found.shunned, TOO_NEAR), (found.shunning, UNWANTED)):
            if any(by_value.get(labels.get(key), 0) > 0 for key, by_value in counts.items()):
                return rejection
        return None

    @staticmethod
    def _is_near(found: Situation, labels: dict, pod: PodInfo) -> bool:
        """The first of Pods that want to be together may go anywhere. Source: satisfyPodAffinity."""
        if any(term.key not in labels for term in found.near):
            return False
        if all(found.wanted[term.key].get(labels[term.key], 0) > 0 for term in found.near):
            return True
        return _is_first(found, pod)

    def sweep(self, cycle: Cycle, places: list[int]) -> list[Rejection | None]:
        """Nodes of one domain are told the same."""
        found: Situation = cycle.data[self.name + "/filter"]
        answers: list[Rejection | None] = [None] * len(places)
        for key in _keys(found.near):
            wanted, otherwise = found.wanted[key], None if _is_first(found, cycle.pod) else NOT_NEAR
            self._mark(cycle, places, key, answers, lambda value, wanted=wanted, otherwise=otherwise: None if wanted.get(value, 0) > 0 else otherwise)
            self._mark(cycle, places, key, answers, lambda value: NOT_NEAR if value is ABSENT else None)
        for counts, rejection in ((found.shunned, TOO_NEAR), (found.shunning, UNWANTED)):
            for key, by_value in counts.items():
                self._mark(
                    cycle, places, key, answers,
                    lambda value, by_value=by_value, rejection=rejection: rejection if by_value.get(value, 0) > 0 else None,
                )  # fmt: skip
        return answers

    @staticmethod
    def _mark(cycle: Cycle, places: list[int], key: str, answers: list, judge: Callable[[str | bool], Rejection | None]) -> None:
        """Reject the nodes, not yet rejected, whose domain is rejected."""
        found = translated(cycle.cache.remembered.labels(key, places), judge)
        answers[:] = [first or then for first, then in zip(answers, found, strict=True)]

    # -- scoring ----------------------------------------------------------------------------------------------------

    def pre_score(self, cycle: Cycle) -> str | None:
        """Points of each domain, for what the Pod prefers and for what those that are there prefer."""
        pod, rows = cycle.pod, []
        mine = pod.affinity
        if mine is None and not cycle.cache.wishes:
            return SKIP
        if mine is not None:
            for terms, sign in ((mine.preferred, 1), (mine.preferred_anti, -1)):
                rows += [(term.key, _matching(cycle, (term,)), sign * term.weight) for term in self._unrolled(cycle, terms)]
        if cycle.cache.wishes:
            about = self._namespace_labels(cycle)
            for (term, weight), tally in cycle.cache.wishes.items():
                worth = weight if term.weight else self.hard_weight  # a required term has no weight of its own
                if worth and term.matches(pod.namespace, pod.labels, about):
                    rows.append((term.key, tally, worth))
        points = [(key, tally.by_value(key, cycle.cache.by_name), weight) for key, tally, weight in rows]
        cycle.data[self.name] = [row for row in points if any(row[1].values())]
        return None if cycle.data[self.name] else SKIP

    def is_steady(self, cycle: Cycle) -> bool:
        """Where nobody has such wishes it has nothing to say."""
        return cycle.pod.affinity is None and not cycle.cache.wishes

    def basis(self, cycle: Cycle) -> tuple[str, ...]:
        return tuple([key for key, _, _ in cycle.data[self.name]])

    def trait(self, cycle: Cycle, node: NodeInfo) -> tuple[str | None, ...]:
        """The node's domains."""
        return tuple([node.labels.get(key) for key, _, _ in cycle.data[self.name]])

    def scores(self, cycle: Cycle, traits: list[tuple[str | None, ...]]) -> list[int]:
        totals = [0] * len(traits)
        for index, (_, counts, weight) in enumerate(cycle.data[self.name]):
            totals = [total + counts.get(domains[index], 0) * weight for total, domains in zip(totals, traits, strict=True)]
        return totals

    def normalize(self, cycle: Cycle, traits: list[tuple[str | None, ...]], scores: list[int]) -> list[int]:
        lowest, highest = min(scores), max(scores)
        if lowest == highest:
            return [0] * len(scores)
        return [int(MAX_SCORE * ((score - lowest) / (highest - lowest))) for score in scores]


PLUGIN = InterPodAffinity()
