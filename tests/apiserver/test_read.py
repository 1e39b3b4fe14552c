"""Lists: selectors, pages, revisions."""
import pytest


@pytest.fixture
def three(server):
    for name in "abc":
        server.ask("create", "configmaps", namespace="default", body={"metadata": {"name": name, "labels": {"is": name}}})
    server.ask("delete", "configmaps", namespace="default", name="kube-root-ca.crt")


def names(response):
    return [item["metadata"]["name"] for item in response.body["items"]]


def listed(server, **options):
    return server.ask("list", "configmaps", namespace="default", options={key: str(value) for key, value in options.items()})


def test_a_list_is_ordered_by_name_and_carries_the_revision(server, three):
    found = listed(server)
    assert names(found) == ["a", "b", "c"]
    assert found.body["metadata"] == {"resourceVersion": str(server.store.revision)}


def test_pages_show_one_snapshot(server, three):
    first = listed(server, limit=2)
    server.ask("create", "configmaps", namespace="default", body={"metadata": {"name": "d"}})
    second = listed(server, limit=2, **{"continue": first.body["metadata"]["continue"]})
    assert (names(first), first.body["metadata"]["remainingItemCount"]) == (["a", "b"], 1)
    assert (names(second), second.body["metadata"]) == (["c"], {"resourceVersion": first.body["metadata"]["resourceVersion"]})


def test_how_much_remains_is_not_known_under_a_selector(server, three):
    assert "remainingItemCount" not in listed(server, limit=1, labelSelector="is").body["metadata"]


def test_an_exact_revision_shows_the_past(server, three):
    revision = server.store.get("/registry/configmaps/default/a").mod_revision
    server.ask("update", "configmaps", namespace="default", name="a", body={"metadata": {"name": "a"}, "data": {"x": "y"}})
    found = listed(server, resourceVersion=revision, resourceVersionMatch="Exact")
    assert "a" in names(found) and "b" not in names(found)
    assert all("data" not in item for item in found.body["items"] if item["metadata"]["name"] == "a")


def test_a_compacted_revision_is_gone(server, three):
    first = listed(server, limit=1)
    server.store.compact(server.store.revision)
    assert listed(server, resourceVersion=1, resourceVersionMatch="Exact").reason == "Expired"
    server.ask("create", "configmaps", namespace="default", body={"metadata": {"name": "d"}})
    server.store.compact(server.store.revision)
    refused = listed(server, **{"continue": first.body["metadata"]["continue"]})
    assert refused.code == 410
    rest = listed(server, **{"continue": refused.body["metadata"]["continue"]})     # goes on with what is there now
    assert rest.ok and "d" in names(rest) and names(first)[0] not in names(rest)


@pytest.mark.parametrize("minutes, is_gone", [(5, False), (9, False), (10, True)])
def test_a_revision_is_forgotten_at_the_second_compaction_after_it_was_left(server, three, minutes, is_gone):
    token = listed(server, limit=1).body["metadata"]["continue"]
    server.ask("create", "configmaps", namespace="default", body={"metadata": {"name": "d"}})
    server.now_ms = minutes * 60_000
    found = listed(server, limit=1, **{"continue": token})
    assert found.code == (410 if is_gone else 200)
    if is_gone:
        rest = listed(server, limit=1, **{"continue": found.body["metadata"]["continue"]})
        assert names(rest) == ["b"] and rest.body["metadata"]["resourceVersion"] == str(server.store.revision)


def test_a_revision_that_is_the_present_one_is_never_forgotten(server, three):
    token = listed(server, limit=1).body["metadata"]["continue"]
    server.now_ms = 3_600_000
    assert listed(server, limit=1, **{"continue": token}).code == 200


@pytest.mark.parametrize("token, why", [
    ("a", "illegal base64 data at input byte 0"), ("!", "illegal base64 data at input byte 0"),
    ("e30", "server does not recognize this encoded version"),
    ("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MCwic3RhcnQiOiJhIn0", "incorrect encoded start resourceVersion (version meta.k8s.io/v1)"),
])
def test_a_continue_token_that_is_none_is_refused(server, token, why):
    refused = listed(server, **{"continue": token})
    assert (refused.code, refused.message) == (400, f"invalid continue token: continue key is not valid: {why}")


def test_a_revision_of_the_future_is_too_large(server):
    assert listed(server, resourceVersion=10 ** 9).code == 504


def test_fields_select(server, three):
    assert names(listed(server, fieldSelector="metadata.name!=a", labelSelector="is in (a,b)")) == ["b"]
    assert listed(server, fieldSelector="data.k=v").message == (
        '"data.k" is not a known field selector: only "metadata.name", "metadata.namespace"')


def test_an_event_is_read_in_both_groups(server):
    body = {"metadata": {"name": "e", "namespace": "default"}, "involvedObject": {"name": "p", "namespace": "default"}, "message": "m"}
    server.ask("create", "events", namespace="default", body=body)
    found = server.ask("get", "events", group="events.k8s.io", namespace="default", name="e").body
    assert (found["apiVersion"], found["note"], found["regarding"]["name"]) == ("events.k8s.io/v1", "m", "p")
    assert "reportingComponent" not in found
