"""Priority: a Pod's priority number and preemption policy, from the name of its PriorityClass.

Source: k8s.io/kubernetes plugin/pkg/admission/priority/admission.go; pkg/apis/scheduling/helpers.go.
"""
from __future__ import annotations

NAME, RESOURCE = "Priority", "pods"
VALIDATED, VALIDATED_AT = ("priorityclasses",), ("",)
SYSTEM = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}
FOLDER = "/registry/priorityclasses/"
DEFAULT_POLICY = "PreemptLowerPriority"


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Resolve the class of a new Pod; keep what an update leaves out."""
    spec = obj["spec"]
    if live is not None:
        return _kept(spec, live["spec"])
    name, priority, policy = _resolve(call, obj, spec.get("priorityClassName") or "")
    _check(call, obj, spec, priority, policy)
    filled = [f"spec.{field}" for field in ("priority", "preemptionPolicy") if field not in spec]
    spec["priority"] = priority
    if name:
        spec["priorityClassName"] = name
    if policy:
        spec["preemptionPolicy"] = policy
    return filled


def validate(call, obj: dict | None, live: dict | None) -> bool:
    """There is at most one default class."""
    if call.kind.plural != "priorityclasses" or call.subresource or obj is None or not obj.get("globalDefault"):
        return False
    from . import refused
    found = _default([stored.value for _, stored in call.context.store.list(FOLDER)])
    if found and (live is None or found["metadata"]["name"] != obj["metadata"].get("name")):
        raise refused(call, obj, f"PriorityClass {found['metadata']['name']} is already marked as default. Only one default can exist")
    return True


def _default(classes: list[dict]) -> dict | None:
    return min((c for c in classes if c.get("globalDefault")), key=lambda c: c.get("value", 0), default=None)


def _kept(spec: dict, old: dict) -> list[str]:
    filled = []
    for field in ("priority", "preemptionPolicy"):
        if spec.get(field) is None and old.get(field) is not None:
            spec[field] = old[field]
            filled.append(f"spec.{field}")
    return filled


def _resolve(call, obj: dict, name: str) -> tuple[str, int, str]:
    """(class, priority, preemption policy) for a class's name, or for none."""
    classes = [stored.value for _, stored in call.context.store.list(FOLDER)]
    if not name:
        chosen = _default(classes)
        return _of(chosen) if chosen else ("", 0, DEFAULT_POLICY)
    chosen = next((c for c in classes if c["metadata"]["name"] == name), None)
    if chosen:
        return _of(chosen)
    if name in SYSTEM:
        return name, SYSTEM[name], DEFAULT_POLICY
    from . import refused
    raise refused(call, obj, f"no PriorityClass with name {name} was found")


def _of(chosen: dict) -> tuple[str, int, str]:
    return chosen["metadata"]["name"], chosen.get("value", 0), chosen.get("preemptionPolicy", DEFAULT_POLICY)


def _check(call, obj: dict, spec: dict, priority: int, policy: str) -> None:
    from . import refused
    given = spec.get("priority")
    if given is not None and given != priority:
        raise refused(call, obj, f"the integer value of priority ({given}) must not be provided in pod spec; "
                                 f"priority admission controller computed {priority} from the given PriorityClass name")
    given = spec.get("preemptionPolicy")
    if given is not None and given != policy:
        raise refused(call, obj, f"the string value of PreemptionPolicy ({given}) must not be provided in pod spec; "
                                 f"priority admission controller computed {policy} from the given PriorityClass name")
