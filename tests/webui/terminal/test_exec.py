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
