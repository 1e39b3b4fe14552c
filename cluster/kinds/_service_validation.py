"""What a Service may say: ports, addresses and families, traffic policies, and which of them may change.

Source: pkg/apis/core/validation/validation.go (validateService and what it calls).
"""
from __future__ import annotations

from cluster.kinds import _addresses, _endpoint_addresses, _rules
from cluster.kinds._endpoint_addresses import PROTOCOLS
from cluster.kinds._rules import Errors
from cluster.meta import fields, names, objectmeta
from cluster.meta.fields import FieldError

CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_NAME = "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
TYPES = (CLUSTER_IP, EXTERNAL_NAME, LOAD_BALANCER, NODE_PORT)
NONE = "None"
POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
TRAFFIC = ("Cluster", "Local")
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
MAX_TIMEOUT_S = 86_400
_HINTS, _MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_NOT_EXTERNAL = "may not be set for ExternalName services"
_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'"
_FIXED = "may not change once set"


def is_headless(spec: dict) -> bool:
    """It has no address of its own."""
    return spec.get("clusterIPs") == [NONE]


def is_reached_from_outside(spec: dict) -> bool:
    """Traffic comes to it from outside of the cluster. Source: pkg/api/service/util.go (ExternallyAccessible)."""
    kind = spec.get("type")
    return kind in (LOAD_BALANCER, NODE_PORT) or (kind == CLUSTER_IP and bool(spec.get("externalIPs")))


def needs_health_check(spec: dict) -> bool:
    """Its load balancer asks each node whether it has a Pod of the Service."""
    return spec.get("type") == LOAD_BALANCER and spec.get("externalTrafficPolicy") == "Local"


def whole(errors: Errors, service: dict, old: dict | None) -> None:
    """A Service to be created, or to take the place of `old`."""
    spec, before = service["spec"], old["spec"] if old else {}
    annotations = service["metadata"].get("annotations") or {}
    if _MODE in annotations and _HINTS in annotations and annotations[_MODE] != annotations[_HINTS]:
        errors.append(fields.invalid(f"metadata.annotations[{_MODE}]", annotations[_MODE],
                                     f"must match annotations[{_HINTS}] when both are specified"))
    _of_type(errors, spec)
    _ports(errors, spec)
    errors += objectmeta.validate_labels(spec.get("selector"), "spec.selector")
    _affinity(errors, spec)
    addresses(errors, spec, before)
    _external_addresses(errors, spec, before)
    _rules.one_of_or_required(errors, "spec.type", spec.get("type"), TYPES)
    _repeated_ports(errors, spec)
    _source_ranges(errors, service, old)
    _balancer_ports(errors, spec)
    _balancer_class(errors, spec)
    _traffic(errors, spec)


def _of_type(errors: Errors, spec: dict) -> None:
    kind = spec.get("type")
    if not spec.get("ports") and not is_headless(spec) and kind != EXTERNAL_NAME:
        errors.append(fields.required("spec.ports"))
    if kind in (LOAD_BALANCER, NODE_PORT) and is_headless(spec):
        errors.append(fields.invalid("spec.clusterIPs[0]", NONE, f"may not be set to 'None' for {kind} services"))
    if kind != EXTERNAL_NAME:
        return
    for field in ("clusterIPs", "ipFamilies"):
        if spec.get(field):
            errors.append(fields.forbidden(f"spec.{field}", _NOT_EXTERNAL))
    if spec.get("ipFamilyPolicy") is not None:
        errors.append(fields.forbidden("spec.ipFamilyPolicy", _NOT_EXTERNAL))
    name = (spec.get("externalName") or "").removesuffix(".")
    if name:
        _rules.subdomain(errors, "spec.externalName", name)
    else:
        errors.append(fields.required("spec.externalName"))


def _ports(errors: Errors, spec: dict) -> None:
    ports = spec.get("ports") or ()
    taken: list[str] = []
    for index, port in enumerate(ports):
        _port(errors, port, f"spec.ports[{index}]", taken, must_have_name=len(ports) > 1)


