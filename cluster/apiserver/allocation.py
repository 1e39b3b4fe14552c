"""A Service's addresses and node ports: drawn from the cluster's ranges, kept while it lives, free when it goes.

What is taken is read from the stored Services, so there is no bitmap that could disagree with them; the IPAddress objects follow them.
Source: k8s.io/kubernetes pkg/registry/core/service/storage/{storage,alloc}.go, ipallocator/, portallocator/.
"""
from __future__ import annotations

import ipaddress

from cluster.kinds import _addresses, prefix_of, service, servicecidr
from cluster.kinds._service_validation import EXTERNAL_NAME, LOAD_BALANCER, NODE_PORT, NONE, addresses, needs_health_check
from cluster.kinds.ipaddress import of_service
from cluster.meta import fields, status
from cluster.meta.requests import Request

from . import managed
from .call import Call, Write, find_kind

RANGE = ipaddress.ip_network("10.96.0.0/12")
PORTS = range(30000, 32768)
CIDRS, ADDRESSES, SERVICES = "/registry/servicecidrs/", "/registry/ipaddresses/", "/registry/services/specs/"
STATIC_ADDRESSES, LEAST_STATIC, STATIC_PORTS = 256, 16, 86      # the lower parts, from which chance draws only when the rest is full
REPAIR_MS = 3 * 60_000      # how often the addresses are held against the Services
FAMILIES = ("IPv4",)
DRY_PORT = 32768
SINGLE, DUAL = "SingleStack", "RequireDualStack"
_TAKEN_IP, _OTHER_RANGE = "provided IP is already allocated", "the provided network does not match the current range"
_TAKEN_PORT = "provided port is already allocated"
_PORT_RANGE = "provided port is not in the valid range. The range of valid ports is 30000-32767"


def begin(call, obj: dict, live: dict | None) -> None:
    """Give a Service, in place, what the cluster gives out; raises Invalid. Comes before the Service is validated."""
    if call.kind.kind != "Service" or call.subresource:
        return
    spec, before = obj["spec"], live["spec"] if live else None
    if before is not None:
        _keep_allocated(spec, before)
    _in_step(spec, before)
    if not _prefers_two_and_is_same(spec, before):
        _families(call, spec, before)
        _addresses_for(call, spec, before)
    ports = Ports(call, before)
    if before is None:
        _new_ports(call, spec, ports)
    else:
        _changed_ports(call, spec, before, ports)


# -- what a client may leave out --------------------------------------------------------------------------------------


def _keep_allocated(spec: dict, before: dict) -> None:
    """What was allocated stays where an update leaves it out. Source: patchAllocatedValues."""
    if service.has_address(spec) and service.has_address(before):
        for field in ("clusterIP", "clusterIPs"):
            if not spec.get(field) and before.get(field):
                spec[field] = before[field]
    if _wants_ports(spec) and _wants_ports(before):
        kept = [port for port in service.node_ports(spec) if port in service.node_ports(before)]
        known = {port.get("name", ""): port.get("nodePort", 0) for port in before.get("ports") or ()}
        for port in spec.get("ports") or ():
            old = known.get(port.get("name", ""), 0)
            if not port.get("nodePort") and old and old not in kept:
                port["nodePort"] = old
    if needs_health_check(spec) and needs_health_check(before) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = before.get("healthCheckNodePort", 0)


def _wants_ports(spec: dict) -> bool:
    kind = spec.get("type")
    return kind == NODE_PORT or (kind == LOAD_BALANCER and spec.get("allocateLoadBalancerNodePorts") is not False)


def _in_step(spec: dict, before: dict | None) -> None:
    """Keep clusterIP and clusterIPs in step for clients that know one of them. Source: normalizeClusterIPs."""
    first, ips = spec.get("clusterIP") or "", spec.get("clusterIPs") or []
    if before is None:
        if first and not ips:
            spec["clusterIPs"] = [first]
        return
    old_first, old = before.get("clusterIP") or "", before.get("clusterIPs") or []
    if old and not ips and first == old_first:
        spec["clusterIPs"] = ips = old
    if first != old_first and ips == old:
        if old_first and not first:
            spec.pop("clusterIPs", None)
        else:
            spec["clusterIPs"] = [first]


# -- families ---------------------------------------------------------------------------------------------------------


def _prefers_two_and_is_same(spec: dict, before: dict | None) -> bool:
    """Source: isMatchingPreferDualStackClusterIPFields."""
    if before is None or spec.get("type") != before.get("type") or spec.get("type") == EXTERNAL_NAME:
        return False
    return (spec.get("ipFamilyPolicy") == "PreferDualStack" and before.get("ipFamilyPolicy") in (None, "PreferDualStack")
            and _same(spec, before, "clusterIPs") and _same(spec, before, "ipFamilies"))


