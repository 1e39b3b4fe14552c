"""Owns regular expressions as grep, sed, awk and expr have them: POSIX's basic and extended ones with GNU's additions.

They are matched by Python's engine, which goes back over what it has tried; a pattern with which that could take for ever is refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import factorial
from re import _constants as code
from re import _parser as reader

from .call import Failed
from .patterns import CLASSES

MOST_PATTERN = 4_000
MOST_OPEN_REPEATS = 12  # `.*` and the like in one pattern
MOST_TRIES = 10**8
OPEN = 100  # a repeat that may go on so long has no end
KEPT_ESCAPES = {"w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S", "b": r"\b", "B": r"\B", "<": r"\b(?=\w)", ">": r"\b(?<=\w)", "`": r"\A", "'": r"\Z",
                "n": r"\n", "t": r"\t", "r": r"\r", "f": r"\f", "v": r"\v"}  # fmt: skip


class TooComplex(Failed):
    """A pattern that could be matched for ever."""


@lru_cache(maxsize=512)
def compiled(pattern: str, *, extended: bool = False, ignores_case: bool = False) -> re.Pattern:
    """A POSIX pattern as Python's. Raises Failed."""
    if len(pattern) > MOST_PATTERN:
        raise TooComplex("regular expression is too long")
    flags = re.DOTALL | re.ASCII | (re.IGNORECASE if ignores_case else 0)
    try:
        text = converted(pattern, extended)
        found = re.compile(text, flags)
        if is_endless(reader.parse(text, flags)):
            raise TooComplex(f"regular expression '{pattern}' is too complex to be simulated")
        return found
    except (re.error, OverflowError, RecursionError) as wrong:
        raise Failed(f"bad regex '{pattern}': {reason(str(wrong))}", 2) from None


def reason(words: str) -> str:
    """A fault in the words of regerror(3)."""
    known = (("unterminated character set", "Unmatched [, [^, [:, [., or [="), ("parenthesis", "Unmatched ( or \\("),
             ("subpattern", "Unmatched ( or \\("), ("repeat", "Invalid preceding regular expression"), ("group reference", "Invalid back reference"),
             ("bad character range", "Invalid range end"))  # fmt: skip
    return next((said for part, said in known if part in words), "Invalid regular expression")


def converted(pattern: str, extended: bool) -> str:
    found: list[str] = []
    at, fresh = 0, True  # fresh: at the beginning of a branch
    while at < len(pattern):
        sign = pattern[at]
        at += 1
        is_special = extended
        if sign == "\\" and at < len(pattern):
            sign = pattern[at]
            at += 1
            if sign not in "(){}|+?":
                found.append(KEPT_ESCAPES.get(sign, f"(?:\\{sign})" if sign in "123456789" else re.escape(sign)))
                fresh = False
                continue
            is_special = not extended
            if extended:
                found.append("\\" + sign)
                fresh = False
                continue
        if sign == "[":
            text, at = bracket(pattern, at)
            found.append(text)
        elif sign == "*":
            found.append("\\*" if fresh else "*")
        elif sign == "^":
            found.append("^" if extended or fresh else "\\^")
            fresh = fresh or extended
            continue
        elif sign == "$":
            rest = pattern[at:]
            is_end = not rest or extended or rest.startswith(("\\)", "\\|"))
            found.append("\\Z" if is_end else "\\$")
        elif sign in "(|" and is_special:
            found.append(sign)
            fresh = True
            continue
        elif sign in "+?)" and is_special:
            found.append(sign if not (fresh and sign in "+?") else "\\" + sign)
        elif sign == "{" and is_special and (interval := INTERVAL[extended].match(pattern, at)) and not fresh:
            found.append("{" + (interval[1] or "0") + (interval[2] or "") + "}")
            at = interval.end()
        elif sign == ".":
            found.append(".")
        else:
            found.append(re.escape(sign))
        fresh = False
    return re.sub(r"(?<!\\)((?:\\\\)*[*+?}])[*+]+", r"\1", "".join(found))


INTERVAL = {True: re.compile(r"([0-9]*)(,[0-9]*)?\}"), False: re.compile(r"([0-9]*)(,[0-9]*)?\\\}")}


def bracket(pattern: str, at: int) -> tuple[str, int]:
    """A set of signs whose bracket is behind us. A backslash in it stands for itself."""
    inside, start = "", at
    if pattern.startswith("^", at):
        inside, at = "^", at + 1
        start = at
    while at < len(pattern):
        sign = pattern[at]
        if sign == "]" and at > start:
            return f"[{inside}]", at + 1
        if sign == "[" and (named := re.match(r"\[[:.=]([^]]*?)[:.=]\]", pattern[at:])):
            inside += CLASSES.get(named[1], re.escape(named[1]))
            at += named.end()
            continue
        if sign == "\\" and pattern[at + 1 : at + 2] in ("n", "t", "\\", "]"):
            escape = pattern[at + 1]
            if escape == "]":
                inside, at = inside + "\\\\", at + 1
                continue
            inside, at = inside + ("\\" + escape), at + 2
            continue
        inside += "\\" + sign if sign in "[]\\&~|" or (sign == "^" and inside == "") else sign
        at += 1
    raise re.error("unterminated character set")


