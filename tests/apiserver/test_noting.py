"""The short way of a recorder's Event ends as the general way does, to the letter."""

from __future__ import annotations

import json

import pytest

from cluster.apiserver import create, noting, pipeline, update
from cluster.apiserver.context import Member
from cluster.meta.requests import Request, Response
from tests.conformance.in_process import InProcess

TIME = "2026-01-01T09:00:00Z"
ABOUT = {"kind": "Pod", "namespace": "default", "name": "web", "uid": "u", "apiVersion": "v1", "resourceVersion": "7"}
CORE = {
    "kind": "Event", "apiVersion": "v1", "metadata": {"name": "web.1", "namespace": "default"}, "involvedObject": ABOUT, "reason": "Started",
    "message": "Container started", "source": {"component": "kubelet", "host": "n1"}, "firstTimestamp": TIME, "lastTimestamp": TIME, "count": 1,
    "type": "Normal", "eventTime": None, "reportingComponent": "kubelet", "reportingInstance": "n1",
}  # fmt: skip
NEW = {
    "kind": "Event", "apiVersion": "events.k8s.io/v1", "metadata": {"name": "web.1", "namespace": "default"},
    "eventTime": "2026-01-01T09:00:00.000000Z", "reportingController": "default-scheduler", "reportingInstance": "default-scheduler-1",
    "action": "Binding", "reason": "Scheduled",
    "regarding": ABOUT, "note": "Successfully assigned", "type": "Normal",
}  # fmt: skip


def sent(server: InProcess, event: dict, **parts) -> Response:
    """What comes of an Event whose way is not told."""
    group = "events.k8s.io" if "regarding" in event else ""
    request = Request(**{"verb": "create", "resource": "events", "group": group, "namespace": "default", "body": event, "user": "system:node:n1",
                         "groups": ["system:nodes"], "options": {"fieldManager": "kubelet"}, **parts})  # fmt: skip
    context = server.context.enter(request, True)
    result = pipeline.arrive(request, context)
    return result if isinstance(result, Response) else pipeline.commit(result, context)


def changed(event: dict, **parts) -> dict:
    return {name: value for name, value in {**event, **parts}.items() if value is not ...}


def placed(event: dict, **meta) -> dict:
    return changed(event, metadata={**event["metadata"], **meta})


