"""Owns `echo` and `printf`. Source: busybox 1.35 coreutils/echo.c, printf.c."""

from __future__ import annotations

import re

from ..octets import text_of
from .call import Call, Failed

DIRECTIVE = re.compile(r"%([-+ #0]*)(\*|[0-9]{0,4})(?:\.(\*|[0-9]{0,4}))?(?:[hlqLjzt]*)(.)", re.DOTALL)
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
SIGNS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v", "\\": "\\"}
LONGEST = 1024 * 1024


def unescaped(text: str, *, has_zero: bool = False) -> tuple[str, bool]:
    """(a text with C's escapes worked out, whether `\\c` ended it). has_zero: octal numbers are written `\\0NNN`."""
    if "\\" not in text:
        return text, False
    found, at = [], 0
    pattern = re.compile(r"\\(x[0-9a-fA-F]{1,2}|0[0-7]{0,3}|[1-7][0-7]{0,2}|.)", re.DOTALL) if has_zero else ESCAPE
    for match in pattern.finditer(text):
        found.append(text[at : match.start()])
        at = match.end()
        what = match[1]
        if what == "c":
            return "".join(found), True
        if what[0] == "x" and len(what) > 1:
            found.append(text_of(bytes([int(what[1:], 16)])))
        elif what[0] in "01234567":
            found.append(text_of(bytes([int(what, 8) & 255])))
        else:
            found.append(SIGNS.get(what, "\\" + what))
    return "".join(found) + text[at:], False


def echo(call: Call) -> int:
    words, newline, escapes = call.arguments, "\n", False
    while words and re.fullmatch("-[neE]+", words[0]):
        for letter in words[0][1:]:
            newline = "" if letter == "n" else newline
            escapes = letter == "e" if letter in "eE" else escapes
        words = words[1:]
    text = " ".join(words)
    if escapes:
        text, is_over = unescaped(text, has_zero=True)
        newline = "" if is_over else newline
    call.wait_for_room()
    call.out(text + newline)
    return 0


def printf(call: Call) -> int:
    words = call.arguments[1:] if call.arguments[:1] == ["--"] else call.arguments
    if not words:
        raise Failed("usage: printf FORMAT [ARGUMENT...]", 2)
    call.wait_for_room()
    form, is_over = unescaped(words[0], has_zero=False)
    printer = Printer(words[1:])
    while True:
        before = printer.at
        printer.once(form)
        if is_over or printer.is_over or printer.at >= len(printer.arguments) or printer.at == before or printer.size > LONGEST:
            break
    call.out("".join(printer.found))
    shell = call.runner.shell_name(call.task)
    call.err("".join(f"{shell}: {message}\n" for message in printer.errors))
    return 1 if printer.errors else 0


class Printer:
    """One `printf`: the format is used as often as there are arguments."""

    def __init__(self, arguments: list[str]):
        self.arguments, self.at = arguments, 0
        self.found: list[str] = []
        self.errors: list[str] = []
        self.is_over, self.size = False, 0

    def next(self) -> str | None:
        self.at += 1
        return self.arguments[self.at - 1] if self.at <= len(self.arguments) else None

    def put(self, text: str) -> None:
        self.found.append(text)
        self.size += len(text)

    def once(self, form: str) -> None:
        at = 0
        while at < len(form) and not self.is_over:
            stop = form.find("%", at)
            if stop < 0:
                self.put(form[at:])
                return
            self.put(form[at:stop])
            if form.startswith("%%", stop):
                self.put("%")
                at = stop + 2
                continue
            found = DIRECTIVE.match(form, stop)
            if not found:
                self.errors.append(f"{form[stop:]}: invalid format")
                self.is_over = True
                return
            self.directive(found)
            at = found.end()

    def directive(self, found: re.Match) -> None:
        flags, width, precision, kind = found.groups()
        width = self.next() or "0" if width == "*" else width
        precision = self.next() or "0" if precision == "*" else precision
        value = self.next()
        if kind == "b":
            text, self.is_over = unescaped(value or "", has_zero=True)
            self.put(padded(text, flags, width))
        elif kind == "s":
            text = value or ""
            self.put(padded(text if precision is None else text[: int(precision or 0)], flags, width))
        elif kind == "c":
            self.put(padded((value or "")[:1], flags, width))
        elif kind in "diouxX":
            self.put(self.whole(value, flags, width, precision, kind))
        elif kind in "eEfFgG":
            self.put(self.broken(value, flags, width, precision, kind))
        else:
            self.errors.append(f"{found[0]}: invalid format")
            self.is_over = True

    def number(self, value: str | None, convert) -> int | float:
        text = (value or "").strip()
        if text[:1] in ("'", '"') and len(text) > 1:
            return ord(text[1])
        try:
            return convert(text or "0") if len(text) < 100 else convert("0")
        except (ValueError, OverflowError):
            self.errors.append(f"invalid number '{value}'")
            return 0

    def whole(self, value: str | None, flags: str, width: str, precision: str | None, kind: str) -> str:
        number = self.number(value, as_whole)
        if kind in "ouxX" and number < 0:
            number += 2**64
        digits = format(abs(number), {"o": "o", "x": "x", "X": "X"}.get(kind, "d"))
        if precision is not None:
            digits = digits.rjust(int(precision or 0), "0")
        prefix = {"x": "0x", "X": "0X", "o": "0"}.get(kind, "") if "#" in flags and number else ""
        sign = "-" if number < 0 else "+" if "+" in flags else " " if " " in flags else ""
        if "0" in flags and "-" not in flags and precision is None:
            digits = digits.rjust(int(width or 0) - len(sign) - len(prefix), "0")
        return padded(sign + prefix + digits, flags, width)

    def broken(self, value: str | None, flags: str, width: str, precision: str | None, kind: str) -> str:
        number = self.number(value, float)
        body = format(abs(number), f".{int(precision) if precision else 6 if precision is None else 0}{kind}")
        sign = "-" if number < 0 else "+" if "+" in flags else " " if " " in flags else ""
        if "0" in flags and "-" not in flags:
            body = body.rjust(int(width or 0) - len(sign), "0")
        return padded(sign + body, flags, width)


def as_whole(text: str) -> int:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    base = 16 if digits[:2].lower() == "0x" else 8 if digits[:1] == "0" and len(digits) > 1 else 10
    if not digits.isalnum() or len(digits) > 40:
        raise ValueError
    return max(-(2**63), min(sign * int(digits, base), 2**63 - 1))


def padded(text: str, flags: str, width: str) -> str:
    size = int(width or 0)
    if size < 0:
        return text.ljust(-size)
    return text.ljust(size) if "-" in flags else text.rjust(size)
