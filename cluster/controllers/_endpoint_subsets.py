"""The subsets of an Endpoints object: addresses grouped by the ports at which they answer, in a fixed order.

Upstream orders subsets by a hash in which their Pods' uids are; here it is the text of their ports.
Source: pkg/api/v1/endpoints/util.go (RepackSubsets), pkg/controller/endpoint/endpoints_controller.go (podToEndpointAddressForService,
truncateEndpoints).
"""

from __future__ import annotations

import math

from . import _service_pods as service_pods
from ._endpoint_slices import Ports, ports_of
from ._pods import is_ready
from ._port_order import in_order

CAPACITY = 1000  # addresses in one object
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
PARTS = ("addresses", "notReadyAddresses")
Made = tuple[dict, Ports, bool]  # an address, its ports, whether it is ready


def address_of(pod: dict, service: dict) -> Made | None:
    """A Pod as an address; None where it has none of the Service's first family, or no port."""
    spec = service["spec"]
    family = (spec.get("ipFamilies") or ("IPv4",))[0]
    address = next((each for each in service_pods.addresses(pod) if (":" in each) == (family == "IPv6")), "")
    ports = ports_of(service, pod)
    if not address or not (ports or (not spec.get("ports") and spec.get("clusterIP") == "None")):
        return None
    found = {"ip": address}
    if hostname := service_pods.hostname_for(pod, service):
        found["hostname"] = hostname
    found["nodeName"] = pod["spec"].get("nodeName", "")
    found["targetRef"] = service_pods.target_of(pod)
    return found, ports, bool(spec.get("publishNotReadyAddresses")) or is_ready(pod)


def subsets_of(made: list[Made]) -> list[dict]:
    """Addresses with the same ports in one subset, those that are not ready beside the ready ones."""
    by_port: dict[tuple, dict[str, tuple[dict, bool]]] = {}
    for address, ports, is_ready_ in made:
        for port in ports or ((),):
            by_port.setdefault(port, {})[f"{address['ip']}/{address['targetRef']['uid']}"] = (address, is_ready_)
    by_addresses: dict[tuple, list[tuple]] = {}
    for port, addresses in by_port.items():
        by_addresses.setdefault(tuple(sorted(addresses)), []).append(port)
    found = [_subset(ports, [by_port[ports[0]][key] for key in keys]) for keys, ports in by_addresses.items()]
    return sorted(found, key=lambda subset: str(subset.get("ports")))


def _subset(ports: list[tuple], addresses: list[tuple[dict, bool]]) -> dict:
    ready = [address for address, is_ready_ in addresses if is_ready_]
    waiting = [address for address, is_ready_ in addresses if not is_ready_]
    shown = [_port(port) for port in in_order([port for port in ports if port], "Endpoints")]
    parts = {"addresses": ready, "notReadyAddresses": waiting, "ports": shown}
    return {name: part for name, part in parts.items() if part}


def _port(port: tuple) -> dict:
    name, number, protocol, app = port
    found = {**({"name": name} if name else {}), "port": number, "protocol": protocol}
    return {**found, "appProtocol": app} if app is not None else found


def are_same(there: list[dict], wanted: list[dict]) -> bool:
    """Whether subsets say the same, in whatever order, and whichever version of a Pod they saw. Source: endpointSubsetsEqualIgnoreResourceVersion."""
    return there == wanted or (_size(there) == _size(wanted) and _said(there) == _said(wanted))


def _size(subsets: list[dict]) -> int:
    return sum([len(subset.get(part, ())) * max(1, len(subset.get("ports", ()))) for subset in subsets for part in PARTS])


def _said(subsets: list[dict]) -> list[str]:
    """Each address with each of its ports."""
    found = []
    for subset in subsets:
        for part in PARTS:
            for address in subset.get(part, ()):
                target = {field: value for field, value in (address.get("targetRef") or {}).items() if field != "resourceVersion"}
                about = sorted({**address, "targetRef": sorted(target.items())}.items())
                found += [f"{part} {sorted(port.items())} {about}" for port in subset.get("ports") or ({},)]
    return sorted(found)


def truncated(subsets: list[dict]) -> tuple[list[dict], bool]:
    """(the subsets with at most a thousand addresses, ready ones first, each its share; whether any were left out)."""
    ready = sum(len(subset.get("addresses", ())) for subset in subsets)
    waiting = sum(len(subset.get("notReadyAddresses", ())) for subset in subsets)
    if ready + waiting <= CAPACITY:
        return subsets, False
    part, total, room = ("addresses", ready, CAPACITY) if ready > CAPACITY else ("notReadyAddresses", waiting, CAPACITY - ready)
    found, left = [], room
    for subset in subsets:
        share = min(left, math.ceil(len(subset.get(part, ())) / total * room))
        cut = {**subset, part: subset.get(part, [])[:share]}
        if part == "addresses":
            cut["notReadyAddresses"] = []
        left -= len(cut[part])
        found.append({name: value for name, value in cut.items() if value})
    return found, True
