"""Owns a node's CSINode: which drivers are registered with its kubelet, and whose disks of old they have taken over.

Source: kubernetes pkg/volume/csi/csi_plugin.go (initializeCSINode), pkg/volume/csi/nodeinfomanager/nodeinfomanager.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

RESOURCE = "csinodes.storage.k8s.io"
ANNOTATION = "storage.alpha.kubernetes.io/migrated-plugins"
MIGRATED = ("aws-ebs", "azure-disk", "azure-file", "cinder", "gce-pd", "portworx-volume", "vsphere-volume")


def publish(kubelet: Any) -> Iterator[Any]:
    """Make it for a node that is new; one that a node of the same name has left is replaced."""
    wanted = of_node(kubelet.node, kubelet.state.node_uid, kubelet.machine.drivers)
    reply = yield kubelet.client.create(RESOURCE, wanted)
    if not reply.ok and reply.reason == "AlreadyExists":
        yield kubelet.client.delete(RESOURCE, kubelet.node)
        yield kubelet.client.create(RESOURCE, wanted)


def of_node(node: str, uid: str, drivers: tuple[str, ...]) -> dict[str, Any]:
    """The object. A driver that has no topology says nothing of it."""
    annotations = {ANNOTATION: ",".join(f"kubernetes.io/{name}" for name in MIGRATED)}
    owner = {"apiVersion": "v1", "kind": "Node", "name": node, "uid": uid}
    spec = {"drivers": [{"name": name, "nodeID": node, "topologyKeys": None} for name in drivers]}
    meta = {"name": node, "annotations": annotations, "ownerReferences": [owner]}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": meta, "spec": spec}
