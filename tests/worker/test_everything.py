"""A cluster with one of each thing in it, broken off and frozen at moments of no choosing: the bytes are those of the run left alone."""
from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import msgspec
import pytest

from cluster.models import Snapshot
from cluster.worker import runner
from cluster.worker.simulation import Simulation, settings_for
from cluster.worker.version import engine_version
from tests.servers import Server
from tests.webui.conftest import Api

from . import test_kill, test_recovery
from .running import Stage, committed

pytestmark = pytest.mark.slow
EVERYTHING = Path(__file__).with_name("everything.yaml").read_text()
ROLLED = EVERYTHING.replace("nginx:1.29", "nginx:1.30").replace("sleep 25", "sleep 9")
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: later}\nstringData: {a: b}\n"
ENDLESS = ["sh", "-c", "echo hi > /tmp/x; sleep 3; cat /tmp/x; while true; do sleep 1; done"]
WATCHFUL = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nevictionHard: {pid.available: 64k}\n"
FAULTS = (
    ("kubelet-stop", "k8snode1"), ("kubelet-start", "k8snode1"), ("component-stop", "kube-controller-manager"),
    ("component-start", "kube-controller-manager"), ("component-stop", "kube-scheduler"), ("component-start", "kube-scheduler"),
    ("component-stop", "coredns"), ("component-start", "coredns"), ("registry-slow", "1"), ("registry-slow", "100"),
    ("kubelet-config", "k8snode1", WATCHFUL),
)


def applied(text: str) -> tuple[str, dict]:
    return "kubectl", {"action": "apply", "files": [{"name": "x.yaml", "text": text}]}


def running(simulation: Simulation) -> list[dict]:
    """The Pods whose first container runs, as the API has them."""
    found = [stored.value for _, stored in simulation.store.list("/registry/pods/default/")]
    return [pod for pod in found if "running" in ((pod["status"].get("containerStatuses") or [{}])[0].get("state") or {})]


def among_pods(simulation: Simulation, what: str, number: int) -> tuple[str, dict] | None:
    """An input about one of the Pods that run, if any does."""
    found = running(simulation)
    if not found:
        return None
    pod = found[number % len(found)]
    name, node, container = pod["metadata"]["name"], pod["spec"]["nodeName"], pod["status"]["containerStatuses"][0]
    if what == "delete":
        return "kubectl", {"action": "delete", "resource": "pods", "namespace": "default", "name": name}
    if what == "container-kill":
        return "fault", {"action": what, "args": [node, f"default/{name}", container["name"]]}
    if what == "sandbox-kill":
        return "fault", {"action": what, "args": [node, f"default/{name}"]}
    return "exec", {"namespace": "default", "pod": name, "container": container["name"], "node": node, "command": ENDLESS,
                    "id": container["containerID"].split("//")[1], "stdin": False, "tty": False}


def next_input(simulation: Simulation, chance: random.Random) -> tuple[str, dict] | None:
    """Something from outside, by chance."""
    what = chance.choice(["delete", "container-kill", "sandbox-kill", "exec", "fault", "fault", "scale", "rollout", "secret"])
    if what == "fault":
        action, *arguments = chance.choice(FAULTS)
        return "fault", {"action": action, "args": arguments}
    if what == "scale":
        return "kubectl", {"action": "scale", "resource": "statefulsets", "namespace": "default", "name": "db", "replicas": chance.randrange(5)}
    if what in ("rollout", "secret"):
        return applied(ROLLED if what == "rollout" else SECRET)
    return among_pods(simulation, what, chance.randrange(99))


def frozen(simulation: Simulation) -> dict:
    """A snapshot at the next rest, as the database would give it back."""
    while not simulation.engine.is_at_rest:
        simulation.engine.step()
    return msgspec.json.decode(msgspec.json.encode(simulation.snapshot()))


def said_since(simulation: Simulation) -> tuple[bytes, bytes]:
    bytes_of = msgspec.json.encode(simulation.store.uncommitted), msgspec.json.encode(simulation.engine.trace.events)
    simulation.store.drain()
    simulation.engine.trace.drain()
    return bytes_of


@pytest.mark.parametrize("seed", range(3))
def test_snapshots_amid_everything_lose_nothing(seed):
    chance, settings = random.Random(seed), settings_for("learner", seed=seed)
    whole, copy = Simulation(settings).boot(), None
    whole.apply(*applied(EVERYTHING))
    for _ in range(10):
        whole_frozen = frozen(whole)
        if copy is not None:
            assert frozen(copy) == whole_frozen
            assert said_since(copy) == said_since(whole)
        copy = Simulation(settings)
        copy.restore(whole_frozen)
        said_since(whole)
        move, ms = next_input(whole, chance), chance.randrange(200, 12_000)
        for simulation in (whole, copy):
            if move is not None:
                simulation.apply(*move)
            simulation.engine.run_until(simulation.engine.now_ms + ms)
    assert said_since(copy) == said_since(whole)


@pytest.mark.django_db
def test_a_worker_that_dies_amid_everything_comes_back_to_the_same_run(monkeypatch):
    monkeypatch.setattr(runner, "SNAPSHOT_STEPS", 150)
    chance, stage = random.Random(5), Stage()
    stage.runner.set_speed(8)
    stage.runner.run()
    stage.apply(text=EVERYTHING)
    for _ in range(16):
        for _ in range(chance.randrange(1, 25)):
            stage.wall_s += chance.random() / 8
            stage.runner.tick()
        for _ in range(chance.randrange(0, 30)):
            stage.runner.advance()  # done, but never committed
        stage.load()
        if (move := next_input(stage.runner.simulation, chance)) is not None:
            stage.runner.input(*move)
    stage.runner.close()
    assert Snapshot.objects.filter(sandbox=stage.sandbox).exists()
    stage.load()
    revisions, trace = committed(stage.sandbox)
    whole_revisions, whole_trace = test_recovery.uninterrupted(stage.sandbox)
    assert len(revisions) > 400 and revisions == whole_revisions
    assert trace == whole_trace


def test_kills_of_the_server_amid_everything_leave_no_trace(tmp_path):
    chance, version, path = random.Random(3), engine_version(), "/api/sandboxes/main"
    for number in range(8):
        with Server(tmp_path) as server:
            api = Api(server)
            if number == 0:
                api.control("main", "speed", 16)
                api.control("main", "run")
            api.ask("POST", f"{path}/kubectl", applied({0: EVERYTHING, 3: SECRET, 5: ROLLED}.get(number, SECRET))[1])
            if number in (2, 4):
                action = "component-stop" if number == 2 else "component-start"
                api.ask("POST", f"{path}/fault", {"action": action, "args": ["kube-controller-manager"]})
            time.sleep(chance.random() * 1.5)
            assert server.end(signal.SIGKILL) == -signal.SIGKILL
            assert "Traceback" not in server.output
    with Server(tmp_path) as server:
        time.sleep(1)
        assert server.end() == 0
    if engine_version.__wrapped__() != version:
        pytest.skip("the sources were edited meanwhile")
    revisions, facts = test_kill.kept(tmp_path)
    whole_revisions, whole_facts = test_kill.uninterrupted(tmp_path)
    assert len(revisions) > 250 and revisions == whole_revisions
    assert facts == whole_facts
