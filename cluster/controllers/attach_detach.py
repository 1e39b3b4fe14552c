"""persistentvolume-attach-detach-controller: asks for volumes of CSI drivers to be attached to the nodes of their Pods, by VolumeAttachments.

A driver's external-attacher (here: whoever writes the status) says when it is done. A simplification: inline volumes and in-tree disks of
clouds are left alone; a node is believed when it says that a volume is no longer in use, however long that takes.
Source: pkg/controller/volume/attachdetach/reconciler/reconciler.go, pkg/volume/csi/csi_attacher.go,
pkg/volume/util/operationexecutor/operation_generator.go (GenerateAttachVolumeFunc).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.kinds import pod as pods
from cluster.kinds._volume_binding import unique_name_of

ATTACHMENTS, VOLUMES, CLAIMS = "volumeattachments.storage.k8s.io", "persistentvolumes", "persistentvolumeclaims"
TIMEOUT_MS = 120_000  # csiTimeout
LOOKED_MS = 500  # after a failure, or for a volume that another node still has
SHARED = ("ReadWriteMany", "ReadOnlyMany")
NEEDS_NONE = ("nfs.csi.k8s.io",)  # drivers without attaching (CSIDriver attachRequired: false)


@dataclass
class AttachState:
    """volumes: names of those that must be attached. since_ms: VolumeAttachment -> when its wait began. told: what was said of it last."""

    volumes: dict[str, bool] = field(default_factory=dict)
    since_ms: dict[str, int] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)


class AttachDetachController(Controller):
    """Its keys are PersistentVolumes."""

    NAME = "persistentvolume-attach-detach-controller"
    RESOURCE = VOLUMES

    def setup(self) -> None:
        self.state = AttachState()
        self.recorder = Recorder(self, self.client, component="attachdetach-controller")

    def watch(self, informers) -> None:
        self.pods, self.nodes = informers.watch("pods"), informers.watch("nodes")
        self.claims, self.volumes = informers.watch(CLAIMS), informers.watch(VOLUMES)
        self.attachments, self.drivers = informers.watch(ATTACHMENTS), informers.watch("csidrivers.storage.k8s.io")
        self.pods.on(self.on_pod)
        self.nodes.on(self.on_node)
        self.volumes.on(self.on_volume)
        self.attachments.on(self.on_attachment)

    # -- news ---------------------------------------------------------------------------------------------------------

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        if self.state.volumes and self._is_news(kind, old, new):
            self._look_at_all()

    @staticmethod
    def _is_news(kind: str, old: dict | None, new: dict) -> bool:
        """Whether a Pod has been placed, or has ended, and has claims at all."""
        if not any("persistentVolumeClaim" in each or "ephemeral" in each for each in new["spec"].get("volumes") or ()):
            return False
        return old is None or kind == "DELETED" or _stands(old) != _stands(new)

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        if self.state.volumes and (old is None or _in_use(old) != _in_use(new)):
            self._look_at_all()

    def on_volume(self, kind: str, old: dict | None, new: dict) -> None:
        name = new["metadata"]["name"]
        if kind == "DELETED" or not self._is_attachable(new):
            self.state.volumes.pop(name, None)
        else:
            self.state.volumes[name] = True
            self.queue.add(name)

    def on_attachment(self, kind: str, old: dict | None, new: dict) -> None:
        name = new["spec"]["source"].get("persistentVolumeName")
        if kind == "DELETED":
            self.state.since_ms.pop(new["metadata"]["name"], None)
            self.state.told.pop(new["metadata"]["name"], None)
        if name in self.state.volumes:
            self.queue.add(name)

    def _look_at_all(self) -> None:
        for name in self.state.volumes:
            self.queue.add(name)

    def _is_attachable(self, volume: dict) -> bool:
        driver = (volume["spec"].get("csi") or {}).get("driver", "")
        if not driver or driver in NEEDS_NONE:
            return False
        known = self.drivers.get(driver)
        return known is None or known["spec"].get("attachRequired") is not False

    # -- one volume ---------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any] | None:
        volume = self.volumes.get(key)
        return self._sync(volume) if volume is not None and key in self.state.volumes else None

    def _sync(self, volume: dict) -> Iterator[Any]:
        wanted, present = self._wanted(volume), self._present(volume)
        for node, attachment in present.items():
            if node not in wanted:
                yield from self._detach(volume, node, attachment)
        for node, users in wanted.items():
            if node in present:
                yield from self._watch_over(volume, node, present[node], users)
            else:
                yield from self._attach(volume, node, users, present)

    def _wanted(self, volume: dict) -> dict[str, list[dict]]:
        """node -> the Pods there that use a volume."""
        reference, found = volume["spec"].get("claimRef") or {}, {}
        claim = self.claims.get(f"{reference.get('namespace', '')}/{reference.get('name', '')}")
        if claim is None or claim["spec"].get("volumeName") != volume["metadata"]["name"]:
            return {}
        for pod in self.pods.items():
            if _stands(pod) and pod["metadata"]["namespace"] == reference["namespace"] and reference["name"] in _claims_of(pod):
                found.setdefault(pod["spec"]["nodeName"], []).append(pod)
        return {node: users for node, users in found.items() if self.nodes.get(node) is not None}

    def _present(self, volume: dict) -> dict[str, dict]:
        """node -> the VolumeAttachment of a volume."""
        name = volume["metadata"]["name"]
        return {each["spec"]["nodeName"]: each for each in self.attachments.items() if each["spec"]["source"].get("persistentVolumeName") == name}

    def _attach(self, volume: dict, node: str, users: list[dict], present: dict[str, dict]) -> Iterator[Any]:
        name, modes = volume["metadata"]["name"], volume["spec"].get("accessModes") or []
        if present and modes and not any(mode in SHARED for mode in modes):
            self._complain_of_others(volume, node, users)
            self.queue.add_after(name, LOOKED_MS * 4, background=True)
            return
        csi = volume["spec"]["csi"]
        source = {"persistentVolumeName": name}
        spec = {"attacher": csi["driver"], "nodeName": node, "source": source}
        wanted = {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": attachment_name(csi, node)}, "spec": spec}
        self.state.since_ms[attachment_name(csi, node)] = self.now_ms
        self.queue.add_after(name, TIMEOUT_MS, background=True)
        yield self.client.create(ATTACHMENTS, wanted)

    def _complain_of_others(self, volume: dict, node: str, users: list[dict]) -> None:
        """A volume for one node is wanted on a second one: told once."""
        key = f"{volume['metadata']['name']} {node}"
        names = [each["metadata"]["name"] for other, each in self._users_elsewhere(volume, node)]
        said = f"Volume is already used by pod(s) {', '.join(names)}" if names else (
            "Volume is already exclusively attached to one node and can't be attached to another"
        )
        if self.state.told.get(key) != said:
            self.state.told[key] = said
            self._tell(users, "Warning", "FailedAttachVolume", f'Multi-Attach error for volume "{volume["metadata"]["name"]}" {said}')

    def _users_elsewhere(self, volume: dict, node: str) -> list[tuple[str, dict]]:
        return [(other, pod) for other, users in self._wanted(volume).items() if other != node for pod in users]

    def _watch_over(self, volume: dict, node: str, attachment: dict, users: list[dict]) -> Iterator[Any]:
        """What has become of an attachment: done, failed, or not done in time."""
        name, own, status = volume["metadata"]["name"], attachment["metadata"]["name"], attachment.get("status") or {}
        if status.get("attached"):
            if self.state.told.get(own) != "attached":
                self.state.told[own] = "attached"
                self._tell(users, "Normal", "SuccessfulAttachVolume", f'AttachVolume.Attach succeeded for volume "{name}" ')
            yield from self._list_on_node(volume, node, is_attached=True)
            return
        since_ms, why = self.state.since_ms.setdefault(own, self.now_ms), (status.get("attachError") or {}).get("message", "")
        if not why and self.now_ms - since_ms >= TIMEOUT_MS:
            csi = volume["spec"]["csi"]
            why = f"timed out waiting for external-attacher of {csi['driver']} CSI driver to attach volume {csi['volumeHandle']}"
            self.state.since_ms[own] = self.now_ms + LOOKED_MS
            self.queue.add_after(name, LOOKED_MS + TIMEOUT_MS, background=True)
            self.state.told.pop(own, None)
        if why and self.state.told.get(own) != why:
            self.state.told[own] = why
            self._tell(users, "Warning", "FailedAttachVolume", f'AttachVolume.Attach failed for volume "{name}" : {why}')

    def _detach(self, volume: dict, node: str, attachment: dict) -> Iterator[Any]:
        """Nobody needs a volume on a node any more: once the node has let go of it."""
        known = self.nodes.get(node)
        if attachment["metadata"].get("deletionTimestamp") or (known is not None and unique_name_of(volume) in _in_use(known)):
            return
        yield from self._list_on_node(volume, node, is_attached=False)
        yield self.client.delete(ATTACHMENTS, attachment["metadata"]["name"])

    def _list_on_node(self, volume: dict, node: str, *, is_attached: bool) -> Iterator[Any]:
        """status.volumesAttached: by it the kubelet knows."""
        known, name = self.nodes.get(node), unique_name_of(volume)
        listed = ((known or {}).get("status") or {}).get("volumesAttached") or []
        if known is None or is_attached == any(each["name"] == name for each in listed):
            return
        wanted = [*listed, {"name": name, "devicePath": ""}] if is_attached else [each for each in listed if each["name"] != name]
        yield self.client.patch("nodes", node, {"status": {"volumesAttached": wanted or None}}, patch_type="merge", subresource="status")

    def _tell(self, users: list[dict], kind: str, reason: str, message: str) -> None:
        for pod in users:
            self.recorder.event(pod, kind, reason, message)


def attachment_name(csi: dict, node: str) -> str:
    """Source: csi_attacher.go (getAttachmentName)."""
    return "csi-" + hashlib.sha256(f"{csi['volumeHandle']}{csi['driver']}{node}".encode()).hexdigest()


def _stands(pod: dict) -> bool:
    """Whether a Pod is on a node and has not ended."""
    return bool(pod["spec"].get("nodeName")) and not pods.is_terminal(pod)


def _claims_of(pod: dict) -> list[str]:
    found = [each["persistentVolumeClaim"].get("claimName", "") for each in pod["spec"].get("volumes") or () if each.get("persistentVolumeClaim")]
    return found + [f"{pod['metadata']['name']}-{each['name']}" for each in pod["spec"].get("volumes") or () if "ephemeral" in each]


def _in_use(node: dict) -> list[str]:
    return (node.get("status") or {}).get("volumesInUse") or []
