"""The simulated load that an autoscaler measures: there is no metrics server, its figures are said in annotations.

On the autoscaler, `podlife.dev/load: "cpu=1500m,memory=600Mi,requests=90"` is the load of the whole workload; its ready Pods
share it evenly, so more Pods have less each. On a Pod, `podlife.dev/usage` is what that Pod uses by itself. A Pod is measured
every 15 s, once it has run for that long, and never uses more CPU than its limit. Without annotations nothing is measured,
and the real server's words without a metrics server are given.
"""

from __future__ import annotations

from typing import NamedTuple

from cluster.engine import clock
from cluster.meta import quantity

from . import _pods

LOAD, USAGE = "podlife.dev/load", "podlife.dev/usage"
WINDOW_MS = 15_000
NO_RESOURCE_API = "the server could not find the requested resource (get pods.metrics.k8s.io)"
NO_CUSTOM_API = "no custom metrics API (custom.metrics.k8s.io) registered"
NO_EXTERNAL_API = "the server could not find the requested resource (get {}.external.metrics.k8s.io)"
MAX_ENTRIES = 32


class MetricError(Exception):
    """Why a metric cannot be had; the message is upstream's."""


class Measured(NamedTuple):
    """One Pod's metric, in thousandths, and the moment it was taken."""

    value: int
    at_ms: int


def read(text: str | None) -> dict[str, int]:
    """`cpu=1500m,requests=90` as thousandths by name; what is no quantity is left out."""
    found: dict[str, int] = {}
    for entry in (text or "").split(",")[:MAX_ENTRIES]:
        name, _, value = entry.partition("=")
        try:
            found[name.strip()] = max(quantity.parse(value.strip()).millis, 0)
        except quantity.QuantityError:
            continue
    return found


def _annotation(obj: dict, name: str) -> str | None:
    return (obj["metadata"].get("annotations") or {}).get(name)


class Load:
    """What can be measured of an autoscaler's Pods at one moment."""

    def __init__(self, autoscaler: dict, pods: list[dict], now_unix_ms: int):
        self.pods, self.now_ms = pods, now_unix_ms
        self.total = read(_annotation(autoscaler, LOAD))
        self.own = {pod["metadata"]["name"]: read(_annotation(pod, USAGE)) for pod in pods}
        self.taken_ms = now_unix_ms - now_unix_ms % WINDOW_MS
        self.is_measured = bool(self.total) or any(self.own.values())

    def of_pods(self, resource: str, container: str = "") -> dict[str, Measured]:
        """A resource's use by Pod. Raises MetricError. Source: metrics/client.go (GetResourceMetric)."""
        if not self.is_measured:
            raise MetricError(f"unable to fetch metrics from resource metrics API: {NO_RESOURCE_API}")
        found = self._by_pod(resource)
        if not found:
            raise MetricError("no metrics returned from resource metrics API")
        if container:
            shares = {pod["metadata"]["name"]: _share(pod, container, resource) for pod in self.pods}
            found = {name: one._replace(value=int(one.value * shares[name])) for name, one in found.items() if shares[name] is not None}
        return found

    def custom_of_pods(self, metric: str) -> dict[str, Measured]:
        """A metric of the Pods' own. Raises MetricError. Source: GetRawMetric."""
        found = self._by_pod(metric)
        if not self.is_measured:
            raise MetricError(f"unable to fetch metrics from custom metrics API: {NO_CUSTOM_API}")
        if not found:
            raise MetricError("no metrics returned from custom metrics API")
        return found

    def of_object(self, metric: str) -> int:
        """A metric of another object: the whole load of that name. Raises MetricError. Source: GetObjectMetric."""
        if metric not in self.total:
            raise MetricError(f"unable to fetch metrics from custom metrics API: {NO_CUSTOM_API}")
        return self.total[metric]

    def external(self, metric: str) -> int:
        """A metric from outside: the whole load of that name. Raises MetricError. Source: GetExternalMetric."""
        if metric not in self.total:
            raise MetricError(f"unable to fetch metrics from external metrics API: {NO_EXTERNAL_API.format(metric)}")
        return self.total[metric]

    def _by_pod(self, metric: str) -> dict[str, Measured]:
        sharing = [pod for pod in self.pods if _pods.is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
        share = self.total[metric] // max(len(sharing), 1) if metric in self.total else None
        names, found = {pod["metadata"]["name"]: None for pod in sharing}, {}
        for pod in self.pods:
            name = pod["metadata"]["name"]
            value = self.own[name].get(metric, share if share is None or name in names else 0)
            if value is not None and self._has_run(pod):
                limit = _cpu_limit(pod) if metric == "cpu" else None
                found[name] = Measured(value if limit is None else min(value, limit), self.taken_ms)
        return found

    def _has_run(self, pod: dict) -> bool:
        """Whether a whole window of the Pod's life has been seen."""
        status = pod.get("status") or {}
        begun = status.get("startTime")
        return status.get("phase") == "Running" and bool(begun) and clock.unix_ms(begun) + WINDOW_MS <= self.taken_ms


def _cpu_limit(pod: dict) -> int | None:
    """All containers' limits together; None where one has none."""
    limits = [((container.get("resources") or {}).get("limits") or {}).get("cpu") for container in pod["spec"]["containers"]]
    return None if None in limits else sum(quantity.parse(str(limit)).millis for limit in limits)


def _share(pod: dict, container: str, resource: str) -> float | None:
    """The part of a Pod's use that is one container's: as it asks for, evenly where nobody asks; None if there is no such one."""
    containers = pod["spec"]["containers"]
    if container not in [one["name"] for one in containers]:
        return None
    asked = {one["name"]: _request(one, resource) or 0 for one in containers}
    total = sum(asked.values())
    return asked[container] / total if total else 1 / len(containers)


def _request(container: dict, resource: str) -> int | None:
    found = ((container.get("resources") or {}).get("requests") or {}).get(resource)
    return None if found is None else quantity.parse(str(found)).millis


def requests(pods: list[dict], container: str, resource: str) -> dict[str, int]:
    """What each Pod, or one container of each, asks for, in thousandths. Raises MetricError.

    Source: replica_calculator.go (calculateRequests).
    """
    return {pod["metadata"]["name"]: _pod_request(pod, container, resource) for pod in pods}


def _pod_request(pod: dict, container: str, resource: str) -> int:
    spec, name = pod["spec"], pod["metadata"]["name"]
    whole = (spec.get("resources") or {}).get("requests") or {}
    if whole and not container:
        if resource not in whole:
            raise MetricError(f"missing pod-level request for {resource} in Pod {name}")
        return quantity.parse(str(whole[resource])).millis
    sidecars = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"]
    found = [one for one in [*spec["containers"], *sidecars] if container in ("", one["name"])]
    if not found:
        raise MetricError(f"container {container} not found in Pod {name}")
    total = 0
    for one in found:
        asked = _request(one, resource)
        if asked is None:
            raise MetricError(f"missing request for {resource} in container {one['name']} of Pod {name}")
        total += asked
    return total
