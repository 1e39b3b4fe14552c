"""RuntimeClass: a Pod's runtime class must exist; its overhead and node selector become the Pod's.

Source: k8s.io/kubernetes plugin/pkg/admission/runtimeclass/admission.go.
"""
from __future__ import annotations

NAME, RESOURCE = "RuntimeClass", "pods"


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Refuse an unknown class; take over what a known one prescribes."""
    spec = obj["spec"]
    name = spec.get("runtimeClassName")
    if live is not None or not name:
        return []
    stored = call.context.store.get(f"/registry/runtimeclasses/{name}")
    if stored is None:
        from . import refused
        raise refused(call, obj, f'pod rejected: RuntimeClass "{name}" not found')
    return _overhead(spec, stored.value) + _scheduling(spec, stored.value)


def _overhead(spec: dict, runtime_class: dict) -> list[str]:
    overhead = (runtime_class.get("overhead") or {}).get("podFixed")
    if not overhead or spec.get("overhead"):
        return []
    spec["overhead"] = dict(overhead)
    return ["spec.overhead"]


def _scheduling(spec: dict, runtime_class: dict) -> list[str]:
    scheduling, filled = runtime_class.get("scheduling") or {}, []
    if scheduling.get("nodeSelector"):
        spec["nodeSelector"] = {**(spec.get("nodeSelector") or {}), **scheduling["nodeSelector"]}
        filled.append("spec.nodeSelector")
    added = [toleration for toleration in scheduling.get("tolerations") or () if toleration not in (spec.get("tolerations") or ())]
    if added:
        spec["tolerations"] = [*(spec.get("tolerations") or ()), *added]
        filled.append("spec.tolerations")
    return filled
