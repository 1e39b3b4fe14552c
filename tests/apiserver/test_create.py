"""Creating: what the server fills in, what it refuses, and what it leaves a trace of."""
from cluster.apiserver import pipeline
from cluster.meta.requests import Request
from tests.conformance.in_process import ADMIN

PODS = "/api/v1/namespaces/default/pods"


def config_map(**meta):
    return {"metadata": {"namespace": "default", **meta}, "data": {"k": "v"}}


def test_it_fills_in_what_only_the_server_sets(server):
    made = server.ask("create", "configmaps", namespace="default", body=config_map(name="c", uid="mine", creationTimestamp="1999-01-01T00:00:00Z"))
    meta = made.body["metadata"]
    assert made.code == 201
    assert meta["uid"] != "mine"
    assert meta["creationTimestamp"] == "2026-01-01T09:00:00Z"
    assert meta["resourceVersion"] == str(server.store.revision)
    assert made.body["apiVersion"], made.body["kind"] == ("v1", "ConfigMap")


def test_the_body_of_a_component_is_not_changed(server):
    body = config_map(name="c")
    server.ask("create", "configmaps", namespace="default", body=body)
    assert body == config_map(name="c")


def test_a_generated_name_is_cut_to_63_characters(server):
    made = server.ask("create", "configmaps", namespace="default", body=config_map(generateName="a" * 70))
    assert len(made.body["metadata"]["name"]) == 63


def test_a_generated_name_that_is_taken_is_drawn_again(server, monkeypatch):
    names = iter(["aaaaa", "aaaaa", "bbbbb"])
    stream = type("S", (), {"suffix": lambda self, n: next(names), "uuid": lambda self: "u"})()
    server.context.rng = lambda name: stream
    first, second = (server.ask("create", "configmaps", namespace="default", body=config_map(generateName="x-")) for _ in range(2))
    assert [first.body["metadata"]["name"], second.body["metadata"]["name"]] == ["x-aaaaa", "x-bbbbb"]


def test_a_generated_name_is_given_up_after_eight_tries(server):
    stream = type("S", (), {"suffix": lambda self, n: "aaaaa", "uuid": lambda self: "u"})()
    server.context.rng = lambda name: stream
    server.ask("create", "configmaps", namespace="default", body=config_map(generateName="x-"))
    refused = server.ask("create", "configmaps", namespace="default", body=config_map(generateName="x-"))
    assert refused.code == 409
    assert refused.message == 'configmaps "x-aaaaa" already exists, the server was not able to generate a unique name for the object'


def test_a_name_that_is_taken_is_refused_at_the_store(server):
    server.ask("create", "configmaps", namespace="default", body=config_map(name="c"))
    before = server.store.revision
    refused = server.ask("create", "configmaps", namespace="default", body=config_map(name="c"))
    assert (refused.code, refused.reason, server.store.revision) == (409, "AlreadyExists", before)
    assert server.events[-1][2]["gate"] == "store"


def test_an_object_of_another_namespace_is_refused(http):
    code, _, body = http("POST", PODS, {"metadata": {"name": "p", "namespace": "other"}})
    assert (code, body["message"]) == (400, "the namespace of the provided object does not match the namespace sent on the request")


def test_a_dry_run_writes_nothing(server, http, pod):
    before = server.store.revision
    code, _, body = http("POST", PODS, pod, query="dryRun=All")
    assert (code, server.store.revision) == (201, before)
    assert "resourceVersion" not in body["metadata"]


def test_every_gate_of_a_pod_leaves_a_fact(server, http, pod):
    server.events.clear()
    http("POST", PODS, pod)
    assert [kind for kind, _, _ in server.events] == [
        "RequestAuthenticated", "RequestAuthorized", "ObjectDecoded", "ObjectDefaulted", "AdmissionMutated", "AdmissionMutated",
        "AdmissionMutated", "ObjectValidated", "AdmissionValidated", "KeyWritten"]
    facts = {kind: data for kind, _, data in server.events}
    assert "spec.restartPolicy" in facts["ObjectDefaulted"]["fields"]
    assert facts["KeyWritten"]["key"] == "/registry/pods/default/p"


def test_arriving_changes_nothing(server, pod):
    before = server.store.revision
    request = Request(verb="create", resource="pods", namespace="default", body=pod, **ADMIN)
    write = pipeline.arrive(request, server.context.enter(request, False))
    assert isinstance(write, pipeline.Write)
    assert (server.store.revision, server.store.get(write.key)) == (before, None)


def test_a_missing_namespace_is_named(server):
    refused = server.ask("create", "configmaps", namespace="nope", body={"metadata": {"name": "c"}})
    assert (refused.code, refused.message) == (404, 'namespaces "nope" not found')
