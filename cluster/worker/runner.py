"""One sandbox under a worker: commands in, turns committed, rows and replies out. Single-threaded."""
from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec
from django.db import DatabaseError

from cluster.meta import status
from cluster.meta.requests import Response
from cluster.models import Sandbox
from cluster.picture import Projector
from cluster.picture.awaited import forecast
from cluster.store import log

from . import faults, following, reads, recovery, watching
from .backlog import Backlog
from .display import SNAPSHOT_ROWS, Display
from .pacing import MAX_SPEED, MIN_SPEED, SETTLE_LIMIT_MS, Pacing, step_limit_ms
from .refusals import STOPPED, Refused
from .ticks import Ticks
from .version import engine_version

logger = logging.getLogger(__name__)
SNAPSHOT_STEPS = 4000
FRAME_S = 0.05
QUIET_S = 0.2            # rows that nobody has asked for are not made while clients ask for other things
MOST_STEPS = 10_000
STAGE_STEPS = 2000
FROM_CLIENTS = ("request", "exec", "attach", "forward")   # inputs for which a sandbox begins to run if nobody looks
COMMIT_STEPS = 200       # a turn without changes or facts is committed every so many events
NUMBERS = itertools.count(1)  # of messages to pages: whoever has one needs none with a smaller number
Publish = Callable[[dict], None]


