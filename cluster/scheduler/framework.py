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
from .remembered import likeness, translated

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


class Cycle:
    """One attempt to place one Pod; `data` is for what a plugin prepares and later reads."""

    __slots__ = ("cache", "data", "filters", "likeness", "listers", "places", "pod")

    def __init__(self, pod: PodInfo, cache: Cache, listers: Listers = NO_LISTERS):
        self.pod, self.cache, self.listers = pod, cache, listers
        self.data: dict[str, Any] = {}
        self.filters: list[Plugin] = []  # those that have something to say about this Pod
        self.likeness = likeness(pod)
        self.places: list[int] = []  # of the nodes that are scored, in the cache's order

    def fork(self) -> Cycle:
        """The same attempt, in which Pods may be put onto nodes and taken away on trial (Plugin.adjust)."""
        other = Cycle.__new__(Cycle)
        other.pod, other.cache, other.listers, other.likeness = self.pod, self.cache, self.listers, self.likeness
        other.data, other.filters, other.places = dict(self.data), self.filters, self.places
        return other


# Whether a change may help a Pod that this plugin rejected: (pod, old, new) -> bool. old and new are Nodes or PodInfos.
Hint = Callable[[PodInfo, Any, Any], bool]


class Plugin:
    """Base of all plugins; each overrides the points at which it acts. Plugins keep nothing between calls."""

    name = ""
    order = 0  # when its turn comes
    weight = 0  # of its score in the total; without one it does not score
    # What it says of a node follows from that node, the Pod's likeness and `basis`: its answers are remembered. See remembered.py.
    is_local = False
    variant: Hashable = ""  # what sets its scores apart from those of the same plugin in another profile
    hints: dict[str, Hint] = {}  # change -> hint; changes are those of events.py

    def pre_filter(self, cycle: Cycle) -> str | Rejection | OnlyNodes | None:
        """Prepare; SKIP when there is nothing to filter."""

    filter: Callable[[Cycle, NodeInfo], Rejection | None] | None = None

    # The filter's answers for the nodes at some places, where they are more quickly found all at once.
    sweep: Callable[[Cycle, list[int]], list[Rejection | None]] | None = None

    def adjust(self, cycle: Cycle, other: PodInfo, node: NodeInfo, sign: int) -> None:
        """What pre_filter prepared, as if another Pod came to a node (sign 1) or left it (-1).

        What stands in cycle.data is shared with other trials, so it is replaced, never changed.
        """

    # Once no node fits: what may be done about it.
    post_filter: Callable[[Cycle, Any, Callable[[int], int]], Any] | None = None

    def pre_score(self, cycle: Cycle, nodes: list[NodeInfo]) -> str | None:
        """Prepare; SKIP when there is nothing to score."""

    score: Callable[[Cycle, NodeInfo], int] | None = None

    def basis(self, cycle: Cycle) -> Hashable:
        """What else the scores of a local plugin depend on."""

    def scores(self, cycle: Cycle, nodes: list[NodeInfo]) -> list[int]:
        """The raw scores of all nodes that fit."""
        act = self.score
        if not self.is_local:
            return [act(cycle, node) for node in nodes]
        return cycle.cache.remembered.picked(
            (self.name, self.variant, cycle.likeness), cycle.places, lambda node: act(cycle, node), self.basis(cycle)
        )

    def normalize(self, cycle: Cycle, nodes: list[NodeInfo], scores: list[int]) -> list[int]:
        """Bring the raw scores of all nodes to 0..100."""
        return scores


def normalized(scores: list[int], *, reverse: bool = False) -> list[int]:
    """Scale to 0..100 by the highest. Source: plugins/helper/normalize_score.go."""
    highest = max(scores, default=0)
    if highest == 0:
        return [MAX_SCORE] * len(scores) if reverse else scores
    lost = MAX_SCORE if reverse else 0
    return translated(scores, lambda score: abs(lost - MAX_SCORE * score // highest))


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
        found |= {plugin.name: _always for plugin in plugins() if "node/add" in plugin.hints and change not in plugin.hints}
    return found


def _always(pod: PodInfo, old: Any, new: Any) -> bool:
    return True


@cache
def filter_names() -> tuple[str, ...]:
    """The filters by name, in the order in which a node is put to them."""
    return tuple(plugin.name for plugin in plugins() if plugin.filter is not None)
