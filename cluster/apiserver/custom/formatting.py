"""Texts of values, and `"…".format([…])`.

Source: github.com/google/cel-go ext/formatting.go. Simplified: `%e` is not known.
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable

from cluster.meta import gotext

from .failures import NO_OVERLOAD, Failed, Unknown, bound
from .libraries import Cidr, Ip
from .times import TIMED, Duration

CLAUSE = re.compile(r"%(?:(%)|(\.[0-9]*)?([\s\S]?))")
MOST_DIGITS, DIGITS = 100, 6
OF_TEXTS = ("string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, "
            "and timestamps")
PIECE = 30      # characters that a piece of a text counts for beyond its own
BEYOND = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def text(value: object) -> str:
    """string()."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, Ip, Cidr, *TIMED)):
        return str(value)
    if not isinstance(value, float):
        raise Failed(NO_OVERLOAD)
    return repr(value).removesuffix(".0")


def formatted(pattern: object, values: object) -> str:
    """A text with a value in the place of each clause."""
    if not isinstance(pattern, str) or not isinstance(values, list):
        raise Failed(NO_OVERLOAD)
    made, end, used = _Made(), 0, 0
    for found in CLAUSE.finditer(pattern):
        made.add(pattern[end:found.start()])
        end = found.end()
        if found[1]:
            made.add("%")
            continue
        if used >= len(values):
            raise Failed(f"index {used} out of range")
        _clause(made, found[2], found[3], values[used])
        used += 1
    made.add(pattern[end:])
    return "".join(made.parts)


class _Made:
    """A text that grows; a list may hold one list many times over, so what is added is counted."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0

    def add(self, part: str) -> None:
        self.size += len(part) + PIECE
        bound(self.size)
        self.parts.append(part)


def _clause(made: _Made, digits: str | None, letter: str, value: object) -> None:
    if not letter:
        raise Failed("unexpected end of string")
    if letter == "e":
        raise Unknown("%e")
    if letter not in CLAUSES:
        raise Failed(f'could not parse formatting clause: unrecognized formatting clause "{letter}"')
    if letter == "f":
        made.add(_fixed(value, DIGITS if digits is None else int(digits[1:] or 0)))
    elif letter == "s":
        _show(made, value, is_inner=False)
    else:
        made.add(CLAUSES[letter](value))


def _wrong(words: str, value: object) -> Failed:
    return Failed(f"error during formatting: {words}, was given {type_name(value)}")


def _fixed(value: object, digits: int) -> str:
    number = BEYOND.get(value, value) if isinstance(value, str) else value
    if not isinstance(number, float) or digits > MOST_DIGITS:
        raise _wrong("fixed-point clause can only be used on doubles", value)
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    return "NaN" if math.isnan(number) else f"{number:,.{digits}f}"


def _decimal(value: object) -> str:
    if not _is_int(value):
        raise _wrong("decimal clause can only be used on integers", value)
    return str(value)


def _based(letter: str, words: str) -> Callable[[object], str]:
    """A whole number to another base; of a text, for hexadecimal, its bytes."""
    def shown(value: object) -> str:
        if letter in "xX" and isinstance(value, str):
            digits = value.encode().hex()
            return digits.upper() if letter == "X" else digits
        if not _is_int(value) and not (letter == "b" and isinstance(value, bool)):
            raise _wrong(words, value)
        return format(int(value), letter)
    return shown


def _show(made: _Made, value: object, *, is_inner: bool) -> None:
    """Within a list or a map texts are quoted."""
    if isinstance(value, (list, dict)):
        _show_all(made, value)
    elif value is None:
        made.add("null")
    elif is_inner and isinstance(value, str):
        made.add(gotext.quote(value))
    elif is_inner and isinstance(value, float):
        made.add(f"{value:.{DIGITS}f}")
    elif is_inner and isinstance(value, TIMED):
        made.add(f'{"duration" if isinstance(value, Duration) else "timestamp"}("{value}")')
    elif isinstance(value, (str, int, float, *TIMED)):
        made.add(text(value))
    else:
        raise _wrong(OF_TEXTS, value)


def _show_all(made: _Made, value: list | dict) -> None:
    is_list = isinstance(value, list)
    items = [("", item) for item in value] if is_list else sorted(((_key(key), item) for key, item in value.items()), key=lambda pair: pair[0])
    made.add("[" if is_list else "{")
    for place, (key, item) in enumerate(items):
        made.add((", " if place else "") + key)
        _show(made, item, is_inner=True)
    made.add("]" if is_list else "}")


def _key(key: object) -> str:
    return (gotext.quote(key) if isinstance(key, str) else text(key)) + ":"


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def type_name(value: object) -> str:
    """As type() names it."""
    names = {bool: "bool", int: "int", float: "double", str: "string", list: "list", dict: "map", type(None): "null_type"}
    return getattr(value, "type_name", "") or names[type(value)]


CLAUSES: dict[str, Callable[[object], str]] = {
    "s": text, "f": text, "d": _decimal, "b": _based("b", "only integers and bools can be formatted as binary"),
    "o": _based("o", "octal clause can only be used on integers"),
    **{letter: _based(letter, "only integers, byte buffers, and strings can be formatted as hex") for letter in "xX"},
}
