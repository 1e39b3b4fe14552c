"""Playbooks on a whole cluster: Services, names, node ports and policies as a Pod meets them."""

import json

import pytest

from cluster.apiserver import http
from cluster.apiserver.server import ReplyTo
from cluster.meta.requests import Request
from cluster.runtime.http import answer_of
from cluster.runtime.wire import NO_DATA, NO_NAME, NO_SERVER, REFUSED, TIMEOUT, UNRESOLVED, Wire
from cluster.worker.simulation import Simulation, settings_for

ASK = "GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"
PATHS = {"Pod": ("", "v1", "pods"), "Service": ("", "v1", "services"), "NetworkPolicy": ("networking.k8s.io", "v1", "networkpolicies"),
         "Namespace": ("", "v1", "namespaces"), "Node": ("", "v1", "nodes")}  # fmt: skip


class Cluster:
    """A learner's cluster with what a test puts into it."""

    def __init__(self, *objects, profile="learner", **settings):
        self.simulation = Simulation(settings_for(profile, **settings)).boot()
        self.engine = self.simulation.engine
        for obj in objects:
            self.create(obj)
        self.settle()

    def create(self, obj):
        self.send("create", obj, body=obj)

    def delete(self, obj):
        self.send("delete", obj, name=obj["metadata"]["name"])

    def send(self, verb, obj, **more):
        group, version, plural = PATHS[obj["kind"]]
        namespace = obj["metadata"].get("namespace", "default") if plural not in ("namespaces", "nodes") else ""
        request = Request(verb=verb, resource=plural, group=group, version=version, namespace=namespace, user="kubernetes-admin",
                          groups=["system:masters", "system:authenticated"], user_agent="test", **more)  # fmt: skip
        self.simulation.server.submit(request, ReplyTo(external=1), sender="client")

    def settle(self):
        assert self.engine.settle(limit_ms=120_000)
        self.engine.run_until(self.engine.now_ms + 2_000)

    def stored(self, key):
        return self.simulation.store.get("/registry/" + key).value

    def wire(self, pod, namespace="default"):
        for node in self.simulation.nodes.values():
            container = node.runtime.running(f"{namespace}/{pod}", "app")
            if container:
                return Wire(node.runtime, container)
        raise AssertionError(f"{pod} does not run")

    def get(self, pod, host, port=80, *, namespace="default"):
        """(error, code, what was in the log's first word: who answered)."""
        reply = self.wire(pod, namespace).exchange(host, port, ASK, timeout_ms=5_000)
        found = answer_of(reply.text)
        return reply.error or found.code

    def facts(self, kind):
        return [event.data for event in self.engine.trace.events if event.kind == kind]


