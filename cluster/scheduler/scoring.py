"""Scores the nodes that fit: what every plugin gives, brought to 0..100, weighed and summed.

Between two Pods of a ReplicaSet a node or two change, and most nodes are alike to the plugins. So nodes go by sorts: those of which
all plugins that score read the same. A node's sort is remembered until it changes, and a cycle asks the plugins about sorts alone.
Source: kubernetes pkg/scheduler/framework/runtime/framework.go (RunPreScorePlugins, RunScorePlugins).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import partial
from itertools import compress, islice
from typing import NamedTuple

from .framework import SKIP, Cycle, Plugin, Sort
from .nodes import NodeInfo
from .remembered import Ask, Places, pick


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


class BySort(NamedTuple):
    """The scores of the sorts that are there. sorts: of each node that fits; totals and columns: of each sort in `found`."""

    names: Callable[[], list[str]]  # of the nodes
    sorts: list[Sort]
    found: list[Sort]
    totals: list[int]
    columns: list[Column]

    def best(self) -> Iterator[int]:
        """Which of the nodes have the highest total."""
        return compress(range(len(self.sorts)), map(self._winners().__contains__, self.sorts))

    def one_of_the_best(self, choose: Callable[[int], int]) -> int:
        """Which node it is to be; choose(n), an index below n, is asked where several are equally good."""
        winners = self._winners()
        count = sum(map(self.sorts.count, winners))
        if count == 1:
            return self.sorts.index(next(iter(winners)))
        return next(islice(self.best(), choose(count), None))

    def _winners(self) -> dict[Sort, None]:
        return dict.fromkeys(compress(self.found, map(max(self.totals).__eq__, self.totals)))

    def spread_out(self) -> Scores:
        """The same by node, for who wants to know it all."""
        columns = []
        for name, weight, raw, normal in self.columns:
            raws = self._by_node(raw)
            columns.append(Column(name, weight, raws, raws if normal == raw else self._by_node(normal)))
        return Scores(self.names(), self._by_node(self.totals), columns)

    def _by_node(self, row: list[int]) -> list[int]:
        """A value for each node; mostly all are the same."""
        if row.count(row[0]) == len(row):
            return [row[0]] * len(self.sorts)
        return list(map(dict(zip(self.found, row, strict=True)).__getitem__, self.sorts))


def run_scores(cycle: Cycle, plugins: tuple[Plugin, ...], places: Places) -> BySort:
    """Every plugin's score of every sort of nodes among those at some places: raw, normalised, weighed, summed."""
    cycle.scorers = [plugin for plugin in plugins if plugin.weight and (plugin.pre_score is None or plugin.pre_score(cycle) != SKIP)]
    key, answer = sorts_of(cycle)
    totals, columns = _scored(cycle, cycle.cache.remembered.picked(key, places, answer))
    return BySort(partial(pick, cycle.cache.titles, places), cycle.sorts, cycle.found, totals, columns)


def best_sorts(cycle: Cycle, sorts: list[Sort]) -> list[Sort]:
    """Those of the highest total among the sorts of some nodes; the cycle's plugins have prepared."""
    totals, _ = _scored(cycle, sorts)
    highest = max(totals)
    return [sort for sort, total in zip(cycle.found, totals, strict=True) if total == highest]


def sorts_of(cycle: Cycle) -> Ask:
    """How each node's sort is remembered, and worked out."""
    scorers = cycle.scorers
    key = ("sorts", cycle.likeness, *scorers, *[plugin.basis(cycle) for plugin in scorers if plugin.basis is not None])
    readers = [plugin.score if type(plugin).trait is Plugin.trait else plugin.trait for plugin in scorers]
    return key, partial(_sort_of, cycle, readers)


def _scored(cycle: Cycle, sorts: list[Sort]) -> tuple[list[int], list[Column]]:
    """The totals and columns of the sorts that are there, given each node's."""
    cycle.sorts, cycle.found = sorts, list(dict.fromkeys(sorts))
    totals, columns = [0] * len(cycle.found), []
    for index, plugin in enumerate(cycle.scorers):
        traits, weight = [sort.traits[index] for sort in cycle.found], plugin.weight
        raw = traits if plugin.scores is None else plugin.scores(cycle, traits)
        normal = raw if plugin.normalize is None else plugin.normalize(cycle, traits, raw)
        columns.append(Column(plugin.name, weight, raw, normal))
        totals = [total + score * weight for total, score in zip(totals, normal, strict=True)]
    return totals, columns


def _sort_of(cycle: Cycle, readers: list[Callable[[Cycle, NodeInfo], Hashable]], node: NodeInfo) -> Sort:
    return cycle.cache.remembered.sort(tuple([read(cycle, node) for read in readers]), Sort)
