"""What objects cost a ResourceQuota: one object's usage, and which quotas it counts for.

Used by the API server's admission and by the controller that counts anew.
Source: k8s.io/kubernetes pkg/quota/v1/evaluator/core/; k8s.io/apiserver pkg/quota/v1/generic/evaluator.go.
"""
from __future__ import annotations

from collections.abc import Iterable

from cluster.engine.clock import unix_ms
from cluster.kinds import _pod_resources, _rules
from cluster.kinds._rules import amount
from cluster.kinds._volume_sources import class_of
from cluster.meta import labels, quantity
from cluster.meta.quantity import Quantity

Usage = dict[str, Quantity]
ONE, ZERO = quantity.parse("1"), quantity.parse("0")
# Kinds of which a bare name counts the objects, beside count/<resource>.
ALIASES = {"configmaps": "configmaps", "resourcequotas": "resourcequotas", "replicationcontrollers": "replicationcontrollers",
           "secrets": "secrets"}
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_OF_PODS = ("pods", *(name for base in _COMPUTE for name in (base, f"requests.{base}", f"limits.{base}")))
REQUIRED = tuple(name for base in ("cpu", "memory") for name in (base, f"requests.{base}", f"limits.{base}"))
_HUGE = ("hugepages-", "requests.hugepages-")
_CLASS = ".storageclass.storage.k8s.io/"
_OF_CLAIMS = ("persistentvolumeclaims", "requests.storage")
_OF_SERVICES = ("services", "services.nodeports", "services.loadbalancers")
_SPECIAL = ("pods", "services", "persistentvolumeclaims")


def count_name(resource: str, group: str) -> str:
    """count/deployments.apps."""
    return f"count/{resource}.{group}" if group else f"count/{resource}"


def tracked(resource: str, group: str, names: Iterable[str]) -> list[str]:
    """Those of a quota's resources that objects of a kind may use."""
    own = count_name(resource, group)
    return [name for name in names if name == own or _is_tracked(resource, group, name)]


def _is_tracked(resource: str, group: str, name: str) -> bool:
    if group:
        return False
    if resource == "pods":
        return name in _OF_PODS or name.startswith(_HUGE) or (not _rules.is_native(name) and name.startswith("requests."))
    if resource == "persistentvolumeclaims":
        return name in _OF_CLAIMS or any(name.endswith(_CLASS + item) for item in _OF_CLAIMS)
    if resource == "services":
        return name in _OF_SERVICES
    return ALIASES.get(resource) == name


def usage(resource: str, group: str, obj: dict, now: str = "") -> Usage:
    """What an object uses. now: for Pods that are stuck in their end."""
    found = {count_name(resource, group): ONE}
    if group or resource not in _SPECIAL:
        return {**found, ALIASES[resource]: ONE} if not group and resource in ALIASES else found
    if resource == "pods":
        return {**found, **_of_pod(obj)} if _is_charged(obj, now) else found
    return {**found, **(_of_service(obj["spec"]) if resource == "services" else _of_claim(obj))}


def _is_charged(pod: dict, now: str) -> bool:
    if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        return False
    meta = pod["metadata"]
    ending, grace = meta.get("deletionTimestamp"), meta.get("deletionGracePeriodSeconds")
    return not ending or grace is None or not now or unix_ms(ending) + grace * 1000 >= unix_ms(now)


def _of_pod(pod: dict) -> Usage:
    spec = _pod_resources.counted(pod, pod_level=False)
    return compute(together(spec, "requests"), together(spec, "limits"))


def frees(old: dict, new: dict) -> bool:
    """Whether a changed Pod may leave room in a quota: it has ended, was resized, or is within other scopes.

    Upstream counts anew also when a container has just begun to say what it has, which leaves no room.
    Source: pkg/quota/v1/install/update_filter.go.
    """
    is_resized = new["metadata"].get("generation", 1) > 1 and _in_force(old) != _in_force(new)
    return is_resized or ends_by_itself(old) != ends_by_itself(new) or (_is_charged(old, "") and not _is_charged(new, ""))


def _in_force(pod: dict) -> list:
    status = pod.get("status") or {}
    return [each.get("resources") for kind in ("containerStatuses", "initContainerStatuses") for each in status.get(kind) or ()]


def ends_by_itself(pod: dict) -> bool:
    """It has a deadline. Source: IsTerminating."""
    return (pod["spec"].get("activeDeadlineSeconds") or -1) >= 0


def together(spec: dict, side: str) -> dict[str, Quantity]:
    """A Pod's requests or limits: containers, Pod level, overhead."""
    total = {name: quantity.parse(value) for name, value in _pod_resources.aggregate(spec, side).items()}
    whole = (spec.get("resources") or {}).get(side) or {}
    total.update((name, amount(value)) for name, value in whole.items() if _pod_resources.is_pod_level(name))
    for name, value in (spec.get("overhead") or {}).items():
        if side == "requests" or (name in total and total[name].nano):
            total[name] = total[name].plus(amount(value)) if name in total else amount(value)
    return total


def compute(requests: dict[str, Quantity], limits: dict[str, Quantity]) -> Usage:
    """Requests and limits under the names that quotas use. Source: podComputeUsageHelper."""
    found = {"pods": ONE}
    for base in _COMPUTE:
        if base in requests:
            found[base] = found[f"requests.{base}"] = requests[base]
        if base in limits:
            found[f"limits.{base}"] = limits[base]
    for name, value in requests.items():
        if name.startswith("hugepages-"):
            found[name] = found[f"requests.{name}"] = value
        elif _rules.is_extended(name):
            found[f"requests.{name}"] = value
    return found


