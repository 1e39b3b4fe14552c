"""How `manage.py test` calls pytest: what may run side by side on several cores, what must run alone, and in how many runs."""

import os
import subprocess
import sys

from webui.setup import paths

SERIAL = ("browser", "slow", "conformance")  # markers of what starts servers and browsers: they want the machine to themselves
UNIT = " and ".join(f"not {marker}" for marker in SERIAL)
OTHERS = " or ".join(SERIAL)
PLAIN = ("-q", "-v", "--quiet", "--verbose", "-l", "--showlocals", "--tb", "--durations", "--color")  # hold for two runs as for one
OF_ONE_RUN = ("-x", "--exitfirst", "--maxfail", "--junitxml", "--junit-xml")
MOST_WORKERS = 4
END_WITHIN_S = 10
INTERRUPTED = 130


def runs(arguments: list[str], cores: int) -> list[list[str]]:
    """The pytest command lines of one `manage.py test`, in their order.

    The unit suite is shared out file by file. Who names files, words (-k), a number of processes (-n) or anything else
    than plain options gets just what they typed: few tests end sooner without workers.
    """
    options, expression = _without_marks(arguments)
    allowed = PLAIN if expression is None else PLAIN + OF_ONE_RUN
    if cores < 2 or any(not _is_among(allowed, word) for word in options):
        return [arguments]
    parallel = ["-n", str(min(cores, MOST_WORKERS)), "--dist", "loadfile"]
    if expression is None:
        return [[*parallel, "-m", UNIT, *options], ["-m", OTHERS, *options]]
    return [[*parallel, *arguments]] if _is_unit(expression) else [arguments]


def _is_unit(expression: str) -> bool:
    return {f"not {marker}" for marker in SERIAL} <= {term.strip() for term in expression.split(" and ")}


def _without_marks(arguments: list[str]) -> tuple[list[str], str | None]:
    """(the other arguments, the expression after -m), where -m stands once and apart."""
    if arguments.count("-m") != 1 or arguments[-1] == "-m":
        return arguments, None
    at = arguments.index("-m")
    return arguments[:at] + arguments[at + 2 :], arguments[at + 1]


def _is_among(options: tuple[str, ...], word: str) -> bool:
    """Whether a word is one of the options, alone or with `=value`; `-qq`, `-vv` and `-rA` are too."""
    return word.partition("=")[0] in options or word[:2] == "-r" or (word[:1] == "-" and set(word[1:]) in ({"q"}, {"v"}))


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_both(lines: list[list[str]]) -> int:
    """Run pytest for the unit tests and then for the others, whatever came of the first. Returns: the first code but 0."""
    try:
        codes = [_run(line) for line in lines]
    except KeyboardInterrupt:
        return INTERRUPTED
    said = ["passed" if code == 0 else f"failed (exit code {code})" for code in codes]
    print(f"podlife: unit tests {said[0]}, all others {said[1]}", flush=True)
    return next(filter(None, codes), 0)


def _run(line: list[str]) -> int:
    sys.stdout.flush()
    child = subprocess.Popen([str(paths.venv_python()), "-m", "pytest", *line])
    try:
        return child.wait()
    except KeyboardInterrupt:  # Ctrl-C reached pytest too: it may say what it has found so far
        try:
            child.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            child.terminate()
            child.wait()
        raise
