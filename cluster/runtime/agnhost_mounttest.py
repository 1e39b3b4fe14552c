"""Owns agnhost's mounttest: what it writes and reads in a mounted folder, and how it tells of it.

Source: kubernetes test/images/agnhost/mounttest (mt.go, mt_utils.go, mt_utils_linux.go), Go's io/fs FileMode.String.
"""

from __future__ import annotations

import posixpath

from .filesystem import BLOCK, CHARACTER, FIFO, FOLDER, LINK, SET_GROUP, SOCKET
from .image import Act
from .programs import Running
from .words import flags, number_of
from .world import ContainerWorld

CONTENT = "mount-tester new file\n"
EXT4, OVERLAY = 61267, 2035054128  # statfs(2)'s numbers of the file systems here
STICKY, SET_USER = 0o1000, 0o4000
NEW_FILES = (("new_file_0644", 0o644), ("new_file_0666", 0o666), ("new_file_0660", 0o660), ("new_file_0777", 0o777))
PAUSE_MS = 2_000


def mounttest(me: Running) -> Act:
    """Do what the flags ask, in the program's own order; the loop comes last, a round at a call."""
    found, _ = flags(me.argv[2:], plain=("break_on_expected_content",))
    if not me.step:
        me.notes.update(began_ms=me.now_ms, failed=any([_once(me, found, name, tell) for name, tell in STEPS]))
    path = found.get("file_content_in_loop", "")
    limit_ms = number_of(found.get("retry_time", ""), 180) * 1000
    if not path or me.now_ms - me.notes["began_ms"] >= limit_ms:
        return Act(code=1 if me.notes["failed"] or me.notes.get("is_unread") else 0)
    return _round(me, path, found.get("break_on_expected_content", "true") != "false")


def _once(me: Running, found: dict[str, str], name: str, tell) -> bool:
    """One of the flags; whether it failed."""
    if not found.get(name):
        return False
    is_well, text = tell(me.world, found[name])
    me.say(text)
    return not is_well


def _round(me: Running, path: str, is_first_enough: bool) -> Act:
    text = me.world.read_file(path)
    me.notes["is_unread"] = text is None
    if text is None:
        me.say(f"Error reading file {path}: open {path}: {_why(me.world)}, retrying")
        return Act(PAUSE_MS, is_background=True)
    me.say(_shown(path, text))
    if is_first_enough and text == CONTENT:
        return Act(code=1 if me.notes["failed"] else 0)
    if is_first_enough:
        me.say(f"Unexpected content. Expected: {CONTENT}. Retrying")
    return Act(PAUSE_MS, is_background=True)


def _why(world: ContainerWorld) -> str:
    """The last refusal in Go's words, which are errno's without a capital."""
    return world.why[:1].lower() + world.why[1:]


def _shown(path: str, text: str) -> str:
    return f'content of file "{path}": {text}'


def file_system(world: ContainerWorld, path: str) -> tuple[bool, str]:
    if world.look(path) is None:
        return False, f'error from statfs("{path}"): {_why(world)}'
    point = world.mount_point(world.resolve(path))
    volume = world.volume_of(world.process.mounts[point]) if point else None
    name = OVERLAY if volume is None else "tmpfs" if volume.is_in_memory else EXT4
    return True, f'mount type of "{path}": {name}'


def new_file(world: ContainerWorld, path: str, mode: int) -> tuple[bool, str]:
    """Write a file, without a umask, and read it again."""
    folder, there = world.look(posixpath.dirname(path) or "/"), world.look(path)
    is_written = folder is not None and world.put_file(path, CONTENT, mode=mode if there is None else None)
    if not is_written:
        return False, f'error writing new file "{path}": open {path}: {_why(world) if folder is not None else "no such file or directory"}'
    return content(world, path)


def content(world: ContainerWorld, path: str) -> tuple[bool, str]:
    text = world.read_file(path)
    if text is None:
        return False, f'error reading file content for "{path}": open {path}: {_why(world)}'
    return True, _shown(path, text)


def mode_of(world: ContainerWorld, path: str) -> tuple[bool, str]:
    node = world.look(path)
    if node is None:
        return False, f'error from Stat("{path}"): stat {path}: {_why(world)}'
    return True, f'mode of file "{path}": {go_mode(node.kind, node.mode)}'


def permissions(world: ContainerWorld, path: str) -> tuple[bool, str]:
    node = world.look(path)
    if node is None:
        return False, f'error from Stat("{path}"): stat {path}: {_why(world)}'
    return True, f'perms of file "{path}": {go_mode("", node.mode & 0o777)}'


def owner(world: ContainerWorld, path: str) -> tuple[bool, str]:
    node = world.look(path)
    if node is None:
        return False, f'error from stat("{path}"): {_why(world)}'
    return True, f'owner UID of "{path}": {node.owner}\nowner GID of "{path}": {node.group}'


def go_mode(kind: str, mode: int) -> str:
    """A mode as Go writes it: what it is in letters, or a dash, and nine letters of who may what."""
    letters = (("d", kind == FOLDER), ("L", kind == LINK), ("D", kind in (BLOCK, CHARACTER)), ("p", kind == FIFO), ("S", kind == SOCKET),
               ("c", kind == CHARACTER), ("u", mode & SET_USER), ("g", mode & SET_GROUP), ("t", mode & STICKY))
    what = "".join(letter for letter, is_so in letters if is_so) or "-"
    return what + "".join(letter if mode >> (8 - place) & 1 else "-" for place, letter in enumerate("rwxrwxrwx"))


STEPS = (
    ("fs_type", file_system),
    *((name, lambda world, path, mode=mode: new_file(world, path, mode)) for name, mode in NEW_FILES),
    ("file_mode", mode_of),
    ("file_perm", permissions),
    ("file_owner", owner),
    ("file_content", content),
)
