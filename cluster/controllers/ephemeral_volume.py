"""ephemeral-volume-controller: makes the claims of a Pod's generic ephemeral volumes; they go with the Pod that owns them.

Source: pkg/controller/volume/ephemeral/controller.go, k8s.io/component-helpers storage/ephemeral.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.meta.objects import controller_of, key_of

from ._claims import controller_reference

ENDED = ("Succeeded", "Failed")
CLAIMS = "persistentvolumeclaims"


class EphemeralVolumeController(Controller):
    """Its keys are Pods."""

    NAME = "ephemeral-volume-controller"
    RESOURCE = "pods"

    def setup(self) -> None:
        self.recorder = Recorder(self, self.client, component="ephemeral_volume")

    def watch(self, informers) -> None:
        self.pods, self.claims = informers.watch("pods"), informers.watch(CLAIMS)
        self.pods.on(self.on_pod, report=None)
        self.claims.on(self.on_claim)

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """Pods come once; later changes make no new claims necessary."""
        if old is None and any("ephemeral" in volume for volume in new["spec"].get("volumes") or ()):
            self.queue.add(key_of(new))

    def on_claim(self, kind: str, old: dict | None, new: dict) -> None:
        owner = controller_of(new) if kind == "DELETED" else None
        if owner is not None and owner["kind"] == "Pod":
            self.queue.add(f"{new['metadata']['namespace']}/{owner['name']}")

    def sync(self, key: str) -> Iterator[Any]:
        pod = self.pods.get(key)
        if pod is None or pod["metadata"].get("deletionTimestamp") or (pod.get("status") or {}).get("phase") in ENDED:
            return None
        for volume in pod["spec"].get("volumes") or ():
            problem = (yield from self._claim(pod, volume)) if volume.get("ephemeral") is not None else ""
            if problem:
                self.recorder.event(pod, "Warning", "FailedBinding", f"ephemeral volume {volume['name']}: {problem}")
                return "retry"
        return None

    def _claim(self, pod: dict, volume: dict) -> Iterator[Any]:
        """Make one claim; what is wrong, or "". Source: handleVolume."""
        meta, name = pod["metadata"], f"{pod['metadata']['name']}-{volume['name']}"
        known = self.claims.get(f"{meta['namespace']}/{name}")
        if known is not None:
            owner, place = controller_of(known), meta["namespace"]
            is_mine = owner is not None and owner["uid"] == meta["uid"]
            return "" if is_mine else f"PVC {place}/{name} was not created for pod {place}/{meta['name']} (pod is not owner)"
        template = volume["ephemeral"].get("volumeClaimTemplate") or {}
        about = template.get("metadata") or {}
        body = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                **{field: about[field] for field in ("labels", "annotations") if about.get(field)},
                "ownerReferences": [controller_reference(pod, "v1", "Pod")],
            },
            "spec": template.get("spec") or {},
        }
        reply = yield self.client.create(CLAIMS, body)
        return "" if reply.ok else f"create PVC {name}: {reply.message}"
