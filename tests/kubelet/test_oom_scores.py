"""Table: oom_score_adj. Source: kubernetes pkg/kubelet/qos/policy.go, and its table (policy_test.go)."""

import pytest

from cluster.kubelet import oom_scores
from tests.kubelet.world import World

GIB = 1 << 30


def container(name="app", memory=None, **more):
    return {"name": name, "resources": {"requests": {"memory": memory, "cpu": "1m"}} if memory else {}, **more}


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ({"containers": [container()]}, 1000),
        ({"containers": [container(memory="1Gi")]}, 900),
        ({"containers": [container(memory="1Ki")]}, 999),
        ({"containers": [container(memory="10Gi")]}, 3),
        ({"containers": [container(), container("other", "1Gi")]}, 999),
        ({"containers": [{"name": "app", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}}]}, -997),
        ({"containers": [container()], "priority": 2_000_001_000, "priorityClassName": "system-node-critical"}, -997),
        ({"containers": [container("main", "2Gi")], "initContainers": [container(memory="1Gi", restartPolicy="Always")]}, 800),
        ({"containers": [container(memory="1Gi"), container("b", "1Gi")], "resources": {"requests": {"memory": "4Gi"}}}, 800),
    ],
)
def test_the_score_of_a_container(spec, wanted):
    pod = {"metadata": {}, "spec": spec}
    mine = next(each for each in [*spec["containers"], *spec.get("initContainers", ())] if each["name"] == "app")
    assert oom_scores.score(pod, mine, 10 * GIB) == wanted


def test_a_container_reads_its_score():
    world = World()
    world.create("web", ["sh", "-c", "cat /proc/1/oom_score_adj; sleep 1000"])
    world.run(5_000)
    assert world.node.logs("default", "web", "app", {}) == "1000\n"
