"""Owns what a container's first process is and how it takes signals: pure rules over a Process.

PID 1 of a container ignores a signal that it has no handler for, as the kernel has it; only KILL always works.
Sources: pid_namespaces(7); the recordings' busybox, nginx and tomcat.
"""

from __future__ import annotations

import posixpath

from .filesystem import Mount
from .image import Image
from .images import behaviours
from .lookup import failure, is_known, refusal
from .shell import machine
from .shell.children import SIGNALS
from .shell.machine import Step, World
from .state import Process, Surroundings

SHELLS = ("sh", "ash", "bash", "dash")
SHELL_ALONE = (("sh",), ("/bin/sh",))
KILLED = 137
DEADLY = ("TERM", "INT", "QUIT")  # what ends most programs that have no handler and are not PID 1
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # of images that say nothing else (containerd oci/spec.go)
NOT_STARTED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: {reason}: unknown"
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
    around: Surroundings,
) -> Process:
    """PID 1 of a container of this image; its kind is "file" where its program is none that the image is known to have."""
    # The user is set when the runtime, as root, has made what is missing.
    image = behaviours()[behaviour]
    argv = command_line(image, command, args)
    env = {"PATH": PATH, "HOSTNAME": hostname, **image.env, **env}
    process = Process(
        container=container, kind="server", argv=argv, env=env, hostname=hostname, mounts=mounts, behaviour=behaviour,
        folder=around.folder, hosts=around.hosts, resolver=around.resolver, read_only=around.read_only,
        no_new_privileges=around.no_new_privileges, capabilities=around.capabilities,
        memory_limit=around.memory_bytes, disk_limit=around.disk_bytes, cpu_request=around.cpu_request, cpu_limit=around.cpu_limit,
        sysctls=around.sysctls, first_user=around.first_user, is_filtered=around.is_filtered,
    )  # fmt: skip
    program = argv[0].rpartition("/")[2]
    if program in image.programs:
        return process
    is_own = not command and (bool(image.exit_codes) or not args) and image.entrypoint is None
    if is_own and image.command not in SHELL_ALONE:
        return process
    if image.shell and is_known(image, argv[0]):
        process.kind = "script"
        machine.start(process, argv)
    elif not (image.names or image.repositories) or program != posixpath.basename(image.command[0]):
        process.kind = "file"
    return process


def look_up(process: Process, world: World) -> str:
    """Find the program of a process of the kind "file": a script to be run. Returns what the kernel says of one that it cannot run.

    Of an image that nobody knows, what is not found is taken for a program of its own. Raises StartError when there is none.
    """
    image, program = behaviours()[process.behaviour], process.argv[0]
    reason = refusal(image, program, world)
    if reason and not (image.names or image.repositories):
        process.kind = "server"
        return ""
    if reason:
        raise StartError(NOT_STARTED.format(reason=reason))
    failed = failure(image, program, world)
    if not failed:
        process.kind = "script"
        machine.start(process, process.argv, pid=process.first_pid)
    return failed


def begin(process: Process, argv: list[str], *, pid: int, is_interactive: bool = False) -> None:
    """Begin a program beside a container's first process."""
    machine.start(process, argv, is_interactive=is_interactive, pid=pid)


def advance(process: Process, world: World) -> Step:
    """Run a script on from where it stands."""
    return machine.run(process, world)


def exit_on(process: Process, signal: str) -> int | None:
    """The code with which a program that is no script ends on a signal; None: it ignores it, as PID 1 does where it has no handler."""
    unhandled = 128 + SIGNALS[signal] if process.space and signal in DEADLY else None
    return behaviours()[process.behaviour].exit_codes.get(signal, unhandled)


def interrupt(process: Process, world: World, signal: str, *, pid: int = 0) -> int:
    """A signal reaches a script, or one of its children. Returns how long until it goes on; -1: there is nothing new to wait for."""
    return machine.signal(process, world, signal, pid=pid)
