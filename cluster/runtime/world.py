"""Owns what a process sees of its container: its log, its files (see files.py), other processes, and the date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import pids
from .files import Files
from .namespaces import children_of, next_pid, programs
from .proc import programs as reached
from .state import Log, Process, RuntimeState
from .wire import Wire

LOG_LINES, LOG_BYTES = 2_000, 256 * 1024
LINE_HEAD = 41  # of a line in the file: time, stream, F, spaces, and its end
LONGEST_LINE = 16 * 1024  # what the runtime's logger keeps in one piece


class ContainerWorld(Files):
    """One container as the machine of shell/ wants it (see World there); its files are in files.py."""

    terminal = (0, 0)  # its rows and columns, where there is one
    is_terminal = False
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

    def write_elsewhere(self, container: str, stream: str, text: str) -> None:
        """Write to the output of another program here, into the log of its container."""
        if self.runtime is not None:
            self.runtime.wrote(container, stream, text)

    def container_of(self, number: str) -> str:
        """Whose first program has that number here, and may be reached through /proc; "" if nobody's."""
        found = reached(self).get(number)
        if found is self.process:
            return self.container
        return found.container if found is not None and self.process.user in (0, found.user) else ""

    def input_all(self) -> str | None:
        """All of the input that comes, None when it has not ended yet. Here: none ever comes."""
        return ""

    def input_line(self) -> str | None:
        """A line of the input with its end, "" when there is no more, None when there is none yet."""
        return ""

    def input_some(self) -> tuple[str, bool]:
        """What has come in, and whether that was the end."""
        return "", True

    def new_pid(self) -> int:
        """A number for a process that begins."""
        return next_pid(self.state, self.process)

    def may_fork(self) -> bool:
        """Whether one more process may begin."""
        return self.runtime is None or pids.may_fork(self.state, self.uid, self.runtime.memory_bytes)

    def bombed(self) -> None:
        """A fork bomb has gone off here."""
        if self.runtime is not None:
            self.runtime.fork_bombed(self.container)

    def programs(self) -> list[tuple[list[str], Any, int]]:
        """(command line, its Machine where it is a script, number) of the programs that are seen here, that of the namespace first."""
        if self.process.space:
            return programs(self.state, self.process)
        target = self.state.processes.get(self.process.target)
        firsts = [self.process] if target is None else [target, self.process]
        found = [(each.argv, each.machine, 1 + at * 6) for at, each in enumerate(firsts)]
        children = [(text.split(" "), None, 0) for text in children_of(self.process)]
        beside = [run.process for run in self.state.execs.values() if run.container == self.container and run.process is not None]
        return found + children + [(each.argv, each.machine, 0) for each in beside if each.machine is not None]

    def takes(self, memory_bytes: int) -> bool:
        """Hold so much memory beside what is held already; True when it is more than there is: the kernel has killed the container."""
        limit = self.process.memory_limit or (self.runtime.memory_bytes if self.runtime is not None else 0)
        if not limit or self.process.memory_bytes + memory_bytes <= limit:
            return False
        self.runtime.out_of_memory(self.container)
        return True

    def signal(self, pid: str, name: str) -> bool:
        """Signal a process of another program in this container; whether there is one."""
        if self.runtime is None or (name == "EXIT" and not self.process.space):
            return any(machine is not None and pid in machine.tasks for _, machine, _ in self.programs())
        return self.runtime.signal_beside(self.container, pid, name)


def append(log: Log, now_ms: int, stream: str, text: str) -> None:
    """Add what was written, line by line; the oldest lines go when there are too many."""
    log.is_open = False
    for line in text.splitlines():
        log.lines.append([now_ms, stream, line])
        log.size += len(line)
        log.file_bytes += len(line) + LINE_HEAD
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
        log.is_open = True
