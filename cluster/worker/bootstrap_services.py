"""What the API server writes about itself and its classes when it starts: the Service `kubernetes`, and the system priorities.

Source: pkg/controlplane/controller/kubernetesservice/controller.go, pkg/controlplane/reconcilers/endpointsadapter.go,
pkg/registry/scheduling/rest/storage_scheduling.go.
"""
from __future__ import annotations

from cluster.apiserver import managed
from cluster.kinds.priorityclass import SYSTEM

SERVER_IP, SERVER_PORT, SERVICE_IP = "10.0.0.1", 6443, "10.96.0.1"
NAME, NAMESPACE = "kubernetes", "default"


def objects(stamp: str, uid) -> list[tuple[str, dict]]:
    """(etcd key, object) pairs. uid: a source of uids."""
    made = [
        (f"/registry/services/specs/{NAMESPACE}/{NAME}", *_service()),
        (f"/registry/services/endpoints/{NAMESPACE}/{NAME}", *_endpoints()),
        (f"/registry/endpointslices/{NAMESPACE}/{NAME}", *_slice()),
        *((f"/registry/priorityclasses/{name}", *_priority(name)) for name in SYSTEM),
    ]
    return [(key, _finished(sent, further, stamp, uid())) for key, sent, further in made]


def _finished(sent: dict, further: dict, stamp: str, uid: str) -> dict:
    """What was sent with what the server added: an author, a uid, a time."""
    meta = {**sent["metadata"], "uid": uid, "creationTimestamp": stamp}
    if "generation" in further:
        meta["generation"] = further["generation"]
    meta["managedFields"] = managed.track_update(None, sent, "kube-apiserver", stamp)
    obj = {**sent, "metadata": meta}
    for part in ("spec", "status"):
        if part in further:
            obj[part] = {**obj.get(part, {}), **further[part]}
    return obj


def _service() -> tuple[dict, dict]:
    port = {"name": "https", "protocol": "TCP", "port": 443, "targetPort": SERVER_PORT}
    spec = {"ports": [port], "clusterIP": SERVICE_IP, "type": "ClusterIP", "sessionAffinity": "None",
            "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster"}
    meta = {"name": NAME, "namespace": NAMESPACE, "labels": {"component": "apiserver", "provider": "kubernetes"}}
    sent = {"kind": "Service", "apiVersion": "v1", "metadata": meta, "spec": spec}
    return sent, {"spec": {"clusterIPs": [SERVICE_IP], "ipFamilies": ["IPv4"]}, "status": {"loadBalancer": {}}}


def _endpoints() -> tuple[dict, dict]:
    meta = {"name": NAME, "namespace": NAMESPACE, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}}
    subset = {"addresses": [{"ip": SERVER_IP}], "ports": [{"name": "https", "port": SERVER_PORT, "protocol": "TCP"}]}
    return {"kind": "Endpoints", "apiVersion": "v1", "metadata": meta, "subsets": [subset]}, {}


def _slice() -> tuple[dict, dict]:
    meta = {"name": NAME, "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": NAME}}
    return {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", "metadata": meta, "addressType": "IPv4",
            "endpoints": [{"addresses": [SERVER_IP], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "protocol": "TCP", "port": SERVER_PORT}]}, {"generation": 1}


def _priority(name: str) -> tuple[dict, dict]:
    value, description = SYSTEM[name]
    return {"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": name}, "value": value,
            "description": description, "preemptionPolicy": "PreemptLowerPriority"}, {"generation": 1}
