"""NetworkPolicies, as the network plugin of each node enforces them: who may connect to a Pod, and to whom a Pod may connect.

Source: k8s.io/api networking/v1 types.go (NetworkPolicySpec), whose comments are the rules; a plugin is not part of Kubernetes.
Simplifications: one agent for all nodes; it watches Pods and namespaces only while there is a policy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, NamedTuple

from cluster.client import Client, Informers, Process
from cluster.meta import labels
from cluster.meta.objects import key_of
from cluster.runtime.wire import CLUSTER_DNS

from .places import Place

NAME = "network-policy-agent"


class Peer(NamedTuple):
    """One end of a connection as policies see it. pod: its labels; None where it is no Pod."""

    address: str
    namespace: str = ""
    pod: dict[str, str] | None = None
    ports: tuple[tuple[str, int, str], ...] = ()  # (name, number, protocol) of its containers


DNS = Peer(CLUSTER_DNS, "kube-system", {"k8s-app": "kube-dns"}, (("dns", 53, "UDP"), ("dns-tcp", 53, "TCP")))


class PolicyAgent(Process):
    """Answers `allows`; where no policy selects a Pod, all is allowed."""

    name = NAME

    def __init__(self, engine):
        super().__init__(engine)
        self.client = Client(self, user="system:serviceaccount:kube-system:network-policy-agent", manager=NAME,
                             groups=["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"])  # fmt: skip
        self.informers = Informers(self, self.client)
        self.policies = self.informers.watch("networkpolicies", indexes={"namespace": lambda policy: [policy["metadata"]["namespace"]]})
        self.policies.on(self._on_policy)

    def _on_policy(self, kind: str, old: dict | None, new: dict) -> None:
        for resource in ("pods", "namespaces"):
            (self.informers.follow if self.policies.pairs() else self.informers.forget)(resource)
        if kind == "DELETED" or old is None or old["spec"] != new["spec"]:
            self.trace("PolicyProgrammed", f"networkpolicies/{key_of(new)}", policy=new["metadata"]["name"], change=kind)

    def allows(self, source: Place, target: Place | Peer, port: int, protocol: str) -> bool:
        """Whether both ends let the connection through: egress of the one, ingress of the other."""
        if not self.policies.pairs() or source == target or source.address == (target.address if isinstance(target, Place) else ""):
            return True
        here = self._peer(source)
        there = target if isinstance(target, Peer) else self._peer(target)
        if isinstance(target, Place) and source.sandbox is None and source.runtime is target.runtime:
            return True  # a node reaches its own Pods, or its probes would fail
        return self._lets(here, there, "Egress", port, protocol, there) and self._lets(there, here, "Ingress", port, protocol, there)

    def _peer(self, place: Place) -> Peer:
        pod = self.informers["pods"].get(place.pod) if place.pod else None
        if pod is None:
            return Peer(place.address)
        containers = (*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ()))
        ports = [(each.get("name", ""), each["containerPort"], each.get("protocol", "TCP")) for one in containers for each in one.get("ports") or ()]
        meta = pod["metadata"]
        return Peer(place.address, meta["namespace"], meta.get("labels") or {}, tuple(ports))

    def _lets(self, subject: Peer, other: Peer, direction: str, port: int, protocol: str, listener: Peer) -> bool:
        """Whether the policies of one end let the other one in, or itself out to it."""
        if subject.pod is None:
            return True
        specs = [policy["spec"] for policy in self.policies.by("namespace", subject.namespace)]
        selecting = [spec for spec in specs if direction in (spec.get("policyTypes") or ()) and _selects(spec.get("podSelector") or {}, subject.pod)]
        side, rules = ("to", "egress") if direction == "Egress" else ("from", "ingress")
        return not selecting or any(
            self._is_peer(rule.get(side), other, subject.namespace) and is_port(rule.get("ports"), port, protocol, listener.ports)
            for spec in selecting for rule in spec.get(rules) or ()
        )  # fmt: skip

    def _is_peer(self, peers: list[dict] | None, other: Peer, namespace: str) -> bool:
        """No peers at all mean everybody."""
        return not peers or any(self._matches(peer, other, namespace) for peer in peers)

    def _matches(self, peer: dict, other: Peer, namespace: str) -> bool:
        if peer.get("ipBlock"):
            return in_block(peer["ipBlock"], other.address)
        if other.pod is None:
            return False
        if peer.get("namespaceSelector") is None:
            return other.namespace == namespace and _selects(peer.get("podSelector") or {}, other.pod)
        found = self.informers["namespaces"].get(other.namespace)
        of_namespace = (found["metadata"].get("labels") or {}) if found else {"kubernetes.io/metadata.name": other.namespace}
        return _selects(peer["namespaceSelector"], of_namespace) and _selects(peer.get("podSelector") or {}, other.pod)


def _selects(selector: dict, found: dict[str, str]) -> bool:
    return labels.from_object(selector).matches(found)


def in_block(block: dict[str, Any], address: str) -> bool:
    """Whether an address is in a block and in none of its exceptions."""
    place = ipaddress.ip_address(address)
    return place in ipaddress.ip_network(block["cidr"], strict=False) and not any(
        place in ipaddress.ip_network(each, strict=False) for each in block.get("except") or ()
    )


def is_port(ports: list[dict] | None, port: int, protocol: str, named: Iterable[tuple[str, int, str]]) -> bool:
    """Whether a rule's ports have this one; no ports at all mean every port. named: the listener's, for ports by name."""
    return not ports or any(_is_one(each, port, protocol, named) for each in ports)


def _is_one(wanted: dict, port: int, protocol: str, named: Iterable[tuple[str, int, str]]) -> bool:
    if wanted.get("protocol", "TCP") != protocol:
        return False
    first = wanted.get("port")
    if first is None:
        return True
    if isinstance(first, str):
        return any((name, number, sort) == (first, port, protocol) for name, number, sort in named)
    return first <= port <= wanted.get("endPort", first)
