"""Owns what Tab offers: commands, files, nodes, and for kubectl what its own `__complete` says."""

from __future__ import annotations

import asyncio
import re

from . import builtins, confinement, flags
from .filters import FILTERS
from .words import Refusal, split, split_at_pipes

TIME_S = 8.0
MOST_ITEMS = 200
NO_SPACE, NO_FILES, BY_ENDING = 2, 4, 8  # bits of cobra's directive
TAKES_FILES = ("cat", "ls", "vim", "vi", "nano", "less", "more")


async def complete(session, line: str) -> dict:
    """{word, items, space} for a line up to the cursor: what may take the place of its last word."""
    try:
        part = split_at_pipes(line)[-1]
        word = re.search(r"\S*$", part)[0]
        words = split(part[: len(part) - len(word)])
    except Refusal:
        return {"word": "", "items": [], "space": True}
    if not words:
        names = [*FILTERS, "kubectl"] if part != line else ["kubectl", *builtins.BUILTINS]
        return chosen(word, names)
    if words[0] in ("kubectl", "k"):
        return await kubectl(session, words[1:], word)
    if words[0] in TAKES_FILES:
        return chosen(word, session.names())
    if words[0] == "ssh":
        return chosen(word, await builtins.nodes_of(session))
    if words[0] == "ctr":
        return chosen(word, ["-n=k8s.io", "images", "ls", "import", *builtins.ARCHIVES])
    return chosen(word, ["kubectl"] if words[0] == "watch" else [])


def chosen(word: str, names: list[str], *, space: bool = True) -> dict:
    items = sorted({name for name in names if name.startswith(word)})[:MOST_ITEMS]
    return {"word": word, "items": items, "space": space}


async def kubectl(session, words: list[str], word: str) -> dict:
    """kubectl's own answer; nothing where the line would not be allowed."""
    try:
        if words:
            confinement.check([*words, "x"] if words[-1].startswith("-") else words, has_input=True)
        if "=" in word:
            confinement.check([*words, word] if words else [word], has_input=True)
    except Refusal:
        return chosen(word, [])
    try:
        found, directive = await asyncio.wait_for(asked(session, [*words, word]), TIME_S)
    except (TimeoutError, Refusal):
        return chosen(word, [])
    if not words:
        found = [name for name in found if name in flags.PLAIN or name in flags.GROUPS]
    if directive & BY_ENDING or (not found and not directive & NO_FILES):
        found = session.names()
    before, equals, _ = word.rpartition("=")
    if equals and found and not any(each.startswith(word) for each in found):
        found = [before + equals + each for each in found]
    return chosen(word, found, space=not directive & NO_SPACE)


async def asked(session, words: list[str]) -> tuple[list[str], int]:
    process = session.process(["__complete", *words])
    parts: list[str] = []
    try:
        await process.start()
        async for stream, text in process.output():
            if stream == "stdout" and sum(map(len, parts)) < 256 * 1024:
                parts.append(text)
        await process.wait()
    finally:
        await process.end()
        session.processes.discard(process)
    return read("".join(parts))


def read(text: str) -> tuple[list[str], int]:
    """(candidates, directive) of `__complete`'s output: a candidate a line with its description behind a tab, then `:directive`."""
    names, directive = [], 0
    for line in text.splitlines():
        if found := re.fullmatch(r":(\d{1,4})", line):
            directive = int(found[1])
        elif name := line.split("\t")[0].strip():
            names.append(name)
    return names, directive
