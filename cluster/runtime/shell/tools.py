"""Owns the commands that a shell here knows: each takes (process, world, words, stdin) and returns an Outcome."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import archives, files, identity, portions
from .compiler import compile_script, duration_ms
from .lexer import ShellSyntaxError
from .outcome import Finished, Wait

SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15, "EXIT": 0}
LONGEST_OUTPUT = 4 * 1024 * 1024  # characters of one command, as much as a container's files hold
MOST_NUMBERS = 10_000  # of one seq
WHOLE = re.compile(r"-?[0-9]{1,18}")  # a number that a machine's words hold
READ_TO_END = ("cat", "wc", "head", "tail", "sort", "tee", "tar", "grep")


def reads(words: list[str]) -> str:
    """What a command takes of its input: "" (nothing), a "line", or "all"."""
    name, arguments = words[0].rpartition("/")[2], words[1:]
    if name == "exec":
        return reads(arguments) if arguments and arguments[0].rpartition("/")[2] != "exec" else ""
    if name == "read":
        return "line"
    if name not in READ_TO_END:
        return ""
    if name == "tar":
        return "all" if archives.reads_input(words) else ""
    if name == "tail" and any(word in ("-f", "-F") for word in arguments):
        return ""
    files = [word for word in arguments if word == "-" or (not word.startswith(("-", "+")) and not word.isdigit())]
    wants = name == "tee" or "-" in files or len(files) <= (1 if name == "grep" else 0)
    return "all" if wants else ""


def echo(process, world, words, stdin):
    arguments = words[1:]
    newline, escapes = "\n", False
    while arguments and arguments[0] in ("-n", "-e", "-ne", "-en"):
        newline = "" if "n" in arguments[0] else newline
        escapes = escapes or "e" in arguments[0]
        arguments = arguments[1:]
    text = " ".join(arguments)
    return Finished(0, (unescaped(text) if escapes else text) + newline)


def printf(process, world, words, stdin):
    if len(words) < 2:
        return Finished(1, errors="printf: usage: printf FORMAT [ARG]...\n")
    text, arguments = unescaped(words[1]), list(words[2:])
    while "%s" in text or "%d" in text:
        at = min(where for where in (text.find("%s"), text.find("%d")) if where >= 0)
        text = text[:at] + (arguments.pop(0) if arguments else "") + text[at + 2 :]
    return Finished(0, text.replace("%%", "%"))


def unescaped(text: str) -> str:
    for escape, sign in (("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\\\", "\\")):
        text = text.replace(escape, sign)
    return text


def true(process, world, words, stdin):
    return Finished(0)


def false(process, world, words, stdin):
    return Finished(1)


def leave(process, world, words, stdin):
    code = words[1] if len(words) > 1 else str(process.status)
    if not WHOLE.fullmatch(code) or code.startswith("-"):
        return Finished(2, errors=f"sh: exit: Illegal number: {code}\n", ends_shell=True)
    return Finished(int(code) % 256, ends_shell=True)


def sleep(process, world, words, stdin):
    total = 0
    for text in words[1:]:
        length = duration_ms(text)
        if length is None:
            return Finished(1, errors=f"sleep: invalid number '{text}'\n")
        total += length
    if len(words) < 2:
        return Finished(1, errors="BusyBox v1.35.0 multi-call binary.\n\nUsage: sleep [N]...\n")
    return Wait(total) if total else Finished(0)


def cat(process, world, words, stdin):
    if len(words) == 1:
        return Finished(0, stdin)
    output, errors = "", ""
    for path in words[1:]:
        text = stdin if path == "-" else world.read_file(path)
        if text is None:
            errors += f"cat: can't open '{path}': No such file or directory\n"
        elif len(output) < LONGEST_OUTPUT:
            output += text
    return Finished(1 if errors else 0, output, errors)


def date(process, world, words, stdin):
    return Finished(0, world.date(next((word[1:] for word in words[1:] if word.startswith("+")), "")) + "\n")


def hostname(process, world, words, stdin):
    return Finished(0, process.hostname + "\n")


def test(process, world, words, stdin):
    arguments = words[1:-1] if words[0] == "[" else words[1:]
    inverted = bool(arguments) and arguments[0] == "!"
    holds = is_true(world, arguments[1:] if inverted else arguments)
    return Finished(0 if holds != inverted else 1)


def is_true(world, arguments: list[str]) -> bool:
    if len(arguments) == 1:
        return arguments[0] != ""
    if len(arguments) == 2:
        return unary(world, *arguments)
    if len(arguments) == 3:
        return binary(*arguments)
    return False


def unary(world, operator: str, value: str) -> bool:
    if operator in ("-f", "-e", "-s", "-r", "-d"):
        text = world.read_file(value)
        is_folder = world.is_folder(value)
        if operator == "-d":
            return is_folder
        return bool(text) if operator == "-s" else text is not None or (operator != "-f" and is_folder)
    return (value == "") == (operator == "-z") if operator in ("-z", "-n") else False


def binary(left: str, operator: str, right: str) -> bool:
    if operator in ("=", "==", "!="):
        return (left == right) == (operator != "!=")
    try:
        first, second = int(left), int(right)
    except ValueError:
        return False
    return {
        "-eq": first == second,
        "-ne": first != second,
        "-lt": first < second,
        "-le": first <= second,
        "-gt": first > second,
        "-ge": first >= second,
    }.get(operator, False)


def export(process, world, words, stdin):
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            process.variables[name] = value
    return Finished(0)


def unset(process, world, words, stdin):
    for name in words[1:]:
        process.variables.pop(name, None)
    return Finished(0)


def environment(process, world, words, stdin):
    values = {**process.env, **process.variables}
    return Finished(0, "".join(f"{name}={value}\n" for name, value in sorted(values.items())))


def trap(process, world, words, stdin):
    for signal in words[2:]:
        name = signal.removeprefix("SIG")
        name = next((known for known, number in SIGNALS.items() if str(number) == name), name)
        if words[1] == "-":
            process.traps.pop(name, None)
        else:
            process.traps[name] = words[1]
    return Finished(0)


def replace_shell(process, world, words, stdin):
    """`exec program …`: the program takes the shell's place; the shell's traps are gone."""
    tool = TOOLS.get(words[1]) if len(words) > 1 and words[1] != "exec" else None
    if len(words) < 2:
        return Finished(0)
    if tool is None:
        return Finished(127, errors=f"sh: exec: line 0: {words[1]}: not found\n", ends_shell=True)
    process.traps.clear()
    del process.frames[1:]
    process.frames[0][1] = 10**9
    return tool(process, world, words[1:], stdin)


def shell(process, world, words, stdin):
    """`sh -c text` inside a script: runs in the same process, a frame deeper."""
    if len(words) > 2 and words[1] == "-c" and len(process.frames) < 8:
        try:
            compile_script(words[2])
        except ShellSyntaxError as error:
            return Finished(2, errors=f"sh: {error}\n")
        process.frames.append([words[2], 0])
    return Finished(0)


def serve_files(process, world, words, stdin):
    """busybox's httpd: `httpd [-f] [-p PORT] [-h HOME]` listens; without -f in the background."""
    port, home, is_front, at = "80", "/", False, 1
    while at < len(words):
        if words[at] in ("-p", "-h") and at + 1 < len(words):
            port, home = (words[at + 1], home) if words[at] == "-p" else (port, words[at + 1])
            at += 1
        elif words[at].startswith("-p"):
            port = words[at][2:]
        is_front = is_front or (words[at].startswith("-") and "f" in words[at])
        at += 1
    port = port.rpartition(":")[2]
    if not WHOLE.fullmatch(port) or not 0 < int(port) < 65536:
        return Finished(1, errors=f"httpd: bad address '{port}'\n")
    if port in process.listens:
        return Finished(1, errors="httpd: bind: Address already in use\n")
    process.listens[port] = f"httpd {home}"
    return Wait(-1) if is_front else Finished(0)


