"""Owns what stands behind a pipe: grep, head, tail, wc, sort. Each takes words and lines and gives lines, one by one."""

from __future__ import annotations

import asyncio
import collections
import re
from collections.abc import AsyncIterator, Callable

from .patterns import Pattern
from .words import Refusal

Lines = AsyncIterator[str]
MOST_LINE = 64 * 1024
BREATH = 200  # lines between two pauses, in which others have their turn


async def lines_of(chunks: AsyncIterator[str]) -> Lines:
    """Lines without their ends, of text that comes in pieces."""
    rest, count = "", 0
    async with _closing(chunks):
        async for chunk in chunks:
            *whole, rest = (rest + chunk).split("\n")
            if len(rest) > MOST_LINE:
                whole, rest = [*whole, rest], ""
            for line in whole:
                yield line[:MOST_LINE]
                count += 1
                if count % BREATH == 0:
                    await asyncio.sleep(0)
        if rest:
            yield rest


def options(words: list[str], letters: str, valued: str = "", *, numbers: bool = False) -> tuple[dict[str, str], list[str]]:
    """({letter: value}, other words). numbers: `-5` is `-n 5`. Raises Refusal for a letter that is not known."""
    found: dict[str, str] = {}
    others: list[str] = []
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        if word == "--":
            return found, others + rest
        if not word.startswith("-") or word == "-":
            others.append(word)
        elif numbers and word[1:].isdigit():
            found["n"] = word[1:]
        else:
            _letters_of(words[0], word, letters, valued, found, rest)
    return found, others


def _letters_of(name: str, word: str, letters: str, valued: str, found: dict, rest: list[str]) -> None:
    for at, letter in enumerate(word[1:], 1):
        if letter in valued:
            value = word[at + 1 :] or (rest.pop(0) if rest else "")
            found[letter] = value
            return
        if letter not in letters:
            raise Refusal("terminal.filter_option", command=name, option=word)
        found[letter] = ""


def amount(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,9}", text):
        raise Refusal("terminal.bad_number", text=text[:40])
    return int(text)


async def grep(words: list[str], lines: Lines) -> Lines:
    found, others = options(words, "ivcnwxEFq", "eABC")
    text = found.get("e", others[0] if others else None)
    if text is None:
        raise Refusal("terminal.filter_usage", usage="grep [-i] [-v] [-c] [-n] [-w] [-E] PATTERN")
    if "w" in found:
        text = rf"(^|\W)({text})(\W|$)"
    pattern = Pattern(f"^({text})$" if "x" in found else text, ignore_case="i" in found, fixed="F" in found)
    after, before = (amount(found.get(each) or found.get("C") or "0") for each in "AB")
    kept: collections.deque = collections.deque(maxlen=min(before, 1000))
    count, left = 0, 0
    async with _closing(lines):
        number = 0
        async for line in lines:
            number += 1
            shown = f"{number}:{line}" if "n" in found else line
            if pattern.search(line) != ("v" in found):
                count, left = count + 1, after
                if "c" not in found and "q" not in found:
                    while kept:
                        yield kept.popleft()
                    yield shown
            elif left and "c" not in found:
                left -= 1
                yield shown
            else:
                kept.append(shown)
    if "c" in found:
        yield str(count)


async def head(words: list[str], lines: Lines) -> Lines:
    found, _ = options(words, "", "n", numbers=True)
    most = amount(found.get("n", "10"))
    kept: collections.deque = collections.deque()
    count = 0
    async with _closing(lines):
        if most == 0:
            return
        async for line in lines:
            count += 1
            if most > 0:
                yield line
                if count >= most:
                    return
                continue
            kept.append(line)
            if len(kept) > -most:
                yield kept.popleft()


async def tail(words: list[str], lines: Lines) -> Lines:
    found, _ = options(words, "", "n", numbers=True)
    text = found.get("n", "10")
    count, first = 0, amount(text)
    async with _closing(lines):
        if text.startswith("+"):
            async for line in lines:
                count += 1
                if count >= first:
                    yield line
            return
        kept: collections.deque = collections.deque(maxlen=abs(first))
        async for line in lines:
            kept.append(line)
    for line in kept:
        yield line


async def wc(words: list[str], lines: Lines) -> Lines:
    found, _ = options(words, "lwcm")
    counts = {"l": 0, "w": 0, "c": 0}
    async with _closing(lines):
        async for line in lines:
            counts["l"] += 1
            counts["w"] += len(line.split())
            counts["c"] += len(line if "m" in found else line.encode()) + 1
    wanted = [letter for letter in "lwc" if letter in found or (letter == "c" and "m" in found)] or list("lwc")
    yield str(counts[wanted[0]]) if len(wanted) == 1 else "".join(f"{counts[letter]:>8}" for letter in wanted)


async def sort(words: list[str], lines: Lines) -> Lines:
    found, _ = options(words, "rnufbh", "kt")
    column = amount(re.sub(r"[^0-9].*", "", found.get("k", "0")) or "0")
    separator = found.get("t") or None
    rows: list[str] = []
    async with _closing(lines):
        async for line in lines:
            rows.append(line)

    def key(line: str):
        if column:
            cells = line.split(separator)
            line = " ".join(cells[column - 1 :]) if column <= len(cells) else ""
        if "n" not in found and "h" not in found:
            return line.lower() if "f" in found else line
        number = re.match(r"\s*(-?\d{1,15}(\.\d{1,9})?)", line)
        return (float(number[1]) if number else 0.0, line)

    rows.sort(key=key, reverse="r" in found)
    for row in dict.fromkeys(rows) if "u" in found else rows:
        yield row


async def passed_on(words: list[str], lines: Lines) -> Lines:
    """`| cat`, `| less`, `| more`: what comes, as it comes."""
    async for line in lines:
        yield line


class _closing:
    """Ends what gives the lines when nobody wants more of them."""

    def __init__(self, lines: Lines):
        self.lines = lines

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *exception) -> None:
        close = getattr(self.lines, "aclose", None)
        if close is not None:
            await close()


FILTERS: dict[str, Callable[[list[str], Lines], Lines]] = {
    "grep": grep, "egrep": grep, "head": head, "tail": tail, "wc": wc, "sort": sort, "cat": passed_on, "less": passed_on, "more": passed_on,
}  # fmt: skip
