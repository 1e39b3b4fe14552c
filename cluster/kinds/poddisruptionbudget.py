"""PodDisruptionBudget: how many Pods of a group may be taken away at a time by those who ask first."""
from __future__ import annotations

from cluster.kinds import _portions, _rules, _workload
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import fields, labels, names

EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
_COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
_EMPTY_STATUS = dict.fromkeys(_COUNTS, 0)


def default(draft: dict) -> None:
    """Counts are always written."""
    if draft.get("spec") is None:
        draft["spec"] = {}
    draft["status"] = {**_EMPTY_STATUS, **(draft.get("status") or {})}


def prepare_create(draft: dict) -> None:
    """A new budget has no status."""
    draft["status"] = dict(_EMPTY_STATUS)
    draft["metadata"]["generation"] = 1


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed spec raises the generation.

    Source: pkg/registry/policy/poddisruptionbudget/strategy.go.
    """
    draft["status"] = old.get("status", _EMPTY_STATUS)
    _workload.raise_generation(draft, old)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept; counts are always written, also by a component that leaves a 0 out."""
    draft["spec"] = old["spec"]
    draft["status"] = {**_EMPTY_STATUS, **(draft.get("status") or {})}


def validate(budget: dict, old: dict | None = None) -> list[FieldError]:
    """A budget to be created, or with `old` to be updated.

    Source: pkg/apis/policy/validation/validation.go (ValidatePodDisruptionBudgetSpec).
    """
    errors: Errors = []
    spec = budget["spec"]
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    if least is not None and most is not None:
        errors.append(fields.invalid("spec", _shown(spec), "minAvailable and maxUnavailable cannot be both set"))
    for field, value in (("minAvailable", least), ("maxUnavailable", most)):
        if value is not None:
            _portions.portion(errors, f"spec.{field}", value)
            _portions.at_most_whole(errors, f"spec.{field}", value)
    lenient = old is not None and bool(labels.validate_label_selector(old["spec"].get("selector"), ""))
    errors += labels.validate_label_selector(spec.get("selector"), "spec.selector", allow_invalid_values=lenient)
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None:
        _rules.one_of(errors, "spec.unhealthyPodEvictionPolicy", policy, EVICTION_POLICIES)
    return errors


def _shown(spec: dict) -> dict:
    """The spec as upstream's own type is printed."""
    return {"MinAvailable": spec.get("minAvailable"), "Selector": _workload.shown_selector(spec.get("selector")),
            "MaxUnavailable": spec.get("maxUnavailable"), "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy")}


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidatePodDisruptionBudgetStatusUpdate."""
    errors: Errors = []
    status = new.get("status") or {}
    _portions.conditions(errors, status.get("conditions"), "status.conditions")
    for field in _COUNTS:
        _rules.not_negative(errors, f"status.{field}", status.get(field))
    return errors


def cells(budget: dict, now_unix_ms: int) -> list:
    """As kubectl get pdb shows it.

    Source: pkg/printers/internalversion/printers.go (printPodDisruptionBudget).
    """
    spec = budget["spec"]
    return [budget["metadata"]["name"], _portions.text_of(spec.get("minAvailable")), _portions.text_of(spec.get("maxUnavailable")),
            (budget.get("status") or {}).get("disruptionsAllowed") or 0, age(budget, now_unix_ms)]


COLUMNS = (
    NAME, column("Min Available", "The minimum number of pods that must be available."),
    column("Max Unavailable", "The maximum number of pods that may be unavailable."),
    column("Allowed Disruptions", "Calculated number of pods that may be disrupted at this time.", type="integer"), AGE,
)

KIND = Kind(
    kind="PodDisruptionBudget", plural="poddisruptionbudgets", singular="poddisruptionbudget", group="policy", short_names=("pdb",),
    subresources=("status",), storage_version_hash="EVWiDmWqyJw=", has_generation=True, columns=COLUMNS, cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=validate, validate_status=validate_status, name_check=names.is_path_segment_name,
    unconditional_update=False, reset_fields={"": ("status",), "status": ("spec",)}, icon="shield",
    title=stored_only({"en": "How many Pods of a group may be taken away at a time by those who ask first.",
                       "zh": "同一时间最多允许主动移除一组 Pod 中的多少个。"}),
)
