"""The engine alone: events a second that do nothing, and all events of a simulation, with the trace and without."""
from __future__ import annotations

from cluster.engine import Actor, Engine
from cluster.worker.simulation import Simulation, settings_for

from .measure import Figure, Spent, deployment, middle, spent_by

EMPTY_EVENTS = 100_000
REPLICAS, NODES = 100, 10


class Ticker(Actor):
    """Draws a latency and comes again then."""

    name = "ticker"

    def tick(self, left: int) -> None:
        if left:
            self.after(self.latency("request"), "tick", left - 1)


def run(runs: int) -> list[Figure]:
    empty = middle([spent_by(lambda: _tick(EMPTY_EVENTS)) for _ in range(runs)])
    figures = [Figure("events that only schedule the next", EMPTY_EVENTS / empty.cpu_s, "events/s")]
    for is_traced in (False, True):
        rates = [_rate(is_traced) for _ in range(runs)]
        name = f"events of a simulation, trace {'on' if is_traced else 'off'}"
        figures.append(Figure(name, sorted(rates)[len(rates) // 2], "events/s"))
    return figures


def _tick(events: int) -> None:
    engine = Engine()
    Ticker(engine).tick(events)
    engine.settle(limit_ms=10 * events)


def _rate(is_traced: bool) -> float:
    """Events a second of CPU time, from the apply on."""
    simulation = Simulation(settings_for("learner", nodes=[f"k8snode{number}" for number in range(1, NODES + 1)]), trace=is_traced).boot()
    simulation.apply("kubectl", {"action": "apply", "files": deployment(REPLICAS)})
    before = simulation.engine.steps
    spent: Spent = spent_by(simulation.engine.settle)
    return (simulation.engine.steps - before) / spent.cpu_s
