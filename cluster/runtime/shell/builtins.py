"""Owns the shell's own commands, which act on the shell that runs them. Source: busybox 1.35 shell/ash.c."""

from __future__ import annotations

import re

from .arithmetic import ArithmeticWrong, evaluate
from .call import Call, Ends, Failed
from .instructions import CAPTURE, JOIN, captured, joined
from .jobs import always_quoted, front_job, kill, list_jobs, trap, wait
from .tasks import Frame
from .testing import test
from .variables import ShellError
from .writers import echo, printf

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
LETTERS = {"errexit": "e", "noglob": "f", "ignoreeof": "I", "interactive": "i", "monitor": "m", "noexec": "n", "stdin": "s", "xtrace": "x",
           "verbose": "v", "noclobber": "C", "allexport": "a", "notify": "b", "nounset": "u", "vi": "V", "pipefail": "P"}  # fmt: skip
NUMBER = re.compile(r"[0-9]{1,9}")


def nothing(call: Call) -> int:
    return 0


def false(call: Call) -> int:
    return 1


def change_folder(call: Call) -> int:
    words = [word for word in call.arguments if word not in ("-L", "-P", "--")]
    target = words[0] if words else call.variables.get("HOME") or ""
    shows = target == "-"
    if shows:
        target = call.variables.get("OLDPWD") or call.task.folder
    path = call.path(target) if target else call.task.folder
    node = call.world.look(path)
    if node is None or node.kind != "folder":
        raise Failed(f"can't cd to {target}: {'Not a directory' if node is not None else 'No such file or directory'}", 2)
    call.variables.set("OLDPWD", call.task.folder)
    call.task.folder = path
    call.task.variables.pop("PWD", None)
    if shows:
        call.out(path + "\n")
    return 0


def show_folder(call: Call) -> int:
    call.out((call.world.resolve(call.task.folder) if call.arguments[:1] == ["-P"] else call.task.folder) + "\n")
    return 0


def export(call: Call) -> int:
    return declare(call, call.task.exported, "export")


def fix(call: Call) -> int:
    return declare(call, call.task.fixed, "readonly")


def declare(call: Call, marked: list[str], word: str) -> int:
    """`export` and `readonly`."""
    words = [each for each in call.arguments if each != "--"]
    if not words or words == ["-p"]:
        values = call.environment if word == "export" else {name: call.variables.get(name) or "" for name in marked}
        call.out("".join(f"{word} {name}={always_quoted(value)}\n" for name, value in sorted(values.items())))
        return 0
    removes = words[0] == "-n"
    for each in words[removes:]:
        name, equals, value = each.partition("=")
        if not NAME.fullmatch(name):
            raise ShellError(f"{word}: line 0: {name}: bad variable name")
        if equals:
            call.variables.set(name, value)
        if removes and name in marked:
            marked.remove(name)
        elif not removes and name not in marked:
            marked.append(name)
    return 0


def unset(call: Call) -> int:
    kind = call.arguments[0] if call.arguments[:1] and call.arguments[0] in ("-f", "-v") else ""
    for name in call.arguments[bool(kind) :]:
        if not NAME.fullmatch(name):
            raise ShellError(f"unset: line 0: {name}: bad variable name")
        if kind == "-f":
            call.task.functions.pop(name, None)
        else:
            call.variables.unset(name)
    return 0


def local(call: Call) -> int:
    frame = next((frame for frame in reversed(call.task.frames) if frame.kind == "function"), None)
    if frame is None:
        raise ShellError("local: line 0: not in a function")
    for each in call.arguments:
        name, equals, value = each.partition("=")
        if not NAME.fullmatch(name):
            raise ShellError(f"local: line 0: {name}: bad variable name")
        frame.restores.setdefault(name, call.task.variables.get(name))
        if equals:
            call.variables.set(name, value)
    return 0


