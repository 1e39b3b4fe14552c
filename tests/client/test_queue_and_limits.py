"""Work queues and rate limits in virtual time."""
from __future__ import annotations

import pytest

from cluster.client.client import Limiter
from cluster.client.workqueue import WorkQueue
from cluster.engine import Actor, Engine


class Desk(Actor):
    """An actor with a queue; it takes keys when it is told to, and notes when it was called."""

    name = "desk"

    def __init__(self, workers: int = 1):
        super().__init__(Engine())
        self.queue = WorkQueue(self, workers)
        self.called_ms: list[int] = []
        self.taken: list[tuple[int, str]] = []

    def subject(self, key: str) -> str:
        return key

    def process_queue(self) -> None:
        self.called_ms.append(self.now_ms)
        while (key := self.queue.take()) is not None:
            self.taken.append((self.now_ms, key))

    def add_from_timer(self, key: str) -> None:
        self.queue.state.later.pop(key, None)
        self.queue.add(key)


@pytest.fixture
def desk():
    return Desk()


def keys(desk: Desk) -> list[str]:
    return [key for _, key in desk.taken]


def test_a_key_that_waits_is_not_added_twice(desk):
    for key in ("a", "a", "b", "a"):
        desk.queue.add(key)
    assert len(desk.queue) == 2
    assert [event.data["key"] for event in desk.engine.trace.events] == ["a", "b"]


def test_workers_are_bounded_and_take_the_rest_when_done(desk):
    for key in ("a", "b"):
        desk.queue.add(key)
    desk.engine.settle()
    assert keys(desk) == ["a"]
    desk.queue.done("a")
    desk.engine.settle()
    assert keys(desk) == ["a", "b"]


def test_a_key_added_while_it_is_worked_on_waits_for_the_end(desk):
    desk.queue.add("a")
    desk.engine.settle()
    desk.queue.add("a")
    assert len(desk.queue) == 0
    desk.queue.done("a")
    assert len(desk.queue) == 1
    desk.engine.settle()
    assert keys(desk) == ["a", "a"]


def test_a_worker_goes_on_from_the_cause_of_its_key(desk):
    first = desk.trace("Changed")
    desk.queue.add("a")
    added = desk.engine.trace.events[-1]
    assert added.cause == first and desk.engine.cause == first
    desk.trace("Other")
    assert desk.queue.take() == "a" and desk.engine.cause == added.seq


@pytest.mark.parametrize(("delays", "due_ms"), [((50, 20), 20), ((20, 50), 20), ((20,), 20)])
def test_of_two_delays_the_earlier_counts(desk, delays, due_ms):
    for delay_ms in delays:
        desk.queue.add_after("a", delay_ms)
    desk.engine.settle()
    assert keys(desk) == ["a"] and due_ms <= desk.taken[0][0] <= due_ms + 2


def test_no_delay_is_now(desk):
    desk.queue.add_after("a", 0)
    assert len(desk.queue) == 1


def test_failures_double_the_delay_until_they_are_forgotten(desk):
    delays = []
    for _ in range(4):
        desk.queue.add_rate_limited("a")
        delays.append(desk.queue.state.later["a"][1] - desk.now_ms)
        desk.engine.settle()
        desk.queue.done("a")
    assert delays == [5, 10, 20, 40] and desk.queue.requeues("a") == 4
    desk.queue.forget("a")
    desk.queue.add_rate_limited("a")
    assert desk.queue.state.later["a"][1] - desk.now_ms == 5


def test_the_delay_ends_at_a_thousand_seconds(desk):
    desk.queue.state.failures["a"] = 5000
    desk.queue.add_rate_limited("a")
    assert desk.queue.state.later["a"][1] == 1_000_000


def test_a_background_delay_leaves_a_cluster_settled(desk):
    desk.queue.add_after("a", 1000, background=True)
    assert desk.engine.is_settled


# -- limits -----------------------------------------------------------------------------------------------------------------


def test_what_fails_for_long_leaves_a_cluster_settled_too(desk):
    for _ in range(14):
        desk.queue.add_rate_limited("a")
    assert not desk.engine.is_settled   # the next try is less than a minute away
    desk.engine.settle()
    desk.queue.done("a")
    desk.queue.add_rate_limited("a")
    assert desk.engine.is_settled
    desk.engine.run_until(desk.engine.now_ms + 100_000)
    assert keys(desk) == ["a", "a"]


def test_a_burst_is_free_and_then_the_rate_holds():
    limiter = Limiter(qps=20, burst=3)
    assert [limiter.wait_ms(0) for _ in range(6)] == [0, 0, 0, 50, 100, 150]


def test_tokens_come_back_with_time_and_not_beyond_the_burst():
    limiter = Limiter(qps=20, burst=3)
    for _ in range(3):
        limiter.wait_ms(0)
    assert limiter.wait_ms(50) == 0 and limiter.wait_ms(50) == 50
    assert [limiter.wait_ms(100_000) for _ in range(4)] == [0, 0, 0, 50]
