"""Regular expressions as Go has them: read like its regexp package, matched in linear time, whatever the pattern.

Patterns come from users (schemas of custom resources), so Python's backtracking matcher is only used to read them.
Simplified: Unicode classes (`\\pL`) and flags inside a pattern beside a leading `(?i)` or `(?s)` are not known; such a pattern
matches everything.
Source: Go's regexp/syntax; R. Cox, "Regular Expression Matching Can Be Simple And Fast".
"""
from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as code
from re import _parser as reader

MOST_STEPS = 20_000        # instructions of a compiled pattern
LONGEST = 1 << 16          # of a text that is looked at
MOST_REPEATS = 1_000       # as in Go
POSIX = {"[:alpha:]": "a-zA-Z", "[:digit:]": "0-9", "[:alnum:]": "0-9A-Za-z", "[:upper:]": "A-Z", "[:lower:]": "a-z",
         "[:space:]": r"\t\n\v\f\r ", "[:xdigit:]": "0-9A-Fa-f", "[:word:]": r"\w", "[:punct:]": r"!-/:-@\[-`{-~"}
WORDS = (("unterminated subpattern", "missing closing )"), ("unterminated character set", "missing closing ]"),
         ("unbalanced parenthesis", "unexpected )"), ("nothing to repeat", "missing argument to repetition operator"),
         ("multiple repeat", "invalid nested repetition operator"), ("bad character range", "invalid character class range"),
         ("bad escape", "invalid escape sequence"))


class Unsupported(Exception):
    """A part of a pattern that is not known here."""


def problem(pattern: str) -> str:
    """What Go says of a pattern that it cannot read, "" of one that it can."""
    try:
        _parsed(pattern)
    except re.error as error:
        words = next((go for said, go in WORDS if said in str(error)), str(error))
        shown = pattern if words.startswith(("missing closing", "unexpected")) else pattern[error.pos or 0:]
        return f"error parsing regexp: {words}: `{shown}`"
    return ""


def matches(pattern: str, text: str) -> bool:
    """Whether a text has a match somewhere; a pattern that cannot be compiled matches everything."""
    program = _program(pattern)
    return program is None or len(text) > LONGEST or _run(program, text)


def _parsed(pattern: str):
    for name, members in POSIX.items():
        pattern = pattern.replace(name, members)
    return reader.parse(pattern.replace(r"\z", r"\Z"), re.ASCII)


@lru_cache(maxsize=512)
def _program(pattern: str) -> list[tuple] | None:
    """Instructions: ("char", test), ("split", a, b), ("jump", a), ("at", test), ("match",)."""
    try:
        tree = _parsed(pattern)
        program: list[tuple] = []
        _sequence(tree, program, tree.state.flags)
        program.append(("match",))
        return program
    except (Unsupported, re.error, RecursionError, OverflowError):
        return None


def _sequence(tree, program: list[tuple], flags: int) -> None:
    for operation, argument in tree:
        _compile(operation, argument, program, flags)
        if len(program) > MOST_STEPS:
            raise Unsupported


def _compile(operation, argument, program: list[tuple], flags: int) -> None:
    if operation in (code.MAX_REPEAT, code.MIN_REPEAT):
        _repeat(*argument, program, flags)
    elif operation is code.BRANCH:
        _branch(argument[1], program, flags)
    elif operation is code.SUBPATTERN:
        if argument[1] or argument[2]:
            raise Unsupported
        _sequence(argument[3], program, flags)
    elif operation is code.AT:
        program.append(("at", _position(argument)))
    else:
        program.append(("char", _character(operation, argument, flags)))


def _repeat(least: int, most: int, inner, program: list[tuple], flags: int) -> None:
    if least > MOST_REPEATS or (most is not code.MAXREPEAT and most > MOST_REPEATS):
        raise Unsupported
    for _ in range(least):
        _sequence(inner, program, flags)
    if most is code.MAXREPEAT:
        start = len(program)
        program.append(())
        _sequence(inner, program, flags)
        program.append(("jump", start))
        program[start] = ("split", start + 1, len(program))
        return
    starts = []
    for _ in range(most - least):
        starts.append(len(program))
        program.append(())
        _sequence(inner, program, flags)
    for start in starts:
        program[start] = ("split", start + 1, len(program))


