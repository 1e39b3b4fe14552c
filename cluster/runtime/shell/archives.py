"""Owns `tar` of a shell, by which `kubectl cp` copies: archives are made and read in memory, with busybox's messages.

Files have no owner, mode or time of their own, so archives say root, 0644 and now. Links and compression are left out.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from dataclasses import dataclass
from typing import NamedTuple

from ..files import DISK_BYTES
from ..octets import bytes_of, text_of
from .call import Call

USAGE = "BusyBox v1.35.0 multi-call binary.\n\nUsage: tar c|x|t [-hvokO] [-f TARFILE] [-C DIR] [-X FILE] [FILE]...\n"
IGNORED = ("--no-same-permissions", "--no-same-owner")
DELAYED = "tar: error exit delayed from previous errors\n"
MOST_MEMBERS = 1000


@dataclass
class Finished:
    """A run of tar that ended: what it printed (notes: to the errors, before its output, so that who reads that to its end knows)."""

    status: int
    output: str = ""
    errors: str = ""
    notes: str = ""


class Asked(NamedTuple):
    """What a command line asks for. action: "c", "x" or "t"; archive: a path, "-" for input and output."""

    action: str
    archive: str
    folder: str
    paths: list[str]
    wrong: str = ""


def asked(words: list[str], home: str = "/") -> Asked:
    action, archive, folder, paths, at = "", "-", home, [], 1
    while at < len(words):
        word = words[at]
        if word in IGNORED:
            pass
        elif (word.startswith("-") and word != "-") or at == 1:
            for letter in word.lstrip("-"):
                if letter in "cxt":
                    action = letter
                elif letter in "fC":
                    at += 1
                    value = words[at] if at < len(words) else ""
                    archive, folder = (value, folder) if letter == "f" else (archive, value)
                elif letter not in "vmopkh":
                    return Asked(action, archive, folder, paths, f"tar: invalid option -- '{letter}'\n{USAGE}")
        else:
            paths.append(word)
        at += 1
    return Asked(action, archive, folder, paths, "" if action else USAGE)


def reads_input(words: list[str]) -> bool:
    wanted = asked(words)
    return wanted.action in ("x", "t") and wanted.archive == "-" and not wanted.wrong


def tar_of(call: Call) -> int:
    """`tar c|x|t [-f ARCHIVE] [-C FOLDER] [PATH…]`."""
    stdin = call.read_all() if reads_input(call.words) else ""
    done = tar(call.world, call.words, stdin, call.task.folder)
    call.err(done.notes)
    call.out(done.output)
    call.err(done.errors)
    return done.status


def tar(world, words: list[str], stdin: str, home: str = "/") -> Finished:
    wanted = asked(words, home)
    wanted = wanted._replace(folder=posixpath.join(home, wanted.folder), archive=wanted.archive if wanted.archive == "-" else
                             posixpath.join(home, wanted.archive))  # fmt: skip
    if wanted.wrong:
        return Finished(1, errors=wanted.wrong)
    if not world.is_folder(wanted.folder):
        return Finished(1, errors=f"tar: can't change directory to '{wanted.folder}': No such file or directory\n")
    if wanted.action == "c":
        return created(world, wanted)
    text = stdin if wanted.archive == "-" else world.read_file(wanted.archive)
    if text is None:
        return Finished(1, errors=f"tar: can't open '{wanted.archive}': No such file or directory\n")
    return extracted(world, wanted, bytes_of(text))


def created(world, wanted: Asked) -> Finished:
    """An archive of files, and of folders with all in them."""
    buffer, errors, cut = io.BytesIO(), "", ""
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in wanted.paths:
            members = members_of(world, wanted.folder, path)
            if not members:
                errors += f"tar: {path}: No such file or directory\n"
            elif path.startswith("/") and not cut:
                cut = "tar: removing leading '/' from member names\n"
                errors += cut
            for name, text in members:
                try:
                    add(archive, name.lstrip("/") or "./", text, world.unix_s)
                except ValueError:
                    errors += f"tar: {name}: File name too long\n"
    status, delayed = (1, DELAYED) if errors != cut else (0, "")
    text = text_of(buffer.getvalue())
    if wanted.archive == "-":
        return Finished(status, text, delayed, notes=errors)
    if not world.put_file(wanted.archive, text):
        return Finished(1, errors="tar: write error: No space left on device\n", notes=errors)
    return Finished(status, errors=delayed, notes=errors)


def members_of(world, folder: str, path: str) -> list[tuple[str, str | None]]:
    """(name in the archive, text; None for a folder)."""
    full = posixpath.join(folder, path)
    text = world.read_file(full)
    if text is not None:
        return [(path, text)]
    if not world.is_folder(full):
        return []
    found: dict[str, str | None] = {path.rstrip("/") + "/": None}
    base = posixpath.normpath("/" + full.lstrip("/"))
    for each in world.paths(base.rstrip("/") + "/"):
        inner = each[len(base.rstrip("/")) + 1 :]
        folders = inner.split("/")[:-1]
        for depth in range(1, len(folders) + 1):
            found.setdefault(posixpath.join(path, *folders[:depth]) + "/", None)
        if not each.endswith("/"):
            found[posixpath.join(path, inner)] = world.read_file(each) or ""
    return list(found.items())


def add(archive: tarfile.TarFile, name: str, text: str | None, unix_s: int) -> None:
    member = tarfile.TarInfo(name_out(name))
    member.mtime, member.uname, member.gname = unix_s, "root", "root"
    data = b"" if text is None else bytes_of(text)
    member.type, member.mode, member.size = (tarfile.DIRTYPE, 0o755, 0) if text is None else (tarfile.REGTYPE, 0o644, len(data))
    archive.addfile(member, io.BytesIO(data))


def name_in(name: str) -> str:
    """A member's name as a text of octets.py: tarfile marks what is no UTF-8 by half a surrogate pair."""
    return text_of(name.encode("utf-8", "surrogateescape"))


def name_out(name: str) -> str:
    """The same, the other way."""
    return bytes_of(name).decode("utf-8", "surrogateescape")


def extracted(world, wanted: Asked, data: bytes) -> Finished:
    """Write what an archive holds, or list it."""
    names: list[str] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                if len(names) >= MOST_MEMBERS:
                    return Finished(1, errors="tar: write error: No space left on device\n")
                member.name = name_in(member.name)
                names.append(member.name + ("/" if member.isdir() else ""))
                wrong = written(world, wanted, archive, member) if wanted.action == "x" else ""
                if wrong:
                    return Finished(1, errors=wrong)
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError):
        return Finished(1, errors="tar: short read\n" if len(data) < 512 else "tar: invalid tar magic\n")
    return Finished(0, "".join(f"{name}\n" for name in names) if wanted.action == "t" else "")


def written(world, wanted: Asked, archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Write one member; returns what went wrong."""
    name = member.name.lstrip("/")
    if ".." in name.split("/"):
        return f"tar: name with '..' skipped: '{member.name}'\n"
    path = posixpath.join(wanted.folder, name)
    if member.isdir():
        world.make_folder(path)
    elif member.isreg():
        if member.size > DISK_BYTES:  # before it is read: what is left out of a sparse file is nowhere but in memory
            return f"tar: can't write '{name}': No space left on device\n"
        text = text_of(archive.extractfile(member).read())
        if world.is_folder(path):
            return f"tar: can't open '{name}': Is a directory\n"
        if not world.put_file(path, text):
            return f"tar: can't write '{name}': No space left on device\n"
    return ""


ARCHIVES = {"tar": tar_of}
