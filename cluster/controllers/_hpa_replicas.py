"""How many replicas a metric asks for. Pure.

Source: pkg/controller/podautoscaler/replica_calculator.go, metrics/utilization.go.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from cluster.engine import clock

from . import _pods
from ._hpa_load import WINDOW_MS, Measured, MetricError

CPU_INITIALIZATION_MS = 300_000  # --horizontal-pod-autoscaler-cpu-initialization-period
INITIAL_READINESS_MS = 30_000  # --horizontal-pod-autoscaler-initial-readiness-delay
MAX_REPLICAS = 2**31 - 1


class Tolerances(NamedTuple):
    """How far the use may be from its target without a change."""

    down: float = 0.1
    up: float = 0.1

    def hold(self, ratio: float) -> bool:
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Groups(NamedTuple):
    """Pods by name, as far as their metrics can be used."""

    ready: int
    unready: list[str]
    missing: list[str]
    ignored: list[str]


def group(pods: list[dict], metrics: dict[str, Measured], resource: str, now_ms: int) -> Groups:
    """Source: groupPods."""
    found = Groups(0, [], [], [])
    ready = 0
    for pod in pods:
        name, phase = pod["metadata"]["name"], _pods.phase(pod)
        if "deletionTimestamp" in pod["metadata"] or phase == "Failed":
            found.ignored.append(name)
        elif phase == "Pending":
            found.unready.append(name)
        elif name not in metrics:
            found.missing.append(name)
        elif resource == "cpu" and _is_unready(pod, metrics[name], now_ms):
            found.unready.append(name)
        else:
            ready += 1
    return found._replace(ready=ready)


def _is_unready(pod: dict, metric: Measured, now_ms: int) -> bool:
    """Whether a Pod's CPU says nothing yet about its load."""
    condition, begun = _pods.ready_condition(pod), (pod.get("status") or {}).get("startTime")
    if condition is None or not begun:
        return True
    begun_ms, is_false = clock.unix_ms(begun), condition["status"] == "False"
    changed_ms = clock.unix_ms(condition["lastTransitionTime"]) if condition.get("lastTransitionTime") else 0
    if begun_ms + CPU_INITIALIZATION_MS > now_ms:
        return is_false or metric.at_ms < changed_ms + WINDOW_MS
    return is_false and begun_ms + INITIAL_READINESS_MS > changed_ms


class Usage(NamedTuple):
    """What came of a metric. percent: of the requests, if that is what counts; average: in thousandths."""

    replicas: int
    average: int
    percent: int | None = None


def by_utilization(
    pods: list[dict], metrics: dict[str, Measured], asked: dict[str, int], *, target: int, current: int, tolerances: Tolerances,
    resource: str, now_ms: int,
) -> Usage:
    """For a share of the requests. Raises MetricError. Source: GetResourceReplicas."""

    def ratio(values: dict[str, int]) -> tuple[float, int, int]:
        used = {name: value for name, value in values.items() if name in asked}
        total = sum(asked[name] for name in used)
        if not total:
            raise MetricError("no metrics returned matched known pods")
        percent = sum(used.values()) * 100 // total
        return percent / target, percent, sum(used.values()) // len(used)

    spare = {name: asked[name] * max(100, target) // 100 for name in asked}
    replicas, percent, average = _replicas(pods, metrics, ratio, spare, current, tolerances, resource, now_ms)
    return Usage(replicas, average, percent)


def by_average(
    pods: list[dict], metrics: dict[str, Measured], *, target: int, current: int, tolerances: Tolerances, resource: str, now_ms: int
) -> Usage:
    """For an amount each. Raises MetricError. Source: calcPlainMetricReplicas."""

    def ratio(values: dict[str, int]) -> tuple[float, int, int]:
        average = sum(values.values()) // len(values)
        return average / target, 0, average

    spare = {pod["metadata"]["name"]: target for pod in pods}
    replicas, _, average = _replicas(pods, metrics, ratio, spare, current, tolerances, resource, now_ms)
    return Usage(replicas, average)


def _replicas(pods, metrics, ratio_of, spare, current, tolerances, resource, now_ms) -> tuple[int, int, int]:
    """(replicas, percent, average). spare: what a Pod that is not measured is taken to use when there seem to be too many."""
    if not pods:
        raise MetricError("no pods returned by selector while calculating replica count")
    groups = group(pods, metrics, resource, now_ms)
    left_out = [*groups.ignored, *groups.unready]
    values = {name: one.value for name, one in metrics.items() if name not in left_out}
    if not values:
        raise MetricError("did not receive metrics for targeted pods (pods might be unready)")
    ratio, percent, average = ratio_of(values)
    grows_with_unready = bool(groups.unready) and ratio > 1.0
    if not grows_with_unready and not groups.missing:
        return (current if tolerances.hold(ratio) else ceil(ratio * groups.ready)), percent, average
    if ratio != 1.0:
        values |= {name: spare[name] if ratio < 1.0 else 0 for name in groups.missing}
    if grows_with_unready:
        values |= dict.fromkeys(groups.unready, 0)
    return _cautious(current, ratio, ratio_of(values)[0], len(values), tolerances), percent, average


def _cautious(current: int, ratio: float, cautious: float, count: int, tolerances: Tolerances) -> int:
    """The replicas once Pods that are not measured were taken into account: never the other way."""
    if tolerances.hold(cautious) or (ratio < 1.0 < cautious) or (cautious < 1.0 < ratio):
        return current
    replicas = ceil(cautious * count)
    if (cautious < 1.0 and replicas > current) or (cautious > 1.0 and replicas < current):
        return current
    return replicas


def by_value(pods: list[dict], usage: int, *, target: int, current: int, tolerances: Tolerances) -> Usage:
    """For one figure that all share. Raises MetricError. Source: getUsageRatioReplicaCount."""
    ratio = usage / target
    if current == 0:
        return Usage(min(ceil(ratio), MAX_REPLICAS), usage)
    if tolerances.hold(ratio):
        return Usage(current, usage)
    if not pods:
        raise MetricError("unable to calculate ready pods: no pods returned by selector while calculating replica count")
    ready = sum(_pods.phase(pod) == "Running" and _pods.is_ready(pod) for pod in pods)
    return Usage(min(ceil(ratio * ready), MAX_REPLICAS), usage)


def by_value_each(usage: int, *, target: int, present: int, tolerances: Tolerances) -> Usage:
    """For one figure, so much of it for each. Source: GetExternalPerPodMetricReplicas, GetObjectPerPodMetricReplicas."""
    if not present:
        return Usage(min(ceil(usage / target), MAX_REPLICAS), usage)
    replicas = present if tolerances.hold(usage / (target * present)) else ceil(usage / target)
    return Usage(min(replicas, MAX_REPLICAS), ceil(usage / present))
