"""The short way of a reported status ends as applying its patch does, who owns what and the order of names included."""

from __future__ import annotations

import json
import random

import pytest

from cluster.apiserver import managed, reporting, update
from cluster.apiserver.call import Call
from cluster.kubelet.status_patch import patch_of
from cluster.meta.requests import Request
from tests.conformance.in_process import ADMIN, InProcess

KUBELET = {"resource": "pods", "namespace": "default", "subresource": "status", "user": "system:node:n1", "groups": ["system:nodes"],
           "content_type": "application/strategic-merge-patch+json", "user_agent": "kubelet/v1.36.3",
           "options": {"fieldManager": "kubelet"}}  # fmt: skip
TYPES = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled", "example.com/gate")
NAMES = ("one", "two", "three")


def started() -> InProcess:
    """A server with some Pods that somebody has bound and somebody else has labelled."""
    server = InProcess()
    for name in NAMES:
        spec = {"containers": [{"name": "app", "image": "nginx:1"}]}
        server.ask("create", "pods", namespace="default", body={"metadata": {"name": name}, "spec": spec})
        bound = {"metadata": {"name": name}, "target": {"name": "n1"}}
        server.ask("create", "pods", namespace="default", name=name, subresource="binding", body=bound)
    return server


def stored(server: InProcess, name: str) -> dict:
    return server.store.get(f"/registry/pods/default/{name}").value


def condition(chance: random.Random, kind: str) -> dict:
    found = {"type": kind, "status": chance.choice(["True", "False"]), "lastProbeTime": None,
             "lastTransitionTime": f"2026-01-01T09:00:0{chance.randrange(3)}Z"}
    found |= {name: chance.choice("ab") for name in ("reason", "message") if chance.random() < 0.4}
    return found | ({"observedGeneration": 1} if chance.random() < 0.7 else {})


def drawn(chance: random.Random, before: dict) -> dict:
    """A status that follows another: most of it stays, some of it goes or comes, now and then something that is refused."""
    state = chance.choice([{"waiting": {"reason": "ContainerCreating"}}, {"running": {"startedAt": "2026-01-01T09:00:01Z"}}, {"running": {}}])
    address = f"10.0.0.{chance.randrange(1, 9)}"
    parts = {
        "phase": lambda: chance.choice(["Pending", "Running"]), "hostIP": lambda: "10.1.0.1", "hostIPs": lambda: [{"ip": "10.1.0.1"}],
        "startTime": lambda: "2026-01-01T09:00:00Z", "message": lambda: chance.choice("xy"),
        "observedGeneration": lambda: chance.choice([1, 1, 1, -1]),
        "resources": lambda: chance.choice([{}, {"requests": {"cpu": "1"}}, {"requests": {"cpu": "2", "memory": "1Gi"}}]),
        "allocatedResources": lambda: {"cpu": chance.choice("12")},
        "containerStatuses": lambda: [{"name": "app", "state": state, "lastState": {}, "ready": False, "restartCount": 0, "image": "nginx:1",
                                       "imageID": ""} | ({"started": True} if chance.random() < 0.5 else {})],
        "conditions": lambda: [condition(chance, kind) if chance.random() < 0.5 else there.get(kind) or condition(chance, kind)
                               for kind in TYPES if chance.random() < 0.9 or kind in there],
    }  # fmt: skip
    there = {found["type"]: found for found in before.get("conditions") or ()}
    wanted = {name: value for name, value in before.items() if chance.random() < 0.97 or name == "qosClass"}
    wanted |= {name: make() for name, make in parts.items() if chance.random() < 0.4}
    return wanted | ({"podIP": address, "podIPs": [{"ip": address}]} if chance.random() < 0.3 else {})


def report(server: InProcess, name: str, wanted: dict, *, is_short: bool):
    live = stored(server, name)
    body = {"metadata": {"uid": live["metadata"]["uid"]}, "status": patch_of(live["status"], wanted)}
    outcome = [live["metadata"]["resourceVersion"], wanted] if is_short else None
    return server.run(Request(verb="patch", name=name, body=body, outcome=outcome, **KUBELET))


def in_order(body: dict) -> str:
    """An answer as text, but for the order of names within a condition: that is the kubelet's on the short way."""
    conditions = (body.get("status") or {}).get("conditions") if body["kind"] == "Pod" else None
    status = {**body["status"], "conditions": [dict(sorted(found.items())) for found in conditions]} if conditions else body["status"]
    return json.dumps({**body, "status": status})


@pytest.mark.parametrize("seed", range(3))
def test_a_report_ends_as_its_patch_does(seed):
    chance, short, general = random.Random(seed), started(), started()
    for _ in range(15):
        name = chance.choice(NAMES)
        if chance.random() < 0.2:       # somebody else owns a condition too, or is refused
            other = {"status": {"conditions": [condition(chance, chance.choice(TYPES))]}}
            for server in (short, general):
                server.run(Request(verb="patch", name=name, body=other, **{**KUBELET, **ADMIN, "options": {"fieldManager": "other"}}))
        wanted = drawn(chance, stored(short, name)["status"])
        text = json.dumps(wanted)
        answers = [report(server, name, wanted, is_short=server is short) for server in (short, general)]
        assert in_order(answers[0].body) == in_order(answers[1].body)
        assert json.dumps(wanted) == text       # it is the kubelet's, though the server holds parts of it
        assert [answer.code for answer in answers] in ([200, 200], [422, 422])
    assert short.events == general.events and short.store.revision == general.store.revision


