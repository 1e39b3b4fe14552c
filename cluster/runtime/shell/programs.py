"""Owns commands that run others: sh, scripts by their path, env, xargs, timeout, nohup, nice, time."""

from __future__ import annotations

import posixpath

from .call import BANNER, Blocked, Call, Failed, Usage
from .children import SIGNALS, signal_name
from .durations import duration_ms

LONGEST_LINE = 128 * 1024
MOST_WORDS = 5_000


def shell(call: Call) -> int | None:
    """`sh [-eux] [-c TEXT [NAME [ARG…]]] [FILE [ARG…]]`: a shell of its own."""
    if not call.front.is_last:
        return call.run(call.words)
    options, words = "", call.arguments
    has_text = False
    while words and words[0][:1] in ("-", "+") and len(words[0]) > 1 and words[0] != "--":
        word, words = words[0], words[1:]
        if word in ("--login", "-l", "-i"):
            continue
        if word[1:] == "o" and words:
            options, words = options + {"errexit": "e", "nounset": "u", "xtrace": "x", "pipefail": "P"}.get(words[0], ""), words[1:]
            continue
        unknown = next((letter for letter in word[1:] if letter not in "ceufxailsnvmbVEIp"), "")
        if unknown:
            call.err(f"{call.name}: illegal option -{unknown}\n")
            return 2
        has_text = has_text or "c" in word
        options += "".join(letter for letter in word[1:] if letter in "euxfanC")
    if words[:1] == ["--"]:
        words = words[1:]
    task = call.task
    if has_text:
        if not words:
            call.err(f"{call.name}: -c requires an argument\n")
            return 2
        text, name, arguments = words[0], words[1] if len(words) > 1 else call.words[0], words[2:]
    elif words:
        found = call.world.read_file(call.path(words[0]))
        if found is None:
            call.err(f"{call.name}: can't open '{words[0]}': {call.world.why}\n")
            return 2
        text, name, arguments = found, words[0], words[1:]
    else:
        text, name, arguments = call.read_all(), call.words[0], []
    task.options = "".join(dict.fromkeys(options + ("c" if has_text else "")))
    call.runner.run_text(task, text, name, arguments)
    return None


def script(call: Call) -> int | None:
    """A file that may be run: a script for a shell that is here."""
    if not call.front.is_last:
        return call.run(call.words)
    path = call.runner.executable(call.task, call.words[0])
    text = call.world.read_file(path) or ""
    first = text.partition("\n")[0]
    interpreter = posixpath.basename(first[2:].split()[0]) if first.startswith("#!") and first[2:].split() else "sh"
    if interpreter == "env":
        interpreter = ([*first.split(), "", ""])[1]
    if interpreter not in ("sh", "ash", "bash", "dash") or (call.runner.is_missing(interpreter)):
        call.err(f"sh: {call.words[0]}: not found\n")
        return 127
    options = "".join(word[1:] for word in first.split()[1:] if word.startswith("-"))
    call.task.options = "".join(letter for letter in options if letter in "eux")
    call.runner.run_text(call.task, text, call.words[0], call.arguments)
    return None


def own(call: Call) -> int:
    """A command of the image's own."""
    printed = call.runner.own_tools()[call.name](call.world, call.words)
    call.out(printed.output)
    call.err(printed.errors)
    return printed.code


def applet(call: Call) -> int:
    """`busybox NAME [ARG…]`: one of its applets."""
    if not call.arguments:
        call.out(f"{BANNER}\n")
        return 0
    if call.arguments[0] == "--list":
        call.out("".join(f"{name}\n" for name in sorted(call.runner.tool_names())))
        return 0
    if not call.runner.is_known(call.arguments[0]):
        call.err(f"{call.arguments[0]}: applet not found\n")
        return 127
    return call.run(call.arguments)


def environment(call: Call) -> int:
    """`env [-i] [-u NAME] [NAME=VALUE]… [COMMAND [ARG…]]`."""
    options = call.options("i0", "u", longs={"ignore-environment": "i", "unset": "u"}, stops=True)
    values, words = ({} if "i" in options else call.environment), list(options.rest)
    for name in options.values.get("u", []):
        values.pop(name, None)
    if words[:1] == ["-"]:
        values, words = {}, words[1:]
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        values[name] = value
    if not words:
        call.out("".join(f"{name}={value}{chr(0) if '0' in options else chr(10)}" for name, value in values.items()))
        return 0
    return run_other(call, words, values)


def run_other(call: Call, words: list[str], values: dict[str, str] | None = None) -> int:
    """Run a command in the name of another."""
    if "child" not in call.memory:
        reason, status = call.runner.why_not(call.task, words[0])
        if reason:
            why = "Permission denied" if status == 126 else "No such file or directory"
            raise Failed(f"can't execute '{words[0]}': {why}", status)
    return call.run(words, environment=call.environment if values is None else values)


