"""Remembers what plugins say of nodes from one cycle to the next, for Pods that ask for the same; what changed is asked about anew.

Like Pods come by the hundred, and between two of them a node or two change. All of it is derived, so none of it is in a snapshot.
Source: nodes are compared by generation as in kubernetes pkg/scheduler/backend/cache/cache.go (UpdateSnapshot); which fields make
Pods alike is what the plugins' SignPod reads (framework/plugins/*), for those that look at one node alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import chain, compress, islice, repeat
from operator import is_
from typing import TYPE_CHECKING, Any

from .nodes import NodeInfo
from .pods import PodInfo

if TYPE_CHECKING:
    from .cache import Cache
    from .framework import Sort

TABLES = 512  # answers that are kept: a table each for the verdicts on nodes, or their sorts, as like Pods see them
SORTS = 4096  # of nodes that are known; beyond, they are found anew
Ask = tuple[Hashable, Callable[[NodeInfo], Any]]  # a table's key, and what it says of a node
PASSED = True  # in a table of verdicts
ABSENT = False  # in a table of labels


def likeness(pod: PodInfo) -> Hashable:
    """All of a Pod that plugins which look at one node alone may read: Pods of which it is equal get equal answers."""
    node = pod.spec.get("nodeName")
    return (pod.likeness, node) if node else pod.likeness


class Table:
    """A value for each node, by its place in the order of nodes; None where nobody has asked yet."""

    __slots__ = ("is_full", "order", "seen", "values")

    def __init__(self, order: list[NodeInfo], seen: int):
        self.order, self.seen, self.is_full = order, seen, False
        self.values: list[Any] = [None] * len(order)

    def fill(self, places: Iterable[int], answer: Callable[[NodeInfo], Any]) -> None:
        """Ask what nobody has asked yet of the nodes at some places."""
        for place in places:
            if self.values[place] is None:
                self.values[place] = answer(self.order[place])
        self.is_full = None not in self.values


class Remembered:
    """A part of the cache."""

    def __init__(self, cache: Cache):
        self.cache = cache
        self.tables: dict[Hashable, Table] = {}
        self._sorts: dict[tuple, Sort] = {}  # by traits
        self._asked: dict[Hashable, Any] = {}

    def table(self, key: Hashable, answer: Callable[[NodeInfo], Any]) -> Table:
        """A table that is true for every node as it is now."""
        cache, order = self.cache, self.cache.nodes
        table = self.tables.get(key)
        if table is None or table.order is not order:
            return self._begun(key)
        if table.seen != cache.generation:
            values = table.values
            for place in cache.changed_since(table.seen):
                if values[place] is not None:
                    values[place] = answer(order[place])
            table.seen = cache.generation
        return table

    def _begun(self, key: Hashable) -> Table:
        self.tables.pop(key, None)
        table = self.tables[key] = Table(self.cache.nodes, self.cache.generation)
        if len(self.tables) > TABLES:
            del self.tables[next(iter(self.tables))]
        return table

    def sort(self, traits: tuple[Hashable, ...], make: Callable[[tuple], Sort]) -> Sort:
        """The one sort of nodes with these traits. (Should a second one be made of the same, it scores the same.)"""
        found = self._sorts.get(traits)
        if found is None:
            if len(self._sorts) >= SORTS:
                self._sorts.clear()
            found = self._sorts[traits] = make(traits)
        return found

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What follows from the key alone."""
        found = self._asked.get(key)
        if found is None:
            if len(self._asked) >= TABLES:
                self._asked.clear()
            found = self._asked[key] = make()
        return found

    def picked(self, key: Hashable, places: Places, answer: Callable[[NodeInfo], Any]) -> list[Any]:
        """The values at some places."""
        table = self.table(key, answer)
        if not table.is_full:
            table.fill(places, answer)
        return pick(table.values, places)

    def labels(self, key: str, places: Places) -> list[str | bool]:
        """The value of a label for the nodes at some places; ABSENT where there is none."""
        return self.picked(("label", key), places, lambda node: node.labels.get(key, ABSENT))


class Turn:
    """Places side by side, in the order of nodes, from one on; after the last node comes the first.

    Most Pods fit everywhere, so these are most of the places that are talked of. Nothing is kept for each of them: to touch a thousand
    objects, be it only to count who holds them, takes longer than all the rest of a decision.
    """

    __slots__ = ("first", "size", "total")

    def __init__(self, first: int, size: int, total: int):
        self.first, self.size, self.total = first, size, total

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> int:
        return (self.first + index) % self.total

    def __iter__(self) -> Iterator[int]:
        end = self.first + self.size
        return chain(range(self.first, min(end, self.total)), range(end - self.total))

    def index(self, place: int) -> int:
        """When a place's turn comes."""
        return (place - self.first) % self.total

    def of(self, values: list[Any]) -> list[Any]:
        """The values at these places, of a value for each node."""
        found = values[self.first : self.first + self.size]
        return found if len(found) == self.size else found + values[: self.size - len(found)]


Places = Turn | list[int]


def pick(values: list[Any], places: Places) -> list[Any]:
    """The values at some places, of a value for each node."""
    return places.of(values) if isinstance(places, Turn) else list(map(values.__getitem__, places))


def passing(table: Table, turn: Turn, wanted: int, answer: Callable[[NodeInfo], Any]) -> tuple[int, list[int], list[Any]]:
    """(at how many nodes one looks until enough pass, the places of those that do, what is said of each in turn) by a table of verdicts."""
    if not table.is_full:
        table.fill(turn, answer)
    answers = turn.of(table.values)
    fitting = list(islice(compress(turn, map(is_, answers, repeat(PASSED))), wanted))
    return turn.index(fitting[-1]) + 1 if len(fitting) == wanted else len(turn), fitting, answers


def translated(values: list[Any], act: Callable[[Any], Any]) -> list[Any]:
    """What `act` makes of each value; it is asked once for all that are equal, which among nodes are most."""
    found = {value: act(value) for value in dict.fromkeys(values)}
    return list(map(found.__getitem__, values))
