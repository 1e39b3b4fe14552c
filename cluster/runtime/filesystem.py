"""Owns what files are: nodes by path in trees, and where of a container's paths each tree is mounted. Plain data.

A *tree* is a dict: path from its own root ("/a/b", the root itself "/") -> Node. A container sees its image's tree under
its own changes, and other trees where they are mounted: volumes of the Pod, the node's own file system.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from .images import behaviours

FILE, FOLDER, LINK, GONE = "file", "folder", "link", "gone"
BLOCK, CHARACTER, SOCKET, FIFO = "block", "character", "socket", "fifo"
SPECIAL = (BLOCK, CHARACTER, SOCKET, FIFO)  # what holds no text, and is nobody's to read or write here
DEVICES = {"/dev/null": "1, 3", "/dev/zero": "1, 5", "/dev/full": "1, 7", "/dev/random": "1, 8", "/dev/urandom": "1, 9", "/dev/tty": "5, 0"}
FOLDERS = ("/", "/bin", "/dev", "/etc", "/home", "/mnt", "/opt", "/proc", "/root", "/run", "/sys", "/tmp", "/usr", "/var")
MANIFESTS = "/etc/kubernetes/manifests"  # of static Pods, on a node
KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"
KUBELET_TEXT = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nstaticPodPath: /etc/kubernetes/manifests\n"  # at first
HOST = "host"  # the node's own file system among `RuntimeState.volumes`
READ, WRITE, ENTER = 4, 2, 1
SET_GROUP = 0o2000  # of a folder: what is made in it belongs to its group
MOST_LINKS = 40


class Node(Struct):
    """A file, a folder, a symbolic link (its text is where it leads), or a file of the image that was removed.

    text: as octets.py has it. zeros: how many zero bytes follow the text; they are counted, not kept. device: the numbers of one, "1, 3".
    """

    text: str = ""
    kind: str = FILE
    mode: int = 0o644
    owner: int = 0
    group: int = 0
    changed_ms: int = 0
    zeros: int = 0
    device: str = ""

    @property
    def size(self) -> int:
        return len(self.text) + self.zeros


Tree = dict[str, Node]


class Volume(Struct):
    """A tree that may be mounted. kind: the volume's sort ("emptyDir", "configMap", …), as `mount` shows it.

    limit_bytes: what it may hold, 0: what the machine gives. medium: "Memory" for a tmpfs. stale_ms: when it must be filled anew.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    kind: str = "emptyDir"
    medium: str = ""
    limit_bytes: int = 0
    stale_ms: int = 0

    @property
    def is_in_memory(self) -> bool:
        """Whether it is a tmpfs: where it is asked for, and where the kubelet never writes to a disk."""
        return self.medium == "Memory" or self.kind in ("secret", "projected", "downwardAPI")


class Mount(Struct):
    """Where a container sees a tree. volume: a key of `RuntimeState.volumes`. root: the part of it that is seen."""

    volume: str
    root: str = "/"
    read_only: bool = False


def absolute(path: str) -> str:
    """A path from the root, as it is read by a program whose folder is the root."""
    if path[:1] == "/" and path[-1] != "/" and "/." not in path and "//" not in path:
        return path  # most are so
    return posixpath.normpath("/" + path.lstrip("/"))


def joined(root: str, path: str) -> str:
    """A path below a root, both absolute."""
    return path if root == "/" else root if path == "/" else root + path


def folder(*, mode: int = 0o755, owner: int = 0, group: int = 0, changed_ms: int = 0) -> Node:
    return Node(kind=FOLDER, mode=mode, owner=owner, group=group, changed_ms=changed_ms)


def link(target: str, *, changed_ms: int = 0) -> Node:
    return Node(target, LINK, 0o777, changed_ms=changed_ms)


def parents(path: str) -> list[str]:
    """The folders above a path, from the root on."""
    if path == "/":
        return []
    found, at = ["/"], path.find("/", 1)
    while at > 0:
        found.append(path[:at])
        at = path.find("/", at + 1)
    return found


def put(tree: Tree, path: str, node: Node) -> None:
    """Set a node, with the folders above it."""
    for above in parents(path):
        if above not in tree:
            tree[above] = folder(changed_ms=node.changed_ms)
    tree[path] = node


def copied(tree: Tree, root: str) -> Tree:
    """The part of a tree below a root (or the one file that the root is), as a tree of its own."""
    start = root.rstrip("/") + "/"
    found = {"/": replace(tree[root])} if root in tree else {}
    return found | {"/" + path[len(start) :]: replace(node) for path, node in tree.items() if path.startswith(start) and path != "/"}


def size_of(tree: Tree) -> int:
    """The bytes of all the files."""
    return sum(node.size for node in tree.values())


def real_path(tree: Tree, path: str) -> str:
    """A path of a tree with the links in it followed, as far as they stay in it."""
    for _ in range(MOST_LINKS):
        for each in (*parents(path)[1:], path):
            node = tree.get(each)
            if node is not None and node.kind == LINK:
                path = absolute(posixpath.join(posixpath.dirname(each), node.text) + path[len(each) :])
                break
        else:
            break
    return path


def permits(node: Node, wanted: int, user: int, groups: list[int], *, overrides: bool = True) -> bool:
    """Whether somebody may read, write or enter. Root may all, unless it has no capability that overrides what a file says."""
    if user == 0 and overrides:
        return True
    shift = 6 if node.owner == user else 3 if node.group in groups else 0
    return (node.mode >> shift) & wanted == wanted


@lru_cache(maxsize=256)
def image_tree(behaviour: str) -> Tree:
    """What is in an image's layers. Shared by all its containers: never changed."""
    tree: Tree = {path: folder(mode=0o1777 if path == "/tmp" else 0o700 if path == "/root" else 0o755) for path in FOLDERS}
    image = behaviours().get(behaviour)
    if image is not None and image.shell and behaviour != "busybox":  # of a distribution, which busybox's image is not
        tree["/var/tmp"] = folder(mode=0o1777)
    for path, text in (image.files if image else {}).items():
        put(tree, path, Node(text))
    return tree


def host_tree(node: str) -> Tree:
    """A node's own file system when the node is new."""
    tree: Tree = {path: folder(mode=0o1777 if path == "/tmp" else 0o755) for path in FOLDERS}
    put(tree, "/etc/hostname", Node(node + "\n"))
    put(tree, "/etc/hosts", Node(f"127.0.0.1\tlocalhost\n127.0.1.1\t{node}\n"))
    put(tree, KUBELET_CONFIG, Node(KUBELET_TEXT))
    for path in ("/var/log/pods", "/var/log/containers", MANIFESTS):
        put(tree, path, folder())
    return tree
