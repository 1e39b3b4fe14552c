"""Complaints about an expression, shown with the line that they are about.

Source: github.com/google/cel-go common/errors.go, common/error.go.
"""
from __future__ import annotations

MOST = 100
LONGEST_LINE = 16384


def shown(text: str, complaints: list[tuple[int, str]]) -> str:
    """All of them, in the order of the text. Of those about the same place the first stays first."""
    placed = sorted(((_place(text, at), message) for at, message in complaints[:MOST]), key=lambda one: one[0])
    lines = text.split("\n")
    found = [_one(lines, line, column, message) for (line, column), message in placed]
    if len(complaints) > MOST:
        found.append(f"{len(complaints) - MOST} more errors were truncated")
    return "\n".join(found)


def _place(text: str, at: int) -> tuple[int, int]:
    """(line, from 1; column, from 0) of an offset."""
    if at < 0:
        return -1, -1
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1)


def _one(lines: list[str], line: int, column: int, message: str) -> str:
    head = f"ERROR: <input>:{line}:{column + 1 if lines != [''] else 0}: {message}"
    if not 0 < line <= len(lines) or lines == [""] or len(lines[line - 1]) > LONGEST_LINE:
        return head
    snippet = lines[line - 1].replace("\t", " ")
    under = "".join("." if ord(character) < 128 else "．" for character in snippet[:column])
    mark = "＾" if column < len(snippet) and ord(snippet[column]) >= 128 else "^"
    return f"{head}\n | {snippet}\n | {under}{mark}"
