"""Order, causes, cancelling, rest, switching off and on, snapshots."""
from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest

from cluster.engine import Actor, Engine, Sleep
from cluster.engine.engine import LATE


@dataclass
class Notes:
    lines: list[list] = field(default_factory=list)


class Scribe(Actor):
    """Notes what it is told, and when."""

    def __init__(self, engine, name="scribe"):
        self.state = Notes()
        super().__init__(engine, name)

    def note(self, text):
        self.state.lines.append([self.now_ms, text])

    def tell(self, text):
        self.trace("Told", text=text)
        self.after(10, "note", text)

    def nap(self, text):
        yield Sleep(30)
        self.note(text)
        return text

    def start_nap(self, text):
        self.work(self.nap(text), self.note)

    @property
    def said(self):
        return [text for _, text in self.state.lines]


@pytest.fixture
def scribe():
    return Scribe(Engine())


def test_events_come_by_due_time_then_priority_then_order_of_scheduling(scribe):
    engine = scribe.engine
    engine.schedule(scribe, 5, "note", ("late",), priority=LATE)
    for delay_ms, text in ((10, "c"), (5, "a"), (5, "b"), (0, "first")):
        scribe.after(delay_ms, "note", text)
    engine.settle()
    assert scribe.said == ["first", "a", "b", "late", "c"]


def test_a_negative_delay_is_now(scribe):
    scribe.engine.run_until(100)
    scribe.after(-50, "note", "x")
    scribe.engine.settle()
    assert scribe.state.lines == [[100, "x"]]


def test_what_is_scheduled_or_traced_in_a_step_is_caused_by_it(scribe):
    engine = scribe.engine
    first = scribe.trace("Began")
    scribe.after(0, "tell", "x")
    engine.cause = 0
    engine.step()
    told = engine.trace.events[-1]
    assert (told.kind, told.cause, told.step) == ("Told", first, 1)
    assert engine.next_event().cause == told.seq


def test_what_is_asked_aside_leaves_no_trace_and_draws_nothing():
    engine = Engine()
    engine.latency("request")
    before, seen = engine.snapshot(), [engine.latency("request"), engine.rng("names").suffix()]
    fresh = Engine()
    fresh.latency("request")
    with fresh.aside():
        fresh.record("x", "Told", "", {})
        fresh.latency("request"), fresh.latency("reply"), fresh.rng("names").suffix()
    assert fresh.snapshot()["streams"] == before["streams"] and fresh.trace.on
    assert [fresh.latency("request"), fresh.rng("names").suffix()] == seen


def test_a_cancelled_event_does_not_happen_and_does_not_count(scribe):
    event = scribe.after(5, "note", "x")
    scribe.cancel(event)
    scribe.cancel(event)
    scribe.cancel(12345)
    assert scribe.engine.is_settled and scribe.engine.step() is None and scribe.said == []


def test_a_cluster_is_settled_when_only_background_is_left(scribe):
    engine = scribe.engine
    scribe.after(5, "note", "heartbeat", background=True)
    scribe.after(9, "note", "work")
    assert not engine.is_settled
    assert engine.settle() and engine.now_ms == 9 and scribe.said == ["heartbeat", "work"]
    scribe.after(5, "note", "later", background=True)
    assert engine.settle() and engine.now_ms == 9


class Walker(Actor):
    """Goes on by chance: schedules, cancels, switches another one off and on."""

    name = "walker"

    def go(self, left: int) -> None:
        chance, other = self.engine.rng("walk"), self.engine.actors["scribe"]
        other.note(left)
        for _ in range(chance.below(3) if left else 0):
            last = self.engine.schedule(self, chance.below(40), "go", (left - 1,), background=chance.below(3) == 0)
            other.after(chance.below(30), "note", f"{left}/{last}")
            if chance.below(4) == 0:
                self.cancel(last - chance.below(9))
            if chance.below(20) == 0:
                (self.engine.stop if other.is_on else self.engine.start)(other)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("way", ["settle", "run_until"])
