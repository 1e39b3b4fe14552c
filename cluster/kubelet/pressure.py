"""Owns what a kubelet does when its node runs out of memory, disk or process numbers: thresholds, conditions, what is reclaimed, who is admitted.

A look is taken each ten seconds, but only from the moment on at which something is low, or always where processes are watched: other looks
would find nothing. A simplification: memory is what programs of images take, and what the machine itself needs; inodes do not run out;
there is one disk for all.
Source: kubernetes pkg/kubelet/eviction/eviction_manager.go (synchronize, waitForPodsCleanup, Admit), helpers.go.
"""

from __future__ import annotations

from cluster.kinds import pod as pods
from cluster.runtime import pids
from cluster.runtime.disk_use import taken_bytes
from cluster.runtime.hardware import SYSTEM_MEMORY

from . import evictions, image_collection
from .evictions import REASON, is_critical
from .thresholds import DISK, MEMORY, PIDS, PODS_MEMORY, RESOURCES, Threshold, by_priority

LOOKED_MS = 10_000  # evictionMonitoringPeriod
CLEANED_MS, POLLED_MS = 30_000, 1_000  # podCleanupTimeout, podCleanupPollFreq
TOLERATED = "node.kubernetes.io/memory-pressure"


class Pressure:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    # -- what there is -----------------------------------------------------------------------------------------------

    def available(self, kind: str) -> int:
        """What is left of a pool: memory, that of all Pods, disk, process numbers."""
        runtime, capacities = self.kubelet.runtime, self.kubelet.configuration.capacities
        if kind == MEMORY:
            return capacities[kind] - SYSTEM_MEMORY - sum(process.memory_bytes for process in runtime.state.processes.values())
        if kind == PODS_MEMORY:
            return capacities[kind] - sum(process.memory_bytes for process in runtime.state.processes.values())
        if kind == PIDS:
            return capacities[kind] - pids.running(runtime.state)
        return capacities[kind] - image_collection.used_bytes(runtime) - taken_bytes(runtime.state)

    def _is_low(self) -> bool:
        return any(self.available(kind) < floor for kind, floor in self.kubelet.configuration.floors)

    def present(self) -> list[str]:
        """The node conditions that are in force, in the order of names upstream has them."""
        return [kind for kind in (MEMORY, DISK, PIDS) if kind in self.kubelet.state.pressures]

    # -- looks -------------------------------------------------------------------------------------------------------

    def usage_changed(self) -> None:
        """Somebody takes more or less than before; the next look is arranged if there is anything to see."""
        state, configuration = self.kubelet.state, self.kubelet.configuration
        if not state.pressure_look and (state.pressures or state.thresholds or configuration.watches_processes or self._is_low()):
            self._look_after(LOOKED_MS - (self.kubelet.now_ms - state.started_ms) % LOOKED_MS)

    def _look_after(self, delay_ms: int) -> None:
        self.kubelet.state.pressure_look = self.kubelet.after(delay_ms, "look_at_pressure", background=True)

    def look(self) -> None:
        """Note the conditions; if something has been low for long enough, reclaim it, and evict one Pod if that is not enough."""
        state = self.kubelet.state
        state.pressure_look = 0
        if self._is_cleaning_up():
            self._look_after(POLLED_MS)
            return
        observed = {kind: self.available(kind) for kind, _ in self.kubelet.configuration.floors}
        self._note(self._met(observed), observed)
        due = [each for each in self._thresholds() if each.key in state.unresolved]
        if due and self._reclaim(by_priority(due)):
            self._look_after(POLLED_MS)
        else:
            self.usage_changed()

    def _is_cleaning_up(self) -> bool:
        """Whether the Pod that was evicted last has not gone yet; no other is evicted meanwhile, for a while."""
        state = self.kubelet.state
        if state.evicting:
            uid, since_ms = state.evicting
            worker = state.workers.get(uid)
            if worker is not None and worker.phase != "finished" and self.kubelet.now_ms - since_ms < CLEANED_MS:
                return True
            state.evicting = []
        return False

    def _thresholds(self) -> tuple[Threshold, ...]:
        return self.kubelet.configuration.thresholds

    def _met(self, observed: dict[str, int]) -> list[Threshold]:
        """The thresholds that are met now, and those that were and whose least reclaim has not been reached yet."""
        capacities, unresolved = self.kubelet.configuration.capacities, self.kubelet.state.unresolved
        return [
            each
            for each in self._thresholds()
            if each.is_met(observed[each.pool], capacities[each.pool], with_reclaim=each.key in unresolved)
        ]

    def _note(self, met: list[Threshold], observed: dict[str, int]) -> None:
        """Keep since when each threshold is met, whose grace period is over, and when each condition was seen last."""
        kubelet, state = self.kubelet, self.kubelet.state
        state.thresholds = {each.key: state.thresholds.get(each.key, kubelet.now_ms) for each in met}
        state.unresolved = [each.key for each in met if kubelet.now_ms - state.thresholds[each.key] >= each.grace_ms]
        for kind in dict.fromkeys(each.condition for each in met):
            if kind not in state.pressures:
                left = {"count" if kind == PIDS else "bytes": max(0, min(observed[each.pool] for each in met if each.condition == kind))}
                kubelet.trace("NodePressureFound", f"nodes//{kubelet.node}", node=kubelet.node, condition=kind, **left)
            state.pressures[kind] = kubelet.now_ms
        period_ms = kubelet.configuration.transition_ms
        state.pressures = {kind: seen_ms for kind, seen_ms in state.pressures.items() if kubelet.now_ms - seen_ms < period_ms}

    def _reclaim(self, due: list[Threshold]) -> bool:
        """Make room for the most pressing of the thresholds; True when a Pod was evicted for it."""
        kubelet, threshold = self.kubelet, due[0]
        kind = threshold.condition
        kubelet.recorder.event(kubelet.agent.reference, "Warning", "EvictionThresholdMet", f"Attempting to reclaim {RESOURCES[kind]}")
        if kind == DISK:
            kubelet.collection.remove_dead()
            kubelet.collection.remove_unused()
            if not self._is_short():
                return False
        for worker, pod in evictions.ranked(kubelet, kind):
            self._evict(worker, pod, threshold)
            return True
        return False

    def _is_short(self) -> bool:
        """Whether any threshold is still met, or its least reclaim not reached."""
        capacities = self.kubelet.configuration.capacities
        return any(each.is_met(self.available(each.pool), capacities[each.pool], with_reclaim=True) for each in self._thresholds())

    def _evict(self, worker, pod: dict, threshold: Threshold) -> None:
        """The Pod fails, with a second to end in, or, at a soft threshold, what its node grants; its condition tells why."""
        kubelet, kind = self.kubelet, threshold.condition
        amount = threshold.amount.of(kubelet.configuration.capacities[threshold.pool])
        words, notes = evictions.message(kubelet, kind, pod, threshold=amount, available=self.available(threshold.pool))
        kubelet.tell("PodEvictedForRoom", worker, message=words, condition=kind)
        own_s = pod["spec"].get("terminationGracePeriodSeconds")
        most_s = kubelet.configuration.max_grace_s
        worker.grace_s = max(1, 1 if not threshold.grace_ms else most_s if own_s is None else min(own_s, most_s))
        kubelet.state.evicting = [worker.uid, kubelet.now_ms]
        evictions.evict(kubelet, worker, pod, REASON, words, words, notes)

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
