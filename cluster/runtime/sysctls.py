"""Owns the kernel's settings as a container reads them: /proc/sys, with what its Pod sets (securityContext.sysctls) in place of the usual.

Only settings that belong to a Pod's own namespaces, and a few of the node that programs ask for, are there; nobody changes one from within.
Source: Linux Documentation/admin-guide/sysctl/{kernel,net}.rst; opencontainers/runtime-spec config-linux.md (readonlyPaths).
"""

from __future__ import annotations

from .hardware import BUILD, KERNEL, RELEASE
from .state import Process

FOLDER = "/proc/sys/"
USUAL = {
    "kernel.msgmax": "8192", "kernel.msgmnb": "16384", "kernel.msgmni": "32000", "kernel.ostype": KERNEL, "kernel.osrelease": RELEASE,
    "kernel.sem": "32000\t1024000000\t500\t32000", "kernel.shm_rmid_forced": "0", "kernel.shmall": "18446744073692774399",
    "kernel.shmmax": "18446744073692774399", "kernel.shmmni": "4096", "kernel.version": BUILD, "net.core.somaxconn": "4096",
    "net.ipv4.ip_forward": "1", "net.ipv4.ip_local_port_range": "32768\t60999", "net.ipv4.ip_local_reserved_ports": "",
    "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0\t2147483647", "net.ipv4.tcp_fin_timeout": "60",
    "net.ipv4.tcp_keepalive_intvl": "75", "net.ipv4.tcp_keepalive_probes": "9", "net.ipv4.tcp_keepalive_time": "7200",
    "net.ipv4.tcp_rmem": "4096\t131072\t6291456", "net.ipv4.tcp_syncookies": "1", "net.ipv4.tcp_wmem": "4096\t16384\t4194304",
}  # fmt: skip


def settings(process: Process) -> dict[str, str]:
    """name -> value of every setting."""
    return dict(sorted({**USUAL, "kernel.hostname": process.hostname, **dict(process.sysctls)}.items()))


def value_of(process: Process, name: str) -> str | None:
    """One setting, several numbers with tabs between them. None: there is no such."""
    own = dict(process.sysctls)
    if name in own:
        return "\t".join(own[name].split())
    return process.hostname if name == "kernel.hostname" else USUAL.get(name)
