"""Owns where an address is: a Pod's or a node's network namespace, and who listens in it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from cluster.runtime.network import to_number
from cluster.runtime.servers import server_at
from cluster.runtime.state import Container, Sandbox

LOOPBACK = "127."
LOCALHOST = "127.0.0.1"


class Place(NamedTuple):
    """A network namespace. sandbox None: the node's own, which Pods with hostNetwork share."""

    runtime: Any
    sandbox: Sandbox | None = None

    @property
    def address(self) -> str:
        """Its address as others see it."""
        return self.sandbox.ip if self.sandbox is not None else self.runtime.node_ip

    @property
    def pod(self) -> str:
        """The Pod's key, "" for the node."""
        return self.sandbox.pod if self.sandbox is not None else ""

    @property
    def namespace(self) -> str:
        return self.pod.partition("/")[0] or "default"

    @property
    def gateway(self) -> str:
        """The node's address on the bridge that its Pods hang on: what the node's own connections to them come from."""
        return gateway_of(self.runtime.state.pod_cidr)


class Listener(NamedTuple):
    """A container that listens, and by which server of servers.py."""

    container: Container
    server: str


@lru_cache(maxsize=1024)
def gateway_of(cidr: str) -> str:
    """The first address of a node's range."""
    base = cidr.partition("/")[0]
    return base.rpartition(".")[0] + "." + str(int(base.rpartition(".")[2]) + 1) if base else ""


@lru_cache(maxsize=4096)
def is_address(text: str) -> bool:
    """Whether it is an IPv4 address, written with four numbers."""
    parts = text.split(".")
    return len(parts) == 4 and all(part.isascii() and part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts)


@lru_cache(maxsize=4096)
def is_in(address: str, cidr: str) -> bool:
    base, _, bits = cidr.partition("/")
    shift = 32 - int(bits)
    return to_number(address) >> shift == to_number(base) >> shift


def place_of(runtime: Any, container_id: str) -> Place:
    """The namespace that a container is in; with "" the node's."""
    container = runtime.state.containers.get(container_id)
    sandbox = runtime.state.sandboxes.get(container.sandbox) if container is not None else None
    return Place(runtime, None if sandbox is None or sandbox.host_network else sandbox)


def listener_at(place: Place, port: int, protocol: str = "TCP") -> Listener | None:
    """Who listens on a port of a namespace."""
    runtime = place.runtime
    for container in containers_in(place):
        process = runtime.state.processes.get(container.id)
        server = server_at(process, port, protocol) if process is not None else None
        if server is not None:
            return Listener(container, server)
    return None


def containers_in(place: Place) -> list[Container]:
    """The containers that share a namespace, oldest first."""
    runtime = place.runtime
    if place.sandbox is not None:
        return runtime.containers(place.sandbox.uid)
    hosts = [sandbox.uid for sandbox in runtime.state.sandboxes.values() if sandbox.host_network]
    return [container for uid in hosts for container in runtime.containers(uid)]


def mapped_to(node: Place, address: str, port: int, protocol: str) -> tuple[Place, int] | None:
    """The Pod, and its port, that a port of the node is mapped to by hostPort. Source: the portmap CNI plugin."""
    lasting = f"{port}/udp" if protocol == "UDP" else str(port)
    for sandbox in node.runtime.state.sandboxes.values():
        ports = sandbox.host_ports
        if ports and sandbox.state == "ready" and (lasting in ports or f"{address}:{lasting}" in ports):
            return Place(node.runtime, sandbox), ports[lasting] if lasting in ports else ports[f"{address}:{lasting}"]
    return None
