"""What an installer adds for the network's components: the Roles by which CoreDNS and the policy agent may watch, and their bindings.

kube-proxy needs none of its own: the user system:kube-proxy is bound to system:node-proxier by default.
Source: cmd/kubeadm/app/phases/addons/dns/manifests.go.
"""

from __future__ import annotations

from cluster.apiserver import managed

RBAC = "rbac.authorization.k8s.io"
MANAGER = "kubeadm"
WATCH = ["list", "watch"]
ROLES = {
    "system:coredns": ("coredns", [{"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": WATCH},
                                   {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": WATCH}]),
    "network-policy-agent": ("network-policy-agent", [{"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": WATCH},
                                                      {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": WATCH}]),
}  # fmt: skip


def objects(stamp: str, uid) -> list[tuple[str, dict]]:
    """(etcd key, object) pairs. uid: a source of uids."""
    found = []
    for name, (account, rules) in ROLES.items():
        role = {"kind": "ClusterRole", "apiVersion": f"{RBAC}/v1", "metadata": {"name": name}, "rules": rules}
        binding = {"kind": "ClusterRoleBinding", "apiVersion": f"{RBAC}/v1", "metadata": {"name": name},
                   "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "kube-system"}],
                   "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}}  # fmt: skip
        found += [(f"/registry/clusterroles/{name}", role), (f"/registry/clusterrolebindings/{name}", binding)]
    return [(key, _finished(obj, stamp, uid())) for key, obj in found]


def _finished(obj: dict, stamp: str, uid: str) -> dict:
    meta = {**obj["metadata"], "uid": uid, "creationTimestamp": stamp, "managedFields": managed.track_update(None, obj, MANAGER, stamp)}
    return {**obj, "metadata": meta}
