"""The garbage collector's graph: what each change makes it look at.

Source: pkg/controller/garbagecollector/garbagecollector_test.go.
"""

from __future__ import annotations

from cluster.controllers._graph import FOREGROUND, ORPHAN, Graph


def obj(name, *, owners=(), finalizers=(), deleted=False, namespace="default"):
    meta = {"name": name, "uid": name, "namespace": namespace, "finalizers": list(finalizers)}
    if owners:
        meta["ownerReferences"] = [reference(owner) for owner in owners]
    if deleted:
        meta["deletionTimestamp"] = "2026-01-01T09:00:00Z"
    return {"metadata": meta}


def reference(name, block=True):
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        "name": name,
        "uid": name,
        "controller": True,
        "blockOwnerDeletion": block,
    }


def graph_of(*objects):
    graph = Graph()
    for item in objects:
        graph.observe(None, item, "v1", "Thing")
    return graph


def test_dependents_of_a_deleted_owner_are_looked_at():
    graph = graph_of(obj("owner"), obj("a", owners=["owner"]), obj("b", owners=["owner"]))
    assert graph.remove("owner") == [("delete", "a"), ("delete", "b")]
    assert graph.is_absent(reference("owner"), "default")


def test_an_owner_that_nobody_has_seen_is_looked_up():
    graph = Graph()
    assert graph.observe(None, obj("a", owners=["ghost"]), "v1", "Thing") == [("delete", "ghost")]
    assert graph.nodes["ghost"].virtual
    assert graph.remove_virtual("ghost") == [("delete", "a")]


def test_an_owner_that_shows_up_is_no_longer_virtual():
    graph = graph_of(obj("a", owners=["late"]))
    assert graph.observe(None, obj("late"), "v1", "Thing") == []
    assert not graph.nodes["late"].virtual


def test_a_foreground_deletion_looks_at_dependents_and_then_at_the_owner():
    owner = obj("owner")
    graph = graph_of(owner, obj("a", owners=["owner"]))
    going = obj("owner", finalizers=[FOREGROUND], deleted=True)
    assert graph.observe(owner, going, "v1", "Thing") == [("delete", "a"), ("delete", "owner")]
    assert graph.observe(going, going, "v1", "Thing") == []
    assert [node.uid for node in graph.blocking(graph.nodes["owner"])] == ["a"]
    assert graph.remove("a") == [("delete", "owner")]


def test_an_orphaning_deletion_is_a_matter_of_its_own():
    owner = obj("owner")
    graph = graph_of(owner)
    assert graph.observe(owner, obj("owner", finalizers=[ORPHAN], deleted=True), "v1", "Thing") == [("orphan", "owner")]


def test_a_reference_taken_off_unblocks_its_owner():
    before = obj("a", owners=["owner"])
    graph = graph_of(obj("owner"), before)
    assert graph.observe(before, obj("a"), "v1", "Thing") == [("delete", "owner")]
    assert graph.nodes["owner"].dependents == {}


def test_an_owner_in_another_namespace_is_suspect():
    graph = graph_of(obj("owner", namespace="elsewhere"))
    assert graph.observe(None, obj("a", owners=["owner"]), "v1", "Thing") == [("report", "a/owner"), ("delete", "a")]


def test_an_unchanged_object_is_no_reason_to_look():
    item = obj("a", owners=["owner"])
    graph = graph_of(obj("owner"), item)
    assert graph.observe(item, obj("a", owners=["owner"]), "v1", "Thing") == []


def test_what_goes_without_finalizers_is_no_reason_to_look_but_is_known_to_go():
    graph, going = graph_of(obj("a"), obj("b", owners=["a"])), obj("a", deleted=True)
    assert graph.observe(obj("a"), going, "v1", "Thing") == [] and graph.nodes["a"].being_deleted
    assert graph.observe(going, obj("a", deleted=True, finalizers=[FOREGROUND]), "v1", "Thing") == [("delete", "b"), ("delete", "a")]
