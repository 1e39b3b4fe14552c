"""The endpoints that a Service should have, kept up from one sync to the next: only Pods that have been replaced are looked at anew."""

from __future__ import annotations

from typing import Any

from . import _endpoint_slices as rules
from . import _service_pods


class Book:
    """Of one Service. nodes: how often nodes' labels had changed. desired: by family. lost: Pods whose node is not there, with words."""

    def __init__(self, service: dict, nodes: int, known: rules.Known):
        self.service, self.nodes, self.known = service, nodes, known
        self.desired: dict[str, rules.Desired] = {family: {} for family in rules.families_of(service)}
        self.pods: dict[str, dict] = {}
        self.wanted: dict[str, list[tuple[str, rules.Wanted]]] = {}
        self.lost: dict[str, str] = {}

    def take(self, now: dict[str, dict], nodes: Any) -> list[dict]:
        """Take in the Service's Pods as they are now; returns those that have changed."""
        changed, gone = _service_pods.changed_since(self.pods, now)
        for key in (*gone, *changed):
            self._drop(key)
        for key in changed:
            self._add(key, now[key], nodes)
        self.pods = now
        return [now[key] for key in changed]

    def _drop(self, key: str) -> None:
        self.lost.pop(key, None)
        for family, wanted in self.wanted.pop(key, ()):
            self.desired[family][wanted.ports].pop(wanted.key, None)

    def _add(self, key: str, pod: dict, nodes: Any) -> None:
        if not _service_pods.belongs_in_endpoints(pod, with_terminating=True):
            return
        name = pod["spec"].get("nodeName", "")
        node, meta = nodes.get(name), self.service["metadata"]
        if node is None and not self.service["spec"].get("publishNotReadyAddresses"):
            self.lost[key] = f"skipping Pod {pod['metadata']['name']} for Service {meta['namespace']}/{meta['name']}: Node {name} Not Found"
            return
        for family, desired in self.desired.items():
            wanted = rules.wanted(pod, node, self.service, family)
            if wanted is not None:
                desired.setdefault(wanted.ports, {})[wanted.key] = wanted.endpoint
                self.wanted.setdefault(key, []).append((family, wanted))
