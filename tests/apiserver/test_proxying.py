"""pods/proxy: what goes on to the other side is the client's own method, whatever its content type.

Source: k8s.io/apimachinery pkg/util/proxy/upgradeaware.go.
"""

import pytest


@pytest.fixture
def heard(http, server):
    """What reaches a Pod at 10.244.0.9."""
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "a", "image": "a"}]}}
    server.ask("create", "serviceaccounts", namespace="default", body={"metadata": {"name": "default", "namespace": "default"}})
    assert http("POST", "/api/v1/namespaces/default/pods", pod)[0] == 201
    status = {"metadata": {"name": "p"}, "status": {"podIP": "10.244.0.9"}}
    patch = {"Content-Type": "application/merge-patch+json"}
    assert http("PATCH", "/api/v1/namespaces/default/pods/p/status", status, **patch)[0] == 200
    lines = []

    def proxied(address, port, text):
        lines.append(text.partition("\r\n")[0])
        return 200, b"{}", {"content-type": "text/plain"}

    server.context.hooks.proxied = proxied
    return lines


@pytest.mark.parametrize("method, kind", [("GET", ""), ("POST", ""), ("PUT", "text/plain"), ("PATCH", "application/json"), ("DELETE", ""), ("OPTIONS", "")])
def test_each_method_goes_on_as_it_is(http, heard, method, kind):
    code, _, _ = http(method, "/api/v1/namespaces/default/pods/p/proxy/some/path", query="a=b", **({"Content-Type": kind} if kind else {}))
    assert code == 200 and heard == [f"{method} /some/path?a=b HTTP/1.1"]


def test_a_parameter_is_no_method(http, heard):
    assert http("GET", "/api/v1/namespaces/default/pods/p/proxy/x", query="method=DELETE")[0] == 200
    assert heard == ["GET /x HTTP/1.1"]


def test_other_paths_know_no_further_methods(http, server):
    assert http("OPTIONS", "/api/v1/namespaces/default/pods/p")[0] in (404, 405)
