"""The objects that a cluster has before any component has done anything: namespaces."""
from __future__ import annotations

SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


def first_objects(settings, engine) -> list[tuple[str, dict]]:
    """(etcd key, object) pairs. Source: pkg/controlplane/controller/systemnamespaces."""
    stamp = engine.clock.text(0)
    uid = engine.rng("bootstrap").uuid
    return [(f"/registry/namespaces/{name}", {
        "kind": "Namespace", "apiVersion": "v1",
        "metadata": {"name": name, "uid": uid(), "creationTimestamp": stamp, "labels": {"kubernetes.io/metadata.name": name},
                     "managedFields": [{"manager": "kube-apiserver", "operation": "Update", "apiVersion": "v1", "time": stamp,
                                        "fieldsType": "FieldsV1",
                                        "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:kubernetes.io/metadata.name": {}}}}}]},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    }) for name in SYSTEM_NAMESPACES]
