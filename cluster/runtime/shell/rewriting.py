"""Owns what is done to a script before the grammar reads it: what ash reads and tree-sitter's bash does not is put in other words.

Words that no script holds stand for it; `Compiler.text` turns them back.
"""

from __future__ import annotations

import re

from .words import Reader

TESTS = re.compile(r"(?<![^\s;|&(!])\[\[?(?=\s)")
BRACKETS = {"[": "\U000f5eee", "[[": "\U000f5eef"}  # a plain word to the grammar: what stands behind it are words like any others
JOINED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*+"|\\\n|\\.|(?<![^\s;|&(])#[^\n]*""", re.DOTALL)
HOLE = "\U000f5ef2"
PLACE = re.compile(f"{HOLE}([0-9]+){HOLE}")
ALONE = ("", *" \t\n;|&)<>")  # before these a dollar sign is one
NOTHING, NEGATED = "\U000f5ef0", "\U000f5ef1"  # words that stand for nothing, and for a `!` before a pipe
BOTH_WAYS = "\U000f5ef3"  # before the file of `<>`
NEGATION = f"{NEGATED} |"


def repaired(text: str) -> str:
    """What ash reads and the grammar does not, in other words: `for x in;`, `in` on a line of its own, `! { …; }`."""
    text = re.sub(r"\bfor([ \t]+\w+)\s*\n\s*in\b", r"for\1 in", text)
    text = re.sub(r"\b(for[ \t]+\w+[ \t]+in)([ \t]*[;\n])", rf"\1 {NOTHING}\2", text)
    text = re.sub(r"<>[ \t]*(?=[^\s;|&()<>])", f">{BOTH_WAYS}", text)
    return re.sub(r"(?<![^\s;|&({])!(?=\s+(?:\{|if|while|until|for|case)\s)", NEGATION, text)


def with_holes(text: str) -> tuple[str, list[str]]:
    """A script in which what is quoted or expanded is a number, and these parts: the grammar need not know what is in them."""
    found, kept, at, last = [], [], 0, 0
    while at < len(text):
        sign = text[at]
        if sign == "#" and (at == 0 or text[at - 1] in " \t\n;|&("):
            at = len(text) if (stop := text.find("\n", at)) < 0 else stop
            continue
        if sign == "\\":
            end = min(at + 2, len(text))
        elif sign == "$" and text[at + 1 : at + 2] in ALONE:
            end = at + 1
        elif sign in "'\"`" or text.startswith(("$(", "${", "$'"), at):
            reader = Reader(text, at)
            reader.part()
            end = reader.at
        else:
            at += 1
            continue
        kept.append(text[last:at] + f"{HOLE}{len(found)}{HOLE}")
        found.append(text[at:end])
        at = last = end
    return "".join(kept) + text[last:], found


def with_whole_lines(text: str) -> str:
    """A script without backslashes at the ends of lines."""
    if "\\\n" not in text:
        return text
    return JOINED.sub(lambda found: found[0] if found[0][0] in "'#" else found[0].replace("\\\n", ""), text)
