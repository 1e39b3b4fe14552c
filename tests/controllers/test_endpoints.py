"""Endpoints and EndpointSlices: golden reconciles, and playbooks of Services and Pods that come, become ready and go.

Source: k8s.io/endpointslice reconciler_test.go, utils_test.go, trafficdist/trafficdist_test.go; pkg/controller/endpoint/endpoints_controller_test.go.
"""

import pytest

from cluster.controllers import _endpoint_slices as slices
from cluster.controllers import _endpoint_subsets as subsets

from .world import World

TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


def service(name="web", **spec):
    spec = {"type": "ClusterIP", "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "ipFamilies": ["IPv4"], "selector": {"app": "web"},
            "ports": [{"port": 80, "targetPort": "http", "protocol": "TCP"}], **spec}  # fmt: skip
    return {"metadata": {"name": name, "namespace": "default", "uid": "s", "labels": {"app": "x"}}, "spec": spec}


def pod(name, ip, *, ready=True, going=False, port=8080, node="n1", **spec):
    meta = {"name": name, "namespace": "default", "uid": name, "labels": {"app": "web"}, **({"deletionTimestamp": "t"} if going else {})}
    container = {"name": "app", "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}]}
    status = {"phase": "Running", "podIPs": [{"ip": ip}], "conditions": [{"type": "Ready", "status": str(ready)}]}
    return {"metadata": meta, "spec": {"containers": [container], "nodeName": node, **spec}, "status": status}


def wanted(*pods, of=None, zone=None):
    node = {"metadata": {"labels": {slices.ZONE: zone}}} if zone else None
    return [slices.wanted(each, node, of or service(), "IPv4") for each in pods]


def reconciled(of, family, endpoints, there):
    desired = {}
    for each in endpoints:
        desired.setdefault(each.ports, {})[each.key] = each.endpoint
    return slices.reconcile(of, family, desired, there, {})


def stored(slice_, name):
    return {**slice_, "metadata": {**slice_["metadata"], "name": name, "uid": name}}


def test_a_slice_names_pod_node_zone_and_port():
    [found] = reconciled(service(), "IPv4", wanted(pod("a", "10.244.0.2", hostname="h", subdomain="web"), zone="z"), []).create
    target = {"kind": "Pod", "namespace": "default", "name": "a", "uid": "a"}
    conditions = {"ready": True, "serving": True, "terminating": False}
    assert found["endpoints"] == [{"addresses": ["10.244.0.2"], "conditions": conditions, "hostname": "h", "targetRef": target,
                                   "nodeName": "n1", "zone": "z"}]  # fmt: skip
    assert found["ports"] == [{"name": "", "port": 8080, "protocol": "TCP"}]
    assert found["metadata"]["labels"] == {"app": "x", "kubernetes.io/service-name": "web", slices.MANAGED_BY: slices.MANAGER}


@pytest.mark.parametrize(
    ("ready", "going", "public", "conditions"),
    [(True, False, False, (True, True, False)), (False, False, False, (False, False, False)), (True, True, False, (False, True, True)),
     (False, True, False, (False, False, True)), (False, False, True, (True, False, False)), (True, True, True, (True, True, True))],
)  # fmt: skip
def test_conditions_say_ready_serving_terminating(ready, going, public, conditions):
    [found] = wanted(pod("a", "10.244.0.2", ready=ready, going=going), of=service(publishNotReadyAddresses=public))
    assert tuple(found.endpoint["conditions"].values()) == conditions


def test_a_service_without_endpoints_has_an_empty_slice_that_its_first_endpoint_moves_into():
    [empty] = reconciled(service(), "IPv4", [], []).create
    assert (empty["endpoints"], empty["ports"]) == (None, None)
    there = stored(empty, "web-1")
    assert reconciled(service(), "IPv4", [], [there]) == slices.Changes()
    changes = reconciled(service(), "IPv4", wanted(pod("a", "10.244.0.2")), [there])
    assert [each["metadata"]["name"] for each in changes.update] == ["web-1"] and not changes.create and not changes.delete
    back = reconciled(service(), "IPv4", [], [stored(changes.update[0], "web-1")])
    assert back.update[0]["endpoints"] is None and not back.delete


def test_a_hundred_fit_in_a_slice_and_only_what_changes_is_written():
    pods = [pod(f"p{index:03}", f"10.244.0.{index + 2}") for index in range(150)]
    first = reconciled(service(), "IPv4", wanted(*pods), [])
    assert [len(each["endpoints"]) for each in first.create] == [100, 50]
    there = [stored(each, f"web-{index}") for index, each in enumerate(first.create)]
    assert reconciled(service(), "IPv4", wanted(*pods), there) == slices.Changes()
    without = reconciled(service(), "IPv4", wanted(*pods[1:], pod("new", "10.244.1.2")), there)
    assert [(each["metadata"]["name"], len(each["endpoints"])) for each in without.update] == [("web-0", 100)]
    more = reconciled(service(), "IPv4", wanted(*pods, pod("new", "10.244.1.2")), there)
    assert [(each["metadata"]["name"], len(each["endpoints"])) for each in more.update] == [("web-1", 51)]


def test_pods_whose_named_port_differs_have_slices_of_their_own():
    changes = reconciled(service(), "IPv4", wanted(pod("a", "10.244.0.2"), pod("b", "10.244.0.3", port=9090)), [])
    assert [each["ports"][0]["port"] for each in changes.create] == [8080, 9090]


def test_the_services_labels_are_kept_up():
    [made] = reconciled(service(), "IPv4", wanted(pod("a", "10.244.0.2")), []).create
    other = {**service(clusterIP="None", clusterIPs=["None"]), "metadata": {**service()["metadata"], "labels": {"tier": "back"}}}
    [found] = reconciled(other, "IPv4", wanted(pod("a", "10.244.0.2")), [stored(made, "web-1")]).update
    assert found["metadata"]["labels"] == {"tier": "back", slices.HEADLESS: "", slices.SERVICE_NAME: "web", slices.MANAGED_BY: slices.MANAGER}


@pytest.mark.parametrize(
    ("distribution", "hints"),
    [(None, None), ("PreferClose", {"forZones": [{"name": "z"}]}), ("PreferSameNode", {"forZones": [{"name": "z"}], "forNodes": [{"name": "n1"}]})],
)
def test_hints_follow_the_traffic_distribution(distribution, hints):
    of = service(trafficDistribution=distribution)
    [made] = reconciled(of, "IPv4", wanted(pod("a", "10.244.0.2"), zone="z"), []).create
    assert made["endpoints"][0].get("hints") == hints
    assert reconciled(of, "IPv4", wanted(pod("a", "10.244.0.2"), zone="z"), [stored(made, "web-1")]) == slices.Changes()


def test_subsets_group_addresses_by_port_with_those_not_ready_beside():
    pods = pod("b", "10.244.0.3"), pod("a", "10.244.0.2", ready=False), pod("c", "10.244.0.4", port=1)
    found = subsets.subsets_of([subsets.address_of(each, service()) for each in pods])
    ready = [(subset["ports"][0]["port"], [each["ip"] for each in subset["addresses"]]) for subset in found]
    assert ready == [(1, ["10.244.0.4"]), (8080, ["10.244.0.3"])]
    assert [each["ip"] for each in found[1]["notReadyAddresses"]] == ["10.244.0.2"]


def test_more_than_a_thousand_addresses_are_cut_and_marked():
    ports = (("", 80, "TCP", None),)
    made = [({"ip": str(index), "targetRef": {"uid": str(index)}}, ports, index % 2 == 0) for index in range(1200)]
    found, is_cut = subsets.truncated(subsets.subsets_of(made))
    assert is_cut and (len(found[0]["addresses"]), len(found[0]["notReadyAddresses"])) == (600, 400)


class Services(World):
    """A control plane with a Service `web` and Pods that a test makes."""

    def __init__(self):
        super().__init__()
        self.node("n1")
        self.create("services", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                                 "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}})  # fmt: skip

    def pod(self, name, ip, *, labels=None, grace_s=5):
        container = {"name": "app", "image": "busybox:1"}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {"app": "web"}},
                "spec": {"containers": [container], "nodeName": "n1", "terminationGracePeriodSeconds": grace_s}}  # fmt: skip
        self.create("pods", body)
        self.report(name, ip, ready=True)

    def report(self, name, ip, *, ready):
        condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": self.engine.clock.text(self.engine.now_ms)}
        status = {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "conditions": [condition]}
        self.do(self.client.patch("pods", name, {"status": status}, namespace="default", subresource="status"))

    @property
    def slice_(self):
        [found] = [each for each in self.list("endpointslices") if each["metadata"]["name"] != "kubernetes"]
        return found

    @property
    def shown(self):
        return [(each["addresses"][0], each["conditions"]["ready"]) for each in self.slice_["endpoints"] or ()]


