"""LimitRanger: Pods get the defaults of their namespace's LimitRanges, and Pods and claims must keep within the limits.

Source: k8s.io/kubernetes plugin/pkg/admission/limitranger/admission.go.
"""
from __future__ import annotations

from cluster.kinds import _pod_resources
from cluster.kinds._rules import amount
from cluster.meta import fields
from cluster.meta.quantity import Quantity

NAME, RESOURCE = "LimitRanger", "pods"
VALIDATED, VALIDATED_AT = ("pods", "persistentvolumeclaims"), ("", "resize")
FOLDER = "/registry/limitranges/"
ANNOTATION = "kubernetes.io/limit-ranger"
CONTAINER, POD, CLAIM = "Container", "Pod", "PersistentVolumeClaim"
_MAX_MILLIS = 9223372036854775


def items_of(call) -> list[list[dict]]:
    """The items of each LimitRange in the request's namespace."""
    return [stored.value["spec"].get("limits") or [] for _, stored in call.context.store.list(f"{FOLDER}{call.namespace}/")]


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Fill in what a new Pod's containers do not say."""
    if live is not None:
        return []
    filled: list[str] = []
    for items in items_of(call):
        limits = {name: value for item in items if item.get("type") == CONTAINER for name, value in (item.get("default") or {}).items()}
        requests = {name: value for item in items if item.get("type") == CONTAINER
                    for name, value in (item.get("defaultRequest") or {}).items()}
        _defaults(obj, limits, requests, filled)
    return filled


def _defaults(pod: dict, limits: dict, requests: dict, filled: list[str]) -> None:
    """One LimitRange's defaults, and the annotation that tells of them."""
    notes = []
    for field, word in (("containers", "container"), ("initContainers", "init container")):
        for index, container in enumerate(pod["spec"].get(field) or ()):
            for side, amounts, what in (("requests", requests, "request"), ("limits", limits, "limit")):
                missing = _fill(container, side, amounts)
                filled += [f"spec.{field}[{index}].resources.{side}.{name}" for name in missing]
                if missing:
                    notes.append(f"{', '.join(missing)} {what} for {word} {container.get('name', '')}")
    if notes:
        meta = pod["metadata"]
        meta["annotations"] = {**(meta.get("annotations") or {}), ANNOTATION: f"LimitRanger plugin set: {'; '.join(notes)}"}
        filled.append(f"metadata.annotations[{ANNOTATION}]")


def _fill(container: dict, side: str, amounts: dict) -> list[str]:
    """Set what is missing; its names, sorted."""
    resources = container.get("resources") or {}
    found = resources.get(side) or {}
    missing = sorted(name for name in amounts if name not in found)
    if missing:
        container["resources"] = {**resources, side: {**found, **{name: amounts[name] for name in missing}}}
    return missing


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Refuse what is beyond a limit; whether there was a limit to look at."""
    resource = call.kind.plural
    if obj is None:
        return False
    if live is not None and ((resource == "pods" and not call.subresource) or live["metadata"].get("deletionTimestamp")):
        return False
    found = items_of(call)
    for items in found:
        messages = list(_pod(items, obj) if resource == "pods" else _claim(items, obj))
        if messages:
            from . import refused
            raise refused(call, obj, fields.aggregate(messages))
    return bool(found)


def _pod(items: list[dict], pod: dict):
    spec = pod["spec"]
    for item in items:
        if item.get("type") == CONTAINER:
            for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
                resources = container.get("resources") or {}
                yield from _constraints(item, CONTAINER, resources.get("requests") or {}, resources.get("limits") or {})
        elif item.get("type") == POD:
            yield from _constraints(item, POD, _together(spec, "requests"), _together(spec, "limits"))


def _together(spec: dict, side: str) -> dict:
    total = _pod_resources.aggregate(spec, side)
    whole = (spec.get("resources") or {}).get(side) or {}
    return {**total, **{name: value for name, value in whole.items() if name in ("cpu", "memory")}}


def _claim(items: list[dict], claim: dict):
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    for item in items if items else ():
        if item.get("type") != CLAIM:
            continue
        for name, value in sorted((item.get("min") or {}).items()):
            yield from _least(CLAIM, name, amount(value), _asked(requests, name), None)
        for name, value in sorted((item.get("max") or {}).items()):
            yield from _most_requested(CLAIM, name, amount(value), _asked(requests, name))


def _asked(amounts: dict, name: str) -> Quantity | None:
    return amount(amounts[name]) if name in amounts else None


def _constraints(item: dict, what: str, requests: dict, limits: dict):
    for field, check in (("min", _least), ("max", _most), ("maxLimitRequestRatio", _ratio)):
        for name, value in sorted((item.get(field) or {}).items()):
            yield from check(what, name, amount(value), _asked(requests, name), _asked(limits, name))


def _least(what: str, name: str, bound: Quantity, request: Quantity | None, limit: Quantity | None):
    lead = f"minimum {name} usage per {what} is {bound.text}"
    if request is None:
        yield f"{lead}.  No request is specified"
    elif request.nano < bound.nano:
        yield f"{lead}, but request is {request.text}"
    elif limit is not None and limit.nano < bound.nano:
        yield f"{lead}, but limit is {limit.text}"


def _most(what: str, name: str, bound: Quantity, request: Quantity | None, limit: Quantity | None):
    lead = f"maximum {name} usage per {what} is {bound.text}"
    if limit is None:
        yield f"{lead}.  No limit is specified"
    elif limit.nano > bound.nano:
        yield f"{lead}, but limit is {limit.text}"
    elif request is not None and request.nano > bound.nano:
        yield f"{lead}, but request is {request.text}"


def _most_requested(what: str, name: str, bound: Quantity, request: Quantity | None):
    lead = f"maximum {name} usage per {what} is {bound.text}"
    if request is None:
        yield f"{lead}.  No request is specified"
    elif request.nano > bound.nano:
        yield f"{lead}, but request is {request.text}"


def _ratio(what: str, name: str, bound: Quantity, request: Quantity | None, limit: Quantity | None):
    lead = f"{name} max limit to request ratio per {what} is {bound.text}, but"
    if request is None or request.nano == 0:
        yield f"{lead} no request is specified or request is 0"
    elif limit is None or limit.nano == 0:
        yield f"{lead} no limit is specified or limit is 0"
    else:
        fine = all(quantity.value <= _MAX_MILLIS for quantity in (request, limit, bound))
        found = limit.millis / request.millis if fine else limit.value / request.value
        if found * 1000 > bound.millis:
            yield f"{lead} provided ratio is {found:f}"
