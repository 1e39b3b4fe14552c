"""Owns a node's decision about an image: present, to be pulled, never to be pulled, in back-off, badly named, for others only.

Source: kubernetes pkg/kubelet/images/image_manager.go, pullmanager/image_pull_manager.go.
"""

from __future__ import annotations

from cluster.runtime import reference
from cluster.runtime.state import StoredImage

from . import backoff, pull_secrets
from .gotime import duration
from .puller import Puller
from .state import Worker

UNAVAILABLE, UNSIGNED = "RegistryUnavailable", "SignatureValidationFailed"


class Images:
    """Part of one kubelet. slots: how many pulls at once, see puller.py."""

    def __init__(self, kubelet, slots: int):
        self.kubelet, self.puller = kubelet, Puller(kubelet, slots)
        self.told = ("", -1)  # the pass (Pod, end of the one before) that was last told of missing Secrets: it is told once

    def ensure(self, worker: Worker, pod: dict, spec: dict, path: str):
        """Make an image be there. Returns (image, "", "") or (None, reason, message)."""
        wanted, secrets = spec["image"], []
        try:
            name = reference.full_name(wanted)
        except reference.InvalidReference as error:
            message = f'Failed to apply default image tag "{wanted}": couldn\'t parse image name "{wanted}": {error}'
            return self._refuse(pod, path, "InspectFailed", "InvalidImageName", message)
        if pod["spec"].get("imagePullSecrets"):
            secrets = yield from pull_secrets.secrets_of(self.kubelet, pod, is_told=self.told == (worker.uid, worker.synced_ms))
            self.told = (worker.uid, worker.synced_ms)
        keys = pull_secrets.keys_for(name, secrets) if secrets else []
        policy = spec.get("imagePullPolicy") or reference.is_present_policy("", wanted)
        stored = self.kubelet.runtime.image(name) if policy != "Always" else None
        if stored is not None and stored.keys and not is_for(stored, keys):
            stored = None  # as if it were not there, so that nobody learns that it is
        if stored is not None:
            if self.kubelet.engine.trace.on:
                self.kubelet.tell("ImagePresent", worker, spec["name"], image=name, policy=policy)
            message = f'Container image "{wanted}" already present on machine and can be accessed by the pod'
            self.kubelet.recorder.event(pod, "Normal", "Pulled", message, path)
            return stored, "", ""
        if policy == "Never":
            message = f'Container image "{wanted}" is not present with pull policy of Never'
            return self._refuse(pod, path, "ErrImageNeverPull", "ErrImageNeverPull", message)
        return (yield from self._pull(worker, pod, spec, path, name, keys))

    def _refuse(self, pod: dict, path: str, event: str, reason: str, message: str):
        self.kubelet.recorder.event(pod, "Warning", event, message, path)
        return None, reason, message

    def _pull(self, worker: Worker, pod: dict, spec: dict, path: str, name: str, keys: list[str]):
        kubelet, wanted = self.kubelet, spec["image"]
        key, entries = f"{worker.uid}_{wanted}", kubelet.state.pull
        if backoff.is_waiting_since_update(entries, key, now_ms=kubelet.now_ms):
            message = f'Back-off pulling image "{wanted}"'
            kubelet.recorder.event(pod, "Normal", "BackOff", message, path)
            earlier = kubelet.state.pull_errors.get(key)
            return None, "ImagePullBackOff", f"{message}: {earlier}" if earlier else message
        kubelet.state.pull_errors.pop(key, None)
        kubelet.recorder.event(pod, "Normal", "Pulling", f'Pulling image "{wanted}"', path)
        asked_ms = kubelet.now_ms
        stored, refused, took_ms = yield from self.puller.pull(name, worker.uid, worker.key, spec["name"], keys)
        if stored is None:
            kubelet.recorder.event(pod, "Warning", "Failed", f'Failed to pull image "{wanted}": {refused}', path)
            backoff.note(entries, key, event_ms=kubelet.now_ms, now_ms=kubelet.now_ms)
            reason, message = reason_of(wanted, refused)
            kubelet.state.pull_errors[key] = f"{reason}: {message}"
            return None, reason, message
        took, in_all = duration(took_ms), duration(kubelet.now_ms - asked_ms)
        words = f'Successfully pulled image "{wanted}" in {took} ({in_all} including waiting). Image size: {stored.size_bytes} bytes.'
        kubelet.recorder.event(pod, "Normal", "Pulled", words, path)
        return stored, "", ""


def is_for(stored: StoredImage, keys: list[str]) -> bool:
    """Whether a Pod with these credentials may use an image: one that was pulled with a Secret is for Pods that have such a one.

    Source: pullmanager/image_pull_manager.go (MustAttemptImagePull; KubeletEnsureSecretPulledImages).
    """
    return not stored.keys or any(key in stored.keys for key in keys)


def reason_of(wanted: str, refused: str) -> tuple[str, str]:
    """(reason, message) of a pull that failed. Source: image_manager.go (evalCRIPullErr); containerd never says the first two."""
    for reason, words in ((UNAVAILABLE, "the registry is unavailable"), (UNSIGNED, "the signature validation failed")):
        if refused.startswith(reason):
            return reason, f"image pull failed for {wanted} because {words}{refused.removeprefix(reason)}"
    return "ErrImagePull", refused
