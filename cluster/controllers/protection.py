"""pvc-, pv- and vac-protection: claims, volumes and classes of attributes that are deleted stay until nobody uses them.

The finalizers come from admission; these controllers take them off.
Source: pkg/controller/volume/{pvcprotection/pvc,pvprotection/pv,vacprotection/vac}_protection_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.meta.objects import key_of

CLAIM_FINALIZER, VOLUME_FINALIZER = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"
CLASS_FINALIZER = "kubernetes.io/vac-protection"
ENDED = ("Succeeded", "Failed")


def needs_care(obj: dict, finalizer: str) -> bool:
    """The finalizer is to go, since the object is deleted, or to come, since it is not."""
    meta = obj["metadata"]
    return bool(meta.get("deletionTimestamp")) is (finalizer in (meta.get("finalizers") or ()))


def changed(obj: dict, finalizer: str) -> dict:
    """The object without the finalizer that it has, or with the one that it lacks."""
    meta = obj["metadata"]
    found = meta.get("finalizers") or []
    left = [name for name in found if name != finalizer] if finalizer in found else [*found, finalizer]
    rest = {name: value for name, value in meta.items() if name != "finalizers"}
    return {**obj, "metadata": {**rest, "finalizers": left} if left else rest}


class ClaimProtectionController(Controller):
    """Its keys are claims."""

    NAME = "persistentvolumeclaim-protection-controller"
    RESOURCE = "persistentvolumeclaims"
    WORKERS = 1

    @property
    def account(self) -> str:
        return "pvc-protection-controller"

    def watch(self, informers) -> None:
        self.claims = informers.watch("persistentvolumeclaims")
        self.pods = informers.watch("pods")
        self.claims.on(self.on_claim)
        self.pods.on(self.on_pod, report=None)

    def on_claim(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "DELETED" and needs_care(new, CLAIM_FINALIZER):
            self.queue.add(key_of(new))

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """A Pod that lets go of its claims: it is gone or has ended, or it never came to a node."""
        if not self.claims.state.objects:
            return
        if kind != "DELETED" and new["spec"].get("nodeName") and (new.get("status") or {}).get("phase") not in ENDED:
            return
        for name in claims_of(new):
            key = f"{new['metadata']['namespace']}/{name}"
            claim = self.claims.get(key)
            if claim is not None and claim["metadata"].get("deletionTimestamp"):
                self.queue.add(key)

    def sync(self, key: str) -> Iterator[Any]:
        claim = self.claims.get(key)
        if claim is None or not needs_care(claim, CLAIM_FINALIZER):
            return None
        meta = claim["metadata"]
        if meta.get("deletionTimestamp") and any(uses(pod, meta["namespace"], meta["name"]) for pod in self.pods.items()):
            return None
        reply = yield self.client.update("persistentvolumeclaims", changed(claim, CLAIM_FINALIZER))
        return None if reply.ok or reply.code == 404 else "retry"


def claims_of(pod: dict) -> list[str]:
    """The names of the claims that a Pod's volumes are about."""
    found = []
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim") is not None:
            found.append(volume["persistentVolumeClaim"].get("claimName", ""))
        elif volume.get("ephemeral") is not None:
            found.append(f"{pod['metadata']['name']}-{volume['name']}")
    return found


def uses(pod: dict, namespace: str, claim: str) -> bool:
    """A Pod on a node has the claim as a volume. Source: podUsesPVCForDeletion."""
    return bool(pod["spec"].get("nodeName")) and pod["metadata"]["namespace"] == namespace and claim in claims_of(pod)


class VolumeProtectionController(Controller):
    """Its keys are volumes."""

    NAME = "persistentvolume-protection-controller"
    RESOURCE = "persistentvolumes"
    WORKERS = 1

    @property
    def account(self) -> str:
        return "pv-protection-controller"

    def watch(self, informers) -> None:
        self.volumes = informers.watch("persistentvolumes")
        self.volumes.on(self.on_volume)

    def on_volume(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "DELETED" and needs_care(new, VOLUME_FINALIZER):
            self.queue.add(new["metadata"]["name"])

    def sync(self, key: str) -> Iterator[Any]:
        volume = self.volumes.get(key)
        if volume is None or not needs_care(volume, VOLUME_FINALIZER):
            return None
        if volume["metadata"].get("deletionTimestamp") and (volume.get("status") or {}).get("phase") == "Bound":
            return None
        reply = yield self.client.update("persistentvolumes", changed(volume, VOLUME_FINALIZER))
        return None if reply.ok or reply.code == 404 else "retry"


class AttributesClassProtectionController(Controller):
    """Its keys are VolumeAttributesClasses. Source: pkg/controller/volume/vacprotection/vac_protection_controller.go."""

    NAME = "volumeattributesclass-protection-controller"
    RESOURCE = "volumeattributesclasses"
    WORKERS = 1

    def watch(self, informers) -> None:
        self.classes = informers.watch("volumeattributesclasses")
        self.volumes = informers.watch("persistentvolumes")
        self.claims = informers.watch("persistentvolumeclaims")
        self.classes.on(self.on_class)
        self.volumes.on(self.on_user)
        self.claims.on(self.on_user)

    def on_class(self, kind: str, old: dict | None, new: dict) -> None:
        if kind != "DELETED" and needs_care(new, CLASS_FINALIZER):
            self.queue.add(new["metadata"]["name"])

    def on_user(self, kind: str, old: dict | None, new: dict) -> None:
        """A volume or a claim that lets go of a class."""
        if kind == "ADDED":
            return
        kept = () if kind == "DELETED" else attributes_classes(new)
        for name in attributes_classes(old or new):
            known = self.classes.get(name) if name not in kept else None
            if known is not None and known["metadata"].get("deletionTimestamp"):
                self.queue.add(name)

    def sync(self, key: str) -> Iterator[Any]:
        found = self.classes.get(key)
        if found is None or not needs_care(found, CLASS_FINALIZER):
            return None
        users = (*self.volumes.items(), *self.claims.items())
        if found["metadata"].get("deletionTimestamp") and any(key in attributes_classes(user) for user in users):
            return None
        reply = yield self.client.update("volumeattributesclasses", changed(found, CLASS_FINALIZER))
        return None if reply.ok or reply.code == 404 else "retry"


def attributes_classes(user: dict) -> tuple[str, ...]:
    """The VolumeAttributesClasses that a volume or a claim has, or is to have. Source: getPVCReferencedVACNames, getPVReferencedVACNames."""
    spec, status = user["spec"], user.get("status") or {}
    target = (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName")
    names = (spec.get("volumeAttributesClassName"), status.get("currentVolumeAttributesClassName"), target)
    return tuple(dict.fromkeys(name for name in names if name))
