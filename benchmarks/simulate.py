"""`simulate` of a Deployment: from the apply to a settled cluster, boot included, trace off; how time per Pod grows."""
from __future__ import annotations

from cluster.management.commands.simulate import run as simulate

from .measure import Figure, Spent, deployment, middle, spent_by

SIZES = ((100, 10), (1000, 20))  # replicas, nodes
GOAL_S = {100: 0.5, 1000: 4.0}
GOAL_GROWTH = 1.5


def run(runs: int) -> list[Figure]:
    settle(10, 2)  # what is compiled once is compiled now
    figures, per_pod_ms = [], {}
    for replicas, nodes in SIZES:
        spent = middle([spent_by(lambda size=(replicas, nodes): settle(*size)) for _ in range(runs)])
        per_pod_ms[replicas] = spent.cpu_s * 1000 / replicas
        figures += _figures(replicas, nodes, spent)
    growth = per_pod_ms[SIZES[-1][0]] / per_pod_ms[SIZES[0][0]]
    return [*figures, Figure("CPU time per Pod, 1,000 against 100", growth, "times", f"< {GOAL_GROWTH}")]


def settle(replicas: int, nodes: int) -> None:
    """One simulation; raises where the cluster did not settle with every Pod running."""
    simulation = simulate(deployment(replicas), nodes=nodes, seed=1, until="settled")
    running = sum(stored.value["status"]["phase"] == "Running" for _, stored in simulation.store.list("/registry/pods/"))
    if running != replicas or not simulation.engine.is_settled:
        raise RuntimeError(f"{running} of {replicas} Pods run")


def _figures(replicas: int, nodes: int, spent: Spent) -> list[Figure]:
    name = f"{replicas:,} replicas on {nodes} nodes"
    return [
        Figure(f"{name}, wall", spent.wall_s, "s", f"< {GOAL_S[replicas]}"),
        Figure(f"{name}, CPU", spent.cpu_s, "s"),
        Figure(f"{name}, CPU a Pod", spent.cpu_s * 1000 / replicas, "ms"),
    ]
