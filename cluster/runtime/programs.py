"""Owns programs of images that are more than a server that is there at once: start-ups, refusals, periods, memory. Part of containerd.

A program is a function of a `Running`. It is called at its start and again when the time that it named has come; what it remembers is
plain data in `notes`. So it lasts through snapshots as any process does.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Any

from . import pids
from .hardware import PLAIN
from .image import Act
from .images import behaviours
from .process import exit_on
from .servers import listening
from .state import Container, Process
from .world import ContainerWorld

KILLED, ABORTED = 137, 134
FAR_MS = 60_000  # what is further away than this happens in the background
MOST_CHILDREN = 64
BIND_MS = 2_500  # a port that is taken is tried five times, half a second apart


class Running:
    """A program as its image's file sees it."""

    def __init__(self, runtime: Any, process: Process, world: ContainerWorld):
        self.runtime, self.process, self.world = runtime, process, world
        self.argv, self.env, self.notes = process.argv, process.env, process.notes
        self.now_ms = world.now_ms

    @property
    def step(self) -> int:
        """How often it was called before."""
        return self.process.calls

    @property
    def tag(self) -> str:
        """The tag of its image, "latest" for one named by digest."""
        name = self.runtime.state.containers[self.process.container].image
        return name.rpartition(":")[2] if "@" not in name else "latest"

    def say(self, text: str, stream: str = "stdout") -> None:
        """Write a line to the log."""
        self.world.write(stream, text + "\n")

    def listen(self, port: int, server: str) -> bool:
        """Listen on a port; False when another process of the Pod does already."""
        if self.runtime.is_taken(self.process.container, port):
            return False
        self.process.listens[str(port)] = server
        return True

    def hear(self, port: int, server: str) -> None:
        """Wait for datagrams on a port (UDP)."""
        self.process.listens[f"{port}/udp"] = server

    def close(self, port: int) -> None:
        """Listen there no longer."""
        self.process.listens.pop(str(port), None)

    def child(self, command: str) -> None:
        """Start a process, as ps shows it; it ends with the program."""
        if len(self.process.children) < MOST_CHILDREN:
            self.process.children.append(command)

    def uses(self, memory_bytes: int) -> None:
        """Hold so much memory in all from now on; more than the limit ends the container."""
        self.process.memory_bytes = memory_bytes

    def between(self, low: int, high: int) -> int:
        """A number by chance."""
        return self.runtime.engine.rng("program/" + self.runtime.name).between(low, high)


def program_of(process: Process) -> Callable[[Running], Act] | None:
    """What a first process does, where its image says it."""
    if process.kind != "server" or not process.behaviour:
        return None
    return behaviours()[process.behaviour].programs.get(posixpath.basename(process.argv[0]))


