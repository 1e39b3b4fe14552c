"""A client that opens a watch and reads nothing: it costs a bounded amount, ends cleanly, and disturbs nobody."""
from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.servers import Server
from tests.webui.conftest import Api

PODS = 100
STALLED = 10
FAT = "x" * 100_000        # each event of such a Pod is that long: 100 Pods are 10 MB a watch, 10 watches 100 MB
ADDED = rb'"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"(pod\d+)"'
END = b"\r\n0\r\n\r\n"
ENOUGH_MB = 100            # of the server's growth; 300 were it all kept, 40 were seen


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("data")) as server:
        yield Api(server)


class Cluster:
    """The Kubernetes endpoint of a sandbox that runs."""

    def __init__(self, api: Api, name: str):
        self.api, self.name = api, api.sandbox(name, nodes=[])
        text = api.ask("GET", f"/api/sandboxes/{name}/kubeconfig")[1]
        self.path = "/k8s/" + re.search(r"/k8s/([^\s\"]+)", text)[1]

    def pod(self, name: str) -> None:
        pod = {"metadata": {"name": name, "annotations": {"fat": FAT}}, "spec": {"containers": [{"name": "app", "image": "nginx"}]}}
        assert self.api.ask("POST", f"{self.path}/api/v1/namespaces/default/pods", pod)[0] == 201

    def watch(self, *, buffer_bytes: int = 0, since: str = "", seconds: int = 600) -> socket.socket:
        """An open watch of all Pods, its head not read yet."""
        query = f"watch=1&timeoutSeconds={seconds}" + (f"&resourceVersion={since}" if since else "")
        raw = socket.socket()
        if buffer_bytes:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        raw.connect((self.api.place.hostname, self.api.place.port))
        raw.sendall(f"GET {self.path}/api/v1/pods?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return raw


def names_of(raw: socket.socket, count: int, seen: list[str]) -> None:
    """Read a watch until that many Pods were added."""
    answer = http.client.HTTPResponse(raw)
    answer.begin()
    while len(seen) < count and (line := answer.readline()):
        event = json.loads(line)
        if event["type"] == "ADDED":
            seen.append(event["object"]["metadata"]["name"])


def resident_mb(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def rest_of(raw: socket.socket) -> bytes:
    """All that still comes, up to the end of all chunks."""
    raw.settimeout(10)
    parts = []
    while not b"".join(parts[-2:]).endswith(END) and (data := raw.recv(1 << 20)):
        parts.append(data)
    return b"".join(parts)


def test_watchers_that_read_nothing_are_given_up_within_bounds_and_the_others_see_everything(api):
    cluster, seen = Cluster(api, "stalled"), []
    reader = threading.Thread(target=names_of, args=(cluster.watch(), PODS, seen))
    reader.start()
    stalled = [cluster.watch(buffer_bytes=4096) for _ in range(STALLED)]
    cluster.pod("first")
    before_mb = resident_mb(api.server.process.pid)
    for number in range(PODS - 1):
        cluster.pod(f"pod{number}")
    grown_mb = resident_mb(api.server.process.pid) - before_mb
    reader.join(30)
    assert sorted(seen) == sorted(["first", *(f"pod{number}" for number in range(PODS - 1))])
    assert grown_mb < ENOUGH_MB
    for raw in stalled:
        said = rest_of(raw)
        assert said.startswith(b"HTTP/1.1 200") and said.endswith(END)  # what was sent, then the end of all chunks
        assert said.count(b'"type":"ADDED"') < PODS
        raw.close()


def test_who_was_given_up_goes_on_from_the_last_revision_it_saw(api):
    cluster = Cluster(api, "again")
    raw = cluster.watch(buffer_bytes=4096)
    for number in range(60):
        cluster.pod(f"pod{number}")
    time.sleep(0.5)
    said = rest_of(raw)
    raw.close()
    last = re.findall(rb'"resourceVersion":"(\d+)"', said)[-1].decode()
    with contextlib.closing(cluster.watch(since=last, seconds=2)) as again:
        later = re.findall(ADDED, rest_of(again))
    first = re.findall(ADDED, said)
    assert first and later and first + later == [f"pod{number}".encode() for number in range(60)]


def test_a_watch_begins_with_more_than_may_wait_for_a_reader(api):
    """All that is there already leaves the worker at once, right behind the answer's head."""
    cluster, seen = Cluster(api, "much"), []
    for number in range(30):
        cluster.pod(f"pod{number}")
    with contextlib.closing(cluster.watch(seconds=10)) as raw:
        raw.settimeout(10)
        names_of(raw, 30, seen)
    assert sorted(seen) == sorted(f"pod{number}" for number in range(30))
