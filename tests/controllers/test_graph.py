"""The garbage collector's graph: what each change makes it look at.

Source: pkg/controller/garbagecollector/garbagecollector_test.go, graph_builder_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers._graph import FOREGROUND, ORPHAN, Coordinates, Graph, Node, alternate, identity


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
    assert graph.remove_virtual(graph.nodes["ghost"].coordinates) == [("delete", "a")]


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


# -- owners that are called by several names -----------------------------------------------------------------------------------------------------

PARENT = Coordinates("Parent", "v1", "ns1", "p", "u")
GLOBAL = PARENT._replace(namespace="")


def child(*owners, namespace="ns1", name="c"):
    return Node(name, "v1", "Child", name, namespace, [{"apiVersion": o.api_version, "kind": o.kind, "name": o.name, "uid": o.uid} for o in owners])


def versions(namespace):
    return [PARENT._replace(api_version=f"v{number}", namespace=namespace) for number in range(1, 6)]


@pytest.mark.parametrize(("dependents", "absent", "other"), [
    ([child(PARENT), child(PARENT._replace(api_version="xx"))], PARENT, PARENT._replace(api_version="xx")),
    ([child(PARENT), child(PARENT._replace(kind="xx"))], PARENT, PARENT._replace(kind="xx")),
    ([child(PARENT), child(PARENT, namespace="ns2")], PARENT, PARENT._replace(namespace="ns2")),
    ([child(PARENT), child(PARENT._replace(name="xx"))], PARENT, PARENT._replace(name="xx")),
    ([child(GLOBAL), child(GLOBAL._replace(api_version="xx"))], GLOBAL, PARENT._replace(api_version="xx")),
    ([child(GLOBAL), child(GLOBAL._replace(kind="xx"))], GLOBAL, PARENT._replace(kind="xx")),
    ([child(GLOBAL), child(GLOBAL, namespace="ns2")], GLOBAL, None),
    ([child(GLOBAL), child(GLOBAL._replace(name="xx"))], GLOBAL, GLOBAL._replace(name="xx")),
    ([child(*versions("ns1"))], versions("ns1")[4], versions("ns1")[0]),
    ([child(*versions("ns1"))], versions("ns1")[3], versions("ns1")[4]),
    ([child(*versions(""), namespace="")], versions("")[4], versions("")[0]),
    ([child(*versions(""), namespace="")], versions("")[3], versions("")[4]),
    ([child(GLOBAL, PARENT._replace(uid="other", name="xx"))], GLOBAL, None),
    ([child(GLOBAL, GLOBAL)], GLOBAL, None),
    ([child(GLOBAL, *[GLOBAL._replace(kind="xx")] * 2, namespace="")], GLOBAL, GLOBAL._replace(kind="xx")),
])  # fmt: skip
def test_an_owner_that_is_not_there_is_tried_by_what_others_call_it(dependents, absent, other):
    """Source: graph_builder_test.go TestGetAlternateOwnerIdentity."""
    assert alternate(dependents, absent) == other


def graph_with(*nodes):
    graph = Graph()
    for node in nodes:
        meta = {"name": node.name, "uid": node.uid, "namespace": node.namespace, "ownerReferences": node.owners}
        graph.observe(None, {"metadata": meta}, node.api_version, node.kind)
    return graph


BAD = PARENT._replace(kind="Secret", name="s")


def test_children_that_call_one_owner_differently_do_not_share_its_fate():
    """Source: garbagecollector_test.go TestConflictingData (bad child, good child, bad parent delete)."""
    graph = graph_with(child(BAD, name="bad"), child(PARENT, name="good"))
    assert graph.nodes["u"].coordinates == BAD
    assert graph.remove_virtual(BAD) == [("delete", "bad")] and graph.nodes["u"].coordinates == PARENT
    assert graph.remove("bad") == [] and graph.remove_virtual(PARENT) == [("delete", "good")] and "u" not in graph.nodes


def test_an_owner_that_was_seen_meanwhile_is_not_taken_for_another_that_is_missing():
    """Source: garbagecollector_test.go TestConflictingData (bad child, good child, good parent, bad parent delete)."""
    graph = graph_with(child(BAD, name="bad"), child(PARENT, name="good"))
    assert graph.observe(None, {"metadata": {"name": "p", "uid": "u", "namespace": "ns1"}}, "v1", "Parent") == [("delete", "bad")]
    assert graph.remove_virtual(BAD) == [("delete", "bad")] and not graph.nodes["u"].virtual


def test_an_owner_that_something_outside_of_namespaces_refers_to_may_be_wrong_for_others():
    """Source: garbagecollector_test.go TestConflictingData (cluster-scoped bad child, namespaced good child)."""
    graph = graph_with(child(GLOBAL, namespace="", name="node"))
    good = {"metadata": {"name": "good", "uid": "good", "namespace": "ns1", "ownerReferences": child(PARENT).owners}}
    assert graph.observe(None, good, "v1", "Child") == [("delete", "good")]
    seen = graph.observe(None, {"metadata": {"name": "p", "uid": "u", "namespace": "ns1"}}, "v1", "Parent")
    assert seen == [("report", "node/u"), ("delete", "node")]


def test_an_owner_that_is_seen_only_to_go_is_known_by_its_own_coordinates():
    graph = graph_with(child(GLOBAL, namespace="ns1"))
    assert graph.nodes["u"].coordinates == PARENT
    assert graph.vanish({"metadata": {"name": "p", "uid": "u"}}, "v1", "Parent") == [("delete", "c")]
    assert list(graph.absent) == [identity(GLOBAL)]


def test_owners_that_are_asked_for_are_forgotten_last(monkeypatch):
    """Source: garbagecollector_test.go TestAbsentOwnerCache."""
    monkeypatch.setattr("cluster.controllers._graph.ABSENT_CACHE_SIZE", 2)
    graph, (first, second, third) = Graph(), (PARENT._replace(uid=uid) for uid in "123")
    graph.note_absent(identity(first))
    graph.note_absent(identity(second))
    assert graph.is_absent(child(first).owners[0], "ns1") and not graph.is_absent(child(third).owners[0], "ns1")
    graph.note_absent(identity(third))
    assert list(graph.absent) == [identity(first), identity(third)]


OF_TEST = [
    [("1",), ("2", "1"), ("3", "1", "2")],
    [("1",), ("2", "1"), ("3", "1", "2"), ("4", "2"), "2"],
    [("1",), ("2", "1"), ("3", "1", "2"), ("4", "3"), ("2", "4")],
    [("4", "2"), ("3", "1", "2"), ("2", "1"), ("1",), "2"],
]


@pytest.mark.parametrize("events", OF_TEST)
def test_owners_and_dependents_know_of_each_other(events):
    """Source: garbagecollector_test.go TestProcessEvent. A text: that object goes."""
    graph = Graph()
    for event in events:
        if isinstance(event, str):
            graph.remove(event)
        else:
            graph.observe(None, obj(event[0], owners=event[1:]), "v1", "Thing")
        for node in graph.nodes.values():
            assert all(node.uid in graph.nodes[ref["uid"]].dependents for ref in node.owners if ref["uid"] in graph.nodes)
            assert all(node.uid in [ref["uid"] for ref in graph.nodes[uid].owners] for uid in node.dependents)
