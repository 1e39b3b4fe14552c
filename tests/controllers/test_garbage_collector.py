"""garbage-collector against the real API server: background, foreground, orphan, and owners that never were."""

from __future__ import annotations

import pytest

from tests.controllers.rig import Rig
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


def held(name, *owners, namespace="default", kind="ConfigMap", version="1"):
    meta = {"name": name, "uid": f"uid-{name}", "resourceVersion": version, "ownerReferences": list(owners)}
    return {"apiVersion": "v1", "kind": kind, "metadata": {**meta, "namespace": namespace} if namespace else meta}


def ref(name, kind="ConfigMap"):
    return {"apiVersion": "v1", "kind": kind, "name": name, "uid": f"uid-{name}"}


def looked_at(uid, *objects, answers=None):
    """(how a look ended, what was asked for to be deleted)"""
    rig = Rig({"controller": "garbage-collector", "now": "2026-01-01T09:00:00Z", "objects": list(objects), "heard": True, "answers": answers})
    return rig.look({"key": f"delete/{uid}"}), [each["request"] for each in rig.requests]


NODE = held("n1", ref("a"), namespace="", kind="Node")


@pytest.mark.parametrize("uid", ["uid-n1", "uid-a"])
def test_what_is_of_no_namespace_and_refers_into_one_is_left_alone_for_good(uid):
    """Source: garbagecollector_test.go TestConflictingData (bad cluster-scoped child)."""
    assert looked_at(uid, NODE) == (None, [])


CONFLICT = {"code": 409, "body": {"kind": "Status", "reason": "Conflict", "message": "x"}}


@pytest.mark.parametrize(("then", "deletions", "end"), [
    (held("c", ref("b"), version="43"), 1, "retry"),  # other owners: judged anew
    (held("c", ref("a"), version="43"), 2, "retry"),  # only changed otherwise: tried once more, whatever its version
    (None, 1, None),
])
def test_a_deletion_that_somebody_came_before_is_tried_once_more_while_the_owners_are_the_same(then, deletions, end):
    """Source: operations.go deleteObject; garbagecollector_test.go TestConflictingData (resourceVersion conflict)."""
    rig = Rig({"controller": "garbage-collector", "now": "2026-01-01T09:00:00Z", "objects": [held("c", ref("a"))], "heard": True,
               "answers": {"delete configmaps c": CONFLICT}})  # fmt: skip
    granted = rig.grant

    def grant(request):
        answer = granted(request)
        if request.verb == "delete":
            rig.objects.pop(("configmaps", "default/c"), None)
            if then:
                rig.objects["configmaps", "default/c"] = then
        return answer

    rig.grant = grant
    assert rig.look({"key": "delete/uid-c"}) == end
    asked = [each["body"]["preconditions"] for each in rig.requests]
    assert asked == [{"uid": "uid-c", "resourceVersion": "1"}, {"uid": "uid-c"}][:deletions]


def test_owners_are_taken_off_custom_resources_too_which_know_no_strategic_patch():
    """Source: patch.go (patch, deleteOwnerRefJSONMergePatch)."""
    world = World()
    world.define_widgets()
    made = [world.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}) for name in "ab"]
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": each["metadata"]["name"], "uid": each["metadata"]["uid"]} for each in made]
    world.create("widgets.example.com", {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "ownerReferences": owners}})

    def left():
        refs = world.store.get("/registry/example.com/widgets/default/w").value["metadata"].get("ownerReferences")
        return [each["name"] for each in refs or ()]

    world.do(world.client.delete("configmaps", "a", "default"))
    assert left() == ["b"]
    world.do(world.client.delete("configmaps", "b", "default", propagation_policy="Orphan"))
    assert left() == [] and world.get("configmaps", "b") is None


def test_owners_in_a_circle_do_not_wait_for_each_other():
    """Source: garbagecollector_test.go TestUnblockOwnerReference; attemptToDeleteItem, which lets nothing of a circle block."""
    world = World()
    made = {name: world.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}) for name in "abc"}
    for name, owner in zip("abc", "cab", strict=True):
        owners = [{**ref(owner), "uid": made[owner]["metadata"]["uid"], "blockOwnerDeletion": True}]
        world.do(world.client.patch("configmaps", name, {"metadata": {"ownerReferences": owners}}, "default", "merge"))
    world.do(world.client.delete("configmaps", "a", "default", propagation_policy="Foreground"))
    assert [each["metadata"]["name"] for each in world.list("configmaps")] == ["kube-root-ca.crt"]


def test_an_owner_whose_dependents_cannot_be_freed_is_kept_and_tried_again():
    """Source: garbagecollector_test.go TestOrphanDependentsFailure."""
    rig = Rig({"controller": "garbage-collector", "now": "2026-01-01T09:00:00Z", "objects": [held("a"), held("c", ref("a"))], "heard": True,
               "answers": {"patch configmaps c": CONFLICT}})  # fmt: skip
    assert rig.look({"key": "orphan/uid-a"}) == "retry"
    assert [each["request"] for each in rig.requests] == ["patch configmaps c"]


def test_a_dependent_whose_kind_is_served_no_more_is_tried_again():
    """Source: operations.go (patchObject: no mapping for it)."""
    rig = Rig({"controller": "garbage-collector", "now": "2026-01-01T09:00:00Z", "objects": [held("a")], "heard": True})
    rig.controller.state.observe(None, held("w", ref("a")), "example.com/v1", "Widget")
    assert rig.look({"key": "orphan/uid-a"}) == "retry" and rig.requests == []


GONE = {"code": 404, "body": {"kind": "Status", "reason": "NotFound", "message": "x"}}
GOING = {**held("a"), "metadata": {**held("a")["metadata"], "deletionTimestamp": "2026-01-01T08:59:00Z", "finalizers": ["foregroundDeletion"]}}


@pytest.mark.parametrize(("owners", "policy"), [((), "Background"), ((GOING,), "Foreground")])
@pytest.mark.parametrize("answer", [None, GONE])
def test_what_has_no_owner_left_is_deleted_and_forgotten_if_it_is_gone_already(owners, policy, answer):
    """Source: garbagecollector_test.go TestAttemptToDeleteItem, …DeleteObjectNotFound, …NotFoundWaitingForDependents."""
    objects, answers = [*owners, held("c", ref("a")), held("d", ref("c"))], {"delete configmaps c": answer} if answer else None
    rig = Rig({"controller": "garbage-collector", "now": "2026-01-01T09:00:00Z", "heard": True, "objects": objects, "answers": answers})
    assert rig.look({"key": "delete/uid-c"}) is None
    assert [(each["request"], each["body"]["propagationPolicy"]) for each in rig.requests] == [("delete configmaps c", policy)]
    assert ("uid-c" in rig.controller.state.nodes) == (answer is None)


def test_an_owner_of_another_namespace_that_is_seen_only_to_go_is_told_of_too():
    """Source: graph_builder.go (processGraphChanges: a deletion of what was known by references alone)."""
    rig = Rig({"controller": "garbage-collector", "now": "2026-01-01T09:00:00Z", "heard": True,
               "objects": [held("c", ref("a"), namespace="other")]})  # fmt: skip
    owner = held("a")
    for handler in rig.informers["configmaps"].handlers:
        handler("DELETED", owner, owner)
    words = 'ownerRef [v1/ConfigMap, namespace: other, name: a, uid: uid-a] does not exist in namespace "other"'
    assert rig.events == [f"Warning OwnerRefInvalidNamespace {words}"]
