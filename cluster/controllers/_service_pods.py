"""Which Pods a Service selects, and which Services a change of a Pod is news to; shared by the controllers of endpoints.

A namespace without Services that select costs a Pod's events one look-up.
Source: k8s.io/endpointslice util/controller_utils.go (GetPodUpdateProjectionKey, GetServicesToUpdate, ShouldPodBeInEndpoints).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cluster.meta.objects import key_of

from ._pods import TERMINAL, is_ready, phase

SELECTING = "selecting"  # an index of Services: those with a selector, by namespace


def selecting_index(service: dict) -> list[str]:
    return [service["metadata"]["namespace"]] if service["spec"].get("selector") else []


def matches(selector: dict[str, str], labels: dict[str, str] | None) -> bool:
    """Whether labels have all that a Service's selector asks for."""
    return labels is not None and all(labels.get(key) == value for key, value in selector.items())


class ServicePods:
    """Part of a process: the Pods of each Service, worked out when first asked for and kept up from then on."""

    state = None

    def __init__(self, process: Any):
        self.services = process.informers.watch("services", indexes={SELECTING: selecting_index})
        self.pods = process.informers.watch("pods")
        self.listeners: list[Callable[[str], None]] = []
        self._members: dict[str, dict[str, None]] = {}  # Service -> keys of Pods; derived
        self.services.on(self.on_service)
        self.pods.on(self.on_pod)
        process.attach("service pods", self)

    def on_restore(self) -> None:
        self._members = {}

    def of(self, key: str, service: dict) -> dict[str, dict]:
        """The Pods that a Service selects, by their keys, in no order that means anything."""
        members = self._members.get(key)
        if members is None:
            members = self._members[key] = self._found(service)
        objects = self.pods.state.objects
        try:
            return {each: objects[each] for each in members}
        except KeyError:  # gone while this process did not watch
            self._members[key] = {each: None for each in members if each in objects}
            return self.of(key, service)

    def _found(self, service: dict) -> dict[str, None]:
        namespace, selector = service["metadata"]["namespace"], service["spec"]["selector"]
        metas = ((key, pod["metadata"]) for key, pod in self.pods.pairs())
        return {key: None for key, meta in metas if meta["namespace"] == namespace and matches(selector, meta.get("labels"))}

    def on_service(self, kind: str, old: dict | None, new: dict) -> None:
        if kind == "DELETED" or old is None or old["spec"].get("selector") != new["spec"].get("selector"):
            self._members.pop(key_of(new), None)

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        services = self.services.indexes[SELECTING].get(new["metadata"]["namespace"])
        if services:
            self._changed(kind, old, new, services)

    def _changed(self, kind: str, old: dict | None, new: dict, services: dict[str, dict]) -> None:
        labels = new["metadata"].get("labels")
        if kind == "MODIFIED":
            before = old["metadata"].get("labels")
            is_changed, is_relabelled = endpoint_changed(old, new), before != labels or names_changed(old, new)
            if not is_changed and not is_relabelled:
                return
        else:
            before, is_changed, is_relabelled = labels, True, False
        for key, service in services.items():
            selector = service["spec"]["selector"]
            is_in = matches(selector, labels)
            was_in = matches(selector, before) if is_relabelled else is_in
            self._keep(key, key_of(new), is_in and kind != "DELETED")
            if is_in != was_in or (is_changed and (is_in or was_in)):
                for listener in self.listeners:
                    listener(key)

    def _keep(self, service: str, pod: str, is_in: bool) -> None:
        members = self._members.get(service)
        if members is not None:
            if is_in:
                members[pod] = None
            else:
                members.pop(pod, None)


def changed_since(seen: dict[str, dict], now: dict[str, dict]) -> tuple[list[str], list[str]]:
    """(keys of the Pods that are new or have been replaced, keys of those that are gone); a Pod that is the same object has not changed."""
    return [key for key, pod in now.items() if seen.get(key) is not pod], [key for key in seen if key not in now]


def shared(process: Any) -> ServicePods:
    """The one of a process."""
    return process.parts.get("service pods") or ServicePods(process)


def endpoint_changed(old: dict, new: dict) -> bool:
    """Whether a Pod has changed in a way that its endpoints show.

    Upstream compares deletion times by where they lie in memory: each change of a Pod that is being deleted counts.
    Source: podEndpointsChanged.
    """
    if "deletionTimestamp" in new["metadata"] or "deletionTimestamp" in old["metadata"]:
        return True
    return is_ready(old) != is_ready(new) or addresses(old) != addresses(new)


def names_changed(old: dict, new: dict) -> bool:
    return any(old["spec"].get(field) != new["spec"].get(field) for field in ("hostname", "subdomain"))


def addresses(pod: dict) -> list[str]:
    """The Pod's addresses."""
    return [entry["ip"] for entry in (pod.get("status") or {}).get("podIPs") or ()]


def belongs_in_endpoints(pod: dict, *, with_terminating: bool) -> bool:
    """Source: ShouldPodBeInEndpoints."""
    if phase(pod) in TERMINAL or not addresses(pod):
        return False
    return with_terminating or "deletionTimestamp" not in pod["metadata"]


def hostname_for(pod: dict, service: dict) -> str:
    """The name under a headless Service that its subdomain gives the Pod; "" for none. Source: ShouldSetHostname."""
    spec = pod["spec"]
    return spec.get("hostname", "") if spec.get("subdomain") == service["metadata"]["name"] else ""


def target_of(pod: dict) -> dict:
    """The reference from an endpoint to its Pod."""
    meta = pod["metadata"]
    return {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}


def find_port(pod: dict, port: dict) -> int | None:
    """The number of a Service's port in a Pod, whose containers may name it. Source: k8s.io/endpointslice utils.go (FindPort)."""
    target = port.get("targetPort")
    if isinstance(target, int):
        return target
    spec = pod["spec"]
    sidecars = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    for container in (*spec["containers"], *sidecars):
        for each in container.get("ports") or ():
            if each.get("name") == target and each.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return each["containerPort"]
    return None
