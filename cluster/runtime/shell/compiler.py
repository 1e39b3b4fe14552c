"""Owns the way from a script to its instructions: a flat list that a program counter walks.

Instructions: ("run", command), ("pipe", commands), ("jump", to), ("jump_failed", to), ("jump_ok", to), ("status", n),
("invert",), ("for", slot, words), ("next", slot, name, end), ("loop",), ("idle", ms): for ever in naps of ms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from .lexer import ShellSyntaxError, Token, tokens_of

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
ENDS = {"then", "else", "elif", "fi", "do", "done", "}"}
NEVER_FALSE = ({"true"}, {":"})


@dataclass
class Command:
    """A simple command: words, `name=value` before them, redirects (descriptor, operator, target word)."""

    words: list = field(default_factory=list)
    assigns: list = field(default_factory=list)
    redirects: list = field(default_factory=list)


@lru_cache(maxsize=2048)
def compile_script(text: str) -> tuple[tuple, ...]:
    """The instructions of a script. Raises ShellSyntaxError."""
    parser = Parser(tokens_of(text))
    try:
        parser.sequence(stop=set())
    except RecursionError:
        raise ShellSyntaxError("syntax error: nested too deep") from None
    if parser.at < len(parser.tokens):
        raise unexpected(parser.peek())
    return tuple(parser.code)


def unexpected(token: Token | None) -> ShellSyntaxError:
    if token is None:
        return ShellSyntaxError("syntax error: unexpected end of file")
    text = token.value if token.kind == "operator" else plain_text(token) or "word"
    return ShellSyntaxError(f'syntax error: unexpected "{text}"')


def plain_text(token: Token) -> str:
    """A word's text when it is one unquoted piece of text, as keywords are, else ""."""
    if token.kind == "word" and len(token.value) == 1:
        kind, value, quoted = token.value[0]
        if kind == "text" and not quoted:
            return value
    return ""


