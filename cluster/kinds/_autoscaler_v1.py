"""HorizontalPodAutoscaler between autoscaling/v2, in which it is stored, and v1, which keeps in annotations what it has no fields for.

Source: pkg/apis/autoscaling/v1/conversion.go, pkg/apis/autoscaling/helpers.go, annotations.go.
"""
from __future__ import annotations

import json
from typing import Any

from cluster.meta.gotext import to_json

METRICS, STATUSES = "autoscaling.alpha.kubernetes.io/metrics", "autoscaling.alpha.kubernetes.io/current-metrics"
BEHAVIOR, CONDITIONS = "autoscaling.alpha.kubernetes.io/behavior", "autoscaling.alpha.kubernetes.io/conditions"
ROUND_TRIP = (METRICS, STATUSES, BEHAVIOR, CONDITIONS, "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
              "autoscaling.alpha.kubernetes.io/scale-up-tolerance")
DEFAULT_UTILIZATION = 80
_KINDS = ("object", "pods", "resource", "containerResource", "external")
_RULE_FIELDS = ("stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance")


def cpu_metric(percent: int) -> dict:
    """The one metric that v1 has a field for."""
    return {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}}


def _is_cpu(metric: dict) -> bool:
    resource = metric.get("resource") or {}
    return (metric.get("type") == "Resource" and resource.get("name") == "cpu"
            and (resource.get("target") or {}).get("averageUtilization") is not None)


def without_round_trip(annotations: dict | None) -> dict | None:
    """Annotations without those that hold fields."""
    if not annotations or not any(name in annotations for name in ROUND_TRIP):
        return annotations
    return {name: value for name, value in annotations.items() if name not in ROUND_TRIP}


def drop_round_trip(obj: dict) -> None:
    """Drop them from an object's own metadata, in place."""
    meta = obj["metadata"]
    kept = without_round_trip(meta.get("annotations"))
    if kept:
        meta["annotations"] = kept
    else:
        meta.pop("annotations", None)


def _present(found: dict) -> dict:
    return {name: value for name, value in found.items() if value is not None}


# -- v2 to v1 ---------------------------------------------------------------------------------------------------------


def from_stored(obj: dict) -> dict:
    """An autoscaler as v1 shows it."""
    spec, status, meta = obj.get("spec") or {}, obj.get("status") or {}, dict(obj["metadata"])
    annotations = {**(without_round_trip(meta.get("annotations")) or {}), **_annotations(spec, status)}
    if annotations:
        meta["annotations"] = annotations
    else:
        meta.pop("annotations", None)
    percent = next((metric["resource"]["target"]["averageUtilization"] for metric in spec.get("metrics") or () if _is_cpu(metric)), None)
    shown = _present({"scaleTargetRef": spec.get("scaleTargetRef") or {}, "minReplicas": spec.get("minReplicas"),
                      "maxReplicas": spec.get("maxReplicas", 0), "targetCPUUtilizationPercentage": percent})
    return {**obj, "metadata": meta, "spec": shown, "status": _status_v1(status)}


def _status_v1(status: dict) -> dict:
    percent = None
    for metric in status.get("currentMetrics") or ():
        resource = metric.get("resource") or {}
        if metric.get("type") == "Resource" and resource.get("name") == "cpu":
            found = (resource.get("current") or {}).get("averageUtilization")
            percent = percent if found is None else found
    return _present({
        "observedGeneration": status.get("observedGeneration"), "lastScaleTime": status.get("lastScaleTime"),
        "currentReplicas": status.get("currentReplicas") or 0, "desiredReplicas": status.get("desiredReplicas") or 0,
        "currentCPUUtilizationPercentage": percent})


def _annotations(spec: dict, status: dict) -> dict[str, str]:
    found: dict[str, Any] = {}
    others = [_metric_v1(metric) for metric in spec.get("metrics") or () if not _is_cpu(metric)]
    if others:
        found[METRICS] = others
    if status.get("currentMetrics"):
        found[STATUSES] = [_current_v1(metric) for metric in status["currentMetrics"]]
    if spec.get("behavior") is not None:
        found[BEHAVIOR] = {name[:1].upper() + name[1:]: _rules_as_go(spec["behavior"].get(name)) for name in ("scaleUp", "scaleDown")}
    if status.get("conditions"):
        found[CONDITIONS] = [_present({"type": entry.get("type", ""), "status": entry.get("status", ""), "reason": entry.get("reason"),
                                       "message": entry.get("message")}) | {"lastTransitionTime": entry.get("lastTransitionTime")}
                             for entry in status["conditions"]]
        found[CONDITIONS] = [_ordered(entry, ("type", "status", "lastTransitionTime", "reason", "message"))
                             for entry in found[CONDITIONS]]
    return {name: to_json(value) for name, value in found.items()}


