"""The referee's scenarios, played by the real kubectl over HTTP, held against recordings of a real cluster.

unmet_scenarios.json says how many facts each scenario misses beside those of time; a scenario that misses more than that,
beyond what chance moves, is played again, and fails after the third time: which node a Pod lands on and which of two things that
happen within a second comes first is chance, in a real cluster too. How long things take is judged only in the sum: kubectl's own
wall time, multiplied by the speed, is most of what is missed there, and more so on a machine that is busy.
"""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Server

pytestmark = [pytest.mark.conformance, pytest.mark.slow]
HERE = Path(__file__).parent
REFEREE = HERE / "referee"
ROOT = HERE.parents[1]
FIGURES = json.loads((HERE / "unmet_scenarios.json").read_text())
SPEED = FIGURES["speed"]
SCENARIOS = FIGURES["scenarios"]          # scenario: facts missed, other than of time
CHANCE = FIGURES["chance"]                # facts that a busy machine may move
LEAST_SHARE = 0.95
PLAYS = 3


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """{scenario: what judge() says of it} of all scenarios, each played until it misses no more than is listed."""
    data, out = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("out")
    environment = {**os.environ, "PODLIFE_DATA": str(data), "KUBECTL": str(Path(sys.executable).with_name("kubectl"))}
    manage = [sys.executable, str(ROOT / "manage.py")]

    def run(*words: str) -> str:
        return subprocess.run([*manage, *words], env=environment, check=True, capture_output=True, text=True, timeout=120).stdout

    judged: dict[str, tuple[int, int, int, str]] = {}
    with Server(data):
        run("sandbox", "create", "oracle", "--profile", "oracle")
        run("control", "oracle", "speed", str(SPEED))
        run("control", "oracle", "run")
        config = data / "kubeconfig"
        config.write_text(run("kubeconfig", "oracle"))
        hook = f"{sys.executable} {ROOT / 'manage.py'} fault oracle"
        play = [sys.executable, REFEREE / "run.py", "--kubeconfig", config, "--out", out, "--time-scale", str(SPEED), "--fault-hook", hook]
        names = list(SCENARIOS)
        for _ in range(PLAYS):
            files = [REFEREE / "scenarios" / f"{name}.yaml" for name in names]
            subprocess.run([*play, *files], env=environment, capture_output=True, timeout=1500, check=False)
            judged.update({name: judge(name, out) for name in names if has_ended(out / f"{name}.json")})
            names = [name for name in names if name not in judged or misses_more_than_listed(name, judged[name])]
            if not names:
                break
    return judged


def misses_more_than_listed(name: str, judged: tuple[int, int, int, str]) -> bool:
    """Whether a play missed more facts, time left aside, than are listed for its scenario and chance moves."""
    met, total, late, _ = judged
    return total - met - late > SCENARIOS[name] + CHANCE


def has_ended(recording: Path) -> bool:
    """Whether a play came to its end."""
    return recording.exists() and not json.loads(recording.read_text()).get("failed")


def judge(name: str, out: Path) -> tuple[int, int, int, str]:
    """(facts met, facts in all, those of time that were missed, the report)."""
    reals = sorted(REFEREE.glob(f"recordings/?/{name}.json.gz"))
    command = [sys.executable, REFEREE / "compare.py", *reals, "--against", out / f"{name}.json", "--time-scale", str(SPEED), "--verbose"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    met, total = re.search(r"(\d+)/(\d+)", done.stdout).groups()
    late = re.search(r"timing: \d+ met, (\d+) missed", done.stdout)
    return int(met), int(total), int(late[1]) if late else 0, done.stdout


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_a_scenario_meets_the_facts_of_the_real_recordings(played, name):
    assert name in played, "the scenario did not come to its end"
    met, total, _, report = played[name]
    print(report)
    assert not misses_more_than_listed(name, played[name]), report
    assert met / total > LEAST_SHARE, report