def pod(name, image="nginx/nginx:v1", *, labels=None, command=None, namespace="default", **spec):
    container = {"name": "app", "image": image, **({"command": command} if command else {}), "ports": [{"name": "http", "containerPort": 80}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": labels or {"app": name}},
            "spec": {"containers": [container], **spec}}  # fmt: skip


def client(name="client", namespace="default"):
    return pod(name, "busybox:1", command=["sleep", "100000"], namespace=namespace)


def service(name="web", namespace="default", port=80, **spec):
    spec = {"selector": {"app": "web"}, "ports": [{"port": port, "targetPort": "http", "name": "http"}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


@pytest.fixture(scope="module")
def cluster():
    """Two Pods behind `web`, one behind the headless `db` with names of their own, and a client."""
    web = [pod(f"web-{index}", labels={"app": "web"}) for index in range(2)]
    db = pod("db-0", labels={"app": "db"}, hostname="db-0", subdomain="db")
    return Cluster(*web, db, client(), service(port=8080), service("db", selector={"app": "db"}, clusterIP="None"),
                   service("empty", selector={"app": "none"}), service("out", type="NodePort"), {**service("far"), "spec":
                   {"type": "ExternalName", "externalName": "web.default.svc.cluster.local"}})  # fmt: skip


def test_a_service_spreads_connections_over_its_ready_endpoints_and_they_are_told(cluster):
    codes = {cluster.get("client", "web", 8080): 1 for _ in range(12)}
    assert codes == {200: 1}
    assert len({fact["endpoint"]: 1 for fact in cluster.facts("ConnectionRouted")}) == 2
    assert cluster.facts("RequestAnswered")[-1]["client"] == "client"
    assert cluster.facts("NameResolved")[-1]["full"] == "web.default.svc.cluster.local"


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [("web", 80, TIMEOUT), ("empty", 80, REFUSED), ("web.default", 8080, 200), ("web.default.svc", 8080, 200), ("db", 80, 200), ("db-0.db", 80, 200),
     ("web.default.svc.cluster.local.", 8080, 200), ("far", 8080, 200), ("nothing", 80, UNRESOLVED), ("web.other", 80, UNRESOLVED),
     ("example.com", 80, UNRESOLVED), ("kubernetes.default.svc", 443, 400), ("10.96.0.10", 54, TIMEOUT), ("web-0", 80, UNRESOLVED)],
)  # fmt: skip
def test_names_and_ports_as_a_pod_meets_them(cluster, host, port, expected):
    assert cluster.get("client", host, port) == expected


@pytest.mark.parametrize(
    ("name", "kind", "error", "records"),
    [("web", "A", "", ()), ("web", "AAAA", NO_DATA, ()), ("nothing", "A", NO_NAME, ()), ("empty", "A", "", ()),
     ("_http._tcp.db", "SRV", "", (("SRV", "0 100 80 db-0.db.default.svc.cluster.local"),)),
     ("_http._tcp.web.default.svc.cluster.local", "SRV", "", (("SRV", "0 100 8080 web.default.svc.cluster.local"),)),
     ("1.0.96.10.in-addr.arpa", "PTR", "", (("PTR", "kubernetes.default.svc.cluster.local"),)),
     ("10-244-7-9.default.pod", "A", "", ()), ("10-244-7-9.nowhere.pod.cluster.local", "A", NO_NAME, ()),
     ("default.svc.cluster.local", "A", NO_DATA, ())],
)  # fmt: skip
def test_the_cluster_dns_answers(cluster, name, kind, error, records):
    found = cluster.wire("client").resolve(name, kind)
    assert (found.error, found.records) == (error, records)


def test_search_domains_are_tried_in_order_and_ndots_decides_what_comes_first(cluster):
    short, long = (cluster.wire("client").resolve(name).asked for name in ("example.com", "a.b.c.d.e.f"))
    assert short == ("example.com.default.svc.cluster.local", "example.com.svc.cluster.local", "example.com.cluster.local", "example.com")
    assert long[0] == "a.b.c.d.e.f"


def test_a_node_port_answers_on_every_node_from_inside_and_outside(cluster):
    number = cluster.stored("services/specs/default/out")["spec"]["ports"][0]["nodePort"]
    for node in cluster.simulation.nodes.values():
        assert cluster.get("client", node.runtime.node_ip, number) == 200
        assert not Wire(node.runtime).exchange("127.0.0.1", number, ASK).error
        assert cluster.get("client", node.runtime.node_ip, number + 1) == REFUSED


def test_a_pod_that_reaches_itself_through_its_service_is_seen_as_its_node():
    found = Cluster(pod("web-0", labels={"app": "web"}), service())
    assert found.get("web-0", "web") == 200
    runtime = found.wire("web-0").runtime
    log = runtime.state.logs[runtime.running("default/web-0", "app")].lines
    assert log[-1][2].startswith(runtime.state.pod_cidr.replace("0/24", "1"))


def test_without_dns_names_are_not_found_and_without_the_proxy_the_rules_stay():
    found = Cluster(pod("web-0", labels={"app": "web"}), client(), service())
    found.engine.stop(found.engine.actors["coredns"])
    reply = found.wire("client").exchange("web", 80, ASK)
    assert (reply.error, reply.resolved.error, reply.took_ms) == (UNRESOLVED, NO_SERVER, 10_000)
    found.engine.stop(found.engine.actors["kube-proxy"])
    assert found.get("client", found.stored("services/specs/default/web")["spec"]["clusterIP"]) == 200
    found.engine.start(found.engine.actors["coredns"])
    found.settle()
    assert found.get("client", "web") == 200


def test_a_cluster_without_these_components_has_services_that_do_not_answer():
    found = Cluster(pod("web-0", labels={"app": "web"}), client(), service(), profile="oracle")
    assert found.get("client", "web") == UNRESOLVED
    assert found.get("client", found.stored("services/specs/default/web")["spec"]["clusterIP"]) == TIMEOUT


def policy(name="wall", pods=None, *, namespace="default", **spec):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": namespace},
            "spec": {"podSelector": {"matchLabels": pods} if pods else {}, **spec}}  # fmt: skip


def test_policies_deny_and_allow_by_pod_namespace_block_and_port():
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other", "labels": {"team": "b"}}}
    found = Cluster(pod("web-0", labels={"app": "web"}), client(), client("guest"), service(), space)
    found.create(client(namespace="other"))
    found.settle()
    web = "web.default.svc.cluster.local"
    assert [found.get("client", web), found.get("client", web, namespace="other")] == [200, 200]
    found.create(policy(pods={"app": "web"}, policyTypes=["Ingress"]))
    found.settle()
    assert [found.get("client", web), found.get("client", web, namespace="other")] == [TIMEOUT, TIMEOUT]
    assert found.facts("ConnectionDropped")
    clients = [{"podSelector": {"matchLabels": {"app": "client"}}}]
    found.create(policy("pods", {"app": "web"}, ingress=[{"from": clients, "ports": [{"port": "http"}]}]))
    found.settle()
    assert [found.get("client", web), found.get("guest", web), found.get("client", web, namespace="other")] == [200, TIMEOUT, TIMEOUT]
    found.create(policy("teams", {"app": "web"}, ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}}]}]))
    found.settle()
    assert [found.get("guest", web), found.get("client", web, namespace="other")] == [TIMEOUT, 200]
    found.create(policy("nodns", {"app": "client"}, policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "10.244.0.0/16"}}]}]))
    found.settle()
    assert found.get("client", web) == UNRESOLVED
    assert found.get("client", found.stored("pods/default/web-0")["status"]["podIP"]) == 200


