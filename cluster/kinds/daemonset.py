"""DaemonSet: one Pod on every node that fits."""
from __future__ import annotations

from cluster.kinds import _pod_gates, _pod_validation, _pod_warnings, _portions, _rules, _workload
from cluster.kinds._columns import AGE, CONTAINERS, IMAGES, NAME, age, column, container_cells
from cluster.kinds._rules import Errors
from cluster.kinds._workload import count
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields, gotext, labels

__all__ = ["KIND", "count"]

ROLLING_UPDATE, ON_DELETE = "RollingUpdate", "OnDelete"
GENERATION = "deprecated.daemonset.template.generation"
_ALWAYS_COUNTED = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
_EMPTY_STATUS = dict.fromkeys(_ALWAYS_COUNTED, 0)


def default(draft: dict) -> None:
    """Source: pkg/apis/apps/v1/defaults.go (SetDefaults_DaemonSet), conversion.go (DaemonSet)."""
    _workload.default_template(draft)
    spec = draft["spec"]
    strategy = spec["updateStrategy"] = spec.get("updateStrategy") or {}
    if not strategy.get("type"):
        strategy["type"] = ROLLING_UPDATE
    is_rolling, rolling = strategy["type"] == ROLLING_UPDATE, strategy.get("rollingUpdate")
    if rolling is None and is_rolling:
        rolling = strategy["rollingUpdate"] = {}
    for field, value in (("maxUnavailable", 1 if is_rolling else 0), ("maxSurge", 0)) if rolling is not None else ():
        if rolling.get(field) is None:
            rolling[field] = value
    if spec.get("revisionHistoryLimit") is None:
        spec["revisionHistoryLimit"] = 10
    draft["status"] = {**_EMPTY_STATUS, **(draft.get("status") or {})}
    _set_template_generation(draft, template_generation(draft))


def template_generation(daemon_set: dict) -> int:
    """How often the template has changed, plus one. Served as an annotation."""
    found = (daemon_set["metadata"].get("annotations") or {}).get(GENERATION, "")
    return gotext.atoi(found) or 0


def _set_template_generation(draft: dict, number: int) -> None:
    meta = draft["metadata"]
    if (meta.get("annotations") or {}).get(GENERATION) != str(number):
        meta["annotations"] = {**(meta.get("annotations") or {}), GENERATION: str(number)}


def prepare_create(draft: dict) -> None:
    """A new DaemonSet has no status; its template is the first."""
    draft["status"] = dict(_EMPTY_STATUS)
    draft["metadata"]["generation"] = 1
    _set_template_generation(draft, max(template_generation(draft), 1))
    _pod_gates.drop_disabled(draft["spec"]["template"]["spec"])


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept; a changed template raises both generations, another change of the spec just the object's.

    Source: pkg/registry/apps/daemonset/strategy.go.
    """
    spec, before = draft["spec"], old["spec"]
    if spec is not before:
        _pod_gates.drop_disabled(spec["template"]["spec"])
    draft["status"] = old.get("status", _EMPTY_STATUS)
    changed = spec["template"] is not before["template"] and spec["template"] != before["template"]
    _set_template_generation(draft, template_generation(old) + changed)
    _workload.raise_generation(draft, old)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept, and with it the template's generation."""
    draft["spec"] = old["spec"]
    draft["status"] = {**_EMPTY_STATUS, **(draft.get("status") or {})}
    _set_template_generation(draft, template_generation(old))


def validate(daemon_set: dict) -> list[FieldError]:
    """A DaemonSet to be created.

    Source: pkg/apis/apps/validation/validation.go (ValidateDaemonSet, ValidateDaemonSetSpec).
    """
    errors: Errors = []
    _spec(errors, daemon_set["spec"])
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """The selector stays; then as for a create."""
    errors: Errors = []
    _workload.selector_fixed(errors, new, old)
    _spec(errors, new["spec"], lenient=_workload.has_invalid_values(old["spec"].get("selector")))
    return errors


def _spec(errors: Errors, spec: dict, *, lenient: bool = False) -> None:
    selector, template = spec.get("selector"), spec["template"]
    errors += labels.validate_label_selector(selector, "spec.selector", allow_invalid_values=lenient)
    _workload.template_selected(errors, spec)
    if selector is not None and not (selector.get("matchLabels") or selector.get("matchExpressions")):
        errors.append(fields.invalid("spec.selector", _workload.shown_selector(selector),
                                     "empty selector is invalid for daemonset"))
    _pod_validation.template(errors, template, "spec.template")
    _workload.restarts_always(errors, template["spec"], "DaemonSet")
    _rules.not_negative(errors, "spec.minReadySeconds", spec.get("minReadySeconds"))
    _strategy(errors, spec["updateStrategy"], "spec.updateStrategy")
    _rules.not_negative(errors, "spec.revisionHistoryLimit", spec.get("revisionHistoryLimit"))


