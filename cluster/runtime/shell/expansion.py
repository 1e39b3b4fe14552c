"""Owns what words stand for: parameters, commands, arithmetic, splitting at IFS, names of files.

A command that has to be run first is asked for by NeedsOutput; then the whole is expanded anew, and what has had an effect before (a command,
an assignment in an arithmetic) is taken from the results that were kept. Source: busybox 1.35 shell/ash.c (argstr, expandarg).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import patterns
from .arithmetic import ArithmeticWrong, evaluate
from .tasks import Task
from .variables import LONGEST, OutOfMemory, ShellError, Variables
from .words import DEFAULTS, TRIMS

BLANKS = " \t\n"
PIECES = re.compile(r"[^ \t\n]+")


class NeedsOutput(Exception):
    """A command's output is wanted before a word can be expanded."""

    def __init__(self, text: str):
        super().__init__(text)
        self.text = text


class Fields:
    """The words that come of one word: each a list of (text, whether it is quoted)."""

    def __init__(self):
        self.done: list[list[tuple[str, bool]]] = []
        self.current: list[tuple[str, bool]] = []
        self.is_open = False

    def add(self, text: str, quoted: bool) -> None:
        self.current.append((text, quoted))
        self.is_open = True

    def end(self) -> None:
        if self.is_open:
            self.done.append(self.current)
            self.current, self.is_open = [], False


