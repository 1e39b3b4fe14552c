"""Owns patterns: those of `case`, of `${x#…}` and of names of files, as regular expressions. A sign behind a backslash stands for itself.

Source: fnmatch(3) and glob(3) as busybox's ash uses them.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from .variables import OutOfMemory

LONGEST_PATTERN = 4_096  # signs
MOST_FOUND = 2_000  # names that one pattern stands for
CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s", "blank": r" \t",
           "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "print": " -~", "graph": "!-~", "cntrl": r"\x00-\x1f\x7f"}  # fmt: skip
MAGIC = re.compile(r"(?<!\\)(?:\\\\)*[*?\[]")


def escaped(text: str) -> str:
    """Text as a pattern that stands for itself."""
    return re.sub(r"([*?\[\]\\!^-])", r"\\\1", text)


def segments_of(pattern: str) -> tuple[tuple[str, ...], ...]:
    """The stretches between the stars of a pattern; of each sign its regular expression, so each matches a fixed length."""
    if len(pattern) > LONGEST_PATTERN:
        raise OutOfMemory
    return _segments(pattern)


@lru_cache(maxsize=512)
def _segments(pattern: str) -> tuple[tuple[str, ...], ...]:
    found: list[list[str]] = [[]]
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        at += 1
        if sign == "\\" and at < len(pattern):
            found[-1].append(re.escape(pattern[at]))
            at += 1
        elif sign == "*":
            found.append([])
        elif sign == "?":
            found[-1].append(".")
        elif sign == "[" and (bracket := _bracket(pattern, at)):
            found[-1].append(bracket[0])
            at = bracket[1]
        else:
            found[-1].append(re.escape(sign))
    return tuple(tuple(segment) for segment in found)


def _bracket(pattern: str, at: int) -> tuple[str, int] | None:
    """A set of signs whose bracket is behind us, and the place after it."""
    inside, start = "", at
    if pattern[at : at + 1] in ("!", "^"):
        inside, at = "^", at + 1
        start = at
    while at < len(pattern):
        sign = pattern[at]
        if sign == "]" and at > start:
            return (f"[{inside}]", at + 1) if _is_regex(f"[{inside}]") else None
        if sign == "[" and (named := re.match(r"\[:(\w+):\]", pattern[at:])):
            inside += CLASSES.get(named[1], "")
            at += named.end()
            continue
        if sign == "\\" and at + 1 < len(pattern):
            at += 1
            inside += re.escape(pattern[at])
        else:
            inside += "\\" + sign if sign in "[]^\\&~|" else sign
        at += 1
    return None


def _is_regex(text: str) -> bool:
    try:
        return bool(re.compile(text))
    except re.error:
        return False


@lru_cache(maxsize=512)
def _compiled(segment: tuple[str, ...]) -> re.Pattern:
    return re.compile("".join(segment), re.DOTALL)


def prefix_end(segments: tuple, text: str, *, longest: bool, start: int = 0) -> int:
    """Where the shortest or longest match that begins at `start` ends; -1 when there is none. Takes no longer than the text is long."""
    first, *middle = segments
    found = _compiled(first).match(text, start)
    if not found:
        return -1
    if not middle:
        return found.end()
    *middle, last = middle
    at = found.end()
    for segment in middle:
        found = _compiled(segment).search(text, at)
        if not found:
            return -1
        at = found.end()
    if not last:
        return len(text) if longest else at
    places = range(len(text) - len(last), at - 1, -1) if longest else range(at, len(text) - len(last) + 1)
    check = _compiled(last)
    return next((place + len(last) for place in places if check.match(text, place)), -1)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern stands for all of a text."""
    *before, last = segments_of(pattern)
    if not before:
        return bool(_compiled(last).fullmatch(text))
    at = prefix_end((*before, ()), text, longest=False)
    return at >= 0 and len(text) - len(last) >= at and bool(_compiled(last).fullmatch(text, len(text) - len(last)))


def trimmed(text: str, operator: str, pattern: str) -> str:
    """`${x#…}`, `##`, `%`, `%%`: without the shortest or longest beginning or end that matches."""
    segments, longest = segments_of(pattern), len(operator) == 2
    if operator[0] == "#":
        end = prefix_end(segments, text, longest=longest)
        return text if end < 0 else text[end:]
    turned = tuple(segment[::-1] for segment in segments[::-1])
    end = prefix_end(turned, text[::-1], longest=longest)
    return text if end < 0 else text[: len(text) - end]


def replaced(text: str, pattern: str, new: str, *, everywhere: bool) -> str:
    """`${x/pattern/new}` and, everywhere, `${x//pattern/new}`."""
    segments, found, at = segments_of(pattern), [], 0
    if not pattern:
        return text
    while at < len(text):
        end = prefix_end(segments, text, longest=True, start=at)
        if end > at:
            found.append(new)
            at = end
            if not everywhere:
                break
        else:
            found.append(text[at])
            at += 1
    return "".join(found) + text[at:]


def expanded(world, pattern: str, folder: str) -> list[str]:
    """The names of files that a pattern stands for, in order; none when there are none."""
    parts = [part for part in re.split("/+", pattern) if part]
    bases = ["/" if pattern.startswith("/") else ""]
    for at, part in enumerate(parts):
        bases = [found for base in bases for found in _level(world, base, part, folder)][:MOST_FOUND]
        if at < len(parts) - 1 or pattern.endswith("/"):
            bases = [base + "/" for base in bases if world.is_folder(posixpath.join(folder, base))]
    return sorted(bases)


def _level(world, base: str, part: str, folder: str) -> list[str]:
    """What one part of a path stands for in the folder before it."""
    if not MAGIC.search(part):
        plain = base + re.sub(r"\\(.)", r"\1", part)
        return [plain] if world.look(posixpath.join(folder, plain), follow=False) is not None else []
    names = world.names(posixpath.join(folder, base)) if world.is_folder(posixpath.join(folder, base)) else []
    return [base + name for name in names if (not name.startswith(".") or part.startswith(".")) and matches(part, name)]
