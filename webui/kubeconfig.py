"""The kubeconfig of a sandbox: server, context, and no secret beside the address itself."""
from __future__ import annotations

import yaml

from cluster.worker.sandboxes import context_name


def kubeconfig_text(name: str, server: str) -> str:
    """YAML that kubectl and client libraries read."""
    cluster = context_name(name)
    return yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": cluster,
        "clusters": [{"name": cluster, "cluster": {"server": server}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": "kubernetes-admin", "namespace": "default"}}],
        "users": [{"name": "kubernetes-admin", "user": {}}],
    }, sort_keys=False)
