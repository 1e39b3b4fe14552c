"""garbage-collector against the real API server: background, foreground, orphan, and owners that never were."""

from __future__ import annotations

from tests.controllers.world import TEMPLATE, World


def owned_pod(world, name, uid, *, owner="ghost"):
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": uid}
    return world.create(
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "ownerReferences": [reference]},
            "spec": TEMPLATE["spec"],
        },
    )


def test_in_the_background_owners_go_first_and_each_level_follows():
    world = World()
    world.deployment(replicas=2)
    before = world.store.revision
    world.do(world.client.delete("deployments", "web", "default", propagation_policy="Background"))
    assert world.list("pods") == [] and world.list("replicasets") == []
    gone = [line for line in world.writes(before) if line.startswith("DELETED")]
    assert gone == ["DELETED deployments", "DELETED replicasets", "DELETED pods", "DELETED pods"]


def test_in_the_foreground_dependents_go_first():
    world = World()
    world.deployment(replicas=2)
    before = world.store.revision
    world.do(world.client.delete("deployments", "web", "default", propagation_policy="Foreground"))
    gone = [line for line in world.writes(before) if line.startswith("DELETED")]
    assert gone == ["DELETED pods", "DELETED pods", "DELETED replicasets", "DELETED deployments"]


def test_orphaning_leaves_dependents_without_an_owner():
    world = World()
    world.replica_set(replicas=2)
    kept = sorted(pod["metadata"]["name"] for pod in world.list("pods"))
    world.do(world.client.delete("replicasets", "rs", "default", propagation_policy="Orphan"))
    assert world.list("replicasets") == []
    assert sorted(pod["metadata"]["name"] for pod in world.list("pods")) == kept
    assert all(not pod["metadata"].get("ownerReferences") for pod in world.list("pods"))
    assert world.traced("DependentsOrphaned")[0]["dependents"] == 2


def test_orphaning_counts_the_replica_set_down_before_it_goes():
    world = World()
    world.replica_set(replicas=2)
    before = world.store.revision
    world.do(world.client.delete("replicasets", "rs", "default", propagation_policy="Orphan"))
    counts = [
        change.value["status"]["replicas"]
        for change in world.store.changes
        if change.revision > before and "/replicasets/" in change.key and change.type == "MODIFIED"
    ]
    assert counts[-1] == 0


def test_an_object_whose_owner_does_not_exist_is_collected_at_once():
    world = World()
    start_ms = world.engine.now_ms
    owned_pod(world, "lost", "no-such-uid")
    assert world.list("pods") == []
    assert world.engine.now_ms - start_ms < 200
    assert world.traced("OwnerAbsent")


def test_an_owner_of_another_uid_is_no_owner():
    world = World()
    world.replica_set(replicas=0)
    owned_pod(world, "lost", "some-other-uid", owner="rs")
    assert world.get("pods", "lost") is None


def test_one_living_owner_keeps_an_object_and_the_dead_one_is_taken_off():
    world = World()
    alive = world.replica_set(name="alive", replicas=0)
    dead = world.replica_set(
        name="dead",
        replicas=0,
        selector={"matchLabels": {"app": "x"}},
        template={**TEMPLATE, "metadata": {"labels": {"app": "x"}}},
    )
    references = [
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "name": item["metadata"]["name"],
            "uid": item["metadata"]["uid"],
        }
        for item in (alive, dead)
    ]
    world.create(
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "spec": TEMPLATE["spec"],
            "metadata": {"name": "shared", "ownerReferences": references},
        },
    )
    world.do(world.client.delete("replicasets", "dead", "default"))
    assert [ref["name"] for ref in world.get("pods", "shared")["metadata"]["ownerReferences"]] == ["alive"]


def test_what_nobody_owns_is_left_alone():
    world = World()
    before = world.store.revision
    world.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "free"}, "spec": TEMPLATE["spec"]})
    assert world.writes(before) == ["ADDED pods"]


def test_an_owner_of_another_namespace_is_told_of_and_counts_for_nothing():
    """The words of kube-controller-manager 1.36.3. Source: graph_builder.go (reportInvalidNamespaceOwnerRef)."""
    world = World()
    owner = world.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    uid = owner["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": uid}
    meta = {"name": "child", "namespace": "kube-public", "ownerReferences": [reference]}
    world.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    [event] = [stored.value for _, stored in world.store.list("/registry/events/kube-public/")]
    assert event["message"] == f'ownerRef [v1/ConfigMap, namespace: kube-public, name: a, uid: {uid}] does not exist in namespace "kube-public"'
    assert (event["reason"], event["source"]) == ("OwnerRefInvalidNamespace", {"component": "garbage-collector-controller"})
    assert world.store.get("/registry/configmaps/kube-public/child") is None
