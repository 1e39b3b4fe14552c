"""A control plane without scheduler and kubelets: a test plays their part, and a user's, through the API server."""

from __future__ import annotations

from cluster.apiserver.server import ApiServer
from cluster.client import Client
from cluster.controllers.manager import ControllerManager
from cluster.engine import Actor, Engine
from cluster.meta.requests import Response
from cluster.store.memory import Store
from cluster.worker.bootstrap import first_objects

TEMPLATE = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "app", "image": "busybox:1"}], "terminationGracePeriodSeconds": 0},
}


class Hand(Actor):
    """Whoever is not there: sends requests and keeps the answers."""

    name = "hand"

    def __init__(self, engine):
        super().__init__(engine)
        self.client = Client(
            self, user="kubernetes-admin", groups=["system:masters", "system:authenticated"], manager="hand"
        )
        self.answers: list[Response] = []

    def ask(self, call) -> None:
        self.work(self._ask(call))

    def _ask(self, call):
        self.answers.append((yield call))


class World:
    """Runs until nothing is left to do after each thing that the hand does."""

    def __init__(self, *, seed: int = 1, without: tuple[str, ...] = ()):
        self.engine = Engine(seed=seed)
        self.store = Store()
        self.server = ApiServer(self.engine, self.store)
        self.hand = Hand(self.engine)
        self.manager = ControllerManager(self.engine, without=without)
        self.server.begin(first_objects(None, self.engine))
        self.manager.on_start()
        self.settle()

    def settle(self, limit_ms: int = 600_000) -> None:
        assert self.engine.settle(limit_ms=limit_ms), "the cluster did not come to rest"

    def run(self, ms: int) -> None:
        self.engine.run_until(self.engine.now_ms + ms)

    def do(self, call, *, settle: bool = True) -> dict:
        """Send a request, let everything settle, and give the answer's body; fails if it was refused."""
        answered = len(self.hand.answers)
        self.hand.ask(call)
        while len(self.hand.answers) == answered:
            self.engine.step()
        answer = self.hand.answers[-1]
        assert answer.ok, answer.message
        if settle:
            self.settle()
        return answer.body

    @property
    def client(self) -> Client:
        return self.hand.client

    # -- making -----------------------------------------------------------------------------------------------------

    def define_widgets(self) -> None:
        """Serve a custom kind, Widget of example.com."""
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        spec = {"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}]}  # fmt: skip
        self.create("customresourcedefinitions", {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                                                  "metadata": {"name": "widgets.example.com", "namespace": ""}, "spec": spec})  # fmt: skip

    def create(self, resource: str, body: dict, **options) -> dict:
        body = {**body, "metadata": {"namespace": "default", **body["metadata"]}}
        return self.do(self.client.create(resource, body), **options)

    def replica_set(self, name="rs", replicas=2, **spec) -> dict:
        selector = {"matchLabels": TEMPLATE["metadata"]["labels"]}
        body = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": selector, "template": TEMPLATE, **spec},
        }
        return self.create("replicasets", body)

    def deployment(self, name="web", replicas=3, *, image="busybox:1", **spec) -> dict:
        template = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "containers": [{"name": "app", "image": image}]}}
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec},
        }
        return self.create("deployments", body)

    def node(self, name: str, *, ready="True") -> dict:
        node = self.create("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "namespace": ""}})
        if ready:
            self.beat(name, ready)
        return node

    def beat(self, name: str, ready="True") -> None:
        """A kubelet's report."""
        now = self.engine.clock.text(self.engine.now_ms)
        condition = {
            "type": "Ready",
            "status": ready,
            "reason": "KubeletReady",
            "message": "",
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        self.do(
            self.client.patch("nodes", name, {"status": {"conditions": [condition]}}, subresource="status"),
            settle=False,
        )

    def make_ready(self, pod: dict, *, settle: bool = True) -> None:
        """What a kubelet would report once the Pod's containers run."""
        now = self.engine.clock.text(self.engine.now_ms)
        status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}]}
        meta = pod["metadata"]
        self.do(
            self.client.patch(
                "pods", meta["name"], {"status": status}, namespace=meta["namespace"], subresource="status"
            ),
            settle=settle,
        )

    def make_all_ready(self) -> None:
        """Until no Pod that is there is unready any more."""
        for _ in range(30):
            waiting = [pod for pod in self.list("pods") if (pod.get("status") or {}).get("phase") != "Running"]
            if not waiting:
                return
            for pod in waiting:
                self.make_ready(pod)

    # -- looking ----------------------------------------------------------------------------------------------------

    def list(self, resource: str, namespace: str = "default") -> list[dict]:
        prefix = "/registry/minions/" if resource == "nodes" else f"/registry/{resource}/{namespace}/"
        return [stored.value for _, stored in self.store.list(prefix)]

    def get(self, resource: str, name: str, namespace: str = "default") -> dict | None:
        prefix = f"/registry/minions/{name}" if resource == "nodes" else f"/registry/{resource}/{namespace}/{name}"
        stored = self.store.get(prefix)
        return stored.value if stored else None

    def events(self, reason: str = "") -> list[str]:
        """Messages of the Events of a reason, in the order written."""
        found = sorted(self.list("events"), key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [event["message"] for event in found if not reason or event["reason"] == reason]

    def writes(self, since: int = 0) -> list[str]:
        """`ADDED pods`, `MODIFIED replicasets`, … of every revision after one, Events and Leases left out."""
        changes = [change for change in self.store.changes if change.revision > since]
        return [
            f"{change.type} {change.key.split('/')[2]}"
            for change in changes
            if change.key.split("/")[2] not in ("events", "leases")
        ]

    def traced(self, kind: str) -> list[dict]:
        return [event.data for event in self.engine.trace.events if event.kind == kind]
