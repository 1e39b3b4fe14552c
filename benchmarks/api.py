"""The Kubernetes endpoint through Daphne, the server on one core: requests a second, the wait for a read, open watches."""
from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers import Server

from .measure import Figure, quantile

CONNECTIONS, POSTS = 64, 2000
RATE, PODS = 50, 1000
WATCHES, WATCHED = 200, 100
GATED = {"schedulingGates": [{"name": "example.com/bench"}]}   # stored and watched, not scheduled
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Endpoint:
    """A server of its own, held to one core, and the load that is put on it."""

    def __init__(self, server: Server):
        self.server, self.pid = server, server.process.pid
        cores = sorted(os.sched_getaffinity(0))
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(thread), cores[:1])
        self.others = cores[1:] or cores

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.server.url}{path}", data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def sandbox(self, name: str, nodes: int) -> dict:
        """A fresh cluster that runs by the clock; its place, as load.py wants it."""
        self.ask("POST", "api/sandboxes", {"name": name, "seed": 1, "nodes": [f"node{number}" for number in range(nodes)]})
        self.control(name, "pacing", "clock")
        self.control(name, "run")
        token = re.search(r"/k8s/([^\s\"]+)", self.ask("GET", f"api/sandboxes/{name}/kubeconfig").decode())[1]
        where = urlsplit(self.server.url)
        return {"host": where.hostname, "port": where.port, "token": token, "name": name}

    def control(self, name: str, action: str, value: object = None) -> None:
        self.ask("POST", f"api/sandboxes/{name}/control", {"action": action, "value": value})

    def drop(self, place: dict) -> None:
        self.ask("DELETE", f"api/sandboxes/{place['name']}")

    def cpu_s(self) -> float:
        """The server's CPU time, user and system, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S

    def load(self, **order) -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.load", json.dumps(order)], stdout=subprocess.PIPE, text=True)
        os.sched_setaffinity(process.pid, self.others)
        return process


def result(process: subprocess.Popen) -> dict:
    """What a load saw."""
    said, _ = process.communicate(timeout=300)
    if process.returncode:
        raise RuntimeError(f"the load ended with {process.returncode}")
    return json.loads(said.splitlines()[-1])


def run(runs: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="podlife-bench-") as folder, Server(Path(folder)) as server:
        endpoint = Endpoint(server)
        return [*_posts(endpoint, "gated", GATED), *_posts(endpoint, "plain", {}), *_reads(endpoint), *_watches(endpoint)]


def _posts(endpoint: Endpoint, sort: str, spec: dict) -> list[Figure]:
    place = endpoint.sandbox(f"posts-{sort}", 10)
    result(endpoint.load(do="post", place=place, count=100, connections=CONNECTIONS, prefix="warm", spec=spec))
    cpu_s = endpoint.cpu_s()
    seen = result(endpoint.load(do="post", place=place, count=POSTS, connections=CONNECTIONS, prefix="bench", spec=spec))
    cpu_s = endpoint.cpu_s() - cpu_s
    endpoint.drop(place)
    if seen["codes"] != {"201": POSTS}:
        raise RuntimeError(f"POST Pod: {seen['codes']}")
    return [
        Figure(f"POST Pod ({sort}), {CONNECTIONS} connections, wall", POSTS / seen["wall_s"], "requests/s", "> 400" if sort == "plain" else ""),
        Figure(f"POST Pod ({sort}), by the server's CPU time", POSTS / cpu_s, "requests/s"),
        Figure(f"POST Pod ({sort}), wait, 99th percentile", quantile(seen["spent_ms"], 0.99), "ms"),
    ]


def _reads(endpoint: Endpoint) -> list[Figure]:
    """The wait for one Node while a Deployment's Pods start."""
    place = endpoint.sandbox("reads", 20)
    endpoint.ask("POST", f"k8s/{place['token']}/apis/apps/v1/namespaces/default/deployments", _deployment())
    time.sleep(0.2)
    seen = result(endpoint.load(do="get", place=place, rate=RATE, seconds=10, path="/api/v1/nodes/node1"))
    ready = _ready(endpoint, place)
    endpoint.drop(place)
    if set(seen["codes"]) != {"200"}:
        raise RuntimeError(f"GET Node: {seen['codes']}")
    return [
        Figure(f"GET while {PODS:,} Pods start, median", quantile(seen["spent_ms"], 0.5), "ms"),
        Figure(f"GET while {PODS:,} Pods start, 99th percentile", quantile(seen["spent_ms"], 0.99), "ms", "< 15"),
        Figure(f"GET while {PODS:,} Pods start, longest", max(seen["spent_ms"]), "ms"),
        Figure("Pods ready by then", ready, f"of {PODS:,}"),
    ]


def _deployment() -> dict:
    labels = {"app": "web"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"replicas": PODS, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "nginx/nginx:v1"}]}}}}


def _ready(endpoint: Endpoint, place: dict) -> int:
    found = json.loads(endpoint.ask("GET", f"k8s/{place['token']}/apis/apps/v1/namespaces/default/deployments/web"))
    return found["status"].get("readyReplicas", 0)


def _watches(endpoint: Endpoint) -> list[Figure]:
    """Open watches, each of which must see every Pod that is made."""
    place = endpoint.sandbox("watches", 2)
    revision = json.loads(endpoint.ask("GET", f"k8s/{place['token']}/api/v1/pods"))["metadata"]["resourceVersion"]
    watching = endpoint.load(do="watch", place=place, count=WATCHES, events=WATCHED, revision=revision, within_s=60)
    watching.stdout.readline()
    cpu_s = endpoint.cpu_s()
    result(endpoint.load(do="post", place=place, count=WATCHED, connections=4, prefix="bench", spec=GATED))
    seen = result(watching)
    cpu_s = endpoint.cpu_s() - cpu_s
    endpoint.drop(place)
    full = sum(count == WATCHED for count in seen["seen"])
    return [
        Figure(f"open watches that saw all of {WATCHED} Pods", full, f"of {WATCHES}", f"= {WATCHES}"),
        Figure("until the last had seen them", seen["wall_s"], "s"),
        Figure("events by the server's CPU time", sum(seen["seen"]) / cpu_s, "events/s"),
    ]
