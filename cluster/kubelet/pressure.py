"""Owns what a kubelet does when its node runs out of memory or disk: conditions, what is reclaimed, which Pod is evicted, who is not admitted.

A look is taken each ten seconds, but only from the moment on at which something is low; other looks would find nothing.
A simplification: memory is what programs of images take, and what the machine itself needs; PIDs and inodes do not run out; only the hard
thresholds are there, and one disk for all.
Source: kubernetes pkg/kubelet/eviction/eviction_manager.go (synchronize, Admit), helpers.go (rankMemoryPressure, evictionMessage).
"""

from __future__ import annotations

from typing import Any

from cluster.kinds import pod as pods
from cluster.meta import quantity
from cluster.runtime.filesystem import size_of
from cluster.runtime.hardware import SYSTEM_MEMORY

from . import conditions, image_collection
from .state import Worker

MEMORY, DISK = "MemoryPressure", "DiskPressure"
RESOURCES = {MEMORY: "memory", DISK: "ephemeral-storage"}
LOOKED_MS, TRANSITION_MS = 10_000, 300_000  # evictionMonitoringPeriod, evictionPressureTransitionPeriod
LEAST_MEMORY = 100 << 20  # evictionHard: memory.available<100Mi
CRITICAL = 2_000_000_000  # priority of system-cluster-critical
REASON = "Evicted"
STATIC = frozenset(("kubernetes.io/config.mirror", "kubernetes.io/config.source"))
TOLERATED = "node.kubernetes.io/memory-pressure"


