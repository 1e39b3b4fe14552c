"""How virtual time meets wall time: paced, by the clock, or as fast as it can. Wall seconds come in as arguments."""
from __future__ import annotations

from collections import deque
from typing import Any

from cluster.picture.awaited import awaited_ms

STEP_S = 0.42            # a step's least wall time at speed 1, so that a write of 8 ms can be seen
LONG_GAP_MS = 1000       # idle gaps above this are squeezed
SQUEEZED_S = 0.5
TICK_BUDGET_S = 0.03     # how long one turn may keep the thread
SHORT_TURN_S = 0.003     # and how long while a command waits
PATIENCE_S, PATIENCE_MS = 0.2, 2000  # the longest pause between a client's requests that counts as its own, wall and virtual
START_S, START_SHARE = 0.03, 1.6  # a pause from here on is a program's start; the shortest of late, with some room, is what one takes here
CATCH_UP = 1.25          # after a longer one the clock runs so much faster until it has made up for it: no leap, so a hair too long is no fault
CLOCK_LAG_S = 2.0        # a clock that falls further behind than this starts anew from where it is
STEP_LIMIT_MS = 15_000   # how far one Step may carry a settled cluster through heartbeats
MOST_PATIENT_NODES = 20  # their heartbeats of some minutes are soon done
SETTLE_LIMIT_MS = 600_000
MIN_SPEED, MAX_SPEED = 0.25, 64.0


def step_limit_ms(cells: dict[str, dict[str, Any]], now_ms: int, *, is_settled: bool) -> int:
    """How far one Step may carry the cluster: a settled one as far as what is off or planned has its next consequence."""
    if not is_settled or len(cells.get("nodes", {})) > MOST_PATIENT_NODES:
        return STEP_LIMIT_MS
    return max(STEP_LIMIT_MS, awaited_ms(cells, now_ms))


class Pacing:
    """Decides how far a running sandbox may go now. Owned by a Runner."""

    def __init__(self):
        self.wake_s = 0.0          # paced: not before this wall moment
        self.waited_ms = 0         # of the gap before the next event, how much was waited for already
        self.squeezed_ms = 0
        self.anchor: tuple[float, int] | None = None   # clock: (wall seconds, virtual ms)
        self.heard_s = 0.0         # when a client was heard last
        self.starts_s: deque[float] = deque(maxlen=8)   # pauses of late in which a client's program may have started
        self.patience_s = 0.0      # clock: for so long from the anchor on time passes as on the wall, then it makes up for that

    def reset(self) -> None:
        self.anchor, self.waited_ms = None, 0

    def target_ms(self, wall_s: float, now_ms: int, speed: float) -> int:
        """Clock play: the virtual moment that it should be now."""
        if self.anchor is None:
            self._begin(wall_s, now_ms)
        begun_s, begun_ms = self.anchor
        gone_s, patience_s = wall_s - begun_s, self.patience_s
        ahead_s = min(gone_s * speed, patience_s + (gone_s - patience_s) * speed * CATCH_UP) if gone_s > patience_s else gone_s
        return max(now_ms, begun_ms + int(ahead_s * 1000 + 0.001))  # `wall_of` may fall a hair short

    def _begin(self, wall_s: float, now_ms: int, patience_s: float = 0.0) -> None:
        self.anchor, self.patience_s = (wall_s, now_ms), patience_s

    def heard(self, wall_s: float, now_ms: int, speed: float, *, waits: bool = False) -> None:
        """Clock play: a client asks or has seen enough of a watch, or the cluster has come to rest.

        If it asks again soon, it was at work between (a kubectl command takes 50 ms to start): that time is not
        multiplied, so that a script meets the cluster as it would a real one. If it does not, the clock makes up for it by and by.
        waits: it deletes or begins a watch, or ends one while the cluster is at work, so it is the cluster's turn.
        """
        pause_s, self.heard_s = wall_s - self.heard_s, wall_s
        if START_S < pause_s < PATIENCE_S:
            self.starts_s.append(pause_s)
        if speed > 1:
            self._begin(wall_s, self.target_ms(wall_s, now_ms, speed), 0.0 if waits else self._patience_s(speed))

    def _patience_s(self, speed: float) -> float:
        """How long a client may be at work: what a script's shortest `sleep` takes, or longer where programs are slow to start."""
        start_s = min(self.starts_s, default=0.0)
        return min(PATIENCE_S, max(PATIENCE_MS / 1000 / speed, start_s * START_SHARE))

    def slip(self, wall_s: float, now_ms: int, speed: float) -> None:
        """Clock play that cannot keep up: a long arrear is given up, a short one made good."""
        if self.target_ms(wall_s, now_ms, speed) - now_ms > CLOCK_LAG_S * 1000 * speed:
            self._begin(wall_s, now_ms)

    def wall_of(self, due_ms: int, speed: float) -> float:
        """Clock play: when it will be `due_ms`."""
        begun_s, begun_ms = self.anchor
        ahead_s = (due_ms - begun_ms) / 1000
        if ahead_s < self.patience_s:
            return begun_s + ahead_s
        return begun_s + max(ahead_s / speed, self.patience_s + (ahead_s - self.patience_s) / (speed * CATCH_UP))

    def gap_s(self, gap_ms: int, speed: float) -> float:
        """Paced play: how long to wait in an idle gap before the next event; the step before it took STEP_S already."""
        if gap_ms > LONG_GAP_MS:
            return SQUEEZED_S / speed
        return max(0.0, gap_ms / 1000 - STEP_S) / speed
