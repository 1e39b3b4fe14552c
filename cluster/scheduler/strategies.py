"""How NodeResourcesFit scores a node: which resources count how much, and whether empty, full or shaped use is best.

Source: kubernetes pkg/scheduler/framework/plugins/noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio,
resource_allocation}.go, plugins/helper/shape_score.go.
"""

from __future__ import annotations

from typing import NamedTuple

from .nodes import NodeInfo
from .resources import NATIVE, Requests

LEAST, MOST, RATIO = "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"
STRATEGIES = (LEAST, MOST, RATIO)
FULL = 100  # of a use, and of a score
POINTS = 10  # a shape's points are scored from 0 to this (MaxCustomPriorityScore)

Shape = tuple[tuple[int, int], ...]  # (use in percent, score) in order of use


class Strategy(NamedTuple):
    """resources: (name, weight). shape: of RequestedToCapacityRatio alone, its scores up to 10."""

    kind: str = LEAST
    resources: tuple[tuple[str, int], ...] = (("cpu", 1), ("memory", 1))
    shape: Shape = ()

    def score(self, requests: Requests, node: NodeInfo) -> int:
        """0..100: the weighed mean over the resources that the node offers."""
        total = weights = 0
        for name, weight in self.resources:
            offered, used = use_of(name, requests, node)
            if not offered:
                continue
            points = self._points(used, offered)
            if points > 0 or self.kind != RATIO:  # what has no points does not count among ratios
                total, weights = total + points * weight, weights + weight
        if not weights:
            return 0
        return (2 * total + weights) // (2 * weights) if self.kind == RATIO else total // weights  # a ratio is rounded

    def _points(self, used: int, offered: int) -> int:
        if self.kind == LEAST:
            return (offered - used) * FULL // offered if used <= offered else 0
        if self.kind == MOST:
            return min(used, offered) * FULL // offered
        scaled = tuple((use, score * (FULL // POINTS)) for use, score in self.shape)
        return along(scaled, FULL if used > offered else used * FULL // offered)


def along(shape: Shape, use: int) -> int:
    """The score at a use, on straight lines between the points; level before the first and after the last."""
    before = None
    for point in shape:
        if use <= point[0]:
            return point[1] if before is None else before[1] + _between(before, point, use)
        before = point
    return shape[-1][1]


def _between(before: tuple[int, int], after: tuple[int, int], use: int) -> int:
    """What is added since the point before; a part of a point is dropped, whether it goes up or down."""
    climb = (after[1] - before[1]) * (use - before[0])
    width = after[0] - before[0]
    return climb // width if climb >= 0 else -(-climb // width)


def use_of(name: str, requests: Requests, node: NodeInfo) -> tuple[int, int]:
    """(what a node offers of a resource, what is taken with the Pod on it); (0, 0) where it does not count for this Pod."""
    if name == "cpu":
        return node.cpu, node.nonzero_cpu + requests.scored_cpu
    if name == "memory":
        return node.memory, node.nonzero_memory + requests.scored_memory
    if name == NATIVE[2]:
        return node.storage, node.used_storage + requests.storage
    wanted = requests.scalars.get(name, 0)
    return (node.scalars.get(name, 0), node.used_scalars.get(name, 0) + wanted) if wanted else (0, 0)
