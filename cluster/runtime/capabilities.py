"""Owns the kernel's capabilities of a container: which it has, how /proc shows them, and what root may not do without them.

What acts are CHOWN, DAC_OVERRIDE, FOWNER and MKNOD, over files, and NET_ADMIN, over links; the others are shown. A user that is
not root has none in force.
Sources: Linux capabilities(7), include/uapi/linux/capability.h; containerd internal/cri/opts/spec_opts.go (WithCapabilities), pkg/oci/spec.go.
"""

from __future__ import annotations

from typing import Any

NAMES = ("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
         "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
         "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
         "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND",
         "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE")  # fmt: skip
BITS = {name: 1 << at for at, name in enumerate(NAMES)}
CHOWN, DAC_OVERRIDE, FOWNER = BITS["CHOWN"], BITS["DAC_OVERRIDE"], BITS["FOWNER"]
ALL = (1 << len(NAMES)) - 1
USUAL = 0xA80425FB  # what containerd gives


def of(context: dict) -> int:
    """The capabilities that a container's securityContext comes to."""
    if context.get("privileged"):
        return ALL
    asked = context.get("capabilities") or {}
    added, dropped = ([str(each).upper() for each in asked.get(name) or ()] for name in ("add", "drop"))
    held = ALL if "ALL" in added else USUAL
    held = 0 if "ALL" in dropped else held
    for name in added:
        held |= BITS.get(name, 0)
    for name in dropped:
        held &= ~BITS.get(name, 0)
    return held


def may(process: Any, name: str) -> bool:
    """Whether a program has a capability in force."""
    return process.user == 0 and bool(process.capabilities & BITS[name])


def rows(held: int, user: int) -> list[tuple[str, str]]:
    """The lines of /proc/N/status about them."""
    in_force = 0 if user else held
    return [(f"Cap{name}", f"{value:016x}") for name, value in (("Inh", 0), ("Prm", in_force), ("Eff", in_force), ("Bnd", held), ("Amb", 0))]
