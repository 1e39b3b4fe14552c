"""Owns in which order a kubelet's pulls go to the runtime: one at a time, so many at once, or all at once; and how many a second.

Nothing of it is kept in snapshots: they are taken when no pass, and so no pull, is under way.
Source: kubernetes pkg/kubelet/images/puller.go (serializeImagePulls, maxParallelImagePulls), helpers.go (registryPullQPS, registryBurst).
"""

from __future__ import annotations

from typing import Any

from cluster.runtime.pulls import CANCELED

SERIAL = 1  # serializeImagePulls: true, upstream's default; 0: no limit
TOO_MANY = "pull QPS exceeded"


class Turn:
    """Yielded by a unit of work: it goes on when somebody calls `take`."""

    def __init__(self) -> None:
        self.waiting: tuple[Any, int, int] | None = None

    def send(self, actor: Any, work_id: int, slot: int) -> None:
        self.waiting = (actor, work_id, slot)

    def take(self) -> None:
        """Let the work go on, if it is still there."""
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            actor, work_id, slot = waiting
            actor._resume(work_id, slot, None)


class Puller:
    """Part of one kubelet. slots: how many pulls may be under way, where its configuration says nothing; 0: any number."""

    def __init__(self, kubelet, slots: int):
        self.kubelet, self.usual = kubelet, slots
        self.queue: list[Turn] = []
        self.ends: dict[str, Turn] = {}

    @property
    def slots(self) -> int:
        wanted = self.kubelet.configuration.pulls_at_once
        return self.usual if wanted is None else wanted

    def pull(self, name: str, uid: str, pod: str, container: str, keys: list[str]):
        """Pull an image when its turn comes. Returns (image or None, why not, how long it took without waiting)."""
        while self.slots and len(self.ends) >= self.slots:
            turn = Turn()
            self.queue.append(turn)
            yield turn
        runtime, started_ms, key = self.kubelet.runtime, self.kubelet.now_ms, f"{uid}/{container}"
        worker = self.kubelet.state.workers.get(uid)
        is_over = worker is not None and worker.cancelled  # its Pod is to end: it gives up when its turn has come
        if is_over or not self._may_ask():
            self._next()
            return None, CANCELED if is_over else TOO_MANY, 0
        end = self.ends[key] = Turn()
        runtime.begin_pull(name, uid, pod, container, keys)
        yield end
        self.ends.pop(key, None)
        stored, refused = runtime.finish_pull(key)
        self._next()
        return stored, refused, self.kubelet.now_ms - started_ms

    def _may_ask(self) -> bool:
        """A bucket of tokens, filled at so many a second (registryPullQPS, registryBurst)."""
        state, now_ms, configuration = self.kubelet.state, self.kubelet.now_ms, self.kubelet.configuration
        if not configuration.pulls_s:
            return True
        filled = state.pull_tokens + (now_ms - state.pull_filled_ms) * configuration.pulls_s
        state.pull_tokens, state.pull_filled_ms = min(filled, configuration.pull_burst * 1000), now_ms
        if state.pull_tokens < 1000:
            return False
        state.pull_tokens -= 1000
        return True

    def _next(self) -> None:
        if self.queue:
            self.queue.pop(0).take()

    def ended(self, key: str) -> None:
        """The runtime has an outcome for this pull."""
        if key in self.ends:
            self.ends[key].take()
