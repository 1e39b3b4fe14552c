"""The short way of a further Pod of a template ends as the general way does, to the letter, and is left when anything changes."""

from __future__ import annotations

import json

import pytest

from cluster.apiserver import create, pipeline, templated
from cluster.meta.requests import Request, Response
from cluster.store.memory import Store, folder
from tests.conformance.in_process import InProcess

APP = {"name": "app", "image": "nginx:1"}
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u", "controller": True, "blockOwnerDeletion": True}
META = {"labels": {"app": "web"}, "generateName": "web-", "namespace": "default", "ownerReferences": [OWNER]}
MOUNTED = {"name": "mine", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
RICH = {
    "volumes": [{"name": "shared", "emptyDir": {}}], "tolerations": [{"key": "a", "operator": "Exists"}],
    "initContainers": [{"name": "one", "image": "busybox", "volumeMounts": [{"name": "shared", "mountPath": "/s"}]},
                       {"name": "side", "image": "busybox", "restartPolicy": "Always"}],
    "containers": [{**APP, "ports": [{"containerPort": 80}], "resources": {"requests": {"cpu": "0.1"}}, "env": [
        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}], "readinessProbe": {"httpGet": {"port": 80}}},
        {"name": "own", "image": "b", "volumeMounts": [{**MOUNTED, "name": "shared"}]}],
}  # fmt: skip


def body(spec: dict, **meta) -> dict:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**META, **meta}, "spec": spec}


def made(server: InProcess, pod: dict, is_told: bool = False, **parts) -> Response:
    """What comes of a Pod of a controller."""
    request = Request(**{"verb": "create", "resource": "pods", "namespace": "default", "body": pod, "user": "system:kube-controller-manager",
                         "groups": ["system:masters"], "options": {"fieldManager": "kube-controller-manager"}, **parts})  # fmt: skip
    server.now_ms += 700
    result = pipeline.arrive(request, server.context.enter(request, not is_told))
    return result if isinstance(result, Response) else pipeline.commit(result, server.context)


# a Pod's body; whether the second of its kind takes the short way
TEMPLATES = {
    "one container": (body({"containers": [APP]}), True), "of many parts": (body(RICH), True),
    "annotated": (body({"containers": [APP]}, annotations={"a": "b"}), True),
    "with finalizers": (body({"containers": [APP]}, finalizers=["a.b/c"]), True),
    "of no owner": (body({"containers": [APP]}, ownerReferences=[]), True),
    "without a token": (body({"containers": [APP], "automountServiceAccountToken": False}), False),
    "with a token of its own": (body({"containers": [APP], "volumes": [{"name": "kube-api-access-mine", "emptyDir": {}}]}), False),
    "held by gates": (body({"containers": [APP], "schedulingGates": [{"name": "a.b/c"}]}), False),
    "bound": (body({"containers": [APP], "nodeName": "n1"}), False), "with a name": (body({"containers": [APP]}, name="web"), False),
    "refused": (body({"containers": []}), False), "of no such account": (body({"containers": [APP], "serviceAccountName": "none"}), False),
}  # fmt: skip


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize("case", TEMPLATES)
def test_the_next_pod_of_a_template_ends_as_the_general_way_makes_it(case, is_told, monkeypatch):
    pod, is_short = TEMPLATES[case]
    outcomes, taken, act = [], [], templated.another
    for is_general in (False, True):
        server = InProcess()
        monkeypatch.setattr(create.templated, "another", lambda call, general=is_general: taken.append(None if general else act(call)) or taken[-1])
        answers = [made(server, pod, is_told) for _ in range(3)]
        outcomes.append((json.dumps([(answer.code, answer.body) for answer in answers]), server.events, server.store.revision,
                         server.engine.rng.positions()))
    assert outcomes[0] == outcomes[1]
    assert [write is not None for write in taken[:3]] == [False, is_short, is_short]


def put(resource: str, group: str = "", **parts):
    """Somebody makes an object."""
    return lambda server: server.ask("create", resource, namespace="default", group=group, body={"metadata": {"name": "x"}, **parts})


