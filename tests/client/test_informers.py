"""A process's own copy of what it watches: indexes and their order, news, lists anew."""
from __future__ import annotations

import msgspec
import pytest

from cluster.client.informers import Informer, Informers
from cluster.engine.plain import freeze, thaw
from cluster.engine.rng import Stream
from cluster.worker.simulation import Simulation, settings_for


def pod(name: str, node: str = "", revision: int = 1) -> dict:
    return {"metadata": {"namespace": "default", "name": name, "resourceVersion": str(revision)}, "spec": {"nodeName": node}}


def nodes(obj: dict) -> list[str]:
    return [obj["spec"]["nodeName"]] if obj["spec"]["nodeName"] else []


@pytest.fixture
def informer():
    made = Informer("pods", "", {"node": nodes})
    for name, node in (("c", "n1"), ("a", "n1"), ("b", "n2")):
        made.put("ADDED", pod(name, node))
    return made


def names(objects: list[dict]) -> list[str]:
    return [obj["metadata"]["name"] for obj in objects]


def in_order(informer: Informer) -> dict:
    return {name: {value: list(rows.items()) for value, rows in index.items()} for name, index in informer.indexes.items()}


def test_objects_and_indexes_keep_the_order_in_which_they_came(informer):
    assert names(informer.items()) == ["c", "a", "b"] and names(informer.by("node", "n1")) == ["c", "a"]


def test_an_object_keeps_its_place_unless_its_index_changes(informer):
    informer.put("MODIFIED", pod("c", "n1", 5))
    assert names(informer.by("node", "n1")) == ["c", "a"] and informer.by("node", "n1")[0]["metadata"]["resourceVersion"] == "5"
    informer.put("MODIFIED", pod("c", "n2", 6))
    assert names(informer.by("node", "n1")) == ["a"] and names(informer.by("node", "n2")) == ["b", "c"]
    assert names(informer.items()) == ["a", "b", "c"]


def test_what_an_event_is_depends_on_what_was_known(informer):
    assert informer.put("MODIFIED", pod("new"))[0] == "ADDED"
    assert informer.put("ADDED", pod("new", revision=2))[0] == "MODIFIED"
    kind, old = informer.put("DELETED", pod("new", revision=3))
    assert kind == "DELETED" and old["metadata"]["resourceVersion"] == "2"
    assert informer.put("DELETED", pod("new"))[1] is None


def test_an_index_value_without_objects_is_empty(informer):
    informer.put("DELETED", pod("b", "n2"))
    assert informer.by("node", "n2") == [] == informer.by("node", "nowhere") and "n2" not in informer.indexes["node"]


def test_a_restored_informer_has_the_same_indexes_in_the_same_order(informer):
    informer.put("MODIFIED", pod("c", "n2"))
    other = Informer("pods", "", {"node": nodes})
    thaw(other, msgspec.json.decode(msgspec.json.encode(freeze(informer))))
    assert other.indexes == informer.indexes
    assert [names(other.by("node", node)) for node in ("n1", "n2")] == [names(informer.by("node", node)) for node in ("n1", "n2")]


def test_indexes_that_were_kept_up_are_those_that_are_made_anew(informer):
    informer.add_index("labels", lambda obj: sorted(obj["metadata"].get("labels") or ()))
    chance = Stream(3)
    for revision in range(200):
        obj = pod(chance.choice("abcdef"), chance.choice(["", "n1", "n2"]), revision)
        obj["metadata"]["labels"] = dict.fromkeys(chance.choice(["", "x", "xy", "y"]), "")
        informer.tell(chance.choice(["ADDED", "MODIFIED", "MODIFIED", "DELETED"]), obj)
        kept = in_order(informer)
        informer.on_restore()
        assert in_order(informer) == kept


def test_a_list_anew_tells_what_changed_meanwhile(informer):
    told = []
    informer.on(lambda kind, old, new: told.append((kind, new["metadata"]["name"], old is not None)))
    shared = Informers.__new__(Informers)
    shared._replace(informer, {"items": [pod("a", "n1", 9), pod("d", "n1", 9)]})
    assert told == [("DELETED", "c", True), ("DELETED", "b", True), ("MODIFIED", "a", True), ("ADDED", "d", False)]
    assert names(informer.items()) == ["a", "d"]


def test_a_stopped_component_lists_anew_and_hears_what_it_missed():
    from cluster.worker.simulation import Simulation, settings_for
    simulation = Simulation(settings_for("empty")).boot()
    engine = simulation.engine
    simulation.apply("fault", {"action": "component-stop", "args": ["kube-controller-manager"]})
    assert not simulation.manager.informers["namespaces"].items()
    namespace = simulation.store.get("/registry/namespaces/default").value
    simulation.store.put("/registry/namespaces/more", {**namespace, "metadata": {**namespace["metadata"], "name": "more"}})
    simulation.apply("fault", {"action": "component-start", "args": ["kube-controller-manager"]})
    engine.settle()
    informer = simulation.manager.informers["namespaces"]
    assert informer.synced and informer.get("more") and len(informer.items()) == 5


