"""From the metrics in an autoscaler's spec to proposed sizes, statuses and words.

Source: pkg/controller/podautoscaler/horizontal.go (computeReplicasForMetric and its like).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cluster.meta import quantity

from . import _hpa_replicas as calculator
from ._hpa_load import Load, MetricError, requests
from ._hpa_replicas import Tolerances, Usage
from ._selector_text import shown

NO_RESOURCE_TARGET = "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set"
NO_VALUE_TARGET = "invalid {} metric source: neither a value target nor an average value target was set"


class Proposal(NamedTuple):
    """What one metric asks for. name: as messages call it; status: its MetricStatus."""

    replicas: int
    name: str
    status: dict


class Refusal(NamedTuple):
    """Why one metric asks for nothing. reason, why: of the Event and the condition; message: the whole error's."""

    reason: str
    why: str
    message: str


class Question(NamedTuple):
    """All that the answer depends on."""

    load: Load
    wanted: int  # the target's spec.replicas
    present: int  # its status.replicas
    tolerances: Tolerances
    namespace: str

    @property
    def pods(self) -> list[dict]:
        return self.load.pods


def tolerances_of(autoscaler: dict) -> Tolerances:
    """Source: tolerancesForHpa."""
    behavior = autoscaler["spec"].get("behavior") or {}
    sides = [(behavior.get(side) or {}).get("tolerance") for side in ("scaleDown", "scaleUp")]
    return Tolerances(*(0.1 if found is None else quantity.parse(str(found)).nano / 1e9 for found in sides))


def propose(metric: dict, asked: Question) -> Proposal | Refusal:
    """What one of the spec's metrics asks for."""
    return SOURCES[metric["type"]](metric, asked)


def _amount(millis: int, format_name: str = quantity.DECIMAL) -> str:
    return str(quantity.of(millis * 10**6, format_name))


def _millis(text: str | int) -> int:
    return quantity.parse(str(text)).millis


# -- resources --------------------------------------------------------------------------------------------------------


def _resource(metric: dict, asked: Question) -> Proposal | Refusal:
    source = metric["resource"]
    try:
        usage, name = _use_of(source, asked, "")
    except MetricError as error:
        return Refusal("FailedGetResourceMetric", str(error), f"failed to get {source['name']} resource metric value: {error}")
    return Proposal(usage.replicas, name, {"type": "Resource", "resource": {"name": source["name"], "current": _current(source, usage)}})


def _container_resource(metric: dict, asked: Question) -> Proposal | Refusal:
    source = metric["containerResource"]
    container = source["container"]
    try:
        usage, name = _use_of(source, asked, container)
    except MetricError as error:
        return Refusal("FailedGetContainerResourceMetric", str(error), f"failed to get {container} container metric value: {error}")
    found = {"name": source["name"], "container": container, "current": _current(source, usage)}
    return Proposal(usage.replicas, name, {"type": "ContainerResource", "containerResource": found})


def _current(source: dict, usage: Usage) -> dict:
    value = {"averageValue": _amount(usage.average, quantity.BINARY if source["name"] == "memory" else quantity.DECIMAL)}
    return value if usage.percent is None else {**value, "averageUtilization": usage.percent}


def _use_of(source: dict, asked: Question, container: str) -> tuple[Usage, str]:
    """Source: computeStatusForResourceMetricGeneric."""
    resource, target = source["name"], source["target"]
    common = {"current": asked.wanted, "tolerances": asked.tolerances, "resource": resource, "now_ms": asked.load.now_ms}
    if target.get("averageValue") is not None:
        found = _wrapped(f"failed to get {resource} usage", lambda: calculator.by_average(
            asked.pods, _measured(asked, resource, container), target=_millis(target["averageValue"]), **common))
        return found, f"{resource} resource"
    if target.get("averageUtilization") is None:
        raise MetricError(NO_RESOURCE_TARGET)
    found = _wrapped(f"failed to get {resource} utilization", lambda: calculator.by_utilization(
        asked.pods, _measured(asked, resource, container), requests(asked.pods, container, resource),
        target=target["averageUtilization"], **common))
    return found, f"{resource} {'container ' if container else ''}resource utilization (percentage of request)"


