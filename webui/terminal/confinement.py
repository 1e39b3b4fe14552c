"""Owns the fence around kubectl: which command lines may run. It reads no flag as kubectl would, it allows less.

Every word before `--` that begins with a dash is held against the list of flags, wherever it stands, so it does not matter which
flag would swallow which word.
"""

from __future__ import annotations

import re

from . import flags
from .words import Refusal

IN_A_POD = re.compile(r"(?:[a-z0-9.-]+/)?[a-z0-9][a-z0-9.-]*:.+", re.DOTALL)
PLAIN_PATH = re.compile(r"[A-Za-z0-9._*?/-]+")
MOST_WORDS = 200


def check(words: list[str], *, has_input: bool = False) -> None:
    """Refuse what is not allowed; words: kubectl's arguments. has_input: something is piped in. Raises Refusal."""
    if len(words) > MOST_WORDS:
        raise Refusal("terminal.line_too_long", most=MOST_WORDS)
    rest = without_namespace(words)
    if not rest or rest[0] in ("-h", "--help"):
        check_flags("", words[:1], has_input)
        return
    command = rest[0]
    check_command(command, rest[1] if len(rest) > 1 else "")
    before = rest[: end_of_flags(command, rest)]
    for word in before[1:]:
        if word in flags.NOWHERE.get(command, ()):
            raise Refusal("terminal.no_command", command=f"{command} {word}")
    check_flags(command, [*words[: len(words) - len(rest)], *before], has_input)
    if command == "cp":
        check_copy(rest[1:])


def without_namespace(words: list[str]) -> list[str]:
    """The words from the command on: only `-n NAMESPACE` may stand before it, else cobra and we might see two commands."""
    if words and words[0] in ("-n", "--namespace"):
        return words[2:]
    if words and re.match(r"-n[^-]|--namespace=", words[0]):
        return words[1:]
    return words


def check_command(command: str, following: str) -> None:
    if command in flags.PLAIN:
        return
    inner = flags.GROUPS.get(command)
    if inner is None:
        name = command.split("=")[0] if command.startswith("-") else command
        raise Refusal(flags.REASONS.get(command, "terminal.no_flag" if name.startswith("-") else "terminal.no_command"), command=name, flag=name)
    is_inner = following and not following.startswith("-")
    if is_inner and following not in inner:
        raise Refusal("terminal.no_command", command=f"{command} {following}")


def end_of_flags(command: str, words: list[str]) -> int:
    """Where `--` ends what kubectl reads itself."""
    for at, word in enumerate(words):
        if word == "--":
            if at and takes_next(command, words[at - 1]):
                raise Refusal("terminal.bad_dashes")
            return at
    return len(words)


def check_copy(words: list[str]) -> None:
    """What `cp` copies is `POD:path` or lies in this folder. Source: k8s.io/kubectl pkg/cmd/cp/cp.go (extractFileSpec)."""
    for word in words:
        if word in ("-", "--"):
            raise Refusal("terminal.no_path", path=word)
        if not word.startswith("-") and not IN_A_POD.fullmatch(word):
            check_paths(word, has_input=False)


def takes_next(command: str, word: str) -> bool:
    """Whether a word might be a flag that swallows the next one."""
    if not word.startswith("-") or word in ("-", "--"):
        return False
    if word.startswith("--"):
        return "=" not in word and word[2:].replace("_", "-") not in flags.BOOLEAN
    letters = flags.letters_for(command)
    return not all(letters.get(letter, "?") == "" for letter in word[1:])


def check_flags(command: str, words: list[str], has_input: bool) -> None:
    for at, word in enumerate(words):
        if not word.startswith("-") or word == "-":
            continue
        following = words[at + 1] if at + 1 < len(words) else ""
        for name, value in flags_of(command, word, following):
            check_flag(command, word, name, value, has_input)


def flags_of(command: str, word: str, following: str) -> list[tuple[str, str]]:
    """(flag, value) of a word; the value is "" for one that takes none. An unknown letter is a flag of its own name."""
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        return [(name.replace("_", "-"), value if equals else following)]
    letters, found = flags.letters_for(command), []
    for at, letter in enumerate(word[1:], 1):
        name = letters.get(letter)
        if name == "":
            continue
        rest = word[at + 1 :]
        return [*found, (name or f"-{letter}", rest.removeprefix("=") or following)]
    return found


def check_flag(command: str, word: str, name: str, value: str, has_input: bool) -> None:
    if name in flags.PATHS:
        check_paths(value, has_input, keyed=name == "from-file")
    elif name in flags.FORMATS:
        check_format(value)
    elif name not in flags.BOOLEAN and name not in flags.VALUED and name not in flags.OF_ONE.get(command, ()):
        raise Refusal("terminal.no_flag", flag=word.split("=")[0])


def check_format(value: str) -> None:
    """Formats are fine, those that read a file are not."""
    if "file" in value.split("=")[0]:
        raise Refusal("terminal.no_flag", flag=f"-o {value.split('=')[0]}")


def check_paths(value: str, has_input: bool, *, keyed: bool = False) -> None:
    """A value that names files: names in this folder alone. pflag splits some at commas and unquotes them, so both are refused apart."""
    for part in value.split(","):
        name = part.partition("=")[2] if keyed and "=" in part else part
        if name == "-" and has_input:
            continue
        if not PLAIN_PATH.fullmatch(name) or name.startswith(("/", "-")) or ".." in name.split("/"):
            raise Refusal("terminal.no_path", path=part[:80])
