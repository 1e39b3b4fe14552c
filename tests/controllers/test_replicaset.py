"""replicaset-controller against the real API server.

Source: pkg/controller/replicaset/replica_set_test.go.
"""

from __future__ import annotations

from tests.controllers.world import TEMPLATE, World


def names(pods):
    return [pod["metadata"]["name"] for pod in pods]


def test_it_creates_what_is_missing_and_reports_it_in_two_steps():
    world = World()
    before = world.store.revision
    world.replica_set(replicas=2)
    assert world.writes(before) == [
        "ADDED replicasets",
        "ADDED pods",
        "ADDED pods",
        "MODIFIED replicasets",
        "MODIFIED replicasets",
    ]
    status = world.get("replicasets", "rs")["status"]
    assert status == {"replicas": 2, "fullyLabeledReplicas": 2, "terminatingReplicas": 0, "observedGeneration": 1}
    assert len(world.events("SuccessfulCreate")) == 2
    assert world.traced("ReconcileCompared")[0] == {"wanted": 2, "found": 0, "so": "create 2"}


def test_pods_carry_their_owner_and_a_generated_name():
    world = World()
    owner = world.replica_set(replicas=1)
    (pod,) = world.list("pods")
    assert pod["metadata"]["name"].startswith("rs-") and pod["metadata"]["generateName"] == "rs-"
    assert pod["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": "rs",
            "uid": owner["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def test_a_deleted_pod_is_replaced_by_another():
    world = World()
    world.replica_set(replicas=2)
    first, second = names(world.list("pods"))
    world.do(world.client.delete("pods", first, "default"))
    left = names(world.list("pods"))
    assert len(left) == 2 and second in left and first not in left


def test_creations_start_slowly():
    world = World()
    world.replica_set(replicas=7)
    moments = sorted({change.at_ms for change in world.store.changes if change.key.startswith("/registry/pods/")})
    created = [
        change.at_ms
        for change in world.store.changes
        if change.key.startswith("/registry/pods/") and change.type == "ADDED"
    ]
    assert len(created) == 7
    assert created[0] < created[1] <= created[2] < created[3]  # 1, then 2, then 4
    assert moments == sorted(moments)


def test_scaling_down_takes_the_unready_first():
    world = World()
    world.replica_set(replicas=3)
    pods = world.list("pods")
    for pod in pods[:2]:
        world.make_ready(pod)
    world.do(world.client.patch("replicasets", "rs", {"spec": {"replicas": 2}}, namespace="default"))
    assert sorted(names(world.list("pods"))) == sorted(names(pods[:2]))
    assert world.events("SuccessfulDelete") == [f"Deleted pod: {pods[2]['metadata']['name']}"]
    assert world.get("replicasets", "rs")["status"]["readyReplicas"] == 2


def test_a_relabelled_pod_is_released_and_replaced_and_can_come_back():
    world = World()
    world.replica_set(replicas=2)
    stray = world.list("pods")[0]["metadata"]["name"]
    world.do(world.client.patch("pods", stray, {"metadata": {"labels": {"app": "stray"}}}, namespace="default"))
    assert not world.get("pods", stray)["metadata"].get("ownerReferences")
    assert len(world.list("pods")) == 3
    world.do(world.client.patch("pods", stray, {"metadata": {"labels": {"app": "web"}}}, namespace="default"))
    assert len(world.list("pods")) == 2
    assert world.traced("ObjectReleased") and world.traced("ObjectAdopted")


def test_an_orphan_that_matches_is_adopted():
    world = World()
    world.create(
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "lonely", "labels": {"app": "web"}},
            "spec": TEMPLATE["spec"],
        },
    )
    owner = world.replica_set(replicas=1)
    assert names(world.list("pods")) == ["lonely"]
    assert world.get("pods", "lonely")["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]


def test_pods_become_available_after_min_ready_seconds():
    world = World()
    world.replica_set(replicas=1, minReadySeconds=5)
    world.make_ready(world.list("pods")[0], settle=False)
    world.run(1_000)
    status = world.get("replicasets", "rs")["status"]
    assert status["readyReplicas"] == 1 and "availableReplicas" not in status
    world.run(6_000)
    assert world.get("replicasets", "rs")["status"]["availableReplicas"] == 1


def test_a_failed_pod_is_replaced_and_stays():
    world = World()
    world.replica_set(replicas=1)
    dead = world.list("pods")[0]["metadata"]["name"]
    world.do(
        world.client.patch("pods", dead, {"status": {"phase": "Failed"}}, namespace="default", subresource="status")
    )
    assert len(world.list("pods")) == 2 and dead in names(world.list("pods"))
    assert world.get("replicasets", "rs")["status"]["replicas"] == 1


def test_nothing_is_written_when_nothing_changed():
    world = World()
    world.replica_set(replicas=1)
    before = world.store.revision
    world.do(world.client.patch("replicasets", "rs", {"metadata": {"labels": {"a": "b"}}}, namespace="default"))
    assert world.writes(before) == ["MODIFIED replicasets"]


def test_a_thousand_pod_changes_do_not_count_a_thousand_pods_each():
    world = World()
    world.replica_set(replicas=4)
    controller = world.manager.controllers["replicaset-controller"]
    owner = world.get("replicasets", "rs")
    tally = controller.tally(owner)
    world.make_all_ready()
    assert controller.tally(owner) is tally and tally.ready == 4


def test_the_controller_manager_catches_up_after_it_was_off():
    world = World()
    world.replica_set(replicas=2)
    world.engine.stop(world.manager)
    world.settle()
    victim = world.list("pods")[0]["metadata"]["name"]
    world.do(world.client.delete("pods", victim, "default"))
    assert len(world.list("pods")) == 1
    world.engine.start(world.manager)
    world.settle()
    assert len(world.list("pods")) == 2