def _measured(asked: Question, resource: str, container: str):
    return _wrapped(f"unable to get metrics for resource {resource}", lambda: asked.load.of_pods(resource, container))


def _wrapped(words: str, act: Callable):
    try:
        return act()
    except MetricError as error:
        raise MetricError(f"{words}: {error}") from None


# -- other metrics ----------------------------------------------------------------------------------------------------


def _of_pods(metric: dict, asked: Question) -> Proposal | Refusal:
    source = metric["pods"]
    name = source["metric"]["name"]
    try:
        values = _wrapped(f"unable to get metric {name}", lambda: asked.load.custom_of_pods(name))
        usage = calculator.by_average(asked.pods, values, target=_millis(source["target"]["averageValue"]), current=asked.wanted,
                                      tolerances=asked.tolerances, resource="", now_ms=asked.load.now_ms)
    except MetricError as error:
        return Refusal("FailedGetPodsMetric", str(error), f"failed to get pods metric value: {error}")
    found = {"metric": source["metric"], "current": {"averageValue": _amount(usage.average)}}
    return Proposal(usage.replicas, f"pods metric {name}", {"type": "Pods", "pods": found})


def _of_object(metric: dict, asked: Question) -> Proposal | Refusal:
    source = metric["object"]
    name, about = source["metric"]["name"], source["describedObject"]

    def value() -> int:
        try:
            return asked.load.of_object(name)
        except MetricError as error:
            raise MetricError(f"unable to get metric {name}: {about['kind']} on {asked.namespace} {about['name']}/{error}") from None

    try:
        usage, current = _shared(source["target"], value, asked, "object", f"failed to get {name} object metric")
    except _Wrapped as error:
        return Refusal("FailedGetObjectMetric", error.why, f"failed to get object metric value: {error}")
    each = source["target"].get("value") is None
    words = f"external metric {name}({_selector(source)})" if each else f"{about['kind']} metric {name}"
    found = {"metric": source["metric"], "describedObject": about, "current": current}
    return Proposal(usage.replicas, words, {"type": "Object", "object": found})


def _external(metric: dict, asked: Question) -> Proposal | Refusal:
    source = metric["external"]
    name, text = source["metric"]["name"], _selector(source)

    def value() -> int:
        return _wrapped(f"unable to get external metric {asked.namespace}/{name}/{text}", lambda: asked.load.external(name))

    each = source["target"].get("averageValue") is not None
    words = f"failed to get {name} external metric" if each else f"failed to get external metric {name}"
    try:
        usage, current = _shared(source["target"], value, asked, "external", words)
    except _Wrapped as error:
        return Refusal("FailedGetExternalMetric", error.why, f"failed to get {name} external metric value: {error}")
    found = {"metric": source["metric"], "current": current}
    return Proposal(usage.replicas, f"external metric {name}({text})", {"type": "External", "external": found})


class _Wrapped(Exception):
    """why: the error that the Event tells of; the text: the error as it goes on."""

    def __init__(self, why: str, text: str):
        super().__init__(text)
        self.why = why


def _shared(target: dict, value: Callable[[], int], asked: Question, sort: str, words: str) -> tuple[Usage, dict]:
    """For a figure that is not each Pod's own; (what it asks for, the status' current). Raises _Wrapped."""
    try:
        if target.get("averageValue") is not None:
            usage = calculator.by_value_each(value(), target=_millis(target["averageValue"]), present=asked.present,
                                             tolerances=asked.tolerances)
            return usage, {"averageValue": _amount(usage.average)}
        if target.get("value") is not None:
            usage = calculator.by_value(asked.pods, value(), target=_millis(target["value"]), current=asked.wanted,
                                        tolerances=asked.tolerances)
            return usage, {"value": _amount(usage.average)}
    except MetricError as error:
        is_plain = sort == "object" and target.get("averageValue") is None
        raise _Wrapped(str(error), str(error) if is_plain else f"{words}: {error}") from None
    message = NO_VALUE_TARGET.format(sort)
    raise _Wrapped(message, message)


def _selector(source: dict) -> str:
    return shown(source["metric"].get("selector"))


SOURCES: dict[str, Callable[[dict, Question], Proposal | Refusal]] = {
    "Resource": _resource, "ContainerResource": _container_resource, "Pods": _of_pods, "Object": _of_object, "External": _external,
}