@lru_cache(maxsize=512)
def degree(pattern: re.Pattern) -> int:
    """How many open repeats may give back what they took: with each the time of a search may grow by the length of the text."""
    try:
        return _degree(list(reader.parse(pattern.pattern, pattern.flags & ~re.UNICODE)))
    except (re.error, RecursionError):
        return MOST_OPEN_REPEATS


def _degree(items: list) -> int:
    count = 0
    for at, (operation, argument) in enumerate(items):
        if operation in (code.MAX_REPEAT, code.MIN_REPEAT):
            _, most, inner = argument
            if isinstance(most, int) and most <= OPEN:
                count += _degree(list(inner)) * min(most, 3)
            else:
                count += 1 if not is_single(inner) or _signs(inner[0]) & _first(items[at + 1 :]) else 0
                count += 0 if is_single(inner) else _degree(list(inner))
        elif operation is code.SUBPATTERN:
            count += _degree([*argument[3], *items[at + 1 : at + 2]])
        elif operation is code.BRANCH:
            count += max(_degree(list(branch)) for branch in argument[1])
    return count


ALL_SIGNS = frozenset(range(128))


def _signs(item: tuple) -> frozenset:
    """The signs that a single item matches; all, where that is not plain."""
    operation, argument = item
    if operation is code.LITERAL:
        return frozenset((argument,))
    if operation is code.IN:
        found: set = set()
        for kind, value in argument:
            if kind is code.LITERAL:
                found.add(value)
            elif kind is code.RANGE:
                found.update(range(value[0], value[1] + 1))
            else:
                return ALL_SIGNS
        return frozenset(found)
    return ALL_SIGNS


def _first(items: list) -> frozenset:
    """The signs with which what follows may begin; none at the end, where nothing has to be given back."""
    for operation, argument in items:
        if operation is code.AT:
            return ALL_SIGNS
        if operation in (code.LITERAL, code.IN):
            return _signs((operation, argument))
        if operation in (code.MAX_REPEAT, code.MIN_REPEAT) and is_single(argument[2]):
            return _signs(argument[2][0]) | (_first(items[1:]) if not argument[0] else frozenset())
        return ALL_SIGNS
    return frozenset()


def guarded(pattern: re.Pattern, text: str) -> re.Pattern:
    """A pattern that can be looked for in a text without taking for ever. Raises TooComplex."""
    if len(text) > 64:
        times = degree(pattern) + 1
        if len(text) ** times > MOST_TRIES * factorial(times):
            raise TooComplex(f"a line of {len(text)} characters is too long for such a regular expression")
    return pattern


def is_endless(tree, inside: bool = False) -> bool:
    """Whether matching could take a time that grows beyond measure: open repeats in each other, or too many after each other."""
    count = [0]
    return _looks_endless(tree, inside, count) or count[0] > MOST_OPEN_REPEATS


def _looks_endless(tree, inside: bool, count: list[int]) -> bool:
    for operation, argument in tree:
        if operation in (code.MAX_REPEAT, code.MIN_REPEAT):
            _, most, inner = argument
            is_open = most > OPEN if isinstance(most, int) else True
            count[0] += is_open
            if is_open and inside and not is_separated(inner):
                return True
            if _looks_endless(inner, inside or (is_open and not is_single(inner)), count):
                return True
        elif operation is code.BRANCH:
            if inside and not are_apart(argument[1]):
                return True
            if any(_looks_endless(branch, inside, count) for branch in argument[1]):
                return True
        elif (operation is code.SUBPATTERN and _looks_endless(argument[3], inside, count)) or (
            operation in (code.ASSERT, code.ASSERT_NOT) and _looks_endless(argument[1], inside, count)
        ):
            return True
    return False


def is_single(tree) -> bool:
    return len(tree) == 1 and tree[0][0] in (code.LITERAL, code.NOT_LITERAL, code.IN, code.ANY)


def is_separated(tree) -> bool:
    """Whether a repeat within a repeat is of single signs: then only what stands beside it can make it ambiguous."""
    return is_single(tree) and tree[0][0] is not code.ANY


def are_apart(branches: list) -> bool:
    """Whether the first signs of branches are different letters."""
    firsts = [branch[0][1] if len(branch) and branch[0][0] is code.LITERAL else None for branch in branches]
    return None not in firsts and len(set(firsts)) == len(firsts)