def _strategy(errors: Errors, strategy: dict, path: str) -> None:
    kind, rolling = strategy["type"], strategy.get("rollingUpdate")
    if kind == ROLLING_UPDATE:
        _rolling(errors, rolling, f"{path}.rollingUpdate")
    elif kind != ON_DELETE:
        shown = {"Type": kind, "RollingUpdate": None if rolling is None else {
            "MaxUnavailable": rolling.get("maxUnavailable", 0), "MaxSurge": rolling.get("maxSurge", 0)}}
        errors.append(fields.not_supported(path, shown, (ROLLING_UPDATE, ON_DELETE)))


def _rolling(errors: Errors, rolling: dict, path: str) -> None:
    """Source: ValidateRollingUpdateDaemonSet."""
    unavailable, surge = rolling["maxUnavailable"], rolling["maxSurge"]
    for check in (_portions.portion, _portions.at_most_whole):
        check(errors, f"{path}.maxUnavailable", unavailable)
        check(errors, f"{path}.maxSurge", surge)
    has_unavailable, has_surge = bool(_portions.number_of(unavailable)), bool(_portions.number_of(surge))
    if has_unavailable and has_surge:
        errors.append(fields.invalid(f"{path}.maxSurge", surge, "may not be set when maxUnavailable is non-zero"))
    elif not has_unavailable and not has_surge:
        errors.append(fields.required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))


_COUNTS = (*_ALWAYS_COUNTED, "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable",
           "collisionCount")


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateDaemonSetStatusUpdate."""
    errors: Errors = []
    status = new.get("status") or {}
    _rules.kube_finalizers(errors, new["metadata"])
    for field in _COUNTS:
        _rules.not_negative(errors, f"status.{field}", status.get(field))
    _portions.not_decremented(errors, "status.collisionCount", status.get("collisionCount"),
                              (old.get("status") or {}).get("collisionCount"))
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Warnings about the template, after a create or when it changed."""
    if old is not None and template_generation(new) == template_generation(old):
        return []
    return _pod_warnings.template(new["spec"]["template"], old and old["spec"]["template"], "spec.template")


def cells(daemon_set: dict, now_unix_ms: int) -> list:
    """As kubectl get daemonsets -o wide shows it.

    Source: pkg/printers/internalversion/printers.go (printDaemonSet).
    """
    spec = daemon_set["spec"]
    counts = [count(daemon_set, field) for field in ("desiredNumberScheduled", "currentNumberScheduled", "numberReady",
                                                     "updatedNumberScheduled", "numberAvailable")]
    pod_spec = spec["template"]["spec"]
    return [daemon_set["metadata"]["name"], *counts, _portions.labels_text(pod_spec.get("nodeSelector")),
            age(daemon_set, now_unix_ms), *container_cells(pod_spec.get("containers")), labels.format_selector(spec.get("selector"))]


def _number(name: str, field: str):
    return column(name, f"apps.v1.DaemonSetStatus#{field}", type="integer")


COLUMNS = (
    NAME, _number("Desired", "desiredNumberScheduled"), _number("Current", "currentNumberScheduled"),
    _number("Ready", "numberReady"), _number("Up-to-date", "updatedNumberScheduled"), _number("Available", "numberAvailable"),
    column("Node Selector", "core.v1.PodSpec#nodeSelector"), AGE, CONTAINERS, IMAGES,
    column("Selector", "apps.v1.DaemonSetSpec#selector", priority=1),
)

KIND = Kind(
    metadata_on_update=("update",),
    kind="DaemonSet", plural="daemonsets", singular="daemonset", group="apps", short_names=("ds",), categories=("all",),
    subresources=("status",), storage_version_hash="dd7pWHUlMKQ=", has_generation=True, columns=COLUMNS, cells=cells,
    default=default, prepare_create=prepare_create, prepare_update=prepare_update, prepare_status=prepare_status,
    validate=validate, validate_update=validate_update, validate_status=validate_status, warn=warn,
    reset_fields={"": ("status",), "status": ("spec",)}, icon="layers",
    title={"en": "One Pod on every node that fits, for what each node needs.", "zh": "在每个合适的节点上各运行一个 Pod。"},
)