def _port(errors: Errors, port: dict, path: str, taken: list[str], *, must_have_name: bool) -> None:
    name = port.get("name")
    if name:
        _rules.label(errors, f"{path}.name", name)
        if name in taken:
            errors.append(fields.duplicate(f"{path}.name", name))
        taken.append(name)
    elif must_have_name:
        errors.append(fields.required(f"{path}.name"))
    _rules.port(errors, f"{path}.port", port.get("port", 0))
    _rules.one_of_or_required(errors, f"{path}.protocol", port.get("protocol"), PROTOCOLS)
    target = port.get("targetPort", 0)
    check = names.port_name if isinstance(target, str) else names.port_number
    _rules.all_of(errors, f"{path}.targetPort", target, check(target))
    if port.get("appProtocol") is not None:
        _rules.qualified(errors, f"{path}.appProtocol", port["appProtocol"])


def _affinity(errors: Errors, spec: dict) -> None:
    affinity, config = spec.get("sessionAffinity"), spec.get("sessionAffinityConfig")
    _rules.one_of_or_required(errors, "spec.sessionAffinity", affinity, ("ClientIP", "None"))
    path = "spec.sessionAffinityConfig"
    if affinity == "None" and config is not None:
        errors.append(fields.forbidden(path, "must not be set when session affinity is None"))
    if affinity != "ClientIP":
        return
    for step in ("", "clientIP", "timeoutSeconds"):
        if step:
            config, path = config.get(step), f"{path}.{step}"
        if config is None:
            errors.append(fields.required(path, "when session affinity type is ClientIP"))
            return
    if not 0 < config <= MAX_TIMEOUT_S:
        errors.append(fields.invalid(path, config, f"must be greater than 0 and less than {MAX_TIMEOUT_S}"))


def addresses(errors: Errors, spec: dict, before: dict) -> None:
    """clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy. Source: ValidateServiceClusterIPsRelatedFields."""
    if spec.get("type") == EXTERNAL_NAME:
        return
    first, ips, families = spec.get("clusterIP") or "", spec.get("clusterIPs") or [], spec.get("ipFamilies") or []
    if first and not ips:
        errors.append(fields.required("spec.clusterIPs"))
    elif first and ips[0] != first:
        errors.append(fields.invalid("spec.clusterIPs", ips, "first value must match `clusterIP`"))
    elif not first and ips:
        errors.append(fields.invalid("spec.clusterIPs", ips, "must be empty when `clusterIP` is not specified"))
    for index, family in enumerate(families):
        _rules.one_of(errors, f"spec.ipFamilies[{index}]", family, ("IPv4", "IPv6"))
        if family in families[:index]:
            errors.append(fields.duplicate(f"spec.ipFamilies[{index}]", family))
    if spec.get("ipFamilyPolicy") is not None:
        _rules.one_of(errors, "spec.ipFamilyPolicy", spec["ipFamilyPolicy"], POLICIES)
    if _each_address(errors, ips, before.get("clusterIPs") or ()):
        _two_addresses(errors, ips, families)


def _each_address(errors: Errors, ips: list[str], known: list[str] | tuple) -> bool:
    """Whether each is an address, or None alone."""
    before = len(errors)
    for index, ip in enumerate(ips):
        if index == 0 and ip == NONE:
            if len(ips) > 1:
                errors.append(fields.invalid("spec.clusterIPs", ips, "'None' must be the first and only value"))
            continue
        _addresses.ip(errors, f"spec.clusterIPs[{index}]", ip, known)
    is_good = len(errors) == before
    if len(ips) > 2:
        errors.append(fields.invalid("spec.clusterIPs", ips, "may only hold up to 2 values"))
    return is_good


def _two_addresses(errors: Errors, ips: list[str], families: list[str]) -> None:
    bad = next((index for index, ip in enumerate(ips) if not _addresses.family(ip)), None)
    if len(ips) > 1 and bad is not None:
        errors.append(FieldError("InternalError", "spec.clusterIPs", None,
                                 f"failed to check for dual stack with error:invalid IP[{bad}]: {ips[bad]}"))
    if len(ips) > 1 and sorted({_addresses.family(ip): None for ip in ips}) != [4, 6]:
        errors.append(fields.invalid("spec.clusterIPs", ips, "may specify no more than one IP for each IP family"))
    if ips == [NONE]:
        return
    for index, (ip, family) in enumerate(zip(ips, families, strict=False)):
        if family in ("IPv4", "IPv6") and (_addresses.family(ip) == 6) is not (family == "IPv6"):
            errors.append(fields.invalid(f"spec.clusterIPs[{index}]", ip,
                                         f"expected an {family} value as indicated by `ipFamilies[{index}]`"))