def grep(process, world, words, stdin):
    arguments = [word for word in words[1:] if not word.startswith("-")]
    text = world.read_file(arguments[1]) if len(arguments) > 1 else stdin
    found = [line for line in (text or "").splitlines() if arguments and arguments[0] in line]
    quiet = any(word.startswith("-") and "q" in word for word in words[1:])
    return Finished(0 if found else 1, "" if quiet else "".join(line + "\n" for line in found))


def sequence(process, world, words, stdin):
    wrong = next((word for word in words[1:] if not WHOLE.fullmatch(word)), None)
    if wrong is not None:
        return Finished(1, errors=f"seq: invalid number '{wrong}'\n")
    numbers = [int(word) for word in words[1:]]
    if not 1 <= len(numbers) <= 3:
        return Finished(1, errors="BusyBox v1.35.0 multi-call binary.\n\nUsage: seq [-w] [-s SEP] [FIRST [INC]] LAST\n")
    first, step, last = numbers if len(numbers) == 3 else [1, 1, numbers[0]] if len(numbers) == 1 else [numbers[0], 1, numbers[1]]
    shown = range(first, last + (1 if step > 0 else -1), step or 1)[:MOST_NUMBERS]
    return Finished(0, "".join(f"{number}\n" for number in shown))


def read_line(process, world, words, stdin):
    """`read NAME…`: a line of the input; the last name takes the rest of it."""
    names = [word for word in words[1:] if not word.startswith("-")] or ["REPLY"]
    parts = stdin.rstrip("\n").split(None, len(names) - 1)
    process.variables.update({name: parts[at].strip() if at < len(parts) else "" for at, name in enumerate(names)})
    return Finished(0 if stdin.endswith("\n") else 1)


