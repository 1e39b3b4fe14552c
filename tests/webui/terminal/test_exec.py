"""`kubectl exec -it` in the page's terminal: a shell in a container, with echo, prompt, Ctrl-C and its end."""

from __future__ import annotations

import pytest

from tests.servers import Server
from tests.webui.kubectl import Kubectl
from tests.webui.terminal.client import Terminal

POD = {"name": "busy.yaml", "text": (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: busy}\n"
    "spec: {containers: [{name: app, image: 'busybox:1', command: [sleep, '9999']}]}\n")}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as started:
        Kubectl(started.url, tmp_path_factory.mktemp("home")).control("run")
        yield started


def test_a_shell_in_a_container(server):
    with Terminal(server.url, "main") as terminal:
        terminal.run("kubectl apply -f busy.yaml", files=[POD])
        terminal.run("kubectl wait --for=condition=Ready pod/busy --timeout=60s", files=[POD])
        terminal.begin("kubectl exec -it busy -- sh")
        terminal.until("output", text="/ # ")
        terminal.send(type="input", text="echo hello $HOSTNAME; x=5\r")
        terminal.until("output", text="hello")
        terminal.send(type="input", text="echo got $x\r")
        terminal.until("output", text="got 5")
        terminal.send(type="input", text="sleep 99\r")
        terminal.send(type="input", text="\x03")
        terminal.until("output", text="^C")
        terminal.send(type="input", text="exit 7\r")
        assert terminal.until("done")["status"] == 7


def test_files_are_copied_between_the_folder_and_a_container(server):
    with Terminal(server.url, "main") as terminal:
        terminal.run("kubectl apply -f busy.yaml", files=[POD])
        terminal.run("kubectl wait --for=condition=Ready pod/busy --timeout=60s", files=[POD])
        terminal.run("kubectl cp busy.yaml busy:/tmp/busy.yaml", files=[POD])
        assert terminal.run("kubectl exec busy -- head -n 1 /tmp/busy.yaml", files=[POD]) == "apiVersion: v1\n"
        terminal.run("kubectl cp busy:/etc/hostname name.txt", files=[POD])
        assert terminal.run("cat name.txt", files=[POD]) == "busy\n"
        assert terminal.run("ls", files=[POD]).split() == ["busy.yaml", "name.txt"]


def test_a_shell_is_run_and_a_debug_container_attached(server):
    with Terminal(server.url, "main") as terminal:
        terminal.begin("kubectl run -it --rm shell --image=busybox --restart=Never")
        terminal.until("output", text="try pressing enter.")
        terminal.send(type="input", text="hostname\r")
        terminal.until("output", text="shell\r\n")
        terminal.send(type="input", text="exit 2\r")
        assert terminal.until("done")["status"] == 2
        terminal.begin("kubectl debug -it busy --image=busybox")
        terminal.until("output", text="try pressing enter.")
        terminal.send(type="input", text="hostname\r")
        terminal.until("output", text="busy\r\n")
        terminal.send(type="input", text="exit\r")
        assert terminal.until("done")["status"] == 0


def test_port_forward_is_refused_with_its_reason(server):
    with Terminal(server.url, "main") as terminal:
        assert terminal.run("kubectl port-forward pod/busy 8080:80") == "<terminal.no_port>"
