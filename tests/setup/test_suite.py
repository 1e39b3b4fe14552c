"""Which pytest runs `manage.py test` makes of its arguments, and what it answers for all of them."""

import os

import pytest

from webui.setup import paths, suite

UNIT = "not browser and not slow and not conformance"
SHARED_OUT = ["-n", "2", "--dist", "loadfile"]


def test_everything_is_the_unit_suite_on_all_cores_and_then_the_others_alone():
    assert suite.runs([], 2) == [[*SHARED_OUT, "-m", UNIT], ["-m", "browser or slow or conformance"]]
    assert suite.runs(["-q", "--durations=5"], 2) == [
        [*SHARED_OUT, "-m", UNIT, "-q", "--durations=5"],
        ["-m", "browser or slow or conformance", "-q", "--durations=5"],
    ]


@pytest.mark.parametrize(
    "words", [["-m", UNIT], ["-qq", "-m", UNIT, "--maxfail=1"], ["-m", "not slow and not conformance and not browser and not django_db"]]
)
def test_the_unit_suite_is_shared_out(words):
    assert suite.runs(words, 2) == [[*SHARED_OUT, *words]]


def test_more_cores_bring_more_workers_up_to_a_bound():
    assert [suite.runs(["-m", UNIT], cores)[0][1] for cores in (2, 3, 64)] == ["2", "3", "4"]


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
        ["-m", "slow"],
        ["-m", "not browser"],
        ["-m", f"slow or {UNIT}"],
        ["-m", f"{UNIT} or browser"],
        ["-m", "slow", "-m", UNIT],
        ["-m"],
    ],
)
def test_whatever_else_is_typed_is_what_pytest_gets(words):
    assert suite.runs(words, 2) == [words]


def test_one_core_has_one_run():
    assert suite.runs([], 1) == [[]]
    assert suite.runs(["-m", UNIT], 1) == [["-m", UNIT]]


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
    assert suite.run_both([["-m", "a"], ["-m", "b"]]) == code
    assert made == [["-m", "a"], ["-m", "b"]] and capsys.readouterr().out == said


def test_ctrl_c_ends_all_runs(monkeypatch):
    def broken_off(line):
        raise KeyboardInterrupt

    monkeypatch.setattr(suite, "_run", broken_off)
    assert suite.run_both([[], []]) == suite.INTERRUPTED


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