def _external_addresses(errors: Errors, spec: dict, before: dict) -> None:
    for index, ip in enumerate(spec.get("externalIPs") or ()):
        path, count = f"spec.externalIPs[{index}]", len(errors)
        _addresses.ip(errors, path, ip, before.get("externalIPs") or ())
        if len(errors) == count:
            _endpoint_addresses.destination(errors, path, ip)


def _repeated_ports(errors: Errors, spec: dict) -> None:
    ports = spec.get("ports") or ()
    if spec.get("type") == CLUSTER_IP:
        errors += [fields.forbidden(f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'")
                   for index, port in enumerate(ports) if port.get("nodePort")]
    seen: list[tuple] = []
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("nodePort"))
        if port.get("nodePort") and key in seen:
            errors.append(fields.duplicate(f"spec.ports[{index}].nodePort", port["nodePort"]))
        seen.append(key)
    seen = []
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("port", 0))
        if key in seen:
            shown = {"Name": "", "Protocol": key[0] or "", "AppProtocol": None, "Port": key[1], "TargetPort": 0, "NodePort": 0}
            errors.append(fields.duplicate(f"spec.ports[{index}]", shown))
        seen.append(key)


def _source_ranges(errors: Errors, service: dict, old: dict | None) -> None:
    spec, annotations = service["spec"], service["metadata"].get("annotations") or {}
    ranges, path = spec.get("loadBalancerSourceRanges") or (), "spec.LoadBalancerSourceRanges"
    if ranges:
        if spec.get("type") != LOAD_BALANCER:
            errors.append(fields.forbidden(path, _BALANCER_ONLY))
        known = [value.strip() for value in (old or {"spec": {}})["spec"].get("loadBalancerSourceRanges") or ()]
        for index, value in enumerate(ranges):
            _addresses.cidr(errors, f"{path}[{index}]", value.strip(), known)
    elif _RANGES in annotations:
        path, text = f"metadata.annotations[{_RANGES}]", annotations[_RANGES]
        if spec.get("type") != LOAD_BALANCER:
            errors.append(fields.forbidden(path, _BALANCER_ONLY))
        is_new = old is None or (old["metadata"].get("annotations") or {}).get(_RANGES) != text
        for value in text.strip().split(",") if is_new and text.strip() else ():
            _addresses.cidr(errors, path, value.strip())


def _balancer_ports(errors: Errors, spec: dict) -> None:
    is_set = spec.get("allocateLoadBalancerNodePorts") is not None
    if is_set and spec.get("type") != LOAD_BALANCER:
        errors.append(fields.forbidden("spec.allocateLoadBalancerNodePorts", _BALANCER_ONLY))
    if not is_set and spec.get("type") == LOAD_BALANCER:
        errors.append(fields.required("allocateLoadBalancerNodePorts"))


def _balancer_class(errors: Errors, spec: dict) -> None:
    name = spec.get("loadBalancerClass")
    if name is not None and spec.get("type") == LOAD_BALANCER:
        _rules.qualified(errors, "spec.loadBalancerClass", name)
    elif name is not None:
        errors.append(fields.forbidden("spec.loadBalancerClass", _BALANCER_ONLY))


