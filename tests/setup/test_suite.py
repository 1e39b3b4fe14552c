"""Which pytest runs `manage.py test` makes of its arguments, and what it answers for all of them."""

import os

import pytest

from webui.setup import paths, suite

UNIT = "not browser and not slow and not conformance"


def words_of(run: list[list[str]]) -> list[list[str]]:
    """The command lines of a run without the files that were shared out."""
    return [[word for word in line if not word.startswith("tests/")] for line in run]


def test_everything_is_the_unit_suite_on_all_cores_and_then_the_others_alone():
    units, others = suite.runs([], 2)
    assert words_of(units) == [["-m", UNIT], ["-m", UNIT]] and others == [["-m", "browser or slow or conformance"]]
    units, others = suite.runs(["-q", "--durations=5"], 2)
    assert words_of(units) == [["-m", UNIT, "-q", "--durations=5"]] * 2
    assert others == [["-m", "browser or slow or conformance", "-q", "--durations=5"]]


@pytest.mark.parametrize("words", [["-m", UNIT], ["-qq", "-m", UNIT], ["-m", "not slow and not conformance and not browser and not django_db"]])
def test_the_unit_suite_is_shared_out(words):
    (run,) = suite.runs(words, 2)
    assert words_of(run) == [words, words]
    files = [word for line in run for word in line if word.startswith("tests/")]
    assert sorted(files) == sorted({name for name, _ in suite.unit_files()}) and "tests/setup/test_suite.py" in files


def test_a_file_without_unit_tests_is_not_even_read():
    assert not any(name.startswith(("tests/e2e/", "tests/clients/")) for name, _ in suite.unit_files())


def test_shares_are_about_the_same_size_and_keep_their_order():
    assert suite.shares([("a", 5), ("b", 1), ("c", 3), ("d", 3)], 2) == [["a", "b"], ["c", "d"]]
    assert suite.shares([("a", 5)], 2) == [["a"]]


def test_more_cores_bring_more_processes_up_to_a_bound():
    assert [len(suite.runs(["-m", UNIT], cores)[0]) for cores in (2, 3, 64)] == [2, 3, 4]


@pytest.mark.parametrize(
    "words",
    [
        ["tests/kubelet"],
        ["tests/kubelet", "-q"],
        ["-k", "backoff"],
        ["-n", "2", "-m", UNIT],
        ["-n0"],
        ["--pdb"],
        ["-x"],  # of two runs, the second would go on
        ["--junitxml=report.xml"],  # and write over the first one's
        ["-m", UNIT, "--maxfail=1"],
        ["-m", "slow"],
        ["-m", "not browser"],
        ["-m", f"slow or {UNIT}"],
        ["-m", f"{UNIT} or browser"],
        ["-m", "slow", "-m", UNIT],
        ["-m"],
    ],
)
def test_whatever_else_is_typed_is_what_pytest_gets(words):
    assert suite.runs(words, 2) == [[words]]


def test_one_core_has_one_run():
    assert suite.runs([], 1) == [[[]]]
    assert suite.runs(["-m", UNIT], 1) == [[["-m", UNIT]]]


def test_every_marker_of_the_expression_is_one_that_tests_can_bear(pytestconfig):
    known = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert set(suite.SERIAL) <= known


@pytest.mark.parametrize(
    "codes, code, said",
    [
        ([0, 0], 0, "podlife: unit tests passed, all others passed\n"),
        ([1, 0], 1, "podlife: unit tests failed (exit code 1), all others passed\n"),
        ([0, 2], 2, "podlife: unit tests passed, all others failed (exit code 2)\n"),
        ([-9, 1], -9, "podlife: unit tests failed (exit code -9), all others failed (exit code 1)\n"),
    ],
)
def test_every_run_is_made_and_one_that_fails_fails_all(monkeypatch, capsys, codes, code, said):
    made = []
    monkeypatch.setattr(suite, "_run", lambda line: made.append(line) or codes[len(made) - 1])
    assert suite.run_all([[["-m", "a"]], [["-m", "b"]]]) == code
    assert made == [["-m", "a"], ["-m", "b"]] and capsys.readouterr().out == said


def test_ctrl_c_ends_all_runs(monkeypatch):
    def broken_off(line):
        raise KeyboardInterrupt

    monkeypatch.setattr(suite, "_run", broken_off)
    assert suite.run_all([[[]], [[]]]) == suite.INTERRUPTED


class Child:
    """A pytest that has written its words and ends with a code."""

    def __init__(self, code: int, into, text: str):
        self.code = code
        if into:
            into.write_text(text)

    def wait(self, timeout=None):
        return self.code


@pytest.mark.parametrize("codes, code", [([0, 0], 0), ([0, 1], 1), ([5, 0], 0), ([5, 5], 5), ([1, 5], 1)])
def test_shares_go_side_by_side_and_are_one_run(monkeypatch, capfd, codes, code):
    monkeypatch.setattr(suite, "_start", lambda line, into=None: Child(codes[int(line[0])], into, f"share {line[0]}\n"))
    assert suite.run_all([[["0"], ["1"]]]) == code
    assert capfd.readouterr().out == "share 1\n"


@pytest.fixture
def environment(monkeypatch):
    """The environment of this process with neither wish about bytecode; afterwards it is what it was."""
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return os.environ


def test_bytecode_that_may_not_lie_beside_the_sources_is_kept_in_the_virtual_environment(environment):
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    paths.keep_bytecode()
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["PYTHONPYCACHEPREFIX"] == str(paths.BYTECODE)


def test_who_says_where_bytecode_goes_is_heard(environment):
    environment["PYTHONPYCACHEPREFIX"] = "/elsewhere"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    paths.keep_bytecode()
    assert environment["PYTHONPYCACHEPREFIX"] == "/elsewhere" and environment["PYTHONDONTWRITEBYTECODE"] == "1"


def test_without_a_wish_nothing_is_changed(environment):
    paths.keep_bytecode()
    assert "PYTHONPYCACHEPREFIX" not in environment
