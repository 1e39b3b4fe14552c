"""Owns commands that the kubelet runs in a container (CRI's ExecSync): probes and hooks. What they write is kept for their end.

A command that ends at once, as most probes do, leaves nothing behind. One that waits is state and a timer, and the kubelet hears of its
end by the token that it gave. Source: containerd internal/cri/server/container_execsync.go.
"""

from __future__ import annotations

import posixpath
from typing import Any, NamedTuple

from . import process as processes
from .execs import NO_PROGRAM, ExecWorld, is_known, why_not
from .images import behaviour_of, behaviours
from .namespaces import next_pid
from .shell.machine import Step
from .state import Command, Container, Exec, Process

KEPT = 16 * 1024  # characters of each stream that are kept here; no reader wants more
KILLED, ABORTED = 137, 134
UNKNOWN = "rpc error: code = Unknown desc = "
GONE = UNKNOWN + "failed to exec in container: container is in CONTAINER_EXITED state"
LATE = 'command timed out: "{command}" timed out after {seconds}s'


class Ended(NamedTuple):
    """How a command ended. output: all that it wrote, errors: what of that went to standard error. error: why there is no exit code;
    is_late: its time was over."""

    code: int
    output: str = ""
    error: str = ""
    is_late: bool = False
    errors: str = ""


class Commands:
    """Part of a Containerd: the commands under way, in `state.commands`."""

    state: Any

    def run_command(self, token: str, container_id: str, argv: list[str], *, limit_ms: int = 0) -> Ended | None:
        """Run a command. Returns its end; None when it waits for something: the listener will hear of it by the token."""
        container, main = self.state.containers.get(container_id), self.state.processes.get(container_id)
        if container is None or main is None:
            return Ended(-1, error=GONE)
        tool = behaviours()[behaviour_of(container.image)].tools.get(posixpath.basename(argv[0])) if argv else None
        if tool is not None:
            return self._of_tool(tool, container, main, argv)
        reason = why_not(container.image, argv, self._world(main, container)) if argv and not is_known(container.image, argv[0]) else ""
        if reason:
            return Ended(-1, error=UNKNOWN + NO_PROGRAM.partition("container: ")[2].format(id=self.new_id(), reason=reason) + ": unknown")
        command = Command(token, Exec(0, container_id, self._beside(main, argv)))
        step = self._command_step(command, container, main)
        if step.kind == "exit":
            return _ended(command, step.code)
        self.state.commands[token] = command
        if limit_ms:
            command.limit_ms, command.limit = limit_ms, self.after(limit_ms, "_command_late", token, background=True)
        self._command_wait(command, step)
        return None

    def _beside(self, main: Process, argv: list[str]) -> Process:
        """The program beside a container's first process, with that one's surroundings."""
        process = Process("", "script", argv, env=dict(main.env), hostname=main.hostname, mounts=main.mounts, folder=main.folder)
        processes.begin(process, argv, pid=next_pid(self.state, main))
        return process

    def _of_tool(self, tool: Any, container: Container, main: Process, argv: list[str]) -> Ended:
        """A command that only this image has: pg_isready, redis-cli."""
        command = Command("", Exec(0, container.id, self._beside(main, argv)))
        try:
            printed = tool(self._command_world(command, container, main), argv)
        except Exception as unforeseen:
            return Ended(ABORTED, _fault(argv[0], unforeseen))
        return Ended(printed.code, printed.output + printed.errors, errors=printed.errors)

    def _command_step(self, command: Command, container: Container, main: Process) -> Step:
        world = self._command_world(command, container, main)
        try:
            return processes.advance(command.run.process, world)
        except Exception as unforeseen:  # a fault of ours ends this one command, and says so
            world.write("stderr", _fault(command.run.process.argv[0], unforeseen))
            return Step("exit", code=ABORTED)

    def _command_world(self, command: Command, container: Container, main: Process) -> ExecWorld:
        def say(stream: str, text: str) -> None:
            if stream == "stderr":
                command.errors = (command.errors + text)[:KEPT]
            else:
                command.output = (command.output + text)[:KEPT]

        return self.exec_world(command.run, container, main, say, lambda name: self.signal(main.target or container.id, name))

    def _command_wait(self, command: Command, step: Step) -> None:
        process = command.run.process
        process.began_ms, process.timer = self.now_ms, 0
        if step.wait_ms >= 0:
            process.timer = self.after(step.wait_ms, "_command_wake", command.token, background=process.looped)

    def _command_wake(self, token: str) -> None:
        command = self.state.commands.get(token)
        if command is None:
            return
        container, main = self.state.containers.get(command.run.container), self.state.processes.get(command.run.container)
        if container is None or main is None:
            self._command_over(command, _ended(command, KILLED))
            return
        step = self._command_step(command, container, main)
        if step.kind == "exit":
            self._command_over(command, _ended(command, step.code))
        else:
            self._command_wait(command, step)

    def _command_late(self, token: str) -> None:
        """Its time is over: it is killed."""
        command = self.state.commands.get(token)
        if command is not None:
            words = LATE.format(command=" ".join(command.run.process.argv), seconds=command.limit_ms // 1000)
            self._command_over(command, Ended(-1, error=words, is_late=True))

    def _command_over(self, command: Command, ended: Ended) -> None:
        self.state.commands.pop(command.token, None)
        self.cancel(command.limit)
        self.cancel(command.run.process.timer)
        if self.listener is not None and self.listener.is_on:
            self.listener.on_command_ended(command.token, ended)

    def forget_command(self, token: str) -> None:
        """Nobody waits for it any more; it is killed."""
        command = self.state.commands.pop(token, None)
        if command is not None:
            self.cancel(command.limit)
            self.cancel(command.run.process.timer)

    def forget_commands(self) -> None:
        """The kubelet that asked is gone. A simplification: so are its hooks' commands, which would go on."""
        for token in list(self.state.commands):
            self.forget_command(token)

    def end_commands(self, container_id: str) -> None:
        """The container has ended, and all that ran in it."""
        for command in [each for each in self.state.commands.values() if each.run.container == container_id]:
            self._command_over(command, _ended(command, KILLED))


def _fault(program: str, unforeseen: Exception) -> str:
    return f"{program}: internal error: {type(unforeseen).__name__}: {unforeseen}"[:1000] + "\n"


def _ended(command: Command, code: int) -> Ended:
    return Ended(code, command.output + command.errors, errors=command.errors)
