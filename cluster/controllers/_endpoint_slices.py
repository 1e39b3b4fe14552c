"""What EndpointSlices a Service should have, given its endpoints and the slices that are there: pure rules.

Hints for zones by their share of CPU are in _topology_hints.py.
Source: k8s.io/endpointslice reconciler.go, utils.go, trafficdist/trafficdist.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cluster.kinds.service import is_headless

from . import _service_pods as service_pods
from . import _topology_hints as topology
from ._pods import is_ready
from ._port_order import in_order

MANAGED_BY, SERVICE_NAME, HEADLESS = "endpointslice.kubernetes.io/managed-by", "kubernetes.io/service-name", "service.kubernetes.io/headless"
RESERVED = (SERVICE_NAME, MANAGED_BY, HEADLESS)
MANAGER = "endpointslice-controller.k8s.io"
MAX_ENDPOINTS = 100  # --max-endpoints-per-slice
ZONE = "topology.kubernetes.io/zone"
CLOSE = ("PreferClose", "PreferSameZone", "PreferSameNode")

Ports = tuple[tuple[str, int, str, str | None], ...]  # (name, number, protocol, application protocol) each
Desired = dict[Ports, dict[str, dict]]  # ports -> key of an endpoint -> the endpoint
Known = dict[str, list]  # a slice's uid -> [the slice, its endpoints' keys, the endpoint that each was found to be the same as]


class Wanted(NamedTuple):
    """An endpoint that a Service should have, and the ports at which it answers."""

    key: str
    endpoint: dict
    ports: Ports


@dataclass
class Changes:
    """What is to be written; a slice of `create` or `update` is whole, but for the time of its cause. events: (type, reason, message)."""

    create: list[dict] = field(default_factory=list)
    update: list[dict] = field(default_factory=list)
    delete: list[dict] = field(default_factory=list)
    events: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Hints:
    """What a controller that heeds topology-mode keeps: by Service and family, how many endpoints are hinted for each zone."""

    zones: topology.Zones
    hinted: dict[str, dict[str, topology.Hinted]]


# -- endpoints --------------------------------------------------------------------------------------------------------


def wanted(pod: dict, node: dict | None, service: dict, family: str) -> Wanted | None:
    """A Pod as an endpoint; None where it has no address of the family. Source: podToEndpoint, getEndpointPorts."""
    addresses = [address for address in service_pods.addresses(pod) if (":" in address) == (family == "IPv6")]
    if not addresses:
        return None
    spec, serving, terminating = service["spec"], is_ready(pod), "deletionTimestamp" in pod["metadata"]
    ready = bool(spec.get("publishNotReadyAddresses")) or (serving and not terminating)
    endpoint = {"addresses": addresses, "conditions": {"ready": ready, "serving": serving, "terminating": terminating}}
    hostname = service_pods.hostname_for(pod, service)
    if hostname:
        endpoint["hostname"] = hostname
    endpoint["targetRef"] = service_pods.target_of(pod)
    if pod["spec"].get("nodeName"):
        endpoint["nodeName"] = pod["spec"]["nodeName"]
    zone = (node["metadata"].get("labels") or {}).get(ZONE) if node else None
    if zone:
        endpoint["zone"] = zone
    return Wanted(key_of(endpoint), endpoint, ports_of(service, pod))


def ports_of(service: dict, pod: dict) -> Ports:
    found = []
    for port in service["spec"].get("ports") or ():
        number = service_pods.find_port(pod, port)
        if number is not None:
            found.append((port.get("name", ""), number, port["protocol"], port.get("appProtocol")))
    return tuple(found)


def key_of(endpoint: dict) -> str:
    """What makes an endpoint the same one, whatever its conditions. Source: util/endpointset.go (hashEndpoint)."""
    target = endpoint.get("targetRef") or {}
    return f"{target.get('namespace', '')}/{target.get('name', '')}/{','.join(sorted(endpoint['addresses']))}/{endpoint.get('hostname', '')}"


def _is_same(one: dict, other: dict) -> bool:
    """Source: EndpointsEqualBeyondHash."""
    return all(one.get(part) == other.get(part) for part in ("conditions", "targetRef", "nodeName", "zone"))


# -- slices -----------------------------------------------------------------------------------------------------------


def families_of(service: dict) -> list[str]:
    """Source: getAddressTypesForService."""
    return list(service["spec"].get("ipFamilies") or ("IPv4",))


def reconcile(service: dict, family: str, desired: Desired, slices: list[dict], known: Known, hints: Hints | None = None) -> Changes:
    """What to write so that the slices of one family hold these endpoints. `known` and `hints` are kept up.

    Source: reconcileByAddressType, finalize.
    """
    changes, by_ports = Changes(), {}
    for each in slices:
        if _is_owned(each, service):
            by_ports.setdefault(ports_key(each), []).append(each)
        else:
            changes.delete.append(each)
    for ports, endpoints in desired.items():
        if endpoints:
            there = by_ports.pop(tuple(sorted(ports, key=str)), [])
            _fill(changes, service, there, dict(endpoints), _new(service, family, ports), known)
    changes.delete += [each for rest in by_ports.values() for each in rest]
    if len(slices) == len(changes.delete) and not changes.create:
        _placeholder(changes, service, family)
    _hints(changes, service, family, slices, hints)
    _reuse(changes, service)
    return changes


def ports_key(slice_: dict) -> Ports:
    found = [(port.get("name") or "", port.get("port"), port.get("protocol", "TCP"), port.get("appProtocol")) for port in slice_.get("ports") or ()]
    return tuple(sorted(found, key=str))


def _is_owned(slice_: dict, service: dict) -> bool:
    return any(owner["uid"] == service["metadata"]["uid"] for owner in slice_["metadata"].get("ownerReferences") or ())


def _new(service: dict, family: str, ports: Ports) -> dict:
    """A slice that is not there yet. Source: newEndpointSlice."""
    meta = service["metadata"]
    owner = {"apiVersion": "v1", "kind": "Service", "name": meta["name"], "uid": meta["uid"], "controller": True, "blockOwnerDeletion": True}
    slice_meta = {"generateName": meta["name"] + "-", "namespace": meta["namespace"], "labels": labels_of(service), "ownerReferences": [owner]}
    return {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": slice_meta, "addressType": family,
            "endpoints": None, "ports": shown_ports(ports) or None}  # fmt: skip


def shown_ports(ports: Ports) -> list[dict]:
    """Ports as a slice writes them."""
    return [{"name": name, "port": number, "protocol": protocol, **({"appProtocol": app} if app is not None else {})}
            for name, number, protocol, app in in_order(ports, "EndpointSlice")]  # fmt: skip


def labels_of(service: dict) -> dict[str, str]:
    """The Service's labels and the three that are reserved. Source: setEndpointSliceLabels."""
    found = {key: value for key, value in (service["metadata"].get("labels") or {}).items() if key not in RESERVED}
    if is_headless(service["spec"]) or not service["spec"].get("clusterIP"):
        found[HEADLESS] = ""
    return {**found, SERVICE_NAME: service["metadata"]["name"], MANAGED_BY: MANAGER}


