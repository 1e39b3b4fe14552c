"""What clients read is drawn: in order, in words, folded where it is much, and without a trace in what happens."""
from __future__ import annotations

import json

import pytest

from cluster.meta.requests import Request
from cluster.worker import sandboxes
from cluster.worker.reads import Attention, Reader

from .running import committed
from .test_recovery import Worker

pytestmark = pytest.mark.django_db
PODS = "/api/v1/namespaces/default/pods"
KUBECTL = {"user-agent": "kubectl/v1.36.4 (linux/amd64) kubernetes/bb826b1", "host": "127.0.0.1:8000"}
HELM = {"user-agent": "Helm/3.18.4"}


class Client:
    """Requests through the Host; what the page shows of them."""

    def __init__(self, worker: Worker):
        self.worker, self.host = worker, worker.host
        self.token = sandboxes.find("one").token

    def get(self, path: str = PODS, query: str = "", *, headers: dict = KUBECTL, run: str = "", command: str = "kubectl get",
            terminal: bool = False) -> list[dict]:
        marks = {"kubectl-session": run, "kubectl-command": command} if run else {}
        answers: list[dict] = []
        answer = self.host.handle({"do": "kube", "token": self.token, "method": "GET", "path": path, "query": query,
                                   "headers": {**headers, **marks}, "body": b"", "terminal": terminal}, answers.append)
        return answers if answer is None else [answer, *answers]

    def send(self, path: str, body: dict, *, run: str = "") -> None:
        """A write, and all that follows from it."""
        headers = {**KUBECTL, "content-type": "application/json", **({"kubectl-session": run, "kubectl-command": "kubectl create"} if run else {})}
        self.host.handle({"do": "kube", "token": self.token, "method": "POST", "path": path, "query": "", "headers": headers,
                          "body": json.dumps(body).encode()}, [].append)
        self.worker.ask("control", sandbox="one", action="settle")
        self.worker.play(20)

    @property
    def runner(self):
        return self.host.runners["one"]

    @property
    def rows(self) -> list[dict]:
        return [row for row in self.runner.display.rows if row["at_ms"] >= self.runner.simulation.begun_ms]

    @property
    def steps(self) -> list[dict]:
        return [row for row in self.rows if row["step"] is not None]

    def said(self) -> list[str]:
        return [row["caption"]["en"] for row in self.steps]


@pytest.fixture
def client():
    sandboxes.create("one", seed=7)
    worker = Worker()
    worker.ask("hello", sandbox="one", viewer="page")
    return Client(worker)


def test_a_read_of_a_held_sandbox_is_answered_and_drawn_as_one_step_with_its_gates(client):
    assert client.get()[0]["status"] == 200
    (step,) = client.steps
    assert step["caption"]["en"] == "**kubectl** asks GET …/pods as kubernetes-admin: what is there now?"
    assert step["caption"]["zh"].startswith("**kubectl** 以 kubernetes-admin 的身份请求 GET …/pods")
    assert [(flight["from"], flight["to"]) for flight in step["flights"]] == [("kubectl", "kube-apiserver"), ("kube-apiserver", "kubectl")]
    kinds = [row["kind"] for row in client.rows]
    assert kinds[-5:] == ["RequestSent", "RequestAuthenticated", "RequestAuthorized", "ReadServed", "ReplySent"]
    gates = client.runner.display.cells["gates"]
    assert gates["authn"]["note"]["en"] == "kubernetes-admin" and gates["store"]["state"] == "passed" and gates["validation"]["state"] == "skipped"
    assert client.runner.head()["settled"]


def test_a_read_waits_its_turn_behind_steps_that_are_not_shown_yet(client):
    client.worker.apply("one")
    client.worker.ask("control", sandbox="one", action="step")
    shown = client.runner.display.step
    assert client.runner.display.has_step or client.runner.engine.foreground
    while not client.runner.display.has_step:
        client.runner.advance()
    client.get()
    assert client.runner.display.step == shown
    assert client.runner.display.pending[-1]["kind"] == "ReplySent"


