"""The scoring strategies of NodeResourcesFit, with the figures of upstream's own tests.

Source: kubernetes pkg/scheduler/framework/plugins/noderesources/{most_allocated,least_allocated,requested_to_capacity_ratio}_test.go.
"""

from __future__ import annotations

import pytest

from cluster.scheduler.plugins.node_resources_fit import PLUGIN, ByStrategy
from cluster.scheduler.scoring import run_scores
from cluster.scheduler.strategies import LEAST, MOST, RATIO, Strategy, along

from .test_plugin_tables import cycle, node, pod

BOTH = (("cpu", 1), ("memory", 1))
GPU = (("example.com/gpu", 1), *BOTH)
HEAVY = (("example.com/gpu", 2), *BOTH)
SPREAD, PACK = ((0, 10), (100, 0)), ((0, 0), (100, 1))
TWO = [("1000", "2000"), ("2000", "3000")]  # a Pod's containers: 3000 cores, 5000 bytes
ALIKE = [("10000", "20000")] * 2
UNEVEN = [("4000", "10000"), ("6000", "10000")]


def scored(strategy, asked, offered, placed=()):
    """Each node's score; offered: (cpu, memory, gpu?) a node, placed: (node's index, its Pod's requests)."""
    nodes = [node(f"n{index}", **dict(zip(("cpu", "memory", "gpu"), each, strict=False))) for index, each in enumerate(offered)]
    there = [(f"n{index}", pod(f"q{number}", *each)) for number, (index, each) in enumerate(placed)]
    attempt = cycle(pod("p", *asked) if asked is not None else pod("p", containers=[]), nodes, there)
    return [ByStrategy(strategy).score(attempt, each) for each in attempt.cache.nodes]


HALF = [(0, [("3000", "0")]), (0, [("3000", "0")]), (1, [("3000", "0")]), (1, [("3000", "5000")])]
MOSTS = [
    (BOTH, TWO, UNEVEN, (), [62, 50]),
    (BOTH, None, ALIKE, HALF, [30, 42]),
    (BOTH, TWO, ALIKE, [(0, [("3000", "0")]), (1, [("3000", "5000")])], [42, 55]),
    (BOTH, [("2000", "4000"), ("3000", "5000")], [("5000", "10000"), ("10000", "9000")], (), [95, 75]),
    ((("memory", 2), ("cpu", 1)), TWO, UNEVEN, (), [58, 50]),
    (BOTH, [{}], [("250m", "1000Mi")] * 2, [(0, [{}]), (0, [{}])], [80, 30]),
    (GPU, TWO, [("6000", "10000"), ("6000", "10000", "4")], (), [50, 50]),
    (GPU, [{"cpu": "3000", "memory": "5000", "example.com/gpu": "2"}], [("6000", "10000", "4"), ("6000", "10000", "10")], (), [50, 40]),
    (HEAVY, [("3000", "4000")], [("6000", "10000"), ("6000", "10000", "4")], (), [45, 45]),
]


@pytest.mark.parametrize(("resources", "asked", "offered", "placed", "expected"), MOSTS)
def test_most_allocated_prefers_full_nodes(resources, asked, offered, placed, expected):
    assert scored(Strategy(MOST, resources), asked, offered, placed) == expected


@pytest.mark.parametrize(("resources", "asked", "offered", "placed", "expected"), [
    (BOTH, None, [("4000", "10000")] * 2, (), [100, 100]),
    (BOTH, TWO, UNEVEN, (), [37, 50]),
    (BOTH, None, ALIKE, HALF, [70, 57]),
    ((("memory", 2), ("cpu", 1)), TWO, UNEVEN, (), [41, 50]),
])
def test_least_allocated_prefers_empty_nodes(resources, asked, offered, placed, expected):
    assert scored(Strategy(LEAST, resources), asked, offered, placed) == expected


GPUS = [("4000", "10000Mi", "8"), ("4000", "10000Mi", "4")]


@pytest.mark.parametrize(("resources", "shape", "asked", "offered", "placed", "expected"), [
    (BOTH, SPREAD, None, [("4000", "10000")] * 2, (), [100, 100]),
    (BOTH, SPREAD, TWO, UNEVEN, (), [38, 50]),
    (BOTH, SPREAD, None, UNEVEN, [(0, [("3000", "5000")]), (1, [("3000", "5000")])], [38, 50]),
    (GPU[:1], PACK, None, GPUS, (), [0, 0]),
    (GPU[:1], PACK, [{"example.com/gpu": "2"}], GPUS, (), [2, 5]),
    (GPU[:1], PACK, [{"example.com/gpu": "2"}], GPUS, [(1, [{"example.com/gpu": "2"}])], [2, 10]),
    (GPU[:1], PACK, [{"example.com/gpu": "4"}], GPUS, (), [5, 10]),
])
def test_a_ratio_is_scored_along_its_shape(resources, shape, asked, offered, placed, expected):
    assert scored(Strategy(RATIO, resources, shape), asked, offered, placed) == expected


@pytest.mark.parametrize(("shape", "points"), [
    (((10, 1), (90, 9)), {-10: 1, 0: 1, 9: 1, 10: 1, 15: 1, 19: 1, 20: 2, 89: 8, 90: 9, 99: 9, 100: 9, 110: 9}),
    (((0, 2), (40, 10), (100, 0)), {-10: 2, 0: 2, 20: 6, 30: 8, 40: 10, 70: 5, 100: 0, 110: 0}),
    (((0, 2), (40, 2), (100, 2)), {-10: 2, 0: 2, 20: 2, 30: 2, 40: 2, 70: 2, 100: 2, 110: 2}),
])
def test_a_shape_is_made_of_straight_lines(shape, points):
    assert {use: along(shape, use) for use in points} == points


def test_what_two_strategies_say_of_the_same_pod_is_remembered_apart():
    nodes, full = [node("a", cpu="4000", memory="10000"), node("b", cpu="4000", memory="10000")], pod("q", ("2000", "5000"))
    attempt = cycle(pod("p", ("1000", "2500")), nodes, [("a", full)])
    plugins = [ByStrategy(Strategy(MOST)), PLUGIN, ByStrategy(Strategy(RATIO, BOTH, SPREAD)), ByStrategy(Strategy(MOST))]
    found = [run_scores(attempt, (plugin,), [0, 1]).spread_out().columns[0].raw for plugin in plugins]
    assert found == [[75, 25], [25, 75], [25, 75], [75, 25]]
