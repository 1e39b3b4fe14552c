"""Owns the commands of a shell that work on files and folders; each takes (process, world, words, stdin), as those of tools.py.

The messages are busybox's. Files have no owner, mode or time of their own.
"""

from __future__ import annotations

import posixpath

from ..world import absolute
from .outcome import Finished

NO_SUCH, FULL = "No such file or directory", "No space left on device"


def arguments_of(words: list[str]) -> tuple[str, list[str]]:
    """(the letters of all options, the other words)."""
    letters = "".join(word[1:] for word in words[1:] if word.startswith("-") and word != "-")
    return letters, [word for word in words[1:] if not word.startswith("-") or word == "-"]


def finished(errors: str, output: str = "") -> Finished:
    return Finished(1 if errors else 0, output, errors)


def touch(process, world, words, stdin):
    errors = ""
    for path in arguments_of(words)[1]:
        if not world.is_folder(posixpath.dirname(path) or "/"):
            errors += f"touch: {path}: {NO_SUCH}\n"
        elif not world.is_folder(path):
            world.write_file(path, "", append=True)
    return finished(errors)


def make_folders(process, world, words, stdin):
    options, paths = arguments_of(words)
    errors = ""
    for path in paths:
        if "p" not in options and (world.is_folder(path) or world.read_file(path) is not None):
            errors += f"mkdir: can't create directory '{path}': File exists\n"
        elif "p" not in options and not world.is_folder(posixpath.dirname(path.rstrip("/")) or "/"):
            errors += f"mkdir: can't create directory '{path}': {NO_SUCH}\n"
        else:
            world.make_folder(path)
    return finished(errors)


def remove_folders(process, world, words, stdin):
    errors = ""
    for path in arguments_of(words)[1]:
        inside = [name for name in world.paths(path.rstrip("/") + "/") if name.rstrip("/") != path.rstrip("/")]
        if inside:
            errors += f"rmdir: '{path}': Directory not empty\n"
        elif not world.remove_file(path.rstrip("/")) and not forget_folder(world, path):
            errors += f"rmdir: '{path}': {NO_SUCH}\n"
    return finished(errors)


def forget_folder(world, path: str) -> bool:
    """Remove a folder and all in it; whether there was one."""
    inside = world.paths(path.rstrip("/") + "/")
    for name in inside:
        world.drop(name)
    return bool(inside)


def remove(process, world, words, stdin):
    options, paths = arguments_of(words)
    errors = ""
    for path in paths:
        if world.remove_file(path):
            continue
        if world.is_folder(path):
            if "r" in options or "R" in options:
                forget_folder(world, path)
            else:
                errors += f"rm: '{path}' is a directory\n"
        elif "f" not in options:
            errors += f"rm: can't remove '{path}': {NO_SUCH}\n"
    return finished(errors)


def target_of(world, source: str, target: str) -> str:
    """Where a file goes that is copied or moved: into a folder under its own name."""
    return posixpath.join(target, posixpath.basename(source.rstrip("/"))) if world.is_folder(target) else target


def copy(process, world, words, stdin):
    options, paths = arguments_of(words)
    if len(paths) < 2:
        return Finished(1, errors="BusyBox v1.35.0 multi-call binary.\n\nUsage: cp [-arPLHpfinlsTu] SOURCE DEST\n")
    errors = "".join(copied(world, source, target_of(world, source, paths[-1]), "cp", options) for source in paths[:-1])
    return finished(errors)


def copied(world, source: str, target: str, name: str, options: str) -> str:
    """Copy a file, or a folder with all in it; returns what went wrong."""
    if absolute(source) == absolute(target):
        return f"{name}: '{source}' and '{target}' are the same file\n"
    text = world.read_file(source)
    if text is not None:
        return "" if world.put_file(target, text) else f"{name}: write error: {FULL}\n"
    if not world.is_folder(source):
        return f"{name}: can't stat '{source}': {NO_SUCH}\n"
    if not set(options) & set("raR"):
        return f"{name}: omitting directory '{source}'\n"
    start = source.rstrip("/") + "/"
    world.make_folder(target)
    for path in world.paths(start):
        inner = posixpath.join(target, path[len(posixpath.normpath("/" + start)) + 1 :])
        if path.endswith("/"):
            world.make_folder(inner)
        elif not world.put_file(inner, world.read_file(path) or ""):
            return f"{name}: write error: {FULL}\n"
    return ""


def move(process, world, words, stdin):
    paths, errors = arguments_of(words)[1], ""
    if len(paths) < 2:
        return Finished(1, errors="BusyBox v1.35.0 multi-call binary.\n\nUsage: mv [-finT] SOURCE DEST\n")
    for source in paths[:-1]:
        target = target_of(world, source, paths[-1])
        if absolute(target).startswith(absolute(source).rstrip("/") + "/"):
            errors += f"mv: can't rename '{source}': Invalid argument\n"
            continue
        wrong = copied(world, source, target, "mv", "r")
        errors += wrong
        if not wrong and not world.remove_file(source):
            forget_folder(world, source)
    return finished(errors)


def list_files(process, world, words, stdin):
    options, paths = arguments_of(words)
    output, errors = "", ""
    for path in paths or ["/"]:
        if world.read_file(path) is not None:
            output += f"{path}\n"
        elif not world.is_folder(path):
            errors += f"ls: {path}: {NO_SUCH}\n"
        else:
            names = world.names(path) if "a" in options else [name for name in world.names(path) if not name.startswith(".")]
            shown = "".join(f"{name}\n" for name in names)
            output += f"{path}:\n{shown}" if len(paths) > 1 else shown
    return finished(errors, output)


def tee(process, world, words, stdin):
    options, paths = arguments_of(words)
    for path in paths:
        world.write_file(path, stdin, append="a" in options)
    return Finished(0, stdin)
