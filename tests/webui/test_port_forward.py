"""`kubectl port-forward` of the real kubectl, and that of the Python client, to processes of a sandbox."""

from __future__ import annotations

import re
import socket
import time
import urllib.error
import urllib.request

import pytest

from tests.servers import Server
from tests.webui.kubectl import Kubectl

pytestmark = pytest.mark.slow
OBJECTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx/nginx:v1", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 8080, targetPort: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: waits}
spec: {nodeSelector: {no: where}, containers: [{name: app, image: "busybox:1"}]}
"""


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as server:
        found = Kubectl(server.url, tmp_path_factory.mktemp("home"))
        found.control("run")
        found("apply", "-f", "-", text=OBJECTS)
        assert found("wait", "--for=condition=Available", "deploy/web", "--timeout=60s").returncode == 0
        yield found


class Forwarding:
    """A kubectl that forwards, to a local port of the machine's choice."""

    def __init__(self, kubectl, target: str, port: int):
        self.process = kubectl.start("port-forward", target, f":{port}")
        line = self.process.stdout.readline()
        self.port = int(re.match(r"Forwarding from 127.0.0.1:(\d+) ->", line)[1])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.communicate()

    def get(self, path: str = "/") -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(("target", "port"), [("deploy/web", 80), ("svc/web", 8080), ("rs", 80)])
def test_the_process_that_listens_answers(kubectl, target, port):
    if target == "rs":
        target = kubectl("get", "rs", "-l", "app=web", "-o", "name").stdout.strip()
    with Forwarding(kubectl, target, port) as forwarding:
        code, page = forwarding.get()
        assert code == 200 and "Welcome to nginx!" in page
        assert forwarding.get("/missing")[0] == 404
    log = kubectl("logs", "deploy/web").stdout
    assert '"GET / HTTP/1.1" 200' in log and '"GET /missing HTTP/1.1" 404' in log


def test_many_connections_at_once_do_not_mix(kubectl):
    kubectl("exec", "deploy/web", "--", "sh", "-c", "for i in 1 2 3 4 5; do echo page $i > /usr/share/nginx/html/$i.txt; done")
    with Forwarding(kubectl, "deploy/web", 80) as forwarding:
        sockets = []
        for number in range(1, 6):
            made = socket.create_connection(("127.0.0.1", forwarding.port), timeout=20)
            made.sendall(f"GET /{number}.txt HTTP/1.0\r\n\r\n".encode())
            sockets.append(made)
        answers = [b"".join(iter(lambda made=made: made.recv(4096), b"")) for made in sockets]
    assert [answer.rpartition(b"\r\n\r\n")[2] for answer in answers] == [f"page {number}\n".encode() for number in range(1, 6)]


def test_a_port_without_a_listener_is_refused_and_the_connection_lost(kubectl):
    with Forwarding(kubectl, "deploy/web", 81) as forwarding:
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            forwarding.get()
        _, errors = forwarding.process.communicate(timeout=30)
    assert "connect: connection refused" in errors and errors.endswith("error: lost connection to pod\n")
    assert forwarding.process.returncode == 1


def test_a_pod_that_is_not_there_or_does_not_run_is_refused(kubectl):
    done = kubectl("port-forward", "pod/nobody", ":80")
    assert (done.returncode, done.stderr) == (1, 'Error from server (NotFound): pods "nobody" not found\n')
    done = kubectl("port-forward", "pod/waits", ":80")
    assert (done.returncode, done.stderr) == (1, "error: unable to forward port because pod is not running. Current status=Pending\n")


def test_the_python_client_forwards_too(kubectl):
    from kubernetes import client, config
    from kubernetes.stream import portforward

    api = client.CoreV1Api(config.new_client_from_config(str(kubectl.home / "config")))
    pod = api.list_namespaced_pod("default", label_selector="app=web").items[0].metadata.name
    forwarded = portforward(api.connect_get_namespaced_pod_portforward, pod, "default", ports="80,81")
    connection = forwarded.socket(80)
    connection.settimeout(20)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and b"Welcome to nginx!" in answer
    deadline = time.monotonic() + 20
    while not (words := forwarded.error(81)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert words.endswith("dial tcp6 [::1]:81: connect: connection refused ") and forwarded.error(80) is None
