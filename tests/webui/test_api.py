"""The control API as scripts meet it: every operation, and what is refused."""
from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: 'nginx/nginx:v1'}]}\n"


@pytest.fixture(scope="module")
def box(api):
    """A sandbox with a running Pod."""
    name = api.sandbox("box")
    status, answer = api.ask("POST", f"/api/sandboxes/{name}/kubectl", {"action": "apply", "files": [{"name": "web.yaml", "text": POD}]})
    assert status == 200 and answer["input"] == 1
    api.control(name, "settle")
    while (head := api.ask("GET", f"/api/sandboxes/{name}/control")[1])["mode"] == "settling":
        pass
    assert head["mode"] == "held" and head["step"] > 20
    return name


def test_sandboxes_are_listed_made_and_deleted(api):
    status, answer = api.ask("POST", "/api/sandboxes", {"name": "short", "profile": "empty"})
    assert (status, answer["name"]) == (200, "short")
    assert {"main", "short"} <= {row["name"] for row in api.ask("GET", "/api/sandboxes")[1]["sandboxes"]}
    assert api.ask("DELETE", "/api/sandboxes/short")[0] == 200
    assert api.ask("DELETE", "/api/sandboxes/short")[0] == 404


@pytest.mark.parametrize(("body", "words"), [
    ({"name": "Main"}, "is no name for a sandbox"), ({"name": ""}, "is no name"), ({"name": "a" * 64}, "is no name"),
    ({"name": "../x"}, "is no name"), ({"name": "main"}, "already exists"), ({"name": "x", "profile": "huge"}, "unknown profile"),
    ({"name": "x", "node_cpu": "many"}, "is no quantity"), ({"name": "x", "node_memory": "-1Gi"}, "must be more than 0"),
    ({"name": "x", "node_cpu": "0"}, "must be more than 0"), ({"name": "x", "nodes": ["A"]}, "is no name for a node"),
    ({"name": "x", "nodes": ["a", "a"]}, "there twice"), ({"name": "x", "nodes": [f"n{i}" for i in range(1001)]}, "at most 1000 nodes"),
    ({"name": "x", "seed": 1 << 70}, "at most 18 digits"),
    ({"name": "x", "scheduler_config": "profiles: ["}, "kube-scheduler would not start with this configuration: yaml: "),
    ({"name": "x", "scheduler_config": "kind: Pod"}, 'no kind "Pod" is registered'),
    ({"name": "x", "scheduler_config": ""}, "couldn't decode as KubeSchedulerConfiguration"),
])
def test_a_sandbox_that_cannot_be_is_refused_with_the_reason(api, body, words):
    status, answer = api.ask("POST", "/api/sandboxes", body)
    assert status == 400 and words in answer["error"]


def test_a_sandbox_lets_roles_decide_from_the_start_or_from_now_on(api):
    assert api.ask("POST", "/api/sandboxes", {"name": "roles", "profile": "empty", "rbac": True})[0] == 200
    for value, enforced in (("off", False), ("on", True)):
        status, answer = api.ask("POST", "/api/sandboxes/roles/control", {"action": "rbac", "value": value})
        assert (status, answer["rbac"]) == (200, enforced)
    assert api.ask("POST", "/api/sandboxes/roles/control", {"action": "rbac", "value": "maybe"})[0] == 400
    assert api.ask("DELETE", "/api/sandboxes/roles")[0] == 200


def test_main_cannot_be_deleted(api):
    status, answer = api.ask("DELETE", "/api/sandboxes/main")
    assert status == 400 and "reset it instead" in answer["error"]


@pytest.mark.parametrize(("method", "path", "body"), [
    ("POST", "control", {"action": "run"}), ("POST", "fault", {"action": "kubelet-stop", "args": ["k8snode1"]}),
    ("POST", "kubectl", {"action": "apply", "files": []}), ("POST", "check", {"text": "x"}), ("GET", "kubeconfig", None),
    ("GET", "history?before=5", None), ("GET", "object?subject=pods/default/x", None), ("GET", "why?seq=1", None), ("GET", "control", None),
    ("POST", "control", {"action": "reset"}),
])
def test_an_unknown_sandbox_is_404(api, method, path, body):
    status, answer = api.ask(method, f"/api/sandboxes/nowhere/{path}", body)
    assert status == 404 and answer == {"error": "sandbox 'nowhere' not found"}


@pytest.mark.parametrize("body", [
    {"action": "dance"}, {"action": "speed", "value": 1000}, {"action": "speed", "value": "fast"}, {"action": "step", "value": 0},
    {"action": "step", "value": "1e999"}, {"action": "pacing", "value": "x"}, {"action": "step", "value": 1 << 70},
    {"action": "speed", "value": "nan"}, {"action": ""},
])
def test_a_control_that_makes_no_sense_is_400(api, body):
    assert api.ask("POST", "/api/sandboxes/main/control", body)[0] == 400


@pytest.mark.parametrize("body", [{}, {"action": 5}, [], "run", None])
def test_a_body_of_another_shape_is_422(api, body):
    assert api.ask("POST", "/api/sandboxes/main/control", body)[0] in (400, 422)


