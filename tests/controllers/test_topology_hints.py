"""Hints by the annotation topology-mode: which zones get how many endpoints, when they are none, and when they no longer do.

Source: k8s.io/endpointslice topologycache/{topologycache,utils,sliceinfo}_test.go, utils.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import _endpoint_slices as slices
from cluster.controllers import _topology_hints as hints

from .rig import Rig
from .world import TEMPLATE, World

ZONE = hints.ZONE


def node(zone="", cpu="1", *, ready="True", **labels):
    found = {**({ZONE: zone} if zone else {}), **{f"node-role.kubernetes.io/{name.replace('_', '-')}": value for name, value in labels.items()}}
    return {"metadata": {"name": "n", "labels": found}, "status": {"allocatable": {"cpu": cpu}, "conditions": [{"type": "Ready", "status": ready}]}}


@pytest.mark.parametrize(("nodes", "zones"), [
    ([], {}),
    ([node("a")], {}),
    ([node("a"), node("b", "500m")], {"a": 1000, "b": 500}),
    ([node("b"), node("a", "2"), node("b", "3")], {"a": 2000, "b": 4000}),
    ([node("a"), node("b"), node("")], {}),
    ([node("a"), node("b"), node("c", "0")], {}),
    ([node("a"), node("b"), node("", ready="False")], {"a": 1000, "b": 1000}),
    ([node("a"), node("b", ready="Unknown")], {}),
    ([node("a"), node("b"), node("", control_plane="")], {"a": 1000, "b": 1000}),
    ([node("a"), node("b"), node("c", master="true")], {"a": 1000, "b": 1000}),
])  # fmt: skip
def test_zones_are_weighed_by_the_cpu_of_their_ready_nodes(nodes, zones):
    assert hints.zones_of(nodes) == zones


FEW = "Insufficient number of endpoints ({} endpoints, {} zones)"
OVER = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ({} endpoints, {} zones)"
EVEN, THREE, UNEVEN = {"a": 1000, "b": 1000}, {"a": 1000, "b": 1000, "c": 1000}, {"a": 3000, "b": 1000}


@pytest.mark.parametrize(("zones", "count", "expected"), [
    ({}, 9, hints.TOO_LITTLE_KNOWN), (EVEN, 1, FEW.format(1, 2)), (THREE, 2, FEW.format(2, 3)),
    (EVEN, 3, OVER.format(3, 2)), ({"a": 2000, "b": 1000}, 4, OVER.format(4, 2)),
    (EVEN, 2, {"a": (1, 1, 1.0), "b": (1, 1, 1.0)}), (EVEN, 11, {"a": (5, 6, 5.5), "b": (5, 6, 5.5)}),
    (UNEVEN, 8, {"a": (5, 6, 6.0), "b": (2, 3, 2.0)}),
])  # fmt: skip
def test_each_zone_has_a_least_and_a_most(zones, count, expected):
    found = hints.parts_of(zones, count)
    assert (found if isinstance(found, str) else {zone: tuple(part) for zone, part in found.items()}) == expected


def slice_of(zones, hinted="", name="s"):
    """A slice of an endpoint a letter: its zone, `-` for none, `!` for one that is not ready."""
    endpoints = [{"addresses": [f"10.0.0.{number}"], "conditions": {"ready": zone != "!"}, **({"zone": zone} if zone.isalpha() else {})}
                 for number, zone in enumerate(zones)]  # fmt: skip
    for endpoint, zone in zip(endpoints, hinted, strict=False):
        endpoint["hints"] = {"forZones": [{"name": zone}]}
    return {"metadata": {"name": name, "namespace": "default", "uid": name}, "addressType": "IPv4", "endpoints": endpoints}


def shown(slice_):
    return "".join(each.get("hints", {}).get("forZones", [{"name": "-"}])[0]["name"] for each in slice_["endpoints"])


@pytest.mark.parametrize(("zones", "endpoints", "hinted"), [
    (EVEN, "ab", "ab"), (EVEN, "aaab", "baab"), (EVEN, "aaaa", "bbaa"), (UNEVEN, "aabb", "aaab"), (THREE, "aaabbb", "caacbb"),
    (EVEN, "aaaaab", "bbaaab"), (EVEN, "a!b", "a-b"), (EVEN, "a-b-", hints.NO_ZONE), ({}, "ab", hints.TOO_LITTLE_KNOWN),
])  # fmt: skip
def test_endpoints_are_hinted_for_their_zone_or_one_that_lacks_some(zones, endpoints, hinted):
    writing = [slice_of(endpoints)]
    found = hints.spread(writing, [], zones)
    assert found == hinted if isinstance(found, str) else shown(writing[0]) == hinted and sum(found.values()) == len(hinted.replace("-", ""))


@pytest.mark.parametrize(("untouched", "expected"), [
    (slice_of("ab", "ab"), []), (slice_of("ab", "a"), ["ab"]), (slice_of("ab", "ac"), ["ab"]), (slice_of("aabb", "aaab"), ["aabb"]),
    (slice_of("!ab", "xab"), []),
])  # fmt: skip
def test_a_slice_that_nobody_touches_is_written_where_its_hints_do_no_more(untouched, expected):
    writing = []
    assert not isinstance(hints.spread(writing, [untouched], EVEN), str)
    assert [shown(each) for each in writing] == expected


@pytest.mark.parametrize(("hinted", "zones", "is_overloaded"), [
    ({}, EVEN, False), ({"a": 1}, {}, True), ({"a": 2, "b": 2}, EVEN, False), ({"a": 3, "b": 1}, EVEN, True), ({"a": 4}, EVEN, True),
    ({"a": 5, "b": 6}, EVEN, False), ({"a": 2, "b": 2}, THREE, True),
])  # fmt: skip
def test_a_zone_is_overloaded_with_fewer_endpoints_than_its_share(hinted, zones, is_overloaded):
    assert hints.is_overloaded(hinted, zones) is is_overloaded


@pytest.mark.parametrize(("annotations", "asked"), [
    ({}, False), ({hints.MODES[1]: "Auto"}, True), ({hints.MODES[1]: "auto"}, True), ({hints.MODES[1]: "AUTO"}, False),
    ({hints.MODES[1]: "Disabled"}, False), ({hints.MODES[0]: "Auto"}, True), ({hints.MODES[0]: "Disabled", hints.MODES[1]: "Auto"}, False),
])  # fmt: skip
def test_the_annotation_asks_for_them(annotations, asked):
    assert hints.is_asked_for({"metadata": {"annotations": annotations}}) is asked


SERVICE = {"metadata": {"name": "web", "namespace": "default", "uid": "s"}, "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.7"}}
AUTO = {**SERVICE, "metadata": {**SERVICE["metadata"], "annotations": {hints.MODES[1]: "Auto"}}}
HINTS_ON, HINTS_OFF = ("Normal", "TopologyAwareHintsEnabled"), ("Warning", "TopologyAwareHintsDisabled")


def written(service, zones, hinted, endpoints="ab", there=()):
    """(what is hinted in the slice that is written, events) of one look."""
    desired = {f"/{each['addresses'][0]}//": each for each in slice_of(endpoints)["endpoints"]}
    keyed = {slices.key_of(each): each for each in desired.values()}
    changes = slices.reconcile(service, "IPv4", {(("", 80, "TCP", None),): keyed}, list(there), {}, slices.Hints(zones, hinted))
    return [shown(each) for each in (*changes.create, *changes.update)], changes.events


def test_hints_are_told_of_when_they_come_and_go():
    hinted = {}
    assert written(AUTO, EVEN, hinted) == (["ab"], [(*HINTS_ON, "Topology Aware Hints has been enabled, addressType: IPv4")])
    assert hinted == {"default/web": {"IPv4": {"a": 1, "b": 1}}}
    assert written(AUTO, EVEN, hinted) == (["ab"], [])
    assert written(AUTO, EVEN, hinted, "a") == (["-"], [(*HINTS_OFF, f"{FEW.format(1, 2)}, addressType: IPv4")]) and hinted == {}
    assert written(AUTO, EVEN, hinted)[0] == ["ab"]
    assert written(SERVICE, {}, hinted) == (["--"], [(*HINTS_OFF, "Topology Aware Hints has been disabled, addressType: IPv4")])
    assert written(SERVICE, {}, hinted) == (["--"], [])


def test_a_service_that_has_an_address_family_no_more_has_no_hints_of_it():
    """Source: k8s.io/endpointslice reconciler.go (Reconcile)."""
    rig = Rig({"controller": "endpointslice-controller", "now": "2026-01-01T09:00:00Z", "objects": []})
    meta = {"name": "web", "creationTimestamp": "2026-01-01T09:00:00Z", "annotations": AUTO["metadata"]["annotations"]}
    labels = {slices.SERVICE_NAME: "web", slices.MANAGED_BY: slices.MANAGER}
    rig.know({"apiVersion": "v1", "kind": "Service", "metadata": meta,
              "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}], "type": "ClusterIP", "ipFamilies": ["IPv4"]}}, 1)  # fmt: skip
    rig.know({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "web-6", "namespace": "default", "labels": labels},
              "addressType": "IPv6", "endpoints": [], "ports": []}, 2)  # fmt: skip
    rig.controller.state.hinted = {"default/web": {"IPv6": {"a": 1}}}
    rig.look({"key": "default/web"})
    assert "delete endpointslices web-6" in [each["request"] for each in rig.requests] and rig.controller.state.hinted == {}


@pytest.mark.slow
def test_a_zone_that_loses_its_node_takes_the_hints_along_and_brings_them_back():
    """Source: endpointslice_controller.go (updateNode, checkNodeTopologyDistribution)."""
    world, zones = World(), {"n1": "a", "n2": "b"}
    for name, zone in zones.items():
        world.node(name)
        world.do(world.client.patch("nodes", name, {"metadata": {"labels": {ZONE: zone}}}, patch_type="merge"))
        world.do(world.client.patch("nodes", name, {"status": {"allocatable": {"cpu": "2"}}}, patch_type="merge", subresource="status"))
    for name, ip in (("n1", "10.244.0.5"), ("n2", "10.244.1.5")):
        made = world.create("pods", {"apiVersion": "v1", "kind": "Pod", **TEMPLATE, "metadata": {"name": name, **TEMPLATE["metadata"]},
                                     "spec": {**TEMPLATE["spec"], "nodeName": name}})  # fmt: skip
        status = {"podIP": ip, "podIPs": [{"ip": ip}]}
        world.do(world.client.patch("pods", name, {"status": status}, namespace="default", patch_type="merge", subresource="status"))
        world.make_ready(made)
    meta, spec = {"name": "web", "annotations": {hints.MODES[1]: "Auto"}}, {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    world.create("services", {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})

    def hinted():
        world.run(3_000)
        [slice_] = [each for each in world.list("endpointslices") if each["metadata"]["labels"].get(slices.SERVICE_NAME) == "web"]
        return [[zone["name"] for zone in each.get("hints", {}).get("forZones", ())] for each in slice_["endpoints"]]

    assert hinted() == [["a"], ["b"]]
    for zone, found in ((None, [[], []]), ("b", [["a"], ["b"]])):
        world.do(world.client.patch("nodes", "n2", {"metadata": {"labels": {ZONE: zone}}}, patch_type="merge"))
        if zone:
            world.do(world.client.patch("services", "web", {"metadata": {"labels": {"looked": "at"}}}, "default", "merge"))
        assert hinted() == found