def test_what_is_typed_in_the_page_waits_to_be_stepped(client):
    client.get(terminal=True)
    assert client.runner.display.step == 0 and not client.runner.head()["settled"]
    assert "asks GET …/pods" in client.runner.head()["next"]["caption"]["en"]
    client.worker.ask("control", sandbox="one", action="step")
    assert client.runner.display.step == 1 and client.runner.head()["settled"]


def test_questions_about_the_api_are_one_step_a_run(client):
    for path in ("/api", "/apis", "/openapi/v3", "/apis/apps/v1"):
        client.get(path, run="a")
    client.get("/api", run="b")
    assert [row["kind"] for row in client.steps] == ["RequestSent", "RequestSent"]
    assert "what does this server have" in client.said()[0]
    assert client.runner.display.cells["components"]["kubeconfig"]["context"] == "podlife-one"


def test_the_same_question_again_and_again_is_folded_and_says_so(client):
    for number in range(10):
        client.get(run=str(number))
        client.worker.wall_s += 1
    assert len(client.steps) == 6
    assert "reads on and on" in client.said()[5]
    client.worker.wall_s += 11
    client.get(run="later")
    assert len(client.steps) == 7


def test_a_client_that_is_not_kubectl_is_one_step_and_details(client):
    client.worker.ask("control", sandbox="one", action="pacing", value="clock")
    client.worker.ask("control", sandbox="one", action="run")
    for name in ("a", "b", "c"):
        client.get(query=f"labelSelector=app%3D{name}", headers=HELM)
    client.worker.play(0.1)
    assert client.said()[0].startswith("**Helm** asks GET …/pods as kubernetes-admin")
    assert len(client.steps) == 1
    assert [row["flights"][0]["label"] for row in client.rows if row["kind"] == "RequestSent"] == ["GET pods"] * 3
    assert client.runner.display.cells["components"]["kubectl"]["who"] == "Helm"


def test_who_steps_through_something_is_not_disturbed_by_what_others_read(client):
    client.worker.apply("one")
    for number in range(1, 30):
        client.get()
        client.get(headers=HELM)
        client.worker.ask("control", sandbox="one", action="step")
        assert client.runner.display.step == number
        client.worker.wall_s += 20
    assert sum(row["kind"] == "RequestSent" and row["step"] is None for row in client.rows) > 40


def test_a_flood_of_different_reads_is_bounded(client):
    for number in range(40):
        client.get(f"{PODS}/x{number}")
    assert len([row for row in client.rows if row["kind"] == "RequestSent"]) == 12
    assert len(client.runner.engine.trace.events) == 0


def test_what_a_shell_completes_is_not_drawn(client):
    client.get(run="a", command="kubectl __complete")
    assert not client.steps


def test_a_refused_read_shows_where_it_ended(client):
    client.get(headers={**KUBECTL, "impersonate-user": "eve"})
    assert [row["kind"] for row in client.steps] == ["RequestSent", "RequestRefused"]
    assert 'User "eve" cannot list resource "pods" in API group "" in the namespace "default"' in client.said()[1]
    assert client.runner.display.cells["gates"]["authz"]["state"] == "refused"


def test_the_rule_that_lets_somebody_is_named_with_what_was_asked_first(client):
    role = {"metadata": {"name": "views"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"}]}
    client.send("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", role)
    client.get(headers={**KUBECTL, "impersonate-user": "ann"})
    row = next(row for row in reversed(client.rows) if row["kind"] == "RequestAuthorized")
    assert row["caption"]["en"] == ('**kube-apiserver** lets ann list pods. Rule: list +2 on pods +9, by ClusterRoleBinding "views" of ClusterRole '
                                    '"view" to User "ann".')
    assert "规则：对 pods +9 执行 list +2" in row["caption"]["zh"]


def test_a_write_shows_the_kubeconfig_too(client):
    client.send(PODS, {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "a", "image": "nginx/nginx:v1"}]}}, run="w")
    assert client.runner.display.cells["components"]["kubeconfig"]["user"] == "kubernetes-admin"


