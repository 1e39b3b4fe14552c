"""Owns what a container reads of its own cgroup under /sys/fs/cgroup (version 2), and mounts there.

Source: Linux Documentation/admin-guide/cgroup-v2.rst; kubernetes pkg/kubelet/cm/helpers_linux.go (MilliCPUToShares, MilliCPUToQuota);
opencontainers/cgroups (ConvertCPUSharesToCgroupV2Value).
"""

from __future__ import annotations

import math

from .state import Process

FOLDER = "/sys/fs/cgroup/"
MOUNT = ("cgroup", "/sys/fs/cgroup", "cgroup2", "ro,nosuid,nodev,noexec,relatime")
FILES = ("cgroup.controllers", "cpu.max", "cpu.weight", "memory.current", "memory.max", "pids.max")
PATHS = ("/sys/fs", "/sys/fs/cgroup", *(FOLDER + name for name in FILES))
PERIOD_US, LEAST_QUOTA_US, LEAST_SHARES, MOST_SHARES = 100_000, 1_000, 2, 262_144


def text_of(process: Process, name: str) -> str | None:
    """One file of the cgroup; None where there is none of that name."""
    values = {
        "cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc",
        "cpu.max": f"{quota_us(process.cpu_limit) or 'max'} {PERIOD_US}",
        "cpu.weight": str(weight(shares(process.cpu_request))),
        "memory.current": str(process.memory_bytes),
        "memory.max": str(process.memory_limit or "max"),
        "pids.max": "max",
    }
    return values[name] + "\n" if name in values else None


def quota_us(millis: int) -> int:
    """Microseconds of each period that a limit allows; 0: any number."""
    return max(millis * PERIOD_US // 1000, LEAST_QUOTA_US) if millis else 0


def shares(millis: int) -> int:
    """What a request comes to in version 1 of cgroups."""
    return min(max(millis * 1024 // 1000, LEAST_SHARES), MOST_SHARES)


def weight(found: int) -> int:
    """The same in version 2: 2 is 1, 1,024 is 100, 262,144 is 10,000."""
    if found <= LEAST_SHARES:
        return 1
    if found >= MOST_SHARES:
        return 10_000
    power = math.log2(found)
    return math.ceil(10 ** ((power * power + 125 * power) / 612.0 - 7.0 / 34.0))
