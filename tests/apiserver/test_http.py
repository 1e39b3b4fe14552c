"""HTTP in and out: paths, verbs, negotiation, warnings."""
import pytest

from cluster.apiserver import http as wire
from cluster.apiserver import pipeline
from cluster.meta.requests import Response
from cluster.meta.status import StatusError


@pytest.mark.parametrize("method, path, query, verb, resource, namespace, name, subresource", [
    ("GET", "/api/v1/pods", "", "list", "pods", "", "", ""),
    ("GET", "/api/v1/namespaces/a/pods", "watch=1", "watch", "pods", "a", "", ""),
    ("GET", "/api/v1/watch/namespaces/a/pods/p", "", "watch", "pods", "a", "p", ""),
    ("GET", "/api/v1/namespaces/a", "", "get", "namespaces", "a", "a", ""),
    ("PUT", "/api/v1/namespaces/a/finalize", "", "update", "namespaces", "a", "a", "finalize"),
    ("POST", "/api/v1/namespaces/a/pods/p/binding", "", "create", "pods", "a", "p", "binding"),
    ("PATCH", "/apis/apps/v1/namespaces/a/deployments/d/scale", "", "patch", "deployments", "a", "d", "scale"),
    ("DELETE", "/api/v1/namespaces/a/pods", "", "deletecollection", "pods", "a", "", ""),
    ("GET", "/api/v1/pods", "fieldSelector=metadata.name%3Dx", "list", "pods", "", "x", ""),
    ("GET", "/apis/apps/v1", "", "raw", "", "", "", ""),
])
def test_a_path_says_what_is_meant(method, path, query, verb, resource, namespace, name, subresource):
    found = wire.parse(method, path, query, {})
    assert (found.verb, found.resource, found.namespace, found.name, found.subresource) == (verb, resource, namespace, name, subresource)


def test_repeated_parameters_are_joined():
    assert wire.parse("POST", "/api/v1/namespaces", "dryRun=All&dryRun=Some&x=1&x=2", {}).options["dryRun"] == "All,Some"


@pytest.mark.parametrize("method, path, code", [
    ("GET", "/zzz", 404), ("GET", "/apis/nope.example.com/v1/x", 404), ("GET", "/api/v1/podz", 404), ("GET", "/apis/apps/v9/deployments", 404),
    ("POST", "/api/v1/namespaces/default/pods/p", 405), ("PUT", "/api/v1/namespaces/default/pods", 405), ("DELETE", "/api/v1/namespaces", 405),
    ("GET", "/api/v1/namespaces/default/nodes", 404), ("POST", "/api/v1/pods", 405), ("TRACE", "/api/v1/namespaces/default/pods", 405),
    ("GET", "/api/v1/namespaces/default/pods/p/zzz", 404),
])
def test_what_is_not_there_is_refused_as_the_router_does(http, method, path, code):
    assert http(method, path)[0] == code


@pytest.mark.parametrize("accept, media", [
    ("", "application/json"), ("*/*", "application/json"), ("application/yaml", "application/yaml"),
    ("application/vnd.kubernetes.protobuf,application/json", "application/json"),
    ("application/vnd.kubernetes.protobuf", "application/json"), ("text/html, */*;q=0.1", "application/json"),
])
def test_the_best_acceptable_form_is_written(http, accept, media):
    code, headers, _ = http("GET", "/api/v1/namespaces", Accept=accept)
    assert (code, headers["Content-Type"]) == (200, media)


def test_what_cannot_be_written_is_not_acceptable(http):
    assert http("GET", "/api/v1/namespaces", Accept="image/png")[0] == 406


