"""Owns the running of a script: walks its instructions until it waits, ends, or has done enough for one moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from ..state import Process
from .compiler import Command, compile_script
from .lexer import ShellSyntaxError
from .outcome import Finished, Outcome, Reads, Wait
from .tools import TOOLS, reads

STEPS_AT_ONCE = 2000  # a loop that never waits is not walked further: it spins until it is stopped
LONGEST = 128 * 1024  # characters of all the words of one command; the kernel's limit of one word (MAX_ARG_STRLEN)
MOST_VARIABLES = 500
OUT_OF_MEMORY = "sh: out of memory\n"


class OutOfMemory(Exception):
    """A script has made more text than a small machine holds: it ends, as the shell does that cannot allocate."""


class World(Protocol):
    """What a process sees of its container."""

    now_ms: int
    unix_s: int
    terminal: tuple[int, int]

    def write(self, stream: str, text: str) -> None: ...
    def read_file(self, path: str) -> str | None: ...
    def write_file(self, path: str, text: str, *, append: bool) -> bool: ...
    def put_file(self, path: str, text: str) -> bool: ...
    def remove_file(self, path: str) -> bool: ...
    def make_folder(self, path: str) -> None: ...
    def is_folder(self, path: str) -> bool: ...
    def drop(self, path: str) -> None: ...
    def names(self, folder: str) -> list[str]: ...
    def paths(self, prefix: str) -> list[str]: ...
    def date(self, form: str) -> str: ...
    def signal(self, pid: str, name: str) -> bool: ...
    def first_processes(self) -> list[Process]: ...
    def input_all(self) -> str | None: ...
    def input_line(self) -> str | None: ...
    def input_some(self) -> tuple[str, bool]: ...


@dataclass
class Step:
    """How far a script came. kind: "wait" (wait_ms, -1 for ever), "idle" (naps of wait_ms), "input" (for some), "exit" (code)."""

    kind: str
    wait_ms: int = 0
    code: int = 0


def run(process: Process, world: World) -> Step:
    """Walk on from where the process stands."""
    for _ in range(STEPS_AT_ONCE):
        if not process.frames:
            return Step("exit", code=process.status)
        text, at = process.frames[-1]
        code = compile_script(text)
        if at >= len(code):
            process.frames.pop()
            continue
        process.frames[-1][1] = at + 1
        step = bounded(process, world, code[at])
        if step is not None:
            return step
    process.looped = True
    return Step("wait", wait_ms=-1)


def bounded(process: Process, world: World, instruction: tuple) -> Step | None:
    """Do one instruction, and end the script that grows beyond measure."""
    try:
        step = perform(process, world, instruction)
        if len(process.variables) <= MOST_VARIABLES:
            return step
    except OutOfMemory:
        pass
    world.write("stderr", OUT_OF_MEMORY)
    return Step("exit", code=2)


def perform(process: Process, world: World, instruction: tuple) -> Step | None:
    """Do one instruction; a Step when the process waits or ends."""
    kind = instruction[0]
    if kind == "run":
        return settle(process, world, execute(process, world, instruction[1]))
    if kind == "pipe":
        return settle(process, world, pipe(process, world, instruction[1]))
    if kind in ("jump", "jump_failed", "jump_ok"):
        if kind == "jump" or (process.status != 0) == (kind == "jump_failed"):
            process.frames[-1][1] = instruction[1]
    elif kind == "status":
        process.status = instruction[1]
    elif kind == "invert":
        process.status = 0 if process.status else 1
    elif kind == "for":
        slot = slot_name(process, instruction[1])
        process.items[slot] = [text for word in instruction[2] for text in expand(process, world, word)]
        process.loops[slot] = 0
    elif kind == "next":
        next_item(process, instruction)
    elif kind == "loop":
        process.looped = True
    elif kind == "idle":
        process.looped = True
        process.frames[-1][1] -= 1
        return Step("idle", wait_ms=instruction[1])
    return None


def slot_name(process: Process, slot: int) -> str:
    return f"{len(process.frames)}.{slot}"


def next_item(process: Process, instruction: tuple) -> None:
    _, end, number, name = instruction
    slot = slot_name(process, number)
    at, items = process.loops[slot], process.items[slot]
    if at < len(items):
        process.variables[name] = items[at]
        process.loops[slot] = at + 1
    else:
        del process.loops[slot], process.items[slot]
        process.frames[-1][1] = end


def settle(process: Process, world: World, outcome: Outcome) -> Step | None:
    """What an outcome means for the shell that ran the command."""
    if isinstance(outcome, Reads):
        process.frames[-1][1] -= 1
        return Step("input")
    if isinstance(outcome, Wait):
        process.status = 0
        return Step("wait", wait_ms=outcome.ms)
    process.status = outcome.status
    return Step("exit", code=outcome.status) if outcome.ends_shell else None


def execute(
    process: Process, world: World, command: Command, stdin: str | None = None, into: list[str] | None = None
) -> Outcome:
    """Run a simple command. stdin: what it may read, None: the program's own input.

    into: collects its output in place of the container's log (pipes, `$(…)`).
    """
    try:
        return _execute(process, world, command, stdin, into)
    except OutOfMemory:
        world.write("stderr", OUT_OF_MEMORY)
        return Finished(2, ends_shell=True)


def _execute(process: Process, world: World, command: Command, stdin: str | None, into: list[str] | None) -> Outcome:
    words = [text for word in command.words for text in expand(process, world, word)]
    if sum(map(len, words)) > LONGEST:
        raise OutOfMemory
    assigned = {name: "".join(expand(process, world, value, split=False)) for name, value in command.assigns}
    if not words:
        process.variables.update(assigned)
        return Finished(0)
    target, errors, content = redirects_of(process, world, command)
    if content is None and any(operator == "<" for _, operator, _ in command.redirects):
        world.write("stderr", "sh: can't open file: no such file\n")
        return Finished(1)
    tool = TOOLS.get(words[0].rpartition("/")[2] if words[0].startswith("/") else words[0])
    if tool is None:
        world.write("stderr", f"sh: {words[0]}: not found\n")
        return Finished(127)
    given = content if content is not None else stdin
    if given is None:
        given = own_input(world, words, is_shown=target == "stdout" and into is None)
    if given is None:
        return Reads()
    outcome = tool(process, world, words, given)
    if isinstance(outcome, Finished):
        if outcome.notes:
            deliver(world, errors, outcome.notes, into)
        if outcome.output:
            deliver(world, target, outcome.output, into)
        if outcome.errors:
            deliver(world, errors, outcome.errors, into)
    if into is None and isinstance(outcome, Finished) and target not in ("stdout", "stderr") and not outcome.output:
        world.write_file(target, "", append=True)
    return outcome


def own_input(world: World, words: list[str], *, is_shown: bool) -> str | None:
    """What a command reads of its program's own input; None when it has to wait for it.

    `cat` at a terminal shows what comes as it comes; everything else that reads, reads to the end, but for `read`.
    """
    wanted = reads(words)
    if not wanted:
        return ""
    if wanted == "line":
        return world.input_line()
    if words[0] != "cat" or not is_shown:
        return world.input_all()
    text, is_end = world.input_some()
    if not is_end and text:
        world.write("stdout", text)
    return text if is_end else None


def redirects_of(process: Process, world: World, command: Command) -> tuple[str, str, str | None]:
    """(where output goes, where errors go, what is read): "stdout", "stderr" or a path."""
    where = {"1": "stdout", "2": "stderr"}
    content = None
    for descriptor, operator, word in command.redirects:
        name = "".join(expand(process, world, word, split=False))
        if operator == ">&":
            where[descriptor] = where.get(name, "stdout")
        elif operator == "<":
            content = world.read_file(name)
        else:
            path = {"/dev/stdout": "stdout", "/dev/stderr": "stderr"}.get(name, name)
            if operator == ">" and path == name and name != "/dev/null":
                world.write_file(name, "", append=False)
            where[descriptor] = path
    return where["1"], where["2"], content


def deliver(world: World, target: str, text: str, into: list[str] | None) -> None:
    if target == "stdout" and into is not None:
        into.append(text)
    elif target in ("stdout", "stderr"):
        world.write(target, text)
    elif target != "/dev/null" and not world.write_file(target, text, append=True):
        world.write("stderr", "sh: write error: No space left on device\n")


def pipe(process: Process, world: World, commands: list[Command]) -> Outcome:
    """Run a pipeline, one command after the other; all but the last must end at once."""
    text = None
    for command in commands[:-1]:
        collected: list[str] = []
        if isinstance(outcome := execute(process, world, command, text, collected), Reads):
            return outcome
        text = "".join(collected)
    return execute(process, world, commands[-1], text)


def expand(process: Process, world: World, word: list, *, split: bool = True) -> list[str]:
    """The texts that a word stands for: unquoted variables and commands are split at blanks."""
    texts, current, started, size = [], "", False, 0
    for kind, value, quoted in word:
        text = value if kind == "text" else value_of(process, world, kind, value)
        size += len(text)
        if size > LONGEST:
            raise OutOfMemory
        if kind == "text" or quoted or not split:
            current, started = current + text, True
            continue
        pieces = text.split()
        for index, piece in enumerate(pieces):
            if index and started:
                texts.append(current)
                current = ""
            current, started = current + piece, True
    if started:
        texts.append(current)
    return texts


def value_of(process: Process, world: World, kind: str, value: str) -> str:
    if kind == "arithmetic":
        return str(arithmetic(process, value))
    if kind == "command":
        return output_of(process, world, value)
    name, operator, rest = (
        re.fullmatch(r"(\w+|[?$#@*!])(:?[-=])?(.*)", value, re.DOTALL).groups() if value else ("", None, "")
    )
    found = variable(process, name)
    if operator and not found:
        if operator.endswith("="):
            process.variables[name] = rest
        return rest
    return found


def variable(process: Process, name: str) -> str:
    if name == "?":
        return str(process.status)
    if name == "$":
        return "1"
    if name == "0":
        return "sh"
    return process.variables.get(name, process.env.get(name, ""))


def output_of(process: Process, world: World, text: str) -> str:
    """What `$(text)` prints, without the last newlines; a command that would wait is not waited for."""
    try:
        code = compile_script(text)
    except ShellSyntaxError:
        process.status = 2
        return ""
    collected: list[str] = []
    for instruction in code[:STEPS_AT_ONCE]:
        if instruction[0] == "run":
            outcome = execute(process, world, instruction[1], "", collected)
        elif instruction[0] == "pipe":
            outcome = nested_pipe(process, world, instruction[1], collected)
        else:
            continue
        process.status = outcome.status if isinstance(outcome, Finished) else 0
    return "".join(collected).rstrip("\n")


def nested_pipe(process: Process, world: World, commands: list[Command], into: list[str]) -> Outcome:
    text = ""
    for command in commands:
        collected: list[str] = []
        outcome = execute(process, world, command, text, collected)
        text = "".join(collected)
    into.append(text)
    return outcome


def arithmetic(process: Process, text: str) -> int:
    """`$((…))`: whole numbers with + - * / % ( ) and comparisons; anything else is 0."""
    filled = re.sub(r"\$?\b([A-Za-z_]\w*)", lambda found: variable(process, found[1]) or "0", text).strip()
    if len(filled) > 200 or not re.fullmatch(r"[\d\s+\-*/%()<>=!]*", filled) or re.search(r"\*\*|<<|>>", filled):
        return 0
    try:
        return int(
            eval(filled.replace("/", "//").replace("////", "//"), {"__builtins__": {}}, {})
        )  # digits and operators only
    except (SyntaxError, ZeroDivisionError, ValueError, TypeError, NameError):
        return 0