def give_overhead(server: InProcess) -> None:
    server.ask("patch", "runtimeclasses", name="x", group="node.k8s.io", body={"overhead": {"podFixed": {"cpu": "1"}}},
               content_type="application/merge-patch+json")


RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


def label(server: InProcess) -> None:
    patch = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    server.ask("patch", "namespaces", name="default", body=patch, content_type="application/merge-patch+json")


CHANGES = {
    "a limit": put("limitranges", spec={"limits": [{"type": "Container", "default": {"cpu": "1"}}]}),
    "an account": lambda server: server.ask("patch", "serviceaccounts", namespace="default", name="default",
                                            body={"imagePullSecrets": [{"name": "s"}]}, content_type="application/merge-patch+json"),
    "a default class": put("priorityclasses", group="scheduling.k8s.io", value=7, globalDefault=True),
    "a runtime class": give_overhead, "a level of security": label,
    "a quota": put("resourcequotas", spec={"hard": {"pods": "9"}}), "another namespace": put("namespaces"),
    "a policy": put("validatingadmissionpolicies", group="admissionregistration.k8s.io", spec={
        "matchConstraints": {"resourceRules": [RULE]}, "validations": [{"expression": "true"}]}),
    "a webhook": put("mutatingwebhookconfigurations", group="admissionregistration.k8s.io"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_what_has_changed_since_is_heeded(case, monkeypatch):
    outcomes, taken, act = [], [], templated.another
    for is_general in (False, True):
        server = InProcess()
        server.ask("create", "runtimeclasses", group="node.k8s.io", body={"metadata": {"name": "x"}, "handler": "x"})
        monkeypatch.setattr(create.templated, "another", lambda call, general=is_general: taken.append(None if general else act(call)) or taken[-1])
        pod = body({"containers": [APP], "runtimeClassName": "x"})
        answers = [made(server, pod)]
        assert answers[0].ok
        taken.clear()
        revision = server.store.revision
        CHANGES[case](server)
        assert server.store.revision > revision
        answers += [made(server, pod) for _ in range(2)]
        outcomes.append((json.dumps([(answer.code, answer.body) for answer in answers]), server.engine.rng.positions()))
        assert taken[-2] is None     # the first after the change
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("pod", [TEMPLATES["of many parts"][0], body({"containers": [APP], "priorityClassName": "system-node-critical"}),
                                 body({"containers": [APP], "runtimeClassName": "none"})])  # fmt: skip
def test_the_plugins_read_nothing_that_is_not_watched(pod, monkeypatch):
    server, read = InProcess(), {}
    for name in ("get", "list"):
        act = getattr(Store, name)
        monkeypatch.setattr(Store, name, lambda store, key, act=act: read.setdefault(folder(key)) or act(store, key))
    made(server, pod)
    assert {"/registry/namespaces/", "/registry/limitranges/"} <= {*read} <= {*templated.READ, *templated.ASKED, "/registry/pods/"}


def test_a_pod_of_which_all_is_told_is_not_made_after_one_of_which_nothing_was(monkeypatch):
    server, taken, act = InProcess(), [], templated.another
    monkeypatch.setattr(create.templated, "another", lambda call: taken.append(act(call)) or taken[-1])
    for is_told in (False, True, True, False):
        made(server, TEMPLATES["one container"][0], is_told)
    assert [write is not None for write in taken] == [False, False, True, True]


@pytest.mark.parametrize("change", [{"labels": {"app": "b"}}, {"ownerReferences": [{**OWNER, "uid": "v"}]}, {"annotations": {"a": "b"}}])
def test_a_pod_of_the_same_spec_but_other_metadata_goes_the_general_way(change, monkeypatch):
    server, taken, act = InProcess(), [], templated.another
    monkeypatch.setattr(create.templated, "another", lambda call: taken.append(act(call)) or taken[-1])
    pod = TEMPLATES["one container"][0]
    for one in (pod, {**pod, "metadata": {**META, **change}}, {**pod, "spec": {**pod["spec"]}}):
        assert made(server, one).ok
    assert taken == [None, None, None]