def test_a_table_of_one_object(http):
    code, _, table = http("GET", "/api/v1/namespaces/default", Accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    assert (code, table["kind"]) == (200, "Table")
    assert table["rows"][0]["cells"] == ["default", "Active", "0s"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_items_of_a_list_carry_no_kind(http):
    _, _, body = http("GET", "/api/v1/namespaces")
    assert body["kind"] == "NamespaceList"
    assert all("kind" not in item and "apiVersion" not in item for item in body["items"])


def test_warnings_become_headers():
    _, headers, _ = wire.render(Response(code=200, body={}, warnings=['say "hi"', "two", "two"]))
    assert [value for name, value in headers if name == "Warning"] == ['299 - "say \\"hi\\""', '299 - "two"']


@pytest.mark.parametrize("agent, query, is_pretty", [
    ("curl/8.14.1", "", True), ("Wget", "", True), ("Mozilla/5.0 (X11)", "", True), ("kubectl/v1.36.4", "", False),
    ("kubectl/v1.36.4", "pretty=true", True), ("curl/8.14.1", "pretty=false", False), ("curl/8.14.1", "pretty=", True)])
def test_who_reads_with_the_eye_gets_a_line_for_each_field(agent, query, is_pretty):
    request = wire.parse("GET", "/api/v1/nodes", query, {"User-Agent": agent})
    _, _, body = wire.render(Response(code=200, body={"kind": "X", "items": []}), pretty=wire.is_pretty(request))
    assert body == (b'{\n  "kind": "X",\n  "items": []\n}' if is_pretty else b'{"kind":"X","items":[]}\n')


def test_yaml_quotes_what_looks_like_something_else():
    _, _, body = wire.render(Response(code=200, body={"a": "1", "b": "true", "c": "x\ny\n", "d": 1}), "application/yaml")
    assert body.decode() == 'a: "1"\nb: "true"\nc: |\n  x\n  y\nd: 1\n'


def test_a_watch_says_what_it_wants():
    request = wire.parse("GET", "/api/v1/namespaces/a/pods", "watch=true&resourceVersion=7&labelSelector=a%3Db&allowWatchBookmarks=true", {})
    spec = wire.watch_spec(request)
    assert (spec.resource, spec.prefix, spec.resource_version, spec.label_selector, spec.allow_bookmarks) == (
        "pods", "/registry/pods/a/", "7", "a=b", True)


def test_a_watch_of_one_object_is_a_field_selector():
    assert wire.watch_spec(wire.parse("GET", "/api/v1/watch/nodes/n", "", {})).field_selector == "metadata.name=n"


def test_initial_events_need_a_match():
    with pytest.raises(StatusError) as refusal:
        wire.watch_spec(wire.parse("GET", "/api/v1/pods", "watch=1&sendInitialEvents=true", {}))
    assert "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan" in refusal.value.message


def test_a_stranger_may_not_watch(server):
    request = wire.parse("GET", "/api/v1/pods", "watch=1", {"Impersonate-User": "jane"})
    assert pipeline.watch(request, server.context.enter(request, False)).code == 403


def test_the_media_type_of_a_body_is_checked(http):
    assert http("POST", "/api/v1/namespaces", b"{}", **{"Content-Type": "text/plain"})[0] == 415
    assert http("PATCH", "/api/v1/namespaces/default", b"{}")[0] == 415


def test_names_are_decoded_and_a_slash_in_one_leads_nowhere(http):
    assert wire.parse("GET", "/api/v1/nodes/a%3Ab", "", {}).name == "a:b"
    assert http("GET", "/api/v1/nodes/a%2Fb")[0] == 404


def test_a_watch_of_a_kind_on_its_way_out_says_so():
    headers = wire.watch_spec(wire.parse("GET", "/api/v1/endpoints", "watch=1", {})).headers
    assert headers[1] == ("Warning", '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"')
    assert len(wire.watch_spec(wire.parse("GET", "/api/v1/pods", "watch=1", {})).headers) == 1


@pytest.mark.parametrize("path", ["/api/v1/namespaces/a/pods/", "/api/v1/namespaces/a/pods//", "/api/v1/namespaces/a/pods"])
def test_slashes_at_the_end_say_nothing(path):
    request = wire.parse("GET", path, "", {})
    assert (request.verb, request.resource, request.name) == ("list", "pods", "")


@pytest.mark.parametrize(("sent", "is_token"), [("Bearer x", True), ("bearer x", True), ("Bearer ", False), ("Bearer", False), ("Bearer  x", False),
                                                ("Basic eDp5", False), ("", False)])
def test_an_authorization_without_a_token_is_none(sent, is_token):
    assert ("Authorization" in wire.parse("GET", "/api/v1/pods", "", {"Authorization": sent}).options) == is_token
