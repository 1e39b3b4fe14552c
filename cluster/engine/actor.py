"""Actors: the components of the cluster, each with its state, its timers and its units of work."""
from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import msgspec

from .plain import freeze, thaw


class Sleep(msgspec.Struct, eq=False):
    """Yield this from a unit of work to go on `ms` later."""

    ms: int
    background: bool = False


class Work(msgspec.Struct, eq=False):
    """A generator under way and what to do at its end. results: of the several things that it waits for at once, None if it is one."""

    id: int
    generator: Generator
    done: Callable[[Any], None] | None
    waiting: int = 0
    results: list | None = None


class Actor:
    """One component. Subclasses keep in `state` (a dataclass of JSON-able values) all that they remember at rest."""

    name = ""
    state: Any = None

    def __init__(self, engine, name: str = ""):
        self.engine = engine
        self.name = name or type(self).name
        self.is_on = True
        self.generation = 0   # raised when switched off: what was scheduled before is dropped
        self.latency = engine.latency   # name -> a draw from the latency table, in ms
        self.works: dict[int, Work] = {}
        self.parts: dict[str, Any] = {}
        engine.register(self)

    @property
    def now_ms(self) -> int:
        return self.engine.now_ms

    def attach(self, name: str, part: Any) -> Any:
        """Keep a part (queue, informer, recorder) in this actor's snapshots."""
        self.parts[name] = part
        return part

    def after(self, delay_ms: int, handler: str, *args, background: bool = False) -> int:
        """Call `self.<handler>(*args)` that much later; args must be JSON-able or carried Structs. Returns an id to cancel."""
        return self.engine.schedule(self, delay_ms, handler, args, background=background)

    def wake(self, part: str) -> None:
        """The timer of a part has run out: `after(ms, "wake", part)`."""
        self.parts[part].wake()

    def cancel(self, event_id: int) -> None:
        """Forget a scheduled call; unknown or past ids are fine."""
        self.engine.cancel(event_id)

    def trace(self, kind: str, subject: str = "", *, cause: int | None = None, **data) -> int:
        """Record a fact; whatever follows in this step is caused by it. Returns its seq, 0 with the trace off."""
        engine = self.engine
        return engine.record(self.name, kind, subject, data, cause) if engine.trace.on else 0

    def on_start(self) -> None:
        """Called when the component starts, at first and after it was off."""

    def on_stop(self) -> None:
        """Called when the component is switched off, before its memory is lost."""

    # -- units of work -------------------------------------------------------------------------------------------

    def work(self, generator: Generator, done: Callable[[Any], None] | None = None) -> None:
        """Run a generator that yields Calls and Sleeps; `done` gets what it returns."""
        number = self.engine.next_work_id()
        self.works[number] = work = Work(number, generator, done)
        self._advance(work, None)

    def _advance(self, work: Work, value: Any) -> None:
        """Send a value to a generator, and set going what it then waits for: mostly one thing."""
        try:
            wanted = work.generator.send(value)
            while type(wanted) is list or type(wanted) is tuple:
                if wanted:
                    self._begin_all(wanted, work)
                    return
                wanted = work.generator.send([])
        except StopIteration as end:
            self.works.pop(work.id, None)
            if work.done:
                work.done(end.value)
            return
        if type(wanted) is Sleep:
            self.engine.schedule(self, wanted.ms, "_resume", (work.id, 0, None), background=wanted.background)
        else:
            wanted.send(self, work.id, 0)

    def _begin_all(self, wanted: Sequence, work: Work) -> None:
        work.waiting, work.results = len(wanted), [None] * len(wanted)
        for slot, item in enumerate(wanted):
            if type(item) is Sleep:
                self.engine.schedule(self, item.ms, "_resume", (work.id, slot, None), background=item.background)
            else:
                item.send(self, work.id, slot)

    def _resume(self, work_id: int, slot: int, result: Any) -> None:
        work = self.works.get(work_id)
        if work is None:
            return
        if work.results is not None:
            work.results[slot] = result
            work.waiting -= 1
            if work.waiting:
                return
            result, work.results = work.results, None
        self._advance(work, result)

    def submit_request(self, request: Any, reply_to: Any) -> None:
        """A request whose turn has come under its client's rate limit."""
        self.engine.actors["kube-apiserver"].submit(request, reply_to, sender=self.name)

    # -- switched off and on ---------------------------------------------------------------------------------------

    def drop_memory(self) -> None:
        """Lose timers, work and state, as a process that ends does."""
        self.generation += 1
        works, self.works = self.works, {}
        for work in works.values():
            work.generator.close()
        for part in self.parts.values():
            if part.state is not None:
                part.state = type(part.state)()
                restored = getattr(part, "on_restore", None)
                if restored:
                    restored()
        if self.state is not None:
            self.state = self.fresh_state()

    def fresh_state(self) -> Any:
        """The state of a process that has just started; override to keep what lies on its disk."""
        return type(self.state)()

    def snapshot(self) -> dict:
        return {"on": self.is_on, "generation": self.generation, "state": freeze(self),
                "parts": {name: freeze(part) for name, part in self.parts.items()}}

    def restore(self, data: dict) -> None:
        for name, frozen in data["parts"].items():
            if name in self.parts:
                thaw(self.parts[name], frozen)
        thaw(self, data["state"])
