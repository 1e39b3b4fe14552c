"""Owns commands that are run in a container beside its first process (`kubectl exec`): their life on the node.

What one writes leaves by `heard(number, channel, text)`: channels "stdout", "stderr", "exit" (a code) and "error" (the runtime's
words). A first process that reads an input (`kubectl run -i`) lives here too, see attach.py; what comes in, see input.py.

A simplification: what a command left in the background ends with it; there are no job controls.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from . import lookup
from . import process as processes
from .images import behaviour_of, behaviours
from .input import END, Input, before_end, has_end
from .namespaces import Namespaces, next_pid
from .shell import machine
from .shell.machine import Step
from .state import Container, Exec, Process
from .world import ContainerWorld

MOST_OUTPUT = 4 * 1024 * 1024  # characters that one run of a command may write
KILLED = 137
FAR_MS = 60_000  # what is further away than this happens in the background
NO_PROGRAM = (
    'error executing command in container: failed to exec in container: failed to start exec "{id}": OCI runtime exec failed: '
    "exec failed: unable to start container process: {reason}"
)
Heard = Callable[[int, str, Any], None]


class ExecWorld(ContainerWorld):
    """A container as a command with a caller sees it: the same files, but what it writes goes to its caller, and it may read."""

    def __init__(self, *about: Any, run: Exec, say: Callable[[str, str], None], send: Callable[[str], None] | None):
        super().__init__(*about)
        self.run, self.say, self.send = run, say, send
        self.terminal, self.is_terminal = tuple(run.size) if run.tty else (0, 0), run.tty

    def signal(self, pid: str, name: str) -> bool:
        if self.send is None or pid != "1" or self.process.space:
            return super().signal(pid, name)
        if name not in ("KILL", "EXIT"):  # the kernel keeps PID 1 from being killed out of its own namespace
            self.send(name)
        return True

    def write(self, stream: str, text: str) -> None:
        self.say(stream, text)

    def input_all(self) -> str | None:
        if not has_end(self.run):
            self.run.wants = "all"
            return None
        return self._taken(before_end(self.run))

    def input_line(self) -> str | None:
        line, newline, _ = before_end(self.run).partition("\n")
        if not newline and not has_end(self.run):
            self.run.wants = "line"
            return None
        return self._taken(line + newline, with_end=not newline)

    def input_some(self) -> tuple[str, bool]:
        is_end = has_end(self.run)
        if not is_end:
            self.run.wants = "some"
        return self._taken(before_end(self.run)), is_end

    def _taken(self, text: str, *, with_end: bool = True) -> str:
        """Take what stands first, and the mark of the end behind it."""
        rest = self.run.typed[len(text) :]
        self.run.typed = rest[1:] if self.run.tty and with_end and rest.startswith(END) else rest
        return text


class Execs(Namespaces, Input):
    """Part of a Containerd: the commands under way on its node, in `state.execs`."""

    heard: Heard | None = None

    def exec_asked(self, number: int, container_id: str, argv: list[str], *, has_input: bool, has_terminal: bool) -> None:
        """A command is on its way to a container; what is typed meanwhile is kept."""
        process = Process(container=container_id, kind="script", argv=argv)
        self.state.execs[str(number)] = Exec(number, container_id, process, tty=has_terminal, has_input=has_input, is_open=has_input)
        self.after(self.latency("request") + self.latency("container_create"), "exec_begin", str(number))

    def exec_begin(self, number: str) -> None:
        """Start a command in a running container."""
        run = self.state.execs.get(number)
        if run is None:
            return
        container, main = self.state.containers.get(run.container), self.state.processes.get(run.container)
        if container is None or main is None:
            self._refuse(run, "container is not running" if container else "container not found")
            return
        argv = run.process.argv
        reason = why_not(container.image, argv, self._world(main, container))
        if reason:
            words = NO_PROGRAM.format(id=self.new_id(), reason=reason)
            self.tell("ExecFailed", container.uid, container.pod, container.name, command=argv, reason=reason)
            self._refuse(run, words)
            return
        process = run.process
        process.env, process.hostname, process.mounts, process.folder = dict(main.env), main.hostname, main.mounts, main.folder
        if run.tty:  # containerd's internal/cri/server/container_execsync.go
            home = process.env.pop("HOME", "")
            process.env.update(TERM="xterm", HOME=home)
        self.tell("ExecStarted", container.uid, container.pod, container.name, command=argv, tty=run.tty)
        self._exec_run(run, argv)

    def _exec_run(self, run: Exec, argv: list[str]) -> None:
        """The program's beginning: a shell that reads, or a script."""
        program, process = posixpath.basename(argv[0]), self._program(run)
        early, run.is_begun, run.typed = run.typed, True, ""
        run.is_shell = run.has_input and program in processes.SHELLS and all(word.startswith("-") and "c" not in word for word in argv[1:])
        self._begin_program(run, process, argv)
        if run.is_shell:
            self._prompt(run)
            self._take(run, early)
            self._next(run)
        else:
            self._take(run, early)
            self._exec_walk(key_of(run))

    def _begin_program(self, run: Exec, process: Process, argv: list[str]) -> None:
        if run.process is None:
            machine.start(process, argv, is_interactive=run.is_shell, pid=process.first_pid)
        else:
            pid = next_pid(self.state, self.state.processes[run.container])
            processes.begin(process, argv, pid=pid, is_interactive=run.is_shell)

    def _program(self, run: Exec) -> Process:
        return run.process or self.state.processes[run.container]

    def _refuse(self, run: Exec, words: str) -> None:
        self.state.execs.pop(key_of(run), None)
        self._hear(run, "error", words)

    # -- running ------------------------------------------------------------------------------------------------------

    def _exec_walk(self, key: str) -> None:
        run = self.state.execs.get(key)
        world = self._exec_world(run) if run else None
        if world is not None:
            run.wants = ""
            self._exec_follow(run, self._advanced(run, world))

    def _advanced(self, run: Exec, world: ExecWorld) -> Step:
        return processes.advance(self._program(run), world)

    def _exec_follow(self, run: Exec, step: Step) -> None:
        process = self._program(run)
        process.began_ms, process.timer = self.now_ms, 0
        if step.kind == "exit":
            process.timer = self.after(self.latency("process_exit"), "_exec_over", key_of(run), step.code)
            return
        if step.kind == "spin":
            container = self.state.containers[run.container]
            self.tell("ScriptSpins", container.uid, container.pod, container.name)
        if step.wait_ms >= 0:
            is_background = process.looped or step.wait_ms > FAR_MS
            process.timer = self.after(step.wait_ms, "_exec_walk", key_of(run), background=is_background)
        if step.kind == "prompt":
            run.is_busy = False
            self._prompt(run)
        if step.kind in ("prompt", "input"):
            self._next(run)

    def signal_beside(self, container_id: str, pid: str, name: str) -> bool:
        """A process signals one of another program in its container; whether there is such a process."""
        main = self.state.processes.get(container_id)
        if main is not None and main.target and pid == "1":
            if name not in ("KILL", "EXIT"):
                self.signal(main.target, name)
            return True
        if main is not None and main.space:
            return self.signal_shared(main, pid, name)
        return self.signal_task(container_id, pid, name)

    def signal_task(self, container_id: str, pid: str, name: str) -> bool:
        """Signal a process of one of the programs of a container; whether it is there."""
        main = self.state.processes.get(container_id)
        if main is not None and main.machine is not None and pid in main.machine.tasks:
            world = self._world(main, self.state.containers[container_id])
            if processes.interrupt(main, world, name, pid=int(pid)) >= 0:
                self.cancel(main.timer)
                main.timer = self.after(0, "_wake", container_id)
            return True
        for run in self.state.execs.values():
            process = run.process
            if run.container == container_id and process is not None and process.machine is not None and pid in process.machine.tasks:
                if processes.interrupt(process, self._exec_world(run), name, pid=int(pid)) >= 0:
                    self.cancel(process.timer)
                    process.timer = self.after(0, "_exec_walk", key_of(run))
                return True
        return False

    def _exec_over(self, key: str, code: int) -> None:
        run = self.state.execs.get(key)
        if run is not None:
            self._exec_end(run, code)

    def _exec_end(self, run: Exec, code: int, *, is_told: bool = True) -> None:
        self.state.execs.pop(key_of(run), None)
        if run.process is None:
            self._exited(run.container, code)
            return
        self.cancel(run.process.timer)
        if self.state.held_pids:
            self.state.held_pids.pop(run.container, None)
        container = self.state.containers.get(run.container)
        if container is not None:
            self.tell("ExecEnded", container.uid, container.pod, container.name, command=run.process.argv, exit_code=code)
        if is_told:
            self._hear(run, "exit", code)

    def end_execs(self, container_id: str) -> None:
        """The container has ended, and all that ran in it."""
        self.state.execs.pop(container_id, None)
        self.state.held_pids.pop(container_id, None)
        for run in [each for each in self.state.execs.values() if each.container == container_id]:
            self._exec_end(run, KILLED)

    def _exec_world(self, run: Exec) -> ExecWorld | None:
        container, main = self.state.containers.get(run.container), self.state.processes.get(run.container)
        if container is None or main is None:
            self._exec_end(run, KILLED)
            return None
        room = [MOST_OUTPUT]

        def say(stream: str, text: str) -> None:
            text = text[: room[0]]
            room[0] -= len(text)
            if text:
                self._hear(run, "stdout" if run.tty else stream, text.replace("\n", "\r\n") if run.tty else text)

        signals = run.process is not None or bool(main.target)
        return self.exec_world(run, container, main, say, (lambda name: self.signal(main.target or container.id, name)) if signals else None)

    def exec_world(self, run: Exec, container: Container, main: Process, say, send) -> ExecWorld:
        """What a command beside a container's first process sees. say(stream, text) hears what it writes, send(signal) ends the first one."""
        clock = self.engine.clock
        moment = (self.now_ms, clock.text(self.now_ms), clock.unix_ms(self.now_ms) // 1000)
        world = ExecWorld(self.state, container.id, container.uid, main, *moment, run=run, say=say, send=send)
        world.runtime = self
        return world

    def _prompt(self, run: Exec) -> None:
        if run.tty:
            has_folder = behaviours()[behaviour_of(self.state.containers[run.container].image)].prompt_shows_folder
            self._hear(run, "stdout", "/ # " if has_folder else "# ")

    def _hear(self, run: Exec, channel: str, said: Any) -> None:
        if run.process is None:
            self.wrote(run.container, channel, said, in_pieces=run.tty)
        elif self.heard is not None:
            self.heard(run.number, channel, said)


def key_of(run: Exec) -> str:
    """Its place in `state.execs`: a first process stands there under its container's id."""
    return str(run.number) if run.process is not None else run.container


@lru_cache(maxsize=1024)
def is_known(image_name: str, program: str) -> bool:
    """Whether an image has a program: what is most often asked, at little cost."""
    return lookup.is_known(behaviours()[behaviour_of(image_name)], program)


def why_not(image_name: str, argv: list[str], world: ContainerWorld) -> str:
    """Why a program cannot be started in a container, in runc's words; "" when it can."""
    if is_known(image_name, argv[0]):
        return ""
    image = behaviours()[behaviour_of(image_name)]
    return lookup.refusal(image, argv[0], world) or lookup.failure(image, argv[0], world)
