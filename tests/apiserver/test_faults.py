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


@pytest.mark.parametrize(("path", "body"), [
    ("/api/v1/namespaces/default/pods", {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [
        {"name": "a", "image": "b", "resources": {"limits": {"cpu": "9" * 5_000}}}]}}),
    ("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies", {"kind": "NetworkPolicy", "metadata": {"name": "n"}, "spec": {
        "podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/" + "9" * 5_000}}]}]}}),
])
def test_a_number_of_thousands_of_digits_is_refused_and_never_stored(http, path, body):
    code, _, answer = http("POST", path, body)
    assert code >= 400 and answer["status"] == "Failure"
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
