"""Random walks of creations, deletions and faults: nothing hangs, nothing is left over, and a run can be repeated."""

import pytest

from cluster.engine.rng import Streams
from tests.kubelet.world import POLITE, World

FALSE, TRUE = ({"exec": {"command": [word]}, "periodSeconds": 1, "failureThreshold": 2} for word in ("false", "true"))
SLOW = {"exec": {"command": ["sleep", "2"]}, "periodSeconds": 1}
PORT = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}
SIDE = {"name": "side", "image": "busybox:1", "command": POLITE, "restartPolicy": "Always", "startupProbe": TRUE}
RESTARTS = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
RULE = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}
ANEW = {"restartPolicy": "Never", "restartPolicyRules": [RULE]}
MAKERS = (
    {"command": POLITE, "container": {"livenessProbe": FALSE, "readinessProbe": TRUE}, "terminationGracePeriodSeconds": 1},
    {"image": "nginx/nginx:v1", "container": {"startupProbe": PORT, "readinessProbe": PORT, "livenessProbe": SLOW}},
    {"command": POLITE, "container": {"lifecycle": {"postStart": {"exec": {"command": ["sleep", "2"]}}}}},
    {"command": POLITE, "container": {"lifecycle": {"postStart": {"exec": {"command": ["false"]}}, "preStop": {"sleep": {"seconds": 2}}}}},
    {"command": POLITE, "container": {"lifecycle": {"preStop": {"exec": {"command": ["sleep", "60"]}}}}, "initContainers": [SIDE]},
    {"command": ["sh", "-c", "sleep 2"], "initContainers": [SIDE], "restartPolicy": "Never", "activeDeadlineSeconds": 9},
    {"command": POLITE, "activeDeadlineSeconds": 2, "restartPolicy": "OnFailure"},
    {"command": POLITE, "container": {"resources": {"requests": {"cpu": "1"}}, "resizePolicy": RESTARTS}},
    {"command": ["sh", "-c", "sleep 2; exit 42"], "container": ANEW, "initContainers": [SIDE], "restartPolicy": "Never"},
    {"image": "nginx/nginx:v1"},
    {"command": POLITE, "terminationGracePeriodSeconds": 3},
    {"command": ["sleep", "1000"], "terminationGracePeriodSeconds": 1},
    {"command": ["sh", "-c", "sleep 1; exit 1"], "terminationGracePeriodSeconds": 0},
    {"command": ["sh", "-c", "exit 0"], "restartPolicy": "Never"},
    {"command": ["sh", "-c", "sleep 3; exit 2"], "restartPolicy": "OnFailure"},
    {"image": "redis:7"},
    {"image": "Bad//Name"},
    {"command": ["nosuch"]},
    {"command": ["sleep", "9"], "initContainers": [{"name": "i", "image": "busybox:1", "command": ["sleep", "1"]}]},
)


def walk(seed: int, steps: int = 40) -> World:
    world, chance = World(seed=seed), Streams(seed)("walk")
    names: list[str] = []
    for number in range(steps):
        action = chance.below(10)
        if action < 4:
            names.append(f"p{number}")
            world.create(names[-1], **MAKERS[chance.below(len(MAKERS))])
        elif action < 7 and names:
            world.delete(names.pop(chance.below(len(names))), chance.choice([None, None, 0, 1]))
        elif action == 7 and world.node.kubelet.is_on and chance.below(2):
            world.node.stop()
        elif action == 8:
            world.node.start()
        elif action == 9 and names and chance.below(2):
            cpu = chance.choice(["500m", "1", "2"])
            body = {"spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": cpu}}}]}}
            world.ask(world.hand.client.patch("pods", names[-1], body, namespace="default", subresource="resize"))
        elif names:
            chance.choice([world.node.kill_sandbox, lambda pod: world.node.kill_container(pod, "app")])(names[-1])
        world.run(chance.between(10, 2_500))
    world.node.start()
    world.run(5_000)
    for name in names:
        world.delete(name)
    world.run(120_000)
    return world


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 13))
def test_after_a_random_walk_nothing_is_left_of_the_pods(seed):
    world = walk(seed)
    assert [key for key, _ in world.store.list("/registry/pods/")] == []
    runtime, kubelet = world.node.runtime.state, world.node.kubelet.state
    for table in (
        runtime.sandboxes,
        runtime.containers,
        runtime.processes,
        runtime.logs,
        runtime.volumes,
        runtime.pulls,
        runtime.commands,
    ):
        assert table == {}, seed
    assert runtime.addresses == {} and runtime.changed == {}
    for table in (kubelet.workers, kubelet.reports, kubelet.statuses, kubelet.pods, kubelet.ended, kubelet.reasons):
        assert table == {}, seed
    assert kubelet.probes == {} and kubelet.deadlines == {} and kubelet.resizes == {}, seed
    assert kubelet.crash.entries == {} and kubelet.pull.entries == {} and not any(kubelet.used.values())
    assert world.engine.is_settled and world.engine.is_at_rest


@pytest.mark.slow
def test_a_random_walk_can_be_repeated():
    first, second = walk(3, steps=25), walk(3, steps=25)
    assert first.engine.trace.events == second.engine.trace.events
    assert first.store.snapshot() == second.store.snapshot()