def _same(spec: dict, before: dict, field: str) -> bool:
    return (spec.get(field) or []) == (before.get(field) or [])


def _families(call, spec: dict, before: dict | None) -> None:
    """Fill ipFamilyPolicy and ipFamilies in, in place. Source: initIPFamilyFields."""
    if spec.get("type") == EXTERNAL_NAME:
        return
    is_open = spec.get("clusterIP") == NONE and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        known = (before or {}).get("ipFamilyPolicy")
        spec["ipFamilyPolicy"] = known if known is not None else DUAL if is_open else SINGLE
    errors: list = []
    addresses(errors, spec, before or {})
    _refuse(call, errors)
    _policy_fits(errors, spec, before)
    _inferred(errors, spec)
    _refuse(call, errors)
    if is_open:
        _both_families(spec)
        return
    if spec["ipFamilyPolicy"] == DUAL:
        errors.append(fields.invalid("spec.ipFamilyPolicy", DUAL, "this cluster is not configured for dual-stack services"))
    errors += [fields.invalid(f"spec.ipFamilies[{index}]", family, "not configured on this cluster")
               for index, family in enumerate(spec.get("ipFamilies") or ()) if family not in FAMILIES]
    _refuse(call, errors)
    if not spec.get("ipFamilies"):
        spec["ipFamilies"] = [FAMILIES[0]]


def _refuse(call, errors: list) -> None:
    if errors:
        raise call.invalid(errors)


