"""persistentvolume-expander-controller: says of a claim that wants to be larger whose business that is; and csi-driver-nfs's external-resizer.

kube-controller-manager itself has no plugin left that could enlarge a volume. A simplification: the resizer is part of the controller manager
here, and a share has no size of its own, so only the objects change.
Sources: kubernetes pkg/controller/volume/expand/expand_controller.go, pkg/volume/util/resize_util.go; kubernetes-csi/external-resizer
pkg/controller/{controller,expand_and_recover,resize_status}.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.engine import Sleep
from cluster.kinds import _csi_migration as migration
from cluster.meta import quantity
from cluster.meta.objects import key_of

CLAIMS, VOLUMES, NFS = "persistentvolumeclaims", "persistentvolumes", "nfs.csi.k8s.io"
RESIZER = "volume.kubernetes.io/storage-resizer"
PLUGINS = {"awsElasticBlockStore": "aws-ebs", "azureDisk": "azure-disk", "azureFile": "azure-file", "cinder": "cinder",
           "gcePersistentDisk": "gce-pd", "portworxVolume": "portworx-volume", "vsphereVolume": "vsphere-volume"}  # fmt: skip
RESIZED_MS = 120  # what a driver takes that has only to agree
WAITING = "waiting for an external controller to expand this PVC"


class Claims(Controller):
    """What both have in common: their keys are claims that are bound and ask for more than they have."""

    RESOURCE = CLAIMS

    def watch(self, informers) -> None:
        self.claims, self.volumes = informers.watch(CLAIMS), informers.watch(VOLUMES)
        self.claims.on(self.on_claim)

    def on_claim(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "DELETED" and wants_more(new) and (old is None or asked(old) < asked(new) or not wants_more(old)):
            self.queue.add(key_of(new))

    def volume_of(self, key: str) -> tuple[dict, dict] | None:
        """A claim that wants more, and the volume that is bound to it."""
        claim = self.claims.get(key)
        volume = self.volumes.get(claim["spec"].get("volumeName", "")) if claim is not None and wants_more(claim) else None
        if claim is None or volume is None or (volume["spec"].get("claimRef") or {}).get("uid") != claim["metadata"]["uid"]:
            return None
        return claim, volume


class ExpandController(Claims):
    """Whose business it is."""

    NAME = "persistentvolume-expander-controller"

    @property
    def account(self) -> str:
        return "expand-controller"

    def setup(self) -> None:
        self.recorder = Recorder(self, self.client, component="volume_expand")

    def sync(self, key: str) -> Iterator[Any] | None:
        found = self.volume_of(key)
        if found is None:
            return None
        claim, volume = found
        kind = next((kind for kind in PLUGINS if volume["spec"].get(kind) is not None), "")
        if kind:
            return self._leave_to_driver(claim, kind)
        self.recorder.event(claim, "Normal", "ExternalExpanding", WAITING)
        return None

    def _leave_to_driver(self, claim: dict, kind: str) -> Iterator[Any]:
        """A disk of a cloud: its driver's resizer is named in the claim."""
        words = f"CSI migration enabled for kubernetes.io/{PLUGINS[kind]}; waiting for external resizer to expand the pvc"
        self.recorder.event(claim, "Normal", "ExternalExpanding", words)
        meta, annotations = claim["metadata"], {RESIZER: migration.SOURCES[kind][0]}
        yield self.client.patch(CLAIMS, meta["name"], {"metadata": {"annotations": annotations}}, meta["namespace"], subresource="status")


class Resizer(Claims):
    """The sidecar of csi-driver-nfs that enlarges volumes."""

    NAME = "external-resizer"
    MANAGER = "csi-resizer"

    @property
    def account(self) -> str:
        return "expand-controller"

    def setup(self) -> None:
        self.recorder = Recorder(self, self.client, component=f"external-resizer {NFS}")

    def sync(self, key: str) -> Iterator[Any] | None:
        found = self.volume_of(key)
        if found is None or (found[1]["spec"].get("csi") or {}).get("driver") != NFS:
            return None
        return self._resize(*found)

    def _resize(self, claim: dict, volume: dict) -> Iterator[Any]:
        meta, size, name = claim["metadata"], storage(claim["spec"].get("resources"), "requests"), volume["metadata"]["name"]
        begun = {"allocatedResources": {"storage": size}, "allocatedResourceStatuses": {"storage": "ControllerResizeInProgress"},
                 "conditions": [*_others(claim), self._resizing()]}  # fmt: skip
        yield self.client.patch(CLAIMS, meta["name"], {"status": begun}, meta["namespace"], "merge", "status")
        self.recorder.event(claim, "Normal", "Resizing", f"External resizer is resizing volume {name}")
        yield Sleep(RESIZED_MS)
        reply = yield self.client.patch(VOLUMES, name, {"spec": {"capacity": {"storage": size}}}, patch_type="merge")
        if not reply.ok:
            self.recorder.event(claim, "Warning", "VolumeResizeFailed", f"error updating pv {name} by resizer: {reply.message}")
            return "retry"
        ended = {"capacity": {"storage": size}, "allocatedResourceStatuses": None, "conditions": _others(claim) or None}
        yield self.client.patch(CLAIMS, meta["name"], {"status": ended}, meta["namespace"], "merge", "status")
        self.trace("VolumeResized", f"{CLAIMS}/{key_of(claim)}", volume=name, capacity=size)
        self.recorder.event(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")
        return None

    def _resizing(self) -> dict[str, Any]:
        return {"type": "Resizing", "status": "True", "lastProbeTime": None, "lastTransitionTime": self.engine.clock.text(self.now_ms)}


def storage(holder: dict | None, part: str) -> str:
    return str(((holder or {}).get(part) or {}).get("storage", "0"))


def asked(claim: dict) -> int:
    """Bytes."""
    return quantity.parse(storage(claim["spec"].get("resources"), "requests")).value


def wants_more(claim: dict) -> bool:
    """Whether a bound claim asks for more than it has."""
    status = claim.get("status") or {}
    return status.get("phase") == "Bound" and asked(claim) > quantity.parse(storage(status, "capacity")).value


def _others(claim: dict) -> list[dict]:
    return [each for each in (claim.get("status") or {}).get("conditions") or () if each["type"] != "Resizing"]