def _ordered(entry: dict, names: tuple[str, ...]) -> dict:
    return {name: entry[name] for name in names if name in entry}


def _rules_as_go(rules: dict | None) -> dict | None:
    """Scaling rules as upstream's own type is printed: every field, each beginning with a capital."""
    if rules is None:
        return None
    policies = rules.get("policies")
    shown = None if policies is None else [{"Type": entry.get("type", ""), "Value": entry.get("value", 0),
                                            "PeriodSeconds": entry.get("periodSeconds", 0)} for entry in policies]
    return {"StabilizationWindowSeconds": rules.get("stabilizationWindowSeconds"), "SelectPolicy": rules.get("selectPolicy"),
            "Policies": shown, "Tolerance": rules.get("tolerance")}


def _reference(found: dict | None) -> dict:
    found = found or {}
    return {"kind": found.get("kind", ""), "name": found.get("name", ""), **_present({"apiVersion": found.get("apiVersion")})}


def _metric_v1(metric: dict) -> dict:
    """A metric of the spec."""
    shown: dict = {"type": metric.get("type", "")}
    for kind in _KINDS:
        if metric.get(kind) is not None:
            source = metric[kind]
            shown[kind] = _present(_source_v1(kind, source, source.get("metric") or {}, source.get("target") or {}))
    return shown


def _source_v1(kind: str, source: dict, metric: dict, target: dict) -> dict:
    name, selector, average = metric.get("name", ""), metric.get("selector"), target.get("averageValue")
    if kind == "object":
        return {"target": _reference(source.get("describedObject")), "metricName": name, "targetValue": target.get("value") or "0",
                "selector": selector, "averageValue": average}
    if kind == "pods":
        return {"metricName": name, "targetAverageValue": average or "0", "selector": selector}
    if kind == "external":
        return {"metricName": name, "metricSelector": selector, "targetValue": target.get("value"), "targetAverageValue": average}
    shown = {"name": source.get("name", ""), "targetAverageUtilization": target.get("averageUtilization"), "targetAverageValue": average}
    return {**shown, "container": source.get("container", "")} if kind == "containerResource" else shown


def _current_v1(metric: dict) -> dict:
    """A metric of the status."""
    shown: dict = {"type": metric.get("type", "")}
    for kind in _KINDS:
        if metric.get(kind) is not None:
            source = metric[kind]
            shown[kind] = _present(_state_v1(kind, source, source.get("metric") or {}, source.get("current") or {}))
    return shown


def _state_v1(kind: str, source: dict, metric: dict, current: dict) -> dict:
    name, selector, average = metric.get("name", ""), metric.get("selector"), current.get("averageValue")
    if kind == "object":
        return {"target": _reference(source.get("describedObject")), "metricName": name, "currentValue": current.get("value") or "0",
                "selector": selector, "averageValue": average}
    if kind == "pods":
        return {"metricName": name, "currentAverageValue": average or "0", "selector": selector}
    if kind == "external":
        return {"metricName": name, "metricSelector": selector, "currentValue": current.get("value") or "0",
                "currentAverageValue": average}
    shown = {"name": source.get("name", ""), "currentAverageUtilization": current.get("averageUtilization"),
             "currentAverageValue": average or "0"}
    return {**shown, "container": source.get("container", "")} if kind == "containerResource" else shown


# -- v1 to v2 ---------------------------------------------------------------------------------------------------------


