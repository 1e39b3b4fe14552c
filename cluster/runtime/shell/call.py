"""Owns what a command of the shell gets: its words, options, input, outputs, and the ways in which it may wait or end.

A command is a function of a Call that returns its exit code; None when the shell goes on elsewhere (a function, `eval`). One that has to
wait raises Blocked and is called again when it need not; what it has to know then it keeps in `call.memory`, which is plain data.
"""

from __future__ import annotations

import posixpath
from typing import Any

from .variables import Variables

BANNER = "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary."


ENDLESS = ("/dev/zero", "/dev/urandom", "/dev/random")
HOARDERS = ("tail", "sort", "tac", "rev", "grep", "egrep", "fgrep", "sed", "awk", "cut", "uniq")  # they keep a line, or all of it
FILLS_MS = 900  # until what reads one of them to its end has filled the memory


class Blocked(Exception):
    """The process waits; see Task.wait."""

    def __init__(self, wait: list[Any]):
        super().__init__(str(wait))
        self.wait = wait


class BrokenPipe(Exception):
    """Nobody reads what is written: SIGPIPE."""


class Ends(Exception):
    """The process ends with an exit code."""

    def __init__(self, status: int):
        super().__init__(str(status))
        self.status = status


class Failed(Exception):
    """A command ends with a message, which its name is put before, and an exit code."""

    def __init__(self, message: str, status: int = 1):
        super().__init__(message)
        self.status = status


class WriteFailed(Failed):
    """What was written cannot be kept."""

    def __init__(self, why: str):
        super().__init__(f"write error: {why}")


class Usage(Exception):
    """The command line is none; what is printed is the tool's usage."""

    def __init__(self, message: str = ""):
        super().__init__(message)


class Options:
    """The options of a command line: `"a" in options`, `options["n"]`, `options.rest`."""

    def __init__(self):
        self.letters: list[str] = []
        self.values: dict[str, list[str]] = {}
        self.rest: list[str] = []

    def __contains__(self, letter: str) -> bool:
        return letter in self.letters

    def __getitem__(self, letter: str) -> str:
        return self.values[letter][-1]

    def get(self, letter: str, otherwise: str = "") -> str:
        return self.values[letter][-1] if letter in self.values else otherwise

    def last(self, letters: str) -> str:
        """Which of some letters came last."""
        return next((letter for letter in reversed(self.letters) if letter in letters), "")


