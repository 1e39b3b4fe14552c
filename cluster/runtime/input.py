"""Owns what comes in to a command: pieces of a pipe, and keys, echoed and edited as the kernel's line discipline does it."""

from __future__ import annotations

from typing import Any

from .shell import machine
from .shell.syntax import is_unfinished
from .state import Exec

MOST_TYPED = 8 * 1024 * 1024  # what a command may leave unread
MOST_LINE = 4096  # the kernel's longest line (N_TTY_BUF_SIZE)
INTERRUPTED, KILLED = 130, 137
END = "\x04"  # Ctrl-D at a terminal, in what was typed: whoever reads up to it has read to the end


class Input:
    """Part of Execs: the way in."""

    state: Any

    def exec_input(self, number: int, text: str) -> None:
        """What the caller types or pipes in."""
        self._input(self.state.execs.get(str(number)), text)

    def exec_closed(self, number: int) -> None:
        """The caller has no more to say."""
        self._input_ends(self.state.execs.get(str(number)))

    def exec_resized(self, number: int, size: list[int]) -> None:
        """The caller's terminal has another size: [rows, columns]."""
        run = self.state.execs.get(str(number))
        if run is not None:
            run.size = list(size)

    def exec_gone(self, number: int) -> None:
        """The caller has hung up: what it started ends."""
        run = self.state.execs.get(str(number))
        if run is not None:
            self._exec_end(run, KILLED, is_told=False)

    def _input(self, run: Exec | None, text: str) -> None:
        if run is not None and run.is_open:
            self._take(run, text)
            self._next(run)

    def _input_ends(self, run: Exec | None) -> None:
        if run is not None and run.is_open:
            run.is_open = False
            self._next(run)

    def _take(self, run: Exec, text: str) -> None:
        if not run.tty or not run.is_begun:
            run.typed += text[: MOST_TYPED - len(run.typed)]
            return
        for char in text[:MOST_TYPED]:
            self._key(run, char)

    def _key(self, run: Exec, char: str) -> None:
        """One key at a terminal: echo, and edit the line that is being typed."""
        if char in "\r\n":
            self._hear(run, "stdout", "\r\n")
            run.typed, run.line = run.typed + run.line + "\n", ""
        elif char in "\x7f\b":
            if run.line:
                run.line = run.line[:-1]
                self._hear(run, "stdout", "\b \b")
        elif char == "\x03":
            self._interrupted(run)
        elif char == END:
            run.typed, run.line = run.typed + (run.line or END), ""
        elif char.isprintable() and len(run.line) < MOST_LINE:
            run.line += char
            self._hear(run, "stdout", char)

    def _interrupted(self, run: Exec) -> None:
        """Ctrl-C: the command in front ends; a shell stays, and so does a first process without a handler."""
        self._hear(run, "stdout", "^C\r\n")
        process = self._program(run)
        run.line, run.typed = "", ""
        if run.process is None and not run.is_shell:
            self.signal(run.container, "INT")
            return
        self.cancel(process.timer)
        process.timer, run.wants, run.unfinished = 0, "", ""
        if run.is_shell:
            machine.interrupt(process, self._exec_world(run))
        if not run.is_shell:
            self._exec_end(run, INTERRUPTED)
        else:
            run.is_busy = False
            self._prompt(run)

    def _next(self, run: Exec) -> None:
        """Go on with what waits for its input, if that is there; a shell that waits takes its next line."""
        process = self._program(run)
        if not run.is_begun:
            return
        if run.wants:
            if has_end(run) or (run.wants == "some" and run.typed) or (run.wants == "line" and "\n" in run.typed):
                run.wants = ""
                self.cancel(process.timer)
                process.timer = self.after(1, "_exec_walk", run.container if run.process is None else str(run.number))
        elif run.is_shell and not run.is_busy:
            self._next_line(run)

    def _next_line(self, run: Exec) -> None:
        """A shell that waits takes the next whole line; at the end of its input it ends."""
        process, key = self._program(run), run.container if run.process is None else str(run.number)
        line, newline, _ = before_end(run).partition("\n")
        is_end = has_end(run) and not newline
        if newline or (line and is_end):
            run.typed = run.typed[len(line) + 1 :]
            text = run.unfinished + line + newline
            if newline and is_unfinished(text):
                run.unfinished = text[:MOST_TYPED]
                if run.tty:
                    self._hear(run, "stdout", "> ")
                self._next_line(run)
                return
            run.unfinished, run.is_busy = "", True
            machine.feed(process, text)
            self.cancel(process.timer)
            process.timer = self.after(1, "_exec_walk", key)
        elif is_end:
            run.is_busy = True
            if run.tty:
                self._hear(run, "stdout", "exit\r\n")
            process.timer = self.after(1, "_exec_over", key, machine.first(process).status)


def has_end(run: Exec) -> bool:
    """Whether the end of the input is in what was typed, or nothing more can come."""
    return not run.is_open or (run.tty and END in run.typed)


def before_end(run: Exec) -> str:
    """What was typed up to the end of the input."""
    return run.typed.partition(END)[0] if run.tty else run.typed
