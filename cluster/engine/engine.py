"""The engine: one virtual clock, one heap of events, one step at a time. No wall clock, no threads, no I/O."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from typing import Any

import msgspec

from .clock import DEFAULT_EPOCH_MS, Clock
from .latency import INCREMENT, MULTIPLIER, TABLE, Draws
from .plain import VERSION, pack, unpack
from .rng import MASK, Streams
from .trace import Trace

NORMAL, LATE = 5, 9  # priorities of events that are due at the same moment
PRIORITY_BITS, ID_BITS = 4, 40
ORDER_BITS = PRIORITY_BITS + ID_BITS  # an event's place in the heap is one integer: its moment, its priority, its id
ID = (1 << ID_BITS) - 1
MAX_STEPS = 10_000_000  # of one run


class Event(msgspec.Struct, eq=False):
    """A call that is due: engine order is (due_ms, priority, id)."""

    id: int
    due_ms: int
    priority: int
    actor: Any
    handler: str
    args: tuple
    cause: int
    background: bool
    generation: int


class Engine:
    """Runs the actors of one sandbox. state = f(seed, epoch, inputs)."""

    def __init__(self, *, seed: int = 1, epoch_ms: int = DEFAULT_EPOCH_MS):
        self.seed = seed
        self.clock = Clock(epoch_ms)
        self.rng = Streams(seed)
        self.trace = Trace()
        self.latency_table = dict(TABLE)
        self.now_ms = 0
        self.steps = 0            # events handled so far: a position in the run
        self.cause = 0            # seq of the fact that causes whatever comes next
        self.actors: dict[str, Any] = {}
        self.foreground = 0       # scheduled events that are not background
        self.in_background = False  # the event being handled is background: what follows by itself is too
        self._heap: list[int] = []  # places of events; one whose event is not in `_by_id` any more was cancelled
        self._by_id: dict[int, Event] = {}
        self._next_event_id = 1
        self._next_work_id = 1
        self._draws: dict[str, Draws] = {}

    # -- for actors ---------------------------------------------------------------------------------------------

    def register(self, actor) -> None:
        if actor.name in self.actors:
            raise ValueError(f"two actors named {actor.name}")
        self.actors[actor.name] = actor

    def pending(self, actor) -> list[Event]:
        """What is due at an actor, in the order of its scheduling."""
        return [event for event in self._by_id.values() if event.actor is actor and event.generation == actor.generation]

    def forget(self, name: str) -> None:
        """Remove an actor for good (a deleted node's kubelet)."""
        actor = self.actors.pop(name)
        actor.drop_memory()
        self._recount()

    def schedule(self, actor, delay_ms: int, handler: str, args: tuple = (), *, background: bool = False,
                 priority: int = NORMAL, cause: int | None = None) -> int:
        """Make `actor.handler(*args)` due in `delay_ms`; returns the event's id."""
        event_id = self._next_event_id
        self._next_event_id = event_id + 1
        due_ms = self.now_ms + delay_ms if delay_ms > 0 else self.now_ms
        self._by_id[event_id] = Event(event_id, due_ms, priority, actor, handler, args,
                                      self.cause if cause is None else cause, background, actor.generation)
        heappush(self._heap, (due_ms << PRIORITY_BITS | priority) << ID_BITS | event_id)
        if not background:
            self.foreground += 1
        return event_id

    def cancel(self, event_id: int) -> None:
        event = self._by_id.pop(event_id, None)
        if event is not None and not event.background:
            self.foreground -= 1

    def record(self, actor_name: str, kind: str, subject: str, data: dict, cause: int | None = None) -> int:
        if not self.trace.on:
            return 0
        seq = self.trace.add(self.now_ms, actor_name, kind, subject, self.cause if cause is None else cause, data, self.steps)
        self.cause = seq
        return seq

    def latency(self, name: str) -> int:
        """How long something takes, in ms; an entry without any width draws no chance."""
        draws = self._draws.get(name)
        if draws is None or draws.span is not self.latency_table[name]:
            draws = self._draws[name] = Draws(self.rng("latency/" + name), self.latency_table[name])
        if draws.table is None:
            return draws.low
        stream = draws.stream
        stream.position = bits = (stream.position * MULTIPLIER + INCREMENT) & MASK
        return draws.table[bits >> 54]

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is asked within leaves no trace, and what is drawn within comes again afterwards."""
        told, before = self.trace.on, self.rng.positions()
        self.trace.on = False
        try:
            yield
        finally:
            self.trace.on = told
            for name in self.rng.go_back(before):
                self._draws.pop(name.removeprefix("latency/"), None)

    def next_work_id(self) -> int:
        self._next_work_id += 1
        return self._next_work_id

    # -- for whoever drives -------------------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Only what goes on for ever by itself is left to do."""
        return self.foreground == 0

    @property
    def is_at_rest(self) -> bool:
        """No unit of work is under way: a snapshot may be taken."""
        return not any(actor.works for actor in self.actors.values())

    def next_due_ms(self) -> int | None:
        """When the next event is due; None when there is none."""
        event = self.next_event()
        return None if event is None else event.due_ms

    def next_event(self) -> Event | None:
        """The event that `step` will handle; those that were cancelled or outlived their actor's memory go."""
        heap, by_id = self._heap, self._by_id
        while heap:
            event = by_id.get(heap[0] & ID)
            if event is not None:
                if event.generation == event.actor.generation:
                    return event
                self.cancel(event.id)
            heappop(heap)
        return None

    def step(self) -> Event | None:
        """Handle the next event; None when there is none. One step is atomic."""
        event = self.next_event()
        if event is not None:
            self._handle(event)
        return event

    def _handle(self, event: Event) -> None:
        """Take the first event off the heap and do what it says."""
        heappop(self._heap)
        del self._by_id[event.id]
        if not event.background:
            self.foreground -= 1
        self.now_ms = event.due_ms
        self.cause = event.cause
        self.in_background = event.background
        self.steps += 1
        getattr(event.actor, event.handler)(*event.args)

    def _run(self, end_ms: int, *, until_settled: bool, max_steps: int) -> bool:
        """Handle what is due up to a moment: what `next_event` and `_handle` do, in one loop. False where the steps did not suffice.

        A `for`, since CPython 3.11 does not speed up a `while` in a function that is called once.
        """
        heap, by_id, after = self._heap, self._by_id, (end_ms + 1) << ORDER_BITS
        for _ in range(max_steps):
            if not heap or heap[0] >= after or (until_settled and not self.foreground):
                return True
            event = by_id.pop(heappop(heap) & ID, None)
            if event is None:
                continue  # it was cancelled
            background = event.background
            if not background:
                self.foreground -= 1
            actor = event.actor
            if event.generation != actor.generation:
                continue  # it has outlived its actor's memory
            self.now_ms = event.due_ms
            self.cause = event.cause
            self.in_background = background
            self.steps += 1
            getattr(actor, event.handler)(*event.args)
        return False

    def run_until(self, due_ms: int) -> None:
        """Handle all that is due up to a moment and advance the clock to it."""
        while not self._run(due_ms, until_settled=False, max_steps=MAX_STEPS):
            pass
        self.now_ms = max(self.now_ms, due_ms)

    def settle(self, *, limit_ms: int = 600_000, max_steps: int = MAX_STEPS) -> bool:
        """Run as fast as possible until settled; False if the limit of virtual time came first."""
        is_done = self._run(self.now_ms + limit_ms, until_settled=True, max_steps=max_steps)
        return is_done and (self.foreground == 0 or self.next_event() is None)

    def stop(self, actor) -> None:
        """Switch a component off: it loses its memory and hears nothing more."""
        if actor.is_on:
            actor.on_stop()
            actor.is_on = False
            actor.drop_memory()
            self._recount()

    def start(self, actor) -> None:
        """Switch a component on."""
        if not actor.is_on:
            actor.is_on = True
            actor.on_start()

    def _recount(self) -> None:
        live = [event for event in self._by_id.values() if event.generation == event.actor.generation]
        self._by_id.clear()
        self._by_id.update((event.id, event) for event in live)
        self._heap[:] = [event.due_ms << ORDER_BITS | event.priority << ID_BITS | event.id for event in live]
        heapify(self._heap)
        self.foreground = sum(1 for event in live if not event.background)

    # -- snapshots ------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict:
        """Everything as plain data; only at rest. The actors must be made again before `restore`."""
        if not self.is_at_rest:
            raise RuntimeError("a snapshot is taken at rest only")
        self._recount()
        events = sorted(self._by_id.values(), key=lambda event: event.id)
        return {
            "version": VERSION, "now_ms": self.now_ms, "steps": self.steps, "cause": self.cause, "seed": self.rng.seed,
            "epoch_ms": self.clock.epoch_ms, "next_seq": self.trace.next_seq, "next_event_id": self._next_event_id,
            "next_work_id": self._next_work_id, "streams": self.rng.snapshot(), "latency": {k: list(v) for k, v in self.latency_table.items()},
            "actors": {name: actor.snapshot() for name, actor in self.actors.items()},
            "events": [[e.id, e.due_ms, e.priority, e.actor.name, e.handler, pack(e.args), e.cause, e.background] for e in events],
        }

    def restore(self, data: dict) -> None:
        """Put a snapshot back; actors of the same names must be registered."""
        if data["version"] != VERSION:
            raise ValueError(f"snapshot version {data['version']}, expected {VERSION}")
        self.now_ms, self.steps, self.cause = data["now_ms"], data["steps"], data["cause"]
        self.trace.next_seq = data["next_seq"]
        self.rng.seed = data["seed"]  # streams that are first asked for later go by it
        self.rng.restore(data["streams"])
        self._draws = {}
        self.latency_table = {name: tuple(span) for name, span in data["latency"].items()}
        for name, frozen in data["actors"].items():  # first, since one actor's state may refer to another's generation
            self.actors[name].is_on, self.actors[name].generation = frozen["on"], frozen["generation"]
        for name, frozen in data["actors"].items():
            self.actors[name].restore(frozen)
        self._heap, self._by_id, self.foreground = [], {}, 0
        for event_id, due_ms, priority, name, handler, args, cause, background in data["events"]:
            actor = self.actors[name]
            event = Event(event_id, due_ms, priority, actor, handler, tuple(unpack(args)), cause, background, actor.generation)
            self._by_id[event_id] = event
        self._next_event_id, self._next_work_id = data["next_event_id"], data["next_work_id"]
        self._recount()
