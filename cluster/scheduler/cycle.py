"""The scheduling algorithm: filter the nodes, score those that remain, choose one. Pure; every verdict is kept.

Source: kubernetes pkg/scheduler/schedule_one.go, framework/runtime/framework.go.
"""

from __future__ import annotations

from typing import NamedTuple

from .framework import SKIP, Cycle, OnlyNodes, Plugin, Rejection
from .nodes import NodeInfo

LEAST_NODES, LEAST_PERCENT = 100, 5  # minFeasibleNodesToFind, minFeasibleNodesPercentageToFind


class Verdict(NamedTuple):
    """What the filters said of one node; plugin "" and rejection None when it passed."""

    node: str
    plugin: str = ""
    rejection: Rejection | None = None


class Column(NamedTuple):
    """One plugin's scores of all nodes."""

    plugin: str
    weight: int
    raw: list[int]
    normalized: list[int]


class Scores(NamedTuple):
    """Every score of every node that fits: totals by node, and where they come from."""

    nodes: list[str]
    totals: list[int]
    columns: list[Column]

    def of(self, index: int) -> dict[str, tuple[int, int, int, int]]:
        """plugin -> (raw, normalized, weight, weighted) of one node."""
        return {
            name: (raw[index], normal[index], weight, normal[index] * weight)
            for name, weight, raw, normal in self.columns
        }


NO_SCORES = Scores([], [], [])


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


def nodes_to_find(all_nodes: int) -> int:
    """How many fitting nodes are enough. Source: numFeasibleNodesToFind with the default percentage."""
    if all_nodes < LEAST_NODES:
        return all_nodes
    percent = max(50 - all_nodes // 125, LEAST_PERCENT)
    return max(all_nodes * percent // 100, LEAST_NODES)


def decide(cycle: Cycle, plugins: tuple[Plugin, ...], *, start: int, choose) -> Decision:
    """Find the node for a Pod. start: where to begin among the nodes. choose(n): an index below n, to break ties."""
    nodes = cycle.cache.nodes
    filters, candidates, before, absent = prepare_filters(cycle, plugins, nodes)
    if before is not None:
        return Decision("", [], NO_SCORES, [], 0, len(nodes), start, before)
    verdicts, feasible = run_filters(cycle, filters, candidates, start)
    next_start = (start + len(verdicts)) % len(nodes)
    if len(feasible) <= 1:
        chosen = feasible[0].name if feasible else ""
        return Decision(
            chosen,
            verdicts,
            NO_SCORES,
            [chosen] if chosen else [],
            len(feasible),
            len(nodes),
            next_start,
            absent=absent,
        )
    scores = run_scores(cycle, plugins, feasible)
    best = max(scores.totals)
    ties = [name for name, total in zip(scores.nodes, scores.totals, strict=True) if total == best]
    chosen = ties[choose(len(ties))] if len(ties) > 1 else ties[0]
    return Decision(chosen, verdicts, scores, ties, len(feasible), len(nodes), next_start, absent=absent)


def prepare_filters(cycle: Cycle, plugins: tuple[Plugin, ...], nodes: list[NodeInfo]):
    """(plugins that filter, nodes to look at, a rejection before filtering, the rejection of all other nodes)."""
    filters, names, narrowing = [], None, []
    for plugin in plugins:
        answer = plugin.pre_filter(cycle)
        if isinstance(answer, Rejection):
            return [], [], Verdict("", plugin.name, answer), None
        if isinstance(answer, OnlyNodes):
            narrowing.append(plugin.name)
            names = [name for name in answer.names if names is None or name in names]
        if answer != SKIP and plugin.filter is not None:
            filters.append(plugin)
    if names is None:
        return filters, nodes, None, None
    if not names:
        return [], [], Verdict("", narrowing[-1], _unsatisfied(narrowing)), None
    return filters, [node for node in nodes if node.name in names], None, _unsatisfied(narrowing)


def _unsatisfied(plugins: list[str]) -> Rejection:
    return Rejection((f"node(s) didn't satisfy plugin(s) [{' '.join(sorted(plugins))}]",))


def run_filters(
    cycle: Cycle, filters: list[Plugin], nodes: list[NodeInfo], start: int
) -> tuple[list[Verdict], list[NodeInfo]]:
    """Verdicts in the order of looking, until enough nodes fit; and the nodes that fit."""
    verdicts, feasible, wanted, count = [], [], nodes_to_find(len(nodes)), len(nodes)
    acting = [(plugin.filter, plugin.name) for plugin in filters]
    for index in range(count):
        node = nodes[(start + index) % count]
        for act, name in acting:
            rejection = act(cycle, node)
            if rejection is not None:
                verdicts.append(Verdict(node.name, name, rejection))
                break
        else:
            verdicts.append(Verdict(node.name))
            feasible.append(node)
            if len(feasible) >= wanted:
                break
    return verdicts, feasible


def run_scores(cycle: Cycle, plugins: tuple[Plugin, ...], nodes: list[NodeInfo]) -> Scores:
    """Every plugin's score of every node: raw, normalised, weighed, summed."""
    totals, columns = [0] * len(nodes), []
    for plugin in plugins:
        if plugin.score is None or plugin.pre_score(cycle, nodes) == SKIP:
            continue
        act, weight = plugin.score, plugin.weight
        raw = [act(cycle, node) for node in nodes]
        normal = plugin.normalize(cycle, nodes, raw)
        columns.append(Column(plugin.name, weight, raw, normal))
        totals = [total + score * weight for total, score in zip(totals, normal, strict=True)]
    return Scores([node.name for node in nodes], totals, columns)
