"""Table tests of the arithmetic of rolling updates.

Source: pkg/controller/deployment/util/deployment_util_test.go, pkg/controller/deployment/sync_test.go (TestScale).
"""

from __future__ import annotations

import pytest

from cluster.controllers import _deployment_math as math


def deployment(replicas=10, surge="25%", unavailable="25%", type_="RollingUpdate", **status):
    strategy = {"type": type_}
    if type_ == "RollingUpdate":
        strategy["rollingUpdate"] = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"metadata": {"name": "web"}, "spec": {"replicas": replicas, "strategy": strategy}, "status": status}


def replica_set(name, replicas, *, created="2026-01-01T09:00:00Z", available=0, maximum=None, desired=None):
    annotations = {}
    if maximum is not None:
        annotations[math.MAXIMUM] = str(maximum)
    if desired is not None:
        annotations[math.DESIRED] = str(desired)
    return {
        "metadata": {"name": name, "uid": name, "creationTimestamp": created, "annotations": annotations},
        "spec": {"replicas": replicas},
        "status": {"availableReplicas": available},
    }


@pytest.mark.parametrize(
    ("surge", "unavailable", "desired", "expected"),
    [
        ("0%", "1%", 2, (0, 1)),  # both round to nothing: one may be missing
        ("1%", "25%", 2, (1, 0)),
        ("25%", "25%", 10, (3, 2)),  # surge rounds up, unavailability down
        ("25%", "25%", 3, (1, 0)),
        (0, 1, 1, (0, 1)),
        (5, 0, 1, (5, 0)),
        ("30%", "30%", 10, (3, 3)),
    ],
)
def test_fenceposts_round_surge_up_and_unavailability_down(surge, unavailable, desired, expected):
    assert math.fenceposts(surge, unavailable, desired) == expected


def test_recreate_allows_neither_surge_nor_unavailability():
    recreate = deployment(type_="Recreate")
    assert (math.max_surge(recreate), math.max_unavailable(recreate)) == (0, 0)


@pytest.mark.parametrize(
    ("sizes", "new_now", "expected"),
    [
        ([0], 0, 10),  # first rollout: all at once
        ([10, 0], 0, 3),  # as many as the surge allows
        ([8, 5], 5, 5),  # no room
        ([0, 9], 9, 10),  # never above the desired number
    ],
)
def test_the_new_replica_set_grows_as_far_as_surge_allows(sizes, new_now, expected):
    sets = [replica_set(str(index), size) for index, size in enumerate(sizes)]
    assert math.new_replicas(deployment(), sets, new_now) == expected


def test_scaling_in_the_middle_of_a_rollout_is_proportional():
    old = replica_set("old", 8, maximum=13)
    new = replica_set("new", 5, created="2026-01-01T09:05:00Z", maximum=13)
    sizes = dict(
        (item["metadata"]["name"], size) for item, size in math.proportional_sizes(deployment(20, 3, 2), [old, new])
    )
    assert sizes == {"old": 14, "new": 9}


def test_what_rounding_leaves_over_goes_to_the_largest():
    sets = [replica_set(name, 2, maximum=6) for name in ("a", "b", "c")]
    sized = math.proportional_sizes(deployment(7, 0, 1), sets)
    assert sum(size for _, size in sized) == 7
    assert sized[0][1] >= sized[1][1]


def test_scaling_to_zero_empties_every_replica_set():
    sets = [replica_set("a", 3, maximum=6), replica_set("b", 2, maximum=6)]
    assert [size for _, size in math.proportional_sizes(deployment(0, 1, 1), sets)] == [0, 0]


def test_the_only_active_replica_set_is_the_one_to_scale():
    old, new = replica_set("old", 3), replica_set("new", 0)
    assert math.active_or_latest(new, [old]) is old
    assert math.active_or_latest(new, [replica_set("old", 0)]) is new
    assert math.active_or_latest(replica_set("new", 1), [old]) is None


def test_saturation_needs_size_annotation_and_availability():
    assert math.is_saturated(deployment(2), replica_set("new", 2, available=2, desired=2))
    assert not math.is_saturated(deployment(2), replica_set("new", 2, available=1, desired=2))
    assert not math.is_saturated(deployment(2), replica_set("new", 2, available=2, desired=3))
    assert not math.is_saturated(deployment(2), None)


@pytest.mark.parametrize(("value", "expected"), [(2.5, 3), (2.4, 2), (-2.5, -3), (-2.4, -2), (0, 0)])
def test_halves_round_away_from_zero(value, expected):
    assert math.round_half_away(value) == expected
