"""Which Pods a rolling update of a DaemonSet replaces now, and on which nodes it puts a second one.

Source: pkg/controller/daemon/update.go rollingUpdate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import _pods
from ._daemonset_nodes import generation, is_updated
from ._deployment_math import scaled_value


@dataclass
class Step:
    """What to do now: Pods to delete, nodes to put a Pod on."""

    delete: list[dict] = field(default_factory=list)
    create: list[str] = field(default_factory=list)


def surge(daemon_set: dict, desired: int) -> int:
    """How many nodes may have two Pods at a time. Source: SurgeCount."""
    return _limit(daemon_set, "maxSurge", desired)


def _limit(daemon_set: dict, name: str, desired: int) -> int:
    strategy = daemon_set["spec"]["updateStrategy"]
    if strategy["type"] != "RollingUpdate" or not strategy.get("rollingUpdate"):
        return 0
    return scaled_value(strategy["rollingUpdate"].get(name) or 0, desired, round_up=True)


def limits(daemon_set: dict, desired: int) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in numbers; 0 and 0 would never end. Source: updatedDesiredNodeCounts."""
    most, unavailable = surge(daemon_set, desired), _limit(daemon_set, "maxUnavailable", desired)
    return most, 1 if desired > 0 and most == unavailable == 0 else unavailable


def pair(daemon_set: dict, pods: list[dict], digest: str) -> tuple[dict | None, dict | None, bool]:
    """(the new Pod of a node, the old one, whether there is at most one of each). Source: findUpdatedPodsOnNode."""
    new = old = None
    for pod in pods:
        if "deletionTimestamp" in pod["metadata"]:
            continue
        is_new = is_updated(pod, digest, generation(daemon_set))
        if (new if is_new else old) is not None:
            return None, None, False
        new, old = (pod, old) if is_new else (new, pod)
    return new, old, True


class Rollout:
    """One look at all nodes. runs_on: whether a Pod should run on a node (by name)."""

    def __init__(self, daemon_set: dict, pods: dict[str, list[dict]], digest: str, *, desired: int, now_unix_ms: int,
                 runs_on: Callable[[str], bool]):
        self.pods, self.desired, self.runs_on = pods, desired, runs_on
        self.wait_s, self.now_unix_ms = daemon_set["spec"].get("minReadySeconds") or 0, now_unix_ms
        self.max_surge, self.max_unavailable = limits(daemon_set, desired)
        self.pairs = {node: pair(daemon_set, found, digest) for node, found in pods.items()}

    def step(self) -> Step:
        """What to do now."""
        return self._surging() if self.max_surge else self._replacing()

    def _is_available(self, pod: dict) -> bool:
        return _pods.is_available(pod, self.wait_s, self.now_unix_ms)

    def _replacing(self) -> Step:
        """Delete as many old Pods as may be missing; the core loop makes the new ones."""
        unavailable, broken, candidates = 0, [], []
        for new, old, is_clear in self.pairs.values():
            if not is_clear or (new is None) == (old is None):
                unavailable += 1
            elif new is not None:
                unavailable += not self._is_available(new)
            elif not self._is_available(old):
                broken.append(old)
                unavailable += 1
            elif unavailable < self.max_unavailable:
                candidates.append(old)
        return Step(broken + candidates[: max(0, self.max_unavailable - unavailable)])

    def _surging(self) -> Step:
        """Put a new Pod beside the old one, and delete the old one once the new one is available."""
        self.surging, self.misplaced, self.candidates, self.needed = 0, [], [], []
        step, available = Step(), 0
        for node, (new, old, is_clear) in self.pairs.items():
            if not is_clear:
                self.surging += 1
                continue
            first = old or new
            available += first is not None and self._is_available(first)
            if old is not None and new is None:
                self._surge_onto(node, old, step)
            elif old is not None and self._is_available(new):
                step.delete.append(old)
            elif old is not None:
                self.surging += 1
        step.delete += self.misplaced[: max(0, available - self.desired)]
        step.create = self.needed + self.candidates[: max(0, self.max_surge - self.surging)]
        return step

    def _surge_onto(self, node: str, old: dict, step: Step) -> None:
        """A node that has an old Pod alone."""
        is_available = self._is_available(old)
        if not self.runs_on(node):
            (self.misplaced if is_available else step.delete).append(old)
        elif not is_available:
            self.needed.append(node)
        elif self.surging < self.max_surge:
            self.candidates.append(node)
