"""The scheduling algorithm: filter the nodes, score those that remain (scoring.py), choose one. Pure; every verdict is kept.

Source: kubernetes pkg/scheduler/schedule_one.go, framework/runtime/framework.go.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

from .framework import SKIP, Cycle, OnlyNodes, Plugin, Rejection
from .nodes import NodeInfo, Verdict
from .outlook import outlook_for, remember
from .pods import PodInfo
from .remembered import PASSED, Ask, Places, Table, Turn, passing
from .scoring import NO_SCORES, Scores, run_scores

FIRST = -1  # for a percentage: the first node that fits is taken
LEAST_NODES, LEAST_PERCENT = 100, 5  # minFeasibleNodesToFind, minFeasibleNodesPercentageToFind


class Decision(NamedTuple):
    """What came of one cycle; node "": none fits.

    before: a rejection before any node was looked at, with its plugin. next_start: where to begin next time.
    """

    node: str
    verdicts: list[Verdict]
    scores: Scores
    ties: list[str]
    feasible: int
    all_nodes: int
    next_start: int
    before: Verdict | None = None
    absent: Rejection | None = None  # of nodes that nobody looked at
    narrowing: tuple[str, ...] = ()  # the plugins that are named in it


def nodes_to_find(all_nodes: int, percent: int = 0) -> int:
    """How many fitting nodes are enough; percent: percentageOfNodesToScore, or FIRST.

    Source: numFeasibleNodesToFind, findNodesThatPassFilters (hasScoring).
    """
    if percent < 0:
        return min(all_nodes, 1)
    if all_nodes < LEAST_NODES:
        return all_nodes
    percent = percent or max(50 - all_nodes // 125, LEAST_PERCENT)
    return max(all_nodes * percent // 100, LEAST_NODES)


def decide(
    cycle: Cycle, plugins: tuple[Plugin, ...], *, start: int, choose, scoring: tuple[Plugin, ...] | None = None, percent: int = 0,
    is_told: bool = True,
) -> Decision:  # fmt: skip
    """Find the node for a Pod. start: where to begin among the nodes. choose(n): an index below n, to break ties.

    scoring: those that score, where they are others. percent: of the nodes need to fit, 0 for the usual rule.
    is_told: whether somebody wants to know the scores, who else was as good, and by name who passed where all did.
    """
    nodes, scoring = cycle.cache.nodes, plugins if scoring is None else scoring
    outlook = None if is_told else outlook_for(cycle, (plugins, scoring))
    if outlook is not None:
        found = outlook.choice(cycle.cache, start % len(nodes), nodes_to_find(len(nodes), percent), choose)
        if found is not None:
            return Decision(nodes[found.place].name, [], NO_SCORES, [], found.feasible, len(nodes), (start + found.looked_at) % len(nodes))
    filters, candidates, before, narrowing = prepare_filters(cycle, plugins, nodes)
    cycle.filters = filters
    if before is not None:
        return Decision("", [], NO_SCORES, [], 0, len(nodes), start, before)
    freed = cycle.cache.by_name.get(cycle.pod.nominated) if cycle.pod.nominated else None
    if freed is not None and freed.node is not None:
        found = rejection_of(cycle, freed)
        if found is None:
            verdict = Verdict(freed.name)  # the node that was freed for it is tried first, and taken
            return Decision(freed.name, [verdict], NO_SCORES, [freed.name], 1, len(nodes), start, absent=_absent(narrowing))
        narrowing = [*narrowing, found[0]] if narrowing else narrowing  # as upstream, who counts it among those that narrowed
    absent = _absent(narrowing)
    looked_at, verdicts, places = run_filters(cycle, filters, candidates, start, percent, is_told)
    next_start = (start + looked_at) % len(nodes)
    if len(places) <= 1:
        chosen = [nodes[place].name for place in places]
        first = chosen[0] if chosen else ""
        return Decision(first, verdicts, NO_SCORES, chosen, len(places), len(nodes), next_start, absent=absent, narrowing=tuple(narrowing))
    scores = run_scores(cycle, scoring, places)
    if not is_told:
        remember(cycle, (plugins, scoring), _verdicts_of(cycle, filters))
    chosen = nodes[places[scores.one_of_the_best(choose)]].name
    ties, told = ([nodes[places[index]].name for index in scores.best()], scores.spread_out()) if is_told else ([], NO_SCORES)
    return Decision(chosen, verdicts, told, ties, len(places), len(nodes), next_start, absent=absent)


def prepare_filters(cycle: Cycle, plugins: tuple[Plugin, ...], nodes: list[NodeInfo]):
    """(plugins that filter, places of nodes to look at or None for all, a rejection before filtering, the plugins that ruled other nodes out).

    Source: framework/runtime/framework.go (RunPreFilterPlugins).
    """
    known = _filters_of_plain(plugins) if cycle.pod.is_plain and not cycle.cache.shunned else None
    if known is not None:
        return [*known], None, None, []
    filters, names, narrowing, before = [], None, [], None
    for plugin in plugins:
        answer = plugin.pre_filter(cycle) if plugin.pre_filter is not None else None
        if answer is None:
            if plugin.filter is not None:
                filters.append(plugin)
            continue
        if answer == SKIP:
            continue
        if isinstance(answer, Rejection):
            if not answer.resolvable:
                return [], [], Verdict("", plugin.name, answer), []
            before = Verdict("", plugin.name, answer)  # preemption may help, and needs what the others prepare
            continue
        if isinstance(answer, OnlyNodes):
            narrowing.append(plugin.name)
            names = [name for name in answer.names if names is None or name in names]
            if not names:
                return [], [], Verdict("", plugin.name, _without_nodes(narrowing)), []
        if plugin.filter is not None:
            filters.append(plugin)
    if names is None or before is not None:
        return filters, None, before, []
    places = cycle.cache.places
    return filters, sorted(places[name] for name in dict.fromkeys(names) if name in places), None, narrowing


@lru_cache(maxsize=64)
def _filters_of_plain(plugins: tuple[Plugin, ...]) -> tuple[Plugin, ...] | None:
    """The filters for Pods that ask for nothing of nodes: those that need not prepare, for all others skip these; None where that is not so."""
    if any(plugin.asks_of_all for plugin in plugins):
        return None
    return tuple(plugin for plugin in plugins if plugin.filter is not None and plugin.pre_filter is None)


def _absent(narrowing: list[str]) -> Rejection | None:
    """The rejection of nodes that nobody looks at."""
    return Rejection((f"node(s) didn't satisfy plugin(s) [{' '.join(sorted(dict.fromkeys(narrowing)))}]",)) if narrowing else None


def _without_nodes(plugins: list[str]) -> Rejection:
    if len(plugins) == 1:
        return Rejection((f"node(s) didn't satisfy plugin {plugins[0]}",))
    return Rejection((f"node(s) didn't satisfy plugin(s) [{' '.join(sorted(plugins))}] simultaneously",))


def run_filters(
    cycle: Cycle, filters: list[Plugin], places: list[int] | None, start: int, percent: int = 0, is_told: bool = True
) -> tuple[int, list[Verdict], Places]:
    """At how many nodes it looked, until enough of them fit; the verdicts in this order; and the places of the nodes that fit.

    places: None for all. Without verdicts where all passed and nobody is to be told.
    """
    count = len(cycle.cache.nodes) if places is None else len(places)
    if not count:
        return 0, [], []
    wanted, first = nodes_to_find(count, percent), start % count
    far = next((index for index, plugin in enumerate(filters) if not plugin.is_local), len(filters))
    local, rest = filters[:far], filters[far:]
    key, answer = _verdicts_of(cycle, local)
    table = cycle.cache.remembered.table(key, answer)
    if not rest and not cycle.cache.nominated and places is None:
        window = Turn(first, wanted, count)
        if window.of(table.values).count(PASSED) == wanted:
            return wanted, window.of(cycle.cache.passes) if is_told else [], window
        return _sifted(cycle, Turn(first, count, count), wanted, table, answer, is_told)
    turn = list(Turn(first, count, count)) if places is None else [*places[first:], *places[:first]]
    verdicts, fitting = _looked_at(cycle, turn, wanted, table.values, answer, rest)
    return len(verdicts), verdicts, fitting


def _verdicts_of(cycle: Cycle, local: list[Plugin]) -> Ask:
    """How the verdict on each node of those filters that look at it alone is remembered, and found."""
    return ("filters", cycle.likeness, *local), partial(_local_verdict, cycle, local)


def _sifted(cycle: Cycle, turn: Turn, wanted: int, table: Table, answer, is_told: bool) -> tuple[int, list[Verdict], list[int]]:
    """What run_filters says where all filters look at one node alone, so that the answers are there and need only be counted off."""
    looked_at, fitting, answers = passing(table, turn, wanted, answer)
    if fitting and not is_told:
        return looked_at, [], fitting
    passes = turn.of(cycle.cache.passes)
    return looked_at, [passed if found is PASSED else found for found, passed in zip(answers[:looked_at], passes, strict=False)], fitting


def _local_verdict(cycle: Cycle, filters: list[Plugin], node: NodeInfo) -> Verdict | bool:
    for plugin in filters:
        rejection = plugin.filter(cycle, node)
        if rejection is not None:
            return Verdict(node.name, plugin.name, rejection)
    return PASSED


def _other_verdict(cycle: Cycle, filters: list[tuple[Plugin, list | None]], index: int, node: NodeInfo) -> Verdict | bool:
    """Of filters that look at more than the node; some have their answers for all nodes by now."""
    for plugin, answers in filters:
        rejection = answers[index] if answers is not None else plugin.filter(cycle, node)
        if rejection is not None:
            return Verdict(node.name, plugin.name, rejection)
    return PASSED


def _looked_at(cycle: Cycle, turn: list[int], wanted: int, known: list, answer, rest: list[Plugin]) -> tuple[list[Verdict], list[int]]:
    verdicts, fitting, nominated = [], [], cycle.cache.nominated
    nodes, passes = cycle.cache.nodes, cycle.cache.passes
    others = [(plugin, plugin.sweep(cycle, turn) if plugin.sweep is not None else None) for plugin in rest]
    for index, place in enumerate(turn):
        verdict = known[place]
        if verdict is None:
            verdict = known[place] = answer(nodes[place])
        if nominated and nodes[place].name in nominated:
            found = rejection_of(cycle, nodes[place])
            verdict = PASSED if found is None else Verdict(nodes[place].name, *found)
        elif verdict is PASSED and others:
            verdict = _other_verdict(cycle, others, index, nodes[place])
        if verdict is not PASSED:
            verdicts.append(verdict)
            continue
        verdicts.append(passes[place])
        fitting.append(place)
        if len(fitting) >= wanted:
            break
    return verdicts, fitting


def rejection_of(cycle: Cycle, node: NodeInfo) -> tuple[str, Rejection] | None:
    """(plugin, rejection) of a node, also with the Pods on it for which it is being freed and which are no less important.

    Source: framework/runtime/framework.go (RunFilterPluginsWithNominatedPods).
    """
    pod = cycle.pod
    coming = [
        info for info in cycle.cache.nominated.get(node.name, {}).values() if info.priority >= pod.priority and info.uid != pod.uid
    ]
    if coming:
        trial, fuller = cycle.fork(), node.copy()
        for info in coming:
            put(trial, info, fuller)
        found = _first_rejection(trial, fuller)
        if found is not None:
            return found
    return _first_rejection(cycle, node)


def _first_rejection(cycle: Cycle, node: NodeInfo) -> tuple[str, Rejection] | None:
    for plugin in cycle.filters:
        rejection = plugin.filter(cycle, node)
        if rejection is not None:
            return plugin.name, rejection
    return None


def put(trial: Cycle, info: PodInfo, node: NodeInfo) -> None:
    """Put a Pod onto a copy of a node."""
    node.add(info)
    for plugin in trial.filters:
        plugin.adjust(trial, info, node, 1)


def take_away(trial: Cycle, info: PodInfo, node: NodeInfo) -> None:
    """Take a Pod away from a copy of a node."""
    node.remove(info.key)
    for plugin in trial.filters:
        plugin.adjust(trial, info, node, -1)
