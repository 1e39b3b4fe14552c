"""UDP: agnhost's netexec answers datagrams, beside TCP on the same port; host ports are by address and protocol."""

import pytest

from cluster.kubelet.sync import host_ports
from cluster.network.places import Place, mapped_to
from cluster.runtime.wire import REFUSED, Wire
from tests.network import test_network
from tests.network.test_network import SLEEP, Nodes

AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.63.0"


@pytest.fixture
def two(monkeypatch):
    """Two nodes that have the image, and somebody on the second: (nodes, that one's network, its address)."""
    monkeypatch.setattr(test_network, "IMAGES", (*test_network.IMAGES, AGNHOST))
    nodes = Nodes()
    own, [client] = nodes.pod("node1", "client", SLEEP)
    return nodes, Wire(nodes.runtimes["node1"], client), own


@pytest.mark.parametrize(
    "text, answer",
    [("hostname\n", "server"), ("Echo a b", "a b"), ("serverport", "8080"), ("nonsense", ""), ("clientip", "{own}:")],
)
def test_netexec_answers_datagrams(two, text, answer):
    nodes, wire, own = two
    address = serving(nodes, "8080")
    reply = wire.exchange(address, 8080, text, protocol="UDP")
    assert not reply.error and reply.text.startswith(answer.format(own=own))


def test_a_port_may_be_for_both_protocols_or_for_one(two):
    nodes, wire, _ = two
    address = serving(nodes, "8081")
    assert wire.exchange(address, 8081, "hostname", protocol="UDP").text == "server"
    assert wire.exchange(address, 8080, "hostname", protocol="UDP").error == REFUSED
    assert wire.exchange(address, 8081, "GET / HTTP/1.1\r\n\r\n").error == REFUSED


def serving(nodes, udp):
    """The address of a Pod that runs netexec."""
    runtime = nodes.runtimes["node0"]
    sandbox = runtime.sandbox_started("server", "default/server", attempt=0, host_network=False)
    made = runtime.container_created("server", "default/server", name="c", attempt=0, image=runtime.image(AGNHOST), definition="")
    runtime.container_started(made.id, command=[], args=["netexec", "--udp-port", udp], env={}, hostname="server", mounts={})
    return sandbox.ip


def test_host_ports_are_by_address_and_protocol():
    ports = [
        {"containerPort": 80, "hostPort": 1, "protocol": "TCP"},
        {"containerPort": 81, "hostPort": 1, "protocol": "TCP", "hostIP": "127.0.0.1"},
        {"containerPort": 53, "hostPort": 1, "protocol": "UDP", "hostIP": "0.0.0.0"},
        {"containerPort": 90},
    ]
    assert host_ports({"spec": {"containers": [{"ports": ports}]}}) == {"1": 80, "127.0.0.1:1": 81, "1/udp": 53}


@pytest.mark.parametrize("address, protocol, port", [("10.0.0.1", "TCP", None), ("127.0.0.1", "TCP", 81), ("10.0.0.1", "UDP", 53)])
def test_a_host_port_of_one_address_is_not_anothers(address, protocol, port):
    nodes = Nodes()
    runtime = nodes.runtimes["node0"]
    runtime.sandbox_started("a", "default/a", attempt=0, host_network=False, host_ports={"127.0.0.1:1": 81, "1/udp": 53})
    found = mapped_to(Place(runtime), address, 1, protocol)
    assert (found[1] if found else None) == port
