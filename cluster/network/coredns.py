"""The cluster's DNS: answers names of Services, Pods and endpoints out of what the API server knows.

Source: github.com/coredns/coredns plugin/kubernetes (kubernetes.go, handler.go, parse.go; option `pods insecure`), whose rules these are.
Simplifications: one process at the address of kube-dns, without Pods or a Service object of its own; beyond the cluster there is no name.
"""

from __future__ import annotations

from typing import NamedTuple

from cluster.client import Client, Informers, Process
from cluster.kinds.service import is_headless
from cluster.runtime.wire import CLUSTER_DNS, CLUSTER_DOMAIN, NO_DATA, NO_NAME

from .kube_proxy import service_of
from .places import is_address

NAME = "coredns"
REVERSE = ".in-addr.arpa"
MOST_ALIASES = 8


class Answer(NamedTuple):
    """What the server says of one name. error: "", NO_NAME, NO_DATA."""

    addresses: tuple[str, ...] = ()
    error: str = ""
    aliases: tuple[str, ...] = ()
    records: tuple[tuple[str, str], ...] = ()


class CoreDns(Process):
    """Answers questions by `ask`; it knows what its watches have told it."""

    name = NAME
    address = CLUSTER_DNS

    def __init__(self, engine):
        super().__init__(engine)
        self.client = Client(self, user="system:serviceaccount:kube-system:coredns", manager=NAME,
                             groups=["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"])  # fmt: skip
        self.informers = Informers(self, self.client)
        self.services = self.informers.watch("services")
        self.slices = self.informers.watch("endpointslices", indexes={"service": service_of})
        self.namespaces = self.informers.watch("namespaces")

    def on_start(self) -> None:
        self.trace("ComponentStarted", component=self.name)
        super().on_start()

    def on_stop(self) -> None:
        self.trace("ComponentStopped", component=self.name)

    def ask(self, name: str, kind: str) -> Answer:
        """One question. name: full, without the last dot."""
        name = name.lower().rstrip(".")
        aliases: list[str] = []
        for _ in range(MOST_ALIASES):
            found = self._asked_once(name, kind)
            if not found.aliases or kind == "CNAME":
                return found._replace(aliases=(*aliases, *found.aliases))
            aliases += found.aliases
            name = found.aliases[-1].rstrip(".")
        return Answer(error=NO_NAME, aliases=tuple(aliases))

    def _asked_once(self, name: str, kind: str) -> Answer:
        if name.endswith(REVERSE):
            return self._reverse(".".join(reversed(name.removesuffix(REVERSE).split("."))), kind)
        if name != CLUSTER_DOMAIN and not name.endswith("." + CLUSTER_DOMAIN):
            return Answer(error=NO_NAME)  # the node's own resolver knows nothing of the world
        parts = name.removesuffix(CLUSTER_DOMAIN).rstrip(".").split(".") if name != CLUSTER_DOMAIN else []
        if parts in ([], ["svc"], ["pod"]):
            return Answer(error=NO_DATA)
        if parts == ["dns-version"]:
            return _of_kind(kind, "TXT", Answer(records=(("TXT", "1.1.0"),)))
        namespace = parts[-2] if len(parts) > 1 else ""
        if parts[-1] not in ("svc", "pod") or self.namespaces.get(namespace) is None:
            return Answer(error=NO_NAME)
        if len(parts) == 2:
            return Answer(error=NO_DATA)
        return self._pod(parts[:-2], kind) if parts[-1] == "pod" else self._service(parts[:-2], namespace, kind)

    def _pod(self, parts: list[str], kind: str) -> Answer:
        """`10-244-0-2.NAMESPACE.pod`: whatever address the name says, whether or not there is such a Pod."""
        address = parts[0].replace("-", ".")
        if len(parts) != 1 or not is_address(address):
            return Answer(error=NO_NAME)
        return _of_kind(kind, "A", Answer((address,)))

    def _service(self, parts: list[str], namespace: str, kind: str) -> Answer:
        """[_port, _protocol,] or [endpoint,] and the Service's name."""
        service = self.services.get(f"{namespace}/{parts[-1]}")
        if service is None:
            return Answer(error=NO_NAME)
        spec, rest = service["spec"], parts[:-1]
        if spec["type"] == "ExternalName":
            return Answer(aliases=(spec["externalName"].lower(),)) if not rest else Answer(error=NO_NAME)
        if len(rest) == 2 and rest[0].startswith("_") and rest[1].startswith("_"):
            return self._port(service, namespace, rest[0][1:], rest[1][1:], kind)
        if len(rest) > 1:
            return Answer(error=NO_NAME)
        if not rest and not is_headless(spec):
            return self._records(service, namespace, kind, [(f"{parts[-1]}.{namespace}.svc", spec["clusterIP"])])
        places = [(name, address) for name, address in self._endpoints(service, namespace) if not rest or name == rest[0]]
        return self._records(service, namespace, kind, [(f"{name}.{parts[-1]}.{namespace}.svc", address) for name, address in places])

    def _endpoints(self, service: dict, namespace: str) -> list[tuple[str, str]]:
        """(name, address) of each endpoint that is ready; its name is its hostname, else its address with dashes."""
        slices = self.slices.by("service", f"{namespace}/{service['metadata']['name']}")
        found = [endpoint for each in slices if each["addressType"] == "IPv4" for endpoint in each.get("endpoints") or ()]
        ready = [each for each in found if (each.get("conditions") or {}).get("ready") is not False]
        return [(each.get("hostname") or address.replace(".", "-"), address) for each in ready for address in each["addresses"]]

    def _records(self, service: dict, namespace: str, kind: str, places: list[tuple[str, str]]) -> Answer:
        if not places:
            return Answer(error=NO_NAME)
        if kind == "SRV":
            ports = service["spec"].get("ports") or ()
            return Answer(records=tuple(_srv(port["port"], name) for port in ports for name, _ in places))
        return _of_kind(kind, "A", Answer(tuple(address for _, address in places)))

    def _port(self, service: dict, namespace: str, port: str, protocol: str, kind: str) -> Answer:
        ports = [each for each in service["spec"].get("ports") or () if each.get("name") == port and each["protocol"].lower() == protocol]
        if not ports:
            return Answer(error=NO_NAME)
        name = service["metadata"]["name"]
        headless = is_headless(service["spec"])
        names = [f"{each}.{name}" for each, _ in self._endpoints(service, namespace)] if headless else [name]
        found = Answer(records=tuple(_srv(ports[0]["port"], f"{each}.{namespace}.svc") for each in names))
        return _of_kind(kind, "SRV", found) if names else Answer(error=NO_NAME)

    def _reverse(self, address: str, kind: str) -> Answer:
        """The name of a Service's address, or of an endpoint's."""
        for key, service in self.services.pairs():
            namespace, _, name = key.partition("/")
            if service["spec"].get("clusterIP") == address:
                return _of_kind(kind, "PTR", Answer(records=(("PTR", f"{name}.{namespace}.svc.{CLUSTER_DOMAIN}"),)))
        names = [(each, key) for key, service in self.services.pairs() if service["spec"].get("selector")
                 for each, place in self._endpoints(service, key.partition("/")[0]) if place == address]  # fmt: skip
        if not names:
            return Answer(error=NO_NAME)
        shown = [f"{each}.{key.partition('/')[2]}.{key.partition('/')[0]}.svc.{CLUSTER_DOMAIN}" for each, key in names]
        return _of_kind(kind, "PTR", Answer(records=tuple(("PTR", each) for each in shown)))


def _srv(port: int, name: str) -> tuple[str, str]:
    return "SRV", f"0 100 {port} {name}.{CLUSTER_DOMAIN}"


def _of_kind(asked: str, kind: str, answer: Answer) -> Answer:
    """The answer if such records were asked for; the name is there, at any rate."""
    return answer if asked == kind else Answer(error=NO_DATA)
