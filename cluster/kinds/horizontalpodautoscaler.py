"""HorizontalPodAutoscaler: more Pods when there is much to do, fewer when there is little. Served as autoscaling/v2 and v1.

All here is about v2, in which autoscalers are stored; _autoscaler_v1 has the way to v1 and back.
"""
from __future__ import annotations

from cluster.kinds import _autoscaler_v1, _pod_amounts, _portions, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds._rules import Errors
from cluster.kinds.base import FieldError, Kind
from cluster.meta import fields

LONGEST_PERIOD_S, LONGEST_WINDOW_S = 1800, 3600
SELECT_POLICIES, POLICY_TYPES = ("Disabled", "Max", "Min"), ("Percent", "Pods")
METRIC_TYPES = ("ContainerResource", "External", "Object", "Pods", "Resource")
TARGET_TYPES = ("Utilization", "Value", "AverageValue")
SOURCES = {"Object": "object", "External": "external", "Pods": "pods", "Resource": "resource", "ContainerResource": "containerResource"}
SHOWN_METRICS = 2
MISSING = "<nil>"
_EMPTY_STATUS = {"desiredReplicas": 0, "currentMetrics": None}
_UP_POLICIES = ({"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15})
_DOWN_POLICIES = ({"type": "Percent", "value": 100, "periodSeconds": 15},)


def default(draft: dict) -> None:
    """Source: pkg/apis/autoscaling/v2/defaults.go, conversion.go."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec["scaleTargetRef"] = {"kind": "", "name": "", **(spec.get("scaleTargetRef") or {})}
    spec.setdefault("maxReplicas", 0)
    if spec.get("minReplicas") is None:
        spec["minReplicas"] = 1
    if not spec.get("metrics"):
        spec["metrics"] = [_autoscaler_v1.cpu_metric(_autoscaler_v1.DEFAULT_UTILIZATION)]
    behavior = spec.get("behavior")
    if behavior is not None:
        behavior["scaleUp"] = _rules_default(behavior.get("scaleUp"), _UP_POLICIES, stabilizationWindowSeconds=0)
        behavior["scaleDown"] = _rules_default(behavior.get("scaleDown"), _DOWN_POLICIES)
    draft["status"] = {**_EMPTY_STATUS, **(draft.get("status") or {})}
    _autoscaler_v1.drop_round_trip(draft)


def _rules_default(rules: dict | None, policies: tuple[dict, ...], **more: int) -> dict:
    found = {name: value for name, value in (rules or {}).items() if value is not None}
    return {**more, "selectPolicy": "Max", "policies": [dict(policy) for policy in policies], **found}


def prepare_create(draft: dict) -> None:
    """A new autoscaler has no status."""
    draft["status"] = dict(_EMPTY_STATUS)


def prepare_update(draft: dict, old: dict) -> None:
    """The status is kept."""
    draft["status"] = old.get("status", _EMPTY_STATUS)


def prepare_status(draft: dict, old: dict) -> None:
    """The spec is kept; what is always written is, also by a component that leaves it out."""
    draft["spec"] = old["spec"]
    draft["status"] = {**_EMPTY_STATUS, **(draft.get("status") or {})}


def validate(autoscaler: dict) -> list[FieldError]:
    """An autoscaler to be created.

    Source: pkg/apis/autoscaling/validation/validation.go (ValidateHorizontalPodAutoscaler).
    """
    errors: Errors = []
    _spec(errors, autoscaler["spec"], None)
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """As for a create, with room for what is stored."""
    errors: Errors = []
    _spec(errors, new["spec"], old["spec"])
    return errors


def _spec(errors: Errors, spec: dict, old: dict | None) -> None:
    """Source: validateHorizontalPodAutoscalerSpec; pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go (its options)."""
    least, most, target = spec.get("minReplicas"), spec.get("maxReplicas") or 0, spec["scaleTargetRef"]
    bound = 0 if old is not None and old.get("minReplicas") == 0 else 1
    if least is not None and least < bound:
        errors.append(fields.invalid("spec.minReplicas", least, f"must be greater than or equal to {bound}"))
    if most == 0:
        errors.append(fields.required("spec.maxReplicas", "must be set and greater than 0"))
    elif most < 0:
        errors.append(fields.invalid("spec.maxReplicas", most, "must be greater than or equal to 1"))
    if least is not None and most < least:
        errors.append(fields.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
    before = (old or {}).get("scaleTargetRef") or {}
    same = old is not None and all((before.get(name) or "") == (target.get(name) or "") for name in ("apiVersion", "kind"))
    _reference(errors, target, "spec.scaleTargetRef", any_version=same, core=target.get("kind") == "ReplicationController")
    _metrics(errors, spec, old)
    for side in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(side)
        if rules is not None:
            _scaling_rules(errors, rules, f"spec.behavior.{side}")


def _reference(errors: Errors, found: dict, path: str, *, any_version: bool, core: bool) -> None:
    _portions.segment_or_required(errors, f"{path}.kind", found.get("kind"))
    _portions.segment_or_required(errors, f"{path}.name", found.get("name"))
    complaint = "" if any_version else _version_complaint(found.get("apiVersion") or "", core=core)
    if complaint:
        errors.append(fields.invalid(f"{path}.apiVersion", found.get("apiVersion") or "", complaint))


def _version_complaint(version: str, *, core: bool) -> str:
    """Source: ValidateAPIVersion."""
    if version.count("/") > 1:
        return f"unexpected GroupVersion string: {version}"
    return "" if core or version.find("/") > 0 else "apiVersion must specify API group"


def _metrics(errors: Errors, spec: dict, old: dict | None) -> None:
    metrics = spec.get("metrics") or ()
    any_version = any(_version_complaint(((metric.get("object") or {}).get("describedObject") or {}).get("apiVersion") or "", core=True)
                      for metric in (old or {}).get("metrics") or () if metric.get("type") == "Object")
    for index, metric in enumerate(metrics):
        _metric(errors, metric, f"spec.metrics[{index}]", any_version)
    if spec.get("minReplicas") == 0 and not any(metric.get("type") in ("Object", "External") for metric in metrics):
        errors.append(fields.forbidden("spec.metrics", "must specify at least one Object or External metric to support scaling "
                                                       "to zero replicas"))


def _metric(errors: Errors, metric: dict, path: str, any_version: bool) -> None:
    """Source: validateMetricSpec. An unknown type is told of twice, as upstream does."""
    kind = metric.get("type") or ""
    if not kind:
        errors.append(fields.required(f"{path}.type", "must specify a metric source type"))
    if kind not in METRIC_TYPES:
        errors.append(fields.not_supported(f"{path}.type", kind, METRIC_TYPES))
    present = [name for name in SOURCES.values() if metric.get(name) is not None]
    if present:
        _source(errors, present[0], metric[present[0]], f"{path}.{present[0]}", any_version)
    expected = SOURCES.get(kind)
    if expected is None:
        errors.append(fields.not_supported(f"{path}.type", kind, METRIC_TYPES))
    elif metric.get(expected) is None:
        errors.append(fields.required(f"{path}.{expected}", "must populate information for the given metric source"))
    if len(present) != 1:
        errors += [fields.forbidden(f"{path}.{name}", "must populate the given metric source only")
                   for name in present if name != expected]


def _source(errors: Errors, kind: str, source: dict, path: str, any_version: bool) -> None:
    target, at = source.get("target") or {}, f"{path}.target"
    value, average, percent = (target.get(name) for name in ("value", "averageValue", "averageUtilization"))
    if kind in ("resource", "containerResource"):
        _resource(errors, kind, source, path)
    else:
        if kind == "object":
            _reference(errors, source.get("describedObject") or {}, f"{path}.describedObject", any_version=any_version, core=True)
        _identifier(errors, source.get("metric") or {}, f"{path}.metric.name")
    _target(errors, target, at)
    if kind == "object" and value is None and average is None:
        errors.append(fields.required(f"{at}.averageValue", "must set either a target value or averageValue"))
    if kind == "external":
        _one_of_both(errors, value, average, (f"{at}.averageValue", "must set either a target value for metric or a per-pod target"),
                     (f"{at}.value", "may not set both a target value for metric and a per-pod target"))
    if kind == "pods" and average is None:
        errors.append(fields.required(f"{at}.averageValue", "must specify a positive target averageValue"))
    if kind in ("resource", "containerResource"):
        _one_of_both(errors, percent, average, (f"{at}.averageUtilization", "must set either a target raw value or a target utilization"),
                     (f"{at}.averageValue", "may not set both a target raw value and a target utilization"))


def _one_of_both(errors: Errors, left: object, right: object, missing: tuple[str, str], both: tuple[str, str]) -> None:
    if left is None and right is None:
        errors.append(fields.required(*missing))
    if left is not None and right is not None:
        errors.append(fields.forbidden(*both))


def _resource(errors: Errors, kind: str, source: dict, path: str) -> None:
    name, container = source.get("name") or "", source.get("container") or ""
    if not name:
        errors.append(fields.required(f"{path}.name", "must specify a resource name"))
    if kind != "containerResource":
        return
    if name:
        _pod_amounts.container_resource(errors, f"{path}.name", name)
    if not container:
        errors.append(fields.required(f"{path}.container", "must specify a container"))
    else:
        _rules.label(errors, f"{path}.container", container)


def _identifier(errors: Errors, metric: dict, path: str) -> None:
    if not metric.get("name"):
        errors.append(fields.required(path, "must specify a metric name"))
    else:
        _portions.segment_or_required(errors, path, metric["name"])


def _target(errors: Errors, target: dict, path: str) -> None:
    """Source: validateMetricTarget."""
    kind = target.get("type") or ""
    if not kind:
        errors.append(fields.required(f"{path}.type", "must specify a metric target type"))
    if kind not in TARGET_TYPES:
        errors.append(fields.invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue"))
    for name in ("value", "averageValue"):
        if target.get(name) is not None and _rules.amount(target[name]).nano <= 0:
            errors.append(fields.invalid(f"{path}.{name}", target[name], "must be positive"))
    percent = target.get("averageUtilization")
    if percent is not None and percent < 1:
        errors.append(fields.invalid(f"{path}.averageUtilization", percent, "must be greater than 0"))


def _scaling_rules(errors: Errors, rules: dict, path: str) -> None:
    window, select = rules.get("stabilizationWindowSeconds"), rules.get("selectPolicy")
    if window is not None and window < 0:
        errors.append(fields.invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero"))
    if window is not None and window > LONGEST_WINDOW_S:
        errors.append(fields.invalid(f"{path}.stabilizationWindowSeconds", window, f"must be less than or equal to {LONGEST_WINDOW_S}"))
    if select is not None and select not in SELECT_POLICIES:
        errors.append(fields.not_supported(f"{path}.selectPolicy", select, SELECT_POLICIES))
    if not rules.get("policies"):
        errors.append(fields.required(f"{path}.policies", "must specify at least one Policy"))
    for index, policy in enumerate(rules.get("policies") or ()):
        _scaling_policy(errors, policy, f"{path}.policies[{index}]")
    if rules.get("tolerance") is not None:
        _rules.quantity_not_negative(errors, f"{path}.tolerance", rules["tolerance"])


def _scaling_policy(errors: Errors, policy: dict, path: str) -> None:
    period = policy.get("periodSeconds") or 0
    _rules.one_of(errors, f"{path}.type", policy.get("type"), POLICY_TYPES)
    _rules.positive(errors, f"{path}.value", policy.get("value") or 0)
    _rules.positive(errors, f"{path}.periodSeconds", period)
    if period > LONGEST_PERIOD_S:
        errors.append(fields.invalid(f"{path}.periodSeconds", period, f"must be less than or equal to {LONGEST_PERIOD_S}"))


def validate_status(new: dict, old: dict) -> list[FieldError]:
    """Source: ValidateHorizontalPodAutoscalerStatusUpdate."""
    errors: Errors = []
    _rules.kube_finalizers(errors, new["metadata"])
    for field in ("currentReplicas", "desiredReplicas"):
        _rules.not_negative(errors, f"status.{field}", (new.get("status") or {}).get(field))
    return errors


# -- kubectl get ------------------------------------------------------------------------------------------------------


def cells(autoscaler: dict, now_unix_ms: int) -> list:
    """As kubectl get hpa shows it.

    Source: pkg/printers/internalversion/printers.go (printHorizontalPodAutoscaler, formatHPAMetrics).
    """
    spec, status = autoscaler["spec"], autoscaler.get("status") or {}
    target, least = spec["scaleTargetRef"], spec.get("minReplicas")
    return [autoscaler["metadata"]["name"], f"{target.get('kind', '')}/{target.get('name', '')}", _targets(spec, status),
            "<unset>" if least is None else str(least), spec.get("maxReplicas") or 0, status.get("currentReplicas") or 0,
            age(autoscaler, now_unix_ms)]


def _cells_of_v1(autoscaler: dict, now_unix_ms: int) -> list:
    """The same of an object that is shown as v1."""
    is_v1 = autoscaler.get("apiVersion") == "autoscaling/v1"
    return cells(_autoscaler_v1.to_stored(autoscaler) if is_v1 else autoscaler, now_unix_ms)


def targets(autoscaler: dict) -> str:
    """What is measured against what is aimed at: `cpu: 75%/50%`."""
    return _targets(autoscaler["spec"], autoscaler.get("status") or {})


def _targets(spec: dict, status: dict) -> str:
    metrics, current = spec.get("metrics") or [], status.get("currentMetrics") or []
    if not metrics:
        return "<none>"
    shown = [_shown(metric, current[index] if index < len(current) else {}) for index, metric in enumerate(metrics)]
    text = ", ".join(shown[:SHOWN_METRICS])
    return f"{text} + {len(shown) - SHOWN_METRICS} more..." if len(shown) > SHOWN_METRICS else text


def _shown(metric: dict, state: dict) -> str:
    field = SOURCES.get(metric.get("type", ""))
    if field is None or metric.get(field) is None:
        return "<unknown type>"
    source, current = metric[field], (state.get(field) or {}).get("current")
    target, name = source.get("target") or {}, f"{source.get('name', '')}: " if field in ("resource", "containerResource") else ""
    if field == "pods" or (name and target.get("averageValue") is not None):
        return f"{name}{_amount(current, 'averageValue')}/{target.get('averageValue') or MISSING}"
    if name:
        found, wanted = (current or {}).get("averageUtilization"), target.get("averageUtilization")
        return f"{name}{'<unknown>' if found is None else f'{found}%'}/{'<auto>' if wanted is None else f'{wanted}%'}"
    if target.get("averageValue") is not None:
        found = _amount(current, "averageValue") if (current or {}).get("averageValue") is not None else "<unknown>"
        return f"{found}/{target['averageValue']} (avg)"
    return f"{_amount(current, 'value')}/{target.get('value') or MISSING}"


def _amount(current: dict | None, field: str) -> str:
    return "<unknown>" if current is None else str(current.get(field) or MISSING)


COLUMNS = (
    NAME, column("Reference", "autoscaling.v2.HorizontalPodAutoscalerSpec#scaleTargetRef"),
    column("Targets", "autoscaling.v2.HorizontalPodAutoscalerSpec#metrics"),
    column("MinPods", "autoscaling.v2.HorizontalPodAutoscalerSpec#minReplicas"),
    column("MaxPods", "autoscaling.v2.HorizontalPodAutoscalerSpec#maxReplicas"),
    column("Replicas", "autoscaling.v2.HorizontalPodAutoscalerStatus#currentReplicas"), AGE,
)

KIND = Kind(
    metadata_on_update=("update",),
    kind="HorizontalPodAutoscaler", plural="horizontalpodautoscalers", singular="horizontalpodautoscaler", group="autoscaling",
    version="v2", short_names=("hpa",), categories=("all",), subresources=("status",), storage_version_hash="qwQve8ut294=",
    columns=COLUMNS, cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update,
    prepare_status=prepare_status, validate=validate, validate_update=validate_update, validate_status=validate_status,
    reset_fields={"": ("status",), "status": ("spec",)}, icon="gauge",
    faces=({"version": "v1", "cells": _cells_of_v1, "to_stored": _autoscaler_v1.to_stored, "from_stored": _autoscaler_v1.from_stored},),
    title={"en": "Keeps a workload at the number of Pods that its load asks for.", "zh": "让工作负载的 Pod 数量随负载增减。"},
)
