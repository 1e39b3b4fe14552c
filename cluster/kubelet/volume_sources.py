"""Owns where a volume's data lies: in a folder of the node, in network storage, or in the Pod's own place. Pure rules over trees.

A place is [key of the runtime's volumes, path in it, "ro" or ""].
Sources: kubernetes pkg/volume/hostpath/host_path.go, pkg/volume/local/local.go, pkg/volume/nfs, pkg/volume/csi.
"""

from __future__ import annotations

from cluster.kinds._csi_migration import INLINE, Untranslatable, inline
from cluster.kinds._csi_migration import persistent as migrated
from cluster.kinds._volume_binding import PROVISIONED_BY, annotations_of, unique_name_of
from cluster.runtime.filesystem import BLOCK, CHARACTER, FILE, FOLDER, HOST, SOCKET, Node, Tree, absolute, folder, put, real_path
from cluster.runtime.storage import is_read_only, key_of

from .node_status import Machine
from .volume_contents import NotAttached, NotReady, NotStaged

WITHOUT_ATTACHING = Machine.drivers  # of the drivers that are here at all none needs it
REMOVED = ("cephfs", "flexVolume", "flocker", "glusterfs", "photonPersistentDisk", "quobyte", "rbd", "scaleIO", "storageos")  # plugins
GIT = "git-repo volume plugin has been disabled; if necessary, it may be re-enabled by enabling the feature-gate `GitRepoVolumeDriver`"
UNREGISTERED = "driver name {driver} not found in the list of registered CSI drivers"
NO_CLIENT = "kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: " + UNREGISTERED
CHECKS = {"Socket": (SOCKET, "a socket file"), "CharDevice": (CHARACTER, "a character device"), "BlockDevice": (BLOCK, "a block device")}


def host_path(tree: Tree, source: dict, *, now_ms: int, mode: int = 0o755) -> list[str]:
    """A folder or file of the node, checked or made as its type says. mode: of a folder that is made. Raises NotReady."""
    path = real_path(tree, absolute(source.get("path", "/")))
    found, kind = tree.get(path), source.get("type") or ""
    if found is None and kind in ("", "DirectoryOrCreate"):
        put(tree, path, folder(mode=mode, changed_ms=now_ms))
    elif found is None and kind == "FileOrCreate":
        above = path.rpartition("/")[0] or "/"
        if above not in tree:
            raise NotReady(f"open {path}: no such file or directory")
        tree[path] = Node(changed_ms=now_ms)
    elif kind in ("Directory", "DirectoryOrCreate") and (found is None or found.kind != FOLDER):
        raise NotReady(f"hostPath type check failed: {path} is not a directory")
    elif kind in ("File", "FileOrCreate") and (found is None or found.kind != FILE):
        raise NotReady(f"hostPath type check failed: {path} is not a file")
    elif kind in CHECKS and (found is None or found.kind != CHECKS[kind][0]):
        raise NotReady(f"hostPath type check failed: {path} is not {CHECKS[kind][1]}")
    return [HOST, path, ""]


def local(tree: Tree, source: dict) -> list[str]:
    """A folder of the node that must be there. Raises NotReady."""
    path = real_path(tree, absolute(source.get("path", "/")))
    if path not in tree:
        raise NotReady(f'path "{path}" does not exist')
    return [HOST, path, ""]


def has_no_plugin(source: dict) -> bool:
    """Whether the kubelet of this version knows no such volumes any more, or has not been given their driver (flexVolume).

    Source: cmd/kubelet/app/plugins.go.
    """
    return any(source.get(kind) is not None for kind in REMOVED)


def check(source: dict, drivers: tuple[str, ...]) -> None:
    """Whether a volume of a Pod's own can be set up at all. drivers: those of the node. Raises NotReady.

    Sources: pkg/volume/git_repo/git_repo.go, pkg/volume/csi/{csi_client,csi_mounter}.go.
    """
    if source.get("gitRepo") is not None:
        raise NotReady(GIT)
    driver = (source.get("csi") or {}).get("driver")
    if driver is not None and driver not in drivers:
        raise NotReady("kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: " + UNREGISTERED.format(driver=driver))
    if needs_attaching(source):
        raise NotAttached


def needs_attaching(source: dict) -> bool:
    """Whether a source waits for a driver that nobody has installed here, by itself or as a disk of a cloud.

    Source: pkg/volume/csimigration (in-tree disks of clouds are their drivers' by now), pkg/controller/volume/attachdetach.
    """
    driver = (source.get("csi") or {}).get("driver")
    return (driver is not None and driver not in WITHOUT_ATTACHING) or not INLINE.isdisjoint(source)


def of_driver(volume: dict, namespace: str) -> dict | None:
    """A Pod's volume that names a disk of a cloud, as its driver's PersistentVolume; None for any other, and for what no driver takes."""
    if INLINE.isdisjoint(volume):
        return None
    try:
        return inline(volume, namespace)
    except Untranslatable:
        return None


def translated(volume: dict) -> dict:
    """A PersistentVolume as its driver sees it."""
    try:
        return migrated(volume)
    except Untranslatable:
        return volume


def wait_for_driver(volume: dict, attached: list[str]) -> None:
    """A volume of a driver that is not on this node: raises what it waits for."""
    csi = volume["spec"].get("csi")
    raise NotStaged(NO_CLIENT.format(driver=csi["driver"])) if csi and unique_name_of(volume) in attached else NotAttached


def takes_group(source: dict) -> bool:
    """Whether what is in a volume is given to its Pod's fsGroup: not folders of a node, nor shares, which have no file system of their own.

    Source: pkg/volume/csi/csi_mounter.go (supportsFSGroup, for a driver that says nothing of it); nfs and hostPath never do.
    """
    csi = source.get("csi")
    if csi is not None:
        return bool(csi.get("fsType")) and "ReadWriteOnce" in (source.get("accessModes") or ("ReadWriteOnce",))
    return source.get("nfs") is None and source.get("hostPath") is None


def networked(source: dict) -> list[str] | None:
    """Storage that every node reaches; None for a source that is none."""
    key = key_of(source)
    return [key, "/", "ro" if is_read_only(source) else ""] if key else None


def persistent(volume: dict, tree: Tree, *, now_ms: int, attached: list[str]) -> list[str]:
    """Where the data of a PersistentVolume lies. attached: what the node's status says that is. Raises NotReady."""
    spec = volume["spec"]
    if spec.get("hostPath"):
        is_provisioned = PROVISIONED_BY in annotations_of(volume)
        return host_path(tree, spec["hostPath"], now_ms=now_ms, mode=0o777 if is_provisioned else 0o755)
    if needs_attaching(spec):
        wait_for_driver(volume, attached)
    if spec.get("local"):
        return local(tree, spec["local"])
    found = networked(spec)
    if found is None:
        raise NotReady("no volume plugin matched")
    return found