def test_a_service_gets_its_empty_slice_and_endpoints_at_once_with_the_time_of_its_creation():
    world = Services()
    assert world.slice_["endpoints"] is None and world.slice_["ports"] is None
    assert world.slice_["metadata"]["annotations"] == {TRIGGER: world.get("services/specs", "web")["metadata"]["creationTimestamp"]}
    assert world.get("services/endpoints", "web")["metadata"]["labels"] == {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    assert world.list("endpointslices")[0]["metadata"]["name"] == "kubernetes"


def test_pods_come_become_unready_and_go():
    world = Services()
    world.pod("a", "10.244.0.2")
    assert world.shown == [("10.244.0.2", True)]
    assert world.get("services/endpoints", "web")["subsets"][0]["addresses"][0]["targetRef"]["name"] == "a"
    world.report("a", "10.244.0.2", ready=False)
    assert world.shown == [("10.244.0.2", False)]
    assert "addresses" not in world.get("services/endpoints", "web")["subsets"][0]
    world.do(world.client.delete("pods", "a", "default"))
    assert world.slice_["endpoints"][0]["conditions"] == {"ready": False, "serving": False, "terminating": True}
    assert not world.get("services/endpoints", "web").get("subsets")
    assert TRIGGER not in (world.slice_["metadata"].get("annotations") or {})
    world.do(world.client.delete("pods", "a", "default", grace_period_seconds=0))
    assert world.shown == []


def test_a_pod_that_is_relabelled_changes_its_service_and_another_namespace_has_none():
    world = Services()
    world.pod("a", "10.244.0.2", labels={"app": "other"})
    assert world.shown == []
    world.do(world.client.patch("pods", "a", {"metadata": {"labels": {"app": "web"}}}, namespace="default"))
    assert world.shown == [("10.244.0.2", True)]
    world.do(world.client.patch("pods", "a", {"metadata": {"labels": {"app": "none"}}}, namespace="default"))
    assert world.shown == []


def test_a_deleted_slice_or_endpoints_comes_back_and_a_deleted_service_takes_both_along():
    world = Services()
    world.pod("a", "10.244.0.2")
    world.do(world.client.delete("endpointslices", world.slice_["metadata"]["name"], "default"))
    world.do(world.client.delete("endpoints", "web", "default"))
    assert world.shown == [("10.244.0.2", True)] and world.get("services/endpoints", "web")
    world.do(world.client.delete("services", "web", "default"))
    assert len(world.list("endpointslices")) == 1 and world.get("services/endpoints", "web") is None


def test_what_does_not_concern_endpoints_writes_nothing():
    world = Services()
    world.pod("a", "10.244.0.2")
    before = world.store.revision
    world.do(world.client.patch("pods", "a", {"metadata": {"annotations": {"x": "y"}}}, namespace="default"))
    assert world.writes(before) == ["MODIFIED pods"]


def test_a_pod_deleted_at_once_is_first_seen_as_ending():
    world = Services()
    world.pod("a", "10.244.0.2", grace_s=0)
    before = world.store.revision
    world.do(world.client.delete("pods", "a", "default"))
    written = [change.value["endpoints"] for change in world.store.changes if change.revision > before and "/endpointslices/" in change.key]
    assert [each and each[0]["conditions"]["terminating"] for each in written] == [True, None]


def endpoints(*addresses, **parts):
    subset = {"addresses": [{"ip": each} for each in addresses], "ports": [{"port": 9000, "protocol": "TCP"}]}
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "manual", "annotations": {"a": "b"}, **parts}, "subsets": [subset]}


