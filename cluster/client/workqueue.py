"""Work queues: keys to look at, each once, by a bounded number of workers.

Source: client-go util/workqueue (dirty and processing sets, delaying and rate-limiting queues; default limiter
5 ms doubling to 1000 s, which a controller may set otherwise).
"""
from __future__ import annotations

from dataclasses import dataclass, field

BASE_MS, MAX_MS = 5, 1_000_000
FAR_MS = 60_000  # who is to wait longer has failed for long, and may for ever: no work that a cluster has still to do


@dataclass
class QueueState:
    waiting: list[str] = field(default_factory=list)
    dirty: dict[str, int] = field(default_factory=dict)         # key -> seq of the fact that added it
    processing: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    later: dict[str, list[int]] = field(default_factory=dict)   # key -> [event id, due_ms]


class WorkQueue:
    """A queue of keys owned by a controller actor, which must have `process_queue()` and `add_from_timer(key)`."""

    def __init__(self, actor, workers: int, *, base_ms: int = BASE_MS, max_ms: int = MAX_MS):
        self.actor, self.workers = actor, workers
        self.base_ms, self.max_ms = base_ms, max_ms
        self.state = QueueState()
        actor.attach("queue", self)

    def __len__(self) -> int:
        return len(self.state.waiting)

    def add(self, key: str) -> None:
        """Look at a key soon; a key that is waiting already is not added twice."""
        state = self.state
        if key in state.dirty:
            return
        state.dirty[key] = 0
        if key in state.processing:
            return
        state.waiting.append(key)
        before = self.actor.engine.cause
        state.dirty[key] = self.actor.trace("KeyEnqueued", self.actor.subject(key), queue=self.actor.name, key=key, length=len(state.waiting))
        self.actor.engine.cause = before
        self._wake(state.dirty[key])

    def _wake(self, cause: int) -> None:
        if len(self.state.processing) < self.workers:
            self.actor.engine.schedule(self.actor, self.actor.latency("queue"), "process_queue", cause=cause)

    def add_after(self, key: str, delay_ms: int, *, background: bool = False) -> None:
        """Look at a key after a delay; the earlier of two delays counts."""
        if delay_ms <= 0:
            self.add(key)
            return
        due_ms = self.actor.now_ms + delay_ms
        known = self.state.later.get(key)
        if known:
            if known[1] <= due_ms:
                return
            self.actor.cancel(known[0])
        event_id = self.actor.after(delay_ms, "add_from_timer", key, background=background)
        self.state.later[key] = [event_id, due_ms]

    def add_rate_limited(self, key: str) -> None:
        """Look at a key again after a delay that doubles with each failure."""
        failures = self.state.failures.get(key, 0)
        self.state.failures[key] = failures + 1
        wait_ms = min(self.base_ms << min(failures, 30), self.max_ms)
        self.add_after(key, wait_ms, background=wait_ms > FAR_MS)

    def requeues(self, key: str) -> int:
        return self.state.failures.get(key, 0)

    def forget(self, key: str) -> None:
        """Forget a key's failures."""
        self.state.failures.pop(key, None)

    def take(self) -> str | None:
        """The next key, now being processed; None when empty or all workers are busy."""
        state = self.state
        if not state.waiting or len(state.processing) >= self.workers:
            return None
        key = state.waiting.pop(0)
        cause = state.dirty.pop(key)
        state.processing[key] = cause
        if cause:
            self.actor.engine.cause = cause
        return key

    def done(self, key: str) -> None:
        """A worker is finished with a key; if it was added meanwhile it waits again."""
        state = self.state
        state.processing.pop(key, None)
        if key in state.dirty:
            del state.dirty[key]
            self.add(key)
        elif state.waiting:
            self._wake(self.actor.engine.cause)
