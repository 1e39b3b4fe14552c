"""Owns what a process sees of its container: its log, its files and those of the Pod's volumes, and the date."""

from __future__ import annotations

from .state import Log, Process, RuntimeState

LOG_LINES, LOG_BYTES = 2_000, 256 * 1024
FILE_BYTES, FILES = 64 * 1024, 200


class ContainerWorld:
    """One container as the machine of shell/ wants it (see World there)."""

    def __init__(
        self, state: RuntimeState, container: str, uid: str, process: Process, now_ms: int, date_text: str, unix_s: int
    ):
        self.state, self.container, self.uid, self.process = state, container, uid, process
        self.now_ms, self.date_text, self.unix_s = now_ms, date_text, unix_s

    def write(self, stream: str, text: str) -> None:
        append(self.state.logs.setdefault(self.container, Log()), self.now_ms, stream, text)

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

    def signal(self, pid: str, name: str) -> bool:
        """Whether there is such a process to be signalled; a first process signals nobody here."""
        return False

    def read_file(self, path: str) -> str | None:
        return self.files_of(path).get(self.inner(path))

    def write_file(self, path: str, text: str, *, append: bool) -> None:
        files, name = self.files_of(path), self.inner(path)
        if name in files or len(files) < FILES:
            files[name] = ((files.get(name, "") if append else "") + text)[-FILE_BYTES:]

    def remove_file(self, path: str) -> bool:
        return self.files_of(path).pop(self.inner(path), None) is not None

    def paths(self, prefix: str) -> list[str]:
        files, inner = self.files_of(prefix), self.inner(prefix)
        return [prefix + name[len(inner) :] for name in sorted(files) if name.startswith(inner)]

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
