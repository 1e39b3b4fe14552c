"""`kill -9` of the real server at twenty random moments of a running scenario: the log is that of the run never interrupted."""
from __future__ import annotations

import random
import signal
import sqlite3
import time

import msgspec
import pytest

from cluster.store.log import expand
from cluster.worker.simulation import Settings, Simulation
from cluster.worker.version import engine_version
from tests.servers import Server
from tests.webui.conftest import Api

from .test_recovery import DEPLOYMENT, POD

KILLS = 20
SETTLED_WITHIN_S = 30


def read(data, table: str, columns: str, order: str) -> list[tuple]:
    with sqlite3.connect(data / "podlife.sqlite3") as connection:
        return connection.execute(f"SELECT {columns} FROM cluster_{table} ORDER BY {order}").fetchall()


def uninterrupted(data) -> tuple[list, list]:
    """(revisions, facts) of the journal's run in one go, as far as the sandbox has come."""
    [(settings, steps)] = read(data, "sandbox", "settings, steps", "id")
    whole = Simulation(msgspec.convert(msgspec.json.decode(settings), Settings)).boot()
    for step, at_ms, kind, words in read(data, "input", "step, at_ms, kind, data", "number"):
        while whole.engine.steps < step:
            whole.engine.step()
        whole.advance_to(at_ms)
        whole.apply(kind, msgspec.json.decode(words))
    while whole.engine.steps < steps:
        whole.engine.step()
    revisions = [(change.revision, change.key, change.type, change.value) for change in whole.store.uncommitted]
    return revisions, msgspec.json.decode(msgspec.json.encode(whole.engine.trace.events))


def kept(data) -> tuple[list, list]:
    revisions = [(*row[:3], expand(row[3])) for row in read(data, "revision", "revision, key, type, value", "revision")]
    return revisions, [fact for row in read(data, "tracechunk", "data", "first_seq") for fact in expand(row[0])]


def ask(api: Api, number: int) -> None:
    """What comes from outside, spread over the kills."""
    path = "/api/sandboxes/main"
    if number == 0:
        api.control("main", "pacing", "clock")
        api.control("main", "speed", 4)
        api.control("main", "run")
    if number % 4 == 0:
        text = DEPLOYMENT if number == 0 else POD % f"pod{number}"
        api.ask("POST", f"{path}/kubectl", {"action": "apply", "files": [{"name": "x.yaml", "text": text}]})
    if number in (5, 9):
        action = "kubelet-stop" if number == 5 else "kubelet-start"
        api.ask("POST", f"{path}/fault", {"action": action, "args": ["k8snode1"]})


@pytest.mark.slow
def test_twenty_kills_leave_no_trace(tmp_path):
    chance, version = random.Random(20), engine_version()
    for number in range(KILLS):
        with Server(tmp_path) as server:
            ask(Api(server), number)
            time.sleep(chance.random() * 0.5)
            assert server.end(signal.SIGKILL) == -signal.SIGKILL
    with Server(tmp_path) as server:
        Api(server).control("main", "speed", 64)
        end_s = time.monotonic() + SETTLED_WITHIN_S
        while not Api(server).ask("GET", "/api/sandboxes/main/control")[1]["settled"]:
            assert time.monotonic() < end_s
            time.sleep(0.1)
        assert server.end() == 0
    if engine_version.__wrapped__() != version:
        pytest.skip("the sources were edited meanwhile")
    revisions, facts = kept(tmp_path)
    whole_revisions, whole_facts = uninterrupted(tmp_path)
    assert len(revisions) > 120 and revisions == whole_revisions
    assert facts == whole_facts
