"""Owns a node's decision about an image: present, to be pulled, never to be pulled, in back-off, badly named.

Source: kubernetes pkg/kubelet/images/image_manager.go.
"""

from __future__ import annotations

from cluster.engine import Sleep
from cluster.runtime import reference

from . import backoff
from .gotime import duration
from .state import Worker


class Images:
    """Part of one kubelet."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    def ensure(self, worker: Worker, pod: dict, spec: dict, path: str):
        """Make an image be there. Returns (image, "", "") or (None, reason, message)."""
        kubelet, wanted = self.kubelet, spec["image"]
        try:
            name = str(reference.parse(wanted))
        except reference.InvalidReference as error:
            message = f'Failed to apply default image tag "{wanted}": couldn\'t parse image name "{wanted}": {error}'
            kubelet.recorder.event(pod, "Warning", "InspectFailed", message, path)
            return None, "InvalidImageName", message
        policy = reference.is_present_policy(spec.get("imagePullPolicy", ""), wanted)
        stored = kubelet.runtime.image(name)
        if policy == "Never" and stored is None:
            message = f'Container image "{wanted}" is not present with pull policy of Never'
            kubelet.recorder.event(pod, "Warning", "ErrImageNeverPull", message, path)
            return None, "ErrImageNeverPull", message
        if stored is not None and policy != "Always":
            kubelet.tell("ImagePresent", worker, spec["name"], image=name, policy=policy)
            message = f'Container image "{wanted}" already present on machine and can be accessed by the pod'
            kubelet.recorder.event(pod, "Normal", "Pulled", message, path)
            return stored, "", ""
        return (yield from self._pull(worker, pod, spec, path, name))

    def _pull(self, worker: Worker, pod: dict, spec: dict, path: str, name: str):
        kubelet, wanted = self.kubelet, spec["image"]
        key, entries = f"{worker.uid}_{wanted}", kubelet.state.pull
        if backoff.is_waiting_since_update(entries, key, now_ms=kubelet.now_ms):
            message = f'Back-off pulling image "{wanted}"'
            kubelet.recorder.event(pod, "Normal", "BackOff", message, path)
            earlier = kubelet.state.pull_errors.get(key)
            return None, "ImagePullBackOff", f"{message}: {earlier}" if earlier else message
        kubelet.state.pull_errors.pop(key, None)
        kubelet.recorder.event(pod, "Normal", "Pulling", f'Pulling image "{wanted}"', path)
        started_ms = kubelet.now_ms
        pull = kubelet.runtime.begin_pull(name, worker.uid, worker.key, spec["name"])
        yield Sleep(pull.due_ms - kubelet.now_ms)
        stored, refused = kubelet.runtime.finish_pull(name, worker.uid, worker.key, spec["name"])
        if stored is None:
            kubelet.recorder.event(pod, "Warning", "Failed", f'Failed to pull image "{wanted}": {refused}', path)
            backoff.note(entries, key, event_ms=kubelet.now_ms, now_ms=kubelet.now_ms)
            kubelet.state.pull_errors[key] = f"ErrImagePull: {refused}"
            return None, "ErrImagePull", refused
        took = duration(kubelet.now_ms - started_ms)
        kubelet.recorder.event(
            pod,
            "Normal",
            "Pulled",
            f'Successfully pulled image "{wanted}" in {took} ({took} including waiting). '
            f"Image size: {stored.size_bytes} bytes.",
            path,
        )
        return stored, "", ""