# what is sent, what is said beside it, whether the short way is taken
EVENTS = {
    "of a kubelet": (CORE, {}, True), "of the scheduler": (NEW, {}, True),
    "about a node": (changed(CORE, involvedObject={"kind": "Node", "name": "n"}), {}, True),
    "without what is always shown": (changed(CORE, source=..., eventTime=..., firstTimestamp=..., reportingComponent=None), {}, True),
    "without a version": (changed(CORE, apiVersion=..., kind=...), {}, True),
    "of a series": (changed(NEW, series={"count": 2, "lastObservedTime": TIME}), {}, True),
    "with empty words": (changed(CORE, reason="", reportingInstance=""), {}, True),
    "with annotations": (placed(CORE, annotations={"a": "b"}), {}, False),
    "with labels": (placed(NEW, labels={"a": "b"}), {}, False), "with a uid": (placed(CORE, uid="mine"), {}, False),
    "about another namespace": (changed(CORE, involvedObject={**ABOUT, "namespace": "other"}), {}, False),
    "without a name": (placed(CORE, name=""), {}, False),
    "with a bad name": (placed(CORE, name="a/b"), {}, False), "in another namespace": (placed(CORE, namespace="kube-system"), {}, False),
    "of no type": (changed(NEW, type="Odd"), {}, False), "with too many words": (changed(NEW, note="x" * 1025), {}, False),
    "with a reason that is too long": (changed(NEW, reason="x" * 129), {}, False), "of nobody": (changed(NEW, reportingController=""), {}, False),
    "to be tried only": (CORE, {"options": {"dryRun": "All"}}, False),
    "in no namespace": (placed(CORE, namespace="none"), {"namespace": "none"}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", EVENTS)
def test_an_event_ends_as_the_general_way_makes_it(case, monkeypatch):
    event, parts, is_short = EVENTS[case]
    outcomes, taken, act = [], [], noting.noted
    for is_general in (False, True):
        server = InProcess()
        monkeypatch.setattr(create.noting, "noted", lambda call, general=is_general: taken.append(None if general else act(call)) or taken[-1])
        before = json.dumps(event)
        answers = [sent(server, event, **parts), sent(server, placed(event, name="again") if event["metadata"]["name"] else event, **parts)]
        assert json.dumps(event) == before
        outcomes.append((json.dumps([(answer.code, answer.body) for answer in answers]), server.events, server.store.revision,
                         server.engine.rng.positions()))
    assert outcomes[0] == outcomes[1]
    assert (taken[0] is not None) == is_short


@pytest.mark.parametrize("resource", ["mutatingwebhookconfigurations", "validatingwebhookconfigurations", "mutatingadmissionpolicies",
                                      "validatingadmissionpolicies"])  # fmt: skip
def test_where_something_may_look_at_events_they_go_the_general_way(resource, monkeypatch):
    server, taken, act = InProcess(), [], noting.noted
    monkeypatch.setattr(create.noting, "noted", lambda call: taken.append(act(call)) or taken[-1])
    server.store.touched[f"/registry/{resource}/"] = server.store.revision
    assert sent(server, CORE).ok
    assert taken == [None]


# what is noted without a request, whether that way is taken
NOTED = {
    "of a kubelet": (CORE, True), "of the scheduler": (NEW, True), "with annotations": (placed(CORE, annotations={"a": "b"}), False),
    "with a word that is null": (changed(CORE, reportingComponent=None), True),
    "of a name that is taken": (placed(CORE, name="web.0"), False), "with a bad name": (placed(CORE, name="a/b"), False),
    "about another namespace": (changed(CORE, involvedObject={**ABOUT, "namespace": "other"}), False),
    "in no namespace": (changed(placed(CORE, namespace="none"), involvedObject={**ABOUT, "namespace": "none"}), False),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTED)
def test_an_event_without_a_request_ends_as_one_with_a_request(case):
    event, is_short = NOTED[case]
    outcomes = []
    for is_request in (True, False):
        server, before = InProcess(), json.dumps(event)
        server.engine.trace.on = server.enforces_rbac = False
        for number, first in enumerate((CORE, NEW, changed(CORE, reportingComponent=None))):
            assert sent(server, placed(first, name=f"web.{number * 9}")).ok
        given = {**event}
        stored = None if is_request else noting.note(given, "kubelet", server.context.enter(Request(verb="create", resource="events"), True))
        assert is_request or (stored is not None) == is_short
        if stored is None:
            sent(server, event, namespace=event["metadata"]["namespace"])
        assert json.dumps(event) == before and (stored is not None or given == event)
        outcomes.append((json.dumps([(key, row.value) for key, row in server.store.list("/registry/events/")]), server.store.revision,
                         server.engine.rng.positions()))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("change", ["nothing", "traced", "asked", "guarded", "cut off", "new form"])
def test_where_something_is_told_or_asked_an_event_is_a_request(change):
    server = InProcess()
    server.engine.trace.on, server.enforces_rbac = change == "traced", False
    if change != "new form":
        assert sent(server, placed(CORE, name="web.0")).ok
    context = server.context.enter(Request(verb="create", resource="events"), True)
    if change == "asked":
        server.store.touched["/registry/mutatingwebhookconfigurations/"] = server.store.revision
    elif change == "guarded":
        server.enforces_rbac = True
    elif change == "cut off":
        context.etcd = Member(is_on=False)
    elif change == "new form":
        noting._forms.clear()
    assert (noting.note({**CORE}, "kubelet", context) is None) == (change != "nothing")


COUNT = {"count": 2, "lastTimestamp": "2026-01-01T09:00:05Z", "message": "Container started"}
STRATEGIC = "application/strategic-merge-patch+json"
# how an Event is counted; what is said beside it, whether the short way is taken
COUNTS = {
    "a repeat": (COUNT, {}, True), "with other words": ({**COUNT, "message": "again"}, {}, True),
    "as it was": ({name: CORE[name] for name in COUNT}, {}, False), "without words": ({**COUNT, "message": None}, {}, False),
    "with more": ({**COUNT, "type": "Warning"}, {}, False), "with less": ({"count": 2}, {}, False),
    "of another manager": (COUNT, {"options": {"fieldManager": "other"}}, False),
    "of another kind of patch": (COUNT, {"content_type": "application/merge-patch+json"}, False),
    "to be tried only": (COUNT, {"options": {"fieldManager": "kubelet", "dryRun": "All"}}, False),
    "of none": (COUNT, {"name": "none"}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", COUNTS)
def test_a_repeat_ends_as_the_general_way_counts_it(case, monkeypatch):
    changes, parts, is_short = COUNTS[case]
    outcomes, taken, act = [], [], noting.counted
    for is_general in (False, True):
        server = InProcess()
        monkeypatch.setattr(update.noting, "counted", lambda call, general=is_general: taken.append(None if general else act(call)) or taken[-1])
        sent(server, CORE)
        sent(server, placed(CORE, name="other"), options={"fieldManager": "else"})
        held = {key: json.dumps(stored.value) for key, stored in server.store.list("/registry/events/")}
        values = {key: stored.value for key, stored in server.store.list("/registry/events/")}
        server.now_ms += 5000
        patch = {"verb": "patch", "name": "web.1", "content_type": STRATEGIC, **parts}
        answers = [sent(server, body, **patch) for body in (changes, {**changes, "count": 3})]
        assert {key: json.dumps(value) for key, value in values.items()} == held
        outcomes.append((json.dumps([(answer.code, answer.body) for answer in answers]), server.events, server.store.revision))
    assert outcomes[0] == outcomes[1]
    assert (taken[0] is not None) == is_short


def test_a_repeat_of_what_somebody_else_has_changed_goes_the_general_way(monkeypatch):
    server, taken, act = InProcess(), [], noting.counted
    monkeypatch.setattr(update.noting, "counted", lambda call: taken.append(act(call)) or taken[-1])
    sent(server, CORE)
    for manager in ("other", "kubelet"):
        server.now_ms += 5000
        sent(server, {**COUNT, "message": manager}, verb="patch", name="web.1", content_type=STRATEGIC, options={"fieldManager": manager})
    assert taken == [None, None]
