"""Owns `test` and `[`: conditions over texts, numbers and files. Source: busybox 1.35 coreutils/test.c."""

from __future__ import annotations

import re

from .call import Call, Failed

NUMBER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")
NUMERIC = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
}
TEXTUAL = {
    "=": lambda left, right: left == right,
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
}
BY_FILES = ("-nt", "-ot", "-ef")
UNARY = ("-z", "-n", "-e", "-f", "-d", "-s", "-r", "-w", "-x", "-h", "-L", "-p", "-S", "-b", "-c", "-t", "-g", "-u", "-k", "-O", "-G")
MOST_WORDS = 1_000


class Wrong(Failed):
    """An expression that is none: exit code 2."""

    def __init__(self, message: str):
        super().__init__(message, 2)


def test(call: Call) -> int:
    words = call.arguments
    if call.name in ("[", "[["):
        closing = "]" if call.name == "[" else "]]"
        if not words or words[-1] != closing:
            raise Wrong(f"missing {closing}")
        words = words[:-1]
    if len(words) > MOST_WORDS:
        raise Wrong("too many arguments")
    if not words:
        return 1
    expression = Expression(call, words)
    value = expression.either() if len(words) > 3 else expression.short()
    if expression.at < len(words):
        raise Wrong(f"{words[expression.at]}: unknown operand")
    return 0 if value else 1


class Expression:
    """Words that are read from left to right."""

    def __init__(self, call: Call, words: list[str]):
        self.call, self.words, self.at = call, words, 0

    def short(self) -> bool:
        """Up to three words: what they mean depends on how many they are (POSIX)."""
        words = self.words
        if len(words) == 1:
            self.at = 1
            return words[0] != ""
        if len(words) == 2 and words[0] == "!":
            self.at = 2
            return words[1] == ""
        if len(words) == 3 and is_binary(words[1]):
            self.at = 3
            return self.binary(*words)
        return self.either()

    def word(self) -> str | None:
        return self.words[self.at] if self.at < len(self.words) else None

    def either(self) -> bool:
        value = self.both()
        while self.word() in ("-o", "||"):
            self.at += 1
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.negated()
        while self.word() in ("-a", "&&"):
            self.at += 1
            value = self.negated() and value
        return value

    def negated(self) -> bool:
        turns = False
        while self.word() == "!" and self.at + 1 < len(self.words):
            self.at += 1
            turns = not turns
        return self.primary() != turns

    def primary(self) -> bool:
        word = self.word()
        if word is None:
            raise Wrong("argument expected")
        following = self.words[self.at + 1] if self.at + 1 < len(self.words) else None
        if word == "(" and not (following is not None and is_binary(following) and self.at + 2 < len(self.words)):
            self.at += 1
            value = self.either()
            if self.word() != ")":
                raise Wrong("closing paren expected")
            self.at += 1
            return value
        if following is not None and is_binary(following) and self.at + 2 < len(self.words):
            right = self.words[self.at + 2]
            self.at += 3
            return self.binary(word, following, right)
        self.at += 1
        if word in UNARY and self.at < len(self.words):
            value = self.words[self.at]
            self.at += 1
            return self.unary(word, value)
        return word != ""

    def binary(self, left: str, operator: str, right: str) -> bool:
        if operator in TEXTUAL:
            return TEXTUAL[operator](left, right)
        if operator in NUMERIC:
            return NUMERIC[operator](number_of(left), number_of(right))
        first, second = self.call.world.look(self.call.path(left)), self.call.world.look(self.call.path(right))
        if operator == "-ef":
            return first is not None and self.call.world.resolve(self.call.path(left)) == self.call.world.resolve(self.call.path(right))
        older, newer = (first, second) if operator == "-ot" else (second, first)
        return newer is not None and (older is None or older.changed_ms < newer.changed_ms)

    def unary(self, operator: str, value: str) -> bool:
        if operator in ("-z", "-n"):
            return (value == "") == (operator == "-z")
        world, path = self.call.world, self.call.path(value)
        if operator == "-t":
            return world.is_terminal and self.call.descriptors.get(value) in ("in", "out", "err")
        node = world.look(path, follow=operator not in ("-h", "-L")) if value else None
        if node is None:
            return False
        if operator in ("-r", "-w", "-x"):
            wanted = {"-r": 4, "-w": 2, "-x": 1}[operator]
            return world.may(node, wanted) and (operator != "-x" or bool(node.mode & 0o111))
        return {"-f": node.kind == "file", "-d": node.kind == "folder", "-s": node.size > 0 or node.kind == "folder", "-h": node.kind == "link",
                "-L": node.kind == "link", "-e": True, "-O": node.owner == world.process.user, "-G": node.group == world.process.group,
                "-c": node.kind == "character", "-b": node.kind == "block", "-S": node.kind == "socket", "-p": node.kind == "fifo",
                "-g": bool(node.mode & 0o2000), "-u": bool(node.mode & 0o4000),
                "-k": bool(node.mode & 0o1000)}.get(operator, False)  # fmt: skip


def is_binary(word: str) -> bool:
    return word in TEXTUAL or word in NUMERIC or word in BY_FILES


def number_of(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise Wrong(f"{text}: bad number")
    return int(text)
