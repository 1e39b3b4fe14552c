"""Random small clusters that a real kube-scheduler 1.36.3 was given, and what this one does with them: where Pods go, words, victims.

Beyond the referee's cases, in their format: volumes of all kinds, preemption, and everything at once. The real cluster had neither the
controller of node lifecycles (its Nodes had no kubelets) nor that of taint eviction.
"""
import gzip
import json
from pathlib import Path

import pytest

RECORDED = Path(__file__).parent / "decisions" / "random.jsonl.gz"
NOT_RECORDED = ("taint-eviction-controller", "node-lifecycle-controller")

pytestmark = pytest.mark.conformance


def cases() -> list[dict]:
    return [json.loads(line) for line in gzip.decompress(RECORDED.read_bytes()).decode().splitlines()]


@pytest.fixture(scope="module")
def stage():
    """A cluster without Nodes, and who plays a case on it; whoever sleeps lets it run."""
    import answers
    import scheduling

    from tests.conformance.simulated import Simulated
    cluster = Simulated(without=NOT_RECORDED)
    before, answers.time, scheduling.time = answers.time, cluster, cluster
    yield scheduling.Stage(cluster)
    answers.time = scheduling.time = before


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_it_decides_as_the_real_scheduler_did(stage, case):
    import scheduling
    assert scheduling.run(stage, case) == []
