"""When a sandbox goes on, and for how long it has the thread: at the clock's pace, step by step for eyes, or as fast as it can."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .pacing import LONG_GAP_MS, SHORT_TURN_S, STEP_S, TICK_BUDGET_S


class Ticks:
    """Part of a Runner. wall(): the wall's seconds; is_wanted(): whether somebody waits for the thread."""

    sandbox: Any
    engine: Any
    simulation: Any
    pacing: Any
    backlog: Any
    display: Any
    viewers: set[str]
    wall: Callable[[], float]
    is_wanted: Callable[[], bool]
    is_late: bool
    steps_left: int
    settle_end_ms: int
    quiet_s: float
    next_frame_s: float
    advance: Callable[[], None]
    finish_turn: Callable[[], None]
    heard: Callable[..., None]

    def tick(self) -> float | None:
        """Do what is due now; returns the wall moment of the next tick, None if only a command can bring one."""
        wall_s, mode = self.wall(), self.sandbox.mode
        wake_s: float | None = None
        if mode == "running":
            wake_s = self._tick_paced(wall_s) if self._is_paced else self._tick_clock(wall_s)
        elif mode == "settling":
            wake_s = self._tick_fast(wall_s)
        elif mode == "held" and self.steps_left:
            wake_s = self._tick_steps(wall_s)
        self.finish_turn()
        if self.backlog.is_unread:
            if wall_s >= self.quiet_s:
                self.backlog.read_while(lambda: not self._is_turn_over(wall_s) and not self.is_wanted())
            if self.backlog.is_unread:
                again_s = max(wall_s, self.quiet_s)
                return again_s if wake_s is None else min(wake_s, again_s)
        elif self.display.fresh:  # too soon after the last frame: they must not wait for the next event
            wake_s = self.next_frame_s if wake_s is None else min(wake_s, max(wall_s, self.next_frame_s))
        return wake_s

    @property
    def _is_paced(self) -> bool:
        """Pacing is for eyes: with nobody looking the clock decides."""
        return self.sandbox.pacing == "paced" and bool(self.viewers)

    def _is_turn_over(self, begun_s: float) -> bool:
        """Whether a turn has had the thread for long enough; a short one has to do while somebody waits."""
        spent_s = self.wall() - begun_s
        return spent_s > TICK_BUDGET_S or (spent_s > SHORT_TURN_S and self.is_wanted())

    def _tick_clock(self, wall_s: float) -> float:
        speed, engine = self.sandbox.speed, self.engine
        target, was_settled = self.pacing.target_ms(wall_s, engine.now_ms, speed), engine.is_settled
        self.is_late = True
        while (due := engine.next_due_ms()) is not None and due <= target:
            self.advance()
            if self._is_turn_over(wall_s):
                self.pacing.slip(self.wall(), engine.now_ms, speed)
                self.backlog.pass_by()
                return wall_s
        self.is_late = False
        self.backlog.pass_by()
        self.simulation.advance_to(target)
        if engine.is_settled and not was_settled:
            self.heard(waits=self.simulation.is_waited_for)   # whoever waited for this has work to do now
        return self.pacing.wall_of(due, speed) if due is not None else wall_s + 1

    def _tick_paced(self, wall_s: float) -> float:
        pacing, engine, speed = self.pacing, self.engine, self.sandbox.speed
        if wall_s < pacing.wake_s:
            return pacing.wake_s
        while (step := self.display.show_step()) is None:
            if engine.is_settled:  # heartbeats go by the clock; what they set in motion is paced again
                wake_s = self._tick_heartbeat(wall_s)
                if wake_s is not None:
                    return wake_s
                continue
            pacing.anchor = None
            gap_ms = engine.next_due_ms() - engine.now_ms - pacing.waited_ms
            wait_s = pacing.gap_s(gap_ms, speed) if gap_ms > 0 else 0
            if wait_s > 0:
                pacing.waited_ms += gap_ms
                pacing.squeezed_ms += gap_ms if gap_ms > LONG_GAP_MS else 0
                pacing.wake_s = wall_s + wait_s
                return pacing.wake_s
            pacing.waited_ms = 0
            self.advance()
            if self._is_turn_over(wall_s):
                return wall_s
        if pacing.squeezed_ms:
            step["squeezed_ms"] = pacing.squeezed_ms
            pacing.squeezed_ms = 0
        pacing.anchor = None
        pacing.wake_s = wall_s + STEP_S / speed
        return pacing.wake_s

    def _tick_heartbeat(self, wall_s: float) -> float | None:
        """Handle one event of a settled cluster if it is due; otherwise move the clock on and say when to come back."""
        engine, speed = self.engine, self.sandbox.speed
        target = self.pacing.target_ms(wall_s, engine.now_ms, speed)
        due = engine.next_due_ms()
        if due is not None and due <= target:
            self.advance()
            return wall_s if self._is_turn_over(wall_s) else None
        self.display.show_details()
        self.simulation.advance_to(target)
        return self.pacing.wall_of(due, speed) if due is not None else wall_s + 1

    def _tick_fast(self, wall_s: float) -> float | None:
        """Settle: as fast as it can, a slice at a time."""
        engine = self.engine
        while not engine.is_settled and engine.now_ms < self.settle_end_ms:
            self.advance()
            if self._is_turn_over(wall_s):
                self.display.show_all()
                return wall_s
        self.display.show_all()
        self._set_mode("held", by="user")
        return None

    def _tick_steps(self, wall_s: float) -> float | None:
        """The steps that were asked for, a slice at a time."""
        while self.steps_left:
            self.steps_left = self.steps_left - 1 if self._one_step() else 0
            if self.steps_left and self._is_turn_over(wall_s):
                return wall_s
        self._stepped()
        return None
