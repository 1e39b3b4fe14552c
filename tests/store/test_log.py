"""The committed side: one transaction a turn, any object at any revision, the trace after a seq."""
from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from cluster.engine import TraceEvent
from cluster.models import Input, Revision, Sandbox, Snapshot, TraceChunk
from cluster.store import log
from cluster.store.memory import Store

pytestmark = pytest.mark.django_db
POD = "/registry/pods/default/a"


@pytest.fixture
def sandbox():
    return Sandbox.objects.create(name="one", token="t1")


@pytest.fixture
def store(sandbox):
    """Four committed revisions of two keys."""
    store = Store()
    store.put(POD, {"metadata": {"name": "a"}, "n": 1})
    store.put("/registry/nodes/n1", {"metadata": {"name": "n1"}})
    store.put(POD, {"metadata": {"name": "a"}, "n": 3})
    store.delete(POD)
    log.commit_turn(sandbox, store.drain(), facts(1, 3), revision=4, seq=3)
    return store


def facts(first: int, last: int) -> list[TraceEvent]:
    return [TraceEvent(seq, seq * 10, "actor", "KeyWritten", "", seq - 1, {"n": seq}, seq) for seq in range(first, last + 1)]


@pytest.mark.slow
def test_a_turn_keeps_changes_facts_and_position(sandbox, store):
    row = Sandbox.objects.get()
    assert (row.revision, row.seq, sandbox.seq) == (4, 3, 3)
    assert Revision.objects.count() == 4 and TraceChunk.objects.count() == 1


@pytest.mark.slow
def test_a_turn_is_all_or_nothing(sandbox, store):
    store.put(POD, {"metadata": {"name": "a"}})
    with pytest.raises(IntegrityError):
        log.commit_turn(sandbox, store.drain(), facts(1, 1), revision=5, seq=4)
    assert Sandbox.objects.get().revision == 4 and Revision.objects.count() == 4


@pytest.mark.parametrize(("revision", "wanted"), [(0, None), (1, 1), (2, 1), (3, 3), (None, 3), (4, 3), (99, 3)])
def test_an_object_at_any_revision_is_one_query(sandbox, store, revision, wanted, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = log.object_at(sandbox, POD, revision)
    assert (found[0]["n"] if found else None) == wanted
    if found:
        assert found[1].type == ("DELETED" if revision in (None, 4, 99) else "ADDED" if revision in (1, 2) else "MODIFIED")


def test_changes_of_a_range_by_revision(sandbox, store):
    changes = log.changes_between(sandbox, 2, 3)
    assert [(number, change.type, change.key) for number, change in changes.items()] == [
        (2, "ADDED", "/registry/nodes/n1"), (3, "MODIFIED", POD)]


def test_current_objects_are_those_that_are_there(sandbox, store):
    assert [(key, obj["metadata"]["name"], row.revision) for key, obj, row in log.current_objects(sandbox)] == [
        ("/registry/nodes/n1", "n1", 2)]


def test_the_trace_after_a_seq_across_chunks(sandbox, store):
    log.commit_turn(sandbox, [], facts(4, 9), seq=9)
    assert list(log.trace_after(sandbox, 2)) == facts(3, 9)
    assert list(log.trace_after(sandbox, 0, until=4)) == facts(1, 4)
    assert list(log.trace_after(sandbox, 9)) == []


def test_the_journal_is_read_back_in_order(sandbox):
    log.journal(sandbox, [(1, 5, 50, "fault", {"action": "x"}), (2, 5, 50, "kubectl", {"files": ["é"]})])
    assert log.inputs_after(sandbox, 0) == [(1, 5, 50, "fault", {"action": "x"}), (2, 5, 50, "kubectl", {"files": ["é"]})]
    assert len(log.inputs_after(sandbox, 1)) == 1 and log.last_input(sandbox) == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        log.journal(sandbox, [(2, 9, 90, "fault", {})])


def test_one_snapshot_is_kept_and_only_a_usable_one_is_found(sandbox):
    for step in (10, 20):
        log.save_snapshot(sandbox, {"step": step}, step=step, number=0, seq=0, revision=0, engine_version="v1")
    assert Snapshot.objects.count() == 1
    assert log.latest_snapshot(sandbox, step=25, engine_version="v1")[0] == {"step": 20}
    assert log.latest_snapshot(sandbox, step=15, engine_version="v1") is None
    assert log.latest_snapshot(sandbox, step=25, engine_version="v2") is None


def test_erase_forgets_one_run_and_keeps_name_and_settings(sandbox, store):
    other = Sandbox.objects.create(name="two", token="t2")
    log.journal(sandbox, [(1, 0, 0, "fault", {})])
    log.journal(other, [(1, 0, 0, "fault", {})])
    log.erase(sandbox)
    row = Sandbox.objects.get(name="one")
    assert (row.revision, row.seq, row.steps, row.run, row.mode, row.token) == (0, 0, 0, 1, "held", "t1")
    assert (sandbox.revision, sandbox.run) == (0, 1)
    assert not Revision.objects.filter(sandbox=sandbox).exists() and [each.sandbox for each in Input.objects.all()] == [other]
