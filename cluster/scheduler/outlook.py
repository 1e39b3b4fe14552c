"""What holds for all cycles of like Pods, so that a further one only has to see who is best among the nodes whose turn it is.

Pods of a template come by the hundred, and meanwhile nothing changes but the Pods on nodes. So what plugins prepared for the first of
them serves the others, and which sorts of nodes are best follows from which sorts are there. Only decisions whose reasons nobody wants
to know go this way. All of it is derived, so none of it is in a snapshot; where more changes than Pods, the cache forgets it.
Source: Pods that are alike share what was found for one as in kubernetes pkg/scheduler/framework/runtime/batch.go.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import compress, islice
from typing import TYPE_CHECKING, NamedTuple

from .framework import Cycle, Plugin, Sort
from .remembered import PASSED, Turn, passing
from .scoring import Ask, best_sorts, sorts_of

if TYPE_CHECKING:
    from .cache import Cache
    from .pods import PodInfo

OUTLOOKS, RANKINGS = 64, 256  # that are kept
Profile = tuple[tuple[Plugin, ...], tuple[Plugin, ...]]  # those that filter, those that score


class Found(NamedTuple):
    """A node's place; how many fit, of how many that were looked at."""

    place: int
    feasible: int
    looked_at: int


class Outlook:
    """How nodes look to like Pods. cycle: the first one's. best: of the sorts that are there, by these and what moves their scores."""

    __slots__ = ("best", "cycle", "moved", "profile", "sorts", "verdicts")

    def __init__(self, cycle: Cycle, profile: Profile, verdicts: Ask):
        self.cycle, self.profile, self.verdicts, self.sorts = cycle, profile, verdicts, sorts_of(cycle)
        self.moved = [plugin for plugin in cycle.scorers if plugin.tide is not None]
        self.best: dict[Hashable, frozenset[Sort]] = {}

    def is_of(self, pod: PodInfo, profile: Profile) -> bool:
        """Whether a plain Pod of the same likeness and namespace is to all plugins as the first one was."""
        first, owners = self.cycle.pod, "ownerReferences"
        return (
            self.profile == profile and pod.labels == first.labels
            and pod.pod["metadata"].get(owners) == first.pod["metadata"].get(owners)
        )  # fmt: skip

    def choice(self, cache: Cache, start: int, wanted: int, choose: Callable[[int], int]) -> Found | None:
        """The node for a Pod; None where fewer than two fit, and more has to be said."""
        order, remembered = cache.nodes, cache.remembered
        table, places, looked_at = remembered.table(*self.verdicts), Turn(start, wanted, len(order)), wanted
        if places.of(table.values).count(PASSED) != wanted:
            looked_at, places, _ = passing(table, Turn(start, len(order), len(order)), wanted, self.verdicts[1])
        if len(places) < 2:
            return None
        sorts = remembered.picked(self.sorts[0], places, self.sorts[1])
        best = self._best(sorts)
        count = sum(map(sorts.count, best))
        index = choose(count) if count > 1 else 0
        return Found(places[next(islice(compress(range(len(sorts)), map(best.__contains__, sorts)), index, None))], len(sorts), looked_at)

    def _best(self, sorts: list[Sort]) -> frozenset[Sort]:
        """The best sorts of nodes, given each node's."""
        cycle, there = self.cycle, frozenset(sorts)
        key = (there, len(sorts), *[plugin.tide(cycle) for plugin in self.moved])
        best = self.best.get(key)
        if best is None:
            if len(self.best) >= RANKINGS:
                self.best.clear()
            best = self.best[key] = frozenset(best_sorts(cycle, sorts))
        return best


def outlook_for(cycle: Cycle, profile: Profile) -> Outlook | None:
    """What is known by now for such a Pod."""
    pod = cycle.pod
    found = cycle.cache.outlooks.get((cycle.likeness, pod.namespace, *pod.labels.values()))
    return found if found is not None and pod.is_plain and not pod.nominated and found.is_of(pod, profile) else None


def remember(cycle: Cycle, profile: Profile, verdicts: Ask) -> None:
    """Keep what a decision has prepared, if it holds for the next Pod, too."""
    cache, pod = cycle.cache, cycle.pod
    if pod.nominated or cache.nominated or not pod.is_plain or not all(plugin.is_local for plugin in cycle.filters):
        return
    if all(plugin.is_local or plugin.is_steady(cycle) for plugin in profile[1] if plugin.weight):
        if len(cache.outlooks) >= OUTLOOKS:
            cache.outlooks.clear()
        cache.outlooks[(cycle.likeness, pod.namespace, *pod.labels.values())] = Outlook(cycle, profile, verdicts)
