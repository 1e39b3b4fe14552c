"""deployment-controller against the real API server.

Source: pkg/controller/deployment/{deployment_controller,rolling,recreate,sync}_test.go.
"""

from __future__ import annotations

import pytest

from tests.controllers.world import World

PREFIX = "deployment.kubernetes.io/"


def sizes(world):
    return {
        rs["metadata"]["annotations"][PREFIX + "revision"]: rs["spec"]["replicas"] for rs in world.list("replicasets")
    }


def condition(world, type_, name="web"):
    found = [c for c in world.get("deployments", name)["status"]["conditions"] if c["type"] == type_]
    return (found[0]["status"], found[0]["reason"]) if found else None


def set_image(world, image, **options):
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}}
    return world.do(world.client.patch("deployments", "web", patch, namespace="default"), **options)


def scale(world, replicas):
    world.do(world.client.patch("deployments", "web", {"spec": {"replicas": replicas}}, namespace="default"))


def test_writes_come_in_the_order_of_the_recordings():
    world = World()
    before = world.store.revision
    world.deployment(replicas=1)
    assert world.writes(before)[:3] == ["ADDED deployments", "ADDED replicasets", "MODIFIED deployments"]
    first = next(c.value for c in world.store.changes if c.revision > before and c.type == "MODIFIED")
    assert "observedGeneration" not in first["status"]
    assert first["status"]["conditions"][0]["reason"] == "NewReplicaSetCreated"
    assert first["metadata"]["annotations"] == {PREFIX + "revision": "1"}
    (replica_set,) = world.list("replicasets")
    assert replica_set["metadata"]["annotations"] == {
        PREFIX + "desired-replicas": "1",
        PREFIX + "max-replicas": "2",
        PREFIX + "revision": "1",
    }
    assert world.events("ScalingReplicaSet") == [f"Scaled up replica set {replica_set['metadata']['name']} from 0 to 1"]


def test_a_rollout_ends_available_and_complete():
    world = World()
    world.deployment(replicas=3)
    world.make_all_ready()
    status = world.get("deployments", "web")["status"]
    assert {name: value for name, value in status.items() if name != "conditions"} == {
        "observedGeneration": 1,
        "replicas": 3,
        "updatedReplicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "terminatingReplicas": 0,
    }
    assert condition(world, "Available") == ("True", "MinimumReplicasAvailable")
    assert condition(world, "Progressing") == ("True", "NewReplicaSetAvailable")


def test_a_new_template_rolls_pod_by_pod():
    world = World()
    world.deployment(replicas=3)
    world.make_all_ready()
    set_image(world, "busybox:2")
    assert sizes(world) == {"1": 3, "2": 1}
    world.make_all_ready()
    assert sizes(world) == {"1": 0, "2": 3}
    scalings = [message.split()[1:2] + message.split()[-3:] for message in world.events("ScalingReplicaSet")[1:]]
    assert scalings == [
        ["up", "0", "to", "1"],
        ["down", "3", "to", "2"],
        ["up", "1", "to", "2"],
        ["down", "2", "to", "1"],
        ["up", "2", "to", "3"],
        ["down", "1", "to", "0"],
    ]


def test_going_back_renumbers_the_old_revision():
    world = World()
    world.deployment(replicas=1)
    world.make_all_ready()
    set_image(world, "busybox:2")
    world.make_all_ready()
    set_image(world, "busybox:1")
    world.make_all_ready()
    assert sizes(world) == {"2": 0, "3": 1}
    assert world.get("deployments", "web")["metadata"]["annotations"][PREFIX + "revision"] == "3"


def test_recreate_waits_until_the_old_pods_are_gone():
    world = World()
    world.deployment(replicas=2, strategy={"type": "Recreate"})
    world.make_all_ready()
    old = {pod["metadata"]["name"] for pod in world.list("pods")}
    before = world.store.revision
    set_image(world, "busybox:2")
    pods = [
        change
        for change in world.store.changes
        if change.revision > before and change.key.startswith("/registry/pods/")
    ]
    first_new = next(index for index, change in enumerate(pods) if change.type == "ADDED")
    assert {change.value["metadata"]["name"] for change in pods[:first_new] if change.type == "DELETED"} == old


def test_scaling_touches_one_replica_set_and_no_revision():
    world = World()
    world.deployment(replicas=3)
    world.make_all_ready()
    scale(world, 1)
    assert sizes(world) == {"1": 1}
    assert len(world.list("pods")) == 1
    assert world.list("replicasets")[0]["metadata"]["annotations"][PREFIX + "desired-replicas"] == "1"


def test_scaling_in_the_middle_of_a_rollout_is_proportional():
    world = World()
    world.deployment(
        replicas=10, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    )
    world.make_all_ready()
    set_image(world, "busybox:2")
    assert sizes(world) == {"1": 8, "2": 5}
    scale(world, 20)
    assert sizes(world) == {"1": 14, "2": 9}


def test_a_paused_deployment_scales_but_does_not_roll():
    world = World()
    world.deployment(replicas=2, paused=True)
    assert world.list("replicasets") == []
    assert condition(world, "Progressing") == ("Unknown", "DeploymentPaused")
    world.do(world.client.patch("deployments", "web", {"spec": {"paused": False}}, namespace="default"))
    assert sizes(world) == {"1": 2}


def test_old_replica_sets_beyond_the_limit_are_deleted():
    world = World()
    world.deployment(replicas=1, revisionHistoryLimit=1)
    for version in (1, 2, 3):
        set_image(world, f"busybox:{version}")
        world.make_all_ready()
    assert sizes(world) == {"2": 0, "3": 1}


def test_a_rollout_without_progress_runs_into_its_deadline():
    world = World()
    world.deployment(replicas=1, progressDeadlineSeconds=10)
    world.run(8_000)
    assert condition(world, "Progressing")[1] == "ReplicaSetUpdated"
    world.run(5_000)
    assert condition(world, "Progressing") == ("False", "ProgressDeadlineExceeded")


def test_an_orphaned_replica_set_is_adopted():
    world = World()
    world.deployment(replicas=1)
    world.do(world.client.delete("deployments", "web", "default", propagation_policy="Orphan"))
    (orphan,) = world.list("replicasets")
    assert not orphan["metadata"].get("ownerReferences")
    again = world.deployment(replicas=1)
    (adopted,) = world.list("replicasets")
    assert adopted["metadata"]["uid"] == orphan["metadata"]["uid"]
    assert adopted["metadata"]["ownerReferences"][0]["uid"] == again["metadata"]["uid"]


@pytest.mark.parametrize("seed", [1, 2])
def test_two_runs_of_one_seed_are_the_same(seed):
    def log():
        world = World(seed=seed)
        world.deployment(replicas=3)
        world.make_all_ready()
        return [(change.at_ms, change.type, change.key) for change in world.store.changes]

    assert log() == log()