def owned(kind: str | None, name: str = "p") -> dict:
    references = [{"kind": kind, "name": "o", "uid": "u", "controller": True}] if kind else []
    return {"metadata": {"namespace": "default", "name": name, "resourceVersion": "1", "ownerReferences": references}, "spec": {"nodeName": ""}}


@pytest.mark.parametrize(("before", "after", "told"), [
    (None, "Job", ["Job"]), (None, "Deployment", []), ("Job", "Job", ["Job"]), ("Job", "ReplicaSet", ["Job", "ReplicaSet"]),
    ("", "Job", ["Job", "ReplicaSet"]), ("Job", "", ["Job", "ReplicaSet"]), ("", "", ["Job", "ReplicaSet"]), (None, "", ["Job", "ReplicaSet"]),
])
def test_only_controllers_of_the_owners_kind_hear_of_a_change_and_all_of_an_orphan(informer, before, after, told):
    heard = {kind: (lambda *news, kind=kind: kind) for kind in ("Job", "ReplicaSet")}
    for kind, handler in heard.items():
        informer.on_owned(kind, handler)
    old = None if before is None else owned(before)
    assert [handler() for handler in informer.concerned(old, owned(after))] == told


def test_a_copy_knows_how_far_it_has_come_also_after_a_restore(informer):
    assert informer.has_seen(10)   # nothing is known yet
    informer.state.newest = "9"
    thaw(informer, freeze(informer))
    assert informer.has_seen(9) and not informer.has_seen(10)


def running(revision: int, **status) -> dict:
    """A Pod on a node; all of a name share what is asked of them."""
    meta = {**METADATA, "resourceVersion": str(revision)}
    return {"metadata": meta, "spec": SPEC, "status": {"phase": "Running", **status}}


METADATA = {**owned("Job", "r")["metadata"], "uid": "1", "labels": {}}
SPEC = {"nodeName": "n1"}


@pytest.mark.parametrize("is_report", [True, False])
def test_a_mere_report_is_told_to_those_who_want_it_and_found_in_every_index(informer, is_report):
    heard = []
    informer.on(lambda *news: heard.append("all"))
    informer.on(lambda *news: heard.append("news"), report=None)
    informer.on(lambda *news: heard.append("news"), report=lambda *news: heard.append("report"))
    informer.on_owned("Job", lambda *news: heard.append("owned"), report=lambda kind, old, new: heard.append((kind, old["status"], new["status"])))
    informer.put("ADDED", running(1))
    informer.tell("MODIFIED", running(2, ready=True) if is_report else {**running(2, ready=True), "spec": {**SPEC}})
    told = ["all", "report", ("MODIFIED", {"phase": "Running"}, {"phase": "Running", "ready": True})]
    assert heard == (told if is_report else ["all", "news", "news", "owned"])
    assert informer.get("default/r")["status"] == informer.by("node", "n1")[-1]["status"] == {"phase": "Running", "ready": True}


def test_who_is_switched_off_hears_no_reports_either(informer):
    heard = []
    for informer.registrant in ("on", "off"):
        informer.on(lambda *news, name=informer.registrant: heard.append(name))
        informer.on_owned("Job", lambda *news, name=informer.registrant: heard.append("owned, " + name))
    informer.tell_only(("off",))
    informer.put("ADDED", running(1))
    informer.tell("MODIFIED", running(2))
    assert heard == ["on", "owned, on"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_cluster_whose_controllers_hear_of_every_report_in_full_does_the_same(monkeypatch, seed):
    from cluster.client import informers
    short = history(seed)
    monkeypatch.setattr(informers, "ONLY_REPORTS", {})
    assert history(seed) == short


def history(seed: int) -> list:
    """What a random history leaves: its trace and its revisions."""
    import random

    from tests.histories.moves import Cluster, draw
    cluster = Cluster(seed)
    cluster.engine.trace.on = True
    for move in draw(random.Random(seed)):
        cluster.do(move)
    return [*cluster.engine.trace.events, *((change.type, change.value) for change in cluster.store.uncommitted)]


def test_a_kind_that_is_forgotten_while_it_is_listed_is_not_watched():
    simulation = Simulation(settings_for("learner", nodes=["n1"], seed=1), trace=False).boot()
    informers, hub = simulation.engine.actors["kube-scheduler"].informers, simulation.engine.actors["kube-apiserver"].hub
    before = len(hub.by_id)
    for is_forgotten, more in ((True, 0), (False, 1)):
        informers.follow("ingresses")
        if is_forgotten:
            informers.forget("ingresses")
        simulation.engine.run_until(simulation.engine.now_ms + 1_000)
        assert len(hub.by_id) == before + more
