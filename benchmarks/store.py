"""Commits to SQLite: the revisions and the trace of a real run, turn by turn, through the store's log."""
from __future__ import annotations

from functools import partial

from cluster.models import Sandbox
from cluster.store import log
from cluster.worker import sandboxes
from cluster.worker.simulation import Simulation, settings_for

from .measure import Figure, deployment, middle, spent_by
from .scratch import database

REPLICAS = 50
TURNS = {"turns of one revision": 1, "turns of 50 revisions": 50}


def run(runs: int) -> list[Figure]:
    simulation = Simulation(settings_for("learner")).boot()
    simulation.apply("kubectl", {"action": "apply", "files": deployment(REPLICAS)})
    simulation.engine.settle()
    changes, events = simulation.store.drain(), simulation.engine.trace.drain()
    figures = []
    with database():
        for name, length in TURNS.items():
            boxes = [sandboxes.create(f"bench-{length}-{number}", seed=1) for number in range(runs)]
            spent = middle([spent_by(partial(_commit, box, changes, events, length)) for box in boxes])
            figures.append(Figure(f"{name}, with their trace", len(changes) / spent.wall_s, "rows/s"))
    return figures


def _commit(sandbox: Sandbox, changes: list, events: list, length: int) -> None:
    facts = max(1, len(events) * length // len(changes))
    for turn, start in enumerate(range(0, len(changes), length)):
        log.commit_turn(sandbox, changes[start:start + length], events[turn * facts:(turn + 1) * facts], revision=changes[start].revision)
