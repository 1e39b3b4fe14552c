"""Requests made by a generator, and what a real API server of 1.36.3 answered: differential.jsonl, in the form of the referee's cases.

Each shows a kind of fault that this server had. They were found by asking both the same.
"""
import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.conformance
CASES = [json.loads(line) for line in Path(__file__).with_name("differential.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def player():
    import answers

    from tests.conformance.in_process import InProcess
    made = answers.Player(InProcess())
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_it_answers_as_the_real_server_did(case, player, monkeypatch):
    import answers
    monkeypatch.setattr(answers.time, "sleep", lambda seconds: None)      # nothing happens here while one waits
    assert answers.judge(case, player.play(case)) == []
