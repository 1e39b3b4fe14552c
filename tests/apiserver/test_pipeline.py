"""A component's write that no gate refuses or tells of goes straight to its verb, and ends as it does past all gates."""

from __future__ import annotations

import json

import pytest

from cluster.apiserver import pipeline
from cluster.meta.requests import Request, Response
from tests.conformance.in_process import InProcess

SENDER = {"user": "system:kube-scheduler", "groups": ["system:authenticated"], "options": {"fieldManager": "kube-scheduler"}}
POD = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "app", "image": "nginx:1"}]}}
BINDING = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n1"}}
STATUS = {"status": {"phase": "Running"}}
NOW = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
WEB = {"resource": "pods", "namespace": "default", "name": "web"}

# a request; whether it goes straight
REQUESTS = {
    "a new object": ({"verb": "create", "resource": "pods", "namespace": "default", "body": POD}, True),
    "a binding": ({**WEB, "verb": "create", "subresource": "binding", "body": BINDING}, True),
    "a patch": ({**WEB, "verb": "patch", "body": {"metadata": {"labels": {"a": "b"}}}, "content_type": MERGE}, True),
    "a status": ({**WEB, "verb": "patch", "subresource": "status", "body": STATUS, "content_type": MERGE}, True),
    "an apply": ({**WEB, "verb": "patch", "body": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"c": "d"}}},
                  "content_type": APPLY}, True),
    "an update that is refused": ({**WEB, "verb": "update", "body": {**POD, "metadata": {"name": "web"}, "spec": {"containers": []}}}, True),
    "of a missing namespace": ({"verb": "create", "resource": "pods", "namespace": "none", "body": POD}, True),
    "of a missing object": ({**WEB, "name": "none", "verb": "patch", "body": STATUS, "content_type": MERGE}, True),
    "a deletion": ({**WEB, "verb": "delete", "options": {}, "body": NOW}, True),
    "a deletion of a missing object": ({**WEB, "name": "none", "verb": "delete", "options": {}, "body": NOW}, True),
    "a deletion for a try": ({**WEB, "verb": "delete", "options": {}, "body": {**NOW, "dryRun": ["All"]}}, False),
    "a deletion that says nothing": ({**WEB, "verb": "delete"}, False),
    "of no such kind": ({"verb": "create", "resource": "none", "namespace": "default", "body": POD}, False),
    "of no such subresource": ({**WEB, "verb": "patch", "subresource": "none", "body": STATUS}, False),
    "of a subresource that is not written so": ({**WEB, "verb": "create", "subresource": "status", "body": POD}, False),
    "for a try": ({**WEB, "verb": "patch", "body": STATUS, "options": {"fieldManager": "a", "dryRun": "All"}, "content_type": MERGE}, False),
    "of a manager with an odd name": ({**WEB, "verb": "patch", "body": STATUS, "options": {"fieldManager": "\n"}}, False),
    "for somebody else": ({**WEB, "verb": "patch", "body": STATUS, "content_type": MERGE, "options": {"Impersonate-User": "u"}}, False),
    "of bytes": ({**WEB, "verb": "patch", "raw": b'{"metadata":{"labels":{"a":"b"}}}', "content_type": MERGE}, False),
}  # fmt: skip


def outcome(parts: dict, *, enforces: bool = False, quiet: bool = True) -> str:
    """All that comes of a request on a server with a Pod."""
    server = InProcess()
    server.ask("create", "pods", namespace="default", body={**POD, "metadata": {"name": "web"}})
    server.enforces_rbac = enforces
    request = Request(**{**SENDER, **parts})
    result = pipeline.arrive(request, server.context.enter(request, quiet))
    answer = result if isinstance(result, Response) else pipeline.commit(result, server.context)
    return json.dumps([answer.code, answer.body, server.store.revision, server.engine.rng.positions(), server.events])


@pytest.mark.parametrize("case", REQUESTS)
def test_it_ends_as_past_all_gates(case, monkeypatch):
    parts, is_straight = REQUESTS[case]
    taken, act = [], pipeline.routine_of
    monkeypatch.setattr(pipeline, "routine_of", lambda *given: taken.append(act(*given)) or taken[-1])
    straight = outcome(parts)
    monkeypatch.setattr(pipeline, "routine_of", lambda *_: None)
    assert straight == outcome(parts)
    assert (taken[-1] is not None) == is_straight


@pytest.mark.parametrize("way", [{"enforces": True}, {"quiet": False}])
def test_where_leave_is_asked_or_steps_are_told_it_goes_past_the_gates(way, monkeypatch):
    taken, act = [], pipeline.routine_of
    monkeypatch.setattr(pipeline, "routine_of", lambda *given: taken.append(act(*given)) or taken[-1])
    outcome(REQUESTS["a new object"][0], **way)
    assert taken[-1] is None
