"""Deletes: grace periods, finalizers, propagation, preconditions."""
import pytest

from cluster.apiserver import pipeline
from cluster.meta.requests import Request
from tests.conformance.in_process import ADMIN


@pytest.fixture
def bound(server, pod):
    """A Pod on a node, with 30 s of grace."""
    return server.ask("create", "pods", namespace="default", body={**pod, "spec": {**pod["spec"], "nodeName": "n"}}).body


def config_map(server, *finalizers):
    meta = {"name": "c", "finalizers": list(finalizers)} if finalizers else {"name": "c"}
    return server.ask("create", "configmaps", namespace="default", body={"metadata": meta}).body


def delete(server, resource, name, **body):
    return server.ask("delete", resource, namespace="default", name=name, body=body or None)


def types(server, key):
    return [change.type for change in server.store.since(key, 0)]


def test_an_object_without_grace_goes_at_once(server):
    made = config_map(server)
    answered = delete(server, "configmaps", "c")
    assert answered.body["details"] == {"name": "c", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert types(server, "/registry/configmaps/default/c") == ["ADDED", "DELETED"]


def test_a_bound_pod_is_marked_first(server, bound):
    meta = delete(server, "pods", "p").body["metadata"]
    assert (meta["deletionGracePeriodSeconds"], meta["deletionTimestamp"], meta["generation"]) == (30, "2026-01-01T09:00:30Z", 2)
    assert types(server, "/registry/pods/default/p") == ["ADDED", "MODIFIED"]


def test_a_grace_period_only_becomes_shorter(server, bound):
    delete(server, "pods", "p")
    assert delete(server, "pods", "p", gracePeriodSeconds=60).body["metadata"]["deletionGracePeriodSeconds"] == 30
    meta = delete(server, "pods", "p", gracePeriodSeconds=5).body["metadata"]
    assert (meta["deletionGracePeriodSeconds"], meta["deletionTimestamp"], meta["generation"]) == (5, "2026-01-01T09:00:05Z", 2)


def test_a_grace_period_of_ages_wraps_around_as_go_durations_do(server, bound):
    ages = (1 << 63) - 1
    meta = delete(server, "pods", "p", gracePeriodSeconds=ages).body["metadata"]
    assert (meta["deletionGracePeriodSeconds"], meta["deletionTimestamp"]) == (ages, "2026-01-01T08:59:59Z")
    meta = delete(server, "pods", "p", gracePeriodSeconds=5).body["metadata"]
    assert (meta["deletionGracePeriodSeconds"], meta["deletionTimestamp"]) == (5, "2026-01-01T09:00:05Z")


def test_grace_zero_is_written_and_then_the_key_goes(server, bound):
    delete(server, "pods", "p")
    delete(server, "pods", "p", gracePeriodSeconds=0)
    assert types(server, "/registry/pods/default/p") == ["ADDED", "MODIFIED", "MODIFIED", "DELETED"]


def test_an_unbound_pod_goes_at_once(server, pod):
    server.ask("create", "pods", namespace="default", body=pod)
    assert delete(server, "pods", "p").body["metadata"]["deletionGracePeriodSeconds"] == 0
    assert server.store.get("/registry/pods/default/p") is None


def test_a_finalizer_holds_an_object_back_until_it_is_taken_off(server):
    config_map(server, "example.com/x")
    held = delete(server, "configmaps", "c").body
    assert held["metadata"]["deletionTimestamp"] == "2026-01-01T09:00:00Z"
    meta = {key: value for key, value in held["metadata"].items() if key != "finalizers"}
    assert server.ask("update", "configmaps", namespace="default", name="c", body={**held, "metadata": meta}).code == 200
    assert types(server, "/registry/configmaps/default/c") == ["ADDED", "MODIFIED", "DELETED"]


@pytest.mark.parametrize("policy, finalizers", [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"])])
def test_a_propagation_policy_becomes_a_finalizer(server, policy, finalizers):
    config_map(server)
    assert delete(server, "configmaps", "c", propagationPolicy=policy).body["metadata"]["finalizers"] == finalizers


def test_background_takes_the_finalizers_of_other_policies_off(server):
    config_map(server, "orphan")
    delete(server, "configmaps", "c", propagationPolicy="Background")
    assert server.store.get("/registry/configmaps/default/c") is None


def test_an_event_is_never_orphaned(server):
    body = {"metadata": {"name": "e", "namespace": "default"}, "involvedObject": {"namespace": "default"}}
    server.ask("create", "events", namespace="default", body=body)
    delete(server, "events", "e", propagationPolicy="Orphan")
    assert server.store.get("/registry/events/default/e") is None


def test_a_precondition_that_does_not_hold_conflicts(server):
    config_map(server)
    assert delete(server, "configmaps", "c", preconditions={"uid": "other"}).reason == "Conflict"
    assert delete(server, "configmaps", "c", preconditions={"resourceVersion": "1"}).reason == "Conflict"


def test_a_namespace_ends_in_two_steps(server):
    server.ask("create", "namespaces", body={"metadata": {"name": "n"}})
    ending = server.ask("delete", "namespaces", name="n").body
    assert ending["status"]["phase"] == "Terminating"
    refused = server.ask("create", "configmaps", namespace="n", body={"metadata": {"name": "c"}})
    assert (refused.code, refused.body["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")
    server.ask("update", "namespaces", name="n", subresource="finalize", body={"metadata": {"name": "n"}, "spec": {}})
    assert server.store.get("/registry/namespaces/n") is None


def test_system_namespaces_may_not_be_deleted(server):
    assert server.ask("delete", "namespaces", name="kube-system").message == (
        'namespaces "kube-system" is forbidden: this namespace may not be deleted')


def test_a_collection_is_deleted_by_its_selector(server, pod):
    for name in ("a", "b"):
        meta = {"name": name, "labels": {"x": name}}
        server.ask("create", "pods", namespace="default", body={**pod, "metadata": meta})
    answered = server.ask("deletecollection", "pods", namespace="default", options={"labelSelector": "x=a"})
    assert [item["metadata"]["name"] for item in answered.body["items"]] == ["a"]
    assert server.store.get("/registry/pods/default/a") is None
    assert server.store.get("/registry/pods/default/b") is not None


@pytest.mark.parametrize("meantime", ["changed", "gone"])
def test_an_object_of_a_collection_that_another_request_changed_goes_as_it_is_now(server, meantime):
    config_map(server)
    request = Request(verb="deletecollection", resource="configmaps", namespace="default", **ADMIN)
    write = pipeline.arrive(request, server.context.enter(request, False))
    if meantime == "changed":
        server.ask("update", "configmaps", namespace="default", name="c", body={"metadata": {"name": "c", "finalizers": ["a/b"]}})
    else:
        delete(server, "configmaps", "c")
    assert pipeline.commit(write, server.context).code == 200
    left = server.store.get("/registry/configmaps/default/c")
    assert (left and left.value["metadata"].get("deletionTimestamp")) == ("2026-01-01T09:00:00Z" if meantime == "changed" else None)


def test_a_dry_run_deletes_nothing(server):
    config_map(server)
    assert delete(server, "configmaps", "c", dryRun=["All"]).ok
    assert server.store.get("/registry/configmaps/default/c") is not None


def test_a_deleted_quota_comes_back_whole_and_a_config_map_as_a_status(http):
    for plural, kind in (("resourcequotas", "ResourceQuota"), ("configmaps", "Status")):
        http("POST", f"/api/v1/namespaces/default/{plural}", {"metadata": {"name": "x"}})
        code, _, body = http("DELETE", f"/api/v1/namespaces/default/{plural}/x")
        assert (code, body["kind"]) == (200, kind)
