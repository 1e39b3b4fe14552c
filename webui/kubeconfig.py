"""The kubeconfig of a sandbox: server, context, and no secret beside the one in the address."""
from __future__ import annotations

import yaml

from cluster.worker.sandboxes import context_name

from .address import credentials


def kubeconfig_text(name: str, server: str, token: str = "") -> str:
    """YAML that kubectl and client libraries read. token: the sandbox's, for what sends its requests to the server's root.

    Where there is no TLS, some clients (npm's @kubernetes/client-node) speak HTTP only if told that TLS need not be verified.
    """
    cluster = context_name(name)
    unverified = {"insecure-skip-tls-verify": True} if server.startswith("http:") else {}
    return yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": cluster,
        "clusters": [{"name": cluster, "cluster": {"server": server, **unverified}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": "kubernetes-admin", "namespace": "default"}}],
        "users": [{"name": "kubernetes-admin", "user": credentials(token) if token else {}}],
    }, sort_keys=False)