@pytest.mark.parametrize(("body", "words"), [
    ({"action": "melt"}, "unknown fault"), ({"action": "kubelet-stop"}, "usage: kubelet-stop NODE"),
    ({"action": "kubelet-stop", "args": ["mars"]}, "node 'mars' not found: this sandbox has k8snode1, k8snode2"),
    ({"action": "component-stop", "args": ["mars"]}, "component 'mars' not found"),
    ({"action": "sandbox-kill", "args": ["k8snode1", "nobody"]}, "nobody"),
    ({"action": "container-kill", "args": ["k8snode1", "nobody", "app"]}, "nobody"),
])
def test_a_fault_that_cannot_be_is_refused_with_the_reason(api, box, body, words):
    status, answer = api.ask("POST", f"/api/sandboxes/{box}/fault", body)
    assert status == 400 and words in answer["error"]


def test_the_head_says_where_a_sandbox_stands(api, box):
    head = api.ask("GET", f"/api/sandboxes/{box}/control")[1]
    assert {"at_ms", "mode", "speed", "pacing", "settled", "step", "wall", "error", "next"} <= set(head) and head["settled"]


def test_history_object_and_causes_of_a_running_pod(api, box):
    history = api.ask("GET", f"/api/sandboxes/{box}/history?before=1000000&limit=50")[1]
    assert len(history["rows"]) == 50 and history["more"]
    assert api.ask("GET", f"/api/sandboxes/{box}/history?before=-5&limit=-1")[0] == 200
    found = api.ask("GET", f"/api/sandboxes/{box}/object?subject=pods/default/web")[1]
    assert "nodeName" in found["yaml"] and found["revision"]
    started = next(row for row in reversed(history["rows"]) if row["subject"].startswith("pods/"))
    assert api.ask("GET", f"/api/sandboxes/{box}/why?seq={started['seq']}")[1]["why"]
    assert api.ask("GET", f"/api/sandboxes/{box}/object?subject=pods/default/nobody")[0] == 400


def test_check_tells_line_and_column(api, box):
    text = POD.replace("spec: {", "spec: {imagePullPolicy: Always, ")
    errors = api.ask("POST", f"/api/sandboxes/{box}/check", {"text": text})[1]["errors"]
    assert [(error["line"], error["message"]) for error in errors] == [(4, 'unknown field "spec.imagePullPolicy"')]


def test_completion_knows_a_pods_fields(api):
    fields = api.ask("GET", "/api/schema/completion?apiVersion=v1&kind=Pod&path=spec.containers")[1]["fields"]
    assert {"name", "image"} <= {field["name"] for field in fields}
    assert api.ask("GET", "/api/schema/completion?apiVersion=v1&kind=Pod&path=no.such[0].place")[1]["fields"] == []


def test_examples_are_there(api):
    assert api.ask("GET", "/api/examples")[0] == 200


def test_a_kubeconfig_names_the_server_and_its_token(api):
    text = api.ask("GET", "/api/sandboxes/main/kubeconfig")[1]
    assert api.server.url + "k8s/" in text


def test_the_api_describes_itself(api):
    status, document = api.ask("GET", "/api/openapi.json")
    assert status == 200 and document["openapi"].startswith("3.")
    assert "/api/sandboxes/{name}/control" in document["paths"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_another_sites_page_cannot_act(api, origin):
    status, answer = api.ask("POST", "/api/sandboxes/main/control", {"action": "hold"}, {"Origin": origin})
    assert status == 403 and "another site" in answer["error"]


def test_the_servers_own_page_can(api):
    assert api.ask("POST", "/api/sandboxes/main/control", {"action": "hold"}, {"Origin": api.server.url.rstrip("/")})[0] == 200


def test_another_hosts_name_is_refused(api):
    assert api.ask("GET", "/api/sandboxes", headers={"Host": "evil.example"})[0] == 400


def test_a_body_that_is_too_large_is_413(api):
    status, _ = api.ask("POST", "/api/sandboxes/main/check", {"text": "x" * (4 * 1024 * 1024 + 10)})
    assert status == 413


def test_a_refusal_comes_with_its_phrase(api):
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(api.server.url).port, timeout=30)
    connection.request("POST", "/api/sandboxes", b"{}", {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert (answer.status, answer.reason) == (422, "Unprocessable Entity")
    connection.close()


def test_a_body_whose_length_is_not_said_is_measured_as_it_comes(api):
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(api.server.url).port, timeout=30)
    pieces = (b"x" * 65536 for _ in range(70))
    connection.request("POST", "/api/sandboxes/main/check", pieces, {"Content-Type": "application/json"}, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_reset_starts_over(api):
    name = api.sandbox("again")
    api.ask("POST", f"/api/sandboxes/{name}/kubectl", {"action": "apply", "files": [{"name": "web.yaml", "text": POD}]})
    head = api.control(name, "reset")
    assert head["mode"] == "held" and head["step"] == 0


def test_nothing_of_this_is_logged_as_an_error(api, box):
    assert "Traceback" not in api.server.output
