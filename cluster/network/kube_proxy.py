"""kube-proxy: turns Services and EndpointSlices into rules that send a connection to a Service on to one of its endpoints.

Source: pkg/proxy (serviceport.go, endpoint.go, topology.go, iptables/proxier.go).
Simplifications: one process programs all nodes at the same moment; it watches nodes, for their zones, only while something is hinted for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cluster.client import Client, Informers, Process
from cluster.kinds.service import is_headless
from cluster.meta.objects import key_of

from . import proxy_health

NAME = "kube-proxy"
SERVICE_NAME = "kubernetes.io/service-name"
ZONE = "topology.kubernetes.io/zone"
PROXY_NAME, HEADLESS = "service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"
MIN_PERIOD_MS = 1_000  # --iptables-min-sync-period


@dataclass
class ProxyState:
    """rules: what the nodes' kernels hold, which outlives the process. affinity: `service/client` -> [address, port, until_ms].

    zones: each node's, while something is hinted for one.
    """

    rules: dict[str, dict] = field(default_factory=dict)
    affinity: dict[str, list] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    dirty: dict[str, int] = field(default_factory=dict)
    synced_ms: int = -MIN_PERIOD_MS
    is_due: bool = False


class Choice(NamedTuple):
    """Where a connection to a Service goes. address "": it has no endpoint for this client, and is refused.

    keeps_source: the endpoint sees the client's own address (externalTrafficPolicy: Local).
    """

    service: str
    address: str = ""
    port: int = 0
    endpoints: int = 0
    keeps_source: bool = False


class KubeProxy(Process):
    """Its rules are asked by `choose`; they change a moment after what they are made of."""

    name = NAME

    def __init__(self, engine):
        super().__init__(engine)
        self.state = ProxyState()
        self.client = Client(self, user="system:kube-proxy", groups=["system:authenticated"], manager=NAME)
        self.informers = Informers(self, self.client)
        self.services = self.informers.watch("services")
        self.slices = self.informers.watch("endpointslices", indexes={"service": service_of})
        self.services.on(self._on_service)
        self.slices.on(self._on_slice)
        self.by_address: dict[str, str] = {}
        self.by_node_port: dict[tuple[int, str], str] = {}

    def fresh_state(self) -> ProxyState:
        """The rules stay in the kernels."""
        return ProxyState(rules=self.state.rules, affinity=self.state.affinity, zones=self.state.zones)

    def on_restore(self) -> None:
        self._index()
        nodes = self.informers.by_resource.get(("nodes", ""))
        if nodes is not None and not nodes.registered:
            nodes.on(self._on_node)

    def on_synced(self) -> None:
        """Write everything anew, as a proxy that starts does."""
        for key in [*self.state.rules, *(key for key, _ in self.services.pairs())]:
            self._touch(key)

    def on_start(self) -> None:
        self.trace("ComponentStarted", component=self.name)
        super().on_start()

    def on_stop(self) -> None:
        self.trace("ComponentStopped", component=self.name)

    # -- what changes ---------------------------------------------------------------------------------------------

    def _on_service(self, kind: str, old: dict | None, new: dict) -> None:
        self._touch(key_of(new))

    def _on_slice(self, kind: str, old: dict | None, new: dict) -> None:
        for slice_ in (old, new):
            for key in service_of(slice_) if slice_ is not None else ():
                self._touch(key)

    def _on_node(self, kind: str, old: dict | None, new: dict) -> None:
        zone = (new["metadata"].get("labels") or {}).get(ZONE, "")
        if kind == "DELETED":
            self.state.zones.pop(new["metadata"]["name"], None)
        elif zone != self.state.zones.get(new["metadata"]["name"]):
            self.state.zones[new["metadata"]["name"]] = zone

    def _heed_zones(self) -> None:
        """Hear of nodes while an endpoint is hinted for a zone."""
        if not any(place[4] for rule in self.state.rules.values() for port in rule["ports"] for place in port[3]):
            self.informers.forget("nodes")
            self.state.zones = {}
        elif ("nodes", "") not in self.informers.by_resource:
            self.informers.follow("nodes").on(self._on_node)

    def _touch(self, key: str) -> None:
        state = self.state
        state.dirty[key] = 1
        if not state.is_due:
            state.is_due = True
            self.after(max(self.latency("proxy_sync"), state.synced_ms + MIN_PERIOD_MS - self.now_ms), "program")

    def program(self) -> None:
        """Write the rules of what has changed."""
        state = self.state
        state.is_due, state.synced_ms = False, self.now_ms
        changed = [key for key in state.dirty if self._rules(key)]
        state.dirty = {}
        if changed:
            self._index()
            self._heed_zones()
        for key in changed:
            rule = state.rules.get(key)
            ready = max((len(port[3]) for port in rule["ports"]), default=0) if rule else 0
            self.trace("ServiceProgrammed", f"services/{key}", service=key, addresses=rule["addresses"] if rule else [], endpoints=ready)

    def _rules(self, key: str) -> bool:
        """Whether the rules of a Service have changed."""
        service = self.services.get(key)
        before = self.state.rules.get(key)
        now = rules_of(service, self.slices.by("service", key)) if service is not None else None
        if now is None:
            self.state.rules.pop(key, None)
        elif now != before:
            self.state.rules[key] = now
        return now != before

    def _index(self) -> None:
        self.by_address = {address: key for key, rule in self.state.rules.items() for address in rule["addresses"]}
        self.by_node_port = {(port[2], port[1]): key for key, rule in self.state.rules.items() for port in rule["ports"] if port[2]}

    # -- who is asked ---------------------------------------------------------------------------------------------

    def choose(self, client: str, node: str, address: str, port: int, protocol: str) -> Choice | None:
        """Where a connection to a Service's address goes; None: no rule is about it. node: the client's."""
        key = self.by_address.get(address)
        if key is None:
            return None
        rule = self.state.rules[key]
        found = next((each for each in rule["ports"] if each[0] == port and each[1] == protocol), None)
        is_local = rule["internal"] == "Local" and address in rule["addresses"][:1]
        if found is None:
            return None
        return self._pick(key, rule, found, client, node, is_local=is_local)

    def choose_node_port(self, client: str, node: str, port: int, protocol: str) -> Choice | None:
        """Where a connection to a port of a node goes. node: that one."""
        key = self.by_node_port.get((port, protocol))
        if key is None:
            return None
        rule = self.state.rules[key]
        found = next((each for each in rule["ports"] if each[2] == port and each[1] == protocol), None)
        if found is None:
            return None
        is_local = rule["external"] == "Local"
        return self._pick(key, rule, found, client, node, is_local=is_local)._replace(keeps_source=is_local)

    def health_answer(self, node: str, port: int, path: str, *, is_loopback: bool) -> str | None:
        """What the proxy itself answers at a port of a node; None where it does not listen."""
        if not self.is_on:
            return None
        now_text = self.engine.clock.nano_text(self.now_ms)
        return proxy_health.answered(self.state.rules, port, path, node=node, is_loopback=is_loopback, now_text=now_text)

    def _pick(self, key: str, rule: dict, port: list, client: str, node: str, *, is_local: bool) -> Choice:
        """One of a port's endpoints; is_local: of those on a node alone, where such as end may be all there is. Source: CategorizeEndpoints."""
        if is_local:
            fitting = [each for each in port[3] if each[2] == node] or [each for each in port[4] if each[2] == node]
        else:
            fitting = near(port[3], node, self.state.zones.get(node, ""))
        if not fitting:
            return Choice(key)
        place, known = f"{key}/{client}", self.state.affinity.get(f"{key}/{client}")
        if rule["affinity_s"] and known and known[2] > self.now_ms and known[:2] in [each[:2] for each in fitting]:
            chosen = known
        else:
            chosen = fitting[self.engine.rng(NAME).below(len(fitting))] if len(fitting) > 1 else fitting[0]
        if rule["affinity_s"]:
            self.state.affinity[place] = [chosen[0], chosen[1], self.now_ms + rule["affinity_s"] * 1000]
        return Choice(key, chosen[0], chosen[1], len(fitting))


