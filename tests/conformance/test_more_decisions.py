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

RECORDED = Path(__file__).parent / "decisions"
NOT_RECORDED = ("taint-eviction-controller", "node-lifecycle-controller")

pytestmark = pytest.mark.conformance


def cases(name: str) -> list[dict]:
    return [json.loads(line) for line in gzip.decompress((RECORDED / f"{name}.jsonl.gz").read_bytes()).decode().splitlines()]


def staged(**options):
    """A cluster without Nodes, and who plays a case on it; whoever sleeps lets it run."""
    import answers
    import scheduling

    from tests.conformance.simulated import Simulated
    cluster = Simulated(without=NOT_RECORDED, **options)
    before, answers.time, scheduling.time = answers.time, cluster, cluster
    yield scheduling.Stage(cluster)
    answers.time = scheduling.time = before


@pytest.fixture(scope="module")
def stage():
    yield from staged()


@pytest.fixture(scope="module")
def stage_of_profiles():
    yield from staged(scheduler_config=yaml.safe_load((RECORDED / "profiles.yaml").read_text()))


@pytest.mark.parametrize("case", cases("random"), ids=lambda case: case["id"])
def test_it_decides_as_the_real_scheduler_did(stage, case):
    import scheduling
    assert scheduling.run(stage, case) == []


@pytest.mark.parametrize("case", cases("profiles"), ids=lambda case: case["id"])
def test_each_profile_decides_as_the_real_one_did(stage_of_profiles, case):
    import scheduling
    assert scheduling.run(stage_of_profiles, case) == []


def test_the_scheduler_looks_at_a_pod_before_the_claim_of_its_ephemeral_volume_is_there():
    """So it was with all 21 such Pods of the real cluster."""
    from tests.conformance.simulated import Simulated
    cluster = Simulated(without=NOT_RECORDED)
    cluster.send("POST", "/api/v1/nodes", body={"metadata": {"name": "n1"}, "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}})
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    spec = {"containers": [{"name": "c", "image": "i"}], "volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}]}
    for number in range(12):
        cluster.send("POST", "/api/v1/namespaces/default/pods", body={"metadata": {"name": f"p{number}"}, "spec": spec})
        cluster.sleep(0.2)
    events = cluster.get("/api/v1/namespaces/default/events")["items"]
    waited = [event["involvedObject"]["name"] for event in events if "waiting for ephemeral volume controller" in event["message"]]
    assert sorted(waited) == sorted(f"p{number}" for number in range(12))
