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


def counted(pod: dict, *, pod_level: bool = True) -> dict:
    """A Pod's spec as it counts while it is resized: of all that is asked for, allotted and in force, the most.

    The spec itself where these are the same. pod_level: whether that holds for the Pod as a whole, too.
    Source: k8s.io/component-helpers resource/helpers.go (UseStatusResources, determineEffectiveRequests, determineEffectiveLimits).
    """
    spec, status = pod["spec"], pod.get("status") or {}
    known = {one["name"]: one for kind in ("containerStatuses", "initContainerStatuses") for one in status.get(kind) or ()}
    is_refused = any(one["type"] == "PodResizePending" and one.get("reason") == "Infeasible" for one in status.get("conditions") or ())
    changed = {}
    for kind in ("containers", "initContainers"):
        before = spec.get(kind) or []
        after = [each if kind != "containers" and not is_sidecar(each) else _counted(each, known.get(each["name"]), is_refused) for each in before]
        if any(one is not other for one, other in zip(before, after, strict=True)):
            changed[kind] = after
    if pod_level and spec.get("resources"):
        whole_pod = _counted(spec, status, is_refused)
        if whole_pod is not spec:
            changed["resources"] = {side: {name: value for name, value in amounts.items() if name in (spec["resources"].get(side) or {})}
                                    for side, amounts in whole_pod["resources"].items()}  # fmt: skip
    return {**spec, **changed} if changed else spec


def _counted(holder: dict, status: dict | None, is_refused: bool) -> dict:
    """A container, or the Pod as a whole, with the resources that count; the same object where its status says nothing else."""
    actual = (status or {}).get("resources")
    if actual is None:
        return holder
    own = holder.get("resources") or {}
    requests = [actual.get("requests"), (status or {}).get("allocatedResources")]
    limits = [actual.get("limits")]
    found = {"requests": _most([*([] if is_refused else [own.get("requests")]), *requests]),
             "limits": _most([*([] if is_refused else [own.get("limits")]), *limits])}  # fmt: skip
    if all(found[side] == (own.get(side) or {}) for side in found):
        return holder
    return {**holder, "resources": {**own, **found}}


def _most(lists: list[dict | None]) -> dict[str, str]:
    """Of each resource the largest amount, in the words of the first list that has it."""
    found: dict[str, str] = {}
    for name, value in ((name, value) for each in lists for name, value in (each or {}).items()):
        if name not in found or amount(value).nano > amount(found[name]).nano:
            found[name] = value
    return found


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
