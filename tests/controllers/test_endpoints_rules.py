"""endpoint-controller: what a look at a Service writes, with no cluster around it.

Source: pkg/controller/endpoint/endpoints_controller_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import _endpoint_subsets as subsets
from cluster.controllers._endpoint_slices import HEADLESS
from cluster.controllers.endpoints import MANAGED_BY, MANAGER
from tests.controllers.rig import Rig

MADE = "2026-01-01T08:59:00Z"
TCP, UDP, SCTP = ({"port": 8080, "protocol": protocol} for protocol in ("TCP", "UDP", "SCTP"))


def port(protocol="TCP", target=8080, **more):
    return {"port": 80, "protocol": protocol, "targetPort": target, **more}


def service(*ports, labels=None, **spec):
    spec = {"selector": {"foo": "bar"}, "clusterIP": "10.96.0.7", "ipFamilies": ["IPv4"], "type": "ClusterIP", "ports": list(ports), **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "foo", "creationTimestamp": MADE, "labels": labels or {}}, "spec": spec}


def pod(number=0, *, ready=True, going=False, phase="Running", ips=None, **spec):
    meta = {"name": f"pod{number}", "labels": {"foo": "bar"}, "creationTimestamp": MADE, **({"deletionTimestamp": MADE} if going else {})}
    ports = [{"name": f"port{index}", "containerPort": 8080 + index, "protocol": "TCP"} for index in range(2)]
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}]}
    status["podIPs"] = [{"ip": ip} for ip in ([f"1.2.{3 + number // 200}.{4 + number % 200}"] if ips is None else ips)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [{"name": "c", "ports": ports}], **spec}, "status": status}


def address(number=0, **target):
    return {"ip": f"1.2.{3 + number // 200}.{4 + number % 200}", "nodeName": "",
            "targetRef": {"kind": "Pod", "namespace": "default", "name": f"pod{number}", "uid": f"uid-pod{number}", **target}}  # fmt: skip


def subset(*ports, ready=(), waiting=()):
    parts = {"addresses": [address(number) for number in ready], "notReadyAddresses": [address(number) for number in waiting], "ports": list(ports)}
    return {name: part for name, part in parts.items() if part}


def endpoints(*found, labels=None, annotations=None):
    meta = {"name": "foo", "labels": {MANAGED_BY: MANAGER} if labels is None else labels, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": meta, "subsets": list(found)}


def looked(*objects):
    rig = Rig({"controller": "endpoint-controller", "now": "2026-01-01T09:00:00Z", "objects": list(objects), "heard": True})
    assert rig.look({"key": "default/foo"}) is None
    return rig.requests


OLD = {"addresses": [{"ip": "6.7.8.9", "nodeName": ""}], "ports": [{"port": 1000, "protocol": "TCP"}]}
TWO = port(name="port0"), port(name="port1", target=8088)
SHOWN = {"port": 8080, "protocol": "TCP", "name": "port0"}, {"port": 8088, "protocol": "TCP", "name": "port1"}
NOW, RV = [subset(TCP, ready=[0])], {"resourceVersion": "1"}


@pytest.mark.parametrize(("of", "pods", "there", "verb", "written"), [
    (service(port(), selector=None), [], endpoints(OLD), None, None), (service(port(), selector=None), [pod()], None, None, None),
    (service(port()), [], endpoints(), None, None), (service(port()), [], None, "create", []),
    (service(port()), [pod()], endpoints(OLD, labels={}), "update", NOW), (service(port()), [pod()], endpoints(OLD), "update", NOW),
    (service(port("UDP")), [pod()], endpoints(OLD), "update", [subset(UDP, ready=[0])]),
    (service(port("SCTP")), [pod()], endpoints(OLD), "update", [subset(SCTP, ready=[0])]),
    (service(port(), port("UDP")), [pod()], endpoints(), "update", [subset(UDP, TCP, ready=[0])]),
    (service(port()), [pod(ready=False)], endpoints(), "update", [subset(TCP, waiting=[0])]),
    (service(port()), [pod(), pod(1, ready=False)], endpoints(), "update", [subset(TCP, ready=[0], waiting=[1])]),
    (service(port()), [pod()], endpoints(*NOW), None, None), (service(port()), [pod(), pod(1)], endpoints(subset(TCP, ready=[1, 0])), None, None),
    (service(port()), [pod(), pod(1, ready=False)], endpoints(
        {"addresses": [address(0, **RV)], "notReadyAddresses": [address(1, **RV)], "ports": [TCP]}), None, None),
    (service(*TWO), [pod(), pod(1), pod(2)], None, "create", [subset(*reversed(SHOWN), ready=[0, 1, 2])]),
    (service(port(), clusterIP="None"), [pod()], endpoints(OLD), "update", NOW),
    (service(clusterIP="None"), [pod()], endpoints(), "update", [subset(ready=[0])]), (service(), [pod()], endpoints(), None, None),
    (service(port()), [pod(phase="Failed", ready=False)], endpoints(), None, None),
    (service(port()), [pod(phase="Succeeded")], endpoints(), None, None),
    (service(port(), type="ExternalName"), [pod()], None, None, None), (service(type="ExternalName", selector=None), [pod()], None, None, None),
    (service(port(target="port1")), [pod()], None, "create", [subset({"port": 8081, "protocol": "TCP"}, ready=[0])]),
    (service(port(target="none")), [pod()], endpoints(), None, None),
    (service(port(appProtocol="http")), [pod()], None, "create", [subset({**TCP, "appProtocol": "http"}, ready=[0])]),
])  # fmt: skip
def test_a_services_pods_stand_behind_its_ports(of, pods, there, verb, written):
    """Source: TestSyncEndpoints…, TestSyncServiceExternalNameType, TestEndpointPortFromServicePort, TestSyncEndpointsAddDeletePorts."""
    found = looked(of, *pods, *([there] if there else []))
    assert [each["request"] for each in found] == ([f"{verb} endpoints foo"] if verb else [])
    assert verb is None or found[0]["body"].get("subsets", []) == written


@pytest.mark.parametrize(("of", "there", "labels"), [
    ({}, {}, {}), ({"foo": "bar"}, None, {"foo": "bar"}), ({"baz": "blah"}, {"foo": "bar"}, {"baz": "blah"}), ({HEADLESS: ""}, {}, {}),
])  # fmt: skip
@pytest.mark.parametrize("is_headless", [True, False])
def test_endpoints_carry_the_services_labels_and_the_controllers_own(of, there, labels, is_headless):
    """Source: TestSyncEndpointsItemsWithLabels, …PreexistingLabelsChange, …HeadlessService."""
    parts = {"clusterIP": "None"} if is_headless else {}
    [found] = looked(service(port(), labels=of, **parts), pod(), *([] if there is None else [endpoints(OLD, labels=there)]))
    assert found["body"]["metadata"]["labels"] == {**labels, MANAGED_BY: MANAGER, **({HEADLESS: ""} if is_headless else {})}


def test_a_label_for_headless_services_alone_is_no_reason_to_write():
    """Source: TestSyncEndpointsHeadlessServiceLabel."""
    assert looked(service(port()), endpoints(labels={MANAGED_BY: MANAGER, HEADLESS: ""})) == []


@pytest.mark.parametrize(("phase", "ready", "going", "public", "counts"), [
    ("Running", True, False, False, (1, 0)), ("Running", True, True, False, (0, 0)), ("Unknown", True, False, False, (1, 0)),
    ("Unknown", True, True, False, (0, 0)), ("Pending", True, False, False, (1, 0)), ("Pending", True, True, False, (0, 0)),
    ("Unknown", False, False, False, (0, 1)), ("Pending", False, False, False, (0, 1)), ("Failed", False, False, False, (0, 0)),
    ("Succeeded", False, False, False, (0, 0)), ("Running", False, False, True, (1, 0)), ("Running", False, True, True, (1, 0)),
    ("Unknown", False, False, True, (1, 0)), ("Unknown", False, True, True, (1, 0)), ("Pending", False, False, True, (1, 0)),
    ("Pending", False, True, True, (1, 0)), ("Failed", False, False, True, (0, 0)), ("Succeeded", False, False, True, (0, 0)),
])  # fmt: skip
def test_which_pods_stand_there_and_on_which_side(phase, ready, going, public, counts):
    """Source: TestSyncServiceAddresses."""
    [found] = looked(service(port(), publishNotReadyAddresses=public), pod(phase=phase, ready=ready, going=going))
    parts = (found["body"].get("subsets") or [{}])[0]
    assert (len(parts.get("addresses", ())), len(parts.get("notReadyAddresses", ()))) == counts


V4, V6 = "1.2.3.4", "2000::4"


@pytest.mark.parametrize(("families", "ips", "shown"), [
    (["IPv4"], [V4], V4), (["IPv4"], [V4, V6], V4), (["IPv4"], [V6, V4], V4), (["IPv6"], [V4, V6], V6), (["IPv6"], [V6], V6), (["IPv6"], [V4], None),
])  # fmt: skip
@pytest.mark.parametrize("cluster_ip", ["10.0.0.1", "None"])
def test_an_address_is_of_the_services_first_family(families, ips, shown, cluster_ip):
    """Source: TestPodToEndpointAddressForService."""
    found = subsets.address_of(looked_up(pod(ips=ips)), service(port(), ipFamilies=families, clusterIP=cluster_ip))
    assert (found[0]["ip"] if found else None) == shown


def looked_up(found):
    return {**found, "metadata": {**found["metadata"], "namespace": "default", "uid": "u"}}


@pytest.mark.parametrize(("ready", "waiting", "kept", "kept_waiting"), [
    ([], [], [], []), ([50, 100, 100, 100, 100], [50, 100, 100, 100, 100], [50, 100, 100, 100, 100], [50, 100, 100, 100, 100]),
    ([100] * 5, [100] * 5, [100] * 5, [100] * 5), ([90, 110, 50, 10, 20], [101, 200, 200, 201, 298], [90, 110, 50, 10, 20], [73, 144, 144, 145, 214]),
    ([205, 400, 402, 400, 693], [100, 200, 200, 200, 300], [98, 191, 192, 191, 328], [0] * 5),
])  # fmt: skip
def test_beyond_a_thousand_each_subset_keeps_its_share(ready, waiting, kept, kept_waiting):
    """Source: TestTruncateEndpoints."""
    given = [{"addresses": [{}] * count, "notReadyAddresses": [{}] * others} for count, others in zip(ready, waiting, strict=True)]
    found, is_cut = subsets.truncated(given)
    assert [len(each.get("addresses", ())) for each in found] == kept and is_cut == (sum(ready + waiting) > 1000)
    assert [len(each.get("notReadyAddresses", ())) for each in found] == kept_waiting


@pytest.mark.parametrize(("mark", "there", "ready", "waiting", "kept", "is_marked"), [
    (None, 0, 0, 0, None, False), (None, 9, 7, 4, (7, 3), True), (None, 9, 10, 10, (10, 0), True), ("truncated", 9, 9, 0, (9, 0), False),
    ("warning", 10, 10, 0, (10, 0), False), ("warning", 11, 11, 0, (10, 0), True), ("truncated", 10, 10, 0, (10, 0), False),
    ("invalid", 11, 11, 0, (10, 0), True),
])  # fmt: skip
def test_whether_addresses_were_left_out_is_marked(monkeypatch, mark, there, ready, waiting, kept, is_marked):
    """Source: TestSyncServiceOverCapacity, with room for ten."""
    monkeypatch.setattr(subsets, "CAPACITY", 10)
    pods = [pod(number, ready=number < ready) for number in range(ready + waiting)]
    given = endpoints(*([subset(TCP, ready=range(there))] if there else []), annotations={subsets.OVER_CAPACITY: mark} if mark else {})
    found = looked(service(port()), *pods, given)
    if kept is None:
        assert found == []
        return
    body = found[0]["body"]
    assert body["metadata"].get("annotations", {}).get(subsets.OVER_CAPACITY) == ("truncated" if is_marked else None)
    assert tuple(len(body["subsets"][0].get(part, ())) for part in ("addresses", "notReadyAddresses")) == kept


@pytest.mark.parametrize(("annotations", "is_looked_at"), [({}, True), ({"control-plane.alpha.kubernetes.io/leader": "{}"}, False)])
def test_endpoints_that_are_nobodys_go_but_not_those_that_say_who_leads(annotations, is_looked_at):
    """Source: TestCheckLeftoverEndpoints, checkLeftoverEndpoints."""
    rig = Rig({"controller": "endpoint-controller", "now": MADE, "objects": [endpoints(OLD, annotations=annotations)]})
    keys = []
    rig.controller.queue.add = keys.append
    rig.controller.on_synced()
    assert keys == (["default/foo"] if is_looked_at else [])


def test_the_endpoints_of_a_service_that_is_gone_go():
    """Source: TestSyncEndpointsServiceNotFound."""
    assert [each["request"] for each in looked(endpoints(OLD))] == ["delete endpoints foo"]


TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


@pytest.mark.parametrize("before", [None, "2020-01-01T00:00:00Z"])
def test_when_what_changed_happened_is_told_and_taken_away_where_nobody_knows(before):
    """Source: TestLastTriggerChangeTimeAnnotation, …Overridden, …Cleared."""
    there = endpoints(OLD, annotations={TRIGGER: before} if before else {})
    rig = Rig({"controller": "endpoint-controller", "now": MADE, "objects": [service(port()), pod(), there], "heard": True})
    rig.look({"key": "default/foo"})
    rig.revisions.clear()
    rig.know(endpoints(OLD, annotations={TRIGGER: before} if before else {}), 77)
    rig.look({"key": "default/foo"})
    assert [(each["body"]["metadata"].get("annotations") or {}).get(TRIGGER) for each in rig.requests] == [MADE, None]


@pytest.mark.parametrize(("stale", "end"), [(None, None), ("3", "retry"), ("2", None)])
def test_who_sees_what_has_been_replaced_already_waits(stale, end):
    """Source: endpoints_tracker_test.go TestStaleEndpointsTracker, TestMultiplePodChanges."""
    objects = [service(port()), pod(), endpoints(OLD)]
    rig = Rig({"controller": "endpoint-controller", "now": MADE, "objects": objects, "heard": True})
    if stale:
        rig.controller.state.stale["default/foo"] = stale
    assert rig.look({"key": "default/foo"}) == end and bool(rig.requests) == (end is None)
    rig.informers.by_resource["services", ""].put("DELETED", objects[0])
    rig.look({"key": "default/foo"})
    assert rig.controller.state.stale == {}
