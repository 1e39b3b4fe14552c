"""What the tests of StatefulSets and DaemonSets share: a world whose hand makes them and plays their kubelets."""

from __future__ import annotations

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