def near(endpoints: list[list], node: str, zone: str) -> list[list]:
    """The endpoints that are hinted for a node, else for its zone, where each has such a hint and one is for here.

    Source: topology.go (topologyModeFromHints).
    """
    for place, here in ((3, node), (4, zone)):
        hinted = [each for each in endpoints if here in each[place]]
        if hinted and all(each[place] for each in endpoints):
            return hinted
    return endpoints


def service_of(slice_: dict) -> list[str]:
    name = (slice_["metadata"].get("labels") or {}).get(SERVICE_NAME)
    return [f"{slice_['metadata']['namespace']}/{name}"] if name else []


def is_anothers(obj: dict) -> bool:
    """Whether a Service or a slice is another proxy's business. Source: cmd/kube-proxy/app/server.go (what it does not watch)."""
    labels = obj["metadata"].get("labels") or {}
    return PROXY_NAME in labels or HEADLESS in labels


def rules_of(service: dict, slices: list[dict]) -> dict[str, Any] | None:
    """The rules of a Service as plain data; None for one that has no address of its own.

    ports: [port, protocol, node port, [[address, port, node, nodes and zones of its hints] of an endpoint, …], [the same, of those that end]].
    is_ready: whether these endpoints are ready ones, and not those that still serve while they end. health: healthCheckNodePort.
    """
    spec = service["spec"]
    if is_anothers(service) or spec["type"] == "ExternalName" or is_headless(spec) or not spec.get("clusterIP"):
        return None
    balancer = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    addresses = [spec["clusterIP"], *(spec.get("externalIPs") or ()), *(entry["ip"] for entry in balancer if entry.get("ip"))]
    affinity = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds", 0)
    ports, is_ready = [], False
    for port in spec.get("ports") or ():
        ready, serving = endpoints_of(port, slices)
        ports.append([port["port"], port["protocol"], port.get("nodePort", 0), ready or serving, serving if ready else []])
        is_ready = is_ready or bool(ready)
    return {"is_ready": is_ready, "health": spec.get("healthCheckNodePort", 0),
            "addresses": addresses, "ports": ports, "affinity_s": affinity if spec.get("sessionAffinity") == "ClientIP" else 0,
            "internal": spec.get("internalTrafficPolicy", "Cluster"), "external": spec.get("externalTrafficPolicy", "Cluster")}  # fmt: skip


def endpoints_of(port: dict, slices: list[dict]) -> tuple[list[list], list[list]]:
    """The endpoints of a port: those that are ready, and those that still serve while they end. Source: topology.go."""
    ready, serving = [], []
    for slice_ in slices:
        if slice_["addressType"] != "IPv4" or is_anothers(slice_):
            continue
        for number in [each.get("port") for each in slice_.get("ports") or () if (each.get("name") or "") == port.get("name", "")]:
            for endpoint in slice_.get("endpoints") or ():
                hints = [[each["name"] for each in (endpoint.get("hints") or {}).get(kind) or ()] for kind in ("forNodes", "forZones")]
                place = [endpoint["addresses"][0], number, endpoint.get("nodeName", ""), *hints]
                conditions = endpoint.get("conditions") or {}
                if conditions.get("ready") is not False:
                    ready.append(place)
                elif conditions.get("serving") and conditions.get("terminating"):
                    serving.append([*place[:3], [], []])  # hints are heeded among ready ones alone
    return ready, serving
