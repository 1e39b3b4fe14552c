"""node-ipam-controller: which range of addresses a Node gets.

Source: pkg/controller/nodeipam/ipam/cidrset/cidr_set_test.go, range_allocator_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers.node_ipam import RANGES, RangeState, cidr_of, next_range, ranges_of
from cluster.meta.requests import Response
from tests.controllers.rig import Rig


@pytest.mark.parametrize(("cidr", "first", "count"), [
    ("10.244.0.0/14", 0, 1024), ("10.0.0.0/8", 0, 1024), ("10.244.0.0/24", 0, 1), ("10.244.0.1/24", 0, 1), ("10.244.5.128/25", 5, 1),
    ("10.244.8.0/22", 8, 4), ("10.244.9.0/22", 8, 4), ("10.245.0.0/16", 256, 256), ("10.247.255.0/24", 1023, 1), ("10.248.0.0/24", 0, 0),
    ("192.168.0.0/16", 0, 0), ("ace:cab:deca::/64", 0, 0), ("0.0.0.0/0", 0, 1024),
])  # fmt: skip
def test_a_nodes_own_range_takes_those_of_the_clusters_that_it_touches(cidr, first, count):
    """Source: TestOccupy, TestGetBitforCIDR, TestOccupyPreExistingCIDR."""
    assert ranges_of(cidr) == [cidr_of(number) for number in range(first, first + count)]


def test_what_is_taken_or_freed_twice_counts_once():
    """Source: TestDoubleOccupyRelease."""
    taken, counts = {}, []
    for do, cidr in (("+", "10.244.5.0/24"), ("+", "10.244.9.0/24"), ("+", "10.244.8.0/22"), ("+", "10.244.9.0/24"), ("-", "10.244.9.0/24"),
                     ("-", "10.244.9.0/24"), ("-", "10.244.4.0/22")):  # fmt: skip
        for each in ranges_of(cidr):
            taken.pop(each, None) if do == "-" else taken.setdefault(each, "n")
        counts.append(len(taken))
    assert counts == [1, 2, 5, 5, 4, 4, 3]


def test_all_are_given_out_before_one_is_used_again():
    """Source: TestCIDRSetFullyAllocated, TestCIDRSet_AllocationOccupied."""
    state = RangeState(taken={cidr_of(number): "n" for number in range(RANGES // 2, RANGES)})
    given = []
    for _ in range(RANGES // 2):
        number = next_range(state.taken, state.cursor)
        state.taken[cidr_of(number)], state.cursor = "n", (number + 1) % RANGES
        given.append(number)
    assert given == list(range(RANGES // 2)) and next_range(state.taken, state.cursor) is None
    del state.taken[cidr_of(7)]
    assert next_range(state.taken, state.cursor) == 7


def node(name, cidr="", *, going=False):
    meta = {"name": name, **({"deletionTimestamp": "2026-01-01T08:00:00Z"} if going else {})}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": {"podCIDR": cidr, "podCIDRs": [cidr]} if cidr else {}}


def rig_of(*nodes, answers=None):
    return Rig({"controller": "node-ipam-controller", "now": "2026-01-01T09:00:00Z", "objects": list(nodes), "heard": True, "answers": answers})


def given_to(rig, name):
    rig.requests.clear()
    end = rig.look({"key": name})
    return end, [each["body"]["spec"]["podCIDR"] for each in rig.requests]


@pytest.mark.parametrize(("others", "gone", "given"), [
    ([], [], "10.244.0.0/24"), ([node("a", "10.244.0.0/24")], [], "10.244.1.0/24"), ([node("a", "10.244.0.0/22")], [], "10.244.4.0/24"),
    ([node("a", "10.244.1.0/24")], [], "10.244.0.0/24"), ([node("a", "10.244.0.0/24", going=True)], [], "10.244.1.0/24"),
    ([node("a", "10.244.0.0/24")], [node("a", "10.244.0.0/24")], "10.244.0.0/24"),
    ([node("a", "10.244.0.0/22")], [node("a", "10.244.0.0/22")], "10.244.0.0/24"),
    ([node("a", "192.168.0.0/24")], [], "10.244.0.0/24"),
])  # fmt: skip
def test_a_node_gets_the_first_range_that_nobody_has(others, gone, given):
    """Source: TestAllocateOrOccupyCIDRSuccess, TestReleaseCIDRSuccess, TestNodeDeletionReleaseCIDR."""
    rig = rig_of(*others, node("n"))
    for each in gone:
        rig.controller.on_node("DELETED", each, each)
    assert given_to(rig, "n") == (None, [given])
    assert given_to(rig, "n") == (None, []), "what is given is waited for"
    assert given in rig.controller.state.taken
    seen = node("n", given)
    rig.controller.on_node("MODIFIED", node("n"), seen)
    rig.controller.on_node("DELETED", seen, seen)
    assert given_to(rig, "n") == (None, [cidr_of(rig.controller.state.cursor - 1)]), "another Node of this name"


@pytest.mark.parametrize("which", [node("n", "10.244.0.0/24"), node("n", going=True), node("other")])
def test_who_has_one_is_going_or_gone_gets_none(which):
    assert given_to(rig_of(which), "n") == (None, [])


def test_nodes_beyond_the_last_range_are_told_so():
    """Source: TestAllocateOrOccupyCIDRFailure."""
    rig = rig_of(node("a", "10.244.0.0/14"), node("n"))
    assert given_to(rig, "n") == ("retry", []) and rig.events == ["Normal CIDRNotAvailable Node n status is now: CIDRNotAvailable"]


def test_a_range_that_cannot_be_given_is_tried_three_times_and_free_again():
    """Source: updateCIDRsAllocation."""
    refused = {"code": 422, "body": {"kind": "Status", "reason": "Invalid", "message": "no"}}
    rig = rig_of(node("n"), answers={"patch nodes n": refused})
    assert given_to(rig, "n") == ("retry", ["10.244.0.0/24"] * 3) and rig.controller.state.taken == {}
    assert rig.events == ["Normal CIDRAssignmentFailed Node n status is now: CIDRAssignmentFailed"]


def test_a_range_that_cannot_be_given_may_have_been_freed_meanwhile():
    """By another Node that came with it and went."""
    rig = rig_of(node("n"))
    work = rig.controller.sync("n")
    next(work)
    rig.controller.on_node("DELETED", node("a"), node("a", "10.244.0.0/24"))
    refused = Response(code=422, body={"kind": "Status", "reason": "Invalid", "message": "no"})
    with pytest.raises(StopIteration) as end:
        for _ in range(3):
            work.send(refused)
    assert end.value.value == "retry" and rig.controller.state.taken == {}
