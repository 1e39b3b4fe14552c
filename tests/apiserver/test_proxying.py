"""pods/proxy: what goes on to the other side is the client's own method, whatever its content type.

Source: k8s.io/apimachinery pkg/util/proxy/upgradeaware.go.
"""

import pytest

from cluster.apiserver import relinking


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


@pytest.mark.parametrize("method, kind", [
    ("GET", ""), ("POST", ""), ("PUT", "text/plain"), ("PATCH", "application/json"), ("DELETE", ""), ("OPTIONS", "")])
def test_each_method_goes_on_as_it_is(http, heard, method, kind):
    code, _, _ = http(method, "/api/v1/namespaces/default/pods/p/proxy/some/path", query="a=b", **({"Content-Type": kind} if kind else {}))
    assert code == 200 and heard == [f"{method} /some/path?a=b HTTP/1.1"]


def test_a_parameter_is_no_method(http, heard):
    assert http("GET", "/api/v1/namespaces/default/pods/p/proxy/x", query="method=DELETE")[0] == 200
    assert heard == ["GET /x HTTP/1.1"]


def test_other_paths_know_no_further_methods(http, server):
    assert http("OPTIONS", "/api/v1/namespaces/default/pods/p")[0] in (404, 405)


PREFIX = "/api/v1/namespaces/default/pods/p:80/proxy"


@pytest.mark.parametrize("page, shown", [
    ('<a href="/x">x</a>', f'<a href="{PREFIX}/x">x</a>'),
    ("<p><IMG class=b SRC='/a/?b=1&amp;c#d'></p>", f'<p><IMG class=b SRC="{PREFIX}/a/?b=1&amp;c#d"></p>'),
    ('<a href="http://10.0.0.9:80/x">', f'<a href="{PREFIX}/x">'),
    ('<a href="http://example.com/x">', '<a href="http://example.com/x">'),
    ('<a href="x"><a title="/x">', '<a href="x"><a title="/x">'),
    (f'<a href="{PREFIX}/x">', f'<a href="{PREFIX}/x">'),
    ('<!-- <a href="/x"> --><p>/x</p>', '<!-- <a href="/x"> --><p>/x</p>')])
def test_links_of_a_page_lead_through_the_proxy(page, shown):
    """Source: k8s.io/apimachinery pkg/util/proxy/transport.go (rewriteHTML, rewriteURL)."""
    assert relinking.page(page, PREFIX, "10.0.0.9:80") == shown


def test_pages_and_redirections_come_back_with_their_links_changed(http, heard, server):
    answers = {"/page": (200, b'<a href="/x">x</a>', {"content-type": "text/html; charset=utf-8"}),
               "/text": (200, b'<a href="/x">', {"content-type": "text/plain"}), "/away": (302, b"", {"location": "/x/"})}
    server.context.hooks.proxied = lambda address, port, text: answers[text.split()[1]]
    where = "/api/v1/namespaces/default/pods/p/proxy"
    assert relinking.link("/x/", where, "") == f"{where}/x/"
    assert http("GET", f"{where}/page")[2] == f'<a href="{where}/x">x</a>'
    assert http("GET", f"{where}/text")[2] == '<a href="/x">'
    assert http("GET", f"{where}/away")[1]["Location"] == f"{where}/x/"


@pytest.mark.parametrize("name, port", [("n1", 10250), ("n1:10250", 10250), ("https:n1:10250", 10250), ("n1:30080", 30080)])
def test_a_node_is_reached_at_its_kubelet_unless_another_port_is_named(server, http, name, port):
    node = {"metadata": {"name": "n1"}, "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.11"}]}}
    server.ask("create", "nodes", body={"apiVersion": "v1", "kind": "Node", **node})
    hooks = server.context.hooks
    hooks.of_kubelet = lambda node, path, query: (200, f"kubelet {node} {path} {query}", {})
    hooks.proxied = lambda address, port, text: (200, f"{address}:{port}".encode(), {})
    code, _, body = http("GET", f"/api/v1/nodes/{name}/proxy/pods", query="a=b")
    said = body if isinstance(body, str) else bytes(body).decode()
    assert code == 200 and said == ("kubelet n1 /pods {'a': 'b'}" if port == 10250 else "10.0.0.11:30080")
    assert http("GET", "/api/v1/nodes/nobody/proxy/pods")[0] == 404
