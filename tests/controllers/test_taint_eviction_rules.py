"""How long a Pod tolerates its Node's NoExecute taints.

Source: pkg/controller/tainteviction/taint_eviction_test.go (TestGetMinTolerationTime).
"""

from __future__ import annotations

import pytest

from cluster.controllers.taint_eviction import NOT_TOLERATED, tolerated_seconds

TAINT = {"key": "a", "effect": "NoExecute"}
OTHER = {"key": "b", "value": "x", "effect": "NoExecute"}


def exists(key, seconds=None):
    toleration = {"key": key, "operator": "Exists", "effect": "NoExecute"}
    return toleration if seconds is None else {**toleration, "tolerationSeconds": seconds}


@pytest.mark.parametrize(
    ("taints", "tolerations", "expected"),
    [
        ([TAINT], [], NOT_TOLERATED),
        ([TAINT], [exists("b")], NOT_TOLERATED),
        ([TAINT], [exists("a")], None),  # for ever
        ([TAINT], [exists("a", 300)], 300),
        ([TAINT], [exists("a", 0)], 0),
        ([TAINT], [exists("a", -5)], 0),
        ([TAINT, OTHER], [exists("a", 300), exists("b", 10)], 10),  # the shortest counts
        ([TAINT, OTHER], [exists("a", 300)], NOT_TOLERATED),
        ([OTHER], [{"key": "b", "value": "x"}], None),  # operator Equal, any effect
        ([OTHER], [{"key": "b", "value": "y"}], NOT_TOLERATED),
        ([TAINT], [{"operator": "Exists"}], None),
        ([TAINT], [{"operator": "Exists", "effect": "NoSchedule"}], NOT_TOLERATED),
    ],
)
def test_a_taint_is_tolerated_for_as_long_as_the_shortest_match_says(taints, tolerations, expected):
    assert tolerated_seconds(taints, tolerations) == expected
