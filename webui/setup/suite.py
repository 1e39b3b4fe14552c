"""How `manage.py test` calls pytest: what may run side by side on several cores, what must run alone, and in how many runs."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from webui.setup import paths

SERIAL = ("browser", "slow", "conformance")  # markers of what starts servers and browsers: they want the machine to themselves
UNIT = " and ".join(f"not {marker}" for marker in SERIAL)
OTHERS = " or ".join(SERIAL)
NO_UNITS = ("clients", "conformance", "e2e", "kubectl")  # folders of tests/ without a unit test; some import half the world
PLAIN = ("-q", "-v", "--quiet", "--verbose", "-l", "--showlocals", "--tb", "--durations", "--color")  # hold for two runs as for one
MOST_SHARES = 4
SECONDS = "podlife/seconds"  # in pytest's cache
BYTES_A_SECOND = 25_000  # about
END_WITHIN_S = 10
INTERRUPTED = 130
NOTHING_COLLECTED = 5

Line = list[str]  # what one pytest gets after its name


def runs(arguments: list[str], cores: int) -> list[list[Line]]:
    """The runs of one `manage.py test` in their order, each a list of pytest command lines that go side by side.

    The unit suite is shared out file by file: a process that collects only its share is cheaper than one that is told
    each test, as pytest-xdist does it. Who names files, words (-k), a number of processes (-n) or anything else than
    plain options gets just what they typed: few tests end sooner in one process.
    """
    options, expression = _without_marks(arguments)
    if cores < 2 or any(not _is_plain(word) for word in options):
        return [[arguments]]
    if expression is None:
        return [_shared_out(["-m", UNIT, *options], cores), [["-m", OTHERS, *options]]]
    return [_shared_out(arguments, cores)] if _is_unit(expression) else [[arguments]]


def _shared_out(line: Line, cores: int) -> list[Line]:
    return [[*line, *share] for share in shares(unit_files(), min(cores, MOST_SHARES))]


def unit_files() -> list[tuple[str, float]]:
    """Each file that may hold unit tests, relative to the project, with the seconds that it took last, or may take by its size."""
    tests, seconds = paths.ROOT / "tests", _seconds()
    found = [path for path in sorted(tests.rglob("test_*.py")) if path.relative_to(tests).parts[0] not in NO_UNITS]
    names = [(path.relative_to(paths.ROOT).as_posix(), path.stat().st_size / BYTES_A_SECOND) for path in found]
    return [(name, seconds.get(name, guess)) for name, guess in names]


def _seconds() -> dict[str, float]:
    """File -> how long its unit tests took at their last run, as tests/conftest.py keeps it in pytest's cache."""
    try:
        return json.loads((paths.ROOT / ".pytest_cache" / "v" / SECONDS).read_text())
    except (OSError, ValueError):
        return {}


def shares(files: list[tuple[str, float]], number: int) -> list[list[str]]:
    """The files in so many shares of about the same weight; those of a share keep their order."""
    taken: list[list[str]] = [[] for _ in range(number)]
    weights = [0.0] * number
    for name, size in sorted(files, key=lambda file: (-file[1], file[0])):
        lightest = weights.index(min(weights))
        taken[lightest].append(name)
        weights[lightest] += size
    return [sorted(share) for share in taken if share]


def _is_unit(expression: str) -> bool:
    return {f"not {marker}" for marker in SERIAL} <= {term.strip() for term in expression.split(" and ")}


def _without_marks(arguments: list[str]) -> tuple[list[str], str | None]:
    """(the other arguments, the expression after -m), where -m stands once and apart."""
    if arguments.count("-m") != 1 or arguments[-1] == "-m":
        return arguments, None
    at = arguments.index("-m")
    return arguments[:at] + arguments[at + 2 :], arguments[at + 1]


def _is_plain(word: str) -> bool:
    """Whether a word is a plain option, alone or with `=value`; `-qq`, `-vv` and `-rA` are too."""
    return word.partition("=")[0] in PLAIN or word[:2] == "-r" or (word[:1] == "-" and set(word[1:]) in ({"q"}, {"v"}))


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(made: list[list[Line]]) -> int:
    """Run pytest for each run in turn, whatever came of those before. Returns: the first code but 0."""
    try:
        codes = [_code_of([_run(lines[0])] if len(lines) == 1 else _run_side_by_side(lines)) for lines in made]
    except KeyboardInterrupt:
        return INTERRUPTED
    if len(codes) > 1:
        said = ["passed" if code == 0 else f"failed (exit code {code})" for code in codes]
        print(f"podlife: unit tests {said[0]}, all others {said[1]}", flush=True)
    return _code_of(codes)


def _code_of(codes: list[int]) -> int:
    """The first code but 0; a share in which nothing was asked for is none, unless all are."""
    others = [code for code in codes if code != NOTHING_COLLECTED] or codes
    return next(filter(None, others), 0)


def _run_side_by_side(lines: list[Line]) -> list[int]:
    """The first writes as it goes; what the others write follows when they have ended."""
    with tempfile.TemporaryDirectory() as folder:
        written = [Path(folder, str(number)) for number in range(1, len(lines))]
        children = [_start(line, into) for line, into in zip(lines[1:], written, strict=True)]
        try:
            codes = [_run(lines[0])]
            for child, text in zip(children, written, strict=True):
                codes.append(child.wait())
                print(text.read_text(errors="replace"), end="", flush=True)
        finally:
            for child in children:
                _end(child)
        return codes


def _start(line: Line, into: Path | None = None) -> subprocess.Popen:
    sys.stdout.flush()
    words = [str(paths.venv_python()), "-m", "pytest", *line]
    if into is None:
        return subprocess.Popen(words)
    with into.open("wb") as output:
        return subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)


def _run(line: Line) -> int:
    child = _start(line)
    try:
        return child.wait()
    except KeyboardInterrupt:
        _end(child)
        raise


def _end(child: subprocess.Popen) -> None:
    """Wait for a child that Ctrl-C has reached too: it may say what it has found so far."""
    try:
        child.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.terminate()
        child.wait()
