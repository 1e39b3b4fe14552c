"""What the tests of StatefulSets and DaemonSets share: a world whose hand makes them and plays their kubelets."""

from __future__ import annotations

from cluster.controllers._daemonset_nodes import node_of
from tests.controllers.world import TEMPLATE, World

LABELS = {"matchLabels": TEMPLATE["metadata"]["labels"]}


def template(image: str = "busybox:1", **spec) -> dict:
    return {**TEMPLATE, "spec": {**TEMPLATE["spec"], "containers": [{"name": "app", "image": image}], **spec}}


class Stateful(World):
    def stateful_set(self, name: str = "web", replicas: int = 3, *, settle: bool = True, **spec) -> dict:
        body = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
                "spec": {"replicas": replicas, "serviceName": name, "selector": LABELS, "template": template(), **spec}}
        return self.create("statefulsets", body, settle=settle)

    def ready_set(self, **spec) -> None:
        self.stateful_set(**spec)
        self.make_all_ready()

    def daemon_set(self, name: str = "agent", *, settle: bool = True, pod: dict | None = None, **spec) -> dict:
        body = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name},
                "spec": {"selector": LABELS, "template": pod or template(), **spec}}
        return self.create("daemonsets", body, settle=settle)

    def bind(self) -> None:
        """What the scheduler would do: each Pod to the node that its affinity names."""
        for pod in self.list("pods"):
            if not pod["spec"].get("nodeName") and self.get("pods", pod["metadata"]["name"]):
                target = {"apiVersion": "v1", "kind": "Node", "name": node_of(pod)}
                binding = {"metadata": {"name": pod["metadata"]["name"], "namespace": "default"}, "target": target}
                self.do(self.client.create("pods", binding, subresource="binding", name=pod["metadata"]["name"]))

    def run_all(self) -> None:
        """Bind and make ready until nothing changes."""
        while [pod for pod in self.list("pods") if pod["status"]["phase"] != "Running"]:
            self.bind()
            self.make_all_ready()

    def nodes(self, *names: str, **labels) -> None:
        """Nodes without the taint that each begins with."""
        for name in names:
            self.node(name)
            self.taint(name)
            if labels:
                self.mark(name, **labels)

    def mark(self, node: str, **labels) -> None:
        self.do(self.client.patch("nodes", node, {"metadata": {"labels": labels}}))

    def taint(self, node: str, *taints: tuple[str, str]) -> None:
        found = [{"key": key, "effect": effect} for key, effect in taints]
        self.do(self.client.patch("nodes", node, {"spec": {"taints": found or None}}, patch_type="merge"))

    def places(self) -> list[str]:
        """The nodes of all Pods that are not going."""
        return sorted(node_of(pod) for pod in self.list("pods") if "deletionTimestamp" not in pod["metadata"])

    def change(self, spec: dict, name: str = "web", resource: str = "statefulsets", **options) -> dict:
        return self.do(self.client.patch(resource, name, {"spec": spec}, namespace="default", patch_type="merge"), **options)

    def end(self, pod: str, phase: str) -> None:
        self.do(self.client.patch("pods", pod, {"status": {"phase": phase, "conditions": []}}, namespace="default", subresource="status"))

    def remove(self, resource: str, name: str, **options) -> dict:
        return self.do(self.client.delete(resource, name, "default", **options))

    def names(self, resource: str = "pods") -> list[str]:
        return [one["metadata"]["name"] for one in self.list(resource)]

    def images(self) -> dict[str, str]:
        return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in self.list("pods")}

    def status(self, name: str = "web", resource: str = "statefulsets") -> dict:
        return self.get(resource, name)["status"]

    def revisions(self) -> list[int]:
        return sorted(one["revision"] for one in self.list("controllerrevisions"))
