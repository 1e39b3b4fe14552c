"""Programs in a container of their own, without a cluster around it: what they print and how they end."""

from __future__ import annotations

from typing import NamedTuple

from cluster.runtime.shell import machine
from cluster.runtime.state import Process, RuntimeState
from cluster.runtime.world import ContainerWorld

UNIX_S = 1_767_258_000  # 2026-01-01T09:00:00Z
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}


class Ended(NamedTuple):
    """code: None when it still runs."""

    output: str
    errors: str
    code: int | None
    at_ms: int


class Container:
    """A container with one program, walked by hand."""

    def __init__(self, argv, *, folder="/", mounts=None, network=None, behaviour="busybox"):
        self.said = {"stdout": [], "stderr": []}
        self.process = Process(container="c", kind="script", argv=argv, hostname="pod", behaviour=behaviour, env=dict(ENVIRONMENT))
        self.process.folder, self.process.mounts = folder, mounts or {}
        kind = ContainerWorld if network is None else type("Connected", (ContainerWorld,), {"network": network})
        self.world = kind(RuntimeState(), "c", "uid", self.process, 0, "2026-01-01T09:00:00Z", UNIX_S,
                          write=lambda stream, text: self.said[stream].append(text))  # fmt: skip
        machine.start(self.process, argv)

    def run(self, *, until_ms=60_000, most_steps=500) -> Ended:
        code, steps = None, 0
        while code is None and steps < most_steps:
            step = machine.run(self.process, self.world)
            steps += 1
            if step.kind == "exit":
                code = step.code
            elif step.wait_ms < 0 or self.world.now_ms + step.wait_ms > until_ms:
                break
            else:
                self.world.now_ms += step.wait_ms
                self.world.unix_s = UNIX_S + self.world.now_ms // 1000
        return Ended("".join(self.said["stdout"]), "".join(self.said["stderr"]), code, self.world.now_ms)


def ran(script, **options) -> Ended:
    """Run a script of a shell to its end."""
    return Container(["sh", "-c", script], **options).run()
