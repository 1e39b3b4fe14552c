"""What the API server writes about itself and its classes when it starts: the Service `kubernetes`, and the system priorities.

Source: pkg/registry/scheduling/rest/storage_scheduling.go; for the Service see cluster/apiserver/itself.py.
"""
from __future__ import annotations

from cluster.apiserver import itself, managed
from cluster.kinds.priorityclass import SYSTEM

# what the server adds to the objects about itself
FURTHER = {"Service": {"spec": {"clusterIPs": [itself.SERVICE_IP], "ipFamilies": ["IPv4"]}, "status": {"loadBalancer": {}}},
           "EndpointSlice": {"generation": 1}}


def objects(stamp: str, uid) -> list[tuple[str, dict]]:
    """(etcd key, object) pairs. uid: a source of uids."""
    own = [(key, make()) for key, (_, _, make) in itself.OWN.items()]
    made = [*((key, sent, FURTHER.get(sent["kind"], {})) for key, sent in own),
            *((f"/registry/priorityclasses/{name}", *_priority(name)) for name in SYSTEM)]
    return [(key, _finished(sent, further, stamp, uid())) for key, sent, further in made]


def storage_classes(profile: str, stamp: str, uid) -> list[tuple[str, dict]]:
    """The default class of a profile that has one, as kind and k3s set it up: folders of the node on which the Pod lands."""
    if profile != "learner":
        return []
    meta = {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    sent = {"kind": "StorageClass", "apiVersion": "storage.k8s.io/v1", "metadata": meta, "provisioner": "rancher.io/local-path",
            "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}
    return [("/registry/storageclasses/standard", _finished(sent, {}, stamp, uid(), "kubectl"))]


def _finished(sent: dict, further: dict, stamp: str, uid: str, manager: str = "kube-apiserver") -> dict:
    """What was sent with what the server added: an author, a uid, a time."""
    meta = {**sent["metadata"], "uid": uid, "creationTimestamp": stamp}
    if "generation" in further:
        meta["generation"] = further["generation"]
    meta["managedFields"] = managed.track_update(None, sent, manager, stamp)
    obj = {**sent, "metadata": meta}
    for part in ("spec", "status"):
        if part in further:
            obj[part] = {**obj.get(part, {}), **further[part]}
    return obj


def _priority(name: str) -> tuple[dict, dict]:
    value, description = SYSTEM[name]
    return {"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1", "metadata": {"name": name}, "value": value,
            "description": description, "preemptionPolicy": "PreemptLowerPriority"}, {"generation": 1}