class Parser:
    """Recursive descent; writes instructions as it reads."""

    def __init__(self, tokens: list[Token]):
        self.tokens, self.at = tokens, 0
        self.code: list[tuple] = []
        self.slots = 0
        self.loops: list[tuple[int, list[int]]] = []  # (where continue goes, jumps that break must patch)

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def keyword(self) -> str:
        token = self.peek()
        return plain_text(token) if token else ""

    def operator(self) -> str:
        token = self.peek()
        return token.value if token and token.kind == "operator" else ""

    def expect(self, word: str) -> None:
        if self.keyword() != word and self.operator() != word:
            raise unexpected(self.peek())
        self.at += 1

    def emit(self, *instruction) -> int:
        self.code.append(instruction)
        return len(self.code) - 1

    def patch(self, where: int) -> None:
        self.code[where] = (self.code[where][0], len(self.code), *self.code[where][2:])

    def sequence(self, stop: set[str]) -> None:
        """Commands up to one of the stop words (not consumed) or the end."""
        while self.peek() is not None:
            if self.operator() == ";":
                self.at += 1
                continue
            if self.keyword() in stop or self.operator() in stop:
                return
            self.and_or()
            if self.operator() == "&":
                raise ShellSyntaxError("background jobs are not simulated")
            if (
                self.peek() is not None
                and self.operator() != ";"
                and not (self.keyword() in stop or self.operator() in stop)
            ):
                raise unexpected(self.peek())
        if stop:
            raise unexpected(None)

    def and_or(self) -> None:
        self.pipeline()
        while self.operator() in ("&&", "||"):
            skip = self.emit("jump_failed" if self.operator() == "&&" else "jump_ok", 0)
            self.at += 1
            while self.operator() == ";":
                self.at += 1
            self.pipeline()
            self.patch(skip)

    def pipeline(self) -> None:
        inverted = self.keyword() == "!"
        if inverted:
            self.at += 1
        start, is_pipe = len(self.code), False
        self.command()
        while self.operator() == "|":
            self.at, is_pipe = self.at + 1, True
            self.command()
        if is_pipe:
            if any(step[0] != "run" for step in self.code[start:]):
                raise ShellSyntaxError("pipes between compound commands are not simulated")
            self.code[start:] = [("pipe", [step[1] for step in self.code[start:]])]
        if inverted:
            self.emit("invert")

    def command(self) -> None:
        word = self.keyword()
        if word in ("if", "while", "until", "for"):
            self.at += 1
            {"if": self.branch, "while": self.loop, "until": self.loop, "for": self.count}[word](word)
        elif word in ("break", "continue"):
            self.leave_loop(word)
        elif word == "{" or self.operator() == "(":
            self.at += 1
            self.sequence({"}"} if word else {")"})
            self.at += 1
        elif word in ENDS or (self.operator() and self.operator() != "("):
            raise unexpected(self.peek())
        else:
            self.simple()

    def branch(self, _word: str) -> None:
        ends = []
        self.sequence({"then"})
        self.expect("then")
        skip = self.emit("jump_failed", 0)
        self.sequence({"elif", "else", "fi"})
        ends.append(self.emit("jump", 0))
        self.patch(skip)
        word = self.keyword()
        self.at += 1
        if word == "elif":
            self.branch(word)
        elif word == "else":
            self.sequence({"fi"})
            self.at += 1
        else:
            self.emit("status", 0)
        for end in ends:
            self.patch(end)

    def loop(self, word: str) -> None:
        start = len(self.code)
        breaks: list[int] = []
        self.loops.append((start, breaks))
        self.sequence({"do"})
        self.at += 1
        condition = self.code[start:]
        leave = self.emit("jump_failed" if word == "while" else "jump_ok", 0)
        body = len(self.code)
        self.sequence({"done"})
        self.at += 1
        self.loops.pop()
        nap = nap_ms(condition, self.code[body:]) if word == "while" and not breaks else 0
        if nap:
            del self.code[start:]
            self.emit("idle", nap)
            return
        self.emit("loop")
        self.emit("jump", start)
        self.patch(leave)
        self.emit("status", 0)
        for where in breaks:
            self.patch(where)

    def count(self, _word: str) -> None:
        name = self.keyword()
        self.at += 1
        words = []
        while self.operator() == ";":
            self.at += 1
        if self.keyword() == "in":
            self.at += 1
            while (token := self.peek()) is not None and token.kind == "word":
                words.append(token.value)
                self.at += 1
        while self.operator() == ";":
            self.at += 1
        self.expect("do")
        slot = self.slots
        self.slots += 1
        self.emit("for", slot, words)
        start = self.emit("next", 0, slot, name)
        breaks: list[int] = []
        self.loops.append((start, breaks))
        self.sequence({"done"})
        self.at += 1
        self.loops.pop()
        self.emit("jump", start)
        self.patch(start)
        for where in breaks:
            self.patch(where)

    def leave_loop(self, word: str) -> None:
        self.at += 1
        if not self.loops:
            self.emit("status", 0)
            return
        start, breaks = self.loops[-1]
        where = self.emit("jump", start)
        if word == "break":
            breaks.append(where)

    def simple(self) -> None:
        command = Command()
        while (token := self.peek()) is not None and token.kind != "operator":
            self.at += 1
            if token.kind == "redirect":
                target = self.peek()
                if target is None or target.kind != "word":
                    raise unexpected(target)
                self.at += 1
                command.redirects.append((*token.value, target.value))
            elif not command.words and (found := assignment(token.value)):
                command.assigns.append(found)
            else:
                command.words.append(token.value)
        self.emit("run", command)


def assignment(parts: list) -> tuple[str, list] | None:
    """(name, value's parts) of a word `name=value`."""
    kind, value, quoted = parts[0] if parts else ("", "", True)
    found = ASSIGNMENT.match(value) if kind == "text" and not quoted else None
    if not found:
        return None
    rest = value[found.end() :]
    return found[1], [("text", rest, False), *parts[1:]]


def literal_words(instruction: tuple) -> list[str] | None:
    """The words of a plain command without expansion or redirect, else None."""
    if instruction[0] != "run":
        return None
    command = instruction[1]
    if command.redirects or command.assigns or any(part[0] != "text" for word in command.words for part in word):
        return None
    return ["".join(part[1] for part in word) for word in command.words]


def nap_ms(condition: list[tuple], body: list[tuple]) -> int:
    """The nap of `while true; do sleep N; done`, a loop that changes nothing; 0 for any other loop."""
    if len(condition) != 1 or len(body) != 1 or set(literal_words(condition[0]) or ()) not in NEVER_FALSE:
        return 0
    words = literal_words(body[0])
    return duration_ms(words[1]) or 0 if words and len(words) == 2 and words[0] == "sleep" else 0


def duration_ms(text: str) -> int | None:
    """Milliseconds of sleep's argument (`2`, `0.5`, `3m`, `inf`), or None."""
    factor = {"s": 1, "m": 60, "h": 3600, "d": 86400}.get(text[-1:], 0)
    number = text[:-1] if factor else text
    if number in ("inf", "infinity"):
        return 10**12
    try:
        value = float(number)
    except ValueError:
        return None
    return None if value < 0 or value != value else int(min(value * 1000 * (factor or 1), 10**12))
