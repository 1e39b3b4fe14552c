"""The short way of a patch that is made of one Node after another ends as the general way does, to the letter."""
from __future__ import annotations

import json
import random

import pytest

from cluster.apiserver import repeating, update
from cluster.kubelet.status_patch import patch_of
from cluster.meta.requests import Request
from tests.conformance.in_process import InProcess

NODES = [f"n{number}" for number in range(4)]
CONTROLLER = {"resource": "nodes", "user": "system:kube-controller-manager", "groups": ["system:masters"], "user_agent": "kcm/v1",
              "content_type": "application/strategic-merge-patch+json", "options": {"fieldManager": "kcm"}}  # fmt: skip
TAINT = {"key": "a.b/c", "effect": "NoSchedule"}


def started() -> InProcess:
    server = InProcess()
    for number, name in enumerate(NODES):
        status = {"capacity": {"cpu": "4"}, "allocatable": {"cpu": "4"}, "addresses": [{"type": "InternalIP", "address": f"10.0.0.{number}"}],
                  "conditions": [{"type": kind, "status": "False"} for kind in ("MemoryPressure", "Ready")]}  # fmt: skip
        body = {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}, "annotations": {"own": "x"}}, "status": status}
        assert server.ask("create", "nodes", body=body).ok
        sent = {"spec": {"podCIDR": f"10.1.{number}.0/24", "podCIDRs": [f"10.1.{number}.0/24"]}}
        assert patched(server, name, sent).ok
    return server


def patched(server: InProcess, name: str, body: dict, **parts):
    """What comes of a patch of which nothing is told."""
    server.now_ms += 300
    server.engine.trace.on = False
    return server.run(Request(**{**CONTROLLER, "verb": "patch", "name": name, "body": body, **parts}))


def stored(server: InProcess, name: str) -> dict:
    return server.store.get(f"/registry/minions/{name}").value


def drawn(chance: random.Random, live: dict) -> tuple[dict, dict]:
    """(a patch, what else of the request is another)."""
    kind = chance.choice(("annotations", "taints", "no taints", "status", "labels", "both", "nothing"))
    if kind == "status":
        before = live["status"]
        conditions = [{**found, "status": chance.choice(("True", "False"))} for found in before["conditions"]]
        wanted = {**before, "allocatable": {"cpu": chance.choice(("3", "4000m"))}, "conditions": conditions}
        return {"status": patch_of(before, wanted)}, {"subresource": "status", "options": {"fieldManager": "kubelet"}}
    meta = {"resourceVersion": chance.choice((live["metadata"]["resourceVersion"],) * 5 + ("1",))} if chance.random() < 0.4 else {}
    notes = {"annotations": {chance.choice("ab"): chance.choice(("0", "1", None, " ")), "own": chance.choice(("x", None))}}
    taints = {"spec": {"taints": chance.choice(([TAINT], [{**TAINT, "effect": "none"}]))}}
    return {
        "annotations": {"metadata": {**meta, **notes}}, "taints": {"metadata": meta, **taints},
        "no taints": {"metadata": meta, "spec": {"taints": None}},
        "labels": {"metadata": {"labels": {"a": "b"}}}, "both": {"metadata": notes, **taints}, "nothing": {"metadata": meta},
    }[kind], {}  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_patches_end_as_on_the_general_way(seed, monkeypatch):
    chance, servers, taken, act = random.Random(seed), (started(), started()), [], repeating.repeated
    for _ in range(12):
        body, parts = drawn(chance, stored(servers[0], NODES[0]))
        revision = (body.get("metadata") or {}).get("resourceVersion")
        for name in NODES:
            if revision not in (None, "1"):
                body["metadata"]["resourceVersion"] = stored(servers[0], name)["metadata"]["resourceVersion"]
            answers = []
            for server in servers:
                monkeypatch.setattr(update.repeating, "repeated", lambda call, is_short=server is servers[0]:
                                    taken.append(act(call) if is_short else None) or taken[-1])  # fmt: skip
                answer = patched(server, name, body, **parts)
                answers.append(json.dumps([answer.code, answer.body, answer.warnings, stored(server, name), server.store.revision]))
            assert answers[0] == answers[1], body
    assert sum(found is not None for found in taken) > 2


# what a Node is given that has none, or that has one (None)
RANGES = {
    "a range": ("10.1.0.0/24", True), "of IPv6": ("fd00::/64", True), "with bits beyond it": ("10.1.0.1/24", False), "no range": ("a", False),
    "nothing": ("", False), "another": (None, False),
}  # fmt: skip


@pytest.mark.parametrize("labels", [{}, {"a": "b"}])
@pytest.mark.parametrize("case", RANGES)
def test_a_range_that_a_node_is_given_ends_as_on_the_general_way(case, labels, monkeypatch):
    cidr, is_short = RANGES[case]
    answers, act, taken = [], repeating.repeated, []
    for is_general in (False, True):
        server = InProcess()
        server.ask("create", "nodes", body={"metadata": {"name": "n0", "labels": labels}})
        server.engine.trace.on = False
        monkeypatch.setattr(update.repeating, "repeated", lambda call, is_general=is_general:
                            taken.append(None if is_general else act(call)) or taken[-1])  # fmt: skip
        if cidr is None:
            patched(server, "n0", {"spec": {"podCIDR": "10.2.0.0/24", "podCIDRs": ["10.2.0.0/24"]}})
        given = "10.1.0.0/24" if cidr is None else cidr
        answer = patched(server, "n0", {"spec": {"podCIDR": given, "podCIDRs": [given]}})
        answers.append(json.dumps([answer.code, answer.body, stored(server, "n0"), server.store.revision]))
        if not is_general:
            assert (taken[-1] is not None) == (is_short and bool(labels))
    assert answers[0] == answers[1]


def annotated(**parts) -> dict:
    return {"body": {"metadata": {"annotations": {"ttl": "0"}}}, "parts": parts}


# a patch, what happened before; whether the third Node's goes the short way
PATCHES = {
    "a plain one": (annotated(), None, True), "of labels": ({"body": {"metadata": {"labels": {"a": "b"}}}, "parts": {}}, None, False),
    "of another type": (annotated(content_type="application/merge-patch+json"), None, False), "of bytes": (annotated(raw=b"{}"), None, False),
    "in a dry run": (annotated(options={"fieldManager": "kcm", "dryRun": "All"}), None, False),
    "of other annotations": (annotated(), {"metadata": {"annotations": {"own": "y"}}}, False),
    "of one that is held": (annotated(), {"metadata": {"finalizers": ["a.b/c"]}}, False),
    "of one with empty labels": (annotated(), {"metadata": {"labels": {}}}, False),
    "of another provider": (annotated(), {"spec": {"providerID": "x"}}, True),
    "of one whose addresses come twice": (annotated(), {"status": {"addresses": [{"type": "A", "address": "b"}] * 2}}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", PATCHES)
def test_only_what_was_made_of_like_nodes_goes_the_short_way(case, monkeypatch):
    sent, before, is_short = PATCHES[case]
    server, taken, act = started(), [], repeating.repeated
    repeating._repeats.clear()
    monkeypatch.setattr(update.repeating, "repeated", lambda call: taken.append(act(call)) or taken[-1])
    for name in NODES[:3]:
        if name == NODES[2] and before:
            live = stored(server, name)
            changed = {top: {**live.get(top, {}), **part} for top, part in before.items()}
            server.store.put(f"/registry/minions/{name}", {**live, **changed})
        patched(server, name, sent["body"], **sent["parts"])
    assert [found is not None for found in taken[-3:]] == [False, False, is_short]
