"""persistentvolume-attach-detach-controller: asks for volumes of CSI drivers to be attached to the nodes of their Pods, by VolumeAttachments.

A driver's external-attacher (here: whoever writes the status) says when it is done. A node that says a volume is in use keeps it, unless it
has not been well for six minutes, or is out of service. Disks of clouds are their drivers' by now, also where a Pod names them itself.
A simplification: looks come with news, not each 100 ms.
Source: pkg/controller/volume/attachdetach/{attach_detach_controller.go,reconciler/reconciler.go,util/util.go}, pkg/volume/csi/csi_attacher.go,
pkg/volume/util/operationexecutor/operation_generator.go (GenerateAttachVolumeFunc).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.kinds import _csi_migration as migration
from cluster.kinds import node as nodes
from cluster.kinds import pod as pods
from cluster.kinds._volume_binding import unique_name_of

from ._taints import OUT_OF_SERVICE
from .protection import claims_of

ATTACHMENTS, VOLUMES, CLAIMS = "volumeattachments.storage.k8s.io", "persistentvolumes", "persistentvolumeclaims"
TIMEOUT_MS = 120_000  # csiTimeout
DRAIN_MS = 360_000  # ReconcilerMaxWaitForUnmountDuration
LOOKED_MS = 500  # from a failure to the next try
SHARED = ("ReadWriteMany", "ReadOnlyMany")
NEEDS_NONE = ("nfs.csi.k8s.io",)  # drivers without attaching (CSIDriver attachRequired: false)


@dataclass
class AttachState:
    """volumes: names of those that must be attached. inline: those that Pods name themselves, by their names in a node's status.

    since_ms: VolumeAttachment -> when its wait began; unwanted_ms: the same -> since when nobody has needed it. told: what was said of it
    last. left: node that is no more -> what it had in use, while something is still attached to it.
    """

    volumes: dict[str, bool] = field(default_factory=dict)
    inline: dict[str, dict[str, Any]] = field(default_factory=dict)
    since_ms: dict[str, int] = field(default_factory=dict)
    unwanted_ms: dict[str, int] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)


class AttachDetachController(Controller):
    """Its keys are PersistentVolumes, and the names in a node's status of what Pods name themselves."""

    NAME = "persistentvolume-attach-detach-controller"
    RESOURCE = VOLUMES

    def setup(self) -> None:
        self.state = AttachState()
        self.recorder = Recorder(self, self.client, component="attachdetach-controller")

    def watch(self, informers) -> None:
        self.pods, self.nodes = informers.watch("pods"), informers.watch("nodes")
        self.claims, self.volumes = informers.watch(CLAIMS), informers.watch(VOLUMES)
        self.attachments, self.drivers = informers.watch(ATTACHMENTS), informers.watch("csidrivers.storage.k8s.io")
        self.pods.on(self.on_pod, report=None)
        self.nodes.on(self.on_node)
        self.volumes.on(self.on_volume)
        self.attachments.on(self.on_attachment)

    # -- news ---------------------------------------------------------------------------------------------------------

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        if old is None:
            self._note_inline(new)
        if (self.state.volumes or self.state.inline) and self._is_news(kind, old, new):
            self._look_at_all()

    def _note_inline(self, pod: dict) -> None:
        for volume in pod["spec"].get("volumes") or ():
            if not migration.INLINE.isdisjoint(volume):
                found = _inline(volume, pod)
                if found is not None and self._is_attachable(found):
                    self.state.inline[unique_name_of(found)] = found

    @staticmethod
    def _is_news(kind: str, old: dict | None, new: dict) -> bool:
        """Whether a Pod has been placed, or has ended, and has such volumes at all."""
        named = ("persistentVolumeClaim", "ephemeral", *migration.SOURCES)
        if not any(not each.keys().isdisjoint(named) for each in new["spec"].get("volumes") or ()):
            return False
        return old is None or kind == "DELETED" or _stands(old) != _stands(new)

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        name = new["metadata"]["name"]
        if kind == "DELETED":
            if (used := _in_use(new)) and self._is_attached_to(name):
                self.state.left[name] = used
        elif self.state.left:
            self.state.left.pop(name, None)
        if (self.state.volumes or self.state.inline) and (old is None or kind == "DELETED" or _told_by(old) != _told_by(new)):
            self._look_at_all()

    def on_volume(self, kind: str, old: dict | None, new: dict) -> None:
        name, found = new["metadata"]["name"], _persistent(new)
        if kind == "DELETED" or not self._is_attachable(found):
            self.state.volumes.pop(name, None)
        else:
            self.state.volumes[name] = True
            self.queue.add(name)

    def on_attachment(self, kind: str, old: dict | None, new: dict) -> None:
        source = new["spec"]["source"]
        name = source.get("persistentVolumeName") or unique_name_of({"spec": source.get("inlineVolumeSpec") or {}})
        if kind == "DELETED":
            for table in (self.state.since_ms, self.state.unwanted_ms, self.state.told):
                table.pop(new["metadata"]["name"], None)
            if not self._is_attached_to(new["spec"]["nodeName"]):
                self.state.left.pop(new["spec"]["nodeName"], None)
        elif old is None and source.get("inlineVolumeSpec"):
            self.state.inline.setdefault(name, {"metadata": {"name": name}, "spec": source["inlineVolumeSpec"]})
        if name in self.state.volumes or name in self.state.inline:
            self.queue.add(name)

    def _is_attached_to(self, node: str) -> bool:
        """Whether some volume is, or is to be, attached to a node."""
        return any(each["spec"]["nodeName"] == node for each in self.attachments.items())

    def _look_at_all(self) -> None:
        for name in (*self.state.volumes, *self.state.inline):
            self.queue.add(name)

    def _is_attachable(self, volume: dict) -> bool:
        driver = (volume["spec"].get("csi") or {}).get("driver", "")
        if not driver or driver in NEEDS_NONE:
            return False
        known = self.drivers.get(driver)
        return known is None or known["spec"].get("attachRequired") is not False

    # -- one volume ---------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any] | None:
        volume = self.state.inline.get(key)
        if volume is not None:
            return self._sync(volume, key)
        volume = self.volumes.get(key)
        return self._sync(_persistent(volume), key) if volume is not None and key in self.state.volumes else None

    def _sync(self, volume: dict, key: str) -> Iterator[Any]:
        wanted, present, leaving = self._wanted(volume, key), self._present(volume, key), False
        for node, attachment in present.items():
            if node in wanted:
                self.state.unwanted_ms.pop(attachment["metadata"]["name"], None)
            else:
                leaving = (yield from self._detach(volume, key, node, attachment)) or leaving
        for node, users in wanted.items():
            if node in present:
                yield from self._watch_over(volume, key, node, present[node], users)
            elif not present or is_shared(volume):
                yield from self._attach(volume, key, node)
            elif not leaving:
                self._complain_of_others(volume, node, users, [pod for other in present for pod in wanted.get(other, ())])
        name = volume["metadata"]["name"]
        for told in [told for told in self.state.told if told.startswith(f"{name} ") and told[len(name) + 1 :] not in wanted]:
            del self.state.told[told]
        if key in self.state.inline and not wanted and not present and not self._users(key):
            del self.state.inline[key]

    def _wanted(self, volume: dict, key: str) -> dict[str, list[dict]]:
        """node -> the Pods there that use a volume."""
        found: dict[str, list[dict]] = {}
        for pod in self._users(key) if key in self.state.inline else self._claimants(volume):
            if _stands(pod):
                found.setdefault(pod["spec"]["nodeName"], []).append(pod)
        return {node: users for node, users in found.items() if self.nodes.get(node) is not None}

    def _users(self, key: str) -> list[dict]:
        """The Pods that name a volume themselves."""
        found = []
        for pod in self.pods.items():
            volumes = [_inline(each, pod) for each in pod["spec"].get("volumes") or () if not migration.INLINE.isdisjoint(each)]
            if any(each is not None and unique_name_of(each) == key for each in volumes):
                found.append(pod)
        return found

    def _claimants(self, volume: dict) -> list[dict]:
        """The Pods that use the claim of a volume."""
        reference = volume["spec"].get("claimRef") or {}
        namespace, name = reference.get("namespace", ""), reference.get("name", "")
        claim = self.claims.get(f"{namespace}/{name}")
        if claim is None or claim["spec"].get("volumeName") != volume["metadata"]["name"]:
            return []
        return [pod for pod in self.pods.items() if pod["metadata"]["namespace"] == namespace and name in claims_of(pod)]

    def _present(self, volume: dict, key: str) -> dict[str, dict]:
        """node -> the VolumeAttachment of a volume."""
        found = {}
        for each in self.attachments.items():
            source = each["spec"]["source"]
            inline = source.get("inlineVolumeSpec")
            if (unique_name_of({"spec": inline}) if inline else source.get("persistentVolumeName")) == key:
                found[each["spec"]["nodeName"]] = each
        return found

    # -- attaching ------------------------------------------------------------------------------------------------------

    def _attach(self, volume: dict, key: str, node: str) -> Iterator[Any]:
        csi = volume["spec"]["csi"]
        source = {"inlineVolumeSpec": volume["spec"]} if key in self.state.inline else {"persistentVolumeName": volume["metadata"]["name"]}
        spec = {"attacher": csi["driver"], "nodeName": node, "source": source}
        asked = {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": attachment_name(csi, node)}, "spec": spec}
        self.state.since_ms[attachment_name(csi, node)] = self.now_ms
        self.queue.add_after(key, TIMEOUT_MS, background=True)
        yield self.client.create(ATTACHMENTS, asked)

    def _complain_of_others(self, volume: dict, node: str, users: list[dict], others: list[dict]) -> None:
        """A volume for one node is wanted on a second one: told once to each of its Pods there."""
        name = volume["metadata"]["name"]
        if self.state.told.get(f"{name} {node}"):
            return
        self.state.told[f"{name} {node}"] = "multi-attach"
        for pod in users:
            said = in_use_by([each for each in others if each["metadata"]["namespace"] == pod["metadata"]["namespace"]], len(others))
            self._tell([pod], "Warning", "FailedAttachVolume", f'Multi-Attach error for volume "{name}" {said}')

    def _watch_over(self, volume: dict, key: str, node: str, attachment: dict, users: list[dict]) -> Iterator[Any]:
        """What has become of an attachment: done, failed, or not done in time."""
        name, own, status = volume["metadata"]["name"], attachment["metadata"]["name"], attachment.get("status") or {}
        self.state.told.pop(f"{name} {node}", None)
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
            self.queue.add_after(key, LOOKED_MS + TIMEOUT_MS, background=True)
            self.state.told.pop(own, None)
        if why and self.state.told.get(own) != why:
            self.state.told[own] = why
            self._tell(users, "Warning", "FailedAttachVolume", f'AttachVolume.Attach failed for volume "{name}" : {why}')

    # -- detaching ------------------------------------------------------------------------------------------------------

    def _detach(self, volume: dict, key: str, node: str, attachment: dict) -> Iterator[Any]:
        """Nobody needs a volume on a node any more: once the node has let go of it, or is given up. True: it is under way."""
        own = attachment["metadata"]["name"]
        if attachment["metadata"].get("deletionTimestamp"):
            return True
        since_ms, known = self.state.unwanted_ms.setdefault(own, self.now_ms), self.nodes.get(node)
        if unique_name_of(volume) in (_in_use(known) if known is not None else self.state.left.get(node, ())):
            why = self._why_by_force(known, self.now_ms - since_ms)
            if not why:
                if self.now_ms - since_ms <= DRAIN_MS:
                    self.queue.add_after(key, since_ms + DRAIN_MS + 1 - self.now_ms, background=True)
                return False
            self.trace("VolumeDetachForced", f"volumeattachments/{own}", node=node, volume=volume["metadata"]["name"], why=why)
        yield from self._list_on_node(volume, node, is_attached=False)
        yield self.client.delete(ATTACHMENTS, own)
        return True

    @staticmethod
    def _why_by_force(node: dict | None, waited_ms: int) -> str:
        """Why a volume is taken from a node that has not let go of it; "" when it is not."""
        if node is not None and any(taint["key"] == OUT_OF_SERVICE for taint in nodes.taints(node)):
            return "out-of-service"
        return "timeout" if waited_ms > DRAIN_MS and (node is None or not nodes.is_ready(node)) else ""

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


def is_shared(volume: dict) -> bool:
    """Whether several nodes may have a volume at once. Source: pkg/volume/util/util.go (IsMultiAttachAllowed)."""
    modes = volume["spec"].get("accessModes") or ()
    return not modes or any(mode in SHARED for mode in modes)


def in_use_by(local: list[dict], count: int) -> str:
    """Who has a volume: Pods of one's own namespace by name, others by their number. Source: reconciler.go (reportMultiAttachError)."""
    if not count:
        return "Volume is already exclusively attached to one node and can't be attached to another"
    far = f"{count - len(local)} pod(s) in different namespaces"
    if not local:
        return f"Volume is already used by {far}"
    said = f"Volume is already used by pod(s) {', '.join(pod['metadata']['name'] for pod in local)}"
    return said if len(local) == count else f"{said} and {far}"


def _persistent(volume: dict) -> dict:
    try:
        return migration.persistent(volume)
    except migration.Untranslatable:
        return volume


def _inline(volume: dict, pod: dict) -> dict | None:
    try:
        return migration.inline(volume, pod["metadata"]["namespace"])
    except migration.Untranslatable:
        return None


def _stands(pod: dict) -> bool:
    """Whether a Pod is on a node and has not ended. Source: pkg/volume/util/util.go (IsPodTerminated)."""
    if not pod["spec"].get("nodeName") or pods.is_terminal(pod):
        return False
    return not pods.is_terminating(pod) or not _runs_nothing(pod.get("status") or {})


def _runs_nothing(status: dict) -> bool:
    lists = (status.get(name) or () for name in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"))
    return all("terminated" in (each.get("state") or {}) or "waiting" in (each.get("state") or {}) for found in lists for each in found)


def _in_use(node: dict) -> list[str]:
    return (node.get("status") or {}).get("volumesInUse") or []


def _told_by(node: dict) -> tuple[list[str], bool, list]:
    """What of a node makes a difference."""
    return _in_use(node), nodes.is_ready(node), nodes.taints(node)
