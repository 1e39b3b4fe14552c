"""How it grows: Deployments of 1,000 and 10,000 Pods, ten to a node, and a rolling update of the first. Takes minutes, so it is run when named.

Machines and their moods differ, so each figure is also given in *loops*: the CPU time of a fixed loop, taken right before and after.
"""
from __future__ import annotations

import gc
import time
from statistics import median

from cluster.management.commands.simulate import LIMIT_MS
from cluster.worker.simulation import Simulation, settings_for

from .measure import Figure, Spent, deployment, spent_by

IS_LONG = True
SIZES = ((1_000, 100), (10_000, 1_000))  # replicas, nodes
GOAL_S, GOAL_UPDATE_S, GOAL_GROWTH = {1_000: 2.0, 10_000: 30.0}, 5.0, 1.5
ROUNDS = 1_000_000


def run(runs: int) -> list[Figure]:
    grown(10, 2)  # what is compiled once is compiled now
    figures, loops_a_pod = [], {}
    for replicas, nodes in SIZES:
        loop_s = loop()
        spent, update = grown(replicas, nodes, is_updated=replicas == SIZES[0][0])
        loop_s = (loop_s + loop()) / 2
        loops_a_pod[replicas] = spent.cpu_s / loop_s / replicas
        figures += _figures(f"{replicas:,} Pods on {nodes:,} nodes, nodes' start included", spent, loop_s, replicas, GOAL_S[replicas])
        if update:
            figures += _figures(f"rolling update of {replicas:,} Pods", update, loop_s, replicas, GOAL_UPDATE_S)
    growth = loops_a_pod[SIZES[1][0]] / loops_a_pod[SIZES[0][0]]
    return [*figures, Figure("CPU time a Pod, 10,000 against 1,000", growth, "times", f"< {GOAL_GROWTH}")]


def grown(replicas: int, nodes: int, *, is_updated: bool = False) -> tuple[Spent, Spent | None]:
    """What it takes from nothing to all Pods ready, and what a rolling update then takes; raises where they are not."""
    simulations: list[Simulation] = []
    spent = spent_by(lambda: simulations.append(_begun(replicas, nodes)))
    update = spent_by(lambda: _apply(simulations[0], replicas, "v2")) if is_updated else None
    return spent, update


def _begun(replicas: int, nodes: int) -> Simulation:
    simulation = Simulation(settings_for("learner", nodes=[f"k8snode{number}" for number in range(1, nodes + 1)], seed=1), trace=False).boot()
    _apply(simulation, replicas, "v1")
    return simulation


def _apply(simulation: Simulation, replicas: int, version: str) -> None:
    file = deployment(replicas)[0]
    text = file["text"].replace("metadata: {labels: {app: web}}", f"metadata: {{labels: {{app: web, version: {version}}}}}")
    simulation.apply("kubectl", {"action": "apply", "files": [{**file, "text": text}]})
    simulation.engine.settle(limit_ms=LIMIT_MS)
    pods = [stored.value for _, stored in simulation.store.list("/registry/pods/")]
    ready = sum(
        pod["metadata"]["labels"]["version"] == version and pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
        for pod in pods
    )
    if ready != replicas or len(pods) != replicas or not simulation.engine.is_settled:
        raise RuntimeError(f"{ready} of {replicas} Pods run, and there are {len(pods)}")


def loop() -> float:
    """CPU seconds of a fixed loop: what this machine is worth just now."""
    return median(_loop() for _ in range(5))


def _loop() -> float:
    gc.collect()
    begun, total = time.process_time(), 0
    for number in range(ROUNDS):
        total += number & 3
    return time.process_time() - begun


def _figures(name: str, spent: Spent, loop_s: float, pods: int, goal_s: float) -> list[Figure]:
    return [
        Figure(f"{name}, wall", spent.wall_s, "s", f"< {goal_s}"),
        Figure(f"{name}, CPU", spent.cpu_s, "s"),
        Figure(f"{name}, CPU a Pod", spent.cpu_s * 1000 / pods, "ms"),
        Figure(f"{name}, CPU a Pod", spent.cpu_s / loop_s / pods, f"loops of {loop_s * 1000:.0f} ms"),
    ]
