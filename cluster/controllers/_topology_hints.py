"""Hints by a Service's annotation topology-mode: each zone gets as many endpoints as is its share of the nodes' CPU. Pure.

Where upstream walks a Go map, zones come in the order of their names here.
Source: k8s.io/endpointslice topologycache/{topologycache,utils,sliceinfo,event}.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from cluster.kinds.node import is_ready
from cluster.meta import quantity

OVERLOAD = 0.2  # overloadThreshold
MODES = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode")
ZONE = "topology.kubernetes.io/zone"
CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
ENABLED, DISABLED = "Topology Aware Hints has been enabled", "Topology Aware Hints has been disabled"
TOO_LITTLE_KNOWN = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
TOO_FEW = "Insufficient number of endpoints ({} endpoints, {} zones)"
OVERLOADED = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ({} endpoints, {} zones)"
NO_ZONE, NO_HINTS = "One or more endpoints do not have a zone specified", "No hints allocated for zones"

Zones = dict[str, int]  # a zone -> its nodes' CPU in thousandths; empty where the nodes do not tell enough
Hinted = dict[str, int]  # a zone -> endpoints that are hinted for it


class Part(NamedTuple):
    """How many endpoints a zone must have, may have, and would have if there were halves."""

    least: int
    most: int
    desired: float


def is_asked_for(service: dict) -> bool:
    """Source: hintsEnabled."""
    annotations = service["metadata"].get("annotations") or {}
    return next((annotations[mode] for mode in MODES if mode in annotations), "") in ("Auto", "auto")


def zones_of(nodes: Iterable[dict]) -> Zones:
    """Source: SetNodes."""
    found: Zones = {}
    for node in nodes:
        labels, status = node["metadata"].get("labels") or {}, node.get("status") or {}
        if any(role in labels for role in CONTROL_PLANE) or not is_ready(node):
            continue
        zone, cpu = labels.get(ZONE), quantity.millis(str((status.get("allocatable") or {}).get("cpu", "0")))
        if not zone or not cpu:
            return {}
        found[zone] = found.get(zone, 0) + cpu
    return dict(sorted(found.items())) if len(found) > 1 else {}


def parts_of(zones: Zones, count: int) -> dict[str, Part] | str:
    """Each zone's part of so many endpoints, or why they cannot be shared out. Source: getAllocations."""
    if not zones:
        return TOO_LITTLE_KNOWN
    if len(zones) > count:
        return TOO_FEW.format(count, len(zones))
    total = sum(zones.values())
    desired = {zone: cpu / total * count for zone, cpu in zones.items()}
    least = {zone: ceil(share * (1 / (1 + OVERLOAD))) for zone, share in desired.items()}
    spare = count - sum(least.values())
    if spare < 0:
        return OVERLOADED.format(count, len(zones))
    return {zone: Part(least[zone], least[zone] + spare, max(desired[zone], least[zone])) for zone in zones}


def is_overloaded(hinted: Hinted, zones: Zones) -> bool:
    """Whether a zone has fewer endpoints than its share by now. Source: serviceOverloaded."""
    if not hinted or not zones:
        return bool(hinted)
    endpoints, total = sum(hinted.values()), sum(zones.values())
    return any(hinted.get(zone, -1) < ceil(endpoints * (cpu / total) * (1 / (1 + OVERLOAD))) for zone, cpu in zones.items())


def spread(writing: list[dict], untouched: list[dict], zones: Zones) -> Hinted | str:
    """Hint the endpoints of slices that are to be written, to which those join whose hints no longer fit; or say why not.

    The slices of `writing` are whoever's calls this: their lists of endpoints are replaced. Source: AddHints.
    """
    parts = parts_of(zones, sum(len(_ready(each)) for each in (*writing, *untouched)))
    if isinstance(parts, str):
        return parts
    hinted: Hinted = {}
    for slice_ in untouched:
        found = _fitting(slice_, hinted, parts)
        if found is None:
            writing.append({**slice_})
        else:
            _add(hinted, found)
    if any(not each.get("zone") for slice_ in writing for each in _ready(slice_)):
        return NO_ZONE
    for zone in [each["zone"] for slice_ in writing for each in _ready(slice_)]:
        hinted[zone] = hinted.get(zone, 0) + 1
    giving, receiving = exchanges(parts, hinted)
    for slice_ in writing:
        slice_["endpoints"] = [_hinted(each, giving, receiving, hinted) for each in slice_["endpoints"] or ()] or slice_["endpoints"]
    return hinted or NO_HINTS


def _ready(slice_: dict) -> list[dict]:
    return [each for each in slice_.get("endpoints") or () if each["conditions"].get("ready")]


def _fitting(slice_: dict, hinted: Hinted, parts: dict[str, Part]) -> Hinted | None:
    """The hints of a slice that nobody touches; None where they do not do any more. Source: getHintsByZone."""
    found: Hinted = {}
    for endpoint in _ready(slice_):
        names = [each["name"] for each in (endpoint.get("hints") or {}).get("forZones") or ()]
        if not names or any(name not in parts for name in names):
            return None
        _add(found, dict.fromkeys(names, 1))
    return None if any(count + hinted.get(zone, 0) > parts[zone].most for zone, count in found.items()) else found


def _add(total: Hinted, more: Hinted) -> None:
    for zone, count in more.items():
        total[zone] = total.get(zone, 0) + count


def exchanges(parts: dict[str, Part], hinted: Hinted) -> tuple[Hinted, Hinted]:
    """(how many endpoints each zone gives away, how many each gets). Source: getGivingAndReceivingZones."""
    over = {zone: hinted.get(zone, 0) - part.desired for zone, part in parts.items()}
    surplus, lack = {zone: more for zone, more in over.items() if more > 0}, {zone: -more for zone, more in over.items() if more < 0}
    giving: Hinted = {}
    receiving: Hinted = {}
    while True:
        (giver, gives), (taker, takes) = _most(surplus), _most(lack)
        if gives < 0.5 or takes < 0.5 or (gives < 1.0 and takes < 1.0):
            return giving, receiving
        _add(giving, {giver: 1})
        _add(receiving, {taker: 1})
        surplus[giver] -= 1
        lack[taker] -= 1


def _most(amounts: dict[str, float]) -> tuple[str, float]:
    return max(amounts.items(), key=lambda each: each[1], default=("", 0.0))


def _hinted(endpoint: dict, giving: Hinted, receiving: Hinted, hinted: Hinted) -> dict:
    """An endpoint with a hint for its own zone, or for one that lacks some. Source: redistributeHints."""
    if not endpoint["conditions"].get("ready"):
        return endpoint
    zone, taker = endpoint["zone"], next((zone for zone, count in receiving.items() if count > 0), "")
    if taker and giving.get(zone, 0) > 0:
        _add(giving, {zone: -1})
        _add(receiving, {taker: -1})
        _add(hinted, {zone: -1, taker: 1})
        zone = taker
    return {**endpoint, "hints": {"forZones": [{"name": zone}]}}
