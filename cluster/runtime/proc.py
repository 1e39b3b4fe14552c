"""Owns /proc as the processes of a container see it: the first programs of its process namespace, with their roots.

There are cgroup, cmdline, comm, environ, gid_map, mounts, oom_score_adj, root, status and uid_map of each, and what hardware.py says of the
machine. What a program starts has none of its own, nor have pause and the node's first program.
Through a root one sees and changes the files of another container, if one is root or has its user; whoever is refused finds nothing there.
Absolute links in it lead into one's own files. Source: Linux proc(5), ptrace(2), user_namespaces(7).
"""

from __future__ import annotations

import posixpath
from typing import Any

from . import capabilities, cgroups, hardware
from .filesystem import Node, Volume, folder
from .namespaces import SKIPPED, mates
from .state import Process

FOLDER = "/proc/"
FILES = ("cgroup", "cmdline", "comm", "environ", "gid_map", "mounts", "oom_score_adj", "root", "status", "uid_map")
IDS, IDS_EACH = 4_294_967_295, 65_536  # all there are, and those of a user namespace (DefaultKubeletUserNamespacesIDsPerPod)
MACHINE = ("cpuinfo", "loadavg", "meminfo", "mounts", "uptime", "version")


def programs(world: Any) -> dict[str, Process]:
    """number -> the first process of a container that has it here."""
    main = world.process
    if main.space:
        found = {str(each.first_pid): each for each in mates(world.state, main)}
    else:
        target = world.state.processes.get(main.target)
        firsts = [main] if target is None else [target, main]
        found = {str(1 + at * SKIPPED): each for at, each in enumerate(firsts)}
    return {**found, "self": main}


def is_root(path: str) -> bool:
    """Whether a path is the root of a program: a link to those who do not follow it."""
    return path.startswith(FOLDER) and path.endswith("/root") and path.split("/")[-3] == "proc"


def view(world: Any, path: str) -> tuple[Any, str] | None:
    """Whose files a path below some root is of, and which; None for all other paths."""
    _, _, rest = path.partition(FOLDER)
    number, _, rest = rest.partition("/")
    if rest != "root" and not rest.startswith("root/"):
        return None
    process = programs(world).get(number)
    if process is None or process.container not in world.state.containers or world.process.user not in (0, process.user):
        return None
    return world.beside(process), rest[4:] or "/"


def node(world: Any, path: str) -> Node | None:
    """What stands at a path below /proc."""
    seen = view(world, path)
    if seen is not None:
        return seen[0]._node(seen[1])
    number, _, name = path[len(FOLDER) :].partition("/")
    if name == "mounts" or (number == "mounts" and not name):
        return Node("".join(f"{' '.join(row)} 0 0\n" for row in mounts(world)), mode=0o444)
    text = hardware.text_of(world, number) if not name else None
    if text is not None:
        return Node(text, mode=0o444)
    process = programs(world).get(number)
    if process is None:
        return None
    if not name:
        return folder(mode=0o555)
    text = _oom_score(world, process) if name == "oom_score_adj" else text_of(process, name)
    return None if text is None else Node(text, mode=0o400 if name == "environ" else 0o444, owner=process.user)


def _oom_score(world: Any, process: Process) -> str:
    container, runtime = world.state.containers.get(process.container), world.runtime
    if container is None or runtime is None or runtime.listener is None:
        return "0\n"
    return f"{runtime.listener.oom_score_adj(container.uid, container.name)}\n"


def text_of(process: Process, name: str) -> str | None:
    if name == "cmdline":
        return "".join(f"{word}\0" for word in process.argv)
    if name == "cgroup":
        return "0::/\n"
    if name == "status":
        return status_of(process)
    if name in ("uid_map", "gid_map"):
        return f"{0:>10} {process.first_user:>10} {IDS_EACH if process.first_user else IDS:>10}\n"
    if name == "environ":
        return "".join(f"{key}={value}\0" for key, value in process.env.items())
    return posixpath.basename(process.argv[0])[:15] + "\n" if name == "comm" and process.argv else None


def status_of(process: Process) -> str:
    """The lines of `status` that tell who a process is and what it may."""
    user, group, pid = process.user, process.group, str(process.first_pid)
    name = posixpath.basename(process.argv[0])[:15] if process.argv else ""
    rows = [("Name", name), ("State", "S (sleeping)"), ("Tgid", pid), ("Pid", pid), ("PPid", "0"),
            ("Uid", "\t".join([str(user)] * 4)), ("Gid", "\t".join([str(group)] * 4)),
            ("Groups", "".join(f"{each} " for each in dict.fromkeys([group, *process.groups]))), ("VmRSS", f"{process.memory_bytes >> 10:>8} kB"),
            ("Threads", "1"), *capabilities.rows(process.capabilities, user), ("NoNewPrivs", str(int(process.no_new_privileges))),
            ("Seccomp", "2" if process.is_filtered else "0")]  # fmt: skip
    return "".join(f"{name}:\t{value}\n" for name, value in rows)


def mounts(world: Any) -> list[tuple[str, str, str, str]]:
    """(device, where, file system, how) of all that is mounted into a container."""
    rows = [("overlay", "/", "overlay", f"{'ro' if world.process.read_only else 'rw'},relatime"),
            ("proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime"), ("tmpfs", "/dev", "tmpfs", "rw,nosuid,size=65536k,mode=755"),
            ("sysfs", "/sys", "sysfs", "ro,nosuid,nodev,noexec,relatime"), cgroups.MOUNT]  # fmt: skip
    for point, volume, mount in world.mounted():
        device, kind = device_of(volume)
        rows.append((device, point, kind, f"{'ro' if mount.read_only else 'rw'},relatime"))
    return rows


def device_of(volume: Volume) -> tuple[str, str]:
    return ("tmpfs", "tmpfs") if volume.is_in_memory else ("/dev/vda1", "ext4")


def below(world: Any, start: str) -> list[str]:
    """Every path below a folder of /proc (which ends in a slash)."""
    seen = view(world, start.rstrip("/"))
    if seen is not None:
        lead = seen[1].rstrip("/") + "/"
        return [start + path[len(lead) :] for path in seen[0]._below(lead)]
    numbers = programs(world)
    found = [f"{FOLDER}{number}{rest}" for number in numbers for rest in ("", *(f"/{name}" for name in FILES))]
    found += [FOLDER + name for name in MACHINE]
    return [path for path in found if path.startswith(start)]
