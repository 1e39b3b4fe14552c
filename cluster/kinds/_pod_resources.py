"""What a Pod asks for: requests, limits and the quality-of-service class that follows from them.

Source: k8s.io/component-helpers resource/helpers.go (PodRequests), pkg/apis/core/helper/qos/qos.go.
"""
from __future__ import annotations

from collections.abc import Callable

from cluster.kinds._rules import amount, rounded
from cluster.meta import quantity

Amounts = dict[str, int]
POD_LEVEL = ("cpu", "memory")


def is_pod_level(name: str) -> bool:
    """A resource that may be given for the Pod as a whole."""
    return name in POD_LEVEL or name.startswith("hugepages-")


def amounts(resource_list: dict | None) -> Amounts:
    """Numbers for quantities: cpu in thousandths, all else in whole units."""
    return {name: quantity.millis(rounded(value)) if name == "cpu" else quantity.value(rounded(value))
            for name, value in (resource_list or {}).items()}


def _add(total: Amounts, other: Amounts) -> None:
    for name, value in other.items():
        total[name] = total.get(name, 0) + value


def _raise_to(total: Amounts, other: Amounts) -> None:
    for name, value in other.items():
        if value > total.get(name, -1):
            total[name] = value


def is_sidecar(init_container: dict) -> bool:
    """An init container that keeps running beside the others."""
    return init_container.get("restartPolicy") == "Always"


def _of(container: dict, field: str, read: Callable[[dict | None], Amounts]) -> Amounts:
    resources = container.get("resources")
    return read(resources.get(field)) if resources else {}


def container_sum(spec: dict, field: str, read: Callable[[dict | None], Amounts] = amounts) -> Amounts:
    """requests (or limits) of all containers: their sum with the sidecars', or what init needs where that is more.

    read: how quantities become numbers.
    """
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _of(container, field, read))
    sidecars: Amounts = {}
    highest: Amounts = {}
    for container in spec.get("initContainers") or ():
        own = _of(container, field, read)
        if is_sidecar(container):
            _add(total, own)
            _add(sidecars, own)
            own = dict(sidecars)
        else:
            own = dict(own)
            _add(own, sidecars)
        _raise_to(highest, own)
    _raise_to(total, highest)
    return total


def aggregate(spec: dict, field: str) -> dict[str, str]:
    """As container_sum, in quantities' own text."""
    formats: dict[str, quantity.Quantity] = {}
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        for name, value in ((container.get("resources") or {}).get(field) or {}).items():
            formats.setdefault(name, amount(value))
    sums = container_sum(spec, field, _exact)
    return {name: quantity.of(total, formats[name].format).text for name, total in sums.items()}


def whole(spec: dict, field: str) -> dict[str, str]:
    """As of_spec, in quantities' own text: containers, Pod level, overhead."""
    found, own = aggregate(spec, field), (spec.get("resources") or {}).get(field) or {}
    found.update({name: value for name, value in own.items() if is_pod_level(name)})
    for name, value in (spec.get("overhead") or {}).items():
        before = found.get(name)
        if before is not None:
            found[name] = quantity.of(amount(before).nano + amount(value).nano, amount(before).format).text
        elif field == "requests":
            found[name] = value
    return found


def _exact(resource_list: dict | None) -> Amounts:
    return {name: amount(value).nano for name, value in (resource_list or {}).items()}


def of_spec(spec: dict, field: str = "requests", *, overhead: bool = True) -> Amounts:
    """A Pod's requests or limits as the scheduler counts them: containers, Pod level, overhead."""
    total = container_sum(spec, field)
    pod_level = (spec.get("resources") or {}).get(field)
    if pod_level:
        total.update({name: value for name, value in amounts(pod_level).items() if is_pod_level(name)})
    if overhead and spec.get("overhead"):
        extra = amounts(spec["overhead"])
        _add(total, extra if field == "requests" else {name: value for name, value in extra.items() if total.get(name)})
    return total


_QOS = ("cpu", "memory")


def qos_class(spec: dict) -> str:
    """Guaranteed, Burstable or BestEffort."""
    if spec.get("resources") is not None:
        return _verdict([spec["resources"]], pod_level=True)
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    return _verdict([container.get("resources") or {} for container in containers], pod_level=False)


def _verdict(all_resources: list[dict], *, pod_level: bool) -> str:
    requests: Amounts = {}
    limits: Amounts = {}
    guaranteed = True
    for resources in all_resources:
        _add(requests, _positive(resources.get("requests")))
        found = _positive(resources.get("limits"))
        _add(limits, found)
        if len(found) < len(_QOS) and not (pod_level and not resources.get("limits")):
            guaranteed = False
    if not requests and not limits:
        return "BestEffort"
    return "Guaranteed" if guaranteed and requests == limits else "Burstable"


def _positive(resource_list: dict | None) -> Amounts:
    if not resource_list:
        return {}
    found = {name: quantity.parse(rounded(resource_list[name])).nano for name in _QOS if name in resource_list}
    return {name: nano for name, nano in found.items() if nano > 0}
