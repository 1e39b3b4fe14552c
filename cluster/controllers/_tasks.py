"""Generators side by side inside a unit of work: what Go does with a WaitGroup."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any


class Task:
    """Yield this (or a list of these) from a unit of work to wait for what a generator returns."""

    __slots__ = ("generator",)

    def __init__(self, generator: Generator):
        self.generator = generator

    def send(self, actor, work_id: int, slot: int) -> None:
        actor.work(self.generator, lambda result: actor._resume(work_id, slot, result))


def slow_start(count: int, attempt: Callable[[], Generator]) -> Iterator[Any]:
    """Attempt something `count` times in batches of 1, 2, 4, …; stop after the batch in which one failed.

    attempt: makes a generator that returns an error text, "" if it went well. Returns (successes, first error).
    Source: pkg/controller/replicaset/replica_set.go slowStartBatch.
    """
    remaining, successes, batch = count, 0, min(count, 1)
    while batch > 0:
        errors = yield [Task(attempt()) for _ in range(batch)]
        failed = [error for error in errors if error]
        successes += batch - len(failed)
        if failed:
            return successes, failed[0]
        remaining -= batch
        batch = min(2 * batch, remaining)
    return successes, ""


def all_at_once(generators: Iterable[Generator]) -> Iterator[Any]:
    """Run generators side by side; returns their results in order."""
    tasks = [Task(generator) for generator in generators]
    if not tasks:
        return []
    return (yield tasks)
