"""Owns what a container's first process is and how it takes signals: pure rules over a Process.

PID 1 of a container ignores a signal that it has no handler for, as the kernel has it; only KILL always works.
Sources: pid_namespaces(7); the recordings' busybox, nginx and tomcat.
"""

from __future__ import annotations

import posixpath

from .filesystem import Mount
from .image import Image
from .images import behaviours
from .shell import machine
from .shell.machine import Step, World
from .shell.tools import TOOLS
from .state import Process

SHELLS = ("sh", "ash", "bash", "dash")
SHELL_ALONE = (("sh",), ("/bin/sh",))
KILLED = 137
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # of images that say nothing else (containerd oci/spec.go)
NOT_FOUND = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    'unable to start container process: exec: "{program}": executable file not found in $PATH: unknown'
)


class StartError(Exception):
    """The first program cannot be started; the message is the runtime's."""


def command_line(image: Image, command: list[str], args: list[str]) -> list[str]:
    """What runs: the Pod's command and args in place of the image's, as the fields are defined."""
    if command:
        return [*command, *args]
    if args and image.entrypoint is not None:
        return [*image.entrypoint, *([image.dashed] if image.dashed and args[0].startswith("-") else []), *args]
    if args and image.command in SHELL_ALONE:  # it is the image's CMD, which args take the place of
        return list(args)
    return [*image.command, *args]


def make(
    container: str,
    behaviour: str,
    *,
    command: list[str],
    args: list[str],
    env: dict[str, str],
    hostname: str,
    mounts: dict[str, Mount],
    folder: str = "",
) -> Process:
    """PID 1 of a container of this image. Raises StartError when there is no such program."""
    image = behaviours()[behaviour]
    argv = command_line(image, command, args)
    env = {"PATH": PATH, "HOSTNAME": hostname, **image.env, **env}
    process = Process(
        container=container, kind="server", argv=argv, env=env, hostname=hostname, mounts=mounts, behaviour=behaviour, folder=folder
    )
    program = argv[0].rpartition("/")[2]
    if program in image.programs:
        return process
    is_own = not command and (bool(image.exit_codes) or not args) and image.entrypoint is None
    if is_own and image.command not in SHELL_ALONE:
        return process
    if image.shell and is_tool(program):
        process.kind = "script"
        machine.start(process, argv)
    elif (image.names or image.repositories) and program != posixpath.basename(image.command[0]):
        raise StartError(NOT_FOUND.format(program=argv[0]))
    return process


def is_tool(program: str) -> bool:
    """Whether a program is a shell or one of the small tools."""
    return program in TOOLS


def begin(process: Process, argv: list[str], main: Process, *, is_interactive: bool = False) -> None:
    """Begin a program beside a container's first process."""
    main.last_pid += 1
    machine.start(process, argv, is_interactive=is_interactive, pid=main.last_pid)


def advance(process: Process, world: World) -> Step:
    """Run a script on from where it stands."""
    return machine.run(process, world)


def exit_on(process: Process, signal: str) -> int | None:
    """The code with which a program that is no script ends on a signal; None: it ignores it."""
    return behaviours()[process.behaviour].exit_codes.get(signal)


def interrupt(process: Process, world: World, signal: str, *, pid: int = 0) -> int:
    """A signal reaches a script, or one of its children. Returns how long until it goes on; -1: there is nothing new to wait for."""
    return machine.signal(process, world, signal, pid=pid)


def duration_of(argv: list[str], process: Process | None, world: World, *, limit_ms: int) -> tuple[int, int]:
    """(ms, exit code) of a command run beside PID 1 (`exec`): it is walked through at once, its waits added up.

    A simplification: what it writes is written at its beginning.
    """
    program = argv[0].rpartition("/")[2] if argv else ""
    if not is_tool(program):
        return 0, 127
    helper = Process(
        container="",
        kind="script",
        argv=argv,
        env=dict(process.env) if process else {},
        hostname=process.hostname if process else "",
    )
    machine.start(helper, argv, pid=2)
    began = world.now_ms
    total = 0
    for _ in range(1000):
        step = advance(helper, world)
        if step.kind == "exit":
            return total, step.code
        if step.wait_ms < 0 or total + step.wait_ms >= limit_ms:
            return limit_ms, KILLED
        total += step.wait_ms
        world.now_ms = began + total
    return limit_ms, KILLED
