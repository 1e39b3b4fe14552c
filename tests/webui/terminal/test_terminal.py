"""A terminal of a server that was started as a user starts it: the real kubectl, on a sandbox, and nothing else of the machine."""

from __future__ import annotations

import glob
import json
import os
import signal
import tempfile
import time
import urllib.request

import pytest
import websocket

from tests.servers import Server
from tests.webui.terminal.client import Terminal


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as started:
        control(started, "run")
        yield started


@pytest.fixture
def terminal(server):
    with Terminal(server.url, "main") as opened:
        yield opened


def control(server, action: str, value=None) -> None:
    body = json.dumps({"action": action, "value": value}).encode()
    request = urllib.request.Request(f"{server.url}api/sandboxes/main/control", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=30).read()


def children(server) -> list[str]:
    """The command lines of the server's kubectls."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as stat, open(path.replace("stat", "cmdline")) as line:
                parent, text = stat.read().rpartition(")")[2].split()[1], line.read()
        except OSError:
            continue
        if int(parent) == server.process.pid and "kubectl" in text:
            found.append(text.replace("\0", " "))
    return found


def gone(test, limit_s: float = 10) -> bool:
    end_s = time.monotonic() + limit_s
    while test() and time.monotonic() < end_s:
        time.sleep(0.05)
    return not test()


def test_the_files_of_the_editor_are_applied_with_the_real_kubectl(terminal):
    assert terminal.run("ls") == "web.yaml\n"
    assert terminal.run("kubectl apply -f web.yaml") == "pod/web created\n"
    assert terminal.run("cat web.yaml | kubectl apply -f -") == "pod/web unchanged\n"
    assert terminal.run("kubectl get pods | grep -c ^web") == "1\n"
    assert "Server Version: v1.36" in terminal.run("kubectl version")
    assert terminal.run("kubectl delete -f web.yaml --wait=false").startswith('pod "web" deleted')


def test_errors_keep_kubectls_words_and_code(terminal):
    assert terminal.run("kubectl get pod nobody") == 'Error from server (NotFound): pods "nobody" not found\n'
    assert terminal.done["status"] == 1


def test_a_stream_runs_until_ctrl_c(terminal):
    terminal.begin("kubectl get nodes -w")
    terminal.until("output", text="k8snode2")
    terminal.send(type="interrupt")
    assert terminal.until("done")["status"] == 130
    assert terminal.run("echo still here") == "still here\n"


def test_a_write_says_that_it_waits_while_time_is_held(server, terminal):
    control(server, "hold")
    terminal.begin("kubectl create configmap held")
    note = terminal.until("note")
    assert (note["key"], note["values"]["verb"]) == ("held", "POST")
    control(server, "run")
    terminal.until("done")
    assert "configmap/held created" in terminal.printed


def test_tab_completes_with_kubectls_own_answers(terminal):
    assert terminal.complete("kubectl get nodes k8sn") == ["k8snode1", "k8snode2"]
    assert terminal.complete("kubectl apply -f ") == ["web.yaml"]
    assert "get" in terminal.complete("kubectl g")
    assert terminal.complete("kubectl pro") == []


def test_a_node_has_a_prompt_and_containerds_images(terminal):
    terminal.run("ssh k8snode1")
    assert terminal.done["prompt"] == "[root@k8snode1 ~]# "
    assert "docker.io/nginx/nginx:v1" in terminal.run("ctr -n=k8s.io images ls")
    assert "done" in terminal.run("ctr -n=k8s.io images import nginx.tar.gz")
    assert "<terminal.ctr_namespace>" in terminal.run("ctr images ls")
    terminal.run("exit")
    assert terminal.done["prompt"] == "$ "


@pytest.mark.parametrize(
    "line",
    [
        "kubectl proxy",
        "kubectl get -f /etc/passwd",
        "kubectl get nodes -s http://127.0.0.1:1",
        "cat /etc/passwd",
        "cat ../home/config",
        "bash",
        "kubectl edit node k8snode1",
    ],
)
def test_what_leads_out_is_refused_and_said(terminal, line):
    printed = terminal.run(line)
    assert printed.startswith("<terminal.") and terminal.done["status"] == 1


def test_names_of_files_lead_nowhere(terminal):
    bad = [{"name": name, "text": "x"} for name in ("../evil", "/tmp/evil", ".hidden", "a/b", "-f", "", "x" * 200)]
    assert terminal.run("ls", files=[*bad, {"name": "good.yaml", "text": ""}, "junk", {"name": 1}]) == "good.yaml\n"


def test_kubectl_sees_a_clean_environment(terminal):
    shown = terminal.run("kubectl config view")
    assert "podlife-main" in shown and "/k8s/" in shown
    assert not terminal.run("kubectl get nodes -v=6").count("proxy")


def test_a_closed_tab_ends_its_processes_and_removes_its_folder(server):
    before = set(glob.glob(os.path.join(tempfile.gettempdir(), "podlife-terminal-*")))
    terminal = Terminal(server.url, "main")
    terminal.begin("kubectl get nodes -w")
    terminal.until("output")
    assert children(server)
    terminal.socket.close()
    assert gone(lambda: children(server))
    assert gone(lambda: set(glob.glob(os.path.join(tempfile.gettempdir(), "podlife-terminal-*"))) - before)


def test_a_second_command_is_not_begun_while_one_runs(server, terminal):
    terminal.begin("kubectl get nodes -w")
    terminal.until("output")
    terminal.send(type="run", line="echo no", files=[])
    terminal.send(type="interrupt")
    terminal.until("done")
    assert "no\n" not in terminal.printed.replace("nodes", "")


def test_another_sites_page_gets_no_terminal(server):
    address = server.url.replace("http://", "ws://") + "ws/terminal/main/"
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(address, origin="http://evil.example", timeout=10)


def test_an_unknown_sandbox_is_said_to_be_gone(server):
    assert Terminal(server.url, "no-such").ready["type"] == "gone"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        '{"type":"run"}',
        '{"type":"run","line":5}',
        '{"type":"resize","rows":"a"}',
        '{"type":"input","text":"x"}',
        '{"type":"ack","count":-5}',
    ],
)
def test_nonsense_is_survived(terminal, text):
    terminal.socket.send(text)
    assert terminal.run("echo alive") == "alive\n"


def test_when_the_server_stops_nothing_of_a_terminal_is_left(tmp_path):
    with Server(tmp_path / "data") as server:
        terminal = Terminal(server.url, "main")
        terminal.begin("kubectl get nodes -w")
        terminal.until("output")
        pids = [int(path.split("/")[2]) for path in glob.glob("/proc/[0-9]*/cmdline") if "kubectl\0get\0nodes\0-w" in read(path)]
        assert server.end(signal.SIGTERM) == 0
        assert gone(lambda: any(os.path.exists(f"/proc/{pid}") for pid in pids))


def read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