class Call:
    """One command under way."""

    def __init__(self, runner: Any, task: Any, front: Any):
        self.runner, self.task, self.front = runner, task, front
        self.words, self.memory, self.descriptors = front.words, front.memory, front.descriptors
        self.world = runner.world

    @property
    def name(self) -> str:
        return posixpath.basename(self.words[0])

    @property
    def arguments(self) -> list[str]:
        return self.words[1:]

    @property
    def variables(self) -> Variables:
        found = self.runner.variables(self.task)
        found.overlay = self.front.assigned
        return found

    @property
    def environment(self) -> dict[str, str]:
        return self.runner.variables(self.task).environment(self.front.assigned)

    def path(self, name: str) -> str:
        """A name as a path from the root, links as they are."""
        return posixpath.normpath(posixpath.join(self.task.folder, name)) if name else name

    # -- output ------------------------------------------------------------------------------------------------------

    def out(self, text: str) -> None:
        if text:
            self.runner.write(self.descriptors.get("1"), text)

    def err(self, text: str) -> None:
        if text:
            self.runner.complain(self.descriptors, text)

    def complain(self, message: str) -> int:
        """`name: message` on standard error; returns 1."""
        self.err(f"{self.name}: {message}\n")
        return 1

    def wait_for_room(self) -> None:
        """Wait until what reads our output has read enough of it."""
        reference = self.descriptors.get("1")
        if self.runner.is_full(reference):
            raise Blocked(["room", reference.split(" ")[1]])

    # -- input -------------------------------------------------------------------------------------------------------

    def read_some(self) -> tuple[str, bool]:
        """What is there of the input, and whether that was its end."""
        return self.runner.read_some(self.descriptors.get("0"))

    def read_all(self) -> str:
        """All of the input; a command that calls this has done nothing yet that it may not do twice."""
        if self.memory.get("ended"):
            return self.memory.get("read", "")
        while True:
            text, is_end = self.read_some()
            self.memory["read"] = self.memory.get("read", "") + text
            if len(self.memory["read"]) > 4 * 1024 * 1024:
                raise Failed("out of memory")
            if is_end:
                self.memory["ended"] = True
                return self.memory["read"]

    def read_line(self) -> str:
        return self.runner.read_line(self.descriptors.get("0"))

    def texts(self, paths: list[str], *, words: str = "can't open '{path}': {why}") -> list[tuple[str, str]]:
        """(name, text) of files; "-", or no files, is the input. What cannot be read is complained of, and `memory` knows it."""
        found = []
        for path in paths or ["-"]:
            text = self.text(path)
            if text is None:
                self.memory["failed"] = True
                if path not in self.memory.setdefault("told", []):
                    self.memory["told"].append(path)
                    self.complain(words.format(path=path, why=self.world.why))
            else:
                found.append((path, text))
        return found

    def holds(self, memory_bytes: int) -> None:
        """Take memory; with more than there is the program is killed, and does not go on."""
        if self.world.takes(memory_bytes):
            raise Blocked(["ever"])

    def text(self, path: str) -> str | None:
        """A file's text; None, and world.why, when it cannot be read. One without an end fills the memory of who keeps what it reads."""
        if path in ("-", "/dev/stdin"):
            return self.read_all()
        if self.path(path) in ENDLESS and self.name in HOARDERS:
            self.sleep(FILLS_MS)
            self.holds(1 << 60)
            raise Failed("out of memory")
        return self.world.read_file(self.path(path))

    @property
    def failed(self) -> int:
        return 1 if self.memory.get("failed") else 0

    # -- time and children -------------------------------------------------------------------------------------------

    def sleep(self, ms: int) -> None:
        """Wait once for some time; called again afterwards, it returns."""
        due = self.memory.setdefault("due", self.world.now_ms + ms)
        if self.world.now_ms < due:
            raise Blocked(["until", due])

    def run(self, words: list[str], *, key: str = "child", stdin: str | None = None, environment: dict[str, str] | None = None) -> int:
        """Run a command in a process of its own and wait for it; its exit code. key: so that a command may run several."""
        if key not in self.memory:
            self.memory[key] = self.runner.spawn(self.task, words, self.descriptors, stdin=stdin, environment=environment or self.environment)
        pid = str(self.memory[key])
        if pid not in self.task.reaped:
            raise Blocked(["children", pid])
        return self.task.reaped[pid]

    # -- options -----------------------------------------------------------------------------------------------------

    def options(self, flags: str, valued: str = "", *, longs: dict[str, str] | None = None, stops: bool = False) -> Options:
        """Read options as getopt does. valued: letters that take a value. stops: options end at the first word that is none."""
        found, words, at = Options(), self.arguments, 0
        while at < len(words):
            word = words[at]
            at += 1
            if word == "--":
                found.rest += words[at:]
                break
            if word.startswith("--") and longs is not None:
                at = self._long(found, word, words, at, valued, longs)
            elif len(word) > 1 and word[0] == "-":
                at = self._short(found, word, words, at, flags, valued)
            else:
                found.rest.append(word)
                if stops:
                    found.rest += words[at:]
                    break
        return found

    def _short(self, found: Options, word: str, words: list[str], at: int, flags: str, valued: str) -> int:
        for place, letter in enumerate(word[1:], 1):
            if letter in valued:
                value = word[place + 1 :]
                if not value:
                    if at >= len(words):
                        raise Usage(f"option requires an argument -- '{letter}'")
                    value, at = words[at], at + 1
                found.letters.append(letter)
                found.values.setdefault(letter, []).append(value)
                return at
            if letter not in flags:
                raise Usage(f"invalid option -- '{letter}'")
            found.letters.append(letter)
        return at

    def _long(self, found: Options, word: str, words: list[str], at: int, valued: str, longs: dict[str, str]) -> int:
        name, equals, value = word[2:].partition("=")
        letter = longs.get(name)
        if letter is None:
            raise Usage(f"unrecognized option '{word}'")
        found.letters.append(letter)
        if letter in valued:
            if not equals:
                if at >= len(words):
                    raise Usage(f"option '--{name}' requires an argument")
                value, at = words[at], at + 1
            found.values.setdefault(letter, []).append(value)
        return at
