"""What Pods take on the disk of their node, and whether one takes more than it may.

Source: kubernetes pkg/kubelet/eviction/helpers.go (podLocalEphemeralStorageUsage), pkg/kubelet/eviction/eviction_manager.go.
"""

from __future__ import annotations

from .filesystem import size_of
from .state import RuntimeState


def stored_bytes(state: RuntimeState, uid: str) -> int:
    """What a Pod stores on its node's disk: what its containers have written, their logs, and its emptyDirs that are not in memory."""
    running = [state.processes[each] for each in state.by_pod.get(uid, ()) if each in state.processes]
    mine = [volume for key, volume in state.volumes.items() if key.startswith(uid + "/")]
    volumes = [volume for volume in mine if volume.kind == "emptyDir" and volume.medium != "Memory"]
    logs = sum(log_bytes(state, each) for each in state.by_pod.get(uid, ()))
    return logs + sum(size_of(process.files) for process in running) + sum(size_of(volume.nodes) for volume in volumes)


def log_bytes(state: RuntimeState, container_id: str) -> int:
    """What a container's logs take on the disk: the present file, and those that the kubelet keeps when it rotates."""
    log = state.logs.get(container_id)
    return 0 if log is None else min(log.file_bytes, state.log_bytes or log.file_bytes)


def is_over(state: RuntimeState, container_id: str) -> bool:
    """Whether a container's Pod stores more than all of its containers may, or the container itself more than it may."""
    uid, process = state.containers[container_id].uid, state.processes.get(container_id)
    most = state.disk_limits.get(uid)
    if most is None:
        return False
    own = process.disk_limit if process is not None else 0
    return stored_bytes(state, uid) > most or bool(own and size_of(process.files) + log_bytes(state, container_id) > own)