def test_a_watch_is_drawn_at_its_start_its_first_news_and_its_end(client):
    answers = client.get(query="watch=1&resourceVersion=" + str(client.runner.simulation.store.revision))
    client.worker.apply("one")
    client.worker.ask("control", sandbox="one", action="settle")
    client.worker.play(5)
    assert len([answer for answer in answers if "line" in answer]) >= 1
    client.worker.ask("unwatch", sandbox="one", watch=answers[0]["watch"])
    mine = [row["caption"]["en"] for row in client.steps if row["actor"] == "kubectl" and row["kind"] in ("WatchDelivered", "StreamEnded")]
    assert "opens a watch, GET …/pods" in client.said()[0]
    assert mine == ["**kubectl** hears the first news over its watch: ADDED Pod web. What follows comes the same way.",
                    "**kubectl** no longer listens to pods: the connection that was left open is closed."]


def test_a_log_is_drawn_on_its_way_to_the_kubelet_and_back(client):
    client.worker.apply("one")
    client.worker.ask("control", sandbox="one", action="settle")
    client.worker.play(5)
    client.get(f"{PODS}/web/log")
    step = client.steps[-1]
    node = client.runner.simulation.store.get("/registry/pods/default/web").value["spec"]["nodeName"]
    assert "asks for a log of Pod web" in step["caption"]["en"]
    assert [flight["to"] for flight in step["flights"]] == ["kube-apiserver", f"kubelet/{node}", "kubectl"]


def test_reads_change_nothing_that_happens_and_a_run_with_them_comes_back_byte_for_byte(client):
    two = sandboxes.create("two", seed=7)
    two.settings = sandboxes.find("one").settings   # the epoch is a wall moment
    two.save()
    quiet = Worker()
    for worker, name in ((client.worker, "one"), (quiet, "two")):
        worker.apply(name)
        worker.ask("control", sandbox=name, action="settle")
        worker.play(5)
        if name == "one":
            client.get()
            client.get(f"{PODS}/web")
        worker.ask("kubectl", sandbox=name, command={"action": "delete", "resource": "pods", "namespace": "default", "name": "web"})
        worker.ask("control", sandbox=name, action="settle")
        worker.play(60)
    mine, others = (worker.host.runners[name].sandbox for worker, name in ((client.worker, "one"), (quiet, "two")))
    assert [json.loads(row) for row in committed(mine)[0]] == [json.loads(row) for row in committed(others)[0]]
    before, rows = committed(mine), client.rows
    again = Client(Worker())
    again.worker.ask("hello", sandbox="one", viewer="page")
    assert committed(mine) == before and again.rows == rows
    assert again.runner.engine.snapshot() == client.runner.engine.snapshot()


def test_attention_forgets_what_is_long_ago():
    attention, reader = Attention(), Reader("client", "kopf", "", False)
    request = Request(verb="list", resource="pods", path=PODS)
    assert [attention.pay(reader, request, wall_s) for wall_s in range(8)] == ["step", *["detail"] * 4, "often", "", ""]
    assert attention.pay(reader, request, 18) == "step"


def test_a_forwarding_says_that_it_is_a_stream_to_ports(client):
    client.worker.apply("one")
    client.worker.ask("control", sandbox="one", action="settle")
    client.worker.play(20)
    asked = {"do": "stream", "token": client.token, "path": f"{PODS}/web/portforward", "query": "", "headers": KUBECTL}
    answers: list[dict] = []
    client.host.handle(asked, answers.append)
    client.worker.ask("control", sandbox="one", action="step")
    assert answers[0]["forward"]["pod"] == "web"
    assert any(row["caption"]["en"].startswith("**kubectl** asks for a stream to ports of Pod web") for row in client.rows)
