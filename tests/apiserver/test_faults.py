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


def test_a_component_fails_loudly(server, broken):
    with pytest.raises(ZeroDivisionError):
        server.ask("get", "namespaces", name="default")
