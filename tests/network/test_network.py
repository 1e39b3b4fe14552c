"""Playbooks: who reaches whom by address, on two nodes without a control plane."""

import pytest

from cluster.engine import Engine
from cluster.network import Network
from cluster.runtime import reference
from cluster.runtime.containerd import Containerd
from cluster.runtime.http import answer_of
from cluster.runtime.wire import NO_ROUTE, REFUSED, TIMEOUT, UNRESOLVED, Wire

IMAGES = ("busybox:1", "nginx/nginx:v1")
ASK = "GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"


class Nodes:
    """Two runtimes, and Pods on them that are started at once."""

    def __init__(self):
        self.engine = Engine()
        self.runtimes = {f"node{index}": Containerd(self.engine, f"node{index}", images=IMAGES, pod_cidr=f"10.244.{index}.0/24",
                                                    node_ip=f"10.200.0.{11 + index}") for index in range(2)}  # fmt: skip
        self.network = Network(self.engine, self.runtimes)

    def pod(self, node, name, *containers, host_network=False):
        """Containers are (image, command). Returns the Pod's address and the containers' ids."""
        runtime = self.runtimes[node]
        sandbox = runtime.sandbox_started(name, f"default/{name}", attempt=0, host_network=host_network)
        ids = []
        for index, (image, command) in enumerate(containers):
            stored = runtime.image(str(reference.parse(image)))
            made = runtime.container_created(name, f"default/{name}", name=f"c{index}", attempt=0, image=stored, definition="")
            runtime.container_started(made.id, command=command, args=[], env={}, hostname=name, mounts={})
            ids.append(made.id)
        return sandbox.ip or runtime.node_ip, ids

    def facts(self, kind):
        return [event.data for event in self.engine.trace.events if event.kind == kind]


NGINX, SLEEP = ("nginx/nginx:v1", []), ("busybox:1", ["sleep", "1000"])


def test_a_pod_reaches_one_on_another_node_and_stands_in_its_access_log():
    nodes = Nodes()
    address, [server] = nodes.pod("node0", "web", NGINX)
    own, [client] = nodes.pod("node1", "client", SLEEP)
    reply = Wire(nodes.runtimes["node1"], client).exchange(address, 80, ASK)
    found = answer_of(reply.text)
    assert (reply.error, found.code, found.headers["server"][:5], reply.is_closed) == ("", 200, "nginx", True)
    assert reply.took_ms > 0 and "Welcome" in found.body
    log = nodes.runtimes["node0"].state.logs[server].lines
    assert log[0][2].startswith(f"{own} - - [") and '"GET / HTTP/1.1" 200' in log[0][2]
    assert nodes.facts("RequestAnswered")[0]["client"] == "client"


@pytest.mark.parametrize(
    ("host", "port", "error"),
    [("10.244.0.2", 81, REFUSED), ("10.244.0.99", 80, NO_ROUTE), ("10.99.0.1", 80, TIMEOUT), ("nowhere", 80, UNRESOLVED), ("localhost", 80, REFUSED)],
)
def test_a_connection_that_fails_says_how(host, port, error):
    nodes = Nodes()
    nodes.pod("node0", "web", NGINX)
    _, [client] = nodes.pod("node1", "client", SLEEP)
    reply = Wire(nodes.runtimes["node1"], client).exchange(host, port, ASK, timeout_ms=5_000)
    assert reply.error == error
    assert len(nodes.facts("ConnectionFailed")) == (error != UNRESOLVED)


def test_localhost_is_shared_within_a_pod_and_not_between_pods():
    nodes = Nodes()
    _, [_, beside] = nodes.pod("node0", "web", NGINX, SLEEP)
    _, [other] = nodes.pod("node0", "other", SLEEP)
    assert not Wire(nodes.runtimes["node0"], beside).exchange("localhost", 80, ASK).error
    assert Wire(nodes.runtimes["node0"], other).exchange("127.0.0.1", 80, ASK).error == REFUSED


def test_a_pod_in_the_nodes_network_answers_at_the_nodes_address():
    nodes = Nodes()
    address, _ = nodes.pod("node0", "host", NGINX, host_network=True)
    _, [client] = nodes.pod("node1", "client", SLEEP)
    assert address == "10.200.0.11"
    assert not Wire(nodes.runtimes["node1"], client).exchange(address, 80, ASK).error
    assert not Wire(nodes.runtimes["node0"]).exchange("127.0.0.1", 80, ASK).error


def test_the_node_asks_its_pods_from_the_bridge_and_may_leave_no_trace():
    nodes = Nodes()
    address, [server] = nodes.pod("node0", "web", NGINX)
    assert not Wire(nodes.runtimes["node0"]).exchange(address, 80, ASK, is_traced=False).error
    assert nodes.facts("RequestAnswered") == []
    assert nodes.runtimes["node0"].state.logs[server].lines[0][2].startswith("10.244.0.1 - - ")


def test_a_loop_that_never_sleeps_does_not_fill_the_trace():
    nodes = Nodes()
    _, (client,) = nodes.pod("node0", "a", ("busybox:1", ["sleep", "9"]))
    wire = Wire(nodes.runtimes["node0"], client)
    for _ in range(200):
        assert wire.exchange("127.0.0.1", 81).error == REFUSED
    assert len(nodes.facts("ConnectionFailed")) == 50
    nodes.engine.run_until(1_000)
    wire.exchange("127.0.0.1", 81)
    assert len(nodes.facts("ConnectionFailed")) == 51
