"""What a Pod asks for: the effective requests of all its containers.

Source: k8s.io/component-helpers resource/helpers.go (PodRequests), kubernetes pkg/scheduler/util/pod_resources.go.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from cluster.meta import quantity

DEFAULT_CPU_MILLIS = 100  # scoring counts a container without a request as asking this much
DEFAULT_MEMORY_BYTES = 200 * 1024 * 1024
NATIVE = ("cpu", "memory", "ephemeral-storage")
POD_LEVEL = ("cpu", "memory")  # beside hugepages-*

Amounts = dict[str, int]  # resource -> thousandths for cpu, whole units for all else


class Requests(NamedTuple):
    """scalars: extended resources and huge pages. nonzero_*: with the defaults that scoring assumes, for a Pod that is on a node.

    scored_*: the same for the Pod that is being placed, of its containers alone: NodeResourcesFit's scorer is made without
    enablePodLevelResources (plugins/noderesources/fit.go), so upstream does not see what stands at Pod level there.
    """

    cpu: int
    memory: int
    storage: int
    scalars: Amounts
    nonzero_cpu: int
    nonzero_memory: int
    scored_cpu: int
    scored_memory: int


@lru_cache(maxsize=4096)
def amount(resource: str, text: str) -> int:
    """A quantity's text as a number: thousandths for cpu, whole units for all else."""
    parsed = quantity.parse(str(text))
    return parsed.millis if resource == "cpu" else parsed.value


def amounts(quantities: dict | None) -> Amounts:
    """A ResourceList as numbers."""
    return {name: amount(name, value) for name, value in quantities.items()} if quantities else {}


def pod_requests(spec: dict) -> Requests:
    """The effective requests of a Pod's spec."""
    total = _total(spec, {})
    assumed = {"cpu": DEFAULT_CPU_MILLIS, "memory": DEFAULT_MEMORY_BYTES}
    pod_level = (spec.get("resources") or {}).get("requests") or {}
    missing = {name: value for name, value in assumed.items() if name not in pod_level}
    nonzero = _total(spec, missing)
    scored = _total({**spec, "resources": None}, assumed) if pod_level else nonzero
    scalars = {name: value for name, value in total.items() if name not in NATIVE}
    return Requests(
        total.get("cpu", 0),
        total.get("memory", 0),
        total.get("ephemeral-storage", 0),
        scalars,
        nonzero.get("cpu", 0),
        nonzero.get("memory", 0),
        scored.get("cpu", 0),
        scored.get("memory", 0),
    )


def _total(spec: dict, missing: Amounts) -> Amounts:
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _container(container, missing))
    if spec.get("initContainers"):
        _raise_to_init(total, spec["initContainers"], missing)
    for name, value in amounts((spec.get("resources") or {}).get("requests")).items():
        if name in POD_LEVEL or name.startswith("hugepages-"):
            total[name] = value
    _add(total, amounts(spec.get("overhead")))
    return total


def _container(container: dict, missing: Amounts) -> Amounts:
    resources = container.get("resources")
    wanted = amounts(resources.get("requests")) if resources else {}
    return {**missing, **wanted} if missing else wanted


def _raise_to_init(total: Amounts, containers: list, missing: Amounts) -> None:
    """Init containers run one by one, beside the sidecars that were started before them."""
    sidecars: Amounts = {}
    peak: Amounts = {}
    for container in containers:
        wanted = _container(container, missing)
        if container.get("restartPolicy") == "Always":
            _add(total, wanted)
            _add(sidecars, wanted)
            wanted = sidecars
        else:
            wanted = dict(wanted)
            _add(wanted, sidecars)
        for name, value in wanted.items():
            peak[name] = max(peak.get(name, 0), value)
    for name, value in peak.items():
        total[name] = max(total.get(name, 0), value)


def _add(total: Amounts, more: Amounts) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0) + value
