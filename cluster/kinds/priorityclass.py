"""PriorityClass: a name for how important Pods are."""
from __future__ import annotations

from cluster.kinds import _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields

POLICIES = ("PreemptLowerPriority", "Never")
HIGHEST = 1_000_000_000
SYSTEM_PREFIX = "system-"
# name: (value, description). Source: pkg/apis/scheduling/v1/helpers.go.
SYSTEM = {
    "system-node-critical": (2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
    "system-cluster-critical": (2_000_000_000, "Used for system critical pods that must run in the cluster, "
                                               "but can be moved to another node if necessary."),
}


def default(draft: dict) -> None:
    """Source: pkg/apis/scheduling/v1/defaults.go."""
    draft.setdefault("value", 0)
    if draft.get("preemptionPolicy") is None:
        draft["preemptionPolicy"] = POLICIES[0]


def validate(priority_class: dict) -> list[FieldError]:
    """Source: pkg/apis/scheduling/validation/validation.go (ValidatePriorityClass)."""
    errors: list[FieldError] = []
    meta, value = priority_class["metadata"], priority_class.get("value", 0)
    name = meta.get("name") or ""
    if name.startswith(SYSTEM_PREFIX):
        why = _not_system(name, value, bool(priority_class.get("globalDefault")))
        if why:
            errors.append(fields.forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only. "
                                           f"error: {why}"))
    elif value > HIGHEST:
        errors.append(fields.forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST}"))
    _rules.one_of_or_required(errors, "preemptionPolicy", priority_class.get("preemptionPolicy"), POLICIES)
    return errors


def _not_system(name: str, value: int, is_default: bool) -> str:
    if name not in SYSTEM:
        return f"{name} is not a known system priority class"
    if value != SYSTEM[name][0]:
        return f"value of {name} PriorityClass must be {SYSTEM[name][0]}"
    return f"globalDefault of {name} PriorityClass must be false" if is_default else ""


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """Value and policy stay. Source: ValidatePriorityClassUpdate."""
    errors: list[FieldError] = []
    if new.get("value", 0) != old.get("value", 0):
        errors.append(fields.forbidden("value", "may not be changed in an update."))
    if new.get("preemptionPolicy") != old.get("preemptionPolicy"):
        errors.append(fields.invalid("preemptionPolicy", new.get("preemptionPolicy"), _rules.IMMUTABLE))
    return errors


def cells(priority_class: dict, now_unix_ms: int) -> list:
    """As kubectl get priorityclasses shows it."""
    return [priority_class["metadata"]["name"], priority_class.get("value", 0), bool(priority_class.get("globalDefault")),
            age(priority_class, now_unix_ms), priority_class.get("preemptionPolicy") or ""]


KIND = Kind(
    metadata_on_update=("update",),
    kind="PriorityClass", plural="priorityclasses", singular="priorityclass", group="scheduling.k8s.io", namespaced=False,
    short_names=("pc",), storage_version_hash="1QwjyaZjj3Y=", has_generation=True,
    columns=(NAME, column("Value", "scheduling.v1.PriorityClass#value", type="integer"),
             column("Global-Default", "scheduling.v1.PriorityClass#globalDefault", type="boolean"), AGE,
             column("PreemptionPolicy", "scheduling.v1.PriorityClass#preemptionPolicy")),
    cells=cells, default=default, validate=validate, validate_update=validate_update, icon="chevrons-up",
    title={"en": "A name for how important Pods are: the scheduler places the important ones first, and may evict others for them.",
           "zh": "为 Pod 的重要程度命名：调度器先放置重要的 Pod，必要时驱逐其他 Pod。"},
)
