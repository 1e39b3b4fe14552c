"""The scheduling queue: Pods to try now, Pods that wait out a back-off, Pods that wait for the cluster to change.

Source: kubernetes pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue}.go.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import msgspec

BACKOFF_MS, BACKOFF_MAX_MS = 1_000, 10_000
WINDOW_MS = 1_000  # back-offs end on whole seconds
LEFTOVER_MS = 300_000  # after five minutes a Pod is tried again, whatever happened

ACTIVE, BACKOFF, ERROR, WAITING, NOWHERE = "active", "backoff", "error", "unschedulable", ""


class Entry(msgspec.Struct):
    """A queued Pod. plugins: those that rejected it last. cause: seq of the fact that queued it. at_ms: last queued.

    held: it was to be tried while its victims were being asked to go, so from then on only the end of some Pod is news.
    """

    key: str
    uid: str
    priority: int = 0
    at_ms: int = 0
    serial: int = 0
    where: str = NOWHERE
    attempts: int = 0
    rejections: int = 0
    errors: int = 0
    backoff_until_ms: int = 0
    plugins: list[str] = []
    gated: bool = False
    held: bool = False
    cause: int = 0


@dataclass
class QueueState:
    entries: dict[str, Entry] = field(default_factory=dict)
    serial: int = 0


class SchedulingQueue:
    """Plain data with two heaps derived from it. A part of the scheduler's snapshots."""

    def __init__(self) -> None:
        self.state = QueueState()
        self.on_restore()

    def on_restore(self) -> None:
        self._active: list[tuple] = []
        self._backoff: list[tuple] = []
        self.waiting = {key: None for key, entry in self.state.entries.items() if entry.where == WAITING}
        self.lengths = {ACTIVE: 0, BACKOFF: 0, ERROR: 0, WAITING: 0}
        self.rejecting: dict[str, int] = {}  # plugin -> how many waiting Pods it rejected
        for key in self.waiting:
            self._count(self.state.entries[key], 1)
        for entry in self.state.entries.values():
            if entry.where:
                self.lengths[entry.where] += 1
            self._push(entry)

    def get(self, key: str) -> Entry | None:
        return self.state.entries.get(key)

    def make(self, key: str, uid: str, priority: int, *, now_ms: int) -> Entry:
        """A new entry that is in no part of the queue yet."""
        entry = self.state.entries[key] = Entry(key, uid, priority, now_ms)
        return entry

    def forget(self, key: str) -> None:
        """Take a Pod out: it is bound, gone, or somebody else's."""
        entry = self.state.entries.get(key)
        if entry is not None:
            self.move(entry, NOWHERE)
            del self.state.entries[key]

    def move(self, entry: Entry, where: str) -> None:
        """Put a Pod into a part of the queue."""
        if entry.where:
            self.lengths[entry.where] -= 1
        if entry.where == WAITING:
            del self.waiting[entry.key]
            self._count(entry, -1)
        entry.where = where
        self.state.serial += 1
        entry.serial = self.state.serial
        if where:
            self.lengths[where] += 1
        if where == WAITING:
            self.waiting[entry.key] = None
            self._count(entry, 1)
        self._push(entry)

    def _count(self, entry: Entry, sign: int) -> None:
        for plugin in entry.plugins:
            self.rejecting[plugin] = self.rejecting.get(plugin, 0) + sign

    def _push(self, entry: Entry) -> None:
        if entry.where == ACTIVE:
            heapq.heappush(self._active, (-entry.priority, entry.at_ms, entry.serial, entry.key))
        elif entry.where == BACKOFF:
            heapq.heappush(
                self._backoff, (entry.backoff_until_ms, -entry.priority, entry.at_ms, entry.serial, entry.key)
            )

    def pop(self) -> Entry | None:
        """The next Pod to try: by priority, then by time.

        With nothing else to do, back-offs are cut short (feature SchedulerPopFromBackoffQ).
        """
        for heap, where in ((self._active, ACTIVE), (self._backoff, BACKOFF)):
            while heap:
                *_, serial, key = heapq.heappop(heap)
                entry = self.state.entries.get(key)
                if entry is not None and entry.where == where and entry.serial == serial:
                    self.move(entry, NOWHERE)
                    entry.attempts += 1
                    return entry
        return None

    @property
    def has_work(self) -> bool:
        return bool(self.lengths[ACTIVE] or self.lengths[BACKOFF])

    def reject(self, entry: Entry, plugins: list[str], *, now_ms: int) -> None:
        """A Pod comes back: rejected by plugins, or, without any, by a mishap, whose back-off it waits out."""
        entry.plugins, entry.at_ms = plugins, now_ms
        if plugins:
            entry.rejections, entry.errors = entry.rejections + 1, 0
        else:
            entry.errors += 1
        entry.backoff_until_ms = _whole(now_ms + backoff_ms(entry.errors or entry.rejections))
        self.move(entry, WAITING if plugins else ERROR)

    def requeue(self, entry: Entry, *, now_ms: int) -> None:
        """Something changed that may help: try again, after what is left of the back-off."""
        is_backing_off = bool(entry.errors or entry.rejections) and entry.backoff_until_ms >= _whole(now_ms)
        backoff = BACKOFF if entry.plugins else ERROR
        self.move(entry, backoff if is_backing_off else ACTIVE)

    def over(self, *, now_ms: int) -> list[Entry]:
        """Errors whose back-off is over."""
        return [
            entry
            for entry in self.state.entries.values()
            if entry.where == ERROR and entry.backoff_until_ms < _whole(now_ms)
        ]

    def leftovers(self, *, now_ms: int) -> list[Entry]:
        """Pods that have waited for five minutes, but for those that wait for one sort of news alone. Source: movePodsToActiveOrBackoffQueue."""
        found = [self.state.entries[key] for key in self.waiting]
        return [entry for entry in found if not entry.gated and not entry.held and now_ms - entry.at_ms > LEFTOVER_MS]


def backoff_ms(count: int) -> int:
    """1 s, doubled with each failure, at most 10 s."""
    return min(BACKOFF_MS << (min(count, 8) - 1), BACKOFF_MAX_MS) if count else 0


def _whole(moment_ms: int) -> int:
    return moment_ms - moment_ms % WINDOW_MS