def _has_labels_of(slice_: dict, service: dict) -> bool:
    mine = {key: value for key, value in (slice_["metadata"].get("labels") or {}).items() if key not in RESERVED}
    return mine == {key: value for key, value in (service["metadata"].get("labels") or {}).items() if key not in RESERVED}


def _fill(changes: Changes, service: dict, slices: list[dict], desired: dict[str, dict], fresh: dict, known: Known) -> None:
    """One group of slices with the same ports. `desired` is used up. Source: reconcileByPortMapping."""
    update, unchanged = [], []
    for slice_ in slices:
        kept, is_changed = _kept(slice_, desired, known)
        if is_changed and not kept:
            changes.delete.append(slice_)
        elif is_changed or not _has_labels_of(slice_, service):
            meta = {**slice_["metadata"], "labels": labels_of(service)}
            update.append({**slice_, "metadata": meta, "endpoints": kept if is_changed else slice_.get("endpoints")})
        else:
            unchanged.append(slice_)
    left = [desired[key] for key in sorted(desired)]
    for slice_ in sorted(update, key=lambda each: -len(each["endpoints"] or ())):
        _put(slice_, left)
    while left:
        slice_ = _to_fill(unchanged, len(left)) if len(left) < MAX_ENDPOINTS else None
        if slice_ is None:
            slice_ = {**fresh}
            changes.create.append(slice_)
        else:
            unchanged.remove(slice_)
            slice_ = {**slice_}
            update.append(slice_)
        _put(slice_, left)
    changes.update += update


