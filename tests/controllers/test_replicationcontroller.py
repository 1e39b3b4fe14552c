"""replication-controller against the real API server: a ReplicaSet's rules under another kind.

Source: pkg/controller/replication/replication_controller_utils_test.go.
"""

from __future__ import annotations

from tests.controllers.world import TEMPLATE, World


def controller(world: World, replicas: int = 2, **spec) -> dict:
    body = {"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "rc"},
            "spec": {"replicas": replicas, "template": TEMPLATE, **spec}}
    return world.create("replicationcontrollers", body)


def stored(world: World) -> dict:
    return world.store.get("/registry/controllers/default/rc").value


def scale(world: World, replicas: int) -> None:
    world.do(world.client.patch("replicationcontrollers", "rc", {"spec": {"replicas": replicas}}, namespace="default"))


def test_it_makes_pods_and_counts_them():
    world = World()
    controller(world)
    world.make_all_ready()
    (pod, _) = world.list("pods")
    owner = pod["metadata"]["ownerReferences"][0]
    assert (owner["apiVersion"], owner["kind"], owner["name"]) == ("v1", "ReplicationController", "rc")
    assert pod["metadata"]["generateName"] == "rc-"
    assert stored(world)["status"] == {"replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 2, "observedGeneration": 1}
    assert stored(world)["spec"]["selector"] == {"app": "web"}
    assert len(world.events("SuccessfulCreate")) == 2


def test_it_scales_both_ways_and_replaces_what_is_gone():
    world = World()
    controller(world)
    scale(world, 3)
    scale(world, 1)
    assert len(world.list("pods")) == 1 == stored(world)["status"]["replicas"] and stored(world)["status"]["observedGeneration"] == 3
    world.do(world.client.delete("pods", world.list("pods")[0]["metadata"]["name"], "default"))
    assert len(world.list("pods")) == 1


def test_a_pod_that_loses_its_label_is_released_and_taken_back_with_it():
    world = World()
    controller(world, replicas=1)
    name = world.list("pods")[0]["metadata"]["name"]
    world.do(world.client.patch("pods", name, {"metadata": {"labels": {"app": "other"}}}, namespace="default"))
    assert len(world.list("pods")) == 2 and "ownerReferences" not in world.get("pods", name)["metadata"]
    world.do(world.client.patch("pods", name, {"metadata": {"labels": {"app": "web"}}}, namespace="default"))
    assert len(world.list("pods")) == 1


def test_a_replica_set_of_the_same_labels_leaves_its_pods_alone():
    world = World()
    controller(world, replicas=1)
    world.replica_set(replicas=2)
    kinds = sorted(pod["metadata"]["ownerReferences"][0]["kind"] for pod in world.list("pods"))
    assert kinds == ["ReplicaSet", "ReplicaSet", "ReplicationController"]


def test_a_quota_is_told_as_a_condition():
    world = World()
    world.create("resourcequotas", {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "1"}}})
    body = {"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "rc", "namespace": "default"},
            "spec": {"replicas": 2, "template": TEMPLATE}}
    world.do(world.client.create("replicationcontrollers", body), settle=False)
    world.run(3_000)
    (condition,) = stored(world)["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("ReplicaFailure", "True", "FailedCreate")
    assert "exceeded quota: none" in condition["message"] and stored(world)["status"]["replicas"] == 1


def test_its_pods_go_with_it_or_stay():
    world = World()
    controller(world)
    world.do(world.client.delete("replicationcontrollers", "rc", "default", propagation_policy="Orphan"))
    assert len(world.list("pods")) == 2
    controller(world)
    assert len(world.list("pods")) == 2
    world.do(world.client.delete("replicationcontrollers", "rc", "default", propagation_policy="Background"))
    assert world.list("pods") == []