def to_stored(obj: dict) -> dict:
    """An autoscaler that was sent as v1."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    percent = spec.get("targetCPUUtilizationPercentage")
    metrics = [] if percent is None else [cpu_metric(percent)]
    metrics = [_metric_v2(metric) for metric in _listed(annotations.get(METRICS))] + metrics
    stored = _present({"scaleTargetRef": spec.get("scaleTargetRef") or {}, "minReplicas": spec.get("minReplicas"),
                       "maxReplicas": spec.get("maxReplicas", 0), "metrics": metrics or [cpu_metric(DEFAULT_UTILIZATION)],
                       "behavior": _behavior_v2(annotations.get(BEHAVIOR))})
    result = {**obj, "spec": stored, "status": _status_v2(status, annotations)}
    if obj.get("metadata"):
        result["metadata"] = dict(obj["metadata"])
        drop_round_trip(result)
    return result


def _loaded(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _listed(text: str | None) -> list[dict]:
    """The objects of an annotation; none when it cannot be read."""
    found = _loaded(text)
    return found if isinstance(found, list) and all(isinstance(entry, dict) for entry in found) else []


def _status_v2(status: dict, annotations: dict) -> dict:
    percent, current = status.get("currentCPUUtilizationPercentage"), None
    if percent is not None:
        current = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": percent}}}]
    if STATUSES in annotations and isinstance(_loaded(annotations[STATUSES]), list):
        current = [_current_v2(metric) for metric in _listed(annotations[STATUSES])]
    found = {"observedGeneration": status.get("observedGeneration"), "lastScaleTime": status.get("lastScaleTime"),
             "currentReplicas": status.get("currentReplicas") or None, "desiredReplicas": status.get("desiredReplicas") or 0}
    conditions = _listed(annotations.get(CONDITIONS))
    return {**_present(found), "currentMetrics": current, **({"conditions": conditions} if conditions else {})}


def _behavior_v2(text: str | None) -> dict | None:
    found = _loaded(text)
    if not isinstance(found, dict):
        return None
    lowered = {name.lower(): rules for name, rules in found.items() if isinstance(rules, dict)}
    behavior = {name: _rules_v2(lowered[name.lower()]) for name in ("scaleUp", "scaleDown") if name.lower() in lowered}
    return behavior or None


def _rules_v2(rules: dict) -> dict:
    lowered = {name.lower(): value for name, value in rules.items()}
    found = {name: lowered.get(name.lower()) for name in _RULE_FIELDS}
    if isinstance(found["policies"], list):
        found["policies"] = [{name[:1].lower() + name[1:]: value for name, value in policy.items()}
                             for policy in found["policies"] if isinstance(policy, dict)]
    return _present(found)


def _metric_v2(metric: dict) -> dict:
    shown: dict = {"type": metric.get("type", "")}
    for kind in _KINDS:
        if isinstance(metric.get(kind), dict):
            shown[kind] = _source_v2(kind, metric[kind])
    return shown


def _identity(source: dict, selector: str = "selector") -> dict:
    return _present({"name": source.get("metricName", ""), "selector": source.get(selector)})


def _target(kind: str, **amounts: Any) -> dict:
    return {"type": kind, **_present(amounts)}


def _source_v2(kind: str, source: dict) -> dict:
    average = source.get("targetAverageValue")
    if kind == "object":
        value, mean = source.get("targetValue", "0"), source.get("averageValue")
        target = _target("Value", value=value) if mean is None else _target(
            "AverageValue", value=None if str(value) == "0" else value, averageValue=mean)
        return {"describedObject": _reference(source.get("target")), "target": target, "metric": _identity(source)}
    if kind == "pods":
        return {"metric": _identity(source), "target": _target("AverageValue", averageValue=average or "0")}
    if kind == "external":
        value = source.get("targetValue")
        return {"metric": _identity(source, "metricSelector"),
                "target": _target("AverageValue" if value is None else "Value", value=value, averageValue=average)}
    percent = source.get("targetAverageUtilization")
    target = _target("AverageValue" if percent is None else "Utilization", averageValue=average, averageUtilization=percent)
    found = {"name": source.get("name", ""), "target": target}
    return {**found, "container": source.get("container", "")} if kind == "containerResource" else found


def _current_v2(metric: dict) -> dict:
    shown: dict = {"type": metric.get("type", "")}
    for kind in _KINDS:
        if isinstance(metric.get(kind), dict):
            shown[kind] = _state_v2(kind, metric[kind])
    return shown


def _state_v2(kind: str, source: dict) -> dict:
    average = source.get("currentAverageValue", "0")
    if kind == "object":
        return {"metric": _identity(source), "current": _present({"value": source.get("currentValue", "0"),
                                                                  "averageValue": source.get("averageValue")}),
                "describedObject": _reference(source.get("target"))}
    if kind == "pods":
        return {"metric": _identity(source), "current": {"averageValue": average}}
    if kind == "external":
        return {"metric": _identity(source, "metricSelector"),
                "current": _present({"value": source.get("currentValue", "0"), "averageValue": source.get("currentAverageValue")})}
    found = {"name": source.get("name", ""), "current": _present({
        "averageValue": average, "averageUtilization": source.get("currentAverageUtilization")})}
    return {**found, "container": source.get("container", "")} if kind == "containerResource" else found
