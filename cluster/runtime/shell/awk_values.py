"""Owns awk's values: texts that may be numbers, numbers as texts, and the ways out of a statement."""

from __future__ import annotations

import math
import re

NUMBER = re.compile(r"[ \t\n]*[+-]?(?:[0-9]{1,300}\.?[0-9]{0,300}|\.[0-9]{1,300})(?:[eE][+-]?[0-9]{1,3})?")


class Seen(str):
    """A text that came from outside: it counts as a number where it looks like one."""


class Next(Exception):
    """`next`."""


class Left(Exception):
    """`break`, `continue`, `return`, `exit`."""

    def __init__(self, kind: str, value=None):
        super().__init__(kind)
        self.kind, self.value = kind, value


def is_number(text: str) -> bool:
    found = NUMBER.match(text)
    return bool(found) and text[found.end() :].strip() == ""


def numeric(value) -> bool:
    return isinstance(value, float) or value is None or (isinstance(value, Seen) and is_number(value))


def int_of(value: float) -> int:
    return int(value) if abs(value) < 1e18 else 10**18


def whole(value: float) -> str:
    return str(int(value))


def number_text(form, value: float) -> str:
    if value != value or value in (math.inf, -math.inf):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    found = re.fullmatch(r"%\.([0-9]{1,2})([gfe])", form if isinstance(form, str) else "%.6g")
    return format(value, f".{found[1]}{found[2]}" if found else ".6g")


def split_at(pattern: re.Pattern, text: str) -> list[str]:
    found, last = [], 0
    for match in pattern.finditer(text):
        if match.end() > match.start():
            found.append(text[last : match.start()])
            last = match.end()
    return [*found, text[last:]]
