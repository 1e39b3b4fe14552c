"""Owns whether a program can be started in a container: where it is looked for, and what its refusal is called.

A container's first process and the commands beside it are looked up alike: what is no tool of the image may be a file that somebody put
there, a script from a ConfigMap say. Sources: Go os/exec (LookPath), which runc 1.1 asks before it starts anything; execve(2) for the rest.
"""

from __future__ import annotations

import posixpath
from typing import Any

from .filesystem import ENTER, FILE
from .image import Image
from .shell.machine import FOLDERS
from .shell.tools import TOOLS


def is_known(image: Image, program: str) -> bool:
    """Whether a program is one of the image's own, or one of the small tools of an image with a shell, by its name or its path."""
    folder, _, name = program.rpartition("/")
    if "/" in program and folder not in FOLDERS:
        return name in image.tools and not folder
    return name in image.tools or (image.shell and name in TOOLS and name not in image.lacks)


def refusal(image: Image, program: str, world: Any) -> str:
    """Why a program cannot be started, in runc's words; "" when it can. world: the container's files, its folder and its PATH."""
    if is_known(image, program):
        return ""
    process, is_found = world.process, False
    if "/" in program:
        node = world.look(posixpath.join(process.folder or "/", program))
        if node is None:
            return f'exec: "{program}": stat {program}: no such file or directory'
        return "" if _is_program(node) else f'exec: "{program}": permission denied'
    for folder in process.env.get("PATH", "").split(":"):
        node = world.look(posixpath.join(folder or process.folder or "/", program))
        if node is not None and _is_program(node):
            return ""
        is_found = is_found or node is not None
    return f'exec: "{program}": executable file not found in $PATH'


def _is_program(node: Any) -> bool:
    return node.kind == FILE and bool(node.mode & 0o111)


def failure(image: Image, program: str, world: Any) -> str:
    """What the kernel says of a file that was found but is no program; "" when it is a script for a shell that is there."""
    if is_known(image, program):
        return ""
    path = posixpath.join(world.process.folder or "/", program) if "/" in program else _in_path(program, world)
    node = world.look(path)
    if node is not None and not world.may(node, ENTER):
        return f"exec {path}: permission denied"
    first = (world.read_file(path) or "").partition("\n")[0]
    if not first.startswith("#!"):
        return f"exec {path}: exec format error"
    words = first[2:].split()
    is_there = bool(words) and "/" in words[0] and (is_known(image, words[0]) or world.look(words[0]) is not None)
    return "" if is_there else f"exec {path}: no such file or directory"


def _in_path(program: str, world: Any) -> str:
    """Where in $PATH a program stands."""
    process = world.process
    paths = [posixpath.join(folder or process.folder or "/", program) for folder in process.env.get("PATH", "").split(":")]
    return next((path for path in paths if (node := world.look(path)) is not None and _is_program(node)), program)
