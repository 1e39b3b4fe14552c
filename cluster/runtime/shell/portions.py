"""Owns the commands of a shell that show a part of a text or count it: head, tail, wc; each takes (process, world, words, stdin).

The messages are busybox's.
"""

from __future__ import annotations

import re

from ..octets import bytes_of, text_of
from .outcome import Finished, Wait

NUMBER = re.compile(r"[+-]?\d{1,9}")


class Wrong(ValueError):
    """An argument that is no number; the message is the command's."""


def asked(name: str, words: list[str]) -> tuple[str, str, list[str]]:
    """("n" for lines or "c" for bytes, how many as written, the files). Raises Wrong."""
    unit, many, paths, at = "n", "10", [], 1
    while at < len(words):
        word = words[at]
        if word[:2] in ("-n", "-c"):
            unit, many = word[1], word[2:]
            if not many:
                at += 1
                many = words[at] if at < len(words) else ""
        elif re.fullmatch(r"-\d+", word):
            many = word[1:]
        elif not word.startswith("-") or word == "-":
            paths.append(word)
        at += 1
    if not NUMBER.fullmatch(many):
        raise Wrong(f"{name}: invalid number '{many}'\n")
    return unit, many, paths


def read(name: str, world, paths: list[str], stdin: str) -> tuple[list[str], str]:
    """(the texts, what is said of files that are not there)."""
    texts, errors = [], ""
    for path in paths:
        text = stdin if path == "-" else world.read_file(path)
        if text is None:
            verb = f"{name}: can't open '{path}'" if name == "tail" else f"{name}: {path}"
            errors += f"{verb}: No such file or directory\n"
        else:
            texts.append(text)
    return (texts if paths else [stdin]), errors


def head(process, world, words, stdin):
    try:
        unit, many, paths = asked("head", words)
    except Wrong as wrong:
        return Finished(1, errors=str(wrong))
    texts, errors = read("head", world, paths, stdin)
    most = int(many)  # a negative one: all but so many
    shown = [text_of(bytes_of(text)[:most]) if unit == "c" else "".join(text.splitlines(keepends=True)[:most]) for text in texts]
    return Finished(1 if errors else 0, "".join(shown), errors)


def tail(process, world, words, stdin):
    if any(word in ("-f", "-F") for word in words):
        return Wait(-1)
    try:
        unit, many, paths = asked("tail", words)
    except Wrong as wrong:
        return Finished(1, errors=str(wrong))
    texts, errors = read("tail", world, paths, stdin)
    shown = [text_of(end_of(bytes_of(text), many)) if unit == "c" else "".join(end_of(text.splitlines(keepends=True), many)) for text in texts]
    return Finished(1 if errors else 0, "".join(shown), errors)


def end_of(parts, many: str):
    """The last so many, or with a plus sign from that one on, counted from 1."""
    number = abs(int(many))
    if many.startswith("+"):
        return parts[max(0, number - 1) :]
    return parts[len(parts) - number :] if number < len(parts) else parts


def count(process, world, words, stdin):
    """`wc`: lines, words and bytes, each file with its name."""
    options = "".join(word[1:] for word in words[1:] if word.startswith("-") and word != "-")
    paths = [word for word in words[1:] if not word.startswith("-") or word == "-"]
    wanted = [letter for letter in "lwc" if letter in options or not options]
    output, errors = "", ""
    for path in paths or ["-"]:
        text = stdin if path == "-" else world.read_file(path)
        if text is None:
            errors += f"wc: {path}: No such file or directory\n"
            continue
        numbers = {"l": text.count("\n"), "w": len(text.split()), "c": len(bytes_of(text))}
        shown = [str(numbers[letter]) if len(wanted) == 1 else f"{numbers[letter]:9}" for letter in wanted]
        output += " ".join(shown) + (f" {path}" if paths else "") + "\n"
    return Finished(1 if errors else 0, output, errors)
