"""Services: addresses and node ports that the cluster gives out, keeps and takes back."""
import ipaddress

import pytest

from cluster.apiserver import pipeline
from cluster.meta.requests import Request
from tests.conformance.in_process import ADMIN, InProcess

SERVICES = "/api/v1/namespaces/default/services"
MERGE = {"Content_Type": "application/merge-patch+json"}


def service(name="s", **spec):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": {"app": "a"}, "ports": [{"port": 80}], **spec}}


def made(http, name="s", **spec):
    code, _, body = http("POST", SERVICES, service(name, **spec))
    assert code == 201, body
    return body["spec"]


def test_addresses_are_drawn_from_the_range_beyond_the_part_kept_for_chosen_ones(http):
    for number in range(20):
        address = ipaddress.ip_address(made(http, f"s{number}")["clusterIP"])
        assert ipaddress.ip_address("10.96.1.0") <= address < ipaddress.ip_address("10.112.0.0")


def test_the_same_seed_draws_the_same():
    drawn = []
    for _ in range(2):
        server = InProcess(seed=7)
        body = server.ask("create", "services", namespace="default", body=service(type="NodePort")).body
        drawn.append((body["spec"]["clusterIP"], body["spec"]["ports"][0]["nodePort"]))
    assert drawn[0] == drawn[1]
    assert 30086 <= drawn[0][1] <= 32767


def test_a_deleted_service_gives_back_what_it_had(http):
    spec = made(http, type="NodePort", clusterIP="10.96.0.50", ports=[{"port": 80, "nodePort": 30001}])
    assert http("POST", SERVICES, service("t", clusterIP="10.96.0.50"))[0] == 422
    http("DELETE", f"{SERVICES}/s")
    again = made(http, "t", type="NodePort", clusterIP=spec["clusterIP"], ports=[{"port": 80, "nodePort": 30001}])
    assert again["clusterIP"] == "10.96.0.50"


def test_a_deleted_service_takes_its_endpoints_along(http, server):
    made(http)
    http("POST", "/api/v1/namespaces/default/endpoints", {"metadata": {"name": "s"}, "subsets": []})
    http("DELETE", f"{SERVICES}/s")
    assert server.store.get("/registry/services/endpoints/default/s") is None


def test_what_has_been_given_stays_when_an_update_leaves_it_out(http):
    spec = made(http, type="NodePort")
    code, _, body = http("PUT", f"{SERVICES}/s", service(type="NodePort", ports=[{"port": 81}]))
    assert code == 200
    assert (body["spec"]["clusterIP"], body["spec"]["ports"][0]["nodePort"]) == (spec["clusterIP"], spec["ports"][0]["nodePort"])


@pytest.mark.parametrize(("first", "patch", "gone", "there"), [
    ({}, {"type": "NodePort"}, (), ("externalTrafficPolicy",)),
    ({"type": "LoadBalancer", "externalTrafficPolicy": "Local"}, {"type": "ClusterIP"},
     ("externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts"), ("clusterIP",)),
    ({"type": "NodePort"}, {"type": "ExternalName", "externalName": "a.b"}, ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"), ()),
    ({"type": "ExternalName", "externalName": "a.b"}, {"type": "ClusterIP"}, (), ("clusterIP", "ipFamilies")),
    ({"type": "LoadBalancer"}, {"externalTrafficPolicy": "Local"}, (), ("healthCheckNodePort",)),
])
def test_a_change_of_type_drops_and_adds_what_belongs_to_types(http, first, patch, gone, there):
    made(http, **first)
    code, _, body = http("PATCH", f"{SERVICES}/s", {"spec": patch}, **MERGE)
    assert code == 200, body
    assert [field for field in gone if field in body["spec"]] == []
    assert [field for field in there if field not in body["spec"]] == []


@pytest.mark.parametrize(("spec", "why"), [
    ({"ipFamilyPolicy": "RequireDualStack"},
     'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'),
    ({"ipFamilies": ["IPv6"]}, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'),
    ({"clusterIP": "10.96.0.0"}, 'spec.clusterIPs: Invalid value: ["10.96.0.0"]: failed to allocate IP 10.96.0.0: the provided IP (10.96.0.0) '
                                 "is not in the valid range. The range of valid IPs is 10.96.0.0/12"),
    ({"clusterIP": "2001:db8::1"}, 'spec.clusterIPs[0]: Invalid value: ["2001:db8::1"]: IPv6 is not configured on this cluster'),
    ({"clusterIP": "10.96.0.1"}, 'spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated'),
])
def test_what_the_cluster_cannot_give_is_refused(http, spec, why):
    code, _, body = http("POST", SERVICES, service(**spec))
    assert (code, body["message"]) == (422, f'Service "s" is invalid: {why}')


def test_a_dry_run_takes_nothing(http):
    code, _, body = http("POST", SERVICES, service(type="NodePort"), query="dryRun=All")
    assert (code, body["spec"]["clusterIP"], body["spec"]["ports"][0]["nodePort"]) == (201, "10.96.0.0", 32769)


def test_of_two_that_arrive_before_either_is_stored_the_second_is_refused(server):
    writes = []
    for name in ("s", "t"):
        request = Request(verb="create", resource="services", namespace="default", body=service(name, clusterIP="10.96.0.60"), **ADMIN)
        writes.append(pipeline.arrive(request, server.context.enter(request, False)))
    answers = [pipeline.commit(write, server.context) for write in writes]
    assert [answer.code for answer in answers] == [201, 422]


def test_the_servers_own_service_is_there(http):
    code, _, body = http("GET", f"{SERVICES}/kubernetes")
    assert (code, body["spec"]["clusterIP"], body["metadata"]["labels"]["component"]) == (200, "10.96.0.1", "apiserver")


def test_component_statuses_are_worked_out_and_deprecated(http):
    code, headers, body = http("GET", "/api/v1/componentstatuses")
    assert code == 200
    assert headers["Warning"] == '299 - "v1 ComponentStatus is deprecated in v1.19+"'
    assert [item["metadata"]["name"] for item in body["items"]] == ["controller-manager", "etcd-0", "scheduler"]
    assert http("GET", "/api/v1/componentstatuses/etcd-0")[0] == 200
    assert http("GET", "/api/v1/componentstatuses/x")[2]["message"] == 'componentstatus "x" not found'


def test_a_replication_controllers_scale_shows_its_selector(http):
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    http("POST", "/api/v1/namespaces/default/replicationcontrollers", {"metadata": {"name": "r"}, "spec": {"template": template, "replicas": 2}})
    code, _, body = http("GET", "/api/v1/namespaces/default/replicationcontrollers/r/scale")
    assert (code, body["spec"], body["status"]) == (200, {"replicas": 2}, {"replicas": 0, "selector": "app=a"})
