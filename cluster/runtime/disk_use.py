"""What Pods take on the disk of their node, and whether one takes more than it may. Whoever asks counts as here.

The kubelet measures containers that run, each with the logs of all containers of its name that are kept; those of a container that has
ended for good, and what nobody measures any more, are on the disk all the same, which `taken_bytes` is about.
Source: kubernetes pkg/kubelet/eviction/helpers.go (podLocalEphemeralStorageUsage), pkg/kubelet/eviction/eviction_manager.go,
pkg/kubelet/stats/cri_stats_provider.go (removeTerminatedContainers), pkg/kubelet/stats/host_stats_provider.go (a container's logs are
those of the folder of its name).
"""

from __future__ import annotations

from collections.abc import Iterable

from .filesystem import size_of
from .state import Process, RuntimeState, Volume


def stored_bytes(state: RuntimeState, uid: str) -> int:
    """What a Pod stores on its node's disk: what its containers have written, their logs, and its emptyDirs that are not in memory."""
    volumes = [volume for key, volume in state.volumes.items() if key.startswith(uid + "/")]
    return sum(by_container(state, uid).values()) + sum(size_of(volume.nodes) for volume in _on_disk(volumes))


def by_container(state: RuntimeState, uid: str) -> dict[str, int]:
    """container that runs -> what it has written, and its logs."""
    found = {}
    for container_id in state.by_pod.get(uid, ()):
        process = state.processes.get(container_id)
        if process is not None:
            found[state.containers[container_id].name] = _of_one(state, container_id, process)
    return found


def _of_one(state: RuntimeState, container_id: str, process: Process) -> int:
    return size_of(process.files) + log_bytes(state, container_id)


def log_bytes(state: RuntimeState, container_id: str) -> int:
    """What the logs of a container and of those before it of its name take: the present files, and those that the kubelet keeps."""
    container = state.containers[container_id]
    mine = (each for each in state.by_pod.get(container.uid, ()) if state.containers[each].name == container.name)
    return sum(_kept_bytes(state, each) for each in mine)


def _kept_bytes(state: RuntimeState, container_id: str) -> int:
    log = state.logs.get(container_id)
    return 0 if log is None else min(log.file_bytes, state.log_bytes or log.file_bytes)


def taken_bytes(state: RuntimeState) -> int:
    """What all Pods take on the disk, measured or not."""
    own = sum(size_of(process.files) for process in state.processes.values() if process.files)
    most = state.log_bytes or 1 << 62
    own += sum(log.file_bytes if log.file_bytes < most else most for log in state.logs.values())
    return own + sum(size_of(volume.nodes) for volume in _on_disk(state.volumes.values()))


def _on_disk(volumes: Iterable[Volume]) -> list[Volume]:
    return [volume for volume in volumes if volume.kind == "emptyDir" and volume.medium != "Memory"]


def is_over(state: RuntimeState, container_id: str) -> bool:
    """Whether a container's Pod stores more than all of its containers may, or the container itself more than it may."""
    uid, process = state.containers[container_id].uid, state.processes.get(container_id)
    most = state.disk_limits.get(uid)
    if most is None:
        return False
    own = process.disk_limit if process is not None else 0
    return stored_bytes(state, uid) > most or bool(own and _of_one(state, container_id, process) > own)