def _branch(branches: list, program: list[tuple], flags: int) -> None:
    ends = []
    for branch in branches[:-1]:
        start = len(program)
        program.append(())
        _sequence(branch, program, flags)
        ends.append(len(program))
        program.append(())
        program[start] = ("split", start + 1, len(program))
    _sequence(branches[-1], program, flags)
    for end in ends:
        program[end] = ("jump", len(program))


def _position(where):
    tests = {code.AT_BEGINNING: lambda text, at: at == 0, code.AT_BEGINNING_STRING: lambda text, at: at == 0,
             code.AT_END: lambda text, at: at == len(text), code.AT_END_STRING: lambda text, at: at == len(text),
             code.AT_BOUNDARY: _is_boundary, code.AT_NON_BOUNDARY: lambda text, at: not _is_boundary(text, at)}
    if where not in tests:
        raise Unsupported
    return tests[where]


def _is_boundary(text: str, at: int) -> bool:
    return _is_word(text[at - 1:at] if at else "") != _is_word(text[at:at + 1])


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


def _character(operation, argument, flags: int):
    """The test of one character."""
    if operation is code.ANY:
        return (lambda char: True) if flags & re.DOTALL else (lambda char: char != "\n")
    if operation is code.LITERAL:
        test = _literal(argument)
    elif operation is code.NOT_LITERAL:
        inner = _literal(argument)
        test = lambda char: not inner(char)  # noqa: E731
    elif operation is code.IN:
        test = _members(argument)
    else:
        raise Unsupported
    if flags & re.IGNORECASE:
        return lambda char: test(char.lower()) or test(char.upper())
    return test


def _literal(number: int):
    wanted = chr(number)
    return lambda char: char == wanted


CATEGORIES = {code.CATEGORY_DIGIT: lambda char: "0" <= char <= "9",
              code.CATEGORY_SPACE: lambda char: char in "\t\n\f\r ", code.CATEGORY_WORD: _is_word}
OPPOSITES = {code.CATEGORY_NOT_DIGIT: code.CATEGORY_DIGIT, code.CATEGORY_NOT_SPACE: code.CATEGORY_SPACE,
             code.CATEGORY_NOT_WORD: code.CATEGORY_WORD}


def _members(members: list):
    """The test of a bracket: characters, ranges, classes."""
    negated = bool(members) and members[0][0] is code.NEGATE
    tests = [_member(*member) for member in members if member[0] is not code.NEGATE]
    return lambda char: any(test(char) for test in tests) != negated


def _member(operation, argument):
    if operation is code.LITERAL:
        return _literal(argument)
    if operation is code.RANGE:
        low, high = argument
        return lambda char: low <= ord(char) <= high
    if operation is not code.CATEGORY:
        raise Unsupported
    if argument in CATEGORIES:
        return CATEGORIES[argument]
    if argument not in OPPOSITES:
        raise Unsupported
    inner = CATEGORIES[OPPOSITES[argument]]
    return lambda char: not inner(char)


def _run(program: list[tuple], text: str) -> bool:
    """Follow all ways through the program at once."""
    states: list[int] = []
    for at in range(len(text) + 1):
        current = _reached(program, [*states, 0], text, at)
        if current is None:
            return True
        if at == len(text):
            return False
        char = text[at]
        states = [state + 1 for state in current if program[state][1](char)]
    return False


def _reached(program: list[tuple], starts: list[int], text: str, at: int) -> list[int] | None:
    """The instructions that wait for a character; None when a match is complete."""
    waiting, seen = list(reversed(starts)), bytearray(len(program))
    found = []
    while waiting:
        state = waiting.pop()
        if seen[state]:
            continue
        seen[state] = 1
        step = program[state]
        if step[0] == "match":
            return None
        if step[0] == "char":
            found.append(state)
        elif step[0] == "jump":
            waiting.append(step[1])
        elif step[0] == "split":
            waiting += (step[2], step[1])
        elif step[1](text, at):
            waiting.append(state + 1)
    return found
