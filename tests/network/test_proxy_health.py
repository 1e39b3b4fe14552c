"""Tables: what kube-proxy answers about itself and about a Service's endpoints on a node, and which endpoints a rule chooses.

Source: kubernetes pkg/proxy/healthcheck, pkg/proxy/topology.go.
"""

import pytest

from cluster.network import kube_proxy, proxy_health
from cluster.runtime.http import answer_of

SERVICE = {
    "metadata": {"namespace": "shop", "name": "web"},
    "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.9", "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000,
             "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}]},
}  # fmt: skip


def slice_of(*endpoints):
    """endpoints: (address, node, "ready" or "ending")."""
    found = [
        {"addresses": [address], "nodeName": node, "conditions": {"ready": how == "ready", "serving": True, "terminating": how != "ready"}}
        for address, node, how in endpoints
    ]
    return {"metadata": {}, "addressType": "IPv4", "ports": [{"port": 8080, "protocol": "TCP"}], "endpoints": found}


def asked(port, path="/", *, node="n1", is_loopback=False, endpoints=()):
    rules = {"shop/web": kube_proxy.rules_of(SERVICE, [slice_of(*endpoints)])}
    said = proxy_health.answered(rules, port, path, node=node, is_loopback=is_loopback, now_text="2026-01-01T09:00:00Z")
    return answer_of(said) if said is not None else None


@pytest.mark.parametrize(
    ("endpoints", "code", "count"),
    [
        ([("10.0.0.1", "n1", "ready"), ("10.0.0.2", "n1", "ready"), ("10.0.0.3", "n2", "ready")], 200, 2),
        ([("10.0.0.3", "n2", "ready")], 503, 0),
        ([("10.0.0.1", "n1", "ending")], 503, 0),  # it still serves, but no new connection should come
        ([], 503, 0),
    ],
)
def test_the_health_check_node_port_counts_ready_endpoints_of_its_node(endpoints, code, count):
    found = asked(32000, endpoints=endpoints)
    assert (found.code, found.headers["x-load-balancing-endpoint-weight"]) == (code, str(count))
    assert f'"localEndpoints": {count},' in found.body and '"namespace": "shop"' in found.body


@pytest.mark.parametrize(
    ("port", "path", "is_loopback", "code"),
    [(10256, "/healthz", False, 200), (10256, "/livez", False, 200), (10249, "/proxyMode", True, 200), (10249, "/proxyMode", False, None),
     (10249, "/metrics", True, 404), (32001, "/", False, None)],
)  # fmt: skip
def test_ports_of_kube_proxy_itself(port, path, is_loopback, code):
    found = asked(port, path, is_loopback=is_loopback)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("endpoints", "near", "far"),
    [
        ([("10.0.0.1", "n1", "ending"), ("10.0.0.2", "n2", "ready")], [], [["10.0.0.1", 8080, "n1", [], []]]),
        ([("10.0.0.1", "n1", "ending")], [["10.0.0.1", 8080, "n1", [], []]], []),
    ],
)
def test_endpoints_that_end_are_kept_for_nodes_that_have_no_others(endpoints, near, far):
    port = kube_proxy.rules_of(SERVICE, [slice_of(*endpoints)])["ports"][0]
    assert [each for each in port[3] if each[2] == "n1"] == near and port[4] == far


@pytest.mark.parametrize("label", ["service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"])
def test_a_service_that_is_another_proxys_business_gets_no_rules(label):
    labelled = {**SERVICE, "metadata": {**SERVICE["metadata"], "labels": {label: "x"}}}
    assert kube_proxy.rules_of(SERVICE, []) is not None and kube_proxy.rules_of(labelled, []) is None
    slice_ = {**slice_of(("10.0.0.1", "n1", "ready")), "metadata": {"labels": {label: ""}}}
    assert kube_proxy.rules_of(SERVICE, [slice_])["ports"][0][3] == []


@pytest.mark.parametrize(("state", "hints"), [("ready", [["n1"], ["z"]]), ("ending", [[], []])])
def test_hints_of_endpoints_that_end_are_not_heeded(state, hints):
    """Source: pkg/proxy/topology.go (CategorizeEndpoints, topologyModeFromHints)."""
    slice_ = slice_of(("10.0.0.1", "n1", state))
    slice_["endpoints"][0]["hints"] = {"forNodes": [{"name": "n1"}], "forZones": [{"name": "z"}]}
    assert kube_proxy.rules_of(SERVICE, [slice_])["ports"][0][3] == [["10.0.0.1", 8080, "n1", *hints]]


def place(nodes="", zones=""):
    """An endpoint, hinted for nodes and zones of one letter each."""
    return [f"{nodes}/{zones}", 80, "", list(nodes), list(zones)]


@pytest.mark.parametrize(("endpoints", "chosen"), [
    ([place(), place()], [0, 1]),
    ([place("n", "z"), place("m", "y")], [0]),
    ([place("m", "z"), place("m", "y")], [0]),
    ([place("m", "z"), place("", "y")], [0]),
    ([place("n", ""), place("", "")], [0, 1]),
    ([place("", "z"), place("", "z"), place("", "y")], [0, 1]),
    ([place("", "z"), place("", "")], [0, 1]),
    ([place("", "y"), place("", "x")], [0, 1]),
    ([], []),
])  # fmt: skip
def test_endpoints_for_a_node_come_before_those_for_its_zone(endpoints, chosen):
    """Source: pkg/proxy/topology_test.go. The client is on node n in zone z."""
    assert kube_proxy.near(endpoints, "n", "z") == [endpoints[index] for index in chosen]
