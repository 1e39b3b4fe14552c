"""Owns the way between addresses: what a connection of a Pod or a node comes to, worked out at the moment that it is made.

Sources: the bridge and portmap CNI plugins (who is where), pkg/proxy (Services), Linux (what a program sees of a missing route or listener).
Simplifications: an answer is worked out at once, and what it takes is told to the caller; there are no packets, no bandwidth, no
connection that lasts; IPv4 alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cluster.apiserver.itself import SERVER_IP, SERVER_PORT
from cluster.engine import Actor
from cluster.runtime.http import Asked, answer_of
from cluster.runtime.octets import bytes_of
from cluster.runtime.servers import TLS, converse, is_quiet
from cluster.runtime.wire import NO_DATA, NO_NAME, NO_ROUTE, PLAIN, REFUSED, TIMEOUT, UNRESOLVED, Exchanged, Resolved

from . import coredns, in_cluster, kube_proxy, policies, resolver
from .places import LOCALHOST, LOOPBACK, Listener, Place, is_address, is_in, listener_at, mapped_to, place_of

NAME = "network"
ARP_MS = 3_000  # until the kernel gives up on a neighbour that does not answer: no route to host
SHOWN = 80
MOST_TOLD = 50  # requests of one container in a second that leave a fact: a loop that never sleeps would fill the trace
TO_TLS = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
DNS_PORT = 53
SERVER_TIMEOUT_MS = 30_000  # of the API server's own dialler


class Outside:
    """The machine of the API server, which is no node."""

    node, node_ip = "kube-apiserver", SERVER_IP

    class state:
        pod_cidr = ""


OUTSIDE = Outside()


class Route(NamedTuple):
    """Where a connection ends up. place None: the API server itself. seen_as: the client's address there."""

    place: Place | None
    port: int
    seen_as: str


@dataclass
class NetworkState:
    """second: the second of the clock that `told` counts in. told: container -> requests that left a fact."""

    second: int = 0
    told: dict[str, int] = field(default_factory=dict)


