"""PodDisruptionBudget: how many Pods of a group may be taken away at a time by those who ask first."""
from __future__ import annotations

from cluster.kinds import _portions, _rules, _workload
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind
from cluster.kinds.pod import is_ready
from cluster.meta import fields, labels, names

EVICTION_POLICIES = ("AlwaysAllow", "IfHealthyBudget")
_COUNTS = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
_EMPTY_STATUS = dict.fromkeys(_COUNTS, 0)
ALLOWED = "DisruptionAllowed"
SUFFICIENT, INSUFFICIENT, SYNC_FAILED = "SufficientPods", "InsufficientPods", "SyncFailed"


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


# -- what a budget says --------------------------------------------------------------------------------------------------


def selects(budget: dict, pod: dict) -> bool:
    """Whether a budget is about a Pod of its namespace; an empty selector is about all, one that cannot be read about none."""
    try:
        return labels.from_object(budget["spec"].get("selector")).matches(pod["metadata"].get("labels"))
    except labels.SelectorError:
        return False


def status_of(budget: dict) -> dict:
    """The status with all its counts."""
    return {**_EMPTY_STATUS, **(budget.get("status") or {})}


def spares_unhealthy(budget: dict, pod: dict) -> bool:
    """Whether a Pod that is not ready may go without asking: nothing that counts is disrupted.

    Source: pkg/registry/core/pod/storage/eviction.go (Create).
    """
    if is_ready(pod):
        return False
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    found = status_of(budget)
    return found["currentHealthy"] >= found["desiredHealthy"] > 0


def why_not(budget: dict) -> str:
    """Why a budget allows no disruption, as the refusal of an eviction says it. Source: checkAndDecrement."""
    name, found = budget["metadata"]["name"], status_of(budget)
    condition = _allowed(found)
    if condition.get("status") != "False" or not condition.get("message"):
        condition = {}
    if condition.get("reason") == SYNC_FAILED:
        return f"The disruption budget {name} does not allow evicting pods currently because it failed sync: {condition['message']}"
    if found["currentHealthy"] <= found["desiredHealthy"]:
        return f"The disruption budget {name} needs {found['desiredHealthy']} healthy pods and has {found['currentHealthy']} currently"
    why = f" ({condition['reason']}): {condition['message']}" if condition else ""
    return f"The disruption budget {name} does not allow evicting pods currently{why}"


def with_one_less(budget: dict, pod_name: str, now: str) -> dict:
    """The budget after it granted a Pod's eviction."""
    found = status_of(budget)
    found["disruptionsAllowed"] -= 1
    found["disruptedPods"] = {**(found.get("disruptedPods") or {}), pod_name: now}
    if not found["disruptionsAllowed"]:
        found = with_condition(found, now)
    return {**budget, "status": found}


def _allowed(status: dict) -> dict:
    return next((one for one in status.get("conditions") or () if one.get("type") == ALLOWED), {})


def is_condition_current(budget: dict) -> bool:
    """Source: k8s.io/component-helpers apps/poddisruptionbudget/helpers.go (ConditionsAreUpToDate)."""
    found = status_of(budget)
    condition, is_allowed = _allowed(found), found["disruptionsAllowed"] > 0
    if not condition or found.get("observedGeneration") != budget["metadata"].get("generation"):
        return False
    return (condition["status"], condition["reason"]) == (("True", SUFFICIENT) if is_allowed else ("False", INSUFFICIENT))


def counted(budget: dict, *, healthy: int, desired: int, expected: int, disrupted: dict[str, str], now: str) -> dict | None:
    """The status that these counts make; None where it says so already. A budget without Pods allows nothing.

    Source: pkg/controller/disruption/disruption.go (updatePdbStatus).
    """
    allowed = max(healthy - desired, 0) if expected > 0 else 0
    counts = {"currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected, "disruptionsAllowed": allowed}
    before = status_of(budget)
    is_same = all(before[name] == value for name, value in counts.items()) and (before.get("disruptedPods") or {}) == disrupted
    if is_same and is_condition_current(budget):
        return None
    found = {"observedGeneration": budget["metadata"].get("generation"), **counts}
    found |= {"disruptedPods": disrupted} if disrupted else {}
    found |= {"conditions": before["conditions"]} if before.get("conditions") else {}
    return with_condition(found, now)


def with_condition(status: dict, now: str, failure: str | None = None) -> dict:
    """The status with its condition DisruptionAllowed. failure: why its counts could not be found.

    Source: helpers.go (UpdateDisruptionAllowedCondition), k8s.io/apimachinery pkg/api/meta/conditions.go (SetStatusCondition).
    """
    is_allowed = failure is None and status["disruptionsAllowed"] > 0
    reason = SUFFICIENT if is_allowed else INSUFFICIENT if failure is None else SYNC_FAILED
    new = {"type": ALLOWED, "status": "True" if is_allowed else "False", "lastTransitionTime": now, "reason": reason,
           "message": failure or ""}
    if status.get("observedGeneration"):
        new["observedGeneration"] = status["observedGeneration"]
    old = _allowed(status)
    if old.get("status") == new["status"]:
        new["lastTransitionTime"] = old["lastTransitionTime"]
    conditions = status.get("conditions") or []
    conditions = [new if one is old else one for one in conditions] if old else [*conditions, new]
    return {**status, "conditions": conditions}


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
    metadata_on_update=(), plain_metadata=True,
    kind="PodDisruptionBudget", plural="poddisruptionbudgets", singular="poddisruptionbudget", group="policy", short_names=("pdb",),
    subresources=("status",), storage_version_hash="EVWiDmWqyJw=", has_generation=True, columns=COLUMNS, cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=validate, validate_status=validate_status, name_check=names.is_path_segment_name,
    unconditional_update=False, reset_fields={"": ("status",), "status": ("spec",)}, icon="shield",
    title={"en": "How many Pods of a group may be taken away at a time by those who ask first.",
           "zh": "同一时间最多允许主动移除一组 Pod 中的多少个。"},
)
