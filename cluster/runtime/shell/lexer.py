"""Owns the reading of shell text: words with their parts, operators and redirects.

A word is a list of parts (kind, value, quoted); kind: "text", "variable", "arithmetic", "command".
"""

from __future__ import annotations

from typing import NamedTuple

OPERATORS = ("&&", "||", ";;", ";", "|", "&", "(", ")")
BREAKS = " \t\n;|&()<>"
SPECIAL_NAMES = "?$#@*!0123456789"
MOST_NESTED = 50  # parentheses in each other within a `$(…)`


class ShellSyntaxError(ValueError):
    """A script that the shell cannot read; the message is ash's."""


class Token(NamedTuple):
    """kind: "word", "operator", "redirect". value: parts, the operator, or (descriptor, operator)."""

    kind: str
    value: object


def tokens_of(text: str) -> list[Token]:
    """The tokens of a script; a newline is the operator ";"."""
    found: list[Token] = []
    at, end = 0, len(text)
    while at < end:
        sign = text[at]
        if sign in " \t\r" or text.startswith("\\\n", at):
            at += 2 if sign == "\\" else 1
        elif sign == "#":
            at = end if (stop := text.find("\n", at)) < 0 else stop
        elif sign == "\n":
            found.append(Token("operator", ";"))
            at += 1
        elif (redirect := _redirect(text, at)) is not None:
            token, at = redirect
            found.append(token)
        elif operator := next((known for known in OPERATORS if text.startswith(known, at)), ""):
            found.append(Token("operator", operator))
            at += len(operator)
        else:
            parts, at = _word(text, at)
            found.append(Token("word", parts))
    return found


def _redirect(text: str, at: int) -> tuple[Token, int] | None:
    descriptor = ""
    start = at
    if text[at] in "012" and at + 1 < len(text) and text[at + 1] in "<>":
        descriptor, at = text[at], at + 1
    for operator in (">>", ">&", ">", "<"):
        if text.startswith(operator, at):
            at += len(operator)
            default = "0" if operator == "<" else "1"
            return Token("redirect", (descriptor or default, operator)), at
    return None if at == start else (Token("word", [("text", descriptor, False)]), at)


def _word(text: str, at: int) -> tuple[list[tuple[str, str, bool]], int]:
    parts: list[tuple[str, str, bool]] = []
    plain = ""
    while at < len(text) and text[at] not in BREAKS:
        sign = text[at]
        if sign == "\\":
            plain, at = plain + text[at + 1 : at + 2], at + 2
            continue
        if sign not in "'\"$`":
            plain, at = plain + sign, at + 1
            continue
        if plain:
            parts.append(("text", plain, False))
            plain = ""
        more, at = _special(text, at)
        parts += more
    if plain:
        parts.append(("text", plain, False))
    return parts, at


def _special(text: str, at: int) -> tuple[list[tuple[str, str, bool]], int]:
    sign = text[at]
    if sign == "'":
        stop = _find(text, "'", at + 1)
        return [("text", text[at + 1 : stop], True)], stop + 1
    if sign == '"':
        return _double_quoted(text, at + 1)
    if sign == "`":
        stop = _find(text, "`", at + 1)
        return [("command", text[at + 1 : stop], False)], stop + 1
    part, at = _dollar(text, at, quoted=False)
    return [part], at


def _double_quoted(text: str, at: int) -> tuple[list[tuple[str, str, bool]], int]:
    parts: list[tuple[str, str, bool]] = []
    plain = ""
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "$", "\\", "`"):
            plain, at = plain + text[at + 1], at + 2
        elif text[at] == "$":
            parts.append(("text", plain, True))
            plain = ""
            part, at = _dollar(text, at, quoted=True)
            parts.append(part)
        else:
            plain, at = plain + text[at], at + 1
    if at >= len(text):
        raise ShellSyntaxError("syntax error: unterminated quoted string")
    return [*parts, ("text", plain, True)], at + 1


def _dollar(text: str, at: int, *, quoted: bool) -> tuple[tuple[str, str, bool], int]:
    if text.startswith("$((", at):
        stop = text.find("))", at)
        if stop < 0:
            raise ShellSyntaxError("syntax error: missing '))'")
        return ("arithmetic", text[at + 3 : stop], quoted), stop + 2
    if text.startswith("$(", at):
        stop = _closing(text, at + 2)
        return ("command", text[at + 2 : stop], quoted), stop + 1
    if text.startswith("${", at):
        stop = _find(text, "}", at + 2)
        return ("variable", text[at + 2 : stop], quoted), stop + 1
    stop = at + 1
    if stop < len(text) and text[stop] in SPECIAL_NAMES:
        return ("variable", text[stop], quoted), stop + 1
    while stop < len(text) and (text[stop].isalnum() or text[stop] == "_"):
        stop += 1
    if stop == at + 1:
        return ("text", "$", quoted), stop
    return ("variable", text[at + 1 : stop], quoted), stop


def _closing(text: str, at: int) -> int:
    depth = 1
    while at < len(text):
        if text[at] == "'":
            at = _find(text, "'", at + 1)
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
        if depth > MOST_NESTED:
            raise ShellSyntaxError("syntax error: nested too deep")
        at += 1
    raise ShellSyntaxError('syntax error: unexpected end of file (expecting ")")')


def _find(text: str, sign: str, at: int) -> int:
    stop = text.find(sign, at)
    if stop < 0:
        raise ShellSyntaxError("syntax error: unterminated quoted string")
    return stop
