"""Owns the way between addresses: what a connection of a Pod or a node comes to, worked out at the moment that it is made.

Sources: the bridge and portmap CNI plugins (who is where), Linux (what a tool sees of a missing route or listener).
Simplifications: an answer is worked out at once, and what it takes is told to the caller; there are no packets, no bandwidth, no
connection that lasts; IPv4 alone.
"""

from __future__ import annotations

from typing import Any

from cluster.engine import Actor
from cluster.runtime.http import Asked
from cluster.runtime.servers import converse
from cluster.runtime.wire import NO_NAME, NO_ROUTE, REFUSED, TIMEOUT, UNRESOLVED, Exchanged, Resolved

from .places import LOCALHOST, LOOPBACK, Listener, Place, is_address, is_in, listener_at, place_of

NAME = "network"
ARP_MS = 3_000  # until the kernel gives up on a neighbour that does not answer: no route to host
SHOWN = 80


class Network(Actor):
    """The network of the whole cluster. nodes: the runtimes, by the name of their node."""

    def __init__(self, engine, nodes: dict[str, Any] | None = None):
        super().__init__(engine, NAME)
        self.runtimes: list[Any] = list((nodes or {}).values())

    # -- places ---------------------------------------------------------------------------------------------------

    def place(self, source: Place, address: str) -> Place | str:
        """Where an address is, or why nobody is there."""
        if address.startswith(LOOPBACK):
            return source
        for runtime in self.runtimes:
            if address == runtime.node_ip:
                return Place(runtime)
            if is_in(address, runtime.state.pod_cidr):
                return self._of_range(runtime, address)
        return TIMEOUT

    def _of_range(self, runtime: Any, address: str) -> Place | str:
        sandbox = runtime.state.sandboxes.get(runtime.state.addresses.get(address, ""))
        if sandbox is not None:
            return Place(runtime, sandbox)
        return Place(runtime) if address == Place(runtime).gateway else NO_ROUTE

    # -- what programs ask ----------------------------------------------------------------------------------------

    def resolve(self, runtime: Any, container: str, name: str, kind: str, *, server: str, is_traced: bool) -> Resolved:
        """A name's addresses, as the container's resolver finds them."""
        if is_address(name):
            return Resolved((name,), name)
        if name == "localhost":
            return Resolved((LOCALHOST,), name)
        return Resolved(name=name, error=NO_NAME)

    def exchange(
        self, runtime: Any, container: str, host: str, port: int, text: str, *, protocol: str, timeout_ms: int, is_traced: bool
    ) -> Exchanged:
        """Connect and talk; see Wire.exchange."""
        found = None if is_address(host) else self.resolve(runtime, container, host, "A", server="", is_traced=is_traced)
        if found is not None and found.error:
            return Exchanged(UNRESOLVED, address=host, took_ms=found.took_ms, resolved=found)
        address = found.addresses[0] if found else host
        reply = self._dial(place_of(runtime, container), address, port, text, timeout_ms=timeout_ms, is_traced=is_traced)
        return reply._replace(resolved=found, took_ms=reply.took_ms + (found.took_ms if found else 0))

    def _dial(self, source: Place, address: str, port: int, text: str, *, timeout_ms: int, is_traced: bool) -> Exchanged:
        target = self.place(source, address)
        if isinstance(target, str):
            return self._failed(source, address, port, target, timeout_ms, is_traced)
        listener = listener_at(target, port)
        if listener is None:
            return self._failed(source, address, port, REFUSED, timeout_ms, is_traced)
        return self._talk(source, target, listener, address, port, text, is_traced=is_traced)

    def _failed(self, source: Place, address: str, port: int, error: str, timeout_ms: int, is_traced: bool) -> Exchanged:
        took_ms = {REFUSED: self.latency("connect"), NO_ROUTE: ARP_MS}.get(error, timeout_ms)
        error = TIMEOUT if took_ms > timeout_ms else error
        if is_traced:
            self.trace("ConnectionFailed", _subject(source), **_from(source), address=address, port=port, error=error)
        return Exchanged(error, address=address, took_ms=min(took_ms, timeout_ms))

    def _talk(self, source: Place, target: Place, listener: Listener, address: str, port: int, text: str, *, is_traced: bool) -> Exchanged:
        """The listener hears the text and answers; what it logs is in its log."""
        runtime, container = target.runtime, listener.container
        world = runtime.world_of(container.id)
        world.client = self._seen_as(source, target, address)
        said = converse(world, container.image, listener.server, text)
        for stream, line in said.lines:
            runtime.wrote(container.id, stream, line)
        for asked, code in said.asked if is_traced else ():
            line = f"{asked.method} {asked.path}"[:SHOWN] if isinstance(asked, Asked) else "?"
            runtime.tell("RequestServed", container.uid, container.pod, container.name, port=port, asked=line, code=code, client=world.client)
        return Exchanged("", said.text, address, self.latency("connect"), said.is_over)

    @staticmethod
    def _seen_as(source: Place, target: Place, address: str) -> str:
        """The address that the listener sees its client come from."""
        if address.startswith(LOOPBACK):
            return LOCALHOST
        if source.sandbox is None and target.sandbox is not None and source.runtime is target.runtime:
            return source.gateway
        return source.address

    def ping(self, runtime: Any, container: str, host: str, *, is_traced: bool) -> Exchanged:
        """One echo request; see Wire.ping."""
        found = None if is_address(host) else self.resolve(runtime, container, host, "A", server="", is_traced=is_traced)
        if found is not None and found.error:
            return Exchanged(UNRESOLVED, address=host, took_ms=found.took_ms, resolved=found)
        address = found.addresses[0] if found else host
        target = self.place(place_of(runtime, container), address)
        error = target if isinstance(target, str) else ""
        return Exchanged(error, address=address, took_ms=self.latency("connect") if not error else ARP_MS, resolved=found)


def _subject(place: Place) -> str:
    return f"pods/{place.pod}" if place.pod else f"nodes//{place.runtime.node}"


def _from(place: Place) -> dict[str, str]:
    """Who asks, as facts name it. `from` is what the page draws a flight from."""
    return {"from": place.pod.rpartition("/")[2] or place.runtime.node, "pod": place.pod, "node": place.runtime.node}
