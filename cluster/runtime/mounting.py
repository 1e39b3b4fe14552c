"""Owns why a container's mounts cannot be made: a file over a folder, or a folder over a file. Told as runc 1.1 tells it.

Sources: mount(2) (ENOTDIR); runc libcontainer/rootfs_linux.go and mount_linux.go (mountError); kubernetes pkg/volume/util/subpath.
"""

from __future__ import annotations

from .filesystem import FILE, FOLDER, HOST, Mount, image_tree
from .state import Container, Process, RuntimeState

PODS = "/var/lib/kubelet/pods"
PLUGINS = {"emptyDir": "empty-dir", "configMap": "configmap", "downwardAPI": "downward-api"}
BIND, READ_ONLY = 0x5000, 0x1  # MS_BIND | MS_REC, MS_RDONLY
DESCRIPTOR = "/proc/self/fd/6"  # by which runc holds what it mounts over


def problem(state: RuntimeState, process: Process, container: Container) -> str:
    """Why the mounts of a container cannot be made over its image's files; "" when they can."""
    tree = image_tree(process.behaviour)
    for index, (path, mount) in enumerate(process.mounts.items()):
        if path in tree and tree[path].kind != kind_of(state, mount) and tree[path].kind in (FILE, FOLDER):
            source, flags = source_of(state, mount, container, index), BIND | (READ_ONLY if mount.read_only else 0)
            how = f"mount {source}:{path} (via {DESCRIPTOR}), flags: {flags:#x}: not a directory"
            return f'error during container init: error mounting "{source}" to rootfs at "{path}": {how}'
    return ""


def kind_of(state: RuntimeState, mount: Mount) -> str:
    """What a mount shows; a volume that nobody has looked into yet is a folder."""
    volume = state.volumes.get(mount.volume)
    return volume.nodes[mount.root].kind if volume is not None and mount.root in volume.nodes else FOLDER


def source_of(state: RuntimeState, mount: Mount, container: Container, index: int) -> str:
    """Where on the node lies what is mounted."""
    if mount.volume == HOST:
        return mount.root
    uid, _, name = mount.volume.partition("/")
    part = name.rpartition("/")[2]
    if mount.root != "/" or part != name:
        return f"{PODS}/{uid}/volume-subpaths/{part}/{container.name}/{index}"
    kind = state.volumes[mount.volume].kind if mount.volume in state.volumes else "emptyDir"
    return f"{PODS}/{uid}/volumes/kubernetes.io~{PLUGINS.get(kind, kind)}/{name}"
