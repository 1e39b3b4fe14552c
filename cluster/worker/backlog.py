"""What happened while nobody looked: its rows are made when somebody does, or when there is time.

A sandbox that runs for clients alone, by the clock, spends a quarter of its time on rows otherwise; and one that wakes
after a restart can answer before its picture stands.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from cluster.engine.trace import TraceEvent
from cluster.picture.projector import Projector

from .display import Display

MOST_EVENTS = 50_000   # that wait; more are read at once, so that a backlog stays within some tens of megabytes


class Backlog:
    """The way from facts to a display: `display` has read everything, `take` leaves that for later."""

    def __init__(self, projector: Projector):
        self.projector = projector
        self._display = Display(projector.initial(), seq=0, at_ms=0)
        self._turns: deque[tuple[list[TraceEvent], Any]] = deque()   # (facts, the changes that they speak of, by revision)
        self._events = 0
        self._passed_seq = 0     # up to here all counts as shown, though it is unread

    @property
    def display(self) -> Display:
        """The display with all that happened in it."""
        while self._turns:
            self._read()
        return self._display

    @property
    def is_unread(self) -> bool:
        return bool(self._turns)

    @property
    def shown_seq(self) -> int:
        """The last fact that counts as shown."""
        return max(self._passed_seq, self._display.seq) if self._turns else self._display.seq

    def take(self, events: list[TraceEvent], changes: Any, *, is_seen: bool) -> None:
        """Facts, and the changes that they speak of (`changes.get(revision)`). is_seen: somebody may look, so their rows are made now."""
        self._turns.append((events, changes))
        self._events += len(events)
        while self._turns and (is_seen or self._events > MOST_EVENTS):
            self._read()

    def pass_by(self, seq: int | None = None) -> None:
        """Show everything, or what there is up to a fact; of which nobody sees what is unread."""
        if self._turns:
            self._passed_seq = self._turns[-1][0][-1].seq if seq is None else seq
        elif seq is None:
            self._display.show_all()
        else:
            self._display.show_until(seq)

    def read_while(self, has_time: Callable[[], bool]) -> None:
        """Work the backlog off, a turn's facts at a time."""
        while self._turns and has_time():
            self._read()

    def _read(self) -> None:
        events, changes = self._turns.popleft()
        self._events -= len(events)
        self._display.add(self.projector.rows(events, changes))
        if self._passed_seq:
            self._display.show_until(self._passed_seq)
            self._display.take_fresh()   # nobody was there to be told
        if not self._turns:
            self._passed_seq = 0