def test_endpoints_made_by_hand_are_mirrored_into_a_slice_that_follows_them():
    world = World()
    world.create("services", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "manual"}, "spec": {"ports": [{"port": 80}]}})
    world.create("endpoints", endpoints("10.1.2.3", labels={"x": "y"}))
    [mirrored] = [each for each in world.list("endpointslices") if each["metadata"]["name"] != "kubernetes"]
    assert mirrored["endpoints"] == [{"addresses": ["10.1.2.3"], "conditions": {"ready": True}}]
    assert mirrored["metadata"]["labels"] == {"x": "y", slices.SERVICE_NAME: "manual", slices.MANAGED_BY: "endpointslicemirroring-controller.k8s.io"}
    assert (mirrored["metadata"]["annotations"], mirrored["ports"]) == ({"a": "b"}, [{"name": "", "port": 9000, "protocol": "TCP"}])
    changed = {**endpoints("10.1.2.4"), "metadata": {"name": "manual", "namespace": "default"}}
    world.do(world.client.update("endpoints", changed))
    [again] = [each for each in world.list("endpointslices") if each["metadata"]["name"] != "kubernetes"]
    assert again["metadata"]["name"] == mirrored["metadata"]["name"] and again["endpoints"][0]["addresses"] == ["10.1.2.4"]
    world.do(world.client.delete("endpoints", "manual", "default"))
    assert len(world.list("endpointslices")) == 1


