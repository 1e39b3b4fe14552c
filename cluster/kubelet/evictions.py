"""Owns whom a node under pressure evicts: what Pods use, in which order they go, what is said of it, and how a Pod is ended.

Source: kubernetes pkg/kubelet/eviction/helpers.go (rankMemoryPressure, rankPIDPressure, rankDiskPressureFunc, evictionMessage),
eviction_manager.go (evictPod).
"""

from __future__ import annotations

from typing import Any

from cluster.kinds import pod as pods
from cluster.meta import quantity
from cluster.runtime import disk_use, pids

from . import conditions
from .state import Worker
from .thresholds import DISK, MEMORY, PIDS, RESOURCES

CRITICAL = 2_000_000_000  # priority of system-cluster-critical
STATIC = frozenset(("kubernetes.io/config.mirror", "kubernetes.io/config.source"))
REASON = "Evicted"


def container_usage(kubelet: Any, kind: str, uid: str) -> dict[str, int]:
    """container that runs -> bytes that it holds in memory, or stores on the disk."""
    runtime = kubelet.runtime
    if kind == DISK:
        return disk_use.by_container(runtime.state, uid)
    processes = {each.name: runtime.state.processes.get(each.id) for each in runtime.containers(uid)}
    return {name: process.memory_bytes for name, process in processes.items() if process is not None}


def pod_usage(kubelet: Any, kind: str, uid: str) -> int:
    """All that a Pod uses. On the disk its emptyDirs count too."""
    if kind == PIDS:
        return pids.of_pod(kubelet.runtime.state, uid)
    if kind == DISK:
        return disk_use.stored_bytes(kubelet.runtime.state, uid)
    return sum(container_usage(kubelet, kind, uid).values())


def ranked(kubelet: Any, kind: str) -> list[tuple[Worker, dict]]:
    """Who goes first: above its request, of low priority, furthest above it; for processes by priority and number. Critical Pods are left."""
    rows: list[tuple[Any, Worker, dict]] = []
    for number, (uid, worker) in enumerate(kubelet.state.workers.items()):
        pod = kubelet.pod(uid)
        if pod is None or worker.phase != "sync" or uid in kubelet.state.evictions or is_critical(pod):
            continue
        used, priority = pod_usage(kubelet, kind, uid), pod["spec"].get("priority") or 0
        asked = 0 if kind == PIDS else pods.requests(pod).get(RESOURCES[kind], 0)
        rows.append(((kind != PIDS and used <= asked, priority, asked - used, number), worker, pod))
    return [(worker, pod) for _, worker, pod in sorted(rows, key=lambda row: row[0])]


def message(kubelet: Any, kind: str, pod: dict, *, threshold: quantity.Quantity, available: int) -> tuple[str, dict[str, str]]:
    """(what the Pod is told, the annotations of the Event)."""
    resource = RESOURCES[kind]
    words = f"The node was low on resource: {resource}. Threshold quantity: {threshold}, available: {text_of(kind, max(0, available))}. "
    notes: dict[str, str] = {}
    used = container_usage(kubelet, kind, pod["metadata"]["uid"]) if kind != PIDS else {}
    whole = (pod["spec"].get("resources") or {}).get("requests") or {}
    if kind == MEMORY and resource in whole:
        name, size = pod["metadata"]["name"], text_of(kind, sum(used.values()))
        words += f"Pod {name} was using {size}, request is {whole[resource]}, has larger consumption of {resource}. "
        notes = {"offending_pod": name, "offending_pod_usage": size}
    names, sizes = [], []
    for spec in [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]:
        asked = ((spec.get("resources") or {}).get("requests") or {}).get(resource, "0")
        if used.get(spec["name"], 0) > quantity.parse(str(asked)).value:
            names.append(spec["name"])
            sizes.append(text_of(kind, used[spec["name"]]))
            words += f"Container {names[-1]} was using {sizes[-1]}, request is {asked}, has larger consumption of {resource}. "
    notes |= {"offending_containers": ",".join(names), "offending_containers_usage": ",".join(sizes), "starved_resource": resource}
    return words, notes


def text_of(kind: str, amount: int) -> str:
    return str(amount) if kind == PIDS else quantity.from_value(amount, quantity.BINARY).text


def evict(kubelet: Any, worker: Worker, pod: dict, reason: str, words: str, why: str, annotations: dict[str, str] | None = None) -> None:
    """End a Pod, and say so. why: what its condition DisruptionTarget says."""
    kubelet.recorder.event(pod, "Warning", reason, words, annotations=annotations)
    end(kubelet, worker, pod, reason, words, why)


def end(kubelet: Any, worker: Worker, pod: dict, reason: str, words: str, why: str) -> None:
    """End a Pod: it fails once its containers have ended."""
    kubelet.state.evictions[worker.uid] = [reason, words]
    held = kubelet.statuses.held(pod)
    target = conditions.make("DisruptionTarget", pod["metadata"].get("generation", 0), True, "TerminationByKubelet", why)
    others = [each for each in held.get("conditions") or () if each["type"] != "DisruptionTarget"]
    kubelet.statuses.set(pod, {**held, "conditions": [target, *others]})
    kubelet.workers.update(pod, "sync")


def is_critical(pod: dict) -> bool:
    """Whether a Pod is one that the system needs. Source: pkg/kubelet/types/pod_update.go (IsCriticalPod)."""
    return (pod["spec"].get("priority") or 0) >= CRITICAL or not STATIC.isdisjoint(pod["metadata"].get("annotations") or {})
