"""Owns how a file of variables is read (`fileKeyRef`): `NAME='value'`, nothing else; a value may go over several lines.

Source: kubernetes pkg/kubelet/util/env/env_util.go (ParseEnv).
"""

from __future__ import annotations

BLANKS = " \t"


class Malformed(Exception):
    """The file is none of variables."""


def value_of(text: str, key: str) -> str:
    """The value of a variable; "" when it is not there. What comes after it is not looked at. Raises Malformed."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at].lstrip(BLANKS)
        at += 1
        if not line or line.startswith("#"):
            continue
        name, sign, rest = line.partition("=")
        if not sign or not name.rstrip(BLANKS) or name != name.rstrip(BLANKS):
            raise Malformed(f"line {at}")
        if rest != rest.lstrip(BLANKS):
            if name == key:
                return ""
            continue
        if not rest.startswith("'"):
            raise Malformed(f"line {at}: value must be enclosed in single quotes")
        value, at = _quoted(lines, at, rest[1:])
        if name == key:
            return value
    return ""


def _quoted(lines: list[str], at: int, rest: str) -> tuple[str, int]:
    """(the value up to the closing quote, the line after it)."""
    value = ""
    while "'" not in rest:
        value += rest + "\n"
        if at >= len(lines):
            raise Malformed("unclosed single quote")
        rest, at = lines[at], at + 1
    head, _, tail = rest.partition("'")
    tail = tail.lstrip(BLANKS)
    if tail and not tail.startswith("#"):
        raise Malformed(f"line {at}: unexpected content after closing quote")
    return value + head, at