def sort_lines(process, world, words, stdin):
    options = "".join(word[1:] for word in words[1:] if word.startswith("-"))
    paths = [word for word in words[1:] if not word.startswith("-")]
    lines = "".join(world.read_file(path) or "" for path in paths).splitlines() if paths else stdin.splitlines()
    if "u" in options:
        lines = list(dict.fromkeys(lines))
    found = re.compile(r"\s*(-?[0-9]+)")
    lines.sort(key=(lambda line: (float(at[1]) if (at := found.match(line)) else 0, line)) if "n" in options else None, reverse="r" in options)
    return Finished(0, "".join(line + "\n" for line in lines))


def terminal_settings(process, world, words, stdin):
    """`stty size`: rows and columns of the terminal, where there is one."""
    rows, columns = world.terminal
    if not rows:
        return Finished(1, errors="stty: standard input: Not a tty\n")
    shown = f"{rows} {columns}\n" if words[1:] == ["size"] else f"speed 38400 baud; rows {rows}; columns {columns};\n" if len(words) < 2 else ""
    return Finished(0, shown)


def kill(process, world, words, stdin):
    """`kill [-SIGNAL] PID…`: the container's first process is the only one that can be reached, and not by KILL (pid_namespaces(7))."""
    arguments, name = words[1:], "TERM"
    if arguments and arguments[0].startswith("-"):
        name = arguments.pop(0)[1:].removeprefix("SIG").removeprefix("s ")
        name = next((known for known, number in SIGNALS.items() if str(number) == name), name)
    if name not in SIGNALS:
        return Finished(1, errors=f"sh: bad signal name '{name}'\n")
    errors = "".join(f"sh: can't kill pid {pid}: No such process\n" for pid in arguments if not world.signal(pid, name))
    return Finished(1 if errors else 0, errors=errors)


def list_processes(process, world, words, stdin):
    first, *others = world.first_processes()
    rows = [(1, first.argv), *((7 + at, each.argv) for at, each in enumerate(others))]
    if process is not world.process:
        rows.append((7 + len(others), process.argv))
    rows.append((8 + len(others), words))
    return Finished(0, "PID   USER     TIME  COMMAND\n" + "".join(f"{pid:5} root      0:00 {' '.join(argv)}\n" for pid, argv in rows))


TOOLS: dict[str, Callable] = {
    "kill": kill,
    "ps": list_processes,
    "head": portions.head,
    "echo": echo,
    "printf": printf,
    "true": true,
    ":": true,
    "false": false,
    "exit": leave,
    "sleep": sleep,
    "cat": cat,
    "date": date,
    "hostname": hostname,
    "touch": files.touch,
    "rm": files.remove,
    "mkdir": files.make_folders,
    "rmdir": files.remove_folders,
    "cp": files.copy,
    "mv": files.move,
    "ls": files.list_files,
    "tee": files.tee,
    "tar": archives.tar,
    "read": read_line,
    "sort": sort_lines,
    "stty": terminal_settings,
    "test": test,
    "[": test,
    "export": export,
    "unset": unset,
    "env": environment,
    "trap": trap,
    "exec": replace_shell,
    "sh": shell,
    "ash": shell,
    "set": true,
    "cd": true,
    "sync": true,
    "chmod": true,
    "chown": true,
    "wait": true,
    "httpd": serve_files,
    "tail": portions.tail,
    "wc": portions.count,
    "grep": grep,
    "seq": sequence,
    "id": identity.identify,
    "whoami": identity.whoami,
    "uname": lambda *_: Finished(0, "Linux\n"),
    "pwd": lambda *_: Finished(0, "/\n"),
}
