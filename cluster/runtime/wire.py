"""Owns what a program in a container gets from the network: `world.network` is a `Wire`, and these are its answers.

An answer is worked out at the moment of the question; `took_ms` is how long it takes on the virtual clock, which the caller waits
before it goes on. Who answers: cluster/network. Bytes are text, as in octets.py.

    reply = world.network.exchange("web", 80, request_text)     # a name, an address, "localhost"
    call.sleep(reply.took_ms) … then print reply.text, or complain in the tool's words about reply.error
"""

from __future__ import annotations

from typing import Any, NamedTuple

CLUSTER_DNS, CLUSTER_DOMAIN = "10.96.0.10", "cluster.local"
CONNECT_TIMEOUT_MS = 127_000  # what the kernel tries before it gives up: six repeats, doubling (tcp_syn_retries)

REFUSED, TIMEOUT, NO_ROUTE, UNRESOLVED, RESET = "refused", "timeout", "no-route", "unresolved", "reset"
PLAIN = "plain"  # the listener speaks no TLS
NO_NAME, NO_DATA, NO_SERVER, FAILED = "nxdomain", "nodata", "no-server", "servfail"


class Resolved(NamedTuple):
    """What a resolver found. error: "", NO_NAME, NO_DATA (the name is there, but has no such record), NO_SERVER (nobody answers), FAILED.

    name: the full name that answered, or was asked last. aliases: names on the way (CNAME). asked: every full name that was asked.
    """

    addresses: tuple[str, ...] = ()
    name: str = ""
    error: str = ""
    server: str = ""
    took_ms: int = 0
    aliases: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    records: tuple[tuple[str, str], ...] = ()  # (type, text) of what else was asked for: SRV, PTR, TXT


class Exchanged(NamedTuple):
    """What came of a connection. error: "", REFUSED, TIMEOUT, NO_ROUTE, UNRESOLVED (see `resolved`), RESET, PLAIN.

    address: what was dialled, of a Service its own. text: all that the listener sent.
    """

    error: str = ""
    text: str = ""
    address: str = ""
    took_ms: int = 0
    is_closed: bool = True  # the listener has hung up; else the client would
    resolved: Resolved | None = None


class Wire:
    """The network as one container (or with container "" the node itself) has it. runtime: the node's Containerd."""

    def __init__(self, runtime: Any, container: str = ""):
        self.runtime, self.container = runtime, container

    @property
    def _network(self) -> Any:
        return self.runtime.engine.actors.get("network")

    def resolve(self, name: str, kind: str = "A", *, server: str = "", is_traced: bool = True) -> Resolved:
        """Ask the resolver as the C library does: /etc/hosts, then /etc/resolv.conf with its search domains and ndots.

        kind: A, AAAA, SRV, PTR, CNAME, TXT. server: ask this one instead.
        """
        network = self._network
        if network is None:
            return Resolved(name=name, error=NO_SERVER)
        return network.resolve(self.runtime, self.container, name, kind, server=server, is_traced=is_traced)

    def exchange(
        self,
        host: str,
        port: int,
        text: str = "",
        *,
        protocol: str = "TCP",
        timeout_ms: int = CONNECT_TIMEOUT_MS,
        is_traced: bool = True,
        is_tls: bool = False,
    ) -> Exchanged:
        """Connect, say `text`, hear the answer. With text "" it is a connection that is closed again (`nc -z`, a tcpSocket probe).

        is_tls: the client speaks TLS. It is a mark on the connection alone: nothing is encrypted, and no certificate is looked at.
        """
        network = self._network
        if network is None:
            return Exchanged(NO_ROUTE, address=host)
        options = {"protocol": protocol, "timeout_ms": timeout_ms, "is_traced": is_traced, "is_tls": is_tls}
        return network.exchange(self.runtime, self.container, host, port, text, **options)

    def ping(self, host: str, *, is_traced: bool = True) -> Exchanged:
        """One echo request; error "" when it came back, after took_ms."""
        network = self._network
        if network is None:
            return Exchanged(NO_ROUTE, address=host)
        return network.ping(self.runtime, self.container, host, is_traced=is_traced)

    def addresses(self) -> list[str]:
        """The addresses of the namespace that this container is in, without the loopback."""
        return self.runtime.addresses_of(self.container)