def _traffic(errors: Errors, spec: dict) -> None:
    external, path = spec.get("externalTrafficPolicy"), "spec.externalTrafficPolicy"
    if is_reached_from_outside(spec):
        _rules.one_of_or_required(errors, path, external, TRAFFIC)
    elif external:
        errors.append(fields.invalid(path, external, "may only be set for externally-accessible services"))
    port, path = spec.get("healthCheckNodePort") or 0, "spec.healthCheckNodePort"
    if needs_health_check(spec):
        if port:
            _rules.port(errors, path, port)
        else:
            errors.append(fields.required(path))
    elif port:
        errors.append(fields.invalid(path, port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
    internal = spec.get("internalTrafficPolicy")
    if internal is not None:
        _rules.one_of(errors, "spec.internalTrafficPolicy", internal, TRAFFIC)
    elif spec.get("type") in (NODE_PORT, LOAD_BALANCER, CLUSTER_IP):
        errors.append(fields.required("spec.internalTrafficPolicy"))
    if spec.get("trafficDistribution") is not None:
        _rules.one_of(errors, "spec.trafficDistribution", spec["trafficDistribution"], DISTRIBUTIONS)


# -- what may change --------------------------------------------------------------------------------------------------


def change(errors: Errors, spec: dict, before: dict) -> None:
    """Addresses and families are there to stay; a second one may come and go. Source: ValidateServiceUpdate."""
    is_external = EXTERNAL_NAME in (spec.get("type"), before.get("type"))
    if not is_external and not (is_headless(spec) and is_headless(before)):
        _addresses_stay(errors, spec, before)
    if not is_external and not is_headless(spec) and not is_headless(before):
        _families_stay(errors, spec, before)
    if LOAD_BALANCER == spec.get("type") == before.get("type"):
        name = spec.get("loadBalancerClass")
        if name != before.get("loadBalancerClass"):
            errors.append(fields.invalid("spec.loadBalancerClass", name, _FIXED))
    _balancer_class(errors, spec)
    is_checked = needs_health_check(before) and needs_health_check(spec)
    if is_checked and spec.get("healthCheckNodePort", 0) != before.get("healthCheckNodePort", 0):
        errors.append(fields.forbidden("spec.healthCheckNodePort", _rules.IMMUTABLE))


def _addresses_stay(errors: Errors, spec: dict, before: dict) -> None:
    new, old = spec.get("clusterIPs") or [], before.get("clusterIPs") or []
    shown = spec.get("clusterIPs")
    if len(new) == len(old):
        errors += [fields.invalid(f"spec.clusterIPs[{index}]", shown, _FIXED)
                   for index, ip in enumerate(old) if ip != new[index]]
        return
    if not new:
        errors.append(fields.invalid("spec.clusterIPs[0]", shown, "primary clusterIP can not be unset"))
    if old and new and new[0] != old[0]:
        errors.append(fields.invalid("spec.clusterIPs[0]", shown, _FIXED))
    if len(new) < len(old):
        _single_stack(errors, new, spec, "clusterIP")


def _families_stay(errors: Errors, spec: dict, before: dict) -> None:
    new, old = spec.get("ipFamilies") or [], before.get("ipFamilies") or []
    path = "spec.ipFamilies[0]"
    if len(new) == len(old):
        errors += [fields.invalid(path, new, _FIXED) for index, family in enumerate(old) if family != new[index]]
        return
    if len(new) < len(old) and not spec.get("clusterIPs"):
        errors.append(fields.invalid(path, spec.get("ipFamilies"), "primary ipFamily can not be unset"))
    if old and new and new[0] != old[0]:
        errors.append(fields.invalid(path, spec.get("clusterIPs"), _FIXED))
    if len(new) < len(old):
        _single_stack(errors, new, spec, "ipFamily")


def _single_stack(errors: Errors, new: list, spec: dict, what: str) -> None:
    policy = spec.get("ipFamilyPolicy")
    if len(new) == 1 and policy != "SingleStack":
        errors.append(fields.invalid("spec.ipFamilyPolicy", policy, f"must be set to 'SingleStack' when releasing the secondary {what}"))


def balancer_status(errors: Errors, status: dict, before: dict, spec: dict, path: str = "status.loadBalancer") -> None:
    """Where the load balancer is reached. Source: ValidateLoadBalancerStatus."""
    ingress = status.get("ingress") or ()
    if ingress and spec.get("type") != LOAD_BALANCER:
        errors.append(fields.forbidden(f"{path}.ingress", "may only be used when `spec.type` is 'LoadBalancer'"))
        return
    known = [entry["ip"] for entry in before.get("ingress") or () if entry.get("ip")]
    for index, entry in enumerate(ingress):
        _ingress(errors, entry, f"{path}.ingress[{index}]", known)


def _ingress(errors: Errors, entry: dict, path: str, known: list[str]) -> None:
    ip, mode, host = entry.get("ip"), entry.get("ipMode"), entry.get("hostname")
    if ip:
        _addresses.ip(errors, f"{path}.ip", ip, known)
    if mode is None and ip:
        errors.append(fields.required(f"{path}.ipMode", "must be specified when `ip` is set"))
    elif mode is not None and not ip:
        errors.append(fields.forbidden(f"{path}.ipMode", "may not be specified when `ip` is not set"))
    elif mode is not None:
        _rules.one_of(errors, f"{path}.ipMode", mode, ("Proxy", "VIP"))
    if host:
        _rules.subdomain(errors, f"{path}.hostname", host)
        if _addresses.sloppy(host) is not None:
            errors.append(fields.invalid(f"{path}.hostname", host, "must be a DNS name, not an IP address"))
