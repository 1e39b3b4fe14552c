"""Owns the volumes that are images: each pass makes sure that they are there, and a container that mounts one that is not does not start.

Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go (getImageVolumes, toKubeContainerImageVolumes).
"""

from __future__ import annotations

from . import references
from .state import Pass, Worker


def pull(kubelet, worker: Worker, pod: dict, plan: Pass):
    """A unit of work: pull what a Pod's image volumes need; the plan gets why some cannot be had. Nothing for Pods without any."""
    for volume in pod["spec"].get("volumes") or ():
        source = volume.get("image")
        if not source:
            continue
        wanted = {"name": volume["name"], "image": source.get("reference", ""), "imagePullPolicy": source.get("pullPolicy", "")}
        _, reason, message = yield from kubelet.images.ensure(worker, pod, wanted, "")
        if reason:
            plan.missing_images[volume["name"]] = [reason, message]


def refusal(kubelet, pod: dict, spec: dict, path: str, missing: dict[str, list[str]]) -> tuple[str, str]:
    """(reason, message) of a container whose image volumes are not there; ("", "") when they are. Each is told of it."""
    found = ("", "")
    for name in references.mounted_in(spec):
        if name in missing:
            kubelet.recorder.event(pod, "Warning", "Failed", f"Error: {missing[name][0]}", path)
            found = (missing[name][0], missing[name][1])
    return found
