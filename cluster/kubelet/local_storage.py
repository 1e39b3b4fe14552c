"""Owns the end of Pods that store more than they may: an emptyDir beyond its sizeLimit, a container beyond its ephemeral-storage limit.

How much a Pod stores is measured once a minute, and looked at each ten seconds; moments at which nothing is over are not played.
Source: kubernetes pkg/kubelet/eviction/eviction_manager.go (localStorageEviction), pkg/kubelet/server/stats/volume_stat_calculator.go.
"""

from __future__ import annotations

from cluster.kinds import _pod_resources
from cluster.kinds import pod as pods
from cluster.meta import quantity
from cluster.meta.gotext import quote
from cluster.runtime.disk_use import by_container, stored_bytes
from cluster.runtime.filesystem import size_of

from .evictions import is_critical
from .state import Worker

REASON, STORAGE = "Evicted", "ephemeral-storage"
MEASURED_MS, LOOKED_MS = 60_000, 10_000  # volumeStatsAggPeriod, evictionMonitoringPeriod


class LocalStorage:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    def limit(self, pod: dict) -> None:
        """Have the runtime notice when a Pod stores more than all of its containers may together."""
        most = pods.limits(pod).get(STORAGE)
        if most is not None:
            self.kubelet.runtime.state.disk_limits[pod["metadata"]["uid"]] = most

    def limit_memory(self, pod: dict) -> None:
        """Have the kernel notice when all containers of a Pod with resources of its own hold more than it may."""
        most = ((pod["spec"].get("resources") or {}).get("limits") or {}).get("memory")
        if most is not None:
            self.kubelet.runtime.state.memory_limits[pod["metadata"]["uid"]] = quantity.parse(str(most)).value

    def noticed(self, uid: str) -> None:
        """The Pod stores more than it may from now on; the kubelet will find out."""
        kubelet, worker = self.kubelet, self.kubelet.state.workers.get(uid)
        if worker is None or uid in kubelet.state.storage_checks or uid in kubelet.state.evictions:
            return
        measured_ms = kubelet.now_ms + MEASURED_MS - (kubelet.now_ms - worker.seen_ms) % MEASURED_MS
        late_ms = LOOKED_MS - (measured_ms - kubelet.state.started_ms) % LOOKED_MS
        kubelet.state.storage_checks[uid] = kubelet.after(measured_ms + late_ms - kubelet.now_ms, "check_storage", uid, background=True)

    def check(self, uid: str) -> None:
        """Look whether it still does, and end it."""
        kubelet, worker, pod = self.kubelet, self.kubelet.state.workers.get(uid), self.kubelet.pod(uid)
        kubelet.state.storage_checks.pop(uid, None)
        message = self._excess(pod) if pod is not None else ""
        if message and worker is not None and worker.phase == "sync" and not is_critical(pod):
            self._evict(worker, pod, message)

    def _excess(self, pod: dict) -> str:
        """What is too much, in the eviction manager's words; "" when nothing is."""
        uid, runtime = pod["metadata"]["uid"], self.kubelet.runtime
        for volume in pod["spec"].get("volumes") or ():
            limit, made = (volume.get("emptyDir") or {}).get("sizeLimit"), runtime.state.volumes.get(f"{uid}/{volume['name']}")
            if limit and made is not None and size_of(made.nodes) > quantity.parse(str(limit)).value > 0:
                return f"Usage of EmptyDir volume {quote(volume['name'])} exceeds the limit {quote(str(quantity.parse(str(limit))))}. "
        most = runtime.state.disk_limits.get(uid)
        if most is not None and stored_bytes(runtime.state, uid) > most:
            return f"Pod ephemeral local storage usage exceeds the total limit of containers {_pod_resources.whole(pod['spec'], 'limits')[STORAGE]}. "
        stored = by_container(runtime.state, uid)
        for container in runtime.containers(uid):
            process = runtime.state.processes.get(container.id)
            if process is not None and process.disk_limit and stored[container.name] > process.disk_limit:
                limit = next(spec for spec in pod["spec"]["containers"] if spec["name"] == container.name)["resources"]["limits"]["ephemeral-storage"]
                return f"Container {container.name} exceeded its local ephemeral storage limit {quote(str(limit))}. "
        return ""

    def _evict(self, worker: Worker, pod: dict, message: str) -> None:
        """The Pod fails at once, without its grace period."""
        kubelet = self.kubelet
        kubelet.state.evictions[worker.uid] = [REASON, message]
        kubelet.recorder.event(pod, "Warning", REASON, message)
        kubelet.tell("StorageLimitExceeded", worker, message=message)
        worker.grace_s = 1
        kubelet.workers.update(pod, "sync")

    def forget(self, uid: str) -> None:
        self.kubelet.cancel(self.kubelet.state.storage_checks.pop(uid, 0))
        self.kubelet.state.evictions.pop(uid, None)
        self.kubelet.runtime.state.memory_limits.pop(uid, None)