def _policy_fits(errors: list, spec: dict, before: dict | None) -> None:
    policy, path = spec["ipFamilyPolicy"], "spec.ipFamilyPolicy"
    for field, what in (("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")):
        found, old = spec.get(field) or [], (before or {}).get(field) or []
        if before is not None and policy == SINGLE and found == old and len(found) > 1:
            spec[field] = found[:1]
        elif before is not None and policy != SINGLE and 0 < len(found) < len(old):
            errors.append(fields.invalid(path, policy, f"must be 'SingleStack' to release the secondary {what}"))
    for field, what in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")):
        if policy == SINGLE and len(spec.get(field) or ()) == 2:
            errors.append(fields.invalid(path, policy, f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified"))


def _inferred(errors: list, spec: dict) -> None:
    """Families that the addresses show."""
    families = list(spec.get("ipFamilies") or ())
    for index, ip in enumerate(spec.get("clusterIPs") or ()):
        if ip == NONE:
            break
        family = f"IPv{_addresses.family(ip)}"
        if index < len(families):
            continue
        if family not in FAMILIES:
            errors.append(fields.invalid(f"spec.clusterIPs[{index}]", spec["clusterIPs"], f"{family} is not configured on this cluster"))
        else:
            families.append(family)
    if families:
        spec["ipFamilies"] = families


def _both_families(spec: dict) -> None:
    """A headless Service without selector: its endpoints may be of any family."""
    families = spec["ipFamilies"] = list(spec.get("ipFamilies") or FAMILIES[:1])
    if len(families) < 2 and spec["ipFamilyPolicy"] != SINGLE:
        families.append("IPv6" if families[0] == "IPv4" else "IPv4")


# -- addresses --------------------------------------------------------------------------------------------------------


def _addresses_for(call, spec: dict, before: dict | None) -> None:
    """Draw or take the addresses. The stack is single here, so an update allocates only when it comes from ExternalName."""
    if spec.get("type") == EXTERNAL_NAME or spec.get("clusterIPs") == [NONE]:
        return
    if before is not None and before.get("type") != EXTERNAL_NAME:
        return
    asked = (spec.get("clusterIPs") or [""])[0]
    address = _taken_over(call, spec, asked) if asked else _drawn(call)
    spec["clusterIP"], spec["clusterIPs"] = address, [address]


def _ranges(call) -> list[ipaddress.IPv4Network]:
    """The ranges from which addresses are given out: the cluster's own, then those of further ServiceCIDRs that are ready."""
    further = [ipaddress.ip_network(each) for _, stored in call.context.store.list(CIDRS) if servicecidr.is_ready(stored.value)
               for each in stored.value["spec"].get("cidrs") or () if _addresses.family(each.partition("/")[0]) == 4]
    return [RANGE, *(each for each in further if each != RANGE)]


def _taken_over(call, spec: dict, asked: str) -> str:
    address = _addresses.sloppy(asked)
    why, found = "", next((each for each in _ranges(call) if address in each), None)
    if found is None:
        why = _OTHER_RANGE
    elif address in (found.network_address, found.broadcast_address):
        why = f"the provided IP ({address}) is not in the valid range. The range of valid IPs is {found}"
    elif not call.dry_run and is_taken(call, str(address), _used(call)[0]):
        why = _TAKEN_IP
    if why:
        raise call.invalid([fields.invalid("spec.clusterIPs", spec["clusterIPs"], f"failed to allocate IP {asked}: {why}")])
    return asked


def is_taken(call, address: str, used: dict[str, str]) -> bool:
    """Whether a Service has an address, or an IPAddress stands for it."""
    return address in used or call.context.store.get(ADDRESSES + address) is not None


def _drawn(call) -> str:
    """An address by chance: from the upper part of a range, and from the lower when that is full."""
    if call.dry_run:
        return str(RANGE.network_address)
    used, chance = _used(call)[0], call.context.rng("cluster-ips")
    for within in _ranges(call):
        for first, count in _parts(within.num_addresses - 2):
            start = chance.below(count)
            for step in range(count):
                found = str(within[first + (start + step) % count])
                if not is_taken(call, found, used):
                    return found
    raise status.internal_error(f'failed to allocate a serviceIP for Service "{call.name}": range is full')


def _parts(size: int) -> list[tuple[int, int]]:
    """(first, how many): the upper part of a range, then the lower, which is for addresses that are asked for.

    Source: ipallocator.go (calculateRangeOffset): a sixteenth of it, 16 to 256; nothing of a small range.
    """
    lower = 0 if size < LEAST_STATIC else min(max(LEAST_STATIC, size // LEAST_STATIC), STATIC_ADDRESSES)
    return [part for part in ((1 + lower, size - lower), (1, lower)) if part[1] > 0]


def _used(call, without: str = "") -> tuple[dict[str, str], dict[int, str]]:
    """({address: key of its Service}, {node port: key}) of all stored Services."""
    ips: dict[str, str] = {}
    ports: dict[int, str] = {}
    for key, stored in call.context.store.list(prefix_of("services")):
        if key == without:
            continue
        spec = stored.value["spec"]
        ips.update((str(_addresses.sloppy(ip)), key) for ip in spec.get("clusterIPs") or () if ip != NONE)
        ports.update((port, key) for port in (*service.node_ports(spec), spec.get("healthCheckNodePort")) if port)
    return ips, ports


# -- node ports -------------------------------------------------------------------------------------------------------


class Ports:
    """The node ports that one request takes. Source: portallocator/operation.go."""

    def __init__(self, call, before: dict | None):
        self.call, self._known = call, None
        self.own: list[int] = []

    @property
    def used(self) -> dict[int, str]:
        if self._known is None:
            self._known = _used(self.call)[1]
        return self._known

    def take(self, port: int) -> str:
        """Why a port cannot be had, "" if it can, in which case it is taken."""
        if port not in PORTS and not self.call.dry_run:
            return _PORT_RANGE
        if port in self.used or port in self.own:
            return _TAKEN_PORT
        self.own.append(port)
        return ""

    def draw(self) -> int:
        """A free port by chance; a dry run gets a number beyond the range."""
        if self.call.dry_run:
            port = max(self.own, default=DRY_PORT) + 1
            self.own.append(port)
            return port
        chance = self.call.context.rng("node-ports")
        for first, count in ((PORTS[0] + STATIC_PORTS, len(PORTS) - STATIC_PORTS), (PORTS[0], STATIC_PORTS)):
            start = chance.below(count)
            for step in range(count):
                port = first + (start + step) % count
                if port not in self.used and port not in self.own:
                    self.own.append(port)
                    return port
        raise status.internal_error("failed to allocate a nodePort: range is full")


def _port_refused(call, index: int, port: int, why: str) -> status.StatusError:
    return call.invalid([fields.invalid(f"spec.ports[{index}].nodePort", port, why)])


def _new_ports(call, spec: dict, ports: Ports) -> None:
    """Source: txnAllocNodePorts, initNodePorts."""
    found: dict[int, int] = {}
    for index, port in enumerate(spec.get("ports") or () if service.has_node_ports(spec) else ()):
        if not port.get("nodePort") and not _wants_ports(spec):
            continue
        number = port.get("port", 0)
        if number not in found:
            asked = _asked_for(number, spec["ports"])
            why = ports.take(asked) if asked else ""
            if why:
                raise _port_refused(call, index, asked, why)
            found[number] = port["nodePort"] = asked or ports.draw()
        elif not port.get("nodePort"):
            port["nodePort"] = found[number]
        elif port["nodePort"] != found[number]:
            why = ports.take(port["nodePort"])
            if why:
                raise _port_refused(call, index, port["nodePort"], why)
    if needs_health_check(spec):
        _health_check(spec, ports)


def _asked_for(number: int, ports: list[dict]) -> int:
    return next((port["nodePort"] for port in ports if port.get("port", 0) == number and port.get("nodePort")), 0)


def _health_check(spec: dict, ports: Ports) -> None:
    asked = spec.get("healthCheckNodePort")
    why = ports.take(asked) if asked else ""
    if why:
        raise status.internal_error(f"failed to allocate requested HealthCheck NodePort {asked}: {why}")
    spec["healthCheckNodePort"] = asked or ports.draw()


def _changed_ports(call, spec: dict, before: dict, ports: Ports) -> None:
    """Source: txnUpdateNodePorts, updateNodePorts, updateHealthCheckNodePort."""
    old, seen = service.node_ports(before), []
    for index, port in enumerate(spec.get("ports") or () if service.has_node_ports(spec) else ()):
        asked = port.get("nodePort")
        if not asked and not _wants_ports(spec):
            continue
        if asked and asked not in old and asked not in ports.own:
            why = ports.take(asked)
            if why:
                raise _port_refused(call, index, asked, why)
        elif not asked:
            port["nodePort"] = ports.draw()
        key = (port.get("protocol"), port["nodePort"])
        if key in seen:
            raise status.failure(500, "", f"duplicate nodePort: {{{key[0]} {key[1]}}}")
        seen.append(key)
    if needs_health_check(spec) and not needs_health_check(before):
        _health_check(spec, ports)


# -- when it is stored ------------------------------------------------------------------------------------------------


def recheck(write, context) -> None:
    """Refuse what another Service has taken between the arrival of a request and its store."""
    if write.value.get("kind") != "Service" or write.request.subresource:
        return
    call = Call(write.request, context, find_kind(write.request, context))
    call.rename(write.value["metadata"]["name"])
    spec = write.value["spec"]
    ips, ports = _used(call, without=write.key)
    for ip in spec.get("clusterIPs") or ():
        if ip in ips:
            raise call.invalid([fields.invalid("spec.clusterIPs", spec["clusterIPs"], f"failed to allocate IP {ip}: {_TAKEN_IP}")])
    for index, port in enumerate(spec.get("ports") or ()):
        if port.get("nodePort") in ports:
            raise _port_refused(call, index, port["nodePort"], _TAKEN_PORT)


def addresses_of(obj: dict | None) -> list[str]:
    """The addresses that a Service holds."""
    return [ip for ip in ((obj or {}).get("spec") or {}).get("clusterIPs") or () if ip != NONE]


def booked(write, old: dict | None, context) -> list[Write]:
    """The IPAddresses that are made before a Service is stored. Source: ipallocator.go (createIPAddress)."""
    held = addresses_of(old)
    return [_made(write, ip, context) for ip in addresses_of(write.value) if ip not in held and context.store.get(ADDRESSES + ip) is None]


def _made(write, ip: str, context) -> Write:
    stamp = context.time_text()
    obj = of_service(ip, write.value)
    meta = {**obj["metadata"], "uid": context.rng("uids").uuid(), "creationTimestamp": stamp,
            "managedFields": managed.track_update(None, obj, "kube-apiserver", stamp)}
    return Write(request=_own_request("create", ip, write), key=ADDRESSES + ip, expected=0, value={**obj, "metadata": meta})


def released(write, old: dict | None, new: dict | None, context) -> list[Write]:
    """The IPAddresses that go when a Service has let go of them. Source: cidrallocator.go (Release)."""
    kept = addresses_of(new)
    found = [(ip, context.store.get(ADDRESSES + ip)) for ip in addresses_of(old) if ip not in kept]
    return [Write(request=_own_request("delete", ip, write), key=ADDRESSES + ip, expected=stored.mod_revision, delete=True)
            for ip, stored in found if stored is not None]


def is_held(address: dict, store) -> bool:
    """Whether the Service for which an address was taken still has it."""
    parent = (address.get("spec") or {}).get("parentRef") or {}
    stored = store.get(f"{SERVICES}{parent.get('namespace', '')}/{parent.get('name', '')}")
    return stored is not None and address["metadata"]["name"] in addresses_of(stored.value)


def missing(store) -> list[Request]:
    """What takes the addresses again that Services hold and that somebody has deleted.

    Source: ipallocator/controller/repairip.go (syncService); its Events are left out.
    """
    found = [(ip, stored.value) for _, stored in store.list(SERVICES) for ip in addresses_of(stored.value)]
    return [_own_request("create", "", body=of_service(ip, service)) for ip, service in found if store.get(ADDRESSES + ip) is None]


def _own_request(verb: str, ip: str, write: Write | None = None, body: dict | None = None) -> Request:
    return Request(verb=verb, resource="ipaddresses", group="networking.k8s.io", name=ip, body=body, id=write.request.id if write else 0,
                   user="system:apiserver", groups=["system:masters", "system:authenticated"],
                   user_agent="kube-apiserver/v1.36.3 (linux/amd64)")
