"""Owns what a program reads of the machine that it runs on: as much memory, disk and as many processors as the Node object says.

A simplification: half of the memory that nobody uses holds files (buff/cache), the load is always the same, and what is on the disk
counts by its images and files alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import pids

SYSTEM_MEMORY = 700 << 20  # what the machine's own programs hold
KERNEL, RELEASE, BUILD = "Linux", "6.18.44", "#1 SMP PREEMPT_DYNAMIC"
SHARED_KIB = 2_104
LOAD = "0.08 0.05 0.01"


@dataclass(frozen=True)
class Hardware:
    """Of one node."""

    cpus: int = 2
    memory_bytes: int = 4 << 30
    disk_bytes: int = 40 << 30


PLAIN = Hardware()


def of(world: Any) -> Hardware:
    """The machine of a process."""
    runtime = getattr(world, "runtime", None)
    return PLAIN if runtime is None else runtime.hardware


def memory_kib(world: Any) -> dict[str, int]:
    """How the memory is spent, by the words of `free`."""
    runtime = getattr(world, "runtime", None)
    held = sum(process.memory_bytes for process in runtime.state.processes.values()) if runtime is not None else 0
    total, used = of(world).memory_bytes >> 10, (SYSTEM_MEMORY + held) >> 10
    cached = max(total - used, 0) // 2
    return {"total": total, "used": used, "free": total - used - cached, "shared": SHARED_KIB, "cached": cached, "available": total - used}


def disk_used_bytes(world: Any) -> int:
    """What is on the disk beside the containers' own files."""
    runtime = getattr(world, "runtime", None)
    if runtime is None:
        return PLAIN.disk_bytes // 5
    return sum(image.size_bytes for image in runtime.state.images.values()) + runtime.state.filled_bytes


def up_ms(world: Any) -> int:
    """For how long the machine has been up."""
    runtime = getattr(world, "runtime", None)
    return world.now_ms - (runtime.state.booted_ms if runtime is not None else 0)


def text_of(world: Any, name: str) -> str | None:
    """A file of /proc about the machine; None where there is none of that name. Source: Linux proc(5)."""
    if name == "meminfo":
        spent = memory_kib(world)
        rows = [("MemTotal", spent["total"]), ("MemFree", spent["free"]), ("MemAvailable", spent["available"]), ("Buffers", 0),
                ("Cached", spent["cached"]), ("SwapTotal", 0), ("SwapFree", 0), ("Shmem", spent["shared"])]  # fmt: skip
        return "".join(f"{label + ':':<15}{kib:>9} kB\n" for label, kib in rows)
    if name == "cpuinfo":
        return "\n".join(f"processor\t: {at}\nvendor_id\t: Podlife\nmodel name\t: Simulated CPU\n" for at in range(of(world).cpus)) + "\n"
    if name == "uptime":
        return f"{up_ms(world) / 1000:.2f} {up_ms(world) * of(world).cpus * 0.97 / 1000:.2f}\n"
    tasks = pids.running(world.runtime.state) if getattr(world, "runtime", None) is not None else pids.SYSTEM
    texts = {"loadavg": f"{LOAD} 1/{tasks} 1\n", "version": f"{KERNEL} version {RELEASE} {BUILD}\n"}
    return texts.get(name)