def test_pods_to_which_the_same_happens_share_what_comes_of_it():
    chance, short, general = random.Random(0), started(), started()
    for server in (short, general):     # as those of one template do
        owned = stored(server, "one")["metadata"]["managedFields"]
        for name in NAMES[1:]:
            live = stored(server, name)
            server.store.put(f"/registry/pods/default/{name}", {**live, "metadata": {**live["metadata"], "managedFields": owned}})
    for turn in range(6):
        conditions = [{**condition(chance, kind), "observedGeneration": 1} for kind in TYPES[:-1]]
        for number, name in enumerate(NAMES):
            wanted = {**stored(short, name)["status"], "conditions": conditions}
            if turn == 3:
                wanted |= {"podIP": f"10.0.0.{number}", "podIPs": [{"ip": f"10.0.0.{number}"}]}
            answers = [report(server, name, wanted, is_short=server is short) for server in (short, general)]
            assert answers[0].ok and in_order(answers[0].body) == in_order(answers[1].body)
        pods = [stored(short, name) for name in NAMES]
        assert all(pod["status"]["conditions"] is pods[0]["status"]["conditions"] for pod in pods)
        assert all((pod["metadata"]["managedFields"] is pods[0]["metadata"]["managedFields"]) == (turn < 3) for pod in pods[1:])


@pytest.mark.parametrize("seed", range(3))
def test_who_owns_what_is_found_for_the_shape_as_the_walk_finds_it(seed):
    chance, server = random.Random(seed), started()
    live, struct, seen = stored(server, "one"), managed.struct_of("v1", "Pod"), 0
    call = Call(Request(verb="patch", name="one", **KUBELET), server.context, server.context.registry.resource("", "pods"))
    for _ in range(25):
        before = drawn(chance, {"phase": "Pending"})
        wanted = drawn(chance, before)
        changes = patch_of(before, wanted)
        conditions = reporting.conditions_of(changes, wanted, before)
        status = reporting.meant(changes, wanted, before, conditions)
        if status is None:
            continue
        old, new = {**live, "status": before}, {**live, "status": status}
        walked = managed.compare(old, new, struct)
        for _ in range(2):     # the second time from what is kept
            effect = reporting.effect_of(call, changes, old, new, conditions.shape)
            gained = effect.gained
            if effect.is_kept and "podIPs" in changes:
                gained = reporting.with_addresses(gained, reporting.addresses_of(changes["podIPs"]))
            assert json.dumps((gained, effect.lost)) == json.dumps(walked)
        seen += effect.is_kept
    assert seen > 5


@pytest.mark.parametrize("seed", range(3))
def test_what_a_report_does_not_change_stays_the_very_same(seed):
    chance = random.Random(seed)
    for _ in range(25):
        before = drawn(chance, {"phase": "Pending"})
        text, wanted = json.dumps(before), drawn(chance, before)
        changes = patch_of(before, wanted)
        status = reporting.meant(changes, wanted, before, reporting.conditions_of(changes, wanted, before)) or {}
        assert all(status[name] is before[name] for name in status if name in before and wanted.get(name) == before[name])
        assert json.dumps(before) == text


REPORTS = {
    "a report": ({}, True), "of an older version": ({"outcome": ["1", {"phase": "Running"}]}, False),
    "without an outcome": ({"outcome": None}, False), "of bytes": ({"raw": b"{}"}, False), "of another Pod": ({"name": "none"}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", REPORTS)
def test_only_a_report_on_what_is_stored_goes_the_short_way(case, monkeypatch):
    parts, is_short = REPORTS[case]
    server, found, act = started(), [], reporting.reported
    monkeypatch.setattr(update.reporting, "reported", lambda call: found.append(act(call)) or found[-1])
    revision = stored(server, "one")["metadata"]["resourceVersion"]
    wanted = {**stored(server, "one")["status"], "phase": "Running"}
    sent = {"verb": "patch", "name": "one", "body": {"status": {"phase": "Running"}}, "outcome": [revision, wanted]}
    server.run(Request(**{**KUBELET, **sent, **parts}))
    assert (found[0] is not None) == is_short


SPEC = {"type": "LoadBalancer", "ports": [{"port": 80}]}


def test_a_status_of_another_kind_goes_the_general_way(monkeypatch):
    server, found, act = started(), [], reporting.reported
    made = server.ask("create", "services", namespace="default", body={"metadata": {"name": "web"}, "spec": SPEC}).body
    monkeypatch.setattr(update.reporting, "reported", lambda call: found.append(act(call)) or found[-1])
    wanted = {"loadBalancer": {"ingress": [{"ip": "10.0.0.1", "ipMode": "VIP"}]}}
    outcome = [made["metadata"]["resourceVersion"], wanted]
    sent = {"verb": "patch", "resource": "services", "name": "web", "body": {"status": wanted}, "outcome": outcome}
    assert server.run(Request(**{**KUBELET, **ADMIN, **sent})).ok
    assert found == [None]


def test_where_webhooks_may_change_a_status_it_goes_the_general_way(monkeypatch):
    server, found, act = started(), [], reporting.reported
    server.ask("create", "mutatingwebhookconfigurations", group="admissionregistration.k8s.io", body={"metadata": {"name": "hooks"}})
    monkeypatch.setattr(update.reporting, "reported", lambda call: found.append(act(call)) or found[-1])
    assert report(server, "one", {**stored(server, "one")["status"], "phase": "Running"}, is_short=True).ok
    assert found == [None]
