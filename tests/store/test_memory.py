"""etcd in memory: revisions, compare-and-swap, the log behind the present, compaction."""
from __future__ import annotations

import pytest

from cluster.store.memory import Compacted, Conflict, Store

POD, NODE = "/registry/pods/default/a", "/registry/nodes/n1"


def obj(name: str, **fields) -> dict:
    return {"metadata": {"name": name}, **fields}


@pytest.fixture
def store():
    return Store()


def test_a_key_knows_when_it_was_made_and_changed(store):
    store.put(NODE, obj("n1"))
    store.put(POD, obj("a"))
    stored = store.put(POD, obj("a", spec={}))
    assert (stored.create_revision, stored.mod_revision, stored.version, store.revision) == (2, 3, 2, 3)
    assert store.get(POD).value == {"metadata": {"name": "a", "resourceVersion": "3"}, "spec": {}}


def test_what_was_given_is_not_changed(store):
    given = obj("a")
    store.put(POD, given)
    assert given == {"metadata": {"name": "a"}}


def test_what_nobody_else_holds_takes_its_revision_in_place(store):
    given = obj("a", spec={})
    stored = store.put(POD, given, is_own=True)
    assert stored.value is given and given == {"metadata": {"name": "a", "resourceVersion": "1"}, "spec": {}}
    lost = obj("a")
    with pytest.raises(Conflict):
        store.put(POD, lost, expected=7, is_own=True)
    assert lost == obj("a")


def test_absent_keys_and_folders_are_none_and_empty(store):
    assert store.get(POD) is None and store.list("/registry/pods/") == []


def test_a_list_is_ordered_and_keeps_to_its_prefix(store):
    for name in ("default/b", "default/a", "kube-system/a", "default2/a"):
        store.put(f"/registry/pods/{name}", obj(name))
    assert [key for key, _ in store.list("/registry/pods/")] == [
        f"/registry/pods/{name}" for name in ("default/a", "default/b", "default2/a", "kube-system/a")]
    assert [key for key, _ in store.list("/registry/pods/default/")] == ["/registry/pods/default/a", "/registry/pods/default/b"]


@pytest.mark.parametrize("expected", [1, 7, 99])
def test_a_swap_that_expects_another_revision_fails_and_changes_nothing(store, expected):
    store.put(NODE, obj("n1"))
    store.put(POD, obj("a"))
    with pytest.raises(Conflict) as conflict:
        store.put(POD, obj("a", spec=1), expected=expected)
    assert conflict.value.found == 2 and store.revision == 2 and "spec" not in store.get(POD).value
    with pytest.raises(Conflict):
        store.delete(POD, expected=expected)


def test_expecting_0_is_expecting_nothing_there(store):
    store.put(POD, obj("a"), expected=0)
    with pytest.raises(Conflict):
        store.put(POD, obj("a"), expected=0)
    store.delete(POD)
    assert store.put(POD, obj("a"), expected=0).version == 1


def test_a_deletion_has_a_revision_of_its_own(store):
    store.put(POD, obj("a"))
    stone = store.delete(POD, expected=1, final=obj("a", status="gone"))
    assert stone.value == {"metadata": {"name": "a", "resourceVersion": "2"}, "status": "gone"} and store.get(POD) is None
    with pytest.raises(Conflict) as conflict:
        store.delete(POD)
    assert conflict.value.found == 0


def test_the_log_tells_what_came_after_a_revision(store):
    store.put(POD, obj("a"))
    store.put(NODE, obj("n1"))
    store.put(POD, obj("a", spec=1))
    store.delete(POD)
    changes = store.since("/registry/pods/", 1)
    assert [(change.revision, change.type) for change in changes] == [(3, "MODIFIED"), (4, "DELETED")]
    assert changes[1].previous["spec"] == 1 and store.since("/registry/", 4) == []


def test_a_compacted_revision_is_refused_and_the_mark_itself_is_not(store):
    for number in range(5):
        store.put(POD, obj("a", spec=number))
    store.compact(3)
    with pytest.raises(Compacted):
        store.since("/registry/", 2)
    assert [change.revision for change in store.since("/registry/", 3)] == [4, 5]
    store.compact(1)
    assert store.compacted == 3


def test_the_log_is_bounded_by_itself():
    store = Store(kept=10)
    for number in range(100):
        store.put(POD, obj("a", spec=number))
        assert len(store.changes) <= 20
    assert store.compacted >= 80 and len(store.since("/registry/", 90)) == 10


def test_what_was_drained_is_not_drained_again(store):
    store.now_ms = 5
    store.put(POD, obj("a"))
    assert [(change.revision, change.at_ms) for change in store.drain()] == [(1, 5)] and store.drain() == []


def test_a_key_is_found_wherever_its_folder_has_it(store):
    for name in "abab":
        store.put(f"/registry/pods/default/{name}", obj(name))
    store.delete("/registry/pods/default/a")
    other = Store()
    other.restore(store.snapshot())
    for each in (store, other):
        assert each.get("/registry/pods/default/a") is None
        assert [(key, each.get(key)) for key, _ in each.list("/registry/pods/")] == each.list("/registry/pods/") != []


def test_a_restored_store_goes_on(store):
    store.put(POD, obj("a"))
    store.put(NODE, obj("n1"))
    other = Store()
    other.restore(store.snapshot())
    assert other.list("/registry/pods/") == store.list("/registry/pods/") and other.revision == 2
    with pytest.raises(Compacted):
        other.since("/registry/", 1)
    assert other.put(POD, obj("a"), expected=1).mod_revision == 3


@pytest.mark.parametrize("is_committed", [True, False])
def test_what_nobody_commits_is_kept_only_as_long_as_the_log_goes_back(is_committed):
    store = Store(kept=5, is_committed=is_committed)
    for number in range(20):
        store.put(POD, obj("a", spec={"number": number}))
    assert len(store.drain()) == (20 if is_committed else 0) and len(store.changes) <= 10 and len(store.since("/registry/", 15)) == 5