def set_options(call: Call) -> int:
    words = list(call.arguments)
    if not words:
        call.out("".join(f"{name}={always_quoted(value)}\n" for name, value in sorted(call.variables.shown().items()) if name[0] != "\0"))
        return 0
    while words and len(words[0]) > 1 and words[0][0] in "-+" and words[0] != "--":
        word = words.pop(0)
        for letter in word[1:]:
            if letter != "o":
                switch(call, letter if letter in LETTERS.values() else "", letter, word[0] == "-")
            elif not words:
                call.out("".join(f"{name:16}{'on' if option in call.task.options else 'off'}\n" for name, option in LETTERS.items()))
            else:
                name = words.pop(0)
                switch(call, LETTERS.get(name, ""), f"o {name}", word[0] == "-")
    if words[:1] == ["--"]:
        call.task.arguments = words[1:]
    elif words:
        call.task.arguments = words[1:] if words[0] == "-" else words
    return 0


def switch(call: Call, letter: str, shown: str, is_on: bool) -> None:
    if not letter:
        raise ShellError(f"set: line 0: illegal option -{shown}")
    options = call.task.options.replace(letter, "")
    call.task.options = options + letter if is_on else options


def shift(call: Call) -> int:
    many = number_of(call, call.arguments[0]) if call.arguments else 1
    if many > len(call.task.arguments):
        return 1
    call.task.arguments = call.task.arguments[many:]
    return 0


