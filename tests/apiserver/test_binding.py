"""The short way of a plain Binding ends as the general way does, to the letter, and is left where anything else is to be looked at."""
from __future__ import annotations

import json

import pytest

from cluster.apiserver import binding, pipeline
from cluster.meta.requests import Request, Response
from tests.conformance.in_process import InProcess

ZONE = {"topology.kubernetes.io/zone": "a"}
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods/binding"]}
POLICY = {"metadata": {"name": "p"}, "spec": {"validations": [{"expression": "true"}], "matchConstraints": {"resourceRules": [RULE]}}}


def outcome(monkeypatch, *, is_general: bool, spec: dict, labels: dict, meta: dict, target: dict, parts: dict, before) -> tuple:
    """All that comes of a Binding, and whether it went the short way."""
    taken, act = [], binding.plainly_bound
    server = InProcess()
    server.ask("create", "nodes", body={"metadata": {"name": "n1", "labels": labels}})
    spec = {"containers": [{"name": "c", "image": "i"}], **spec}
    made = server.ask("create", "pods", namespace="default", body={"metadata": {"name": "web"}, "spec": spec}).body
    before(server)
    monkeypatch.setattr(binding, "plainly_bound", lambda call: taken.append(None if is_general else act(call)) or taken[-1])
    meta = {"name": "web", "namespace": "default", "uid": made["metadata"]["uid"], **meta}
    sent = {"verb": "create", "resource": "pods", "namespace": "default", "name": "web", "subresource": "binding", "user": "system:kube-scheduler",
            "groups": ["system:masters"], "options": {"fieldManager": "kube-scheduler"},
            "body": {"kind": "Binding", "apiVersion": "v1", "metadata": meta, "target": {"kind": "Node", "name": "n1", **target}}}  # fmt: skip
    request = Request(**{**sent, **parts})
    result = pipeline.arrive(request, server.context.enter(request, True))
    answer = result if isinstance(result, Response) else pipeline.commit(result, server.context)
    stored = server.store.get("/registry/pods/default/web")
    return json.dumps([answer.code, answer.body, stored.value, server.events, server.store.revision]), taken[-1] is not None


def nothing(server: InProcess) -> None:
    """Nothing happens before."""


def bind_before(server: InProcess) -> None:
    body = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n2"}}
    server.ask("create", "pods", namespace="default", name="web", subresource="binding", body=body)


def end_namespace(server: InProcess) -> None:
    key = "/registry/namespaces/default"
    server.store.put(key, {**server.store.get(key).value, "status": {"phase": "Terminating"}})


def nominate(server: InProcess) -> None:
    server.ask("patch", "pods", namespace="default", name="web", subresource="status", body={"status": {"nominatedNodeName": "n1", "conditions": [
        {"type": "PodScheduled", "status": "False"}, {"type": "Ready", "status": "False"}]}},
        content_type="application/strategic-merge-patch+json")  # fmt: skip


# what differs from a plain Binding, and whether it goes the short way
BINDINGS = {
    "a plain one": ({}, True), "to a node of a zone": ({"labels": ZONE}, True), "to a node that is none": ({"target": {"name": "none"}}, True),
    "of a Pod that was nominated": ({"before": nominate}, True), "of another uid": ({"meta": {"uid": "other"}}, False),
    "with labels": ({"meta": {"labels": {"a": "b"}}}, False), "for a revision": ({"meta": {"resourceVersion": "1"}}, False),
    "of another name": ({"meta": {"name": "other"}}, False), "to nothing": ({"target": {"name": ""}}, False),
    "to no node": ({"target": {"kind": "Pod"}}, False), "of no Pod": ({"parts": {"name": "none"}}, False),
    "of a bound Pod": ({"before": bind_before}, False), "in a dry run": ({"parts": {"options": {"dryRun": "All"}}}, False),
    "of a Pod that is held": ({"spec": {"schedulingGates": [{"name": "a.b/c"}]}}, False),
    "where policies look": ({"before": lambda server: server.ask(
        "create", "validatingadmissionpolicies", group="admissionregistration.k8s.io", body=POLICY)}, False),
    "in a namespace that ends": ({"before": end_namespace}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", BINDINGS)
def test_it_ends_as_the_general_way(case, monkeypatch):
    parts, is_short = BINDINGS[case]
    plain = {"spec": {}, "labels": {}, "meta": {}, "target": {}, "parts": {}, "before": nothing, **parts}
    short, general = (outcome(monkeypatch, is_general=is_general, **plain) for is_general in (False, True))
    assert short[0] == general[0]
    assert (short[1], general[1]) == (is_short, False)
    monkeypatch.undo()
