"""What an image is: the one dataclass that each file of images/ fills in as `IMAGE`, and what a program of it does next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

NOT_IN_BUSYBOX = ("curl", "bash", "dash", "dig", "getent")


class Act(NamedTuple):
    """What a program does next. after_ms: when it goes on; -1: not before a signal. code: it ends, with this exit code.

    is_background: this goes on for ever by itself (a period, a poll); a start-up is not.
    """

    after_ms: int = -1
    code: int = -1
    is_background: bool = False

    @property
    def is_end(self) -> bool:
        return self.code >= 0


class Printed(NamedTuple):
    """What a command of an image's own came to: its exit code, what it printed, and what it complained of."""

    code: int = 0
    output: str = ""
    errors: str = ""


@dataclass(frozen=True, kw_only=True)
class Image:
    """How containers of an image behave.

    names: the full references it was measured from. repositories: whose images behave so, whatever their tag. Neither: every other
    image. command: what runs when the Pod names nothing. entrypoint: the part of it before which args never come (ENTRYPOINT); None: args
    come after all of `command`. dashed: the program that the image's entrypoint puts before args that begin with a dash.
    exit_codes: signal -> the code with which `command` ends on it; a signal that is missing is ignored, as PID 1 does.
    stop_signal: what the runtime sends to stop it. stop_ms: (least, most) from the signal to the end.
    user: who its programs run as (USER). groups: of users in its /etc/group, the first one their own.
    shell: it holds a shell and the usual small tools, but those that it `lacks`.
    tools: commands of its own, by name:
    functions of (world, words) that return a Printed.
    prompt_shows_folder: its shell is busybox's, whose prompt at a terminal is "/ # ".
    log: what `command` writes first. serves: port -> the server of servers.py, or of `answers` and `talks`, that `command` is.
    answers, talks: servers of its own, by name: of HTTP, and of other protocols. files: path -> text. env: its variables.
    children: the processes that `command` starts, as ps shows them.
    programs: name -> what it does, called with a Running (programs.py) at its start and whenever its time has come.
    signals: what a program does on a signal, where exit_codes do not say it: a function of (Running, signal); None: it ignores it.
    """

    names: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    size_bytes: int
    id: str = ""
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] = ()
    dashed: str = ""
    exit_codes: dict[str, int]
    stop_signal: str = "TERM"
    stop_ms: tuple[int, int] = (5, 25)
    user: int = 0
    groups: dict[int, tuple[int, ...]] = field(default_factory=dict)
    shell: bool = True
    lacks: tuple[str, ...] = ()
    prompt_shows_folder: bool = False
    log: tuple[str, ...] = ()
    serves: dict[int, str] = field(default_factory=dict)
    answers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    talks: dict[str, Callable[..., Any]] = field(default_factory=dict)
    tools: dict[str, Callable[..., Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    children: tuple[str, ...] = ()
    programs: dict[str, Callable[[Any], Act]] = field(default_factory=dict)
    signals: Callable[[Any, str], Act | None] | None = None
