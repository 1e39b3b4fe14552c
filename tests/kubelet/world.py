"""A control plane without controllers and scheduler: nodes with their kubelets, and a hand that does the rest."""

from __future__ import annotations

from types import SimpleNamespace

from cluster.apiserver.server import ApiServer
from cluster.client.client import Client
from cluster.engine import Actor, Engine
from cluster.kubelet import Node
from cluster.network import Network
from cluster.store.memory import Store
from cluster.worker.bootstrap import first_objects

STARTED_MS = 2_000
POLITE = ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 1; done"]


class Hand(Actor):
    """Whoever is not there: sends requests and keeps the answers."""

    name = "hand"

    def __init__(self, engine):
        super().__init__(engine)
        groups = ["system:masters", "system:authenticated"]
        self.client = Client(self, user="kubernetes-admin", groups=groups, manager="hand")
        self.answers = []

    def ask(self, call):
        self.work(self._ask(call))

    def _ask(self, call):
        self.answers.append((yield call))


class World:
    """Nodes k8snode1… of a profile, up and Ready."""

    def __init__(self, *, nodes: int = 1, profile: str = "learner", seed: int = 1, start: bool = True):
        names = [f"k8snode{number + 1}" for number in range(nodes)]
        settings = SimpleNamespace(nodes=names, node_cpu="4", node_memory="8Gi", profile=profile)
        self.engine, self.store = Engine(seed=seed), Store()
        self.server, self.hand = ApiServer(self.engine, self.store), Hand(self.engine)
        self.nodes = [Node(self.engine, name, settings) for name in names]
        self.network = Network(self.engine, {node.runtime.node: node.runtime for node in self.nodes})
        if start:
            self.server.begin([*first_objects(None, self.engine), account()])
            for node in self.nodes:
                node.start()
            self.until(STARTED_MS)

    @property
    def node(self) -> Node:
        return self.nodes[0]

    def until(self, ms: int) -> None:
        self.engine.run_until(ms)

    def run(self, ms: int) -> None:
        self.engine.run_until(self.engine.now_ms + ms)

    def ask(self, call) -> None:
        self.hand.ask(call)

    def create(
        self, name: str, command: list[str] | None = None, *, image: str = "busybox:1", container=None, others=(), **spec
    ) -> None:
        """Create a Pod that is bound to k8snode1 already, and let the request arrive."""
        app = {"name": "app", "image": image, **({"command": command} if command else {}), **(container or {})}
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"nodeName": "k8snode1", "containers": [app, *others], **spec},
        }
        self.ask(self.hand.client.create("pods", body))

    def delete(self, name: str, grace_s: int | None = None) -> None:
        self.ask(self.hand.client.delete("pods", name, "default", grace_period_seconds=grace_s))

    def pod(self, name: str) -> dict | None:
        stored = self.store.get(f"/registry/pods/default/{name}")
        return stored.value if stored else None

    def state(self, name: str) -> dict:
        return self.pod(name)["status"]["containerStatuses"][0]

    def history(self, name: str) -> list[dict]:
        """The statuses of a Pod, in order, without those of its deletion."""
        key = f"/registry/pods/default/{name}"
        return [change.value["status"] for change in self.store.since("/registry/pods/", 0) if change.key == key]

    def events(self, name: str) -> list[tuple[str, str, int]]:
        """(reason, message, count) of the Events about an object, in the order of their first."""
        values = [stored.value for _, stored in self.store.list("/registry/events/")]
        mine = [event for event in values if event["involvedObject"]["name"] == name]
        mine.sort(key=lambda event: int(event["metadata"]["name"].rpartition(".")[2], 16))
        return [(event["reason"], event["message"], event.get("count", 1)) for event in mine]

    def facts(self, *kinds: str) -> list:
        return [event for event in self.engine.trace.events if event.kind in kinds]


def account() -> tuple[str, dict]:
    """The ServiceAccount that every Pod needs."""
    meta = {"name": "default", "namespace": "default", "uid": "account", "creationTimestamp": "2026-01-01T09:00:00Z"}
    return "/registry/serviceaccounts/default/default", {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": meta}


def conditions(status: dict) -> dict[str, str]:
    return {
        each["type"]: each["status"] + ("/" + each["reason"] if each.get("reason") else "")
        for each in status["conditions"]
    }