def wrapped(call: Call) -> int:
    """`nohup`, `nice`: a command is run as it is."""
    options = call.options("", "n", stops=True)
    if not options.rest:
        if call.name != "nice":
            raise Usage
        call.out("0\n")
        return 0
    return run_other(call, options.rest)


def timeout(call: Call) -> int:
    """`timeout [-s SIG] [-k SECS] SECS COMMAND`: ends it after some time."""
    options = call.options("", "sk", stops=True)
    if len(options.rest) < 2:
        raise Usage
    limit, name = duration_ms(options.rest[0]), signal_name(options.get("s", "TERM"))
    if limit is None:
        raise Failed(f"invalid number '{options.rest[0]}'")
    if name is None:
        raise Failed(f"bad signal name '{options.get('s')}'")
    try:
        return run_other(call, options.rest[1:])
    except Blocked:
        pid = str(call.memory["child"])
        if limit and call.world.now_ms >= call.memory.setdefault("due", call.world.now_ms + limit):
            call.runner.send(call.runner.machine.tasks[pid], name)
            call.err("Killed\n" if name == "KILL" else "Terminated\n" if name == "TERM" else "")
            return 128 + SIGNALS[name]
        raise Blocked(["child", pid, call.memory["due"]] if limit else ["children", pid]) from None


def measured(call: Call) -> int:
    """`time COMMAND`: how long it took; a simulated processor's time is not counted."""
    call.memory.setdefault("began", call.world.now_ms)
    words = [word for word in call.arguments if word != "-p"]
    status = run_other(call, words) if words else 0
    took = call.world.now_ms - call.memory["began"]
    call.err(f"real\t{took // 60000}m {took % 60000 / 1000:.2f}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n")
    return status


def arguments_of_input(call: Call) -> int:
    """`xargs [-0rt] [-n MAX] [-I REPL] [-d DELIM] COMMAND`."""
    options = call.options("0rtp", "nIsdLPE", stops=True)
    text = call.read_all()
    items = items_of(text, "\0" if "0" in options else options.get("d").replace("\\n", "\n"), by_line="I" in options)
    groups = groups_of(items, options, options.rest or ["echo"], call)
    for at, words in enumerate(groups):
        if at < call.memory.get("done", 0):
            continue
        if "t" in options and f"child{at}" not in call.memory:
            call.err(" ".join(words) + "\n")
        reason, status = call.runner.why_not(call.task, words[0])
        if reason:
            raise Failed(f"{words[0]}: No such file or directory", status)
        code = call.run(words, key=f"child{at}", stdin="")
        call.memory["done"] = at + 1
        call.memory.pop(f"child{at}")
        if code == 255:
            raise Failed(f"{words[0]}: exited with status 255; aborting", 124)
        if code:
            call.memory["failed"] = True
    return 123 if call.failed else 0


def items_of(text: str, delimiter: str, *, by_line: bool) -> list[str]:
    """What the input names, one by one."""
    if delimiter:
        return [item for item in text.removesuffix(delimiter).split(delimiter)] if text else []
    if by_line:
        return [line.lstrip() for line in text.split("\n") if line.strip()]
    found, current, at, quote = [], None, 0, ""
    while at < len(text):
        sign = text[at]
        if quote:
            current, quote = (current, "") if sign == quote else (current + sign, quote)
        elif sign in "'\"":
            current, quote = current or "", sign
        elif sign == "\\":
            at += 1
            current = (current or "") + text[at : at + 1]
        elif sign in " \t\n":
            found += [current] if current is not None else []
            current = None
        else:
            current = (current or "") + sign
        at += 1
    if quote:
        raise Failed(f"unmatched {'single' if quote == chr(39) else 'double'} quote")
    return found + ([current] if current is not None else [])


def groups_of(items: list[str], options, command: list[str], call: Call) -> list[list[str]]:
    """The command lines to run."""
    if len(items) > MOST_WORDS:
        raise Failed("argument list too long")
    if "I" in options:
        return [[word.replace(options["I"], item) for word in command] for item in items]
    many = options.get("n") or options.get("L") or "0"
    if not many.isdigit():
        raise Failed(f"invalid number '{many}'")
    size = int(many[:9])
    if not size:
        return [command + items] if items or "r" not in options else []
    return [command + items[at : at + size] for at in range(0, len(items), size)] or ([] if "r" in options else [command])


PROGRAMS = {"sh": shell, "ash": shell, "bash": shell, "dash": shell, "env": environment, "nohup": wrapped, "nice": wrapped, "setsid": wrapped,
            "timeout": timeout, "time": measured, "busybox": applet, "xargs": arguments_of_input}  # fmt: skip
