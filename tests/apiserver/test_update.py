"""Updates and patches: conflicts, what is kept, and writes that are none."""
import pytest

from cluster.apiserver import pipeline
from cluster.meta.requests import Request
from tests.conformance.in_process import ADMIN


@pytest.fixture
def made(server):
    return server.ask("create", "configmaps", namespace="default", body={"metadata": {"name": "c"}, "data": {"k": "v"}}).body


def put(server, body, **parts):
    return server.ask("update", "configmaps", namespace="default", name="c", body=body, **parts)


def test_an_update_of_an_older_version_conflicts(server, made):
    put(server, {**made, "data": {"k": "w"}})
    refused = put(server, {**made, "data": {"k": "x"}})
    assert (refused.code, refused.message) == (409, (
        'Operation cannot be fulfilled on configmaps "c": the object has been modified; '
        "please apply your changes to the latest version and try again"))


def test_an_update_without_version_replaces_whatever_is_there(server, made):
    put(server, {**made, "data": {"k": "w"}})
    assert put(server, {"metadata": {"name": "c"}, "data": {"k": "x"}}).body["data"] == {"k": "x"}


def test_what_changes_nothing_gets_no_revision(server, made):
    before = server.store.revision
    answered = put(server, {**made})
    assert (answered.code, answered.body, server.store.revision) == (200, made, before)
    assert server.events[-1][0] == "WriteSkipped"


def test_identity_survives_an_update(server, made):
    meta = {"name": "c", "creationTimestamp": "1999-01-01T00:00:00Z"}
    after = put(server, {"metadata": meta, "data": {}}).body["metadata"]
    assert (after["uid"], after["creationTimestamp"]) == (made["metadata"]["uid"], made["metadata"]["creationTimestamp"])


def test_an_update_with_the_uid_of_another_conflicts(server, made):
    refused = put(server, {"metadata": {"name": "c", "uid": "other"}})
    assert refused.code == 409
    assert "Precondition failed: UID in precondition: other" in refused.message


def test_a_missing_object_is_not_made_by_an_update(server):
    assert put(server, {"metadata": {"name": "c"}}).message == 'configmaps "c" not found'


def test_a_lease_is_made_by_an_update(server):
    body = {"metadata": {"name": "l"}, "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15}}
    assert server.ask("update", "leases", namespace="default", name="l", body=body).code == 201


def test_the_name_must_be_the_one_of_the_url(server, made):
    refused = put(server, {"metadata": {"name": "d"}})
    assert refused.message == "the name of the object (d) does not match the name on the URL (c)"


def race(server, request, body):
    """Work a request out, let another write come first, then commit it."""
    write = pipeline.arrive(request, server.context.enter(request, False))
    put(server, body)
    return pipeline.commit(write, server.context)


def test_a_write_that_lost_its_race_is_worked_out_again(server, made):
    request = Request(verb="patch", resource="configmaps", namespace="default", name="c", body={"data": {"a": "1"}},
                      content_type="application/merge-patch+json", **ADMIN)
    assert race(server, request, {"metadata": {"name": "c"}, "data": {"b": "2"}}).body["data"] == {"a": "1", "b": "2"}


def test_a_write_that_named_a_version_and_lost_its_race_conflicts(server, made):
    request = Request(verb="update", resource="configmaps", namespace="default", name="c", body={**made, "data": {"a": "1"}}, **ADMIN)
    assert race(server, request, {"metadata": {"name": "c"}, "data": {"b": "2"}}).reason == "Conflict"


def test_generation_rises_with_the_spec_alone(server, pod):
    deployment = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {
        "metadata": {"labels": {"a": "b"}}, "spec": pod["spec"]}}}
    made = server.ask("create", "deployments", group="apps", namespace="default", body=deployment).body
    where = {"group": "apps", "namespace": "default", "name": "d"}
    scaled = server.ask("update", "deployments", body={**made, "spec": {**made["spec"], "replicas": 3}}, **where).body
    counted = server.ask("update", "deployments", subresource="status", body={**scaled, "spec": {}, "status": {"replicas": 3}}, **where).body
    assert [o["metadata"]["generation"] for o in (made, scaled, counted)] == [1, 2, 2]
    assert (counted["spec"], counted["status"]) == (scaled["spec"], {"replicas": 3})


def test_unchanged_parts_are_shared_with_the_stored_object(server, pod):
    made = server.ask("create", "pods", namespace="default", body=pod).body
    after = server.ask("update", "pods", namespace="default", name="p", subresource="status",
                       body={**made, "status": {**made["status"], "message": "x"}}).body
    assert after["spec"] is made["spec"]


def test_repeated_owners_are_dropped_with_a_warning(server, made):
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}
    answered = put(server, {"metadata": {"name": "c", "ownerReferences": [owner, dict(owner)]}})
    assert answered.body["metadata"]["ownerReferences"] == [owner]
    assert answered.warnings[0].endswith("duplicate UID(s) observed: u")