class Runner(Ticks):
    """Owns a sandbox. publish(message) tells everyone who looks.

    deliver answers HTTP callers and watches: ("reply", token, request, response), ("event", token, [(type, object), …]),
    ("end", token). is_wanted() tells that somebody waits for the thread.
    """

    def __init__(self, sandbox: Sandbox, *, publish: Publish, deliver: Callable[..., None], wall: Callable[[], float] = time.monotonic,
                 is_wanted: Callable[[], bool] = lambda: False):
        self.sandbox, self.publish, self.deliver, self.wall, self.is_wanted = sandbox, publish, deliver, wall, is_wanted
        self.pacing = Pacing()
        self.viewers: set[str] = set()
        self.waiting: dict[int, Any] = {}      # input number -> token of the caller that waits, deliver's second argument
        self.watches: dict[int, Any] = {}      # watcher id -> token
        self.watch_requests: dict[int, Any] = {}
        self.streams: dict[int, Callable[[str, Any], None]] = {}   # of exec: input number -> who hears (channel, what)
        self.follows: dict[int, following.Follow] = {}   # streams of logs, by the number of their watch
        self.drawings: dict[int, reads.Drawing] = {}     # of watches and followed logs, by the same numbers
        self.lines, self.attention = watching.Lines(), reads.Attention()
        self.turn_events: list = []
        self.journaled: list[tuple] = []       # inputs of this turn, as log.journal takes them
        self.settle_end_ms = 0
        self.steps_left = 0
        self.when_stepped: list[Callable[[], None]] = []
        self.quiet_s = 0.0                     # when clients have asked for nothing for a while
        self.next_frame_s = 0.0                # a running sandbox sends no frame before that
        self.state_changed = True
        self.is_late = False                   # the clock's last turn ended before it had caught up
        self.is_broken = False                 # a commit failed: what is in memory is ahead of what is kept
        self.end: dict | None = None           # the position before the event that failed; nothing counts after it
        self.snapshot_step = 0
        self._load()

    # -- loading ------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        sandbox = self.sandbox
        if not sandbox.engine_version:
            self.simulation = recovery.create(sandbox)
        elif sandbox.engine_version == engine_version():
            replay = recovery.Replay(sandbox)
            self.simulation, self.turn_events, self.simulation.store.uncommitted = replay.run()
            if replay.error:
                self.end, sandbox.error = replay.end, sandbox.error or replay.error
                sandbox.mode, sandbox.held_by = "stopped", "error"
        else:
            self.simulation = recovery.resume(sandbox)
        self.engine, self.server = self.simulation.engine, self.simulation.server
        self._picture()
        self.snapshot_step = self.engine.steps

    def _picture(self) -> None:
        """The picture out of the committed trace, at what was shown."""
        sandbox = self.sandbox
        self.projector = Projector(self.simulation)
        self.backlog = Backlog(self.projector)
        revisions = log.Revisions(sandbox)
        for _, events in itertools.groupby(log.trace_after(sandbox, 0), key=lambda event: event.step):
            self.backlog.take(list(events), revisions, is_seen=False)
        uncommitted = {change.revision: change for change in self.simulation.store.uncommitted}
        for _, events in itertools.groupby(self.turn_events, key=lambda event: event.step):
            self.backlog.take(list(events), uncommitted, is_seen=False)
        self.backlog.pass_by(sandbox.shown_seq)

    # -- running (when: see Ticks) --------------------------------------------------------------------------------------

    @property
    def display(self) -> Display:
        """What is shown, and what is pending, with all that happened."""
        return self.backlog.display

    def _stepped(self) -> None:
        """Tell those who asked for steps that they are done, or given up."""
        self.steps_left, self.when_stepped, told = 0, [], self.when_stepped
        for tell in told:
            tell()

    def advance(self) -> None:
        """One engine event, and the rows that it leaves."""
        before = recovery.position(self.simulation)
        try:
            self.engine.step()
        except Exception as error:  # a fault of ours must not take other sandboxes along
            self._fail(error, before)
        self.collect()

    def collect(self) -> None:
        events = self.engine.trace.drain()
        if events:
            self.turn_events += events
            is_seen = bool(self.viewers) or self.sandbox.mode != "running"
            recent = {change.revision: change for change in self.simulation.store.uncommitted[-20:]}
            self.backlog.take(events, recent, is_seen=is_seen)

    def _fail(self, error: Exception, before: dict) -> None:
        """Stop for good at the position before the event that raised; its effects are dropped. Raises SimulationFailed."""
        failed = recovery.SimulationFailed(self.simulation, self.sandbox.name, error)
        self.end, self.sandbox.error = before, str(failed)
        self._set_mode("stopped", by="error")
        events, self.simulation.store.uncommitted = recovery.cut(self.simulation, before)
        self.turn_events += events
        self._give_up(status.internal_error(f"the simulation stopped: {failed}"))
        raise failed from error

    def _give_up(self, refusal: status.StatusError) -> None:
        """Answer everybody who waits for something that will never come."""
        waiting, self.waiting = self.waiting, {}
        for token in waiting.values():
            self.deliver("reply", token, None, Response(code=refusal.code, body=refusal.status))
        watches, self.watches, self.watch_requests = self.watches, {}, {}
        for watcher_id, token in watches.items():
            self.server.unwatch(watcher_id)
            self.deliver("end", token)
        streams, self.streams = self.streams, {}
        for hear in streams.values():
            hear("error", "the sandbox is not there any more")
        self._stepped()

    def abandon(self) -> None:
        """Let go without a commit, because one failed: the sandbox is to be loaded again, with the inputs that it was given."""
        inputs, self.journaled = self.journaled, []
        if inputs:
            try:
                log.journal(self.sandbox, inputs)
            except DatabaseError:
                logger.exception("the journal of sandbox %s", self.sandbox.name)
        self._give_up(status.service_unavailable("the simulation is being restored"))

    # -- turns --------------------------------------------------------------------------------------------------------

    def finish_turn(self) -> None:
        """Commit what happened, then let it leave: replies, watch events, frames."""
        engine, snapshot_is_due = self.engine, self.engine.steps - self.snapshot_step > SNAPSHOT_STEPS
        is_news = self.journaled or self.simulation.store.uncommitted or self.turn_events or self.backlog.shown_seq != self.sandbox.shown_seq
        if is_news or self.state_changed or snapshot_is_due or engine.steps - self.sandbox.steps > COMMIT_STEPS:
            self._commit()
        self._send_outbox()
        if self.follows:
            following.pump(self)
        if self.journaled:   # what is drawn of that
            self._commit()
        self._publish_frame()
        if snapshot_is_due and self._save_snapshot():
            self.snapshot_step = engine.steps

    def _commit(self) -> None:
        sandbox, changes = self.sandbox, self.simulation.store.drain()
        events, self.turn_events = self.turn_events, []
        inputs, self.journaled = self.journaled, []
        try:
            log.commit_turn(sandbox, changes, events, inputs, shown_seq=self.backlog.shown_seq, mode=sandbox.mode, held_by=sandbox.held_by,
                            pacing=sandbox.pacing, speed=sandbox.speed, error=sandbox.error, **(self.end or recovery.position(self.simulation)))
        except Exception:
            self.is_broken, self.journaled = True, inputs
            raise

    def _save_snapshot(self) -> bool:
        return self.end is None and log.save_snapshot_when_at_rest(self.sandbox, self.simulation, engine_version())

    def _send_outbox(self) -> None:
        outbox, self.server.outbox = self.server.outbox, []
        news: dict[int, list] = {}   # one message for each watch and turn
        for kind, *rest in outbox:
            if kind == "exec":
                number, channel, said = rest
                hear = self.streams.pop(number, None) if channel in ("exit", "error") else self.streams.get(number)
                if hear is not None:
                    hear(channel, said)
            elif kind == "closed":
                watching.end(self, *rest)
            elif kind == "reply":
                number, request, response = rest
                token = self.waiting.pop(number, None)
                if token is not None:
                    self.deliver("reply", token, request, response)
            else:
                watcher_id, event_type, obj = rest
                news.setdefault(watcher_id, []).append((event_type, obj))
        for watcher_id, events in news.items():
            token = self.watches.get(watcher_id)
            if token is not None:
                self.deliver("event", token, events)
        self.lines.forget()

    def _publish_frame(self) -> None:
        wall_s = self.wall()
        if self.backlog.is_unread and not self.viewers:
            self.state_changed = False
            return
        if not self.display.fresh and not self.state_changed:
            return
        if wall_s < self.next_frame_s and self.sandbox.mode in ("running", "settling") and not self.state_changed:
            return
        self.next_frame_s, self.state_changed = wall_s + FRAME_S, False
        after, rows = self.display.take_fresh()
        if self.viewers:
            self.publish(self._frame(after, rows))

    def _frame(self, after: int, rows: list[dict]) -> dict:
        """The rows that follow the row `after`; whoever does not know that one has missed something."""
        return {"type": "frame", "number": next(NUMBERS), "after_seq": after, "from_seq": rows[0]["seq"] if rows else self.display.seq,
                "to_seq": self.display.seq, "rows": rows, **self.head()}

    def head(self) -> dict:
        """The part of a message that says where the sandbox stands."""
        sandbox, pending = self.sandbox, self.display.next_step()
        rate = sandbox.speed if sandbox.mode == "running" and (not self._is_paced or self.engine.is_settled) else 0
        return {"at_ms": self.display.at_ms, "mode": sandbox.mode, "speed": sandbox.speed, "pacing": sandbox.pacing,
                "settled": self.engine.is_settled and pending is None, "step": self.display.step, "total_steps": self.display.step,
                "wall": {"virtual_ms": self.engine.now_ms, "rate": rate}, "error": sandbox.error or None,
                "next": {"caption": pending["caption"]} if pending else self.projector.forecast(self.engine.next_event())
                or forecast(self.display.cells, self.engine.now_ms)}

    # -- commands: time ---------------------------------------------------------------------------------------------------

    def _set_mode(self, mode: str, *, by: str) -> None:
        if self.sandbox.mode == "stopped" and mode != "stopped":
            raise Refused(*STOPPED, code=409)
        self._stepped()
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

    def step(self, count: int = 1, done: Callable[[], None] | None = None) -> None:
        """Hold, and do the next steps: some at once, the rest in the ticks that follow; then call `done`."""
        self.hold()
        self.steps_left = max(1, min(count, MOST_STEPS))
        if done is not None:
            self.when_stepped.append(done)
        self._tick_steps(self.wall())

    def stage(self) -> None:
        """Hold, and go on until another stage has begun."""
        self.hold()
        begun = self.display.stage
        for _ in range(STAGE_STEPS):
            if not self._one_step() or self.display.stage != begun:
                return

    def _one_step(self) -> bool:
        end_ms = self.engine.now_ms + step_limit_ms(self.display.cells, self.engine.now_ms, is_settled=self.engine.is_settled)
        while self.display.show_step() is None:
            due = self.engine.next_due_ms()
            if due is None or (self.engine.is_settled and due > end_ms):
                self.display.show_details()
                self.display.at_ms = max(self.display.at_ms, self.engine.now_ms)  # nothing but time has passed
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
            raise Refused("pacing is paced or clock", "步调是 paced 或 clock")
        self.sandbox.pacing = pacing
        self.pacing.reset()
        self.state_changed = True

    # -- commands: what comes from outside ---------------------------------------------------------------------------------

    def input(self, kind: str, data: dict, token: Any = None) -> int:
        """Journal an input and act on it. Its caller is answered when the simulation has the answer, and both are committed."""
        if self.sandbox.mode == "stopped":
            raise Refused(*STOPPED, code=409)
        self._catch_up()
        number = self.simulation.inputs + 1
        self.journal(kind, data)
        if token is not None:
            self.waiting[number] = token
        before = recovery.position(self.simulation)
        try:
            self.simulation.apply(kind, data)
        except Exception as error:
            self._fail(error, before)
        self.collect()
        self.state_changed = True   # held or not, there is something to step to now
        if kind in FROM_CLIENTS and self.sandbox.mode == "held" and self.sandbox.held_by == "default" and not self.viewers:
            self.run()   # held only because nobody has looked yet: nobody could step this write
        return number

    def journal(self, kind: str, data: dict) -> None:
        """Keep an input for the commit of this turn, before which nothing of what it does leaves."""
        engine, encoded = self.engine, msgspec.Raw(msgspec.json.encode(data))
        self.journaled.append((self.simulation.inputs + 1, engine.steps, engine.now_ms, kind, encoded))

    def begin_stream(self, data: dict, hear: Callable[[str, Any], None], kind: str = "exec") -> int:
        """An exec, or another kind of stream: journaled as an input; what it says goes to `hear`."""
        number = self.simulation.inputs + 1
        self.streams[number] = hear
        return self.input(kind, data)

    def heard(self, *, waits: bool = False) -> None:
        """A client over HTTP is at work, or (waits) has begun to watch the cluster's."""
        self.quiet_s = self.wall() + QUIET_S
        if self.sandbox.mode == "running" and not self._is_paced:
            self.pacing.heard(self.wall(), self.engine.now_ms, self.sandbox.speed, waits=waits)

    def _catch_up(self) -> None:
        """Let happen what is due before an input, unless there is too much of it for that."""
        if self.sandbox.mode == "running" and not self._is_paced and not self.is_late:
            self._tick_clock(self.wall())

    def fault(self, action: str, args: list[str]) -> None:
        faults.check(self.simulation, action, args)
        self.input("fault", {"action": action, "args": args})

    def reset(self) -> None:
        """A fresh cluster from the same settings."""
        self._give_up(status.service_unavailable("the sandbox was reset"))
        log.erase(self.sandbox)
        self.turn_events, self.journaled, self.end, self.is_broken = [], [], None, False
        self.pacing = Pacing()
        self._load()
        self.state_changed = True
        self.publish(self.snapshot_message(None))

    def snapshot_message(self, cursor: int | None, run: int | None = None) -> dict:
        """What a page needs to begin, or to go on from its cursor. run: the one that the cursor is of, if it is known."""
        rows = self.display.after(cursor) if cursor is not None and run in (None, self.sandbox.run) else None
        if rows is not None:
            return self._frame(cursor, rows)
        shown, more = self.display.latest(SNAPSHOT_ROWS)
        sandbox = self.sandbox
        about = {"name": sandbox.name, "profile": self.simulation.settings.profile, "engine": engine_version(), "run": sandbox.run,
                 "epoch_ms": self.engine.clock.epoch_ms, "begun_ms": self.simulation.begun_ms}
        return {"type": "snapshot", "number": next(NUMBERS), "sandbox": about,
                "seq": self.display.seq, "cells": self.display.cells, "back": self.display.way_back(len(shown)),
                "rows": shown, "more": more, **self.head()}

    def close(self) -> None:
        """Commit and keep a snapshot, before the worker lets go."""
        self.state_changed = True
        self.finish_turn()
        self._save_snapshot()
