"""Owns the files of a container as its processes see them: the image's, its own changes, and what is mounted.

What is refused leaves its reason in `why`, in the words of errno. Folders above a path need not be enterable: only the
file itself, and the folder in which something is made or removed, are held against the process's user.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from . import cgroups, proc
from .capabilities import CHOWN, DAC_OVERRIDE, FOWNER
from .disk_use import stored_bytes
from .filesystem import (
    DEVICES,
    ENTER,
    FILE,
    FOLDER,
    GONE,
    HOST,
    LINK,
    MANIFESTS,
    MOST_LINKS,
    READ,
    SET_GROUP,
    SPECIAL,
    WRITE,
    Mount,
    Node,
    Tree,
    Volume,
    absolute,
    folder,
    image_tree,
    joined,
    link,
    parents,
    permits,
    size_of,
)  # fmt: skip
from .generated import NO_DEVICE, SINKS, Generated
from .state import Process, RuntimeState

FILE_BYTES, FILES = 1024 * 1024, 400  # of one file that is written bit by bit, and how many there may be
DISK_BYTES = 4 * 1024 * 1024  # of text, of all the files of a container, or of a volume
NOTED_BYTES = 64 << 20  # a file that is larger may fill the disk of its node
HOST_SHARE = 8  # how many times as much a node's own file system holds
NO_SUCH, DENIED, READ_ONLY, FULL = "No such file or directory", "Permission denied", "Read-only file system", "No space left on device"
IS_FOLDER, NO_FOLDER, EXISTS, NOT_EMPTY, BUSY = (
    "Is a directory", "Not a directory", "File exists", "Directory not empty", "Resource busy")  # fmt: skip


class Files(Generated):
    """Part of a ContainerWorld. Paths are from the root; links are followed, but for the last part where a method says so."""

    state: RuntimeState
    process: Process
    uid: str
    now_ms: int
    runtime: Any = None  # the node's Containerd
    why = ""  # why the last call refused
    _points: dict[str, str] | None = None  # path -> the mount that holds it: while somebody looks, nothing is mounted

    # -- where a path leads -------------------------------------------------------------------------------------------

    def mount_point(self, path: str) -> str:
        """The mount that holds a path; "" for the container's own files."""
        if self._points is None:
            self._points = {}
        point = self._points.get(path)
        if point is None:
            point = self._points[path] = self._mount_point(path)
        return point

    def _mount_point(self, path: str) -> str:
        best, length = "", len(path)
        for point in self.process.mounts:
            size = len(point)
            if size > len(best) and path.startswith(point) and (size == length or path[size] == "/" or point == "/"):
                best = point
        return best

    def volume_of(self, mount: Mount) -> Volume:
        """What a mount shows; most volumes are filled when somebody first looks, and tokens anew when they grow old."""
        volume = self.state.volumes.get(mount.volume)
        if mount.volume == HOST and self.runtime is not None:
            return self.runtime.host_seen(mount.root)
        if volume is not None and not 0 < volume.stale_ms <= self.now_ms:
            return volume
        return self.runtime.volume(mount.volume) if self.runtime is not None else self.state.volumes.setdefault(mount.volume, Volume())

    def _within(self, path: str, point: str) -> tuple[Tree, str]:
        mount, inner = self.process.mounts[point], path[len(point) :] or "/"
        return self.volume_of(mount).nodes, inner if mount.root == "/" else joined(mount.root, inner)

    def _node(self, path: str) -> Node | None:
        """What stands at a path; links are not followed."""
        point = self.mount_point(path) if self.process.mounts else ""
        if point:
            tree, inner = self._within(path, point)
            return tree.get(inner) or (folder(mode=0o777) if path == point else None)
        own = self.process.files.get(path)
        if own is not None:
            return None if own.kind == GONE else own
        return self._generated(path) or image_tree(self.process.behaviour).get(path) or self._above_mounts(path)

    def _above_mounts(self, path: str) -> Node | None:
        start = path.rstrip("/") + "/"
        if cgroups.FOLDER.startswith(start):
            return folder(mode=0o555)
        return folder() if any(point.startswith(start) for point in self.process.mounts) else None

    def resolve(self, path: str, *, follow: bool = True) -> str:
        """The path without links; of one that leads nowhere, where it would be made. follow: the last part too."""
        return self._resolved(path, follow)[0]

    def _resolved(self, path: str, follow: bool = True) -> tuple[str, Node | None]:
        """As `resolve`, with what stands there."""
        path = absolute(path)
        found = self._node(path)
        if found is not None and (found.kind != LINK or not follow):
            return path, found
        for _ in range(MOST_LINKS):
            for each in parents(path)[1:]:
                link_at = self._node(each)
                if link_at is not None and link_at.kind == LINK:
                    break
            else:
                each, link_at = path, found
                if not follow or found is None or found.kind != LINK:
                    break
            path = absolute(posixpath.join(posixpath.dirname(each), link_at.text) + path[len(each) :])
            found = self._node(path)
        return path, found

    # -- looking ------------------------------------------------------------------------------------------------------

    def look(self, path: str, *, follow: bool = True) -> Node | None:
        """What stands at a path (`stat`, or `lstat` without follow); None when nothing does."""
        _, node = self._resolved(path, follow)
        if not follow and node is not None and proc.is_root(absolute(path)):
            node = link("/")
        self.why = "" if node is not None else NO_SUCH
        return None if node is not None and follow and node.kind == LINK else node

    def read_file(self, path: str) -> str | None:
        """A file's text; None, and `why`, when it cannot be read."""
        _, node = self._resolved(path)
        if node is None or node.kind == LINK:
            self.why = NO_SUCH
        elif node.kind == FOLDER:
            self.why = IS_FOLDER
        elif not self.may(node, READ):
            self.why = DENIED
        elif node.kind in SPECIAL and node.device not in DEVICES.values():
            self.why = NO_DEVICE
        else:
            self.why = ""
            return node.text + "\0" * min(node.zeros, FILE_BYTES) if node.zeros else node.text
        return None

    def may(self, node: Node, wanted: int) -> bool:
        """Whether the container's user may READ, WRITE or ENTER (run, of a file)."""
        process = self.process
        return permits(node, wanted, process.user, [process.group, *process.groups], overrides=bool(process.capabilities & DAC_OVERRIDE))

    def is_folder(self, path: str) -> bool:
        _, node = self._resolved(path)
        return node is not None and node.kind == FOLDER

    def names(self, path: str) -> list[str]:
        """What is in a folder, in order."""
        start = self.resolve(path).rstrip("/") + "/"
        found = {each[len(start) :].split("/")[0]: None for each in self._below(start)}
        return sorted(name for name in found if name)

    def paths(self, prefix: str) -> list[str]:
        """The files and links, and with a slash at their end the folders, whose path begins so; of what is mounted below too."""
        if prefix.endswith("/"):
            start = self.resolve(prefix).rstrip("/") + "/"
            own = self._node(start.rstrip("/") or "/")
            inside = [*([start] if own is not None and own.kind == FOLDER and start != "/" else []), *self._below(start)]
        else:
            path = absolute(prefix)
            inside = [each for each in self._below(posixpath.dirname(path).rstrip("/") + "/") if each.startswith(path)]
        return [each + "/" if (node := self._node(each)) is not None and node.kind == FOLDER else each for each in inside]

    def _below(self, start: str) -> list[str]:
        """Every path below a folder (which ends in a slash), in order."""
        point = self.mount_point(start.rstrip("/") or "/")
        found: dict[str, None] = {}
        if point:
            tree, inner = self._within(start.rstrip("/") or "/", point)
            lead = inner.rstrip("/") + "/"
            found = {start + path[len(lead) :]: None for path in tree if path.startswith(lead) and path != lead}
        else:
            own = self.process.files
            more = proc.below(self, start) if start.startswith(proc.FOLDER) else ()
            for path in (*image_tree(self.process.behaviour), *own, *self._etc(), *cgroups.PATHS, *more):
                if path.startswith(start) and path != "/" and not (path in own and own[path].kind == GONE):
                    found[path] = None
        for other in self.process.mounts:
            if other != point and other.startswith(start):
                found = {path: None for path in found if not path.startswith(other + "/")}
                for path in (*parents(other)[1:], other, *self._below(other + "/")):
                    if path.startswith(start):
                        found[path] = None
        return sorted(found)

    # -- changing -----------------------------------------------------------------------------------------------------

    def write_file(self, path: str, text: str, *, append: bool) -> bool:
        """Write bit by bit; of a file that grows without end the last part is kept. False when it cannot be."""
        path = self.resolve(path)
        if path in SINKS:
            return True
        before = self._node(path) if append else None
        earlier, zeros = (before.text, before.zeros) if before is not None and before.kind == FILE else ("", 0)
        return self._put(path, (earlier + text)[-FILE_BYTES:], zeros)

    def put_file(self, path: str, text: str, *, zeros: int = 0, mode: int | None = None) -> bool:
        """Write a whole file, as large as it is, and the folders above it; False when it cannot be."""
        path = self.resolve(path)
        if path in SINKS:
            return True
        return self.make_folder(posixpath.dirname(path)) and self._put(path, text, zeros, mode)

    def _put(self, path: str, text: str, zeros: int = 0, mode: int | None = None) -> bool:
        before = self._node(path)
        if before is not None and before.kind == FOLDER:
            return self._refuse(IS_FOLDER)
        if not (self._may_change(path) if before is None else self._may_write(path, before)):
            return False
        if before is not None and before.kind in SPECIAL:
            return before.device in DEVICES.values() or self._refuse(NO_DEVICE)
        process = self.process
        if before is None:
            node = Node(text, FILE, 0o644, process.user, self._group_in(posixpath.dirname(path)), self.now_ms, zeros)
        else:
            node = replace(before, text=text, zeros=zeros, changed_ms=self.now_ms)
        node.mode = node.mode if mode is None else mode
        return self._store(path, node)

    def _group_in(self, path: str) -> int:
        """The group of what is made in a folder: the folder's own, where that hands it on."""
        above = self._node(path)
        return above.group if above is not None and above.mode & SET_GROUP else self.process.group

    def _may_write(self, path: str, node: Node) -> bool:
        if self._is_read_only(path):
            return self._refuse(READ_ONLY)
        return True if self.may(node, WRITE) else self._refuse(DENIED)

    def _may_change(self, path: str) -> bool:
        """Whether something may be made or removed at a path."""
        above = self._node(posixpath.dirname(path))
        if above is None:
            return self._refuse(NO_SUCH)
        if above.kind != FOLDER:
            return self._refuse(NO_FOLDER)
        if self._is_read_only(path):
            return self._refuse(READ_ONLY)
        return True if self.may(above, WRITE | ENTER) else self._refuse(DENIED)

    def _is_read_only(self, path: str) -> bool:
        point = self.mount_point(path)
        if point:
            return self.process.mounts[point].read_only
        if path.startswith(cgroups.FOLDER):
            return True
        if path.startswith(proc.FOLDER):
            seen = proc.view(self, path)
            return seen is None or seen[0]._is_read_only(seen[1])
        return self.process.read_only and not path.startswith("/dev/") and path not in self._etc()

    def _elsewhere(self, path: str, act: Callable[[Files, str], bool]) -> bool:
        """Change something through the root of another container."""
        seen = proc.view(self, path)
        if seen is None or proc.is_root(path):
            return self._refuse("Operation not permitted" if seen else READ_ONLY)
        is_done, self.why = act(*seen), seen[0].why
        return is_done

    def beside(self, process: Process) -> Files:
        """The files as the process of another container sees them."""
        other = Files()
        other.state, other.process, other.now_ms, other.runtime = self.state, process, self.now_ms, self.runtime
        other.uid = self.state.containers[process.container].uid
        return other

    def _refuse(self, why: str) -> bool:
        self.why = why
        return False

    def _store(self, path: str, node: Node) -> bool:
        """Keep a node, where there is room for it."""
        if path.startswith(proc.FOLDER):
            return self._elsewhere(path, lambda other, inner: other._store(inner, node))
        point = self.mount_point(path)
        tree, inner = self._within(path, point) if point else (self.process.files, path)
        volume = self.volume_of(self.process.mounts[point]) if point else None
        if volume is not None and volume.medium == "Memory" and self._fills_memory(tree, inner, node, volume):
            return self._refuse(FULL)
        if not self._has_room(tree, inner, node, volume):
            return self._refuse(FULL)
        tree[inner], self.why = node, ""
        if node.zeros > NOTED_BYTES and self.runtime is not None:
            self.runtime.usage_changed()
        if volume is not None and volume.kind == HOST:
            self._tell_node(inner)
        limit = volume.limit_bytes if volume is not None else self.process.disk_limit
        if self.runtime is not None and ((limit and size_of(tree) > limit) or (self.state.disk_limits and self._is_pod_full())):
            self.runtime.storage_over(self.uid)
        return True

    def _tell_node(self, path: str) -> None:
        """The kubelet hears of what happens to manifests of static Pods (inotify)."""
        if path.startswith(MANIFESTS) and self.runtime is not None:
            self.runtime.manifests_changed()

    def _fills_memory(self, tree: Tree, inner: str, node: Node, volume: Volume) -> bool:
        """Whether what lies in a volume in memory leaves none to the container, which the kernel kills: its pages are the container's.

        Source: Linux mm/shmem.c and mm/memcontrol.c.
        """
        limit = self.process.memory_limit
        if not limit or self.runtime is None or 0 < volume.limit_bytes < limit:
            return False
        before = tree.get(inner)
        if size_of(tree) - (before.size if before else 0) + node.size + self.process.memory_bytes < limit:
            return False
        self.runtime.out_of_memory(self.process.container)
        return True

    def _is_pod_full(self) -> bool:
        """Whether the containers of the Pod and its volumes on the disk hold more than all containers together may."""
        limit = self.state.disk_limits.get(self.uid)
        return limit is not None and stored_bytes(self.state, self.uid) > limit

    def _has_room(self, tree: Tree, inner: str, node: Node, volume: Volume | None) -> bool:
        share = HOST_SHARE if volume is not None and volume.kind == HOST else 1
        texts = sum(len(other.text) for path, other in tree.items() if path != inner)
        if len(node.text) + texts > DISK_BYTES * share or (inner not in tree and len(tree) >= FILES * share):
            self._tell_bound()
            return False
        if volume is None or volume.medium != "Memory" or not volume.limit_bytes:
            return True
        before = tree.get(inner)
        return size_of(tree) - (before.size if before else 0) + node.size <= volume.limit_bytes

    def _tell_bound(self) -> None:
        """Say once that it is the simulation's disk that is full, not a real one."""
        if self.runtime is None or self.process.is_bounded or self.process.container not in self.state.containers:
            return
        self.process.is_bounded = True
        container = self.state.containers[self.process.container]
        self.runtime.tell("DiskBounded", container.uid, container.pod, container.name, limit_mib=DISK_BYTES >> 20, files=FILES)

    def remove_file(self, path: str) -> bool:
        """Remove a file, or a link itself."""
        path = self.resolve(path, follow=False)
        node = self._node(path)
        if node is None or node.kind == FOLDER:
            return self._refuse(NO_SUCH if node is None else IS_FOLDER)
        return self._take_out(path)

    def remove_folder(self, path: str) -> bool:
        """Remove an empty folder."""
        path = self.resolve(path, follow=False)
        node = self._node(path)
        if node is None or node.kind != FOLDER:
            return self._refuse(NO_SUCH if node is None else NO_FOLDER)
        if self._below(path.rstrip("/") + "/"):
            return self._refuse(NOT_EMPTY)
        return self._take_out(path)

    def _take_out(self, path: str) -> bool:
        if path in self.process.mounts:
            return self._refuse(BUSY)
        if not self._may_change(path):
            return False
        if path.startswith(proc.FOLDER):
            return self._elsewhere(path, lambda other, inner: other._take_out(inner))
        point = self.mount_point(path)
        tree, inner = self._within(path, point) if point else (self.process.files, path)
        tree.pop(inner, None)
        if point and self.process.mounts[point].volume == HOST:
            self._tell_node(inner)
        if not point and (path in image_tree(self.process.behaviour) or path in self._etc()):
            tree[path] = Node(kind=GONE)
        self.why = ""
        return True

    def drop(self, path: str) -> None:
        """Forget a path of `paths`, a folder's too."""
        path = path.rstrip("/") or "/"
        if self._node(path) is not None:
            self._take_out(path)

    def make_folder(self, path: str, *, mode: int = 0o755) -> bool:
        """Make a folder and those above it; one that is there is fine."""
        path = self.resolve(path)
        for each in (*parents(path)[1:], path):
            node = self._node(each)
            if node is None:
                if not self._may_change(each):
                    return False
                group = self._group_in(posixpath.dirname(each))
                given = SET_GROUP if group != self.process.group else 0
                made = folder(mode=mode | given, owner=self.process.user, group=group, changed_ms=self.now_ms)
                if not self._store(each, made):
                    return False
            elif node.kind != FOLDER:
                return self._refuse(EXISTS if each == path else NO_FOLDER)
        self.why = ""
        return True

    def make_link(self, target: str, path: str) -> bool:
        """Make a symbolic link at a path."""
        path = self.resolve(path, follow=False)
        if self._node(path) is not None:
            return self._refuse(EXISTS)
        return self._may_change(path) and self._store(path, replace(link(target, changed_ms=self.now_ms), owner=self.process.user))

    def move(self, source: str, target: str) -> bool:
        """Rename, in one step, as rename(2): a file or a link takes the place of another. Of folders, move what is in them."""
        source, target = self.resolve(source, follow=False), self.resolve(target, follow=False)
        node, there = self._node(source), self._node(target)
        if node is None:
            return self._refuse(NO_SUCH)
        if there is not None and there.kind == FOLDER:
            return self._refuse(IS_FOLDER)
        if not self._may_change(source) or not self._may_change(target) or not self._store(target, node):
            return False
        return self._take_out(source)

    def change(
        self, path: str, *, mode: int | None = None, owner: int | None = None, group: int | None = None, changed_ms: int | None = None
    ) -> bool:
        """Change what is known of a file: chmod, chown, touch."""
        path = self.resolve(path)
        node = self._node(path)
        if node is None:
            return self._refuse(NO_SUCH)
        if self._is_read_only(path):
            return self._refuse(READ_ONLY)
        if not self._may_own(node, owner, group) or not (mode is changed_ms is None or self._has(node, FOWNER)):
            return self._refuse("Operation not permitted")
        asked = {"mode": mode, "owner": owner, "group": group, "changed_ms": changed_ms}
        return self._store(path, replace(node, **{name: value for name, value in asked.items() if value is not None}))

    def _may_own(self, node: Node, owner: int | None, group: int | None) -> bool:
        """Whether a file may be given away: only by root, but for its group. Source: Linux fs/attr.c (setattr_prepare)."""
        process = self.process
        if owner is group is None or (not process.user and process.capabilities & CHOWN):
            return True
        is_own = process.user == node.owner
        return is_own and owner in (None, node.owner) and group in (None, node.group, process.group, *process.groups)

    def _has(self, node: Node, capability: int) -> bool:
        """Whether a file is one's own, or one has a capability over those of others."""
        return self.process.user == node.owner or (not self.process.user and bool(self.process.capabilities & capability))

    # -- what is mounted ----------------------------------------------------------------------------------------------

    def mounted(self) -> list[tuple[str, Volume, Mount]]:
        """(where, what, how) of everything that is mounted into the container, in order of paths."""
        return [(point, self.volume_of(mount), mount) for point, mount in sorted(self.process.mounts.items())]

    def used_bytes(self, path: str) -> int:
        """What is stored on the file system of a path."""
        point = self.mount_point(self.resolve(path))
        return size_of(self.volume_of(self.process.mounts[point]).nodes if point else self.process.files)
