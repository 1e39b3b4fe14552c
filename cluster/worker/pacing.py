"""How virtual time meets wall time: paced, by the clock, or as fast as it can. Wall seconds come in as arguments."""
from __future__ import annotations

STEP_S = 0.42            # a step's least wall time at speed 1, so that a write of 8 ms can be seen
LONG_GAP_MS = 1000       # idle gaps above this are squeezed
SQUEEZED_S = 0.5
TICK_BUDGET_S = 0.03     # how long one turn may keep the thread
CLOCK_LAG_S = 2.0        # a clock that falls further behind than this starts anew from where it is
STEP_LIMIT_MS = 15_000   # how far one Step may carry a settled cluster through heartbeats
SETTLE_LIMIT_MS = 600_000
MIN_SPEED, MAX_SPEED = 0.25, 64.0


class Pacing:
    """Decides how far a running sandbox may go now. Owned by a Runner."""

    def __init__(self):
        self.wake_s = 0.0          # paced: not before this wall moment
        self.waited_ms = 0         # of the gap before the next event, how much was waited for already
        self.squeezed_ms = 0
        self.anchor: tuple[float, int] | None = None   # clock: (wall seconds, virtual ms)

    def reset(self) -> None:
        self.anchor, self.waited_ms = None, 0

    def target_ms(self, wall_s: float, now_ms: int, speed: float) -> int:
        """Clock play: the virtual moment that it should be now."""
        if self.anchor is None:
            self.anchor = (wall_s, now_ms)
        begun_s, begun_ms = self.anchor
        return max(now_ms, begun_ms + int((wall_s - begun_s) * 1000 * speed + 0.001))  # `wall_of` may fall a hair short

    def slip(self, wall_s: float, now_ms: int, speed: float) -> None:
        """Clock play that cannot keep up: a long arrear is given up, a short one made good."""
        if self.target_ms(wall_s, now_ms, speed) - now_ms > CLOCK_LAG_S * 1000 * speed:
            self.anchor = (wall_s, now_ms)

    def wall_of(self, due_ms: int, speed: float) -> float:
        begun_s, begun_ms = self.anchor
        return begun_s + (due_ms - begun_ms) / 1000 / speed

    def gap_s(self, gap_ms: int, speed: float) -> float:
        """Paced play: how long to wait in an idle gap before the next event; the step before it took STEP_S already."""
        if gap_ms > LONG_GAP_MS:
            return SQUEEZED_S / speed
        return max(0.0, gap_ms / 1000 - STEP_S) / speed