class Programs:
    """Part of Containerd: the first processes whose `program_of` is there."""

    engine: Any
    state: Any
    listener: Any
    memory_bytes = 0  # of the machine, 0: any amount
    hardware = PLAIN

    def begin_program(self, process: Process) -> bool:
        """Let a program begin; False when its image has no function for it."""
        if program_of(process) is None:
            return False
        self._program_on(process.container)
        return True

    def _running_of(self, process: Process) -> tuple[Container, Running]:
        container = self.state.containers[process.container]
        return container, Running(self, process, self._world(process, container))

    def _program_on(self, container_id: str) -> None:
        process = self.state.processes.get(container_id)
        function = program_of(process) if process is not None else None
        if process is None or function is None or process.is_ending:
            return
        process.timer = 0
        _, running = self._running_of(process)
        act = self._done(process, running, function, running)
        process.calls += 1
        self._act(process, act)

    def _done(self, process: Process, running: Running, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function of an image's file returns. A fault of ours ends this one program, and says so."""
        try:
            return function(*arguments)
        except Exception as unforeseen:
            running.say(f"{process.argv[0]}: internal error: {type(unforeseen).__name__}: {unforeseen}"[:1000], "stderr")
            return Act(code=ABORTED)

    def _act(self, process: Process, act: Act) -> None:
        if self._is_out_of_memory(process):
            return
        if act.is_end:
            self.end_program(process, act.code, max(act.after_ms, 0))
        elif act.after_ms >= 0:
            is_background = act.is_background or act.after_ms > FAR_MS
            process.timer = self.after(act.after_ms, "_program_on", process.container, background=is_background)

    def end_program(self, process: Process, code: int, after_ms: int = 0) -> None:
        """A program ends by itself."""
        self.cancel(process.timer)
        process.is_ending = True
        process.timer = self.after(after_ms + self.latency("process_exit"), "_exited", process.container, code)

    def signal_program(self, process: Process, name: str) -> None:
        """A signal that is not KILL reaches a program; it may do something, or end, or ignore it."""
        image = behaviours()[process.behaviour]
        if process.is_ending:
            return
        if image.signals is not None:
            running = self._running_of(process)[1]
            act = self._done(process, running, image.signals, running, name)
            if act is not None:
                self._act(process, act)
                return
        code = image.exit_codes.get(name) if image.signals is not None else exit_on(process, name)
        if code is not None:
            self.end_program(process, code, self.engine.rng("stop/" + self.name).between(*image.stop_ms))

    # -- memory ----------------------------------------------------------------------------------------------------

    def _is_out_of_memory(self, process: Process) -> bool:
        """Whether it took more than its container may have, or than the machine has: the kernel kills it.

        Source: Linux mm/memcontrol.c, mm/oom_kill.c; kubernetes pkg/kubelet/kuberuntime (memory.max, memory.oom.group).
        """
        if process.memory_bytes == process.memory_told:
            return False
        process.memory_told = process.memory_bytes
        is_over = bool(process.memory_limit) and process.memory_bytes > process.memory_limit
        if self.state.memory_limits and not is_over:
            is_over = self._is_pod_out_of_memory(process)
        is_system = self.memory_bytes > 0 and sum(each.memory_bytes for each in self.state.processes.values()) > self.memory_bytes
        if is_over or is_system:
            self.out_of_memory(process.container)
        if not is_over and not is_system:
            self.usage_changed()
        return is_over or is_system

    def _is_pod_out_of_memory(self, process: Process) -> bool:
        """Whether it is the one to be killed since its Pod holds too much in all; where another of it holds more, that one is killed."""
        uid = self.state.containers[process.container].uid
        together = [self.state.processes[each] for each in self.state.by_pod[uid] if each in self.state.processes]
        most = self.state.memory_limits.get(uid)
        if most is None or sum(each.memory_bytes for each in together) <= most:
            return False
        victim = max(together, key=lambda each: each.memory_bytes)
        if victim is not process:
            self.out_of_memory(victim.container)
        return victim is process

    def usage_changed(self) -> None:
        """Tell the kubelet that memory or disk is used otherwise than before."""
        if self.listener is not None and self.listener.is_on:
            self.listener.on_usage_change()

    def fork_bombed(self, container_id: str) -> None:
        """A fork bomb in a container takes all numbers of processes that it may; it keeps them until the container ends."""
        container = self.state.containers.get(container_id)
        count = pids.room(self.state, container.uid, self.memory_bytes) if container is not None else 0
        if container is not None and count:
            self.state.held_pids[container_id] = self.state.held_pids.get(container_id, 0) + count
            self.tell("ProcessesExhausted", container.uid, container.pod, container.name, count=count)
            self.usage_changed()

    def out_of_memory(self, container_id: str) -> None:
        """The kernel kills a container that wants more memory than its limit."""
        process, container = self.state.processes.get(container_id), self.state.containers.get(container_id)
        if process is None or container is None or process.is_out_of_memory:
            return
        process.is_out_of_memory = process.is_ending = True
        if not process.memory_limit and self.listener is not None and self.listener.is_on:
            self.listener.on_system_oom(posixpath.basename(process.argv[0]), 1000 + len(process.children))
        self.tell("OutOfMemory", container.uid, container.pod, container.name, bytes=process.memory_limit or self.memory_bytes)
        self.cancel(process.timer)
        process.timer = self.after(self.latency("process_exit"), "_exited", container_id, KILLED)

    # -- ports -----------------------------------------------------------------------------------------------------

    def lost_port(self, process: Process) -> bool:
        """Whether a server without a program of its own finds its port taken; it tries for a while, and ends."""
        container = self.state.containers[process.container]
        sandbox = self.state.sandboxes.get(container.sandbox)
        if len(self.state.by_pod[container.uid]) < 2 and not (sandbox is not None and sandbox.host_network):
            return False
        taken = [port for port in behaviours()[process.behaviour].serves if self.is_taken(container.id, port)]
        if not taken:
            return False
        words = f"bind() to 0.0.0.0:{taken[0]} failed (98: Address already in use)\n"
        self.wrote(container.id, "stderr", f"{posixpath.basename(process.argv[0])}: [emerg] {words}")
        process.timer = self.after(BIND_MS, "_exited", container.id, 1)
        return True

    def is_taken(self, container_id: str, port: int) -> bool:
        """Whether another process of the same network namespace listens on a port: of the Pod, or of all that share the node's."""
        return any(protocol == "tcp" and found == port and other != container_id for protocol, found, other in self.sockets(container_id))

    def sockets(self, container_id: str) -> list[tuple[str, int, str]]:
        """(protocol, port, container) of whatever is listened on in the network namespace of a container."""
        container = self.state.containers[container_id]
        sandbox = self.state.sandboxes.get(container.sandbox)
        if sandbox is not None and sandbox.host_network:
            uids = [each.uid for each in self.state.sandboxes.values() if each.host_network]
        else:
            uids = [container.uid]
        found = []
        for other in [each for uid in uids for each in self.containers(uid)]:
            process = self.state.processes.get(other.id)
            if process is not None:
                found += [("tcp", each, other.id) for each in listening(process)]
                found += [("udp", int(each[:-4]), other.id) for each in process.listens if each.endswith("/udp")]
        return sorted(found)
