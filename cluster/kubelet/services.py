"""Owns the variables by which containers are told of Services: addresses and ports, as they are when the container starts.

Source: kubernetes pkg/kubelet/kubelet_pods.go (getServiceEnvVarMap), pkg/kubelet/envvars/envvars.go.
"""

from __future__ import annotations

MASTERS = ("kubernetes",)  # Services of the namespace default of which every container hears


class Services:
    """Part of one kubelet. What was worked out is kept until a Service changes."""

    def __init__(self, kubelet):
        self.kubelet = kubelet
        self.kept: dict[tuple[str, bool], dict[str, str]] = {}

    def variables(self, namespace: str, has_links: bool) -> dict[str, str]:
        """The variables for containers of a namespace."""
        key = (namespace, has_links)
        found = self.kept.get(key)
        if found is None:
            found = self.kept[key] = variables_of(self.kubelet.service_informer.items(), namespace, has_links)
        return found


def variables_of(services: list[dict], namespace: str, has_links: bool) -> dict[str, str]:
    """Of the Services of the namespace, and of the API server's own; the namespace's own one of that name comes first."""
    told: dict[str, dict] = {}
    for service in services:
        meta, address = service["metadata"], service["spec"].get("clusterIP")
        if not address or address == "None":
            continue
        if meta["namespace"] == "default" and meta["name"] in MASTERS:
            told.setdefault(meta["name"], service)
        elif meta["namespace"] == namespace and has_links:
            told[meta["name"]] = service
    found: dict[str, str] = {}
    for name in sorted(told):
        found.update(of_service(told[name]))
    return found


def of_service(service: dict) -> dict[str, str]:
    """One Service's variables; `_SERVICE_HOST`, and those that Docker's links had."""
    prefix, spec = service["metadata"]["name"].replace("-", "_").upper(), service["spec"]
    address, ports = spec["clusterIP"], spec.get("ports") or []
    if not ports:
        return {}
    found = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(ports[0]["port"])}
    for port in ports:
        if port.get("name"):
            found[f"{prefix}_SERVICE_PORT_{port['name'].replace('-', '_').upper()}"] = str(port["port"])
    for index, port in enumerate(ports):
        protocol, number = port.get("protocol") or "TCP", port["port"]
        host = f"[{address}]" if ":" in address else address
        url, lead = f"{protocol.lower()}://{host}:{number}", f"{prefix}_PORT_{number}_{protocol.upper()}"
        if index == 0:
            found[f"{prefix}_PORT"] = url
        found |= {lead: url, f"{lead}_PROTO": protocol.lower(), f"{lead}_PORT": str(number), f"{lead}_ADDR": address}
    return found
