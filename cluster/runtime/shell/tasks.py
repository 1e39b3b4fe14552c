"""Owns what a program and its children remember while they run: processes, descriptors and pipes, all plain data.

A descriptor is a text: "in", "out", "err" (what the program was started with), "null", "pipe 3 r", "pipe 3 w", "file 5".
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Frame(Struct):
    """A text that a shell is going through. kind: "script", "function", "dot", "eval", "trap". saved: descriptors to go back to."""

    text: str
    unit: int = 0
    at: int = 0
    kind: str = "script"
    is_tested: bool = False
    loops: dict[str, list[Any]] = field(default_factory=dict)  # slot of a `for` -> [items, next]
    saved: list[dict[str, str]] = field(default_factory=list)
    restores: dict[str, str | None] = field(default_factory=dict)  # variables that come back at its end
    arguments: list[str] | None = None  # those of the caller
    status: int = 0  # of a trap: what `$?` was


class Front(Struct):
    """A command under way in a process. memory: what it keeps between its turns."""

    words: list[str]
    descriptors: dict[str, str]
    assigned: dict[str, str] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    is_tested: bool = False
    is_last: bool = False  # the process ends with it


class Task(Struct):
    """A process. wait: what it waits for: [] (nothing), ["until", ms], ["nap", since, length], ["pipe", n], ["line", n, seen],
    ["room", n], ["input"], ["children", pid, …], ["child", pid, ms], ["heard", note], ["prompt"], ["ever"], ["spin"].
    ended: its exit code once it is over, -1 before."""

    pid: int
    parent: int
    argv: list[str]
    name: str = "sh"  # `$0`
    shell: int = 0  # `$$`: the shell that it is a part of
    frames: list[Frame] = field(default_factory=list)
    front: Front | None = None
    variables: dict[str, str] = field(default_factory=dict)
    exported: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)  # of the environment, what was unset
    fixed: list[str] = field(default_factory=list)  # read-only
    arguments: list[str] = field(default_factory=list)
    functions: dict[str, list[Any]] = field(default_factory=dict)  # name -> [text, unit]
    traps: dict[str, str] = field(default_factory=dict)  # signal -> program, "" = ignored
    pending: list[str] = field(default_factory=list)
    descriptors: dict[str, str] = field(default_factory=lambda: {"0": "in", "1": "out", "2": "err"})
    folder: str = "/"
    mask: int = 0o022
    options: str = ""
    status: int = 0
    last_status: int = 0  # of the last `$(…)`
    background: int = 0  # `$!`
    jobs: list[list[Any]] = field(default_factory=list)  # [pid, text]
    results: list[str] = field(default_factory=list)  # what parts of the present command came to
    wait: list[Any] = field(default_factory=list)
    ended: int = -1
    reaped: dict[str, int] = field(default_factory=dict)  # children that are over: pid -> exit code
    busy: int = 0  # instructions since it last waited for time to pass
    is_shell: bool = True
    is_interactive: bool = False
    serves: list[str] = field(default_factory=list)  # ports on which it listens


class Pipe(Struct):
    """Bytes on their way. is_capture: of `$(…)`, which takes them without end."""

    text: str = ""
    is_capture: bool = False


class OpenFile(Struct):
    """An open file with its place; text: what is read when it is no file (a here-document)."""

    path: str = ""
    at: int = 0
    appends: bool = False
    writes: bool = False
    text: str | None = None


class Machine(Struct):
    """A program with all its children; the first one is the program."""

    tasks: dict[str, Task] = field(default_factory=dict)
    pipes: dict[str, Pipe] = field(default_factory=dict)
    files: dict[str, OpenFile] = field(default_factory=dict)
    last_pid: int = 0
    last_number: int = 0
    steps: int = 0  # ever
    refused: int = 0  # forks, since nothing was left to do
    is_spinning: bool = False  # something in it has been left to spin, and it was told
