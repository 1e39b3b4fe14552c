"""Owns the patterns of `grep`: matched in time that grows with the line alone, since they come from outside.

Python's `re` can be made to try for ever; this is an automaton (Thompson's), its states remembered as they are met.
Known are literals . [] () | * + ? {m,n} ^ $ and \\d \\w \\s \\b's neighbours; what is not known is a literal.
"""

from __future__ import annotations

from .words import Refusal

MOST_NODES = 2_000
MOST_STATES = 500
CLASSES = {"d": "0123456789", "s": " \t\r\n\f\v"}
NAMED = {"alpha": str.isalpha, "digit": str.isdigit, "alnum": str.isalnum, "space": str.isspace, "upper": str.isupper, "lower": str.islower}


class Pattern:
    """A compiled pattern; `search(line)` says whether it is found in it."""

    def __init__(self, text: str, *, ignore_case: bool = False, fixed: bool = False):
        self.ignore_case = ignore_case
        text = text.lower() if ignore_case else text
        self.literal = text if fixed or not any(char in ".[]()|*+?{}^$\\" for char in text) else None
        if self.literal is None:
            self._compile(text)

    def _compile(self, text: str) -> None:
        tree = _Parser(text).parse()
        self.nodes: list[tuple] = []
        self.accept = self._node("accept")
        self.first = self._build(tree, self.accept)
        self.states: dict[frozenset, dict[str, frozenset]] = {}
        self.begin = self._closure([self.first], at_start=True)
        self.again = self._closure([self.first], at_start=False)

    def search(self, line: str) -> bool:
        line = line.lower() if self.ignore_case else line
        if self.literal is not None:
            return self.literal in line
        state = self.begin
        for char in line:
            if self.accept in state:
                return True
            state = self._next(state, char)
        return self.accept in state or self.accept in self._closure(state, at_start=not line, at_end=True)

    def _next(self, state: frozenset, char: str) -> frozenset:
        known = self.states.setdefault(state, {})
        found = known.get(char)
        if found is None:
            reached = [node[2] for index in state if (node := self.nodes[index])[0] == "char" and node[1](char)]
            found = known[char] = self._closure(reached, at_start=False) | self.again
            if len(self.states) > MOST_STATES:
                self.states.clear()
        return found

    def _closure(self, indexes, *, at_start: bool, at_end: bool = False) -> frozenset:
        """All nodes that are reached without a character."""
        seen, waiting = set(), list(indexes)
        while waiting:
            index = waiting.pop()
            if index in seen:
                continue
            seen.add(index)
            kind, *rest = self.nodes[index]
            if kind == "split":
                waiting += rest
            elif (kind == "start" and at_start) or (kind == "end" and at_end):
                waiting.append(rest[0])
        return frozenset(seen)

    def _node(self, *node) -> int:
        if len(self.nodes) >= MOST_NODES:
            raise Refusal("terminal.pattern_too_long")
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _build(self, tree: tuple, following: int) -> int:
        """The node where a tree begins that goes on at `following`."""
        kind, *rest = tree
        if kind == "char":
            return self._node("char", rest[0], following)
        if kind in ("start", "end"):
            return self._node(kind, following)
        if kind == "sequence":
            for part in reversed(rest[0]):
                following = self._build(part, following)
            return following
        if kind == "either":
            return self._node("split", *[self._build(part, following) for part in rest[0]])
        part, least, most = rest
        if most is None:
            loop = self._node("split", following)
            self.nodes[loop] = ("split", self._build(part, loop), following)
            following = loop
        else:
            end = following
            for _ in range(most - least):
                following = self._node("split", self._build(part, following), end)
        for _ in range(least):
            following = self._build(part, following)
        return following


class _Parser:
    """Reads a pattern as a tree: ("char", test) ("sequence", […]) ("either", […]) ("repeat", tree, least, most) ("start",) ("end",)."""

    def __init__(self, text: str):
        self.text, self.at, self.depth = text, 0, 0

    def parse(self) -> tuple:
        tree = self.either()
        if self.at < len(self.text):
            raise Refusal("terminal.bad_pattern")
        return tree

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        self.at += 1
        return self.text[self.at - 1 : self.at]

    def either(self) -> tuple:
        self.depth += 1
        if self.depth > 50:
            raise Refusal("terminal.pattern_too_long")
        parts = [self.sequence()]
        while self.peek() == "|":
            self.take()
            parts.append(self.sequence())
        self.depth -= 1
        return ("either", parts) if len(parts) > 1 else parts[0]

    def sequence(self) -> tuple:
        parts = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.one()))
        return ("sequence", parts)

    def repeated(self, tree: tuple) -> tuple:
        for _ in range(4):
            sign = self.peek()
            if sign in ("*", "+", "?") and sign:
                self.take()
                tree = ("repeat", tree, 1 if sign == "+" else 0, 1 if sign == "?" else None)
            elif sign == "{" and (found := self.amounts()):
                tree = ("repeat", tree, *found)
        return tree

    def amounts(self) -> tuple[int, int | None] | None:
        """`{m}`, `{m,}` or `{m,n}`; None when the brace is a plain one."""
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : end].partition(",")
        if end < 0 or not least.isascii() or not least.isdigit() or (most and not (most.isascii() and most.isdigit())) or len(least + most) > 6:
            return None
        self.at = end + 1
        low = int(least)
        high = int(most) if most else None if comma else low
        if low > 200 or (high is not None and (high > 200 or high < low)):
            raise Refusal("terminal.pattern_too_long")
        return low, high

    def one(self) -> tuple:
        char = self.take()
        if char == "(":
            tree = self.either()
            if self.take() != ")":
                raise Refusal("terminal.bad_pattern")
            return tree
        if char in "^$":
            return ("start",) if char == "^" else ("end",)
        if char == ".":
            return ("char", lambda _: True)
        if char == "[":
            return ("char", self.bracket())
        return ("char", self.escaped() if char == "\\" else char.__eq__)

    def escaped(self):
        char = self.take()
        if char == "w":
            return lambda c: c.isalnum() or c == "_"
        if char == "W":
            return lambda c: not (c.isalnum() or c == "_")
        if char.lower() in CLASSES and char:
            known, inverted = CLASSES[char.lower()], char.isupper()
            return lambda c: (c in known) != inverted
        return (char or "\\").__eq__

    def bracket(self):
        end = self.text.find("]", self.at + (2 if self.text.startswith("^", self.at) else 1))
        while end >= 0 and self.text.rfind("[:", self.at, end) > self.text.rfind(":]", self.at, end) and self.text[end - 1] == ":":
            end = self.text.find("]", end + 1)
        if end < 0:
            raise Refusal("terminal.bad_pattern")
        inside, self.at = self.text[self.at : end], end + 1
        inverted = inside.startswith("^")
        singles, ranges, tests = members(inside[1:] if inverted else inside)
        return lambda c: (c in singles or any(low <= c <= high for low, high in ranges) or any(test(c) for test in tests)) != inverted


def members(inside: str) -> tuple[set[str], list[tuple[str, str]], list]:
    """What a bracket holds: single characters, ranges, named classes."""
    singles, ranges, tests, at = set(), [], [], 0
    while at < len(inside):
        end = inside.find(":]", at)
        if inside.startswith("[:", at) and end > 0 and inside[at + 2 : end] in NAMED:
            tests.append(NAMED[inside[at + 2 : end]])
            at = end + 2
        elif at + 2 < len(inside) and inside[at + 1] == "-":
            ranges.append((inside[at], inside[at + 2]))
            at += 3
        else:
            singles.add(inside[at])
            at += 1
    return singles, ranges, tests