def number_of(call: Call, text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise ShellError(f"{call.name}: line 0: Illegal number: {text}")
    return int(text)


def leave(call: Call) -> int:
    raise Ends(number_of(call, call.arguments[0]) & 255 if call.arguments else exit_status(call))


def exit_status(call: Call) -> int:
    """What a bare `exit` ends with: in the handler of EXIT, what the shell was ending with."""
    frame = call.task.frames[0] if call.task.frames else None
    return frame.status if frame is not None and frame.kind == "exit" and len(call.task.frames) == 1 else call.task.status


def give_back(call: Call) -> int | None:
    """`return`: to the end of the function, or of the file that is read."""
    task = call.task
    status = number_of(call, call.arguments[0]) & 255 if call.arguments else task.status
    while task.frames:
        kind = task.frames[-1].kind
        if kind in ("function", "dot"):
            call.runner.leave_frame(task)
            return status
        if kind == "exit":
            task.frames[-1].status = status
        call.runner.leave_frame(task)
        if task.ended >= 0:
            return None
    raise Ends(status)


def evaluate_words(call: Call) -> int | None:
    text = " ".join(call.arguments)
    if not text.strip():
        return 0
    call.task.status = 0
    go_through(call, Frame(text, kind="eval", is_tested=call.front.is_tested))
    return None


def go_through(call: Call, frame: Frame) -> None:
    """The shell goes on with another text, under this command's redirects."""
    task = call.task
    call.runner.enter(task, frame)
    if call.descriptors != task.descriptors:
        frame.saved.append(task.descriptors)
        task.descriptors = call.descriptors
    task.front = None


def read_script(call: Call) -> int | None:
    """`. FILE`: its commands are run here."""
    if not call.arguments:
        raise Failed("filename argument required", 2)
    name = call.arguments[0]
    text = call.world.read_file(call.path(name))
    if text is None:
        raise ShellError(f".: line 0: can't open '{name}': {call.world.why}")
    frame = Frame(text, kind="dot", is_tested=call.front.is_tested)
    if len(call.arguments) > 1:
        frame.arguments, call.task.arguments = call.task.arguments, call.arguments[1:]
    go_through(call, frame)
    return None


def replace_shell(call: Call) -> int | None:
    """`exec`: a program takes the shell's place, or the redirects stay."""
    task, words = call.task, call.arguments
    if not words:
        task.descriptors = dict(call.descriptors)
        return 0
    reason, status = call.runner.why_not(task, words[0])
    if reason or (words[0] in BUILTINS and words[0] not in TOOLS_TOO):
        raise ShellError(f"exec: line 0: {reason or f'{words[0]}: not found'}", status or 127)
    task.descriptors = dict(call.descriptors)
    call.runner.become(task, words, call.environment)
    return None


def read(call: Call) -> int:
    """`read [-r] [-p PROMPT] [-t SECS] [-n MANY] [-d SIGN] NAME…`: a line of the input; the last name takes the rest of it."""
    options = call.options("rs", "ptnud", stops=True)
    names = options.rest or ["REPLY"]
    if "p" in options and not call.memory.get("asked") and call.world.terminal[0]:
        call.memory["asked"] = True
        call.err(options["p"])
    for name in names:
        if not NAME.fullmatch(name):
            call.err(f"{call.runner.shell_name(call.task)}: read: '{name}': bad variable name\n")
            return 1
    if "u" in options:
        call.descriptors["0"] = call.descriptors.get(options["u"], "null")
    line = call.memory.get("line", "") + whole_line(call)
    is_whole = line.endswith("\n")
    while "r" not in options and is_whole and line.endswith("\\\n") and not line.endswith("\\\\\n"):
        call.memory["line"] = line = line[:-2]
        more = whole_line(call)
        line, is_whole = line + more, more.endswith("\n")
        call.memory["line"] = ""
    text = line.removesuffix("\n")
    if "n" in options:
        text = text[: number_of(call, options["n"])]
    separators = call.variables.get("IFS")
    values = divided(text, len(names), " \t\n" if separators is None else separators, is_raw="r" in options)
    call.front.assigned = {}
    for name, value in zip(names, values, strict=True):
        call.variables.set(name, value)
    return 0 if is_whole else 1


def whole_line(call: Call) -> str:
    return call.read_line()


def divided(text: str, many: int, separators: str, *, is_raw: bool) -> list[str]:
    """A line as values for so many names. Source: ash.c readcmd_handle_line."""
    signs = []  # (sign, whether a backslash stood before it)
    at = 0
    while at < len(text):
        escaped = not is_raw and text[at] == "\\" and at + 1 < len(text)
        at += escaped
        signs.append((text[at], escaped))
        at += 1
    blanks = [sign for sign in separators if sign in " \t\n"]
    found, at = [], 0
    while at < len(signs) and signs[at][0] in blanks and not signs[at][1]:
        at += 1
    for number in range(many):
        start = at
        while at < len(signs) and (signs[at][1] or signs[at][0] not in separators):
            at += 1
        if number < many - 1:
            found.append("".join(sign for sign, _ in signs[start:at]))
            at = behind_separator(signs, at, separators, blanks)
            continue
        rest = signs[start:]
        last = at
        after = behind_separator(signs, at, separators, blanks)
        end = last if after >= len(signs) else len(signs)
        rest = signs[start:end]
        while rest and rest[-1][0] in blanks and not rest[-1][1]:
            rest = rest[:-1]
        found.append("".join(sign for sign, _ in rest))
    return found


def behind_separator(signs: list, at: int, separators: str, blanks: list[str]) -> int:
    """The place behind one separator and the blanks around it."""
    while at < len(signs) and signs[at][0] in blanks and not signs[at][1]:
        at += 1
    if at < len(signs) and signs[at][0] in separators and signs[at][0] not in blanks and not signs[at][1]:
        at += 1
        while at < len(signs) and signs[at][0] in blanks and not signs[at][1]:
            at += 1
    return at


def tell_type(call: Call) -> int:
    status = 0
    for name in call.arguments:
        where = call.runner.executable(call.task, name)
        if name in RESERVED:
            call.out(f"{name} is a shell keyword\n")
        elif name in call.task.functions:
            call.out(f"{name} is a function\n")
        elif name in BUILTINS and not name.startswith("\0"):
            call.out(f"{name} is a {'special ' if name in SPECIAL else ''}shell builtin\n")
        elif call.runner.is_known(name):
            call.out(f"{name} is {name}\n")
        elif where:
            call.out(f"{name} is {where}\n")
        else:
            call.out(f"{name}: not found\n")
            status = 127
    return status


def command(call: Call) -> int | None:
    """`command [-v] NAME`: no function of that name."""
    words = call.arguments
    if words[:1] and words[0] in ("-v", "-V"):
        name = words[1] if len(words) > 1 else ""
        is_known = name in RESERVED or name in call.task.functions or call.runner.is_known(name)
        found = name if is_known else call.runner.executable(call.task, name) if name else ""
        call.out(f"{found}\n" if found else "")
        return 0 if found else 127
    words = words[1:] if words[:1] in (["-p"], ["--"]) else words
    if not words:
        return 0
    functions = call.task.functions
    call.task.functions = {name: body for name, body in functions.items() if name != words[0]}
    call.task.front = None
    try:
        call.runner.run_words(call.task, words, call.descriptors, call.front.assigned, call.front.is_tested)
    finally:
        call.task.functions = functions
    return None


def get_options(call: Call) -> int:
    """`getopts LETTERS NAME [ARG…]`."""
    if len(call.arguments) < 2:
        raise Failed("usage: getopts optstring var [arg]", 2)
    letters, name, *given = call.arguments
    words, variables = given or call.task.arguments, call.variables
    index, _, place = (variables.get("OPTIND") or "1").partition(":")
    at, place = max(1, int(index)) if index.isdigit() else 1, int(call.task.variables.get("\0place", "1"))
    word = words[at - 1] if at <= len(words) else ""
    if place == 1 and (len(word) < 2 or word[0] != "-" or word == "--"):
        variables.set("OPTIND", str(at + (word == "--")))
        variables.set(name, "?")
        return 1
    letter, quiet = word[place], letters.startswith(":")
    takes = letters.find(letter, quiet) >= 0 and letter != ":"
    has_value = takes and letters[letters.find(letter, quiet) + 1 : letters.find(letter, quiet) + 2] == ":"
    ends_word = place + 1 >= len(word)
    value, found = None, letter
    if not takes:
        found, value = "?", letter if quiet else None
        if not quiet:
            call.err(f"Illegal option -{letter}\n")
    elif has_value:
        value, at, ends_word = (word[place + 1 :], at, True) if not ends_word else (words[at] if at < len(words) else None, at + 1, True)
        if value is None:
            found, value = (":", letter) if quiet else ("?", None)
            if not quiet:
                call.err(f"No arg for -{letter} option\n")
    call.task.variables["\0place"] = "1" if ends_word else str(place + 1)
    variables.set("OPTIND", str(at + 1 if ends_word else at))
    variables.set(name, found)
    if value is None:
        call.task.variables.pop("OPTARG", None)
    else:
        variables.set("OPTARG", value)
    return 0


def mask(call: Call) -> int:
    """`umask`: kept and shown; files get their modes from it."""
    if not call.arguments:
        call.out(f"{call.task.mask:04o}\n")
        return 0
    if not re.fullmatch("[0-7]{1,4}", call.arguments[0]):
        raise Failed(f"illegal mode: {call.arguments[0]}", 2)
    call.task.mask = int(call.arguments[0], 8) & 0o777
    return 0


def let(call: Call) -> int:
    value = 0
    for text in call.arguments:
        try:
            value = evaluate(text, lambda name: call.variables.get(name) or "", call.variables.set)
        except ArithmeticWrong as wrong:
            raise ShellError(f"let: line 0: {wrong}") from None
    return 0 if value else 1


def times(call: Call) -> int:
    call.out("0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0


RESERVED = ("if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!", "in", "function")
SPECIAL = (":", ".", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times", "trap", "unset", "source")
TOOLS_TOO = ("echo", "printf", "test", "[", "true", "false", "kill", "pwd")
BUILTINS = {
    JOIN: joined, CAPTURE: captured, ":": nothing, "true": nothing, "false": false, "echo": echo, "printf": printf, "test": test, "[": test,
    "[[": test, "cd": change_folder, "chdir": change_folder, "pwd": show_folder, "export": export, "readonly": fix, "unset": unset, "local": local,
    "set": set_options, "shift": shift, "exit": leave, "return": give_back, "eval": evaluate_words, ".": read_script, "source": read_script,
    "exec": replace_shell, "trap": trap, "wait": wait, "jobs": list_jobs, "kill": kill, "read": read, "type": tell_type, "command": command,
    "getopts": get_options, "umask": mask, "let": let, "times": times, "hash": nothing, "fg": front_job, "bg": front_job,
    "break": nothing, "continue": nothing,
}  # fmt: skip