@pytest.mark.parametrize(
    "parts", [{"labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}, {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}]
)
def test_endpoints_that_say_so_are_not_mirrored(parts):
    world = World()
    world.create("services", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "manual"}, "spec": {"ports": [{"port": 80}]}})
    world.create("endpoints", endpoints("10.1.2.3", **parts))
    assert len(world.list("endpointslices")) == 1


def test_the_time_of_a_pod_that_went_unseen_is_not_kept():
    """After a restart nobody knows which Pods are gone, only which are there."""
    from cluster.controllers._trigger_times import TriggerTimes
    service = {"metadata": {"name": "web", "namespace": "default", "creationTimestamp": "2026-01-01T09:00:00Z"}}
    pods = {f"default/{name}": {"metadata": {"name": name}, "status": {}} for name in ("a", "b")}
    times = TriggerTimes()
    times.compute("default/web", service, list(pods.values()), pods)
    del pods["default/a"]
    times.compute("default/web", service, list(pods.values()), pods)
    assert list(times.pods["default/web"]) == ["b"]


def test_endpoints_that_go_with_their_service_do_not_come_again():
    """The API server removes them with the Service (registry/core/service/storage); in either order the news may come."""
    world = World()
    for number in range(12):
        spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
        world.create("services", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}"}, "spec": spec})
        world.do(world.client.delete("services", f"s{number}", "default"))
    made = [change.key for change in world.store.since("/registry/services/endpoints/default/", 0) if change.type == "ADDED"]
    made = [key for key in made if not key.endswith("/kubernetes")]
    assert sorted(made) == sorted(f"/registry/services/endpoints/default/s{number}" for number in range(12))
