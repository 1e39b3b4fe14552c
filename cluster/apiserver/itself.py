"""What the API server keeps about itself: the Service `kubernetes` with its Endpoints and EndpointSlice. Whoever deletes one gets it back.

Source: pkg/controlplane/controller/kubernetesservice/controller.go, pkg/controlplane/reconcilers/endpointsadapter.go.
"""
from __future__ import annotations

from cluster.meta.requests import Request

SERVER_IP, SERVER_PORT, SERVICE_IP = "10.0.0.1", 6443, "10.96.0.1"
NAME, NAMESPACE = "kubernetes", "default"
INTERVAL_MS = 10_000      # how often it looks after them, pkg/controlplane/controller/kubernetesservice (EndpointInterval)


def service() -> dict:
    port = {"name": "https", "protocol": "TCP", "port": 443, "targetPort": SERVER_PORT}
    spec = {"ports": [port], "clusterIP": SERVICE_IP, "type": "ClusterIP", "sessionAffinity": "None",
            "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster"}
    meta = {"name": NAME, "namespace": NAMESPACE, "labels": {"component": "apiserver", "provider": "kubernetes"}}
    return {"kind": "Service", "apiVersion": "v1", "metadata": meta, "spec": spec}


def endpoints() -> dict:
    meta = {"name": NAME, "namespace": NAMESPACE, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}
    subset = {"addresses": [{"ip": SERVER_IP}], "ports": [{"name": "https", "port": SERVER_PORT, "protocol": "TCP"}]}
    return {"kind": "Endpoints", "apiVersion": "v1", "metadata": meta, "subsets": [subset]}


def endpoint_slice() -> dict:
    meta = {"name": NAME, "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": NAME}}
    return {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": meta, "addressType": "IPv4",
            "endpoints": [{"addresses": [SERVER_IP], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "protocol": "TCP", "port": SERVER_PORT}]}


# etcd's key -> group, resource, what makes the object
OWN = {
    f"/registry/services/specs/{NAMESPACE}/{NAME}": ("", "services", service),
    f"/registry/services/endpoints/{NAMESPACE}/{NAME}": ("", "endpoints", endpoints),
    f"/registry/endpointslices/{NAMESPACE}/{NAME}": ("discovery.k8s.io", "endpointslices", endpoint_slice),
}


def due_in_ms(now_ms: int) -> int:
    """When it looks after them next."""
    return INTERVAL_MS - now_ms % INTERVAL_MS


def request(key: str) -> Request:
    """The create that brings an object back, as the server's own client sends it."""
    group, resource, make = OWN[key]
    return Request(verb="create", resource=resource, group=group, namespace=NAMESPACE, body=make(), user="system:apiserver",
                   groups=["system:masters", "system:authenticated"], user_agent="kube-apiserver/v1.36.3 (linux/amd64)")