class Pressure:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    # -- what there is -----------------------------------------------------------------------------------------------

    def available(self, kind: str) -> tuple[int, int]:
        """(bytes available, the threshold) of memory or disk."""
        machine, runtime = self.kubelet.machine, self.kubelet.runtime
        if kind == MEMORY:
            used = SYSTEM_MEMORY + sum(process.memory_bytes for process in runtime.state.processes.values())
            return quantity.parse(machine.memory).value - used, LEAST_MEMORY
        capacity = quantity.parse(machine.disk).value
        return capacity - image_collection.used_bytes(runtime) - self._stored(), capacity * machine.eviction_image_percent // 100

    def _stored(self) -> int:
        """What Pods have written."""
        state = self.kubelet.runtime.state
        own = sum(size_of(process.files) for process in state.processes.values() if process.files)
        return own + sum(size_of(volume.nodes) for volume in state.volumes.values() if volume.kind == "emptyDir" and volume.medium != "Memory")

    def _low(self) -> list[str]:
        found = []
        for kind in (MEMORY, DISK):
            available, threshold = self.available(kind)
            if available < threshold:
                found.append(kind)
        return found

    def present(self) -> list[str]:
        """The node conditions that are in force, in the order of names upstream has them."""
        return [kind for kind in (MEMORY, DISK) if kind in self.kubelet.state.pressures]

    # -- looks -------------------------------------------------------------------------------------------------------

    def usage_changed(self) -> None:
        """Somebody takes more or less than before; the next look is arranged if there is anything to see."""
        state = self.kubelet.state
        if not state.pressure_look and (state.pressures or self._low()):
            late_ms = (self.kubelet.now_ms - state.started_ms) % LOOKED_MS
            state.pressure_look = self.kubelet.after(LOOKED_MS - late_ms, "look_at_pressure", background=True)

    def look(self) -> None:
        """Note the conditions; if something is low, reclaim it, and evict one Pod if that is not enough."""
        kubelet, state = self.kubelet, self.kubelet.state
        state.pressure_look, low = 0, self._low()
        for kind in low:
            if kind not in state.pressures:
                available, _ = self.available(kind)
                kubelet.trace("NodePressureFound", f"nodes//{kubelet.node}", node=kubelet.node, condition=kind, bytes=max(0, available))
            state.pressures[kind] = kubelet.now_ms
        for kind in [kind for kind, seen_ms in state.pressures.items() if kubelet.now_ms - seen_ms >= TRANSITION_MS]:
            del state.pressures[kind]
        if low:
            self._reclaim(low[0])
        self.usage_changed()

    def _reclaim(self, kind: str) -> None:
        kubelet = self.kubelet
        kubelet.recorder.event(kubelet.agent.reference(), "Warning", "EvictionThresholdMet", f"Attempting to reclaim {RESOURCES[kind]}")
        if kind == DISK:
            kubelet.collection.remove_unused()
            if kind not in self._low():
                return
        for worker, pod in self._ranked(kind):
            self._evict(worker, pod, self._message(kind, pod))
            return

    # -- who -----------------------------------------------------------------------------------------------------------

    def _usage(self, kind: str, uid: str) -> dict[str, int]:
        """container -> bytes that it holds; "" for what is in the Pod's volumes."""
        runtime = self.kubelet.runtime
        found: dict[str, int] = {}
        for container in runtime.containers(uid):
            process = runtime.state.processes.get(container.id)
            if process is not None:
                found[container.name] = process.memory_bytes if kind == MEMORY else size_of(process.files)
        if kind == DISK:
            volumes = [volume for key, volume in runtime.state.volumes.items() if key.startswith(uid + "/") and volume.kind == "emptyDir"]
            found[""] = sum(size_of(volume.nodes) for volume in volumes)
        return found

    def _ranked(self, kind: str) -> list[tuple[Worker, dict]]:
        """Who goes first: above its request, of low priority, furthest above it. Critical Pods are left."""
        rows: list[tuple[Any, Worker, dict]] = []
        for number, (uid, worker) in enumerate(self.kubelet.state.workers.items()):
            pod = self.kubelet.pod(uid)
            if pod is None or worker.phase != "sync" or uid in self.kubelet.state.evictions or is_critical(pod):
                continue
            used, asked = sum(self._usage(kind, uid).values()), pods.requests(pod).get(RESOURCES[kind], 0)
            rows.append(((used <= asked, pod["spec"].get("priority") or 0, asked - used, number), worker, pod))
        return [(worker, pod) for _, worker, pod in sorted(rows, key=lambda row: row[0])]

    def _message(self, kind: str, pod: dict) -> str:
        resource, (available, threshold) = RESOURCES[kind], self.available(kind)
        message = f"The node was low on resource: {resource}. Threshold quantity: {_text(threshold)}, available: {_text(max(0, available))}. "
        used = self._usage(kind, pod["metadata"]["uid"])
        for spec in [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]:
            asked = ((spec.get("resources") or {}).get("requests") or {}).get(resource, "0")
            if used.get(spec["name"], 0) > quantity.parse(str(asked)).value:
                name, size = spec["name"], _text(used[spec["name"]])
                message += f"Container {name} was using {size}, request is {asked}, has larger consumption of {resource}. "
        return message

    def _evict(self, worker: Worker, pod: dict, message: str) -> None:
        """The Pod fails, with a second to end in; its condition tells why."""
        self.kubelet.tell("PodEvictedForRoom", worker, message=message)
        worker.grace_s = 1
        evict(self.kubelet, worker, pod, REASON, message, message)

    # -- admission -----------------------------------------------------------------------------------------------------

    def refusal(self, pod: dict) -> tuple[str, str] | None:
        """(reason, message) for a Pod that the node does not take while it is under pressure."""
        present = self.present()
        if not present or is_critical(pod):
            return None
        if present == [MEMORY]:
            tolerations = pod["spec"].get("tolerations") or ()
            is_tolerant = any(each.get("key") in (TOLERATED, None) and each.get("effect") in ("NoSchedule", None) for each in tolerations)
            if pods.qos_class(pod) != "BestEffort" or is_tolerant:
                return None
        return REASON, f"The node had condition: [{' '.join(present)}]. "


def evict(kubelet: Any, worker: Worker, pod: dict, reason: str, message: str, why: str) -> None:
    """End a Pod: it fails once its containers have ended. why: what its condition DisruptionTarget says."""
    kubelet.state.evictions[worker.uid] = [reason, message]
    kubelet.recorder.event(pod, "Warning", reason, message)
    held = kubelet.statuses.held(pod)
    target = conditions.make("DisruptionTarget", pod["metadata"].get("generation", 0), True, "TerminationByKubelet", why)
    others = [each for each in held.get("conditions") or () if each["type"] != "DisruptionTarget"]
    kubelet.statuses.set(pod, {**held, "conditions": [target, *others]})
    kubelet.workers.update(pod, "sync")


def is_critical(pod: dict) -> bool:
    """Whether a Pod is one that the system needs. Source: pkg/kubelet/types/pod_update.go (IsCriticalPod)."""
    return (pod["spec"].get("priority") or 0) >= CRITICAL or not STATIC.isdisjoint(pod["metadata"].get("annotations") or {})


def _text(size_bytes: int) -> str:
    return quantity.from_value(size_bytes, quantity.BINARY).text
