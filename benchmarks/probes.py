"""Pods with all that a Pod may have: two init containers, a sidecar, three probes, a shared volume. Their start, and ten minutes of probes."""
from __future__ import annotations

import time

from cluster.management.commands.simulate import run as simulate

from .measure import Figure, spent_by

REPLICAS, NODES, MINUTES = 500, 10, 10
PODS = f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {REPLICAS}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      volumes: [{{name: shared, emptyDir: {{}}}}]
      initContainers:
      - {{name: one, image: "busybox:1", command: [sh, -c, "echo one > /shared/one"], volumeMounts: [{{name: shared, mountPath: /shared}}]}}
      - {{name: two, image: "busybox:1", command: [sh, -c, "echo two > /shared/two"], volumeMounts: [{{name: shared, mountPath: /shared}}]}}
      - {{name: side, image: "busybox:1", restartPolicy: Always, command: [sh, -c, "while true; do sleep 1; done"]}}
      containers:
      - name: app
        image: nginx/nginx:v1
        volumeMounts: [{{name: shared, mountPath: /shared}}]
        startupProbe: {{exec: {{command: [cat, /shared/one]}}}}
        livenessProbe: {{tcpSocket: {{port: 80}}}}
        readinessProbe: {{httpGet: {{path: /, port: 80}}}}
"""


def run(runs: int) -> list[Figure]:
    """Wall and CPU time of the start and of the probes after it. As in `simulate`, no garbage is collected during the start."""
    started, probed = [], []
    for _ in range(runs):
        made = []
        started.append(spent_by(lambda made=made: made.append(start())))
        simulation = made.pop()
        simulation.engine.run_until(simulation.engine.now_ms + 60_000)  # the last of them become ready
        _check(simulation)
        before, count = time.process_time(), probes(simulation)
        simulation.engine.run_until(simulation.engine.now_ms + MINUTES * 60_000)
        probed.append((time.process_time() - before, probes(simulation) - count))
    took_s, count = min(probed)
    return [
        Figure(f"{REPLICAS} Pods of four containers settle, wall", min(each.wall_s for each in started), "s", "< 5"),
        Figure(f"{REPLICAS} Pods of four containers settle, CPU", min(each.cpu_s for each in started), "s"),
        Figure(f"{MINUTES} minutes of their probes, CPU", took_s, "s", "< 10 of wall time"),
        Figure("a probe, CPU", took_s * 1e6 / count, "µs", "< 100"),
        Figure("probes", count, ""),
    ]


def start():
    """A simulation in which all of them were started."""
    return simulate([{"name": "web.yaml", "text": PODS}], nodes=NODES, seed=1, until="settled")


def probes(simulation) -> int:
    """How often all kubelets have probed."""
    tables = [node.kubelet.state.probes for node in simulation.nodes.values()]
    return sum(probe.count for table in tables for each in table.values() for probe in each.values())


def _check(simulation) -> None:
    pods = [stored.value for _, stored in simulation.store.list("/registry/pods/")]
    ready = sum(any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"]["conditions"]) for pod in pods)
    if ready != REPLICAS:
        raise RuntimeError(f"{ready} of {REPLICAS} Pods are ready")
