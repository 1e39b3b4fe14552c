"""Lost nodes: health, zones, taints and tolerations.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller_test.go, pkg/controller/nodelifecycle/scheduler/rate_limited_queue_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import _node_health as health
from cluster.controllers import _taints, node_ipam, node_lifecycle
from cluster.controllers._node_health import Health, Zone

NOW = "2026-01-01T09:10:00Z"


def node(ready="True", heartbeat="t1", taints=(), **spec):
    conditions = (
        [{"type": "Ready", "status": ready, "lastHeartbeatTime": heartbeat, "lastTransitionTime": "t0"}]
        if ready
        else []
    )
    return {
        "metadata": {"name": "n1", "uid": "u1", "creationTimestamp": "2026-01-01T09:00:00Z"},
        "spec": {**spec, "taints": list(taints)},
        "status": {"conditions": conditions},
    }


def lease(renewed):
    return {"spec": {"renewTime": renewed}}


def test_a_new_heartbeat_or_a_renewed_lease_is_news():
    seen = health.observe(None, health.ready_condition(node()), lease("r1"), now_ms=1000, created_ms=0)
    assert seen.probe_ms == 1000
    assert health.observe(seen, health.ready_condition(node()), lease("r1"), now_ms=6000, created_ms=0).probe_ms == 1000
    assert health.observe(seen, health.ready_condition(node()), lease("r2"), now_ms=6000, created_ms=0).probe_ms == 6000
    assert health.observe(seen, health.ready_condition(node(heartbeat="t2")), lease("r1"), now_ms=6000, created_ms=0).probe_ms == 6000


def test_a_lease_that_is_old_is_news_once_more_after_a_heartbeat():
    """Source: tryUpdateNodeHealth, whose new memory of a heartbeat holds no Lease."""
    first, later = (health.ready_condition(node(heartbeat=time)) for time in ("t1", "t2"))
    seen, probes = None, []
    for now_ms, ready, renewed in ((0, first, "r1"), (5, later, "r1"), (10, later, "r1"), (15, later, "r1"), (20, first, "r2"), (25, first, "r2")):
        seen = health.observe(seen, ready, lease(renewed), now_ms=now_ms, created_ms=0)
        probes.append(seen.probe_ms)
    assert probes == [0, 5, 10, 10, 20, 20]


def test_what_brings_no_news_leaves_the_memory_as_it_is():
    ready = health.ready_condition(node())
    seen = health.observe(None, ready, lease("r1"), now_ms=1000, created_ms=0)
    assert health.observe(seen, ready, lease("r1"), now_ms=6000, created_ms=0) is seen
    other = {**ready, "reason": "other"}
    assert health.observe(seen, other, lease("r1"), now_ms=6000, created_ms=0) == Health(1000, other, "r1")


@pytest.mark.parametrize(("made", "is_fine"), [
    (node(), True), (node(ready="False"), False), (node(ready=None), False), ({**node(), "spec": {"taints": [{"key": "a"}]}}, False),
])
def test_a_node_is_fine_that_is_ready_and_without_taints(made, is_fine):
    look = health.look_at(made)
    assert look.is_fine is is_fine and look.ready == health.ready_condition(made) and look.zone == "" and look.counts


def seen(zone, *, counts=True):
    labels = {"topology.kubernetes.io/zone": zone, **({} if counts else {health.EXCLUDED: ""})}
    return health.look_at({**node(), "metadata": {**node()["metadata"], "labels": labels}})


@pytest.mark.parametrize(("ready", "found"), [
    ((True, True, True, True), {":\0:b": [True, True], ":\0:a": [True]}),
    ((True, True, False, True), {":\0:b": [True, False], ":\0:a": [True]}),
    ((None, True, True, False), {":\0:a": [True], ":\0:b": [True]}),
])
def test_nodes_are_counted_zone_by_zone_whether_all_are_well_or_not(ready, found):
    looks = [seen("b"), seen("a"), seen("b"), seen("a", counts=False)]
    counted = node_lifecycle._by_zone(looks, list(ready))
    assert list(counted.items()) == list(found.items())


def test_a_node_that_never_reported_counts_from_its_creation():
    assert health.observe(None, health.ready_condition(node(ready=None)), None, now_ms=9000, created_ms=500) == Health(probe_ms=500)


def test_giving_up_makes_known_conditions_unknown_and_adds_the_missing():
    conditions = health.given_up(node(), NOW)
    assert [condition["type"] for condition in conditions] == ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]
    assert {condition["status"] for condition in conditions} == {"Unknown"}
    assert [condition["reason"] for condition in conditions[:2]] == ["NodeStatusUnknown", "NodeStatusNeverUpdated"]
    assert conditions[0]["lastHeartbeatTime"] == "t1"


def test_what_was_given_up_already_stays_as_it_is():
    lost = node(ready="Unknown")
    lost["status"]["conditions"] = health.given_up(lost, NOW)
    assert health.given_up(lost, "later") == lost["status"]["conditions"]


@pytest.mark.parametrize(
    ("ready", "expected"),
    [
        ([True, True], "Normal"),
        ([True, False], "Normal"),
        ([False, False], "FullDisruption"),
        ([True, True, False, False, False], "PartialDisruption"),
        ([True, True, True, False, False, False], "Normal"),
        ([], "Normal"),
    ],
)
def test_a_zone_is_disrupted_when_most_of_it_is_lost(ready, expected):
    assert health.zone_state(ready) == expected


def test_one_node_in_ten_seconds_is_tainted():
    zone = Zone()
    assert zone.take_token(0)
    assert not zone.take_token(9_999)
    assert zone.take_token(10_000)


def test_a_node_waits_once_until_it_is_forgotten():
    zone = Zone()
    assert zone.add("n1") and not zone.add("n1")
    assert zone.remove("n1") and zone.add("n1")


@pytest.mark.parametrize(("moves", "waiting", "done"), [
    ("", "abc", ""), ("-b", "ac", ""), ("-a", "bc", ""), ("-c", "ab", ""), ("!a", "bc", "a"), ("!a +a", "bc", "a"), ("!a -a", "bc", ""),
    ("!a -a +a", "bca", ""), ("!a ?b", "cb", "a"), ("?a ?b", "cab", ""), ("?a -a", "bc", ""), ("-b ?b", "ac", ""), ("-b !b", "ac", ""),
])  # fmt: skip
def test_nodes_wait_in_their_order_and_who_cannot_be_served_lets_others_pass(moves, waiting, done):
    """Source: rate_limited_queue_test.go. + comes, - is forgotten, ! has been served, ? could not be."""
    zone = Zone()
    for move in [*("+a", "+b", "+c"), *moves.split()]:
        {"+": zone.add, "-": zone.remove, "!": zone.finish, "?": zone.put_off}[move[0]](move[1])
    assert (zone.waiting, zone.done) == (list(waiting), list(done))


def test_a_taint_that_is_there_takes_the_later_time_at_its_place():
    early, other = {"key": "a", "effect": "NoExecute", "timeAdded": "t1"}, {"key": "b", "effect": "NoExecute"}
    late = {**early, "timeAdded": "t2"}
    assert _taints.with_taints([early, other], [late]) == [late, other]
    assert _taints.with_taints([other], [late]) == [other, late]


def test_no_schedule_taints_follow_conditions_and_cordons():
    add, remove = _taints.no_schedule_difference(node("Unknown", unschedulable=True))
    assert [taint["key"] for taint in add] == [_taints.UNREACHABLE, _taints.UNSCHEDULABLE]
    stale = {"key": _taints.NOT_READY, "effect": "NoSchedule"}
    mine = {"key": "mine", "effect": "NoSchedule"}
    add, remove = _taints.no_schedule_difference(node(taints=[stale, mine]))
    assert (add, remove) == ([], [stale])


def test_ranges_go_round_before_one_is_used_again():
    assert node_ipam.next_range([], 0) == 0
    assert node_ipam.next_range(["10.244.0.0/24", "10.244.1.0/24"], 0) == 2
    assert node_ipam.next_range(["10.247.255.0/24"], 1023) == 0
    assert node_ipam.cidr_of(256) == "10.245.0.0/24"
    assert node_ipam.next_range([node_ipam.cidr_of(number) for number in range(1024)], 7) is None