def _kept(slice_: dict, desired: dict[str, dict], known: Known) -> tuple[list[dict], bool]:
    """The endpoints of a slice that stay, as they should be, and whether that changes it."""
    kept, is_changed, before = [], False, slice_.get("endpoints") or ()
    _, keys, same = _known(slice_, known)
    for index, key in enumerate(keys):
        found = desired.pop(key, None)
        if found is None:
            continue
        endpoint = before[index]
        if same[index] is not found:
            if _is_same(found, endpoint):
                same[index] = found
            else:
                is_changed = True
        kept.append(found if "hints" not in endpoint else {**found, "hints": endpoint["hints"]})
    return kept, is_changed or len(kept) != len(before)


def _known(slice_: dict, known: Known) -> list:
    """What was found out about a slice, as long as it is the same object."""
    uid = slice_["metadata"].get("uid", "")
    entry = known.get(uid)
    if entry is None or entry[0] is not slice_:
        keys = [key_of(endpoint) for endpoint in slice_.get("endpoints") or ()]
        entry = known[uid] = [slice_, keys, [None] * len(keys)]
    return entry


def _put(slice_: dict, left: list[dict]) -> None:
    """Move endpoints into a slice of our own while it has room."""
    room = MAX_ENDPOINTS - len(slice_["endpoints"] or ())
    if room > 0 and left:
        slice_["endpoints"] = [*(slice_["endpoints"] or ()), *left[:room]]
        del left[:room]


def _to_fill(slices: list[dict], count: int) -> dict | None:
    """The slice that these endpoints fill best. Source: getSliceToFill."""
    rooms = [(MAX_ENDPOINTS - count - len(each.get("endpoints") or ()), index) for index, each in enumerate(slices)]
    fitting = [(room, index) for room, index in rooms if 0 <= room < MAX_ENDPOINTS]
    return slices[min(fitting)[1]] if fitting else None


def _placeholder(changes: Changes, service: dict, family: str) -> None:
    """A Service without endpoints has one empty slice."""
    fresh = _new(service, family, ())
    if len(changes.delete) == 1 and _is_placeholder(changes.delete[0], fresh):
        changes.delete.clear()
    else:
        changes.create.append(fresh)


def _is_placeholder(slice_: dict, fresh: dict) -> bool:
    meta, other = slice_["metadata"], fresh["metadata"]
    return (not slice_.get("endpoints") and not slice_.get("ports") and slice_["addressType"] == fresh["addressType"]
            and meta.get("labels") == other["labels"] and meta.get("ownerReferences") == other["ownerReferences"])  # fmt: skip


def _reuse(changes: Changes, service: dict) -> None:
    """What would be deleted takes in what would be created. Source: finalize."""
    for old in list(changes.delete):
        if not changes.create:
            return
        if old["addressType"] == changes.create[-1]["addressType"] and _is_owned(old, service):
            new = changes.create.pop()
            changes.update.append({**new, "metadata": {**new["metadata"], "name": old["metadata"]["name"]}})
            changes.delete.remove(old)


# -- hints ------------------------------------------------------------------------------------------------------------


