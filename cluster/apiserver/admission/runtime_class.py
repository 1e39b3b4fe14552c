"""RuntimeClass: a Pod's runtime class must exist; its overhead and node selector become the Pod's.

Source: k8s.io/kubernetes plugin/pkg/admission/runtimeclass/admission.go.
"""
from __future__ import annotations

from cluster.meta import quantity

NAME, RESOURCE = "RuntimeClass", "pods"
VALIDATED, VALIDATED_AT = ("pods",), ("",)
MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"


class Conflict(Exception):
    """What a Pod says and its RuntimeClass do not go together; the message is upstream's."""


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Refuse an unknown class; take over what a known one prescribes."""
    spec = obj["spec"]
    if live is not None or not spec.get("runtimeClassName"):
        return []
    try:
        found = _class_of(call, spec)
        return _overhead(spec, found) + _scheduling(spec, found)
    except Conflict as conflict:
        raise _refused(call, obj, conflict) from None


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """Refuse an overhead that no class prescribes."""
    if call.kind.kind != "Pod" or call.subresource or obj is None or live is not None or "overhead" not in obj["spec"]:
        return False
    spec = obj["spec"]
    try:
        overhead = _class_of(call, spec).get("overhead") if spec.get("runtimeClassName") else None
        if overhead is None:
            raise Conflict("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")
        if not _are_equal(spec["overhead"], overhead.get("podFixed") or {}):
            raise Conflict(MISMATCH)
    except Conflict as conflict:
        raise _refused(call, obj, conflict) from None
    return True


def _class_of(call, spec: dict) -> dict:
    name = spec["runtimeClassName"]
    stored = call.context.store.get(f"/registry/runtimeclasses/{name}")
    if stored is None:
        raise Conflict(f'pod rejected: RuntimeClass "{name}" not found')
    return stored.value


def _refused(call, obj: dict, conflict: Conflict) -> Exception:
    from . import refused

    return refused(call, obj, str(conflict))


def _overhead(spec: dict, runtime_class: dict) -> list[str]:
    overhead, own = (runtime_class.get("overhead") or {}).get("podFixed"), spec.get("overhead")
    if own and "overhead" in runtime_class and not _are_equal(own, overhead or {}):
        raise Conflict(MISMATCH)
    if not overhead or own:
        return []
    spec["overhead"] = dict(overhead)
    return ["spec.overhead"]


def _are_equal(own: dict, other: dict) -> bool:
    return own.keys() == other.keys() and all(quantity.parse(str(own[name])).nano == quantity.parse(str(other[name])).nano for name in own)


def _scheduling(spec: dict, runtime_class: dict) -> list[str]:
    scheduling, filled = runtime_class.get("scheduling") or {}, []
    if scheduling.get("nodeSelector"):
        own = spec.get("nodeSelector") or {}
        for key, value in sorted(scheduling["nodeSelector"].items()):
            if own.get(key, value) != value:
                where = f"runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own[key]}"
                raise Conflict(f"conflict: {where}")
        spec["nodeSelector"] = {**(spec.get("nodeSelector") or {}), **scheduling["nodeSelector"]}
        filled.append("spec.nodeSelector")
    added = [toleration for toleration in scheduling.get("tolerations") or () if toleration not in (spec.get("tolerations") or ())]
    if added:
        spec["tolerations"] = [*(spec.get("tolerations") or ()), *added]
        filled.append("spec.tolerations")
    return filled