class Expansion:
    """The expanding of one command's words."""

    def __init__(self, task: Task, variables: Variables, world):
        self.task, self.variables, self.world = task, variables, world
        self.used = self.size = 0

    def once(self, make: Callable[[], str]) -> str:
        """Something with an effect: done once, however often the command is expanded."""
        if self.used == len(self.task.results):
            self.task.results.append(make())
        self.used += 1
        return self.task.results[self.used - 1]

    def grown(self, text: str) -> str:
        self.size += len(text)
        if self.size > LONGEST:
            raise OutOfMemory
        return text

    # -- results ---------------------------------------------------------------------------------------------------

    def words(self, words: tuple) -> list[str]:
        found: list[str] = []
        for word in words:
            if isinstance(word, str):
                found.append(word)
                self.size += len(word)
            else:
                found += self.word(word)
        if self.size > LONGEST:
            raise OutOfMemory
        return found

    def word(self, parts: tuple) -> list[str]:
        """A word split and with names of files in it."""
        fields = Fields()
        self._collect(parts, fields, None)
        fields.end()
        found: list[str] = []
        for field in fields.done:
            found += self._names(field)
        return found

    def _names(self, field: list[tuple[str, bool]]) -> list[str]:
        text = "".join(piece for piece, _ in field)
        if "f" not in self.task.options and any(not quoted and is_pattern(piece, text) for piece, quoted in field):
            pattern = "".join(patterns.escaped(piece) if quoted else piece for piece, quoted in field)
            if patterns.MAGIC.search(pattern) and (names := patterns.expanded(self.world, pattern, self.task.folder)):
                return names
        return [text]

    def text(self, word: tuple | str) -> str:
        """A word as one text: no splitting, no names of files."""
        if isinstance(word, str):
            return self.grown(word)
        return "".join(text for text, _ in self._flat(word))

    def pattern(self, word: tuple | str) -> str:
        """A word as a pattern: what is quoted stands for itself."""
        if isinstance(word, str):
            return word if not any(sign in word for sign in "*?[\\") else patterns.escaped(word)
        return "".join(patterns.escaped(text) if quoted else text for text, quoted in self._flat(word))

    def _flat(self, parts: tuple) -> list[tuple[str, bool]]:
        fields = Fields()
        self._collect(parts, fields, False)
        fields.end()
        return [piece for field in fields.done for piece in field]

    # -- parts -----------------------------------------------------------------------------------------------------

    def _collect(self, parts: tuple, fields: Fields, split: bool | None) -> None:
        """Put what parts stand for into fields. split: False: never."""
        for part in parts:
            kind = part[0]
            if kind == "text":
                if part[2] is None and split is not False:
                    self._split(fields, self.grown(part[1]))
                else:
                    fields.add(self.grown(part[1]), bool(part[2]))
            elif kind == "tilde":
                home = (self.variables.get("HOME") or "") if part[1] in ("", "root") else f"~{part[1]}"
                fields.add(home, True)
            elif kind == "param":
                self._parameter(part, fields, split)
            else:
                text = self.grown(self._command(part[1]) if kind == "command" else self.number(part[1]))
                self._put(fields, text, part[2], split)

    def _put(self, fields: Fields, text: str, quoted: bool, split: bool | None) -> None:
        if quoted or split is False:
            fields.add(text, quoted)
        else:
            self._split(fields, text)

    def _command(self, text: str) -> str:
        def run() -> str:
            raise NeedsOutput(text)

        if not text.strip():
            return ""
        return self.once(run)

    def number(self, parts: tuple) -> str:
        """An arithmetic's value as text."""
        text = self.text(parts)

        def reckon() -> str:
            try:
                return str(evaluate(text, lambda name: self._reckoned(name), self._assign))
            except (ArithmeticWrong, RecursionError) as wrong:
                raise ShellError(str(wrong) if isinstance(wrong, ArithmeticWrong) else "expression recursion loop detected") from None

        return self.once(reckon)

    def _reckoned(self, name: str) -> str:
        found = self.variables.get(name)
        if found is None and "u" in self.task.options:
            raise ShellError(f"{name}: parameter not set")
        return found or ""

    def _assign(self, name: str, value: str) -> None:
        self.variables.overlay.pop(name, None)
        self.variables.set(name, value)

    def _split(self, fields: Fields, text: str) -> None:
        """Divide an unquoted text at the signs of IFS."""
        separators = self.variables.get("IFS")
        separators = BLANKS if separators is None else separators
        if separators == BLANKS:
            if not text:
                return
            if text[0] in BLANKS:
                fields.end()
            for at, piece in enumerate(PIECES.findall(text)):
                if at:
                    fields.end()
                fields.add(piece, False)
            if text[-1] in BLANKS:
                fields.end()
            return
        if not separators:
            if text:
                fields.add(text, False)
            return
        self._split_at(fields, text, separators)

    def _split_at(self, fields: Fields, text: str, separators: str) -> None:
        blanks = "".join(sign for sign in separators if sign in BLANKS)
        at, end = 0, len(text)
        while at < end and text[at] in blanks:
            at += 1
        if at:
            fields.end()
        while at < end:
            start = at
            while at < end and text[at] not in separators:
                at += 1
            if at > start:
                fields.add(text[start:at], False)
            if at >= end:
                return
            while at < end and text[at] in blanks:
                at += 1
            if at < end and text[at] in separators:
                if at == start:
                    fields.is_open = True
                at += 1
                while at < end and text[at] in blanks:
                    at += 1
            fields.end()

    # -- parameters --------------------------------------------------------------------------------------------------

    def _parameter(self, part: tuple, fields: Fields, split: bool | None) -> None:
        _, name, operator, argument, quoted = part
        if operator in DEFAULTS:
            self._default(part, fields, split)
        elif name in "@*" and operator == "":
            self._arguments(name, quoted, fields, split)
        else:
            self._put(fields, self.grown(self._value(name, operator, argument)), quoted, split)

    def _arguments(self, name: str, quoted: bool, fields: Fields, split: bool | None) -> None:
        arguments = self.task.arguments
        if name == "*" and (quoted or split is False):
            separators = self.variables.get("IFS")
            fields.add(self.grown((" " if separators is None else separators[:1]).join(arguments)), quoted)
            return
        for at, argument in enumerate(arguments):
            if at and split is False:
                fields.add(" ", True)
            elif at:
                fields.end()
            self._put(fields, self.grown(argument), quoted, split)

    def _default(self, part: tuple, fields: Fields, split: bool | None) -> None:
        _, name, operator, argument, quoted = part
        found = self.variables.get(name)
        has_value = found is not None and not (operator[0] == ":" and found == "")
        what = operator[-1]
        if what == "+":
            if has_value:
                self._collect(argument, fields, False if quoted and split is None else split)
            elif quoted:
                fields.add("", True)
        elif has_value:
            self._parameter(("param", name, "", (), quoted), fields, split)
        elif what == "-":
            if quoted:
                fields.add(self.text(argument), True)
            else:
                self._collect(argument, fields, split)
        elif what == "=":
            value = self.text(argument)
            if not (name[0].isalpha() or name[0] == "_"):
                raise ShellError(f"{name}: bad variable name")
            self.variables.set(name, value)
            self._put(fields, value, quoted, split)
        else:
            message = self.text(argument) or ("parameter not set or null" if operator[0] == ":" else "parameter not set")
            raise ShellError(f"{name}: {message}")

    def _value(self, name: str, operator: str, argument: tuple) -> str:
        found = self.variables.get(name)
        if found is None and "u" in self.task.options and name not in "@*!":
            raise ShellError(f"{name}: parameter not set")
        text = found or ""
        if operator == "length":
            return str(len(self.task.arguments) if name in "@*" else len(text))
        if operator in TRIMS:
            return patterns.trimmed(text, operator, self.pattern(argument)) if text else ""
        if operator in ("/", "//"):
            return patterns.replaced(text, self.pattern(argument[0]), self.text(argument[1]), everywhere=operator == "//")
        if operator == ":":
            return self._part(text, argument)
        return text

    def _part(self, text: str, argument: tuple) -> str:
        """`${x:from:many}`."""
        first, colon, many = self.text(argument).partition(":")
        start = int(self.number((("text", first, True),)))
        start = max(0, len(text) + start) if start < 0 else start
        if not colon:
            return text[start:]
        length = int(self.number((("text", many, True),)))
        return text[start:][:length] if length >= 0 else text[start:length]


def is_pattern(piece: str, text: str) -> bool:
    """Whether a part of a word may stand for names of files. A bracket that nothing closes is itself: `[` is a command."""
    return "*" in piece or "?" in piece or ("[" in piece and "]" in text)
