"""What a benchmark gives: figures; and how they are taken."""
from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers: [{{name: app, image: "nginx/nginx:v1"}}]
"""


@dataclass(frozen=True)
class Figure:
    """One line of the table. goal: what it should be, in words, or ""."""

    name: str
    value: float
    unit: str
    goal: str = ""


@dataclass(frozen=True)
class Spent:
    """Seconds of wall time and of this process's CPU time. On a busy machine only the second means anything."""

    wall_s: float
    cpu_s: float


def deployment(replicas: int) -> list[dict]:
    """The manifest of so many replicas, as kubectl reads it."""
    return [{"name": "web.yaml", "text": DEPLOYMENT.format(replicas=replicas)}]


@contextmanager
def no_collector():
    """Without garbage collections, which would fall on whoever allocates."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def spent_by(work: Callable[[], object]) -> Spent:
    """What one call takes."""
    with no_collector():
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        work()
        return Spent(time.perf_counter() - wall_s, time.process_time() - cpu_s)


def middle(spent: list[Spent]) -> Spent:
    """The median of each."""
    return Spent(median(each.wall_s for each in spent), median(each.cpu_s for each in spent))


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of all lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
