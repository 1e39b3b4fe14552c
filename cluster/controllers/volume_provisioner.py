"""The provisioners that StorageClasses name: local-path-provisioner for folders of a node, csi-driver-nfs for shares that every node reaches.

Simplifications: both are part of the controller manager here, where a real cluster has Deployments for them; local-path's helper Pods,
which make and remove the folder, are a moment of waiting.
Sources: rancher/local-path-provisioner provisioner.go; kubernetes-csi/external-provisioner; kubernetes-sigs/sig-storage-lib-external-provisioner
controller/controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.kinds import _volume_binding as binding
from cluster.kinds._volume_sources import class_of
from cluster.meta.objects import key_of

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
LOCAL_PATH, NFS = "rancher.io/local-path", "nfs.csi.k8s.io"
FOLDER = "/opt/local-path-provisioner"
HOSTNAME = "kubernetes.io/hostname"


@dataclass
class ProvisionerState:
    """made: uids of claims whose volume is made, until the claim goes."""

    made: dict[str, bool] = field(default_factory=dict)


class VolumeProvisioner(Controller):
    """Its keys are "persistentvolumeclaims/namespace/name" and "persistentvolumes//name"."""

    NAME = "external-provisioner"
    WORKERS = 4
    MANAGER = "external-provisioner"

    @property
    def account(self) -> str:
        return "persistent-volume-binder"

    def setup(self) -> None:
        self.state = ProvisionerState()
        components = {LOCAL_PATH: "rancher.io/local-path_local-path-provisioner", NFS: "nfs.csi.k8s.io_csi-nfs-controller"}
        self.recorders = {name: Recorder(self, self.client, component=component, part=f"recorder/{name}") for name, component in components.items()}

    def subject(self, key: str) -> str:
        return key

    def watch(self, informers) -> None:
        self.claims, self.volumes = informers.watch(CLAIMS), informers.watch(VOLUMES)
        self.classes, self.nodes = informers.watch("storageclasses"), informers.watch("nodes")
        self.claims.on(self.on_claim)
        self.volumes.on(self.on_volume)

    def on_claim(self, kind: str, old: dict | None, new: dict) -> None:
        if kind == "DELETED":
            self.state.made.pop(new["metadata"]["uid"], None)
        elif self._is_asked(new):
            self.queue.add(f"{CLAIMS}/{key_of(new)}")

    def _is_asked(self, claim: dict) -> bool:
        """Source: shouldProvision."""
        found = binding.annotations_of(claim)
        if claim["spec"].get("volumeName") or claim["metadata"]["uid"] in self.state.made or claim["metadata"].get("deletionTimestamp"):
            return False
        if found.get(binding.PROVISIONER) not in self.recorders:
            return False
        storage_class = self.classes.get(class_of(claim))
        return storage_class is not None and (not binding.is_delayed(claim, storage_class) or binding.SELECTED_NODE in found)

    def on_volume(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "DELETED" and self._is_to_go(new):
            self.queue.add(f"{VOLUMES}//{new['metadata']['name']}")

    def _is_to_go(self, volume: dict) -> bool:
        """Source: shouldDelete."""
        if binding.annotations_of(volume).get(binding.PROVISIONED_BY) not in self.recorders or volume["metadata"].get("deletionTimestamp"):
            return False
        return (volume.get("status") or {}).get("phase") == "Released" and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"

    def sync(self, key: str) -> Iterator[Any] | None:
        resource, _, rest = key.partition("/")
        if resource == VOLUMES:
            volume = self.volumes.get(rest.lstrip("/"))
            return self._remove(volume) if volume is not None and self._is_to_go(volume) else None
        claim = self.claims.get(rest)
        return self._provision(claim) if claim is not None and self._is_asked(claim) else None

    def _provision(self, claim: dict) -> Iterator[Any]:
        """Make a volume for a claim. Source: provisionClaimOperation."""
        found, key = binding.annotations_of(claim), key_of(claim)
        name, storage_class = found[binding.PROVISIONER], self.classes.get(class_of(claim))
        recorder, node = self.recorders[name], self.nodes.get(found.get(binding.SELECTED_NODE, ""))
        recorder.event(claim, "Normal", "Provisioning", f'External provisioner is provisioning volume for claim "{key}"')
        yield Sleep(self.latency("provision"))
        if name == LOCAL_PATH and node is None:
            message = f'failed to provision volume with StorageClass "{class_of(claim)}": configuration error, no node was specified'
            recorder.event(claim, "Warning", "ProvisioningFailed", message)
            return "retry"
        volume = volume_for(claim, storage_class, name, node)
        reply = yield self.client.create(VOLUMES, volume)
        if not reply.ok and reply.code != 409:
            recorder.event(claim, "Warning", "ProvisioningFailed", f"Error saving volume: {reply.message}")
            return "retry"
        self.state.made[claim["metadata"]["uid"]] = True
        self.trace("VolumeProvisioned", f"{VOLUMES}//{volume['metadata']['name']}", claim=key, provisioner=name)
        recorder.event(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {volume['metadata']['name']}")
        return None

    def _remove(self, volume: dict) -> Iterator[Any]:
        """Delete the data, then the object. Source: deleteVolumeOperation."""
        name, spec = volume["metadata"]["name"], volume["spec"]
        yield Sleep(self.latency("provision"))
        self.trace("VolumeDeleted", f"{VOLUMES}//{name}", path=(spec.get("hostPath") or {}).get("path", ""))
        reply = yield self.client.delete(VOLUMES, name)
        if reply.ok:
            self._wipe(volume)
        return None if reply.ok or reply.code == 404 else "retry"

    def _wipe(self, volume: dict) -> None:
        """Forget what lay in a volume, wherever it lay."""
        for actor in list(self.engine.actors.values()):
            wipe = getattr(actor, "wipe_volume", None)
            if wipe is not None:
                wipe(volume["spec"])


def volume_for(claim: dict, storage_class: dict, provisioner: str, node: dict | None) -> dict:
    """The PersistentVolume that a provisioner makes."""
    meta, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{meta['uid']}"
    made = {
        "capacity": {"storage": spec["resources"]["requests"]["storage"]},
        "accessModes": spec["accessModes"],
        "claimRef": {"kind": "PersistentVolumeClaim", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"],
                     "apiVersion": "v1", "resourceVersion": meta["resourceVersion"]},
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
        "storageClassName": storage_class["metadata"]["name"],
        "volumeMode": spec.get("volumeMode", "Filesystem"),
    }  # fmt: skip
    annotations = {binding.PROVISIONED_BY: provisioner}
    if storage_class.get("mountOptions"):
        made["mountOptions"] = storage_class["mountOptions"]
    if provisioner == LOCAL_PATH and node is not None:
        host = (node["metadata"].get("labels") or {}).get(HOSTNAME, node["metadata"]["name"])
        made["hostPath"] = {"path": f"{FOLDER}/{name}_{meta['namespace']}_{meta['name']}", "type": "DirectoryOrCreate"}
        terms = [{"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [host]}]}]
        made["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}
        annotations["local.path.provisioner/selected-node"] = node["metadata"]["name"]
    else:
        server, share = (storage_class.get("parameters") or {}).get("server", "nfs-server"), (storage_class.get("parameters") or {}).get("share", "/")
        handle = f"{server}#{share.strip('/')}#{name}##"
        attributes = {"server": server, "share": share, "subdir": name}
        made["csi"] = {"driver": NFS, "volumeHandle": handle, "volumeAttributes": attributes}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name, "annotations": annotations}, "spec": made}