def test_a_run_does_what_single_steps_do(seed, way):
    def walked(drive):
        engine = Engine(seed=seed)
        scribe, walker = Scribe(engine), Walker(engine)
        for _ in range(8):
            walker.after(0, "go", 7)
        drive(engine)
        return scribe.said, engine.snapshot()

    def by_steps(engine):
        while (event := engine.next_event()) is not None and event.due_ms <= 150 and (engine.foreground or way == "run_until"):
            engine.step()
        engine.now_ms = 150 if way == "run_until" else engine.now_ms

    def by_a_run(engine):
        engine.settle(limit_ms=150) if way == "settle" else engine.run_until(150)

    said, snapshot = walked(by_a_run)
    assert (said, snapshot) == walked(by_steps) and snapshot["steps"] > 10


def test_settle_gives_up_at_its_limit(scribe):
    scribe.after(5000, "note", "far")
    assert not scribe.engine.settle(limit_ms=1000) and scribe.said == []


def test_run_until_handles_what_is_due_and_moves_the_clock(scribe):
    scribe.after(100, "note", "in")
    scribe.after(101, "note", "out")
    scribe.engine.run_until(100)
    assert scribe.engine.now_ms == 100 and scribe.said == ["in"]


def test_two_actors_of_one_name_are_refused(scribe):
    with pytest.raises(ValueError, match="two actors"):
        Scribe(scribe.engine)


def test_an_actor_that_is_switched_off_loses_state_timers_and_work(scribe):
    engine = scribe.engine
    scribe.note("memory")
    scribe.after(5, "note", "timer")
    scribe.start_nap("nap")
    engine.stop(scribe)
    assert engine.is_settled and engine.is_at_rest and engine.step() is None and scribe.said == []
    engine.start(scribe)
    scribe.after(1, "note", "again")
    engine.settle()
    assert scribe.said == ["again"]


def test_a_forgotten_actor_leaves_no_foreground_behind(scribe):
    scribe.after(5, "note", "x")
    scribe.engine.forget("scribe")
    assert scribe.engine.is_settled and not scribe.engine.actors


def test_work_waits_for_all_that_it_asked_for(scribe):
    got = []

    def both():
        got.append((yield [Sleep(5), Sleep(20)]))
        got.append((yield []))

    scribe.work(both(), lambda value: got.append(scribe.now_ms))
    assert not scribe.engine.is_at_rest
    scribe.engine.settle()
    assert got == [[None, None], [], 20] and scribe.engine.is_at_rest


def test_a_snapshot_is_refused_while_work_is_under_way(scribe):
    scribe.start_nap("x")
    with pytest.raises(RuntimeError, match="at rest"):
        scribe.engine.snapshot()


def test_a_snapshot_goes_on_as_the_run_itself_does(scribe):
    engine = scribe.engine
    engine.rng("old").random()
    scribe.after(5, "tell", "a")
    scribe.after(7, "note", "b", background=True)
    scribe.cancel(scribe.after(6, "note", "cancelled"))
    engine.step()
    frozen = msgspec.json.decode(msgspec.json.encode(engine.snapshot()))
    again = Scribe(Engine(seed=99))
    again.engine.restore(frozen)
    for one in (engine, again.engine):
        one.trace.drain()
        one.settle()
        one.run_until(100)
    assert again.state == scribe.state and again.said == ["b", "a"] and again.engine.steps == engine.steps
    for name in ("old", "asked for later"):
        assert again.engine.rng(name).random() == engine.rng(name).random()
    assert again.after(1, "note", "x") == scribe.after(1, "note", "x")


def test_a_snapshot_of_another_version_is_refused(scribe):
    with pytest.raises(ValueError, match="version"):
        scribe.engine.restore({**scribe.engine.snapshot(), "version": 0})


def test_a_trace_that_is_off_changes_nothing_else(scribe):
    scribe.engine.trace.on = False
    scribe.after(0, "tell", "x")
    scribe.engine.settle()
    assert scribe.said == ["x"] and scribe.engine.trace.drain() == [] and scribe.engine.trace.next_seq == 1
