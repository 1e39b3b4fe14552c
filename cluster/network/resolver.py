"""How a program finds an address: /etc/hosts, then the name servers of /etc/resolv.conf with search domains and ndots.

Source: resolv.conf(5), and musl's and glibc's resolvers; what the kubelet writes into the file: pkg/kubelet/network/dns/dns.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from cluster.runtime.wire import CLUSTER_DNS, CLUSTER_DOMAIN, NO_DATA, NO_NAME, NO_SERVER, Resolved

from .coredns import Answer
from .places import LOCALHOST, is_address

NDOTS = 5  # of a Pod whose dnsPolicy is ClusterFirst
MOST_NDOTS = 15
TIMEOUT_MS, ATTEMPTS = 5_000, 2


class Configuration(NamedTuple):
    """What resolv.conf says."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1


def configuration(text: str | None, namespace: str) -> Configuration:
    """Read resolv.conf; without one, what a Pod of this namespace has by default."""
    if text is None:
        search = (f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN)
        return Configuration((CLUSTER_DNS,), search, NDOTS)
    found = Configuration()
    for line in text.splitlines():
        word, *values = line.split() or [""]
        if word == "nameserver" and values:
            found = found._replace(servers=(*found.servers, values[0]))
        elif word == "search":
            found = found._replace(search=tuple(values))
        for value in values if word == "options" else ():
            name, _, number = value.partition(":")
            if name == "ndots" and number.isascii() and number.isdigit():
                found = found._replace(ndots=min(int(number[:3]), MOST_NDOTS))
    return found


def candidates(name: str, conf: Configuration) -> list[str]:
    """The full names to ask for, in order."""
    if name.endswith("."):
        return [name.rstrip(".")]
    searched = [f"{name}.{domain}" for domain in conf.search]
    return [name, *searched] if name.count(".") >= conf.ndots else [*searched, name]


def in_hosts(text: str | None, name: str) -> tuple[str, ...]:
    """The addresses of a name in /etc/hosts."""
    found = []
    for line in (text or "").splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if name in names and is_address(address):
            found.append(address)
    return tuple(found) or ((LOCALHOST,) if name == "localhost" else ())


Asks = Callable[[str, str, str], tuple[Answer | None, int]]  # server, full name, kind -> (answer or None, ms)


def resolve(name: str, kind: str, *, hosts: str | None, conf: Configuration, ask: Asks) -> Resolved:
    """Find a name; the first full name that has an answer ends the search."""
    if kind == "A" and is_address(name):
        return Resolved((name,), name)
    listed = in_hosts(hosts, name) if kind == "A" else ()
    if listed:
        return Resolved(listed, name)
    if not conf.servers:
        return Resolved(name=name, error=NO_SERVER)
    asked, took_ms, error, last = [], 0, NO_NAME, name
    for full in candidates(name, conf):
        answer, server, spent_ms = _ask_all(full, kind, conf, ask)
        took_ms += spent_ms
        asked.append(full)
        if answer is None:
            return Resolved(name=full, error=NO_SERVER, server=server, took_ms=took_ms, asked=tuple(asked))
        if not answer.error:
            return Resolved(answer.addresses, full, "", server, took_ms, answer.aliases, tuple(asked), answer.records)
        last, error = full, NO_DATA if NO_DATA in (error, answer.error) else NO_NAME
    return Resolved(name=last, error=error, server=server, took_ms=took_ms, asked=tuple(asked))


def _ask_all(full: str, kind: str, conf: Configuration, ask: Asks) -> tuple[Any, str, int]:
    """Each server in turn, until one answers."""
    spent_ms = 0
    for _ in range(ATTEMPTS):
        for server in conf.servers[:3]:
            answer, took_ms = ask(server, full, kind)
            spent_ms += took_ms
            if answer is not None:
                return answer, server, spent_ms
    return None, conf.servers[0], spent_ms
