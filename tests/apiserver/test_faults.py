"""A fault of this program stays one request's when a person sent it, and is loud when a component did."""
import pytest

from cluster.apiserver import pipeline


@pytest.fixture
def broken(monkeypatch):
    def fail(call):
        raise ZeroDivisionError("oops")
    monkeypatch.setitem(pipeline.READS, "get", fail)


def test_a_person_gets_an_internal_error(http, broken):
    code, _, body = http("GET", "/api/v1/namespaces/default")
    assert (code, body["reason"], body["message"]) == (500, "InternalError", "Internal error occurred: ZeroDivisionError: oops")


LONG = "9" * 5_000


@pytest.mark.parametrize(("path", "query"), [
    ("/api/v1/pods", "limit=" + LONG), ("/api/v1/pods", "resourceVersion=" + LONG), ("/api/v1/pods", "timeoutSeconds=" + LONG),
    ("/api/v1/pods", "labelSelector=a%3E" + LONG), ("/api/v1/namespaces/default", "resourceVersion=" + LONG),
])
def test_a_long_number_in_the_query_is_the_askers_mistake(http, path, query):
    code, _, body = http("GET", path, query=query)
    assert body["status"] == "Failure" and not body["message"].startswith("Internal error") and "ValueError" not in body["message"], (code, body)


@pytest.mark.parametrize(("path", "body"), [
    ("/apis/batch/v1/namespaces/default/cronjobs", {"metadata": {"name": "c"}, "spec": {"schedule": f"{LONG} * * * *", "jobTemplate": {}}}),
    ("/apis/batch/v1/namespaces/default/cronjobs", {"metadata": {"name": "c"}, "spec": {"schedule": f"@every {LONG}s", "jobTemplate": {}}}),
    ("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies", {"metadata": {"name": "n"}, "spec": {
        "podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/\u00b2"}}]}]}}),
    ("/api/v1/namespaces/default/configmaps", {"metadata": {"name": "c"}, "data": {"k": float("1e300")}, "binaryData": {"b": 10**400}}),
])
def test_odd_numbers_are_refused_as_what_they_are(http, path, body):
    code, _, answer = http("POST", path, body)
    assert code in (400, 422), answer


def test_a_lone_surrogate_reads_as_the_replacement_character(http):
    raw = b'{"metadata":{"name":"c"},"data":{"k":"\\ud800x"}}'
    assert http("POST", "/api/v1/namespaces/default/configmaps", raw)[0] == 201
    assert http("GET", "/api/v1/namespaces/default/configmaps/c")[2]["data"] == {"k": "\ufffdx"}


def test_a_number_too_large_for_a_float_is_no_patch(http):
    code, _, body = http("PATCH", "/api/v1/namespaces/default", b'{"x":' + b"9" * 400 + b"}", Content_Type="application/merge-patch+json")
    assert code == 400 and "json: cannot unmarshal number 999" in body["message"]


@pytest.mark.parametrize(("path", "body"), [
    ("/api/v1/namespaces/default/pods", {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [
        {"name": "a", "image": "b", "resources": {"limits": {"cpu": "9" * 5_000}}}]}}),
    ("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies", {"kind": "NetworkPolicy", "metadata": {"name": "n"}, "spec": {
        "podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/" + "9" * 5_000}}]}]}}),
])
def test_a_number_of_thousands_of_digits_is_refused_and_never_stored(http, path, body):
    code, _, answer = http("POST", path, body)
    assert code in (400, 422) and answer["status"] == "Failure"
    assert http("GET", f"{path}/{body['metadata']['name']}")[0] == 404


def test_a_write_of_a_person_that_ends_in_a_fault_gets_an_internal_error(http, monkeypatch):
    def fail(call):
        raise ZeroDivisionError("oops")
    monkeypatch.setitem(pipeline.WRITES, "create", fail)
    code, _, body = http("POST", "/api/v1/namespaces", {"kind": "Namespace", "metadata": {"name": "x"}})
    assert (code, body["message"]) == (500, "Internal error occurred: ZeroDivisionError: oops")


def test_a_component_fails_loudly(server, broken):
    with pytest.raises(ZeroDivisionError):
        server.ask("get", "namespaces", name="default")


def test_a_refused_read_is_no_table(http):
    table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    code, _, body = http("GET", "/api/v1/namespaces/default", query="resourceVersion=999999999", Accept=table)
    assert code == 504 and '"reason":"Timeout"' in body


def test_an_order_of_things_that_are_no_names_is_an_askers_mistake(http):
    labels = {"matchLabels": {"a": "b"}}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
    path = "/apis/apps/v1/namespaces/default/deployments"
    http("POST", path, {"metadata": {"name": "d"}, "spec": {"selector": labels, "template": template}})
    change = {"spec": {"template": {"spec": {"$setElementOrder/containers": [{"name": {"x": 1}}], "containers": [{"name": "a", "image": "c"}]}}}}
    code, _, body = http("PATCH", f"{path}/d", change, Content_Type="application/strategic-merge-patch+json")
    assert code >= 400 and "TypeError" not in body["message"], body
