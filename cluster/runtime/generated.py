"""Owns the files of a container that neither its image nor a volume brings: of /etc, /proc and /sys, and devices."""

from __future__ import annotations

import posixpath
from typing import Any

from . import capabilities, cgroups, proc, sysctls
from .filesystem import CHARACTER, DEVICES, Node

SINKS = ("/dev/null", "/dev/zero", "/dev/tty")
EXISTS, REFUSED, NO_DEVICE = "File exists", "Operation not permitted", "No such device or address"


class Generated:
    """Part of Files."""

    process: Any
    now_ms: int

    def _generated(self, path: str) -> Node | None:
        """What the kubelet and the runtime put into /etc, and devices."""
        if path.startswith("/etc/"):
            process = self.process
            text = {"/etc/hostname": f"{process.hostname}\n", "/etc/hosts": process.hosts, "/etc/resolv.conf": process.resolver}.get(path)
            return Node(text) if text else None
        if path.startswith(cgroups.FOLDER):
            text = cgroups.text_of(self.process, path[len(cgroups.FOLDER) :])
            return Node(text, mode=0o444) if text is not None else None
        if path.startswith(sysctls.FOLDER):
            value = sysctls.value_of(self.process, path[len(sysctls.FOLDER) :].replace("/", "."))
            return None if value is None else Node(value + "\n", mode=0o444)
        if path.startswith(proc.FOLDER):
            return proc.node(self, path)
        return Node(kind=CHARACTER, mode=0o666, device=DEVICES[path]) if path in DEVICES else None

    def _etc(self) -> list[str]:
        return [path for path in ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf") if self._generated(path)]

    def make_special(self, path: str, kind: str, *, mode: int, device: str = "") -> bool:
        """Make a device, a pipe with a name or a socket."""
        path = self.resolve(path)
        if self._node(path) is not None:
            return self._refuse(EXISTS)
        if device and not capabilities.may(self.process, "MKNOD"):
            return self._refuse(REFUSED)
        made = Node("", kind, mode, self.process.user, self._group_in(posixpath.dirname(path)), self.now_ms, device=device)
        return self._may_change(path) and self._store(path, made)
