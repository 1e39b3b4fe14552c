"""Owns awk's own functions: each takes (the run, its arguments, which are not worked out yet)."""

from __future__ import annotations

import math
import re

from .call import Failed
from .regexes import guarded
from .sed_reading import pieces


def texts(run, arguments: list) -> list[str]:
    return [run.text(run.value(argument)) for argument in arguments]


def numbers(run, arguments: list) -> list[float]:
    return [run.number(run.value(argument)) for argument in arguments] or [0.0]


def length(run, arguments: list) -> float:
    if not arguments:
        return float(len(run.text(run.field(0))))
    if arguments[0][0] == "variable" and isinstance(run.variable(arguments[0][1]), dict):
        return float(len(run.variable(arguments[0][1])))
    return float(len(texts(run, arguments)[0]))


def part(run, arguments: list) -> str:
    text = texts(run, arguments[:1])[0]
    start = round_half(run.number(run.value(arguments[1])))
    start = max(1, start)  # as busybox has it; POSIX counts what lies before the text too
    end = start + max(0, round_half(run.number(run.value(arguments[2])))) if len(arguments) > 2 else len(text) + 1
    return text[start - 1 : end - 1]


def round_half(number: float) -> int:
    return round(max(-1e9, min(number, 1e9)))


def index(run, arguments: list) -> float:
    text, wanted = texts(run, arguments[:2])
    return float(text.find(wanted) + 1)


def split(run, arguments: list) -> float:
    text = run.text(run.value(arguments[0]))
    separator = run.globals["FS"]
    if len(arguments) > 2:
        separator = arguments[2][1] if arguments[2][0] == "regex" else run.text(run.value(arguments[2]))
    array = run.array(arguments[1][1])
    array.clear()
    seen = type(run.field(0))
    for at, piece in enumerate(run.divided(text, run.text(separator)), 1):
        array[str(at)] = seen(piece)
    return float(len(array))


def substitute(run, arguments: list, *, everywhere: bool) -> float:
    pattern = run.expression(arguments[0])
    target = arguments[2] if len(arguments) > 2 else ("field", ("number", 0.0))
    text, count = run.text(run.value(target)), 0
    parts = replacement(run.text(run.value(arguments[1])))

    def made(found: re.Match) -> str:
        nonlocal count
        count += 1
        return "".join(found[0] if piece == 0 else piece for piece in parts)

    changed = guarded(pattern, text).sub(made, text, count=0 if everywhere else 1)
    if count and target[0] in ("field", "variable", "element"):
        run.assign(target, changed)
    return float(count)


def replacement(text: str) -> list:
    """A replacement: texts, and 0 for what was matched."""
    return pieces(re.sub(r"\\(?![&\\])", r"\\\\", text))


def match(run, arguments: list) -> float:
    text = run.text(run.value(arguments[0]))
    found = guarded(run.expression(arguments[1]), text).search(text)
    run.globals["RSTART"], run.globals["RLENGTH"] = (found.start() + 1.0, float(found.end() - found.start())) if found else (0.0, -1.0)
    return run.globals["RSTART"]


def mathematics(make):
    def reckon(run, arguments: list) -> float:
        try:
            return float(make(*numbers(run, arguments)))
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan

    return reckon


def random(run, arguments: list) -> float:
    """A generator of its own, seeded alike in each run, as real ones are."""
    run.random = (getattr(run, "random", 12345) * 1103515245 + 12345) & 0x7FFFFFFF
    return run.random / 0x80000000


def seed(run, arguments: list) -> float:
    before = getattr(run, "seeded", 0.0)
    run.seeded = numbers(run, arguments)[0] if arguments else float(run.call.world.unix_s)
    run.random = int(max(-1e15, min(run.seeded, 1e15))) & 0x7FFFFFFF
    return before


def system(run, arguments: list) -> float:
    raise Failed("system() is not simulated")


def moment(run, arguments: list) -> float:
    return float(run.call.world.unix_s)


def moment_text(run, arguments: list) -> str:
    from .dates import date_text

    found = texts(run, arguments)
    return date_text(int(float(found[1])) if len(found) > 1 else run.call.world.unix_s, found[0] if found else "%c")


def bits(make):
    return lambda run, arguments: float(make(*[int(number) & (2**53 - 1) for number in numbers(run, arguments)]))


FUNCTIONS = {
    "length": length, "substr": part, "index": index, "split": split, "match": match, "system": system,
    "sub": lambda run, arguments: substitute(run, arguments, everywhere=False),
    "gsub": lambda run, arguments: substitute(run, arguments, everywhere=True),
    "sprintf": lambda run, arguments: run.formatted([run.value(argument) for argument in arguments]),
    "tolower": lambda run, arguments: texts(run, arguments)[0].lower(), "toupper": lambda run, arguments: texts(run, arguments)[0].upper(),
    "int": mathematics(math.trunc), "sqrt": mathematics(math.sqrt), "sin": mathematics(math.sin), "cos": mathematics(math.cos),
    "atan2": mathematics(math.atan2), "exp": mathematics(math.exp), "log": mathematics(math.log), "rand": random, "srand": seed,
    "close": lambda run, arguments: float(run.reading.pop(texts(run, arguments)[0], None) is None and -1), "fflush": lambda run, arguments: 0.0,
    "systime": moment, "strftime": moment_text, "and": bits(lambda left, right: left & right), "or": bits(lambda left, right: left | right),
    "xor": bits(lambda left, right: left ^ right), "lshift": bits(lambda left, right: left << min(right, 53)),
    "rshift": bits(lambda left, right: left >> min(right, 53)), "compl": bits(lambda number: ~number & (2**53 - 1)),
}  # fmt: skip
