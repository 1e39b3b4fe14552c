"""Random small clusters that a real kube-scheduler 1.36.3 was given, and what this one does with them: where Pods go, words, victims.

Beyond the referee's cases, in their format: volumes of all kinds, preemption, and everything at once; and Pods of four profiles, with the
configuration beside them. The real cluster had neither the controller of node lifecycles (its Nodes had no kubelets) nor that of taint
eviction.
"""
import gzip
import json
from pathlib import Path

import pytest
import yaml

from tests.conformance.unmet_scheduling import staged

RECORDED = Path(__file__).parent / "decisions"
NOT_RECORDED = ("taint-eviction-controller", "node-lifecycle-controller")

pytestmark = pytest.mark.conformance


def cases(name: str) -> list[dict]:
    return [json.loads(line) for line in gzip.decompress((RECORDED / f"{name}.jsonl.gz").read_bytes()).decode().splitlines()]


@pytest.fixture(scope="module")
def stage():
    with staged(NOT_RECORDED) as found:
        yield found


@pytest.fixture(scope="module")
def stage_of_profiles():
    with staged(NOT_RECORDED, scheduler_config=yaml.safe_load((RECORDED / "profiles.yaml").read_text())) as found:
        yield found


@pytest.mark.parametrize("case", cases("random"), ids=lambda case: case["id"])
def test_it_decides_as_the_real_scheduler_did(stage, case):
    import scheduling
    assert scheduling.run(stage, case) == []


@pytest.mark.parametrize("case", cases("profiles"), ids=lambda case: case["id"])
def test_each_profile_decides_as_the_real_one_did(stage_of_profiles, case):
    import scheduling
    assert scheduling.run(stage_of_profiles, case) == []
