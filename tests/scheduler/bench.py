"""An API server and a scheduler, nothing else: Nodes and Pods are what a test makes them."""

import json

from cluster.apiserver import http
from cluster.apiserver.server import ApiServer, ReplyTo
from cluster.engine import Engine
from cluster.scheduler import Scheduler
from cluster.store.memory import Store

MERGE = {"Content-Type": "application/merge-patch+json"}


class Bench:
    """One control plane without controllers and kubelets, driven step by step."""

    def __init__(self, seed=1):
        self.engine = Engine(seed=seed)
        self.server = ApiServer(self.engine, Store())
        self.scheduler = Scheduler(self.engine)
        namespaces = [
            {
                "kind": "Namespace",
                "apiVersion": "v1",
                "metadata": {"name": name, "uid": name},
                "spec": {},
                "status": {"phase": "Active"},
            }
            for name in ("default", "kube-system")
        ]
        account = {
            "kind": "ServiceAccount",
            "apiVersion": "v1",
            "metadata": {"name": "default", "namespace": "default", "uid": "sa"},
        }
        self.server.begin(
            [
                *((f"/registry/namespaces/{one['metadata']['name']}", one) for one in namespaces),
                ("/registry/serviceaccounts/default/default", account),
            ]
        )
        self.scheduler.on_start()
        self.engine.settle()
        self.calls = 0

    def send(self, method, path, body=None, headers=None, query=""):
        """A client's request over HTTP; runs the cluster until the answer is there."""
        self.calls += 1
        headers = {"User-Agent": "test", "Content-Type": "application/json", **(headers or {})}
        request = http.parse(
            method,
            path,
            query,
            headers,
            json.dumps(body).encode() if body is not None else b"",
            user="kubernetes-admin",
            groups=["system:masters"],
        )
        self.server.submit(request, ReplyTo(external=self.calls), sender="test")
        while not self.server.outbox:
            assert self.engine.step() is not None
        reply, self.server.outbox = self.server.outbox[0][3], []
        assert reply.code < 300, reply.body
        return reply.body

    def node(self, name, *, cpu="4", memory="8Gi", pods="110", labels=None, taints=None, **spec):
        offered = {"cpu": cpu, "memory": memory, "pods": pods}
        return self.add_node(
            {
                "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
                "spec": {**spec, "taints": taints},
                "status": {"capacity": offered, "allocatable": offered},
            }
        )

    def add_node(self, manifest):
        """A node as its kubelet would register it, without the taint of one that is not ready yet."""
        self.send("POST", "/api/v1/nodes", manifest)
        return self.patch(
            f"/api/v1/nodes/{manifest['metadata']['name']}",
            {"spec": {"taints": (manifest.get("spec") or {}).get("taints")}},
        )

    def pod(self, name, *, cpu=None, labels=None, **spec):
        resources = {"requests": {"cpu": cpu}} if cpu else {}
        container = {"name": "c", "image": "app:1", "resources": resources}
        return self.add_pod(
            {"metadata": {"name": name, "labels": labels or {}}, "spec": {"containers": [container], **spec}}
        )

    def add_pod(self, manifest):
        return self.send("POST", "/api/v1/namespaces/default/pods", manifest)

    def patch(self, path, body):
        return self.send("PATCH", path, body, MERGE)

    def get(self, name):
        return self.send("GET", f"/api/v1/namespaces/default/pods/{name}")

    def delete(self, name):
        return self.send("DELETE", f"/api/v1/namespaces/default/pods/{name}", query="gracePeriodSeconds=0")

    def node_of(self, name):
        return self.get(name)["spec"].get("nodeName")

    def events(self, name, reason="FailedScheduling"):
        found = self.send("GET", "/api/v1/namespaces/default/events")["items"]
        found = [one for one in found if one["involvedObject"]["name"] == name and one["reason"] == reason]
        return sorted(found, key=lambda one: int(one["metadata"]["resourceVersion"]))

    def run(self, ms):
        self.engine.run_until(self.engine.now_ms + ms)

    def facts(self, kind):
        return [event for event in self.engine.trace.events if event.kind == kind]
