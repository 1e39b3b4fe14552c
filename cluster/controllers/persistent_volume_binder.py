"""persistentvolume-binder: brings claims and volumes together, asks for new volumes, and lets go of those whose claim is gone.

Source: pkg/controller/volume/persistentvolume/{pv_controller,pv_controller_base}.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.kinds import _volume_binding as binding
from cluster.kinds._volume_sources import class_of
from cluster.kinds.storageclass import default_of
from cluster.meta.gotext import quote
from cluster.meta.objects import key_of

from .protection import claims_of

RESYNC_MS = 15_000  # --pvclaimbinder-sync-period
CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
EXTERNAL = (
    "Waiting for a volume to be created either by the external provisioner '{name}' or manually by the system administrator. "
    "If volume creation is delayed, please verify that the provisioner is running and correctly registered."
)
ATTRIBUTES = "currentVolumeAttributesClassName"
OF_VOLUME = ("accessModes", "capacity", ATTRIBUTES)  # what a claim's status says of its volume
MISMATCH = "Cannot bind PersistentVolume{} to requested PersistentVolumeClaim{} due to incompatible volumeMode."
LOST = "Bound claim has lost {what} PersistentVolume. Data on the volume is lost!"


@dataclass
class BinderState:
    """written: "resource/key" -> the newest version of an object that this controller got back from a write. is_armed: a resync is due."""

    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_armed: bool = False
    phase_ms: int = -1  # of the grid of resyncs


class PersistentVolumeBinder(Controller):
    """Its keys are "persistentvolumeclaims/namespace/name" and "persistentvolumes//name"."""

    NAME = "persistentvolume-binder-controller"
    WORKERS = 1

    @property
    def account(self) -> str:
        return "persistent-volume-binder"

    def setup(self) -> None:
        self.state = BinderState()
        self.recorder = Recorder(self, self.client, component="persistentvolume-controller")

    def subject(self, key: str) -> str:
        return key

    def watch(self, informers) -> None:
        self.claims, self.volumes = informers.watch(CLAIMS), informers.watch(VOLUMES)
        self.classes, self.pods = informers.watch("storageclasses"), informers.watch("pods")
        self.claims.on(self.on_claim)
        self.volumes.on(self.on_volume)

    # -- news -------------------------------------------------------------------------------------------------------------

    def on_claim(self, kind: str, old: dict | None, new: dict) -> None:
        self._arm()
        if kind != "DELETED":
            self.queue.add(f"{CLAIMS}/{key_of(new)}")
            return
        self.state.written.pop(f"{CLAIMS}/{key_of(new)}", None)
        if new["spec"].get("volumeName"):  # its volume is to be let go
            self.queue.add(f"{VOLUMES}//{new['spec']['volumeName']}")

    def on_volume(self, kind: str, old: dict | None, new: dict) -> None:
        self._arm()
        name = new["metadata"]["name"]
        if kind != "DELETED":
            self.queue.add(f"{VOLUMES}//{name}")
            return
        self.state.written.pop(f"{VOLUMES}/{name}", None)
        reference = new["spec"].get("claimRef")
        if reference is not None:  # its claim is lost
            self.queue.add(f"{CLAIMS}/{reference.get('namespace', '')}/{reference.get('name', '')}")

    def _arm(self) -> None:
        """Resyncs are on a grid in time; those that would find nothing are not played."""
        if not self.state.is_armed:
            self.state.is_armed = True
            phase_ms = self.engine.rng("phase/" + self.NAME).below(RESYNC_MS) if self.state.phase_ms < 0 else self.state.phase_ms
            self.state.phase_ms = phase_ms
            self.after(RESYNC_MS - (self.now_ms - phase_ms) % RESYNC_MS, "resync", background=True)

    def resync(self) -> None:
        """Each 15 s: claims and volumes for which there is still something to do."""
        self.state.is_armed = False
        open_claims = [claim for claim in self.claims.items() if (claim.get("status") or {}).get("phase") != "Bound"]
        open_volumes = [volume for volume in self.volumes.items() if (volume.get("status") or {}).get("phase") not in ("Bound", "Available")]
        for claim in open_claims:
            self.queue.add(f"{CLAIMS}/{key_of(claim)}")
        for volume in open_volumes:
            self.queue.add(f"{VOLUMES}//{volume['metadata']['name']}")
        if open_claims or open_volumes:
            self._arm()

    # -- what is known ----------------------------------------------------------------------------------------------------

    def _newest(self, resource: str, key: str) -> dict | None:
        """An object as the informer has it, or as it came back from this controller's last write if that is newer."""
        informer = self.claims if resource == CLAIMS else self.volumes
        found, written = informer.get(key), self.state.written.get(f"{resource}/{key}")
        if written is None or found is None:
            return found
        if int(written["metadata"]["resourceVersion"]) > int(found["metadata"]["resourceVersion"]):
            return written
        del self.state.written[f"{resource}/{key}"]
        return found

    def _every_volume(self) -> list[dict]:
        return [self._newest(VOLUMES, name) or {} for name, _ in self.volumes.pairs()]

    def _write(self, resource: str, changed: dict, subresource: str = "") -> Iterator[Any]:
        """Write an object; returns what came back, None if it was refused (a later look finds out)."""
        reply = yield self.client.update(resource, changed, subresource=subresource)
        if not reply.ok:
            return None
        self.state.written[f"{resource}/{key_of(reply.body)}"] = reply.body
        return reply.body

    def sync(self, key: str) -> Iterator[Any]:
        resource, _, rest = key.partition("/")
        found = self._newest(resource, rest.lstrip("/"))
        if found is None:
            return None
        return self._sync_volume(found) if resource == VOLUMES else self._sync_claim(found)

    # -- claims -----------------------------------------------------------------------------------------------------------

    def _sync_claim(self, claim: dict) -> Iterator[Any]:
        if binding.BIND_COMPLETED in binding.annotations_of(claim):
            yield from self._look_at_bound(claim)
        elif claim["spec"].get("volumeName"):
            yield from self._look_at_named(claim)
        else:
            yield from self._find_volume(claim)

    def _find_volume(self, claim: dict) -> Iterator[Any]:
        """A claim that takes any volume. Source: syncUnboundClaim."""
        storage_class = self.classes.get(class_of(claim))
        is_delayed = binding.is_delayed(claim, storage_class)
        volume = binding.best_match(claim, self._every_volume(), is_delayed=is_delayed)
        self.trace("VolumeMatched", f"{CLAIMS}/{key_of(claim)}", volume=volume["metadata"]["name"] if volume else "",
                   looked_at=len(self.volumes.items()), storage_class=class_of(claim), is_delayed=is_delayed)  # fmt: skip
        if volume is not None:
            yield from self._bind(volume, claim)
            return
        if (yield from self._assign_class(claim)):
            return
        if is_delayed and binding.SELECTED_NODE not in binding.annotations_of(claim):
            self.recorder.event(claim, "Normal", *self._why_it_waits(claim))
        elif class_of(claim):
            yield from self._provision(claim, storage_class)
            return
        else:
            self.recorder.event(claim, "Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
        yield from self._set_claim(claim, "Pending", None)

    def _assign_class(self, claim: dict) -> Iterator[Any]:
        """A claim from before there was a default class gets it. Source: assignDefaultStorageClass."""
        if claim["spec"].get("storageClassName") is not None or class_of(claim):
            return False
        chosen = default_of(self.classes.items())
        if not chosen:
            return False
        spec = {**claim["spec"], "storageClassName": chosen}
        return (yield from self._write(CLAIMS, {**claim, "spec": spec})) is not None

    def _why_it_waits(self, claim: dict) -> tuple[str, str]:
        """Source: emitEventForUnboundDelayBindingClaim."""
        meta = claim["metadata"]
        names = sorted(
            pod["metadata"]["name"]
            for pod in self.pods.items()
            if pod["metadata"]["namespace"] == meta["namespace"] and not pod["spec"].get("nodeName") and meta["name"] in claims_of(pod)
        )
        if not names:
            return "WaitForFirstConsumer", "waiting for first consumer to be created before binding"
        return "WaitForPodScheduled", f"waiting for pod{'s' if len(names) > 1 else ''} {','.join(names)} to be scheduled"

    def _provision(self, claim: dict, storage_class: dict | None) -> Iterator[Any]:
        """Ask an external provisioner for a volume. Source: provisionClaim, provisionClaimOperationExternal."""
        if storage_class is None:
            message = f'storageclass.storage.k8s.io "{class_of(claim)}" not found'
            self.recorder.event(claim, "Warning", "ProvisioningFailed", message)
            return
        name = storage_class["provisioner"]
        if name.startswith("kubernetes.io/"):
            self.recorder.event(claim, "Warning", "ProvisioningFailed", f"no volume plugin matched name: {name}")
            return
        if binding.annotations_of(claim).get(binding.PROVISIONER) != name:
            asked = binding.annotated(claim, **{binding.OLD_PROVISIONER: name, binding.PROVISIONER: name})
            claim = (yield from self._write(CLAIMS, asked)) or claim
            self.trace("VolumeRequested", f"{CLAIMS}/{key_of(claim)}", provisioner=name, storage_class=class_of(claim))
        self.recorder.event(claim, "Normal", "ExternalProvisioning", EXTERNAL.format(name=name))

    def _look_at_named(self, claim: dict) -> Iterator[Any]:
        """A claim that names its volume. Source: syncUnboundClaim, second half."""
        volume = self._newest(VOLUMES, claim["spec"]["volumeName"])
        if volume is None:
            yield from self._set_claim(claim, "Pending", None)
        elif volume["spec"].get("claimRef") is None:
            problem = binding.misfit(claim, volume)
            if not problem:
                yield from self._bind(volume, claim)
                return
            message = f'Cannot bind to requested volume "{volume["metadata"]["name"]}": {problem}'
            self.recorder.event(claim, "Warning", "VolumeMismatch", message)
            yield from self._set_claim(claim, "Pending", None)
        elif binding.is_of(volume, claim):
            yield from self._bind(volume, claim)
        else:
            message = f'volume "{volume["metadata"]["name"]}" already bound to a different claim.'
            self.recorder.event(claim, "Warning", "FailedBinding", message)
            if binding.BOUND_BY_CONTROLLER not in binding.annotations_of(claim):
                yield from self._set_claim(claim, "Pending", None)

    def _look_at_bound(self, claim: dict) -> Iterator[Any]:
        """A claim whose binding was finished before. Source: syncBoundClaim."""
        name = claim["spec"].get("volumeName")
        volume = self._newest(VOLUMES, name) if name else None
        if volume is None:
            yield from self._lose(claim, "ClaimLost", LOST.format(what="its" if name else "reference to"))
        elif volume["spec"].get("claimRef") is None or volume["spec"]["claimRef"].get("uid") == claim["metadata"]["uid"]:
            yield from self._bind(volume, claim)
        else:
            yield from self._lose(claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")

    def _lose(self, claim: dict, reason: str, message: str) -> Iterator[Any]:
        if (claim.get("status") or {}).get("phase") != "Lost":
            yield from self._set_claim(claim, "Lost", None)
            self.recorder.event(claim, "Warning", reason, message)

    # -- binding ----------------------------------------------------------------------------------------------------------

    def _bind(self, volume: dict, claim: dict) -> Iterator[Any]:
        """Four writes, of which those that are done already are left out. Source: bind."""
        is_new = not binding.is_bound(claim)
        changed = binding.reserved(volume, claim)
        if changed is not None:
            volume = yield from self._write(VOLUMES, changed)
        if volume is not None:
            volume = yield from self._set_volume(volume, "Bound")
        if volume is None:
            return
        found = binding.annotations_of(claim)
        if claim["spec"].get("volumeName") != volume["metadata"]["name"] or binding.BIND_COMPLETED not in found:
            added = {binding.BIND_COMPLETED: "yes"}
            if claim["spec"].get("volumeName") != volume["metadata"]["name"]:
                added[binding.BOUND_BY_CONTROLLER] = found.get(binding.BOUND_BY_CONTROLLER, "yes")
            spec = {**claim["spec"], "volumeName": volume["metadata"]["name"]}
            claim = yield from self._write(CLAIMS, binding.annotated({**claim, "spec": spec}, **added))
        if claim is not None:
            claim = yield from self._set_claim(claim, "Bound", volume)
        if claim is not None and is_new:
            self.trace("ClaimBound", f"{CLAIMS}/{key_of(claim)}", volume=volume["metadata"]["name"])

    def _set_claim(self, claim: dict, phase: str, volume: dict | None) -> Iterator[Any]:
        """Source: updateClaimStatus."""
        status = claim.get("status") or {}
        wanted = {name: value for name, value in status.items() if name not in OF_VOLUME} | {"phase": phase}
        if volume is not None:
            is_new, attributes = status.get("phase") != phase, status.get(ATTRIBUTES)
            if is_new and status.get("phase") == "Pending":
                attributes = volume["spec"].get("volumeAttributesClassName")
            wanted["accessModes"] = volume["spec"].get("accessModes") or []
            wanted["capacity"] = binding.told_capacity(volume, status.get("capacity")) if is_new else status.get("capacity")
            wanted |= {ATTRIBUTES: attributes} if attributes else {}
        if wanted == status:
            return claim
        return (yield from self._write(CLAIMS, {**claim, "status": wanted}, "status"))

    def _set_volume(self, volume: dict, phase: str, message: str = "") -> Iterator[Any]:
        """Source: updateVolumePhase."""
        status = volume.get("status") or {}
        if status.get("phase") == phase:
            return volume
        wanted = {name: value for name, value in status.items() if name != "message"} | {"phase": phase} | ({"message": message} if message else {})
        return (yield from self._write(VOLUMES, {**volume, "status": wanted}, "status"))

    # -- volumes ----------------------------------------------------------------------------------------------------------

    def _sync_volume(self, volume: dict) -> Iterator[Any]:
        """Source: syncVolume."""
        reference = volume["spec"].get("claimRef")
        if reference is None or not reference.get("uid"):
            yield from self._set_volume(volume, "Available")
            return
        key = f"{reference.get('namespace', '')}/{reference.get('name', '')}"
        claim = yield from self._claim_of(volume, key, reference["uid"])
        if claim is None:
            yield from self._release(volume)
        elif not claim["spec"].get("volumeName"):
            self._hand_over(volume, claim, key)
        elif claim["spec"]["volumeName"] == volume["metadata"]["name"]:
            yield from self._set_volume(volume, "Bound")
        elif binding.PROVISIONED_BY in binding.annotations_of(volume) and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            yield from self._release(volume)
        else:
            yield from self._unbind(volume)

    def _hand_over(self, volume: dict, claim: dict, key: str) -> None:
        """The claim does not name its volume yet: to do so is the claim's matter, unless it can never be."""
        if binding.has_mode(claim, volume):
            self.queue.add(f"{CLAIMS}/{key}")
            return
        names = quote(volume["metadata"]["name"]), quote(claim["metadata"]["name"])
        self.recorder.event(volume, "Warning", "VolumeMismatch", MISMATCH.format("", " " + names[1]))
        self.recorder.event(claim, "Warning", "VolumeMismatch", MISMATCH.format(" " + names[0], ""))

    def _claim_of(self, volume: dict, key: str, uid: str) -> Iterator[Any]:
        """The claim that a volume is bound to; what the informer does not know is asked for before a volume is let go."""
        claim = self._newest(CLAIMS, key)
        if claim is not None and claim["metadata"]["uid"] == uid:
            return claim
        if claim is None and (volume.get("status") or {}).get("phase") in ("Released", "Failed"):
            return None
        namespace, _, name = key.partition("/")
        reply = yield self.client.get(CLAIMS, name, namespace)
        return reply.body if reply.ok and reply.body["metadata"]["uid"] == uid else None

    def _release(self, volume: dict) -> Iterator[Any]:
        """The claim is gone: the volume is released, and, as its policy says, kept or deleted. Source: reclaimVolume."""
        policy = volume["spec"].get("persistentVolumeReclaimPolicy")
        if (volume.get("status") or {}).get("phase") not in ("Released", "Failed"):
            released = yield from self._set_volume(volume, "Released")
            if released is None:
                return
            volume = released
            self.trace("VolumeReleased", f"{VOLUMES}//{volume['metadata']['name']}", policy=policy)
        if policy == "Delete" and binding.PROVISIONED_BY not in binding.annotations_of(volume) and volume["spec"].get("csi") is None:
            yield from self._fail_to_delete(volume)

    def _fail_to_delete(self, volume: dict) -> Iterator[Any]:
        """A volume that nobody provisioned: the controller itself can delete none but a folder below /tmp. Source: deleteVolumeOperation."""
        name, path = volume["metadata"]["name"], (volume["spec"].get("hostPath") or {}).get("path")
        if path is not None and path.startswith("/tmp/") and len(path) > len("/tmp/"):
            self.trace("VolumeDeleted", f"{VOLUMES}//{name}", path=path)
            yield self.client.delete(VOLUMES, name)
            return
        message = f'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'
        if path is not None:
            message = f"host_path deleter only supports /tmp/.+ but received provided {path}"
        if (volume.get("status") or {}).get("phase") != "Failed" and (yield from self._set_volume(volume, "Failed", message)) is not None:
            self.recorder.event(volume, "Warning", "VolumeFailedDelete", message)

    def _unbind(self, volume: dict) -> Iterator[Any]:
        """The claim has another volume: this one is free again. Source: unbindVolume."""
        found = binding.annotations_of(volume)
        spec = dict(volume["spec"])
        if binding.BOUND_BY_CONTROLLER in found:
            spec.pop("claimRef")
        else:
            spec["claimRef"] = {name: value for name, value in spec["claimRef"].items() if name != "uid"}
        meta = {**volume["metadata"], "annotations": {name: text for name, text in found.items() if name != binding.BOUND_BY_CONTROLLER}}
        changed = yield from self._write(VOLUMES, {**volume, "metadata": meta, "spec": spec})
        if changed is not None:
            yield from self._set_volume(changed, "Available")

