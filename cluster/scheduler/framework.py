"""What a plugin is, and what it may say. Each file of `plugins/` that has a `PLUGIN` is one.

Source: kubernetes pkg/scheduler/framework/interface.go, apis/config/v1/default_plugins.go (order and weights).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, NamedTuple

from .cache import Cache
from .nodes import NodeInfo
from .pods import PodInfo
from .remembered import likeness

SKIP = "skip"  # a plugin has nothing to do with this Pod
MAX_SCORE = 100


class Rejection(NamedTuple):
    """Why a node (or, before filtering, every node) cannot take the Pod. resolvable: might preemption help?"""

    reasons: tuple[str, ...]
    resolvable: bool = False


class OnlyNodes(NamedTuple):
    """The only nodes that are worth looking at."""

    names: tuple[str, ...]


class Listers(NamedTuple):
    """Other objects that a plugin may look up: get(resource, key) and list(resource, namespace); namespace "" is all."""

    get: Callable[[str, str], dict | None]
    list: Callable[[str, str], list[dict]]


NO_LISTERS = Listers(lambda resource, key: None, lambda resource, namespace: [])


class Sort:
    """Nodes of which the plugins that score read the same: each one's `trait`, in their order. Equal to itself alone."""

    __slots__ = ("traits",)

    def __init__(self, traits: tuple[Hashable, ...]):
        self.traits = traits


class Cycle:
    """One attempt to place one Pod; `data` is for what a plugin prepares and later reads."""

    __slots__ = ("cache", "data", "filters", "found", "likeness", "listers", "pod", "scorers", "sorts")

    def __init__(self, pod: PodInfo, cache: Cache, listers: Listers = NO_LISTERS):
        self.pod, self.cache, self.listers = pod, cache, listers
        self.data: dict[str, Any] = {}
        self.filters: list[Plugin] = []  # those that have something to say about this Pod
        self.scorers: list[Plugin] = []  # and those that score for it
        self.likeness = likeness(pod)
        self.sorts: list[Sort] = []  # of each node that is scored
        self.found: list[Sort] = []  # each of them once

    def fork(self) -> Cycle:
        """The same attempt, in which Pods may be put onto nodes and taken away on trial (Plugin.adjust)."""
        other = Cycle.__new__(Cycle)
        other.pod, other.cache, other.listers, other.likeness = self.pod, self.cache, self.listers, self.likeness
        other.data, other.filters, other.scorers, other.sorts, other.found = dict(self.data), self.filters, self.scorers, self.sorts, self.found
        return other


# Whether a change may help a Pod that this plugin rejected: (pod, old, new) -> bool. old and new are Nodes or PodInfos.
Hint = Callable[[PodInfo, Any, Any], bool]


def always(pod: PodInfo, old: Any, new: Any) -> bool:
    """The hint of a plugin to which any such change may be what it waits for."""
    return True


class Plugin:
    """Base of all plugins; each overrides the points at which it acts. Plugins keep nothing between calls."""

    name = ""
    order = 0  # when its turn comes
    weight = 0  # of its score in the total; without one it does not score
    # What its filter and its score say of a node follow from that node and the Pod's likeness: they are remembered. See remembered.py.
    is_local = False
    hints: dict[str, Hint] = {}  # change -> hint; changes are those of events.py

    # Prepare; SKIP when there is nothing to filter.
    pre_filter: Callable[[Cycle], str | Rejection | OnlyNodes | None] | None = None
    asks_of_all = False  # whether it may have something to filter also for Pods that ask for nothing of nodes (PodInfo.is_plain)

    filter: Callable[[Cycle, NodeInfo], Rejection | None] | None = None

    # The filter's answers for the nodes at some places, where they are more quickly found all at once.
    sweep: Callable[[Cycle, list[int]], list[Rejection | None]] | None = None

    def adjust(self, cycle: Cycle, other: PodInfo, node: NodeInfo, sign: int) -> None:
        """What pre_filter prepared, as if another Pod came to a node (sign 1) or left it (-1).

        What stands in cycle.data is shared with other trials, so it is replaced, never changed.
        """

    # Once no node fits: what may be done about it.
    post_filter: Callable[[Cycle, Any, Callable[[int], int]], Any] | None = None

    # Prepare; SKIP when there is nothing to score.
    pre_score: Callable[[Cycle], str | None] | None = None

    score: Callable[[Cycle, NodeInfo], int] | None = None  # of a local plugin

    def is_steady(self, cycle: Cycle) -> bool:
        """Whether, although it looks at more than a node, its scores follow from the traits that are there, and what it prepared serves
        like Pods of the same namespace, labels and owners, until nodes' labels, Pods' terms or other objects change.
        """
        return False

    # What the scores of a local plugin depend on beside the traits that are there and how many nodes fit.
    tide: Callable[[Cycle], Hashable] | None = None

    # What the traits of nodes depend on, beside the node and the Pod's likeness.
    basis: Callable[[Cycle], Hashable] | None = None

    def trait(self, cycle: Cycle, node: NodeInfo) -> Hashable:
        """All of a node that its score depends on; another only once the node has changed, or the Pods on it."""
        return self.score(cycle, node)

    # The raw score of each sort of nodes that is there, by their traits; without, these are the scores.
    scores: Callable[[Cycle, list], list[int]] | None = None

    # Bring the raw scores of all sorts of nodes to 0..100; without, they are.
    normalize: Callable[[Cycle, list, list[int]], list[int]] | None = None


def normalized(scores: list[int], *, reverse: bool = False) -> list[int]:
    """Scale to 0..100 by the highest. Source: plugins/helper/normalize_score.go."""
    highest = max(scores, default=0)
    if highest == 0:
        return [MAX_SCORE] * len(scores) if reverse else scores
    lost = MAX_SCORE if reverse else 0
    return [abs(lost - MAX_SCORE * score // highest) for score in scores]


@cache
def plugins() -> tuple[Plugin, ...]:
    """Every plugin of the folder, in order."""
    package = f"{__package__}.plugins"
    names = sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))
    loaded = [importlib.import_module(f"{package}.{name}") for name in names]
    return tuple(
        sorted((module.PLUGIN for module in loaded if hasattr(module, "PLUGIN")), key=lambda plugin: plugin.order)
    )


@cache
def interested(change: str) -> dict[str, Hint]:
    """The plugins that want to hear of a change, and their hints, in order.

    Who asks for new nodes hears of every change of taints too: scheduler.go buildQueueingHintMap (kubernetes#109437).
    """
    found = {plugin.name: plugin.hints[change] for plugin in plugins() if change in plugin.hints}
    if change == "node/taint":
        found |= {plugin.name: always for plugin in plugins() if "node/add" in plugin.hints and change not in plugin.hints}
    return found


@cache
def filter_names() -> tuple[str, ...]:
    """The filters by name, in the order in which a node is put to them."""
    return tuple(plugin.name for plugin in plugins() if plugin.filter is not None)
