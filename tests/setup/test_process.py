"""Quick questions to programs: whether they work, on machines of every speed."""

import sys

import pytest

from webui.setup import process

LATE = "import time; time.sleep(0.15); print('v22.1.0')"


def asked(code: str) -> str:
    return process.answers([sys.executable, "-S", "-E", "-c", code])


@pytest.mark.parametrize(
    ("code", "said"), [("print(' v22.1.0 ')", "v22.1.0"), ("print('v22.1.0'); raise SystemExit(3)", ""), ("import sys; sys.stderr.write('no')", "")]
)
def test_what_a_program_says_counts_if_it_ends_well(code, said):
    assert asked(code) == said


def test_a_program_that_is_not_there_says_nothing():
    assert process.answers(["/nowhere/node", "--version"]) == ""


def test_a_program_that_is_slow_to_answer_is_waited_for_and_that_is_said(monkeypatch, capsys):
    monkeypatch.setattr(process, "QUICK_S", 0.05)
    assert asked(LATE) == "v22.1.0"
    assert "has not answered for 0.05 s: waiting for it up to 220 s more" in capsys.readouterr().err


def test_a_program_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(process, "QUICK_S", 0.02)
    monkeypatch.setattr(process, "PATIENT_S", 0.02)
    assert asked("import time; time.sleep(60)") == ""
