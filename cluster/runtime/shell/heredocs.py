"""Owns the bodies of here-documents: they are taken out of a script before its grammar is asked, and stand there by number.

In their place is `<` and a word that no script can hold: MARK and the number.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .words import Reader, arithmetic_end, unquoted

MARK = "\U000f5eed"
PLACE = re.compile(f"<{MARK}([0-9]+){MARK}")
START = re.compile(r"<<(-?)[ \t]*((?:[^\s;|&()<>'\"\\]|\\.|'[^']*'|\"[^\"]*\")+)", re.DOTALL)


class Heredoc(NamedTuple):
    """start: `<<-'EOF'` as written. raw: its lines as written. delimiter: without quotes."""

    start: str
    delimiter: str
    raw: str
    is_closed: bool = True

    @property
    def parts(self) -> tuple:
        """What it expands to, a word in double quotes; as it stands when a part of the delimiter is quoted."""
        text = re.sub(r"^\t+", "", self.raw, flags=re.MULTILINE) if self.start.startswith("<<-") else self.raw
        if re.search(r"['\"\\]", self.start):
            return (("text", text, True),)
        return Reader(text).body()


def taken_out(text: str) -> tuple[str, list[Heredoc]]:
    """(the script without bodies, the here-documents)."""
    if "<<" not in text:
        return text, []
    found: list[Heredoc] = []
    kept: list[str] = []
    waiting: list[tuple[str, str]] = []
    modes, at, last = ["n"], 0, 0
    while at < len(text):
        start = at
        if text[at] == "\n" and waiting:
            kept.append(text[last : at + 1])
            at = last = _bodies(text, at + 1, waiting, found)
            waiting = []
            continue
        at = _next(text, at, modes)
        if start == at:  # here is one
            opened = START.match(text, at)
            kept.append(f"{text[last:at]}<{MARK}{len(found) + len(waiting)}{MARK}")
            waiting.append((opened[0], unquoted(opened[2])))
            at = last = opened.end()
    kept.append(text[last:])
    found += [Heredoc(start, delimiter, "", False) for start, delimiter in waiting]
    return "".join(kept), found


def _next(text: str, at: int, modes: list[str]) -> int:
    """The place behind the next sign or quoted text; the same place where a here-document is announced."""
    sign = text[at]
    if sign == "\\":
        return at + 2
    if modes[-1] == "d":
        if sign == '"':
            modes.pop()
        elif text.startswith("$(", at) and not text.startswith("$((", at):
            modes.append("n")
            return at + 2
        return at + 1
    if sign == "'":
        stop = text.find("'", at + 1)
        return len(text) if stop < 0 else stop + 1
    if sign == "#" and (at == 0 or text[at - 1] in " \t\n;|&("):
        stop = text.find("\n", at)
        return len(text) if stop < 0 else stop
    if text.startswith("$((", at) and (stop := arithmetic_end(text, at + 3)) >= 0:
        return stop + 2
    if text.startswith("<<<", at):
        return at + 3
    if sign == "<" and START.match(text, at):
        return at
    if sign == '"':
        modes.append("d")
    elif sign == "(":
        modes.append("n")
    elif sign == ")" and len(modes) > 1:
        modes.pop()
    return at + 1


def _bodies(text: str, at: int, waiting: list[tuple[str, str]], found: list[Heredoc]) -> int:
    """Read the bodies that begin here; returns the place behind them."""
    for start, delimiter in waiting:
        begin = at
        while at < len(text):
            stop = text.find("\n", at)
            stop = len(text) if stop < 0 else stop
            line = text[at:stop]
            if (line.lstrip("\t") if start.startswith("<<-") else line) == delimiter:
                found.append(Heredoc(start, delimiter, text[begin:at]))
                at = stop + 1
                break
            at = stop + 1
        else:
            raw = text[begin:]
            found.append(Heredoc(start, delimiter, raw + "\n" if raw and not raw.endswith("\n") else raw, False))
    return min(at, len(text))


def put_back(text: str, heredocs: list[Heredoc]) -> str:
    """A part of a script (what stands in `$(…)`) with the here-documents that it holds."""
    if MARK not in text:
        return text
    lines = []
    for line in text.split("\n"):
        numbers = [int(number) for number in PLACE.findall(line)]
        lines.append(PLACE.sub(lambda found: heredocs[int(found[1])].start, line))
        for number in numbers:
            lines += [*heredocs[number].raw.split("\n")[:-1], heredocs[number].delimiter]
    return "\n".join(lines) + ("\n" if PLACE.search(text.rpartition("\n")[2]) else "")
