"""A worker that dies at any moment comes back to the very same run; a changed engine resumes; a fault stops one sandbox alone."""
from __future__ import annotations

import random

import msgspec
import pytest

from cluster.models import Input, Sandbox, Snapshot
from cluster.runtime.registry import registry_of
from cluster.runtime.repositories import repositories_of
from cluster.store import log
from cluster.worker import recovery, runner, sandboxes
from cluster.worker.host import SLEEP_AFTER_S, Host
from cluster.worker.recovery import SimulationFailed
from cluster.worker.refusals import Refused
from cluster.worker.runner import Runner
from cluster.worker.simulation import Simulation

from .running import POD, Stage, committed

pytestmark = pytest.mark.django_db
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "nginx/nginx:v1"}]}
"""
KUBELET = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
CRASHER = POD.replace('"nginx/nginx:v1"', '"busybox:1", command: [sh, -c, "sleep 1; exit 1"]')


def inputs_of(stage: Stage, number: int) -> None:
    """The scenario: what comes from outside before each slice of the run."""
    if number == 0:
        stage.apply(text=DEPLOYMENT)
    elif number == 3:
        stage.apply(text=CRASHER % "crasher")
    elif number == 6:
        stage.runner.fault("kubelet-stop", ["k8snode2"])
    elif number == 8:
        stage.request(text=POD % "late")
    elif number == 10:
        stage.runner.fault("kubelet-start", ["k8snode2"])
    elif number == 12 and stage.pods():
        stage.request("delete", name=stage.pods()[0])


def uninterrupted(sandbox: Sandbox) -> tuple[list, list]:
    """What the journal leads to in one go, as far as the sandbox has come: (revisions, trace)."""
    whole = Simulation(recovery.settings_of(sandbox)).boot()
    for _, step, at_ms, kind, data in log.inputs_after(sandbox, 0):
        while whole.engine.steps < step:
            whole.engine.step()
        whole.advance_to(at_ms)
        whole.apply(kind, data)
    while whole.engine.steps < sandbox.steps:
        whole.engine.step()
    encode = runner.log._encode
    for change in whole.store.uncommitted:
        change.previous = None
    return [encode(change) for change in whole.store.uncommitted], [encode(event) for event in whole.engine.trace.events]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_a_run_that_is_broken_off_again_and_again_is_the_run_that_never_was(monkeypatch, seed):
    """No close(): each time, all that was in memory is lost at a random moment, snapshots or not."""
    monkeypatch.setattr(runner, "SNAPSHOT_STEPS", 150)
    chance, stage = random.Random(seed), Stage()
    stage.runner.set_speed(8)
    stage.runner.run()
    for number in range(20):
        inputs_of(stage, number)
        for _ in range(chance.randrange(1, 25)):
            stage.wall_s += chance.random() / 10
            stage.runner.tick()
        for _ in range(chance.randrange(0, 30)):
            stage.runner.advance()  # done, but never committed
        stage.load()
    stage.runner.close()
    assert Snapshot.objects.filter(sandbox=stage.sandbox).exists()
    revisions, trace = committed(stage.sandbox)
    whole_revisions, whole_trace = uninterrupted(stage.sandbox)
    assert len(revisions) > 150 and revisions == whole_revisions
    assert trace == whole_trace


def test_an_input_that_was_journaled_but_not_acted_on_is_acted_on():
    stage = Stage()
    engine = stage.runner.engine
    data = {"action": "apply", "files": [{"name": "web.yaml", "text": POD % "web"}]}
    log.journal(stage.sandbox, [(1, engine.steps, engine.now_ms, "kubectl", data)])
    stage.load()
    stage.settle()
    assert stage.pods() == ["web"]


def test_looks_from_outside_between_two_events_change_nothing():
    """Reads and watches are not in the journal, so they must leave no mark."""
    from cluster.apiserver.watch import WatchSpec
    from cluster.meta.requests import Request
    stage = Stage()
    stage.apply(text=DEPLOYMENT)
    server = stage.runner.server
    look = Request(verb="list", resource="pods", namespace="default", path="/x", groups=["system:masters"], user_agent="kubectl/v1")
    for _ in range(400):
        server.handle(look)
        server.unwatch(server.watch_external(WatchSpec(resource="pods", prefix="/registry/pods/"), 0).id)
        stage.runner.advance()
    stage.runner.close()
    assert committed(stage.sandbox) == uninterrupted(stage.sandbox)


def test_the_moment_that_was_shown_comes_back():
    stage = Stage(is_looked_at=True)
    stage.apply(text=DEPLOYMENT)
    stage.runner.step(25)
    stage.runner.set_speed(2)
    stage.runner.finish_turn()
    before = msgspec.json.decode(msgspec.json.encode(stage.runner.snapshot_message(None)))
    stage.runner.step(7)  # shown to nobody: never committed
    after = msgspec.json.decode(msgspec.json.encode(stage.load().snapshot_message(None)))
    names = ("seq", "at_ms", "mode", "speed", "pacing", "step", "cells", "rows", "next", "sandbox")
    assert {name: after[name] for name in names} == {name: before[name] for name in names}
    stage.runner.step()
    assert stage.runner.display.step == 26


def test_the_clock_comes_back():
    stage = Stage()
    stage.runner.run()
    stage.play(7.3)
    stage.runner.close()
    now_ms = stage.runner.engine.now_ms
    assert stage.load().engine.now_ms == now_ms and stage.sandbox.mode == "running"


def test_a_snapshot_is_never_ahead_of_what_is_committed():
    stage = Stage()
    stage.apply(text=DEPLOYMENT)
    stage.settle()
    stage.runner.close()
    kept = Snapshot.objects.get(sandbox=stage.sandbox)
    stage.runner.advance()
    assert not log.save_snapshot_when_at_rest(stage.sandbox, stage.runner.simulation, "x")
    assert Snapshot.objects.get(sandbox=stage.sandbox).pk == kept.pk


# -- another engine ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def upgraded():
    """A sandbox whose run another engine wrote, with a Deployment running."""
    stage = Stage()
    stage.apply(text=DEPLOYMENT)
    stage.settle()
    stage.runner.close()
    Sandbox.objects.update(engine_version="older")
    return stage


def test_a_changed_engine_resumes_from_the_objects(upgraded):
    revision, names = upgraded.runner.simulation.store.revision, set(upgraded.pods())
    upgraded.load()
    upgraded.settle()
    assert set(upgraded.pods()) == names and upgraded.runner.simulation.store.revision > revision
    status = upgraded.runner.simulation.store.get("/registry/deployments/default/web").value["status"]
    assert status["readyReplicas"] == 3


def test_what_was_pushed_and_what_is_off_stays_so_under_a_changed_engine():
    stage = Stage()
    made = (("registry-push", ["mine:1"]), ("git-push", ["https://git.example/site", "first", "index.html", "hello"]),
            ("component-stop", ["kube-scheduler"]), ("component-stop", ["etcd"]), ("component-start", ["etcd"]), ("kubelet-stop", ["k8snode2"]),
            ("kubelet-config", ["k8snode1", f"{KUBELET}maxPods: 7\n"]), ("disk-fill", ["k8snode1", "5"]), ("image-import", ["k8snode1", "mine:2"]))
    for action, args in made:
        stage.runner.fault(action, args)
    stage.runner.input("rbac", {"enforced": True})
    stage.settle()
    stage.runner.close()
    Sandbox.objects.update(engine_version="older")
    told = Sandbox.objects.get().seq
    for simulation in (stage.load().simulation, stage.load().simulation):  # resumed, and come back after that
        actors = {name: actor.is_on for name, actor in simulation.engine.actors.items()}
        assert not actors["kube-scheduler"] and actors["etcd"] and not simulation.nodes["k8snode2"].kubelet.is_on
        assert simulation.nodes["k8snode1"].kubelet.is_on and simulation.server.enforces_rbac
        assert "docker.io/library/mine:1" in registry_of(simulation.engine).state.pushed
        assert repositories_of(simulation.engine).listing()[0]["message"] == "first"
        node = simulation.nodes["k8snode1"]
        assert node.kubelet.configuration.machine.pods == 7 and node.runtime.state.filled_bytes == 5 << 30
        assert "docker.io/library/mine:2" in [image.name for image in node.runtime.images()]
    kinds = [event.kind for event in log.trace_after(stage.sandbox, told)]
    assert kinds.count("SetUpKept") == 1 and "ComponentStopped" in kinds
    assert not {"FaultMade", "RegistryPushed", "CommitPushed"} & set(kinds), "nobody did it again"


def test_the_seam_of_a_resumed_run_is_in_the_trace(upgraded):
    upgraded.load()
    upgraded.settle()
    assert [row["kind"] for row in upgraded.runner.display.rows].count("EngineChanged") == 1


def test_steps_of_a_resumed_run_count_on(upgraded):
    step = upgraded.runner.display.step
    assert upgraded.load().display.step == step > 50


def test_a_resumed_run_that_is_broken_off_goes_on_byte_for_byte(upgraded, monkeypatch):
    monkeypatch.setattr(runner, "SNAPSHOT_STEPS", 10**9)
    upgraded.load()
    upgraded.apply("more")
    for _ in range(30):
        upgraded.runner.advance()
    upgraded.runner.finish_turn()
    upgraded.load()     # broken off here
    upgraded.settle()
    revisions, trace = committed(upgraded.sandbox)
    row = Sandbox.objects.get()
    simulation = Simulation(recovery.settings_of(row))
    simulation.restore(log.latest_snapshot(row, step=row.steps, engine_version=row.engine_version)[0])
    for _, step, at_ms, kind, data in log.inputs_after(row, simulation.inputs):
        recovery_run(simulation, step, at_ms)
        simulation.apply(kind, data)
    recovery_run(simulation, row.steps, row.now_ms)
    encode = log._encode
    whole = [encode(event) for event in simulation.engine.trace.events]
    assert whole == trace[-len(whole):] and len(whole) > 50
    assert [c.revision for c in simulation.store.uncommitted] == list(range(row.revision - len(simulation.store.uncommitted) + 1, row.revision + 1))
    for change in simulation.store.uncommitted:
        change.previous = None
    assert [encode(change) for change in simulation.store.uncommitted] == revisions[-len(simulation.store.uncommitted):]


def recovery_run(simulation: Simulation, steps: int, at_ms: int) -> None:
    while simulation.engine.steps < steps:
        simulation.engine.step()
    simulation.advance_to(at_ms)


# -- faults of this program -----------------------------------------------------------------------------------------------------


class Worker:
    """A Host without its thread, under a wall clock that the test moves."""

    def __init__(self):
        self.wall_s = 1000.0
        self.published: list[tuple[str, dict]] = []
        self.host = Host(lambda name, message: self.published.append((name, message)), wall=lambda: self.wall_s)

    def ask(self, do: str, **words) -> dict:
        """A command and its answer; {} as long as it has none."""
        answers: list[dict] = []
        self.host.handle({"do": do, **words}, answers.append)
        return answers[0] if answers else {}

    def play(self, seconds: float, *, slices: int = 20) -> None:
        for _ in range(slices):
            self.wall_s += seconds / slices
            self.host.tick_due()
            self.host.put_to_sleep()

    def apply(self, name: str, pod: str = "web") -> dict:
        return self.ask("kubectl", sandbox=name, command={"action": "apply", "files": [{"name": "x.yaml", "text": POD % pod}]})


@pytest.fixture
def worker():
    for name in ("one", "two"):
        sandboxes.create(name, seed=7)
    made = Worker()
    for name in ("one", "two"):
        made.ask("control", sandbox=name, action="run")
        made.ask("control", sandbox=name, action="pacing", value="clock")
    return made


def break_next_event(worker: Worker, name: str) -> None:
    def explode(*args):
        simulation = worker.host.runners[name].simulation
        simulation.store.put("/registry/pods/default/half", {"metadata": {"name": "half"}})
        raise ZeroDivisionError("injected")

    engine = worker.host.runners[name].engine
    engine.actors["kubectl"].explode = explode
    engine.actors["kubectl"].after(0, "explode")


def test_a_fault_in_one_simulation_stops_only_that_one(worker):
    break_next_event(worker, "one")
    worker.apply("two")
    worker.play(5)
    heads = {name: worker.ask("control", sandbox=name, action="pacing", value="clock") for name in ("one", "two")}
    assert heads["one"]["mode"] == "stopped" and "ZeroDivisionError: injected (sandbox one, seed 7, step " in heads["one"]["error"]
    assert heads["two"]["mode"] == "running" and heads["two"]["error"] is None
    assert worker.host.runners["two"].simulation.store.get("/registry/pods/default/web")


def test_what_the_failed_event_did_is_not_kept(worker):
    revision = worker.host.runners["one"].simulation.store.revision
    break_next_event(worker, "one")
    worker.play(5)
    row = sandboxes.find("one")
    assert log.object_at(row, "/registry/pods/default/half") is None and row.revision == revision
    again = Worker()
    assert again.ask("head", sandbox="one")["mode"] == "stopped"
    assert "injected" in again.ask("head", sandbox="one")["error"]


def test_callers_of_a_stopped_simulation_are_told(worker):
    runner_ = worker.host.runners["one"]
    answers = []
    runner_.waiting[99] = lambda kind, *rest: answers.append(rest[1].code)
    runner_.watches[98] = lambda kind, *rest: answers.append(kind)
    break_next_event(worker, "one")
    worker.play(1)
    assert answers == [500, "end"]
    token = sandboxes.find("one").token
    write = worker.ask("kube", token=token, method="DELETE", path="/api/v1/namespaces/default/pods/x", query="", headers={}, body=b"")
    read = worker.ask("kube", token=token, method="GET", path="/api/v1/pods", query="", headers={}, body=b"")
    assert write["status"] == 503 and b"reset the sandbox" in write["body"] and read["status"] == 200
    assert worker.ask("control", sandbox="one", action="run")["code"] == 409


def test_a_reset_mends_a_stopped_simulation(worker):
    break_next_event(worker, "one")
    worker.play(1)
    assert worker.ask("control", sandbox="one", action="reset")["error"] is None
    worker.ask("control", sandbox="one", action="run")
    worker.apply("one")
    worker.play(5)
    assert worker.host.runners["one"].simulation.store.get("/registry/pods/default/web")


def test_an_input_that_the_simulation_cannot_take_stops_it_and_is_not_tried_for_ever(worker, monkeypatch):
    monkeypatch.setattr(Simulation, "apply", lambda self, kind, data: 1 / 0)
    answer = worker.apply("one")
    assert answer["code"] == 500 and "ZeroDivisionError" in answer["error"]["en"]
    worker.play(1)
    again = Worker()
    assert again.ask("head", sandbox="one")["mode"] == "stopped"
    assert again.ask("control", sandbox="one", action="reset")["ok"]
    assert not Input.objects.filter(sandbox__name="one").exists()


def test_a_sandbox_that_cannot_be_loaded_can_still_be_reset(worker):
    worker.host.drop("one")
    Sandbox.objects.filter(name="one").update(settings={"profile": 5})
    answer = worker.ask("head", sandbox="one")
    assert not answer["ok"] and "cannot be restored" in answer["error"]["en"] and answer["code"] == 500
    Sandbox.objects.filter(name="one").update(settings=sandboxes.find("two").settings)
    assert worker.ask("control", sandbox="one", action="reset")["ok"]


def test_a_commit_that_fails_loses_nothing(worker, monkeypatch):
    """The disk is full for a moment: the sandbox is loaded again from what was committed, and goes on."""
    worker.ask("hello", sandbox="one", viewer="v")
    with monkeypatch.context() as patch:
        patch.setattr(runner.log, "commit_turn", lambda *args, **position: 1 / 0)
        assert worker.apply("one")["code"] == 500
        worker.play(3)
    worker.play(10)
    row = sandboxes.find("one")
    worker.host.runners["one"].close()
    assert worker.host.runners["one"].viewers == {"v"}
    assert log.object_at(row, "/registry/pods/default/web")
    assert committed(row) == uninterrupted(sandboxes.find("one"))


def test_two_sandboxes_do_not_disturb_each_other(worker):
    worker.apply("one")
    worker.apply("two")
    worker.apply("two", "more")
    worker.play(10)
    for name in ("one", "two"):
        worker.host.runners[name].close()
        row = sandboxes.find(name)
        assert committed(row) == uninterrupted(row)
    assert len(worker.host.runners["two"].simulation.store.list("/registry/pods/default/")) == 2
    assert len(worker.host.runners["one"].simulation.store.list("/registry/pods/default/")) == 1


# -- sleep ------------------------------------------------------------------------------------------------------------------


def test_a_sandbox_that_nobody_wants_leaves_memory_and_wakes_where_it_was(worker):
    worker.apply("one")
    worker.play(20)
    now_ms = worker.host.runners["one"].engine.now_ms
    worker.play(SLEEP_AFTER_S, slices=3)
    worker.play(1)
    assert not worker.host.runners
    slept_ms = sandboxes.find("one").now_ms
    assert slept_ms - now_ms <= (SLEEP_AFTER_S + 1) * 1000
    worker.wall_s += 100_000
    head = worker.ask("head", sandbox="one")
    assert head["mode"] == "running" and head["wall"]["virtual_ms"] == slept_ms


@pytest.mark.parametrize("wanted", ["viewers", "watches", "waiting"])
def test_a_sandbox_that_somebody_wants_stays_awake(worker, wanted):
    worker.ask("control", sandbox="one", action="hold")
    awake = worker.host.runners["one"]
    if wanted == "viewers":
        worker.ask("hello", sandbox="one", viewer="v")
    else:
        getattr(awake, wanted)[1] = lambda *args: None
    worker.play(SLEEP_AFTER_S * 2, slices=4)
    assert worker.host.runners.get("one") is awake


def test_a_fault_while_stepping_is_told_to_whoever_pressed_step(worker):
    break_next_event(worker, "one")
    answer = worker.ask("control", sandbox="one", action="step")
    assert "injected" in str(answer)


def test_a_run_without_its_snapshot_replays_from_the_beginning():
    stage = Stage()
    stage.apply()
    stage.settle()
    stage.runner.close()
    Snapshot.objects.all().delete()
    before = committed(stage.sandbox)
    stage.load()
    stage.runner.close()
    assert committed(stage.sandbox) == before == uninterrupted(stage.sandbox)


def test_a_failing_replay_ends_at_the_event_before(monkeypatch):
    stage = Stage()
    stage.apply()
    stage.settle()
    Snapshot.objects.all().delete()
    real = Simulation.apply
    monkeypatch.setattr(Simulation, "apply", lambda self, kind, data: 1 / 0)
    assert stage.load().sandbox.mode == "stopped" and "ZeroDivisionError" in stage.sandbox.error
    with pytest.raises(Refused):
        stage.apply("other")
    monkeypatch.setattr(Simulation, "apply", real)
    assert isinstance(stage.runner, Runner) and issubclass(SimulationFailed, Exception)
