"""What holds for all cycles of like Pods, so that a further one only has to see who is best among the nodes whose turn it is.

Pods of a template come by the hundred, and meanwhile nothing changes but the Pods on nodes. So what plugins prepared for the first of
them serves the others, and which sorts of nodes are best follows from which sorts are there. Only decisions whose reasons nobody wants
to know go this way. All of it is derived, so none of it is in a snapshot; where more changes than Pods, the cache forgets it.
Source: Pods that are alike share what was found for one as in kubernetes pkg/scheduler/framework/runtime/batch.go.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress, islice
from typing import TYPE_CHECKING

from .framework import Cycle, Plugin, Sort
from .remembered import PASSED, Turn
from .scoring import Ask, best_sorts, sorts_of

if TYPE_CHECKING:
    from .cache import Cache
    from .pods import PodInfo

OUTLOOKS, RANKINGS = 64, 256  # that are kept
Profile = tuple[tuple[Plugin, ...], tuple[Plugin, ...]]  # those that filter, those that score


class Outlook:
    """How nodes look to like Pods. cycle: the first one's. best: of the sorts that are there, by these."""

    __slots__ = ("best", "cycle", "profile", "sorts", "verdicts")

    def __init__(self, cycle: Cycle, profile: Profile, verdicts: Ask):
        self.cycle, self.profile, self.verdicts, self.sorts = cycle, profile, verdicts, sorts_of(cycle)
        self.best: dict[frozenset[Sort], frozenset[Sort]] = {}

    def is_of(self, pod: PodInfo, profile: Profile) -> bool:
        """Whether a plain Pod of the same likeness and namespace is to all plugins as the first one was."""
        first, owners = self.cycle.pod, "ownerReferences"
        return (
            self.profile == profile and pod.labels == first.labels
            and pod.pod["metadata"].get(owners) == first.pod["metadata"].get(owners)
        )  # fmt: skip

    def choice(self, cache: Cache, start: int, wanted: int, choose: Callable[[int], int]) -> int | None:
        """The place of the node for a Pod; None where not all of the nodes whose turn it is take it."""
        turn, remembered = Turn(start, wanted, len(cache.nodes)), cache.remembered
        if turn.of(remembered.table(*self.verdicts).values).count(PASSED) != wanted:
            return None
        sorts = remembered.picked(self.sorts[0], turn, self.sorts[1])
        there = frozenset(sorts)
        best = self.best.get(there) or self._ranked(there, sorts)
        count = sum(map(sorts.count, best))
        index = choose(count) if count > 1 else 0
        return turn[next(islice(compress(range(wanted), map(best.__contains__, sorts)), index, None))]

    def _ranked(self, there: frozenset[Sort], sorts: list[Sort]) -> frozenset[Sort]:
        if len(self.best) >= RANKINGS:
            self.best.clear()
        best = self.best[there] = frozenset(best_sorts(self.cycle, sorts))
        return best


def outlook_for(cycle: Cycle, profile: Profile) -> Outlook | None:
    """What is known by now for such a Pod."""
    pod = cycle.pod
    found = cycle.cache.outlooks.get((cycle.likeness, pod.namespace))
    return found if found is not None and pod.is_plain and not pod.nominated and found.is_of(pod, profile) else None


def remember(cycle: Cycle, profile: Profile, verdicts: Ask) -> None:
    """Keep what a decision has prepared, if it holds for the next Pod, too."""
    cache, pod = cycle.cache, cycle.pod
    if pod.nominated or cache.nominated or not pod.is_plain or not all(plugin.is_local for plugin in cycle.filters):
        return
    if all(plugin.is_local or plugin.is_steady(cycle) for plugin in profile[1] if plugin.weight):
        if len(cache.outlooks) >= OUTLOOKS:
            cache.outlooks.clear()
        cache.outlooks[(cycle.likeness, pod.namespace)] = Outlook(cycle, profile, verdicts)
