"""Owns what a process sees of its container: its log, its files and those of the Pod's volumes, and the date."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Any

from .state import Log, Process, RuntimeState
from .wire import Wire

LOG_LINES, LOG_BYTES = 2_000, 256 * 1024
FILE_BYTES, FILES = 1024 * 1024, 400  # of one file that is written bit by bit, and how many there may be
DISK_BYTES = 4 * 1024 * 1024  # of all the files of a container, or of a volume
FOLDERS = ("/", "/bin", "/dev", "/etc", "/home", "/mnt", "/opt", "/proc", "/root", "/run", "/sys", "/tmp", "/usr", "/var")
LONGEST_LINE = 16 * 1024  # what the runtime's logger keeps in one piece


def absolute(path: str) -> str:
    """A path from the root, as it is read by a program whose folder is the root."""
    return posixpath.normpath("/" + path.lstrip("/"))


class ContainerWorld:
    """One container as the machine of shell/ wants it (see World there)."""

    terminal = (0, 0)  # its rows and columns, where there is one
    client = "127.0.0.1"  # of a server: who asks
    runtime: Any = None  # the node's Containerd

    def __init__(
        self,
        state: RuntimeState,
        container: str,
        uid: str,
        process: Process,
        now_ms: int,
        date_text: str,
        unix_s: int,
        write: Callable[[str, str], None] | None = None,
    ):
        self.state, self.container, self.uid, self.process = state, container, uid, process
        self.now_ms, self.date_text, self.unix_s = now_ms, date_text, unix_s
        self.wrote = write

    @property
    def network(self) -> Wire:
        """What it can reach; see wire.py."""
        return Wire(self.runtime, self.container)

    def write(self, stream: str, text: str) -> None:
        if self.wrote is not None:
            self.wrote(stream, text)

    def files_of(self, path: str) -> dict[str, str]:
        """The files of the volume that holds a path, else the container's own."""
        mounts = [mount for mount in self.process.mounts if path == mount or path.startswith(mount.rstrip("/") + "/")]
        if not mounts:
            return self.process.files
        volume = self.process.mounts[max(mounts, key=len)]
        return self.state.volumes.setdefault(f"{self.uid}/{volume}", {})

    def inner(self, path: str) -> str:
        """A path as the other mounts of the same volume know it."""
        mounts = [mount for mount in self.process.mounts if path == mount or path.startswith(mount.rstrip("/") + "/")]
        return path[len(max(mounts, key=len)) :] if mounts else path

    def input_all(self) -> str | None:
        """All of the input that comes, None when it has not ended yet. Here: none ever comes."""
        return ""

    def input_line(self) -> str | None:
        """A line of the input with its end, "" when there is no more, None when there is none yet."""
        return ""

    def input_some(self) -> tuple[str, bool]:
        """What has come in, and whether that was the end."""
        return "", True

    def first_processes(self) -> list[Process]:
        """The first processes that are seen here: of the container whose namespace this one shares, then its own."""
        target = self.state.processes.get(self.process.target)
        return [self.process] if target is None else [target, self.process]

    def signal(self, pid: str, name: str) -> bool:
        """Whether there is such a process to be signalled; a first process signals nobody here."""
        return False

    def read_file(self, path: str) -> str | None:
        path = absolute(path)
        text = self.files_of(path).get(self.inner(path))
        return f"{self.process.hostname}\n" if text is None and path == "/etc/hostname" else text

    def write_file(self, path: str, text: str, *, append: bool) -> bool:
        """Write bit by bit; of a file that grows without end the last part is kept. False when there is no room."""
        path = absolute(path)
        before = (self.files_of(path).get(self.inner(path), "") if append else "")
        return self.put_file(path, (before + text)[-FILE_BYTES:])

    def put_file(self, path: str, text: str) -> bool:
        """Write a whole file, as large as it is; False when there is no room for it."""
        path = absolute(path)
        files, name = self.files_of(path), self.inner(path)
        taken = sum(len(other) for key, other in files.items() if key != name)
        if len(text) + taken > DISK_BYTES or (name not in files and len(files) >= FILES):
            return False
        files[name] = text
        return True

    def remove_file(self, path: str) -> bool:
        path = absolute(path)
        return self.files_of(path).pop(self.inner(path), None) is not None

    def drop(self, path: str) -> None:
        """Forget a path of `paths`, a folder's too."""
        self.files_of(path).pop(self.inner(path), None)

    def names(self, folder: str) -> list[str]:
        """What is in a folder, in order."""
        start = absolute(folder).rstrip("/") + "/"
        inside = [*self.paths(start), *(known for known in (*FOLDERS, *self.process.mounts) if known.startswith(start))]
        return sorted({name for path in inside if (name := path[len(start) :].split("/")[0])})

    def make_folder(self, path: str) -> None:
        """A folder is there as long as something is in it; one that was made, always: its name ends in a slash."""
        path = absolute(path)
        if path != "/" and not self.is_folder(path):
            self.files_of(path).setdefault(self.inner(path) + "/", "")

    def is_folder(self, path: str) -> bool:
        path = absolute(path)
        return path in FOLDERS or any(path == mount.rstrip("/") for mount in self.process.mounts) or bool(self.paths(path + "/"))

    def paths(self, prefix: str) -> list[str]:
        """The files, and folders that were made, whose path begins so."""
        start = "/" if prefix in ("/", "//") else absolute(prefix) + ("/" if prefix.endswith("/") else "")
        files, inner = self.files_of(start), self.inner(start)
        return [start + name[len(inner) :] for name in sorted(files) if name.startswith(inner)]

    def date(self, form: str) -> str:
        """`date` and `date +%s`-like forms, from the virtual clock: 2026-01-01T09:00:00Z."""
        day, _, time = self.date_text.rstrip("Z").partition("T")
        if not form:
            return f"{day} {time} UTC"
        hour, minute, second = time.split(":")
        year, month, number = day.split("-")
        for name, value in (
            ("%F", day),
            ("%T", time),
            ("%Y", year),
            ("%m", month),
            ("%d", number),
            ("%H", hour),
            ("%M", minute),
            ("%S", second),
            ("%s", str(self.unix_s)),
        ):
            form = form.replace(name, value)
        return form


def append(log: Log, now_ms: int, stream: str, text: str) -> None:
    """Add what was written, line by line; the oldest lines go when there are too many."""
    for line in text.splitlines():
        log.lines.append([now_ms, stream, line])
        log.size += len(line)
        log.written += 1
    while log.lines and (len(log.lines) > LOG_LINES or log.size > LOG_BYTES):
        log.size -= len(log.lines.pop(0)[2])


def append_pieces(log: Log, now_ms: int, stream: str, text: str) -> None:
    """Add what a terminal shows: a line counts once its end is written."""
    *lines, rest = (log.rest.pop(stream, "") + text).split("\n")
    if rest:
        log.rest[stream] = rest[-LONGEST_LINE:]
    for line in lines:
        append(log, now_ms, stream, line.removesuffix("\r") or "\n")


def flush(log: Log, now_ms: int) -> None:
    """The program has ended: what it wrote without a line's end is a line too."""
    for stream in list(log.rest):
        append(log, now_ms, stream, log.rest.pop(stream))
