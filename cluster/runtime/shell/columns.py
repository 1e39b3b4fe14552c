"""Owns the tools that take lines apart: cut, tr, fold, paste, with busybox's messages."""

from __future__ import annotations

import re

from .call import Call, Failed, Usage
from .patterns import CLASSES
from .texts import lines_of, number_of
from .writers import unescaped


def cut(call: Call) -> int:
    options = call.options("sn", "bcdfO", longs={"output-delimiter": "O", "delimiter": "d", "fields": "f"})
    kinds = [letter for letter in "bcf" if letter in options]
    if len(kinds) != 1:
        raise Failed("expected a list of bytes, characters, or fields")
    kind, ranges = kinds[0], ranges_of(options[kinds[0]])
    separator = options.get("d", "\t")
    joiner = options.get("O", separator if kind == "f" else "")
    output = []
    for _, text in call.texts(options.rest, words="{path}: {why}"):
        for line in lines_of(text):
            if kind != "f":
                output.append("".join(chosen(list(line), ranges)))
            elif separator not in line:
                output += [] if "s" in options else [line]
            else:
                output.append(joiner.join(chosen(line.split(separator), ranges)))
    call.out("".join(line + "\n" for line in output))
    return call.failed


def ranges_of(text: str) -> list[tuple[int, int]]:
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{0,6})(-?)([0-9]{0,6})", part)
        if not match or part in ("", "-") or match[1] == "0":
            raise Failed(f"bad range '{part}'" if part else "list of positions is missing")
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else (10**9 if match[2] else first)
        found.append((first, last))
    return sorted(found)


def chosen(parts: list[str], ranges: list[tuple[int, int]]) -> list[str]:
    return [part for at, part in enumerate(parts, 1) if any(first <= at <= last for first, last in ranges)]


def translate(call: Call) -> int:
    options = call.options("cCds", stops=True)
    if not options.rest:
        raise Usage
    first = signs_of(options.rest[0])
    second = signs_of(options.rest[1]) if len(options.rest) > 1 else []
    if not second and "d" not in options and "s" not in options:
        raise Usage
    change = changer(options, first, second)
    squeezed = dict.fromkeys(second or first) if "s" in options else {}
    inverted = ("c" in options or "C" in options) and not second
    while True:
        call.wait_for_room()
        text, is_end = call.read_some()
        text = change(text)
        if "s" in options:
            text = squeeze(text, squeezed, inverted, call.memory)
        call.out(text)
        if is_end:
            return 0


def changer(options, first: list[str], second: list[str]):
    """What `tr` does to each piece of its input."""
    complements, known = "c" in options or "C" in options, dict.fromkeys(first)
    if "d" in options:
        return lambda text: "".join(sign for sign in text if (sign in known) == complements)
    if not second:
        return lambda text: text
    last = second[-1]
    if complements:
        return lambda text: "".join(sign if sign in known else last for sign in text)
    table = {ord(sign): (second[at] if at < len(second) else last) for at, sign in reversed(list(enumerate(first)))}
    return lambda text: text.translate(table)


def squeeze(text: str, signs: dict, inverted: bool, memory: dict) -> str:
    """Of signs that follow each other only the first, also over the border of two pieces."""
    before, found = memory.get("last", ""), []
    for sign in text:
        if sign != before or (sign in signs) == inverted:
            found.append(sign)
        before = sign
    memory["last"] = before
    return "".join(found)


def signs_of(text: str) -> list[str]:
    """The signs that a set of `tr` names: ranges, classes and escapes worked out."""
    found: list[str] = []
    text = re.sub(r"\[:(\w+):\]", lambda match: "".join(each for each in map(chr, range(1, 127)) if re.match(f"[{CLASSES.get(match[1], '')}]", each))
                  if match[1] in CLASSES else match[0], text)  # fmt: skip
    text = unescaped(text)[0]
    at = 0
    while at < len(text):
        if at + 2 < len(text) and text[at + 1] == "-" and ord(text[at]) <= ord(text[at + 2]) and len(found) < 5_000:
            found += map(chr, range(ord(text[at]), min(ord(text[at + 2]), ord(text[at]) + 5_000) + 1))
            at += 3
        else:
            found.append(text[at])
            at += 1
    return found


def paste(call: Call) -> int:
    options = call.options("s", "d")
    delimiters = options.get("d", "\t").replace("\\n", "\n").replace("\\t", "\t") or "\t"
    columns = [lines_of(text) for _, text in call.texts(options.rest)]
    if "s" in options:
        call.out("".join(delimiters[0].join(column) + "\n" for column in columns))
        return call.failed
    for row in range(max(map(len, columns), default=0)):
        line = ""
        for at, column in enumerate(columns):
            line += (delimiters[(at - 1) % len(delimiters)] if at else "") + (column[row] if row < len(column) else "")
        call.out(line + "\n")
    return call.failed


def fold(call: Call) -> int:
    options = call.options("bs", "w")
    width = number_of(options.get("w", "80"))
    if width < 1:
        raise Failed(f"number {width} is not in 1..10000 range")
    output = []
    for _, text in call.texts(options.rest):
        for line in lines_of(text):
            while len(line) > width:
                stop = line.rfind(" ", 0, width) + 1 if "s" in options else 0
                output.append(line[: stop or width])
                line = line[stop or width :]
            output.append(line)
    call.out("".join(line + "\n" for line in output))
    return call.failed


COLUMNS = {"cut": cut, "tr": translate, "fold": fold, "paste": paste}
