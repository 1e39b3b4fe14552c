"""Owns how the files of a volume are written: all at once behind a link, so that no reader sees half of a change; and for whom.

Source: kubernetes pkg/volume/util/atomic_writer.go, pkg/volume/volume_linux.go (SetVolumeOwnership).
"""

from __future__ import annotations

from cluster.runtime.filesystem import FOLDER, LINK, SET_GROUP, Node, Tree, folder, link, put

DATA = "/..data"


def write(tree: Tree, payload: dict[str, list], *, name: str, now_ms: int, group: int | None, mode: int = 0o777) -> bool:
    """Make a tree hold a payload; False when it does already.

    name: of the new folder, as `..2026_01_01_09_00_00.123`. mode: of the root, 0o1777 where it is a tmpfs.
    """
    if group is not None:
        payload = {path: [text, mode | 0o440, owner] for path, (text, mode, owner) in payload.items()}
    if DATA in tree and _payload_of(tree) == payload:
        return False
    tree.clear()
    tree["/"] = folder(mode=mode, changed_ms=now_ms)
    inner = "/" + name
    put(tree, inner, folder(changed_ms=now_ms))
    for path in sorted(payload):
        text, mode, owner = payload[path]
        put(tree, f"{inner}/{path}", Node(text, mode=mode, owner=owner, changed_ms=now_ms))
        first = path.partition("/")[0]
        tree["/" + first] = link(f"..data/{first}", changed_ms=now_ms)
    tree[DATA] = link(name, changed_ms=now_ms)
    if group is not None:
        give(tree, group, read_only=True)
    return True


def _payload_of(tree: Tree) -> dict[str, list]:
    """What a tree holds."""
    start = f"/{tree[DATA].text}/"
    return {
        path[len(start) :]: [node.text, node.mode, node.owner]
        for path, node in tree.items()
        if path.startswith(start) and node.kind not in (FOLDER, LINK)
    }


def give(tree: Tree, group: int, *, read_only: bool) -> None:
    """Let a group read, and write where it may, all that is in a volume (fsGroup)."""
    for node in tree.values():
        if node.kind == LINK:
            continue
        node.group = group
        node.mode |= 0o440 if read_only else 0o660
        if node.kind == FOLDER:
            node.mode |= SET_GROUP | 0o110


def is_given(root: Node | None, group: int) -> bool:
    """Whether a volume's folder is a group's already, so that its files may be left as they are. Source: requiresPermissionChange."""
    wanted = 0o770 | SET_GROUP
    return root is not None and root.group == group and root.mode & wanted == wanted
