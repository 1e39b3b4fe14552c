"""One cluster, assembled: engine, store, API server and every component; no database, no wall clock.

state = f(settings, inputs at their positions). The worker commits and paces it; `manage.py simulate` runs it bare.
"""
from __future__ import annotations

from typing import Any

import msgspec

from cluster.apiserver.logs import chosen
from cluster.apiserver.server import ApiServer, ReplyTo
from cluster.controllers.manager import ControllerManager
from cluster.engine import Engine
from cluster.engine.clock import DEFAULT_EPOCH_MS
from cluster.kubectl import Kubectl
from cluster.kubelet import Node
from cluster.meta.requests import Request
from cluster.network import CoreDns, KubeProxy, Network, PolicyAgent
from cluster.scheduler.configuration import profiles_of
from cluster.scheduler.scheduler import Scheduler
from cluster.store.memory import Store

from . import faults, stream_inputs
from .bootstrap import first_objects
from .profiles import PROFILES

BOOT_LIMIT_MS = 60_000
BOOT_MS = 12_000         # by then the node monitor has seen every node, and nothing of the start is left


class Settings(msgspec.Struct, kw_only=True):
    """What a sandbox is made from; with its inputs, all that its state depends on.

    node_cpu: cores as a quantity. epoch_ms: Unix ms of virtual 0.
    """

    profile: str = "learner"
    nodes: list[str] = msgspec.field(default_factory=lambda: ["k8snode1", "k8snode2"])
    node_cpu: str = "4"
    node_memory: str = "8Gi"
    seed: int = 1
    epoch_ms: int = DEFAULT_EPOCH_MS
    parallel_pulls: int = 1  # of a node at once; 1: one after the other (serializeImagePulls), 0: no limit
    rbac: bool = False       # whether Roles and bindings decide about everybody
    leases: bool = True      # whether scheduler and controller manager elect a leader by Leases, as upstream's do by default
    services: bool = True    # whether it has kube-proxy, cluster DNS and an agent that enforces NetworkPolicies
    scheduler_config: dict = msgspec.field(default_factory=dict)  # a KubeSchedulerConfiguration; empty: the default


def settings_for(profile: str, **overrides: Any) -> Settings:
    """A profile's settings, with what the caller chose; None means not chosen. Raises ValueError for an unknown profile."""
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}: choose one of {', '.join(PROFILES)}")
    chosen = {name: value for name, value in overrides.items() if value is not None}
    return msgspec.convert({**PROFILES[profile], **chosen, "profile": profile}, Settings)


