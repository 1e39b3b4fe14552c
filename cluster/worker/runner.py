"""One sandbox under a worker: commands in, turns committed, rows and replies out. Single-threaded."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from cluster.models import Sandbox
from cluster.picture import Projector
from cluster.store import log

from . import faults, recovery
from .display import SNAPSHOT_ROWS, Display
from .pacing import MAX_SPEED, MIN_SPEED, SETTLE_LIMIT_MS, STEP_LIMIT_MS, STEP_S, TICK_BUDGET_S, Pacing
from .version import engine_version

SNAPSHOT_STEPS = 4000
FRAME_S = 0.05
Publish = Callable[[dict], None]


class Refused(ValueError):
    """A command that makes no sense; `texts` are its words in both languages."""

    def __init__(self, en: str, zh: str = ""):
        super().__init__(en)
        self.texts = {"en": en, "zh": zh or en}


class Runner:
    """Owns a sandbox. publish(message) tells everyone who looks; deliver(kind, id, …) answers HTTP callers and watches."""

    def __init__(self, sandbox: Sandbox, *, publish: Publish, deliver: Callable[..., None], wall: Callable[[], float] = time.monotonic):
        self.sandbox, self.publish, self.deliver, self.wall = sandbox, publish, deliver, wall
        self.pacing = Pacing()
        self.viewers: set[str] = set()
        self.waiting: dict[int, Any] = {}      # input number -> token of the caller that waits
        self.watches: dict[int, Any] = {}      # watcher id -> token
        self.watch_requests: dict[int, Any] = {}
        self.turn_events: list = []
        self.settle_end_ms = 0
        self.published_s = 0.0
        self.state_changed = True
        self.snapshot_step = 0
        self._load()

    # -- loading ------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        sandbox = self.sandbox
        if not sandbox.engine_version:
            self.simulation = recovery.create(sandbox)
        elif sandbox.engine_version == engine_version():
            self.simulation, self.turn_events, changes = recovery.replay(sandbox)
            self.simulation.store.uncommitted = changes
        else:
            self.simulation = recovery.resume(sandbox)
        self.engine, self.server = self.simulation.engine, self.simulation.server
        self._picture()
        self.snapshot_step = self.engine.steps

    def _picture(self) -> None:
        """Build the picture from the committed trace, then show what was shown."""
        sandbox = self.sandbox
        self.projector = Projector(self.simulation)
        self.display = Display({}, seq=0, at_ms=0)
        shown = sandbox.shown_seq
        revisions = _Revisions(sandbox)
        for event in log.trace_after(sandbox, 0):
            self.display.add(self.projector.rows([event], revisions))
        uncommitted = {change.revision: change for change in self.simulation.store.uncommitted}
        self.display.add(self.projector.rows(self.turn_events, uncommitted))
        while self.display.pending and self.display.pending[0]["seq"] <= shown:
            self.display._show(self.display.pending.popleft())
        self.display.take_fresh()

    # -- running ------------------------------------------------------------------------------------------------------

    def tick(self) -> float | None:
        """Do what is due now; returns the wall moment of the next tick, None if only a command can bring one."""
        wall_s, mode = self.wall(), self.sandbox.mode
        wake_s: float | None = None
        if mode == "running":
            wake_s = self._tick_paced(wall_s) if self._is_paced else self._tick_clock(wall_s)
        elif mode == "settling":
            wake_s = self._tick_fast(wall_s)
        self.finish_turn()
        return wake_s

    @property
    def _is_paced(self) -> bool:
        """Pacing is for eyes: with nobody looking the clock decides."""
        return self.sandbox.pacing == "paced" and bool(self.viewers)

    def _tick_clock(self, wall_s: float) -> float:
        speed, engine = self.sandbox.speed, self.engine
        target = self.pacing.target_ms(wall_s, engine.now_ms, speed)
        end_s = wall_s + TICK_BUDGET_S
        while (due := engine.next_due_ms()) is not None and due <= target:
            self.advance()
            if self.wall() > end_s:
                self.display.show_all()
                return wall_s
        self.display.show_all()
        self.simulation.advance_to(target)
        return self.pacing.wall_of(due, speed) if due is not None else wall_s + 1

    def _tick_paced(self, wall_s: float) -> float:
        pacing, engine, speed = self.pacing, self.engine, self.sandbox.speed
        if wall_s < pacing.wake_s:
            return pacing.wake_s
        end_s = wall_s + TICK_BUDGET_S
        while not self.display.show_step():
            if engine.is_settled:
                return self._tick_clock(wall_s)
            pacing.anchor = None
            gap_ms = engine.next_due_ms() - engine.now_ms - pacing.waited_ms
            wait_s = pacing.gap_s(gap_ms, speed) if gap_ms > 0 else 0
            if wait_s > 0:
                pacing.waited_ms += gap_ms
                pacing.squeezed_ms += gap_ms if gap_ms > 1000 else 0
                pacing.wake_s = wall_s + wait_s
                return pacing.wake_s
            pacing.waited_ms = 0
            self.advance()
            if self.wall() > end_s:
                return wall_s
        if pacing.squeezed_ms:
            self.display.rows[-1]["squeezed_ms"] = pacing.squeezed_ms
            pacing.squeezed_ms = 0
        pacing.wake_s = wall_s + STEP_S / speed
        return pacing.wake_s

    def _tick_fast(self, wall_s: float) -> float | None:
        """Settle: as fast as it can, a slice at a time."""
        end_s, engine = wall_s + TICK_BUDGET_S, self.engine
        while not engine.is_settled and engine.now_ms < self.settle_end_ms:
            self.advance()
            if self.wall() > end_s:
                self.display.show_all()
                return wall_s
        self.display.show_all()
        self._set_mode("held", by="user")
        return None

    def advance(self) -> None:
        """One engine event, and the rows that it leaves."""
        try:
            self.engine.step()
        except Exception as error:  # a fault of ours must not take other sandboxes along
            self._fail(error)
            raise
        self.collect()

    def collect(self) -> None:
        events = self.engine.trace.drain()
        if events:
            self.turn_events += events
            recent = {change.revision: change for change in self.simulation.store.uncommitted[-20:]}
            self.display.add(self.projector.rows(events, recent))

    def _fail(self, error: Exception) -> None:
        self.sandbox.error = f"{type(error).__name__}: {error} (sandbox {self.sandbox.name}, seed {self.simulation.settings.seed}, step {self.engine.steps})"
        self._set_mode("stopped", by="error")

    # -- turns --------------------------------------------------------------------------------------------------------

    def finish_turn(self) -> None:
        """Commit what happened, then let it leave: replies, watch events, frames."""
        changes = self.simulation.store.drain()
        sandbox = self.sandbox
        if changes or self.turn_events or self.state_changed or self.engine.steps - sandbox.steps > 200 or self.display.fresh:
            events, self.turn_events = self.turn_events, []
            log.commit_turn(sandbox, changes, events, shown_seq=self.display.seq, mode=sandbox.mode, held_by=sandbox.held_by,
                            pacing=sandbox.pacing, speed=sandbox.speed, error=sandbox.error, **recovery.position(self.simulation))
        self._send_outbox()
        self._publish_frame()
        if self.engine.steps - self.snapshot_step > SNAPSHOT_STEPS and log.save_snapshot_when_at_rest(sandbox, self.simulation, engine_version()):
            self.snapshot_step = self.engine.steps

    def _send_outbox(self) -> None:
        outbox, self.server.outbox = self.server.outbox, []
        for kind, *rest in outbox:
            if kind == "reply":
                number, request, response = rest
                token = self.waiting.pop(number, None)
                if token is not None:
                    self.deliver("reply", token, request, response)
            else:
                watcher_id, event_type, obj = rest
                token = self.watches.get(watcher_id)
                if token is not None:
                    self.deliver("event", token, event_type, obj)

    def _publish_frame(self) -> None:
        wall_s = self.wall()
        if not self.display.fresh and not self.state_changed:
            return
        if wall_s - self.published_s < FRAME_S and self.sandbox.mode in ("running", "settling") and not self.state_changed:
            return
        self.published_s, self.state_changed = wall_s, False
        rows = self.display.take_fresh()
        if self.viewers:
            self.publish({"type": "frame", "from_seq": rows[0]["seq"] if rows else self.display.seq, "to_seq": self.display.seq,
                          "rows": rows, **self.head()})

    def head(self) -> dict:
        """The part of a message that says where the sandbox stands."""
        sandbox, pending = self.sandbox, next((row for row in self.display.pending if row["step"] is not None), None)
        rate = sandbox.speed if sandbox.mode == "running" and (not self._is_paced or self.engine.is_settled) else 0
        return {"at_ms": self.display.at_ms, "mode": sandbox.mode, "speed": sandbox.speed, "pacing": sandbox.pacing,
                "settled": self.engine.is_settled and pending is None, "step": self.display.step, "total_steps": self.display.step,
                "wall": {"virtual_ms": self.engine.now_ms, "rate": rate}, "error": sandbox.error or None,
                "next": {"caption": pending["caption"]} if pending else self.projector.forecast(self.engine.next_event())}

    # -- commands: time ---------------------------------------------------------------------------------------------------

    def _set_mode(self, mode: str, *, by: str) -> None:
        if self.sandbox.mode == "stopped" and mode != "stopped":
            raise Refused("the simulation stopped by an error: reset the sandbox", "模拟因错误而停止：请重置沙箱")
        self.sandbox.mode, self.sandbox.held_by = mode, by
        self.pacing.reset()
        self.pacing.wake_s = 0.0
        self.state_changed = True

    def hold(self) -> None:
        self._set_mode("held", by="user")

    def run(self) -> None:
        self._set_mode("running", by="user")

    def settle(self) -> None:
        self.settle_end_ms = self.engine.now_ms + SETTLE_LIMIT_MS
        self._set_mode("settling", by="user")

    def step(self, count: int = 1) -> int:
        """Hold, and do the next steps; returns how many were found."""
        self.hold()
        return sum(self._one_step() for _ in range(max(1, min(count, 10_000))))

    def stage(self) -> None:
        """Hold, and go on until another stage has begun."""
        self.hold()
        begun = self.display.stage
        for _ in range(2000):
            if not self._one_step() or self.display.stage != begun:
                return

    jump = step

    def _one_step(self) -> bool:
        end_ms = self.engine.now_ms + STEP_LIMIT_MS
        while not self.display.show_step():
            due = self.engine.next_due_ms()
            if due is None or (self.engine.is_settled and due > end_ms):
                return False
            self.advance()
        return True

    def set_speed(self, speed: float) -> None:
        if not MIN_SPEED <= speed <= MAX_SPEED:
            raise Refused(f"speed must be between {MIN_SPEED} and {MAX_SPEED}", f"速度必须在 {MIN_SPEED} 与 {MAX_SPEED} 之间")
        self.sandbox.speed = speed
        self.pacing.reset()
        self.state_changed = True

    def set_pacing(self, pacing: str) -> None:
        if pacing not in ("paced", "clock"):
            raise Refused("pacing is paced or clock")
        self.sandbox.pacing = pacing
        self.pacing.reset()
        self.state_changed = True

    # -- commands: what comes from outside ---------------------------------------------------------------------------------

    def input(self, kind: str, data: dict, token: Any = None) -> int:
        """Journal an input, then act on it. Its caller is answered when the simulation has the answer."""
        self._catch_up()
        engine = self.engine
        number = self.simulation.inputs + 1
        log.journal(self.sandbox, [(number, engine.steps, engine.now_ms, kind, data)])
        if token is not None:
            self.waiting[number] = token
        self.simulation.apply(kind, data)
        self.collect()
        if kind == "request" and self.sandbox.mode == "held" and self.sandbox.held_by == "default" and not self.viewers:
            self.run()   # held only because nobody has looked yet: nobody could step this write
        return number

    def _catch_up(self) -> None:
        if self.sandbox.mode == "running" and not self._is_paced:
            self._tick_clock(self.wall())

    def fault(self, action: str, args: list[str]) -> None:
        try:
            faults.check(self.simulation, action, args)
        except faults.UnknownFault as error:
            raise Refused(str(error)) from None
        self.input("fault", {"action": action, "args": args})

    def reset(self) -> None:
        """A fresh cluster from the same settings."""
        log.erase(self.sandbox)
        self.sandbox.engine_version, self.sandbox.error, self.sandbox.shown_seq = "", "", 0
        self.sandbox.mode, self.sandbox.held_by = "held", "default"
        for token in self.watches.values():
            self.deliver("end", token)
        self.waiting, self.watches, self.watch_requests, self.turn_events = {}, {}, {}, []
        self._load()
        self.state_changed = True
        self.publish({"type": "reset"})

    def snapshot_message(self, cursor: int | None) -> dict:
        """What a page needs to begin, or to go on from its cursor."""
        rows = self.display.after(cursor) if cursor is not None else None
        if rows is not None:
            return {"type": "frame", "from_seq": cursor, "to_seq": self.display.seq, "rows": rows, **self.head()}
        cells, shown, more = self.display.history(self.display.seq + 1, SNAPSHOT_ROWS)
        sandbox = self.sandbox
        return {"type": "snapshot", "sandbox": {"name": sandbox.name, "profile": self.simulation.settings.profile,
                                                "engine": engine_version(), "epoch_ms": self.engine.clock.epoch_ms,
                                                "begun_ms": self.simulation.begun_ms},
                "seq": self.display.seq, "cells": self.display.cells, "base": cells, "rows": shown, "more": more, **self.head()}

    def close(self) -> None:
        """Commit and keep a snapshot, before the worker lets go."""
        self.finish_turn()
        log.save_snapshot_when_at_rest(self.sandbox, self.simulation, engine_version())


class _Revisions:
    """Revisions by number out of the database, as the projector asks for them; read in blocks."""

    BLOCK = 500

    def __init__(self, sandbox: Sandbox):
        self.sandbox, self.block, self.rows = sandbox, -1, {}

    def get(self, revision: int):
        block = revision // self.BLOCK
        if block != self.block:
            self.block = block
            self.rows = log.changes_between(self.sandbox, block * self.BLOCK, (block + 1) * self.BLOCK - 1)
        return self.rows.get(revision)
