"""Owns what a restart of the whole machine leaves on a node: disks and what the runtime has written down, but no process and no memory.

Containers that ran are found without a task when containerd is back, so nobody knows how they ended.
Source: containerd internal/cri/server/restart.go (loadContainer: unknownExitCode, unknownExitReason).
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from .filesystem import folder
from .state import RuntimeState

BOOT_MS = 20_000  # until the kubelet is started again
UNKNOWN_CODE, UNKNOWN = 255, "Unknown"


class Reboots:
    """Part of a Containerd."""

    state: RuntimeState
    node: str
    listener: Any
    now_ms: int
    engine: Any

    @property
    def is_booting(self) -> bool:
        return self.state.boot != 0

    def reboot(self: Any) -> None:
        """The machine is restarted; its kubelet comes back when it has booted, unless it is told to stay off meanwhile."""
        self.state.boots += 1
        self.cancel(self.state.boot)
        if self.listener.is_on:
            self.engine.stop(self.listener)
        self.trace("NodeRebooted", f"nodes//{self.node}", node=self.node, due_ms=self.now_ms + BOOT_MS)
        for container_id in list(self.state.processes):
            self._lost(container_id)
        for sandbox in [each for each in self.state.sandboxes.values() if each.state == "ready"]:
            self.state.sandboxes[sandbox.id] = replace(sandbox, state="notready")
            self.state.changed.setdefault(sandbox.uid, self.now_ms)
        for volume in self.state.volumes.values():
            if volume.is_in_memory:
                volume.nodes = {"/": volume.nodes.get("/") or folder(mode=0o1777)}
        self.state.boot = self.after(BOOT_MS, "booted")

    def _lost(self: Any, container_id: str) -> None:
        """A container's process is gone, and nobody knows how it ended."""
        process, container = self.state.processes.pop(container_id), self.state.containers[container_id]
        self.cancel(process.timer)
        self.cancel(process.kill_timer)
        self.end_streams(container_id)
        self._replace(container, state="exited", finished_ms=self.now_ms + BOOT_MS, exit_code=UNKNOWN_CODE, reason=UNKNOWN)
        about = (container.uid, container.pod, container.name)
        self.tell("ContainerExited", *about, id=container.id[:12], exit_code=UNKNOWN_CODE, reason=UNKNOWN, signal="")

    def booted(self: Any) -> None:
        """The machine is up again."""
        self.state.boot, self.state.booted_ms = 0, self.now_ms
        is_held, self.state.holds_kubelet = self.state.holds_kubelet, False
        if not self.listener.is_on and not is_held:
            self.engine.start(self.listener)