def test_a_snapshot_keeps_rules_names_and_policies():
    found = Cluster(pod("web-0", labels={"app": "web"}), client(), service(), policy(pods={"app": "web"}, policyTypes=["Ingress"]))
    again = Simulation(found.simulation.settings)
    again.restore(found.simulation.snapshot())
    address = found.stored("services/specs/default/web")["spec"]["clusterIP"]
    for simulation in (found.simulation, again):
        found.simulation, found.engine = simulation, simulation.engine
        assert found.wire("client").resolve("web").addresses == (address,)
        assert found.get("client", "web") == TIMEOUT


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["Cluster", "Local"])
def test_a_node_port_shows_the_endpoint_its_client_where_traffic_stays_on_the_node(policy):
    found = Cluster(pod("web", nodeName="k8snode1"), pod("client", "busybox:1", command=["sleep", "100000"], nodeName="k8snode2", hostNetwork=True),
                    service("out", type="NodePort", externalTrafficPolicy=policy))  # fmt: skip
    number = found.stored("services/specs/default/out")["spec"]["ports"][0]["nodePort"]
    one, two = (found.simulation.nodes[name].runtime for name in ("k8snode1", "k8snode2"))
    assert found.get("client", one.node_ip, number) == 200
    assert found.facts("RequestAnswered")[-1]["code"] == 200
    log = found.simulation.logs("default", "web", "app", {}).splitlines()[-1]
    assert log.startswith(two.node_ip + " ") is (policy == "Local")


@pytest.mark.slow
def test_a_host_port_leads_to_its_pod_and_a_pod_in_the_nodes_network_listens_there():
    mapped = pod("mapped")
    mapped["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 8088}]
    found = Cluster(mapped, client(), pod("host", hostNetwork=True, nodeName="k8snode1"))
    node = found.wire("mapped").runtime
    assert found.get("client", node.node_ip, 8088) == 200
    assert found.facts("RequestAnswered")[-1]["port"] == 80
    assert found.get("client", found.simulation.nodes["k8snode1"].runtime.node_ip, 80) == 200


def test_two_servers_of_a_pod_cannot_share_a_port():
    twins = pod("twins")
    twins["spec"]["containers"].append({**twins["spec"]["containers"][0], "name": "other"})
    found = Cluster()
    found.create(twins)
    found.engine.run_until(found.engine.now_ms + 8_000)
    first, other = found.stored("pods/default/twins")["status"]["containerStatuses"]
    assert (first["restartCount"], first["ready"]) == (0, True)
    assert other["restartCount"] > 0 and other["lastState"]["terminated"]["exitCode"] == 1
    runtime = found.wire("twins").runtime
    lines = [line for each in runtime.containers(twins_uid(found)) if each.name == "other" for _, _, line in runtime.state.logs[each.id].lines]
    assert "bind() to 0.0.0.0:80 failed (98: Address already in use)" in lines[0]


def twins_uid(found):
    return found.stored("pods/default/twins")["metadata"]["uid"]


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [("pods/web-0/proxy/", 200, "Welcome"), ("pods/web-0:80/proxy/", 200, "Welcome"), ("pods/web-0:80/proxy/nothing?x=1", 404, "404"),
     ("pods/web-0:81/proxy/", 503, "error trying to reach service: dial tcp"), ("pods/nobody/proxy/", 404, 'pods "nobody" not found'),
     ("services/web:8080/proxy/", 200, "Welcome"), ("services/web:http/proxy/", 200, "Welcome"), ("services/web/proxy", 301, ""),
     ("services/web:9/proxy/", 503, 'no service port 9 found for service "web"'), ("services/empty:http/proxy/", 503, "no endpoints available"),
     ("services/web/proxy/", 503, 'no endpoints available for service "web"')],
)  # fmt: skip
def test_the_api_server_asks_pods_and_services_itself(cluster, path, code, words):
    request = http.parse("GET", f"/api/v1/namespaces/default/{path.partition('?')[0]}", path.partition("?")[2], {})
    cluster.simulation.server.submit(request, ReplyTo(external=9), sender="kubectl")
    cluster.engine.run_until(cluster.engine.now_ms + 100)
    reply = next(entry[3] for entry in reversed(cluster.simulation.server.outbox) if entry[:2] == ("reply", 9))
    assert reply.code == code and words in (reply.body.decode() if isinstance(reply.body, bytes) else reply.message)
    if words == "Welcome":
        assert cluster.facts("RequestAnswered")[-1]["client"] == "kube-apiserver"