class Simulation:
    """A cluster that can be driven: inputs in, steps, and what left it (`drain`). without: controllers that it does not have.

    trace: whether anybody will look at it, or commit it.
    """

    def __init__(self, settings: Settings, *, trace: bool = True, without: tuple[str, ...] = ()):
        self.settings = settings
        self.engine = Engine(seed=settings.seed, epoch_ms=settings.epoch_ms)
        self.engine.trace.on = trace
        self.store = Store(is_committed=trace)
        self.server = ApiServer(self.engine, self.store, hooks=self, profile=settings.profile, enforces_rbac=settings.rbac)
        self.kubectl = Kubectl(self.engine)
        self.manager = ControllerManager(self.engine, without=without, elects=settings.leases)
        self.scheduler = Scheduler(self.engine, elects=settings.leases, profiles=profiles_of(settings.scheduler_config))
        self.nodes = {name: Node(self.engine, name, settings) for name in settings.nodes}
        for node in self.nodes.values():
            node.runtime.heard = self._heard
        self.network = Network(self.engine, {name: node.runtime for name, node in self.nodes.items()})
        self.network_parts = [make(self.engine) for make in (KubeProxy, CoreDns, PolicyAgent)] if settings.services else []
        self.inputs = 0   # how many inputs were applied
        self.begun_ms = 0

    # -- life -----------------------------------------------------------------------------------------------------

    def boot(self) -> Simulation:
        """Start the components and let the cluster come up; what a fresh sandbox shows begins after that."""
        self.server.begin(first_objects(self.settings, self.engine))
        self.start_components()
        self.engine.run_until(BOOT_MS)
        self.begun_ms = self.engine.now_ms
        return self

    def start_components(self) -> None:
        """Switch everything on and let it settle: at boot, and after an upgrade of the engine."""
        for actor in (self.manager, self.scheduler, self.kubectl, *self.network_parts):
            actor.on_start()
        for node in self.nodes.values():
            node.start()
        self.engine.settle(limit_ms=BOOT_LIMIT_MS)

    def apply(self, kind: str, data: dict) -> None:
        """Act on one input. kinds: request, read, kubectl, exec, exec-input, fault, rbac. Its effects are events like any other."""
        self.inputs += 1
        self.engine.cause = 0
        self.engine.in_background = False
        if kind == "request":
            request = msgspec.convert(data, Request)
            sender = "kubectl" if request.user_agent.startswith("kubectl") else "client"
            self.server.submit(request, ReplyTo(external=self.inputs), sender=sender)
        elif kind == "read":
            self.draw(data["facts"])
        elif kind == "kubectl":
            self.kubectl.run(data)
        elif kind in stream_inputs.INPUTS:
            stream_inputs.INPUTS[kind](self, data)
        elif kind == "rbac":
            self.server.enforce_rbac(data["enforced"])
        elif kind == "fault":
            faults.apply(self, data)
        else:
            raise ValueError(f"unknown input {kind}")

    def draw(self, facts: list[list]) -> None:
        """Leave what a client read in the trace: it has been answered, and nothing follows from it."""
        for actor, kind, subject, data in facts:
            self.engine.record(actor, kind, subject, {**data, "request": -self.inputs})

    def _heard(self, number: int, channel: str, said: Any) -> None:
        self.server.outbox.append(("exec", number, channel, said))

    def advance_to(self, at_ms: int) -> None:
        """Move the clock on to a moment before which nothing is due."""
        self.engine.now_ms = max(self.engine.now_ms, at_ms)

    @property
    def is_waited_for(self) -> bool:
        """Whether something is under way by itself: foreground work, or a Pod that its kubelet ends at a later look."""
        return not self.engine.is_settled or any("deletionTimestamp" in stored.value["metadata"] for _, stored in self.store.list("/registry/pods/"))

    # -- for the API server: what it asks of other components -----------------------------------------------------------

    def logs(self, namespace: str, pod: str, container: str, options: dict) -> str:
        """A container's log, from the node that runs it (GET pods/log is proxied to the kubelet). Raises StatusError."""
        stored = self.store.get(f"/registry/pods/{namespace}/{pod}")
        node = self.nodes.get(stored.value["spec"].get("nodeName", "")) if stored else None
        return node.logs(namespace, pod, container, options) if node else ""

    def proxied(self, address: str, port: int, text: str) -> tuple[int, Any, dict]:
        """An HTTP request that the API server makes itself (pods/proxy, services/proxy)."""
        return self.network.from_server(address, port, text)

    def of_kubelet(self, node: str, path: str, query: dict[str, str]) -> tuple[int, Any, dict]:
        """What a node's kubelet answers to a GET (nodes/proxy)."""
        reply = self.nodes[node].answer(path, query) if node in self.nodes else None
        if reply is None:
            return 0, "refused", {}
        return reply.code, reply.body, {"content-type": reply.kind, **({"location": path + "/"} if reply.code == 301 else {})}

    def called(self, host: str, port: int, text: str, timeout_ms: int) -> tuple[int, Any, dict]:
        """A call of the API server over TLS (webhooks)."""
        return self.network.call_of_server(host, port, text, timeout_ms)

    def asked(self, host: str, port: int, text: str, timeout_ms: int) -> tuple[int, Any, dict]:
        """The same for what is no more than a look (webhooks that convert): nothing of it stays."""
        with self.engine.aside():
            return self.network.call_of_server(host, port, text, timeout_ms, is_traced=False)

    def is_on(self, component: str) -> bool:
        """Whether a component runs (componentstatuses)."""
        return self.engine.actors[component].is_on

    def log_run(self, request: Request) -> tuple[Any, str] | None:
        """(the runtime, the container's id) that a request for a log is about, if a node has it."""
        stored = self.store.get(f"/registry/pods/{request.namespace}/{request.name}")
        node = self.nodes.get(stored.value["spec"].get("nodeName", "")) if stored else None
        if node is None:
            return None
        name = chosen(stored.value, request.options.get("container", ""))
        container = node.log_run(request.namespace, request.name, name, request.options)
        return (node.runtime, container) if container else None

    # -- snapshots --------------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict:
        return {"engine": self.engine.snapshot(), "store": self.store.snapshot(), "inputs": self.inputs, "begun_ms": self.begun_ms}

    def restore(self, data: dict) -> None:
        self.store.restore(data["store"])
        self.engine.restore(data["engine"])
        self.inputs, self.begun_ms = data["inputs"], data["begun_ms"]