class Network(Actor):
    """The network of the whole cluster. nodes: the runtimes, by the name of their node."""

    def __init__(self, engine, nodes: dict[str, Any] | None = None):
        super().__init__(engine, NAME)
        self.state = NetworkState()
        self.runtimes: list[Any] = list((nodes or {}).values())
        self.by_address = {runtime.node_ip: runtime for runtime in self.runtimes}
        self.by_range: dict[str, Any] = {}

    def _part(self, name: str) -> Any:
        """kube-proxy or CoreDNS, where the cluster has it."""
        return self.engine.actors.get(name)

    # -- routes ---------------------------------------------------------------------------------------------------

    def place(self, source: Place, address: str) -> Place | str:
        """Where an address is, or why nobody is there."""
        if address.startswith(LOOPBACK):
            return source
        if address in self.by_address:
            return Place(self.by_address[address])
        runtime = self._with_range(address)
        if runtime is None:
            return TIMEOUT
        sandbox = runtime.state.sandboxes.get(runtime.state.addresses.get(address, ""))
        if sandbox is not None:
            return Place(runtime, sandbox)
        return Place(runtime) if address == Place(runtime).gateway else NO_ROUTE

    def _with_range(self, address: str) -> Any:
        """The runtime whose Pods' range an address is in. Ranges are /24, and a node may be given its own late."""
        prefix = address.rpartition(".")[0]
        runtime = self.by_range.get(prefix)
        if runtime is None or not is_in(address, runtime.state.pod_cidr):
            self.by_range = {each.state.pod_cidr.rpartition(".")[0]: each for each in self.runtimes}
            runtime = self.by_range.get(prefix)
        return runtime

    def route(self, source: Place, address: str, port: int, protocol: str, *, is_traced: bool) -> Route | str:
        """Where a connection goes, or why it goes nowhere."""
        own = self._own_pod(source.runtime, address) if source.sandbox is None else None
        if own is not None:
            return Route(own, port, source.gateway)
        choice = self._of_service(source, address, port, protocol)
        if choice is not None:
            if is_traced:
                self._tell_choice(source, address, port, choice)
            if not choice.address:
                return REFUSED  # a rule of kube-proxy answers with a reset
            return self._to_endpoint(source, address, choice)
        if address == SERVER_IP:
            return Route(None, port, source.address) if port == SERVER_PORT else REFUSED
        place = self.place(source, address)
        if isinstance(place, str):
            return place
        mapped = mapped_to(place, address, port, protocol) if place.sandbox is None else None
        if mapped is not None:
            return Route(mapped[0], mapped[1], source.address)
        return Route(place, port, self._seen_as(source, place, address))

    def _own_pod(self, runtime: Any, address: str) -> Place | None:
        """The Pod of a node that an address is of, where no rule of kube-proxy is about it: what the node probes."""
        sandbox = runtime.state.sandboxes.get(runtime.state.addresses.get(address, "")) if runtime is not OUTSIDE else None
        proxy = self._part(kube_proxy.NAME)
        return None if sandbox is None or (proxy is not None and address in proxy.by_address) else Place(runtime, sandbox)

    def _of_service(self, source: Place, address: str, port: int, protocol: str) -> kube_proxy.Choice | None:
        """The choice of a rule of kube-proxy, if one is about this address: a Service's, or a node's with a node port."""
        proxy, node = self._part(kube_proxy.NAME), source.runtime.node
        if proxy is None:
            return None
        at_node = self.by_address.get(address)
        if at_node is None and address.startswith(LOOPBACK) and source.sandbox is None:
            at_node = source.runtime
        if at_node is not None:
            return proxy.choose_node_port(source.address, at_node.node, port, protocol)
        return proxy.choose(source.address, node, address, port, protocol)

    def _to_endpoint(self, source: Place, address: str, choice: kube_proxy.Choice) -> Route | str:
        if choice.address == SERVER_IP:
            return Route(None, choice.port, source.address)
        place = self.place(source, choice.address)
        if isinstance(place, str):
            return place
        is_of_node = (address in self.by_address and not choice.keeps_source) or address.startswith(LOOPBACK)
        is_masked = is_of_node or place == source  # the way back must lead by the node
        return Route(place, choice.port, source.gateway if is_masked else self._seen_as(source, place, choice.address))

    @staticmethod
    def _seen_as(source: Place, target: Place, address: str) -> str:
        """The address that the listener sees its client come from."""
        if address.startswith(LOOPBACK):
            return LOCALHOST
        if source.sandbox is None and target.sandbox is not None and source.runtime is target.runtime:
            return source.gateway
        return source.address

    # -- what programs ask ----------------------------------------------------------------------------------------

    def _is_told(self, container: str) -> bool:
        """Whether another request of a container leaves a fact: not beyond so many a second."""
        state, second = self.state, self.now_ms // 1000
        if state.second != second:
            state.second, state.told = second, {}
        state.told[container] = state.told.get(container, 0) + 1
        return state.told[container] <= MOST_TOLD

    def resolve(self, runtime: Any, container: str, name: str, kind: str, *, server: str, is_traced: bool) -> Resolved:
        """A name's addresses, as the container's resolver finds them."""
        source = place_of(runtime, container)
        is_traced = is_traced and self._is_told(container)
        world = runtime.world_of(container) if container in runtime.state.processes else None
        hosts = world.read_file("/etc/hosts") if world else None
        conf = resolver.configuration(world.read_file("/etc/resolv.conf") if world else "nameserver " + runtime.resolver, source.namespace)
        if server:
            conf = conf._replace(servers=(server,))
        found = resolver.resolve(name, kind, hosts=hosts, conf=conf, ask=lambda *asked: self._asked(source, *asked))
        if is_traced and found.asked:
            told = {"asked": name, "answer": ", ".join(found.addresses) or found.error or "-", "full": found.name, "tried": len(found.asked)}
            self.trace("NameNotFound" if found.error else "NameResolved", _subject(source), **_from(source), **told)
        return found

    def _asked(self, source: Place, server: str, name: str, kind: str) -> tuple[coredns.Answer | None, int]:
        """One question to one server; None when no answer comes."""
        if server == source.runtime.resolver:  # beyond the cluster nothing has a name
            return coredns.Answer(error=NO_NAME), self.latency("dns")
        if not self._answers_names(source, server, "UDP"):
            return None, resolver.TIMEOUT_MS
        return self._part(coredns.NAME).ask(name, kind), self.latency("dns")

    def _answers_names(self, source: Place, address: str, protocol: str) -> bool:
        """Whether the cluster DNS is at an address, and may be asked."""
        dns = self._part(coredns.NAME)
        return dns is not None and dns.is_on and address == dns.address and self._is_allowed(source, policies.DNS, DNS_PORT, protocol)

    def exchange(
        self, runtime: Any, container: str, host: str, port: int, text: str, *, protocol: str, timeout_ms: int, is_traced: bool, is_tls: bool
    ) -> Exchanged:
        """Connect and talk; see Wire.exchange."""
        is_traced = is_traced and self._is_told(container)
        found = self._found(runtime, container, host, is_traced)
        if found is not None and not found.addresses:
            return _nameless(host, found)
        address = found.addresses[0] if found else host
        options = {"timeout_ms": timeout_ms, "is_traced": is_traced, "is_tls": is_tls}
        reply = self._dial(place_of(runtime, container), address, port, text, protocol, **options)
        return reply if found is None else reply._replace(resolved=found, took_ms=reply.took_ms + found.took_ms)

    def from_server(self, address: str, port: int, text: str) -> tuple[int, Any, dict[str, str]]:
        """The answer to an HTTP request of the API server: (code, body, headers), or (0, why there is none, {})."""
        reply = self.called(address, port, text)
        found = answer_of(reply.text)
        return (found.code, bytes_of(found.body), found.headers) if found is not None else (0, reply.error, {})

    def called(
        self, address: str, port: int, text: str, *, timeout_ms: int = SERVER_TIMEOUT_MS, is_tls: bool = False, is_traced: bool = True
    ) -> Exchanged:
        """A connection of the API server."""
        return self._dial(Place(OUTSIDE), address, port, text, "TCP", timeout_ms=timeout_ms, is_traced=is_traced, is_tls=is_tls)

    def call_of_server(self, host: str, port: int, text: str, timeout_ms: int, *, is_traced: bool = True) -> tuple[int, Any, dict[str, str]]:
        """The same over TLS, to a host that may be a name; error "late": it did not answer in time."""
        if not is_address(host):
            return 0, UNRESOLVED, {}
        reply = self.called(host, port, text, timeout_ms=timeout_ms, is_tls=True, is_traced=is_traced)
        found = answer_of(reply.text)
        if found is not None:
            return found.code, bytes_of(found.body), found.headers
        return 0, "late" if reply.took_ms >= timeout_ms else reply.error, {}

    def _found(self, runtime: Any, container: str, host: str, is_traced: bool) -> Resolved | None:
        """None for an address, which needs no resolver."""
        return None if is_address(host) else self.resolve(runtime, container, host, "A", server="", is_traced=is_traced)

    def _dial(self, source: Place, address: str, port: int, text: str, protocol: str, *, timeout_ms: int, is_traced: bool, is_tls: bool) -> Exchanged:
        route = self.route(source, address, port, protocol, is_traced=is_traced)
        if route == TIMEOUT and port == DNS_PORT and self._answers_names(source, address, protocol):
            return Exchanged("", "", address, self.latency("dns"))
        if isinstance(route, str):
            return self._failed(source, address, port, route, timeout_ms, is_traced)
        if route.place is None:
            return self._to_server(source, address, port, text, timeout_ms=timeout_ms, is_traced=is_traced, is_tls=is_tls)
        if not self._is_allowed(source, route.place, route.port, protocol):
            return self._failed(source, address, port, TIMEOUT, timeout_ms, is_traced, by_policy=True)
        listener = listener_at(route.place, route.port, protocol)
        if listener is None:
            said = self._of_proxy(source, route, address, text) if route.place.sandbox is None and protocol == "TCP" else None
            if said is not None:
                return Exchanged("", said, address, self.latency("connect"))
            return self._failed(source, address, port, REFUSED, timeout_ms, is_traced)
        speaks_tls = listener.server.startswith(TLS)
        if text and speaks_tls != is_tls:
            return Exchanged(PLAIN if is_tls else "", "" if is_tls else TO_TLS, address, self.latency("connect"))
        reply = self._talk(source, route, listener, address, text, is_traced=is_traced)
        return reply if reply.took_ms <= timeout_ms else Exchanged(TIMEOUT, address=address, took_ms=timeout_ms)

    def _of_proxy(self, source: Place, route: Route, address: str, text: str) -> str | None:
        """What kube-proxy itself answers on a node; None where it does not listen."""
        proxy = self._part(kube_proxy.NAME)
        path = (text.split(" ", 2)[1:2] or [""])[0].partition("?")[0]
        if proxy is None:
            return None
        said = proxy.health_answer(route.place.runtime.node, route.port, path, is_loopback=address.startswith(LOOPBACK))
        return said if text or said is None else ""

    def _to_server(self, source: Place, address: str, port: int, text: str, *, timeout_ms: int, is_traced: bool, is_tls: bool) -> Exchanged:
        """A connection to the API server."""
        server = self._part("kube-apiserver")
        if server is not None and not server.is_on:
            return self._failed(source, address, port, REFUSED, timeout_ms, is_traced)
        if not text or not is_tls or server is None:
            return Exchanged("", TO_TLS if text else "", address, self.latency("connect"))
        return Exchanged("", in_cluster.answered(server, text), address, self.latency("connect"))

    def _is_allowed(self, source: Place, target: Place | policies.Peer, port: int, protocol: str) -> bool:
        guard = self._part(policies.NAME)
        return guard is None or guard.allows(source, target, port, protocol)

    def _failed(
        self, source: Place, address: str, port: int, error: str, timeout_ms: int, is_traced: bool, *, by_policy: bool = False
    ) -> Exchanged:
        took_ms = {REFUSED: self.latency("connect"), NO_ROUTE: ARP_MS}.get(error, timeout_ms)
        error = TIMEOUT if took_ms > timeout_ms else error
        if is_traced:
            kind = "ConnectionDropped" if by_policy else "ConnectionFailed"
            self.trace(kind, _subject(source), **_from(source), address=address, port=port, error=error)
        return Exchanged(error, address=address, took_ms=min(took_ms, timeout_ms))

    def _talk(self, source: Place, route: Route, listener: Listener, address: str, text: str, *, is_traced: bool) -> Exchanged:
        """The listener hears the text and answers; what it logs is in its log."""
        runtime, container = route.place.runtime, listener.container
        if not text and is_quiet(runtime.state.processes[container.id], listener.server):
            return Exchanged("", "", address, self.latency("connect"), is_closed=False)
        world = runtime.world_of(container.id)
        world.client = route.seen_as
        said = converse(world, container.image, listener.server, text)
        if listener.server.startswith("nc "):
            runtime.heard_in(container.id)
        for stream, line in said.lines:
            runtime.wrote(container.id, stream, line)
        for asked, code in said.asked if is_traced else ():
            line = f"{asked.method} {asked.path}"[:SHOWN] if isinstance(asked, Asked) else "?"
            told = {"port": route.port, "asked": line, "code": code, "client": _from(source)["from"], "source": _subject(source)}
            runtime.tell("RequestAnswered", container.uid, container.pod, container.name, **told)
        return Exchanged("", said.text, address, self.latency("connect") + said.took_ms, said.is_over)

    def _tell_choice(self, source: Place, address: str, port: int, choice: kube_proxy.Choice) -> None:
        about = {"service": choice.service, "address": address, "port": port, "endpoints": choice.endpoints}
        if choice.address:
            self.trace("ConnectionRouted", f"services/{choice.service}", **_from(source), **about, endpoint=f"{choice.address}:{choice.port}")
        else:
            self.trace("ServiceEmpty", f"services/{choice.service}", **_from(source), **about)

    def ping(self, runtime: Any, container: str, host: str, *, is_traced: bool) -> Exchanged:
        """One echo request; see Wire.ping. A Service's address answers no echo."""
        found = self._found(runtime, container, host, is_traced)
        if found is not None and not found.addresses:
            return _nameless(host, found)
        source, address = place_of(runtime, container), found.addresses[0] if found else host
        target = self.place(source, address)
        error = target if isinstance(target, str) else "" if self._is_allowed(source, target, 0, "ICMP") else TIMEOUT
        return Exchanged(error, address=address, took_ms=self.latency("connect") if not error else ARP_MS, resolved=found)


def _nameless(host: str, found: Resolved) -> Exchanged:
    return Exchanged(UNRESOLVED, address=host, took_ms=found.took_ms, resolved=found if found.error else found._replace(error=NO_DATA))


def _subject(place: Place) -> str:
    if place.runtime is OUTSIDE:
        return ""
    return f"pods/{place.pod}" if place.pod else f"nodes//{place.runtime.node}"


def _from(place: Place) -> dict[str, str]:
    """Who asks, as facts name it."""
    return {"from": place.pod.rpartition("/")[2] or place.runtime.node, "pod": place.pod, "node": place.runtime.node}