def _hints(changes: Changes, service: dict, family: str, slices: list[dict], hints: Hints | None) -> None:
    """By the annotation topology-mode or by spec.trafficDistribution. Source: reconcileByAddressType."""
    is_by_mode = topology.is_asked_for(service)
    if hints is not None and is_by_mode:
        _by_mode(changes, service, family, slices, hints)
        return
    if hints is not None and unhinted(hints, service, family):
        changes.events.append(("Warning", "TopologyAwareHintsDisabled", f"{topology.DISABLED}, addressType: {family}"))
    distribution = service["spec"].get("trafficDistribution")
    _by_distribution(changes, slices, distribution in CLOSE and not is_by_mode, distribution == "PreferSameNode")


def _by_mode(changes: Changes, service: dict, family: str, slices: list[dict], hints: Hints) -> None:
    """Source: topologycache.go (AddHints)."""
    key, writing = f"{service['metadata']['namespace']}/{service['metadata']['name']}", [*changes.create, *changes.update]
    planned = len(writing)
    found = topology.spread(writing, _untouched(changes, slices), hints.zones)
    if isinstance(found, str):
        unhinted(hints, service, family)
        _by_distribution(changes, slices, is_close=False, with_nodes=False)
        changes.events.append(("Warning", "TopologyAwareHintsDisabled", f"{found}, addressType: {family}"))
        return
    changes.update += writing[planned:]
    if key not in hints.hinted:
        changes.events.append(("Normal", "TopologyAwareHintsEnabled", f"{topology.ENABLED}, addressType: {family}"))
    hints.hinted.setdefault(key, {})[family] = found


def unhinted(hints: Hints, service: dict, family: str) -> bool:
    """Forget a Service's hints; whether it had any. Source: topologycache.go (RemoveHints)."""
    key = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
    was_hinted = hints.hinted.get(key, {}).pop(family, None) is not None
    if not hints.hinted.get(key):
        hints.hinted.pop(key, None)
    return was_hinted


def _untouched(changes: Changes, slices: list[dict]) -> list[dict]:
    touched = {each["metadata"]["name"] for each in (*changes.update, *changes.delete) if "name" in each["metadata"]}
    return [each for each in slices if each["metadata"]["name"] not in touched]


def _by_distribution(changes: Changes, slices: list[dict], is_close: bool, with_nodes: bool) -> None:
    """Source: trafficdist.go (ReconcileHints); RemoveHintsFromSlices where it is not close."""
    for slice_ in _untouched(changes, slices):
        if not (is_close or _has_hints(slice_)):
            continue
        hinted = _hinted(slice_, is_close, with_nodes)
        if hinted != (slice_.get("endpoints") or []):
            changes.update.append({**slice_, "endpoints": hinted})
    for slice_ in (*changes.create, *changes.update):
        if slice_["endpoints"] and (is_close or _has_hints(slice_)):
            slice_["endpoints"] = _hinted(slice_, is_close, with_nodes)


def _has_hints(slice_: dict) -> bool:
    return any("hints" in endpoint for endpoint in slice_.get("endpoints") or ())


def _hinted(slice_: dict, is_close: bool, with_nodes: bool) -> list[dict]:
    return [_with_hint(endpoint, is_close, with_nodes) for endpoint in slice_.get("endpoints") or ()]


def _with_hint(endpoint: dict, is_close: bool, with_nodes: bool) -> dict:
    if not is_close:
        return endpoint if "hints" not in endpoint else {key: value for key, value in endpoint.items() if key != "hints"}
    if not endpoint["conditions"].get("ready"):
        return endpoint
    hints = {"forZones": [{"name": endpoint["zone"]}]} if "zone" in endpoint else {}
    if with_nodes and "nodeName" in endpoint:
        hints["forNodes"] = [{"name": endpoint["nodeName"]}]
    rest = {key: value for key, value in endpoint.items() if key != "hints"}
    return {**rest, "hints": hints} if hints else rest
