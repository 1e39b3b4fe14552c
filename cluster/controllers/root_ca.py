"""root-ca-cert-publisher: every namespace has the cluster's CA certificate as ConfigMap `kube-root-ca.crt`.

Source: pkg/controller/certificates/rootcacertpublisher/publisher.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller

from ._rollout import is_namespace_terminating

NAME = "kube-root-ca.crt"
DESCRIPTION_ANNOTATION = "kubernetes.io/description"
DESCRIPTION = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints "
    "such as the internal service IP or kubernetes.default.svc. "
    "No other usage is guaranteed across distributions of Kubernetes clusters."
)
# Simplified: the sandbox has no TLS of its own, so the bundle is a placeholder in the right form.
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nUG9kbGlmZSBzYW5kYm94IENB\n-----END CERTIFICATE-----\n"


class RootCertificatePublisher(Controller):
    """Its keys are namespaces."""

    NAME = "root-ca-cert-publisher"
    RESOURCE = "namespaces"
    WORKERS = 1

    def watch(self, informers) -> None:
        self.config_maps = informers.watch("configmaps")
        self.config_maps.on(self.on_config_map)
        informers.watch("namespaces").on(self.on_namespace)

    def on_config_map(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "ADDED" and new["metadata"]["name"] == NAME:
            self.queue.add(new["metadata"]["namespace"])

    def on_namespace(self, kind: str, old: dict | None, new: dict) -> None:
        active = (new.get("status") or {}).get("phase") == "Active"
        if kind == "ADDED" or (kind == "MODIFIED" and active):
            self.queue.add(new["metadata"]["name"])

    def sync(self, key: str) -> Iterator[Any]:
        data = {"ca.crt": CERTIFICATE}
        found = self.config_maps.get(f"{key}/{NAME}")
        if found is None:
            meta = {"name": NAME, "namespace": key, "annotations": {DESCRIPTION_ANNOTATION: DESCRIPTION}}
            reply = yield self.client.create(
                "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}
            )
            return None if reply.ok or reply.code == 404 or is_namespace_terminating(reply) else "retry"
        annotations = found["metadata"].get("annotations") or {}
        if found.get("data") == data and annotations.get(DESCRIPTION_ANNOTATION):
            return None
        meta = {**found["metadata"], "annotations": {**annotations, DESCRIPTION_ANNOTATION: DESCRIPTION}}
        reply = yield self.client.update("configmaps", {**found, "metadata": meta, "data": data})
        return None if reply.ok else "retry"
