"""What an image is: the one dataclass that each file of images/ fills in as `IMAGE`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Image:
    """How containers of an image behave.

    names: the full references it was measured from. repositories: whose images behave so, whatever their tag. Neither: every other
    image. command: what runs when the Pod names nothing.
    exit_codes: signal -> the code with which `command` ends on it; a signal that is missing is ignored, as PID 1 does.
    stop_signal: what the runtime sends to stop it. stop_ms: (least, most) from the signal to the end.
    shell: it holds a shell and the usual small tools.
    prompt_shows_folder: its shell is busybox's, whose prompt at a terminal is "/ # ".
    log: what `command` writes first. serves: port -> the server of servers.py that `command` is. files: path -> text.
    """

    names: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    size_bytes: int
    id: str = ""
    command: tuple[str, ...] = ()
    exit_codes: dict[str, int]
    stop_signal: str = "TERM"
    stop_ms: tuple[int, int] = (5, 25)
    shell: bool = True
    prompt_shows_folder: bool = False
    log: tuple[str, ...] = ()
    serves: dict[int, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
