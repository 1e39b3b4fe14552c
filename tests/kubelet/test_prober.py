"""Playbooks: what probes do to a container, and what they say. Sources: pkg/kubelet/prober, the recordings."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cluster.kubelet.probing import http, port_of, read, request_text
from cluster.runtime.images import behaviour_of, behaviours
from cluster.runtime.wire import REFUSED, TIMEOUT, Exchanged
from tests.kubelet.world import POLITE, World

SLEEP = ["sleep", "1000"]
CAT = {"exec": {"command": ["cat", "/tmp/up"]}, "periodSeconds": 1}
SERVE = ["sh", "-c", "mkdir -p /www; echo hi > /www/live; httpd -f -p 8080 -h /www"]


def a_pod(command=SLEEP, seconds=5, **container) -> World:
    world = World()
    world.create("web", command, container=container, terminationGracePeriodSeconds=1)
    world.run(seconds * 1000)
    return world


def unhealthy(world: World) -> list[tuple[str, int]]:
    return [(message, count) for reason, message, count in world.events("web") if reason == "Unhealthy"]


def test_a_pod_is_not_ready_before_its_readiness_probe_has_succeeded_and_ready_at_once_then():
    world = a_pod(["sh", "-c", "sleep 3; touch /tmp/up; sleep 1000"], 8, readinessProbe=CAT)
    ready = [(fact.data["verdict"], fact.at_ms) for fact in world.facts("ProbeVerdict")]
    readies = [[each["ready"] for each in status.get("containerStatuses") or ()] for status in world.history("web")]
    assert readies[-1] == [True] and [False] in readies and [verdict for verdict, _ in ready] == ["ready"]
    assert unhealthy(world)[0][0] == "Readiness probe failed: cat: can't open '/tmp/up': No such file or directory\n"


def test_success_that_repeats_itself_writes_nothing_and_leaves_no_facts():
    world = a_pod(["sh", "-c", "touch /tmp/up; sleep 1000"], 6, readinessProbe=CAT, livenessProbe=CAT)
    revision, facts = world.store.revision, len(world.engine.trace.events)
    world.run(5_000)
    probes = world.node.kubelet.state.probes
    assert all(probe.count >= 9 for probe in next(iter(probes.values())).values())
    changed = [change.key for change in world.store.since("/registry/", revision)]
    assert not [key for key in changed if "leases" not in key] and not world.engine.trace.events[facts:][10:]


def test_readiness_needs_as_many_failures_in_a_row_as_its_threshold_says():
    world = a_pod(["sh", "-c", "touch /tmp/up; sleep 4; rm /tmp/up; sleep 1000"], 10, readinessProbe={**CAT, "failureThreshold": 2})
    fell = [fact.at_ms for fact in world.facts("ProbeVerdict") if fact.data["verdict"] == "unready"]
    failed = [fact.at_ms for fact in world.facts("ProbeFailed")]
    assert 950 <= fell[0] - failed[-1] <= 1_050 and world.state("web")["restartCount"] == 0


def test_a_failed_liveness_probe_restarts_the_container_in_the_same_pass():
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 3}
    world = a_pod(seconds=7, livenessProbe=probe)
    assert ("Killing", "Container app failed liveness probe, will be restarted", 1) in world.events("web")
    assert ("Liveness probe failed: ", 3) in unhealthy(world) or ("Liveness probe failed: ", 4) in unhealthy(world)
    state = world.state("web")
    assert state["restartCount"] == 1 and state["lastState"]["terminated"]["exitCode"] == 137


def test_liveness_has_its_own_grace_period():
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1, "terminationGracePeriodSeconds": 4}
    world = a_pod(seconds=8, livenessProbe=probe)
    sent = [(fact.data["signal"], fact.at_ms) for fact in world.facts("SignalSent")]
    assert sent[1][1] - sent[0][1] == 4_000


def test_under_never_a_container_that_fails_its_liveness_ends_for_good():
    world = World()
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    world.create("web", SLEEP, container={"livenessProbe": probe}, restartPolicy="Never", terminationGracePeriodSeconds=1)
    world.run(8_000)
    assert ("Killing", "Stopping container app", 1) in world.events("web")  # nothing of it goes on: all of the Pod is stopped
    assert world.pod("web")["status"]["phase"] == "Failed"


def test_the_startup_probe_holds_the_others_back():
    world = a_pod(
        ["sh", "-c", "sleep 4; touch /tmp/up; sleep 1000"], 4, startupProbe={**CAT, "failureThreshold": 30}, readinessProbe=CAT, livenessProbe=CAT
    )
    assert world.state("web")["started"] is False and {fact.data["probe"] for fact in world.facts("ProbeFailed")} == {"startup"}
    world.run(4_000)
    assert world.state("web")["started"] and world.state("web")["ready"] and world.state("web")["restartCount"] == 0


def test_a_startup_probe_that_never_succeeds_restarts_the_container():
    world = a_pod(seconds=8, startupProbe={**CAT, "failureThreshold": 2})
    assert ("Killing", "Container app failed startup probe, will be restarted", 2) in world.events("web")
    assert world.state("web")["restartCount"] == 1


def test_a_probe_waits_for_its_initial_delay():
    world = a_pod(seconds=12, readinessProbe={**CAT, "initialDelaySeconds": 5})
    started = world.facts("ContainerStarted")[0].at_ms
    assert 5_000 <= world.facts("ProbeFailed")[0].at_ms - started <= 6_000


def test_a_command_that_takes_too_long_is_a_failure():
    world = a_pod(seconds=4, readinessProbe={"exec": {"command": ["sleep", "5"]}, "periodSeconds": 2})
    assert unhealthy(world)[0][0] == 'Readiness probe failed: command timed out: "sleep 5" timed out after 1s'


def test_a_program_that_is_not_there_is_an_error_and_no_result():
    world = a_pod(seconds=4, readinessProbe={"exec": {"command": ["nope"]}, "periodSeconds": 1})
    message = unhealthy(world)[0][0]
    assert message.startswith("Readiness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec")
    assert message.endswith('exec: "nope": executable file not found in $PATH: unknown')
    assert not world.facts("ProbeFailed")


PORTS = [{"name": "http", "containerPort": 8080}]
HTTP = {
    "a page that is there": ({"httpGet": {"path": "/live", "port": "http"}}, None),
    "a page that is not": ({"httpGet": {"path": "/no", "port": 8080}}, "HTTP probe failed with statuscode: 404"),
    "nobody listens": ({"httpGet": {"path": "/", "port": 9}}, 'Get "http://{ip}:9/": dial tcp {ip}:9: connect: connection refused'),
    "TLS": (
        {"httpGet": {"path": "/live", "port": 8080, "scheme": "HTTPS"}},
        'Get "https://{ip}:8080/live": http: server gave HTTP response to HTTPS client',
    ),
    "an open port": ({"tcpSocket": {"port": "http"}}, None),
    "a closed port": ({"tcpSocket": {"port": 9}}, "dial tcp {ip}:9: connect: connection refused"),
    "no gRPC": ({"grpc": {"port": 8080, "service": ""}}, 'timeout: failed to connect service "{ip}:8080" within 1s: context deadline exceeded'),
}


@pytest.mark.parametrize("case", HTTP)
def test_what_the_network_answers_decides(case):
    probe, wanted = HTTP[case]
    world = a_pod(SERVE, 5, ports=PORTS, readinessProbe={**probe, "periodSeconds": 1, "initialDelaySeconds": 1})
    ip = world.pod("web")["status"]["podIP"]
    said = [message for message, _ in unhealthy(world)]
    assert said == ([] if wanted is None else ["Readiness probe failed: " + wanted.format(ip=ip)])
    assert world.state("web")["ready"] is (wanted is None)


def test_the_command_of_a_pod_that_ends_is_cancelled_and_its_requests_go_on():
    world = a_pod(["sh", "-c", "touch /tmp/up; sleep 1000"], 4, readinessProbe=CAT)
    world.delete("web")
    world.run(5_000)
    words = "Readiness probe errored and resulted in unknown state: rpc error: code = Canceled desc = context canceled"
    assert words in [message for message, _ in unhealthy(world)] and world.pod("web") is None
    assert not world.node.kubelet.state.probes


def test_a_restarted_kubelet_leaves_a_ready_container_ready():
    world = a_pod(["sh", "-c", "touch /tmp/up; sleep 1000"], 20, readinessProbe={**CAT, "periodSeconds": 10})
    kubelet = world.node.kubelet
    world.engine.stop(kubelet)
    world.run(2_000)
    world.engine.start(kubelet)
    before = world.history("web")
    world.run(15_000)
    assert world.state("web")["ready"] and world.history("web") == before
    assert kubelet.state.probes


def test_a_pod_without_probes_has_none():
    assert a_pod(seconds=2).node.kubelet.state.probes == {}


PORT_WORDS = [
    (80, 80),
    ("http", 8080),
    ("90", 90),
    ("no", 'strconv.Atoi: parsing "no": invalid syntax'),
    (0, "invalid port number: 0"),
    ("70000", "invalid port number: 70000"),
]


@pytest.mark.parametrize(("wanted", "found"), PORT_WORDS)
def test_a_port_is_a_number_or_a_name(wanted, found):
    if isinstance(found, int):
        assert port_of(wanted, {"ports": PORTS}) == found
    else:
        with pytest.raises(ValueError) as error:
            port_of(wanted, {"ports": PORTS})
        assert str(error.value) == found


def test_a_pods_headers_take_the_place_of_the_kubelets():
    plain = request_text("/x", "10.0.0.1:80", [], "probe")
    assert "Host: 10.0.0.1:80" in plain and "User-Agent: kube-probe/1.36" in plain and "Accept: */*" in plain
    own = request_text("x", "10.0.0.1:80", [{"name": "Host", "value": "a.b"}, {"name": "user-agent", "value": "me"}], "probe")
    assert own.startswith("GET /x HTTP/1.1\r\nHost: a.b\r\n") and "kube-probe" not in own and "user-agent: me" in own


def test_an_answer_that_is_no_http_has_no_code():
    assert read("SSH-2.0-x\r\n") == (0, "", "")
    assert read("HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\nhi") == (302, "/there", "hi")


class Wires:
    """A network that answers as told: address or name and path -> text, or an error."""

    def __init__(self, answers: dict[str, str]):
        self.answers, self.asked = answers, []

    def exchange(self, _runtime, _container, host, port, text, **_options):
        path = text.split(" ", 2)[1] if text else ""
        self.asked.append(f"{host}:{port}{path}")
        said = self.answers.get(path, "")
        return Exchanged(said, address=host, took_ms=1) if said in (REFUSED, TIMEOUT) else Exchanged("", said, host, 1)


def ask_http(answers: dict[str, str], **action):
    wires = Wires(answers)
    runtime = SimpleNamespace(engine=SimpleNamespace(actors={"network": wires}))
    answer = http(runtime, {"port": 80, "path": "/", **action}, {}, "10.0.0.1", timeout_ms=1000, purpose="probe")
    return answer.result, answer.output, wires.asked


MOVED = "HTTP/1.1 302 Found\r\nLocation: {}\r\n\r\ngone"
OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
ANSWERS = {
    "a redirect on the same host is followed": ({"/": MOVED.format("/there"), "/there": OK}, "success", "hi"),
    "with its whole address too": ({"/": MOVED.format("http://10.0.0.1:80/there"), "/there": OK}, "success", "hi"),
    "one to another host is a warning": ({"/": MOVED.format("http://b.c/x")}, "warning", "Probe terminated redirects, Response body: gone"),
    "a circle ends": ({"/": MOVED.format("/")}, "failure", 'Get "http://10.0.0.1:80/": stopped after 10 redirects'),
    "created is fine": ({"/": "HTTP/1.1 201 Created\r\n\r\n"}, "success", ""),
    "nothing at all": ({"/": ""}, "failure", 'Get "http://10.0.0.1:80/": EOF'),
    "what is no HTTP": (
        {"/": "+OK\r\n"},
        "failure",
        'Get "http://10.0.0.1:80/": net/http: HTTP/1.x transport connection broken: malformed HTTP response "+OK"',
    ),
    "no answer in time": (
        {"/": TIMEOUT},
        "failure",
        'Get "http://10.0.0.1:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_an_answer_over_http_means(case):
    answers, result, output = ANSWERS[case]
    assert ask_http(answers)[:2] == (result, output)


def test_a_probe_may_name_another_host():
    assert ask_http({"/": OK}, host="example.org")[2] == ["example.org:80/"]


AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.53"
HEALTH = {
    "serving": ([], "", []),
    "another service": ([], "other", ["Readiness probe failed: error: health rpc probe failed: rpc error: code = NotFound desc = unknown service"]),
    "its service": (["--service", "mine"], "mine", []),
    "no longer": (["--delay-unhealthy-sec", "0"], "", ['Readiness probe failed: service unhealthy (responded with "NOT_SERVING")']),
}


@pytest.mark.parametrize("case", HEALTH)
def test_grpc_asks_for_the_health_of_a_service(case):
    args, service, said = HEALTH[case]
    world = World()
    world.node.runtime.import_image(AGNHOST)
    probe = {"grpc": {"port": 5000, "service": service}, "periodSeconds": 1}
    world.create("web", image=AGNHOST, container={"args": ["grpc-health-checking", *args], "readinessProbe": probe})
    world.run(5_000)
    assert [message for message, _ in unhealthy(world)] == said and world.state("web")["ready"] is not bool(said)


def test_a_command_that_only_its_image_has_may_be_a_probe():
    world = World()
    world.node.runtime.import_image("redis:7")
    world.create("web", image="redis:7", container={"readinessProbe": {"exec": {"command": ["redis-cli", "ping"]}, "periodSeconds": 1}})
    world.run(8_000)
    assert world.state("web")["ready"]


def test_a_fault_in_a_command_of_an_image_is_a_failed_probe_and_no_more(monkeypatch):
    def broken(_world, _words):
        raise KeyError("oops")

    world = World()
    world.node.runtime.import_image("redis:7")
    monkeypatch.setitem(behaviours()[behaviour_of("docker.io/library/redis:7")].tools, "redis-cli", broken)
    world.create("web", image="redis:7", container={"readinessProbe": {"exec": {"command": ["redis-cli", "ping"]}, "periodSeconds": 1}})
    world.run(5_000)
    assert unhealthy(world)[0][0] == "Readiness probe failed: redis-cli: internal error: KeyError: 'oops'\n"


def test_a_cluster_has_not_settled_before_its_containers_are_ready():
    world = World()
    probe = {**CAT, "initialDelaySeconds": 3}
    probes = {"startupProbe": {**CAT, "failureThreshold": 30}, "readinessProbe": probe, "livenessProbe": CAT}
    world.create("web", ["sh", "-c", "sleep 8; touch /tmp/up; while true; do sleep 1; done"], container=probes)
    assert world.engine.settle() and world.state("web")["ready"]


@pytest.mark.parametrize("command", [["false"], ["nope"], ["sleep", "9"]])
def test_a_cluster_settles_although_a_container_never_gets_ready(command):
    world = World()
    never = {"exec": {"command": command}, "periodSeconds": 1}
    world.create("web", POLITE, container={"readinessProbe": never, "livenessProbe": {"tcpSocket": {"port": 9}, "periodSeconds": 5}})
    assert world.engine.settle(limit_ms=120_000)
