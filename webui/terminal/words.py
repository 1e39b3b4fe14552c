"""Owns how a line becomes commands: pipes apart, words without their quotes. It is no shell: nothing is expanded."""

from __future__ import annotations

import shlex

MOST_CHARACTERS = 8_000
MOST_STAGES = 6
OPERATORS = {";": ";", "&": "&", "<": "<", ">": ">", "`": "`", "\n": "\\n"}


class Refusal(Exception):
    """What the terminal does not do: a key of webui.texts and the values of its words."""

    def __init__(self, key: str, **values: object):
        super().__init__(key)
        self.key, self.values = key, values


def commands_of(line: str) -> list[list[str]]:
    """The commands of a line, in the order of its pipes; [] for a blank line or a comment. Raises Refusal."""
    if len(line) > MOST_CHARACTERS or "\0" in line:
        raise Refusal("terminal.line_too_long", most=MOST_CHARACTERS)
    if not line.strip() or line.lstrip().startswith("#"):
        return []
    parts = split_at_pipes(line)
    if len(parts) > MOST_STAGES:
        raise Refusal("terminal.too_many_pipes", most=MOST_STAGES)
    commands = [split(part) for part in parts]
    if not all(commands):
        raise Refusal("terminal.empty_pipe")
    return commands


def split(text: str) -> list[str]:
    """A command's words. Raises Refusal for a quote that is not closed."""
    try:
        return shlex.split(text)
    except ValueError:
        raise Refusal("terminal.open_quote") from None


def split_at_pipes(line: str) -> list[str]:
    """The texts between pipes that stand outside quotes. Raises Refusal for what else a shell would act on there."""
    parts, start, quote, at = [], 0, "", 0
    while at < len(line):
        char = line[at]
        if char == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in OPERATORS or line.startswith(("$(", "||"), at):
            raise Refusal("terminal.operator", operator=OPERATORS.get(char, line[at : at + 2]))
        elif char == "|":
            parts.append(line[start:at])
            start = at + 1
        at += 1
    return [*parts, line[start:]]