def _of_service(spec: dict) -> Usage:
    kind, ports = spec.get("type"), spec.get("ports") or ()
    node_ports = len(ports) if kind in ("NodePort", "LoadBalancer") else 0
    if kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is False:
        node_ports = sum(1 for port in ports if port.get("nodePort"))
    return {"services": ONE, "services.nodeports": quantity.from_value(node_ports, quantity.DECIMAL),
            "services.loadbalancers": ONE if kind == "LoadBalancer" else ZERO}


def _of_claim(claim: dict) -> Usage:
    found, name = {"persistentvolumeclaims": ONE}, class_of(claim)
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    if asked is not None:
        storage = amount(asked)
        given = ((claim.get("status") or {}).get("allocatedResources") or {}).get("storage")
        if given is not None and amount(given).nano > storage.nano:
            storage = amount(given)
        found["requests.storage"] = storage if storage.nano % 10**9 == 0 else quantity.from_value(storage.value, storage.format)
    return {**found, **{f"{name}{_CLASS}{item}": value for item, value in found.items() if name}}


# -- scopes -----------------------------------------------------------------------------------------------------------


def matches(quota: dict, resource: str, group: str, obj: dict) -> bool:
    """The quota limits something that the object uses, and the object is within its scopes."""
    hard = (quota.get("status") or {}).get("hard") or {}
    return bool(tracked(resource, group, hard)) and in_scopes(quota["spec"], resource, obj)


def in_scopes(spec: dict, resource: str, obj: dict) -> bool:
    """The object is within all scopes of a quota's spec."""
    selectors = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    selectors += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    return all(_in_scope(selector, resource, obj) for selector in selectors)


def _in_scope(selector: dict, resource: str, obj: dict) -> bool:
    scope, spec = selector.get("scopeName"), obj.get("spec") or {}
    if resource == "persistentvolumeclaims":
        return scope == "VolumeAttributesClass" and _names_match(selector, scope, _attribute_classes(obj))
    if resource != "pods":
        return False
    if scope in ("Terminating", "NotTerminating"):
        return ends_by_itself(obj) is (scope == "Terminating")
    if scope in ("BestEffort", "NotBestEffort"):
        return (_pod_resources.qos_class(spec) == "BestEffort") is (scope == "BestEffort")
    if scope == "PriorityClass":
        name = spec.get("priorityClassName")
        return _names_match(selector, scope, [name] if name else [])
    return scope == "CrossNamespacePodAffinity" and _reaches_out(spec)


def _names_match(selector: dict, scope: str, names: list[str]) -> bool:
    operator = selector.get("operator", "")
    if operator == "Exists":
        return bool(names)
    requirement = {"matchExpressions": [{"key": scope, "operator": operator, "values": selector.get("values") or []}]}
    try:
        compiled = labels.from_object(requirement)
    except labels.SelectorError:
        return False
    return any(compiled.matches({scope: name}) for name in names) if names else compiled.matches({})


def _attribute_classes(claim: dict) -> list[str]:
    status = claim.get("status") or {}
    found = (claim["spec"].get("volumeAttributesClassName"), status.get("currentVolumeAttributesClassName"),
             (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName"))
    return sorted({name: None for name in found if name})


def _reaches_out(spec: dict) -> bool:
    """A Pod whose affinity looks into other namespaces."""
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        found = affinity.get(kind) or {}
        terms = list(found.get("requiredDuringSchedulingIgnoredDuringExecution") or ())
        terms += [term.get("podAffinityTerm") or {} for term in found.get("preferredDuringSchedulingIgnoredDuringExecution") or ()]
        if any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in terms):
            return True
    return False


# -- sums -------------------------------------------------------------------------------------------------------------


def added(one: Usage, other: Usage) -> Usage:
    """The sum of both."""
    total = dict(one)
    for name, value in other.items():
        total[name] = total[name].plus(value) if name in total else value
    return total


def more(new: Usage, old: Usage) -> Usage:
    """What the new usage has more than the old one."""
    return {name: found if (found := value.minus(old[name]) if name in old else value).nano > 0 else ZERO for name, value in new.items()}


def text(amounts: Usage, names: Iterable[str]) -> str:
    """cpu=1,pods=2."""
    return ",".join(f"{name}={amounts.get(name, ZERO).text}" for name in sorted(names) if name in amounts)


def recounted(quota: dict, objects: Iterable[tuple[str, str, dict]], now: str) -> dict:
    """A quota's status, counted anew over (resource, group, object) of its namespace.

    Source: k8s.io/kubernetes pkg/controller/resourcequota/resource_quota_controller.go (syncResourceQuota).
    """
    spec = quota["spec"]
    hard = spec.get("hard") or {}
    total: Usage = {name: ZERO for name in hard if is_countable(name)}
    for resource, group, obj in objects:
        names = tracked(resource, group, total)
        if names and in_scopes(spec, resource, obj):
            used = usage(resource, group, obj, now)
            total = added(total, {name: used[name] for name in names if name in used})
    known = (quota.get("status") or {}).get("used") or {}
    used_text = {name: total[name].text if name in total else known[name] for name in hard if name in total or name in known}
    return {**({"hard": dict(hard)} if hard else {}), **({"used": used_text} if used_text else {})}


def is_countable(name: str) -> bool:
    """A resource that can be counted at all."""
    return name.startswith("count/") or any(_is_tracked(resource, "", name) for resource in (*_SPECIAL, *ALIASES))
