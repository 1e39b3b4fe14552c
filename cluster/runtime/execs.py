"""Owns commands that are run in a container beside its first process (`kubectl exec`): their life on the node.

What one writes leaves by `heard(number, channel, text)`: channels "stdout", "stderr", "exit" (a code) and "error" (the runtime's
words). With a terminal, what is typed is echoed and edited here, as the kernel's line discipline does it.

Simplifications: a command is one shell; what a pipe's first commands wait for is not waited for; there are no job controls.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Any

from . import process as processes
from .images import behaviour_of, behaviours
from .shell.compiler import compile_script
from .shell.lexer import ShellSyntaxError
from .shell.machine import Step, execute, settle
from .state import Container, Exec, Process
from .world import ContainerWorld

MOST_TYPED = 64 * 1024
MOST_OUTPUT = 1024 * 1024  # characters that one run of a command may write
INTERRUPTED, KILLED = 130, 137
NO_PROGRAM = (
    'error executing command in container: failed to exec in container: failed to start exec "{id}": OCI runtime exec failed: '
    "exec failed: unable to start container process: exec: {reason}"
)
Heard = Callable[[int, str, Any], None]


class ExecWorld(ContainerWorld):
    """A container as a command beside its first process sees it: the same files, but what it writes goes to its caller."""

    def __init__(self, *about: Any, say: Callable[[str, str], None], send: Callable[[str], None]):
        super().__init__(*about)
        self.say, self.send = say, send

    def signal(self, pid: str, name: str) -> bool:
        if pid == "1" and name != "KILL":  # the kernel keeps PID 1 from being killed out of its own namespace
            self.send(name)
        return pid == "1"

    def write(self, stream: str, text: str) -> None:
        self.say(stream, text)


class Execs:
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
        reason = why_not(container, argv)
        if reason:
            words = NO_PROGRAM.format(id=self._new_id(), reason=reason)
            self.tell("ExecFailed", container.uid, container.pod, container.name, command=argv, reason=reason)
            self._refuse(run, words)
            return
        process = run.process
        process.env, process.hostname, process.mounts = dict(main.env), main.hostname, main.mounts
        self.tell("ExecStarted", container.uid, container.pod, container.name, command=argv, tty=run.tty)
        self._exec_run(run, argv)

    def _exec_run(self, run: Exec, argv: list[str]) -> None:
        """The program's beginning: a shell that reads, a filter that reads to the end, or a script."""
        program = posixpath.basename(argv[0])
        had_input, early = run.has_input, run.typed
        run.is_begun, run.typed = True, ""
        run.is_shell = program in processes.SHELLS and len(argv) == 1 and had_input
        script = "" if run.is_shell else processes.script_of(program, argv) or ""
        if program in processes.SHELLS:
            run.process.variables.update({str(index): text for index, text in enumerate(argv[4:], 1)})
        if run.is_shell:
            self._prompt(run)
            self._take(run, early)
            self._next_line(run)
        elif had_input and not run.tty and program not in processes.SHELLS:
            run.script, run.typed = script, early
            self._read_to_end(run)
        else:
            run.process.frames = [[script, 0]]
            self._exec_walk(str(run.number))

    def _refuse(self, run: Exec, words: str) -> None:
        self.state.execs.pop(str(run.number), None)
        self._hear(run.number, "error", words)

    # -- what comes in ------------------------------------------------------------------------------------------------

    def exec_input(self, number: int, text: str) -> None:
        """What the caller types or pipes in."""
        run = self.state.execs.get(str(number))
        if run is None or not run.is_open:
            return
        self._take(run, text)
        self._next_line(run)

    def _take(self, run: Exec, text: str) -> None:
        if not run.tty or not run.is_begun:
            run.typed = (run.typed + text)[:MOST_TYPED]
            return
        for char in text[:MOST_TYPED]:
            self._key(run, char)

    def exec_closed(self, number: int) -> None:
        """The caller has no more to say."""
        run = self.state.execs.get(str(number))
        if run is not None and run.is_open:
            run.is_open = False
            if run.is_begun:
                self._read_to_end(run) if run.script else self._next_line(run)

    def exec_gone(self, number: int) -> None:
        """The caller has hung up: what it started ends, if it reads from it; the rest goes on unheard, as it really does."""
        run = self.state.execs.get(str(number))
        if run is not None:
            self._exec_end(run, KILLED, is_told=False)

    def _key(self, run: Exec, char: str) -> None:
        """One key at a terminal: echo, and edit the line that is being typed."""
        if char in "\r\n":
            self._hear(run.number, "stdout", "\r\n")
            run.typed, run.line = run.typed + run.line + "\n", ""
        elif char in "\x7f\b":
            if run.line:
                run.line = run.line[:-1]
                self._hear(run.number, "stdout", "\b \b")
        elif char == "\x03":
            self._interrupted(run)
        elif char == "\x04":
            if not run.line:
                run.is_open = False
        elif char.isprintable():
            run.line += char
            self._hear(run.number, "stdout", char)

    def _interrupted(self, run: Exec) -> None:
        """Ctrl-C: the command in front ends; a shell stays."""
        self._hear(run.number, "stdout", "^C\r\n")
        self.cancel(run.process.timer)
        run.line, run.typed, run.process.frames, run.process.status = "", "", [], INTERRUPTED
        if not run.is_shell:
            self._exec_end(run, INTERRUPTED)
        else:
            run.is_busy = False
            self._prompt(run)

    def _next_line(self, run: Exec) -> None:
        """A shell that waits takes the next whole line; at the end of its input it ends."""
        if not run.is_shell or run.is_busy:
            return
        line, newline, rest = run.typed.partition("\n")
        if newline or (line and not run.is_open):
            run.typed, run.is_busy = rest, True
            run.process.frames = [[line, 0]]
            run.process.timer = self.after(1, "_exec_walk", str(run.number))
        elif not run.is_open:
            run.is_busy = True
            if run.tty:
                self._hear(run.number, "stdout", "exit\r\n")
            run.process.timer = self.after(1, "_exec_over", str(run.number), run.process.status)

    def _read_to_end(self, run: Exec) -> None:
        """A filter (`kubectl exec -i … -- cat`) begins when all of its input is there."""
        if not run.is_open:
            run.process.timer = self.after(1, "_exec_filter", str(run.number))

    # -- running ------------------------------------------------------------------------------------------------------

    def _exec_filter(self, number: str) -> None:
        run = self.state.execs.get(number)
        world = self._exec_world(run) if run else None
        if world is None:
            return
        instruction = compile_script(run.script)[0]
        step = settle(run.process, world, execute(run.process, world, instruction[1], run.typed))
        run.script = ""
        self._exec_follow(run, step or Step("exit", code=run.process.status))

    def _exec_walk(self, number: str) -> None:
        run = self.state.execs.get(number)
        world = self._exec_world(run) if run else None
        if world is not None:
            self._exec_follow(run, self._advanced(run, world))

    def _advanced(self, run: Exec, world: ExecWorld) -> Step:
        try:
            return processes.advance(run.process, world)
        except ShellSyntaxError as error:
            world.write("stderr", f"sh: {error}\n")
            return Step("exit", code=2)

    def _exec_follow(self, run: Exec, step: Step) -> None:
        process = run.process
        process.timer = 0
        if step.kind == "exit":
            is_over = not run.is_shell or bool(process.frames)  # `exit` leaves its frame behind
            if is_over:
                process.timer = self.after(self.latency("process_exit"), "_exec_over", str(run.number), step.code)
                return
            run.is_busy = False
            self._prompt(run)
            self._next_line(run)
        elif step.kind == "wait" and step.wait_ms >= 0:
            process.timer = self.after(step.wait_ms, "_exec_walk", str(run.number), background=process.looped or step.wait_ms > 60_000)

    def _exec_over(self, number: str, code: int) -> None:
        run = self.state.execs.get(number)
        if run is not None:
            self._exec_end(run, code)

    def _exec_end(self, run: Exec, code: int, *, is_told: bool = True) -> None:
        self.state.execs.pop(str(run.number), None)
        self.cancel(run.process.timer)
        container = self.state.containers.get(run.container)
        if container is not None:
            self.tell("ExecEnded", container.uid, container.pod, container.name, command=run.process.argv, exit_code=code)
        if is_told:
            self._hear(run.number, "exit", code)

    def end_execs(self, container_id: str) -> None:
        """The container has ended, and all that ran in it."""
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
                self._hear(run.number, "stdout" if run.tty else stream, text.replace("\n", "\r\n") if run.tty else text)

        clock = self.engine.clock
        return ExecWorld(
            self.state,
            container.id,
            container.uid,
            main,
            self.now_ms,
            clock.text(self.now_ms),
            clock.unix_ms(self.now_ms) // 1000,
            say=say,
            send=lambda name: self.signal(container.id, name),
        )

    def _prompt(self, run: Exec) -> None:
        if run.tty:
            is_busybox = "busybox" in self.state.containers[run.container].image
            self._hear(run.number, "stdout", "/ # " if is_busybox else "# ")

    def _hear(self, number: int, channel: str, said: Any) -> None:
        if self.heard is not None:
            self.heard(number, channel, said)


def why_not(container: Container, argv: list[str]) -> str:
    """Why a program cannot be started, in runc's words; "" when it can."""
    image, program = behaviours()[behaviour_of(container.image)], argv[0]
    name = posixpath.basename(program)
    is_known = image.shell and processes.script_of(name, argv) is not None
    if is_known and not (name in ("bash", "dash") and "busybox" in container.image):
        return ""
    if "/" in program:
        return f'"{program}": stat {program}: no such file or directory'
    return f'"{program}": executable file not found in $PATH'
