"""The worker: how long a pressed Step takes, commit included, and how long a sandbox takes to come back from the database."""
from __future__ import annotations

import time
from statistics import median

from cluster.worker import recovery, sandboxes
from cluster.worker.runner import Runner

from .measure import Figure, deployment, no_collector, quantile, spent_by
from .scratch import database

STEPS = 300
REPLICAS = 20


def run(runs: int) -> list[Figure]:
    latencies_ms: list[float] = []
    with database():
        for number in range(runs):
            latencies_ms += _steps_ms(f"bench-steps-{number}")
        return [
            Figure("a step, median", median(latencies_ms), "ms"),
            Figure("a step, 95th percentile", quantile(latencies_ms, 0.95), "ms"),
            Figure("a step, longest", max(latencies_ms), "ms"),
            *_comebacks(runs),
        ]


def _runner(name: str, replicas: int) -> Runner:
    """A fresh sandbox, held, to which a Deployment is being applied."""
    runner = Runner(sandboxes.create(name, seed=1), publish=lambda message: None, deliver=lambda *news: None)
    runner.viewers.add("viewer")
    runner.input("kubectl", {"action": "apply", "files": deployment(replicas)})
    return runner


def _steps_ms(name: str) -> list[float]:
    """The wall time of each of the first steps: simulation, rows of the picture, commit, frame."""
    runner, spent_ms = _runner(name, 2), []
    with no_collector():
        for _ in range(STEPS):
            begun_s = time.perf_counter()
            runner.step()
            runner.finish_turn()
            spent_ms.append((time.perf_counter() - begun_s) * 1000)
    return spent_ms


def _comebacks(runs: int) -> list[Figure]:
    """A settled run of some replicas: its snapshot taken, its replay from the journal alone, the whole runner loaded."""
    runner = _runner("bench-replay", REPLICAS)
    sandbox = runner.sandbox
    while not runner.engine.is_settled:
        runner.advance()
    runner.finish_turn()
    while not runner.engine.is_at_rest:
        runner.advance()
    snapshots = [spent_by(runner.simulation.snapshot).cpu_s for _ in range(runs)]
    replays = [spent_by(lambda: recovery.Replay(sandbox).run()).cpu_s for _ in range(runs)]
    loads = [spent_by(lambda: Runner(sandbox, publish=lambda message: None, deliver=lambda *news: None)).cpu_s for _ in range(runs)]
    return [
        Figure(f"snapshot of {REPLICAS} Pods", median(snapshots) * 1000, "ms"),
        Figure(f"replay of {REPLICAS} Pods ({sandbox.steps:,} events)", median(replays) * 1000, "ms"),
        Figure("load it as the worker does, picture included", median(loads) * 1000, "ms"),
    ]