def test_nc_listens_hears_and_answers():
    hear = pod("hear", "busybox:1", command=["sh", "-c", "echo welcome | nc -l -p 9000; echo done; nc -lk -p 9001"])
    found = Cluster(hear, client())
    address = found.stored("pods/default/hear")["status"]["podIP"]
    wire, runtime = found.wire("client"), found.wire("hear").runtime
    assert wire.exchange(address, 9000, "hello\n").text == "welcome\n"
    found.settle()
    log = runtime.state.logs[runtime.running("default/hear", "app")].lines
    assert [line for _, _, line in log] == ["hello", "done"]
    assert wire.exchange(address, 9000, "more").error == REFUSED
    for word in ("one\n", "two\n"):
        assert not wire.exchange(address, 9001, word).error
        found.settle()
    assert [line for _, _, line in log] == ["hello", "done", "one", "two"]


def test_the_cluster_dns_can_be_connected_to(cluster):
    assert not cluster.wire("client").exchange("10.96.0.10", 53).error


def test_a_service_may_prefer_the_clients_own_node_and_a_local_one_has_no_other():
    webs = [pod(f"web-{index}", labels={"app": "web"}, nodeName=f"k8snode{index + 1}") for index in range(2)]
    found = Cluster(*webs, {**client(), "spec": {**client()["spec"], "nodeName": "k8snode1"}}, service("near", trafficDistribution="PreferSameNode"),
                    service("local", internalTrafficPolicy="Local"), service("sticky", sessionAffinity="ClientIP"))  # fmt: skip
    for name in ("near", "local", "sticky"):
        assert [found.get("client", name) for _ in range(8)] == [200] * 8
    facts = [(fact["service"].partition("/")[2], fact["endpoint"]) for fact in found.facts("ConnectionRouted")]
    routed = {name: list(dict.fromkeys(endpoint for service_, endpoint in facts if service_ == name)) for name in ("near", "local", "sticky")}
    here = found.stored("pods/default/web-0")["status"]["podIP"] + ":80"
    assert (routed["near"], routed["local"], len(routed["sticky"])) == ([here], [here], 1)


@pytest.mark.slow
@pytest.mark.parametrize(("spec", "annotations"), [
    ({"trafficDistribution": "PreferSameZone"}, {}), ({"trafficDistribution": "PreferClose"}, {}),
    ({}, {"service.kubernetes.io/topology-mode": "Auto"}),
])  # fmt: skip
def test_a_service_may_prefer_the_clients_zone_and_goes_elsewhere_once_nobody_is_there(spec, annotations):
    webs = [pod(f"web-{index}", labels={"app": "web"}, nodeName=f"k8snode{index + 1}") for index in range(2)]
    found = Cluster({**client(), "spec": {**client()["spec"], "nodeName": "k8snode1"}})
    for index, zone in enumerate("ab"):
        labels = {"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"k8snode{index + 1}"}}
        found.send("patch", node, name=f"k8snode{index + 1}", raw=json.dumps(labels).encode(), content_type="application/merge-patch+json")
    asked_for = service("near", **spec)
    for each in (*webs, {**asked_for, "metadata": {**asked_for["metadata"], "annotations": annotations}}):
        found.create(each)
    found.settle()

    def routed():
        before = len(found.facts("ConnectionRouted"))
        assert [found.get("client", "near") for _ in range(8)] == [200] * 8
        return list(dict.fromkeys(fact["endpoint"] for fact in found.facts("ConnectionRouted")[before:]))

    here, there = (found.stored(f"pods/default/{each['metadata']['name']}")["status"]["podIP"] + ":80" for each in webs)
    assert routed() == [here]
    again = Simulation(settings_for("learner"))
    again.restore(found.simulation.snapshot())
    found.simulation, found.engine = again, again.engine
    assert routed() == [here]
    found.delete(webs[0])
    found.settle()
    assert routed() == [there]
