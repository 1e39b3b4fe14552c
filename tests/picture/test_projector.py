"""From the trace of a real run to rows and cells: what is a step, what is drawn, and that it agrees with the store."""
from __future__ import annotations

import re

import pytest

from cluster.picture import Projector
from cluster.picture.decisions import verdict
from cluster.picture.projector import idle_reconciles
from cluster.worker.simulation import Simulation, settings_for
from webui.examples import CRASH, NGINX, TOMCAT

DELETE = {"action": "delete", "resource": "pods", "namespace": "default"}
PODS = "/registry/pods/default/"


class Run:
    """A simulation without a worker: its rows, and the cells that they add up to."""

    def __init__(self):
        self.simulation = Simulation(settings_for("learner")).boot()
        self.projector = Projector(self.simulation)
        self.rows: list[dict] = []
        self.cells: dict[str, dict] = {}
        self.changes: dict[int, object] = {}
        self.follow()

    def follow(self) -> list[dict]:
        self.changes.update({change.revision: change for change in self.simulation.store.drain()})
        fresh = self.projector.rows(self.simulation.engine.trace.drain(), self.changes)
        for row in fresh:
            for name, key, value in row["set"]:
                cells = self.cells.setdefault(name, {})
                cells.pop(key, None) if value is None else cells.update({key: value})
        self.rows += fresh
        return fresh

    def kubectl(self, command: dict, *, for_ms: int | None = None) -> list[dict]:
        """Run a command until nothing is left to do, or for so long; its rows."""
        self.simulation.apply("kubectl", command)
        engine = self.simulation.engine
        if for_ms is None:
            assert engine.settle()
            return self.follow()
        end_ms = engine.now_ms + for_ms
        while (due := engine.next_due_ms()) is not None and due <= end_ms:
            engine.step()
        return self.follow()

    def pods(self) -> dict[str, dict]:
        return {key: cell for key, cell in self.cells["objects"].items() if cell["resource"] == "pods"}


def applying(text: str) -> dict:
    return {"action": "apply", "files": [{"name": "file.yaml", "text": text}]}


@pytest.fixture(scope="module")
def deployed() -> Run:
    run = Run()
    run.kubectl(applying(NGINX))
    return run


def test_every_step_has_whole_captions_and_a_place(deployed):
    steps = [row for row in deployed.rows if row["step"]]
    assert [row["step"] for row in steps] == list(range(1, len(steps) + 1))
    for row in steps:
        for language in ("en", "zh"):
            assert "**" in row["caption"][language] and not re.search(r"\{\w+\}", row["caption"][language])
        assert row["lane"] in {"you", "kube-apiserver", "etcd", "controllers", "kube-scheduler", "k8snode1", "k8snode2"}


def test_no_english_words_of_components_stay_in_chinese_prose(deployed):
    told = [row["caption"]["zh"] for row in deployed.rows if row["kind"] in ("ReconcileCompared", "RequestAuthorized")]
    assert told
    assert not [text for text in told if re.search(r"create \d|nothing|may do everything", text)]


def test_the_cells_are_the_objects_of_the_store(deployed):
    stored = {f"pods/default/{each.value['metadata']['name']}": each for _, each in deployed.simulation.store.list(PODS)}
    assert deployed.pods().keys() == stored.keys()
    for subject, each in stored.items():
        cell = deployed.pods()[subject]
        assert cell["revision"] == each.mod_revision
        assert (cell["ip"], cell["status"]["word"]) == (each.value["status"]["podIP"], "Running")
        truth = next(one for one in deployed.cells["node_pods"].values() if one["pod"] == subject)
        assert (truth["plate"]["ip"], truth["containers"][0]["state"]) == (cell["ip"], "running")


def test_a_write_says_what_it_changed_in_values(deployed):
    told = [row["caption"]["en"] for row in deployed.rows if row["kind"] == "KeyWritten" and row["subject"].startswith("pods/")]
    assert any("phase=Running, podIP=10.244." in text for text in told)
    assert any("PodReadyToStartContainers=True" in text for text in told)


def test_heartbeats_and_idle_looks_are_no_steps(deployed):
    assert not [row for row in deployed.rows if row["step"] and row["subject"].startswith(("leases/", "events/"))]
    compared = [row for row in deployed.rows if row["kind"] == "ReconcileCompared" and row["step"]]
    assert compared and not [row for row in compared if "nothing" in row["caption"]["en"]]


def test_controllers_end_with_empty_queues(deployed):
    assert {cell["queue"] for cell in deployed.cells["controllers"].values()} == {0}
    assert deployed.cells["scheduling"]["queue"] == []
    assert "stamps" not in deployed.cells["scheduling"]


def test_a_decision_has_every_filter_score_and_its_node(deployed):
    for subject, pod in deployed.pods().items():
        decision = deployed.cells["decisions"][subject]
        assert decision["chosen"] == pod["node"]
        assert {table["plugin"] for table in decision["filters"]} >= {"NodeResourcesFit", "TaintToleration", "NodeAffinity"}
        assert decision["totals"][pod["node"]] == max(decision["totals"].values())
        for table in decision["scores"]:
            assert all(table["values"][node] == normalised * table["weight"] for node, (_, normalised) in table["parts"].items())


def test_refused_is_seen_at_its_gate():
    run = Run()
    rows = run.kubectl(applying(TOMCAT))
    refused = next(row for row in rows if row["kind"] == "RequestRefused" and "strict decoding" in row["caption"]["en"])
    gates = {key: value for name, key, value in refused["set"] if name == "gates"}
    assert "refused" in {cell["state"] for cell in gates.values()}
    assert not run.pods()
    assert any(line["stream"] == "stderr" and "spec.imagePullPolicy" in line["text"] for line in run.cells["terminal"]["lines"])


def test_a_deleted_pod_goes_from_stage_and_node_and_another_comes():
    run = Run()
    run.kubectl(applying(NGINX))
    before = set(run.pods())
    old = min(before)
    rows = run.kubectl({**DELETE, "name": old.rpartition("/")[2]})
    (new,) = set(run.pods()) - before
    made = next(row["seq"] for row in rows if row["kind"] == "KeyWritten" and row["subject"] == new)
    gone = next(row["seq"] for row in rows if row["kind"] == "KeyDeleted" and row["subject"] == old)
    assert made < gone
    assert old not in run.pods() and len(run.pods()) == 2
    assert {one["pod"] for one in run.cells["node_pods"].values()} == set(run.pods())
    marks = [row["caption"]["en"] for row in rows if row["kind"] == "KeyWritten" and row["subject"] == old]
    assert any("marked, not gone" in text for text in marks)
    assert "the last write before it goes" in marks[-1]


def test_a_crash_loop_shows_back_off_and_restarts():
    run = Run()
    run.kubectl(applying(CRASH), for_ms=20_000)
    (pod,) = run.pods().values()
    (truth,) = run.cells["node_pods"].values()
    assert pod["restarts"] == truth["containers"][0]["restarts"] >= 1
    waits = [row for row in run.rows if row["kind"] == "RestartDelayed"]
    cell = next(value for name, _, value in waits[0]["set"] if name == "node_pods")
    back_off = cell["containers"][0]["back_off"]
    assert back_off["until_ms"] > back_off["since_ms"] >= waits[0]["at_ms"] - 1


def test_looks_that_found_nothing_are_idle():
    class Fact:
        def __init__(self, seq, actor, kind, **data):
            self.seq, self.actor, self.kind, self.data = seq, actor, kind, data

    idle = [Fact(1, "a", "ReconcileStarted"), Fact(2, "a", "ReconcileCompared", so="nothing")]
    busy = [Fact(3, "b", "ReconcileStarted"), Fact(4, "b", "ReconcileCompared", so="create 2")]
    assert idle_reconciles(idle) == {1, 2}
    assert idle_reconciles(busy) == set()
    assert idle_reconciles([Fact(5, "c", "ReconcileStarted"), Fact(6, "c", "OwnWritesAwaited")]) == {5, 6}
    assert idle_reconciles([Fact(7, "d", "ReconcileStarted"), Fact(8, "d", "ReconcileCompared", so="wait", idle=True)]) == {7, 8}


def test_filters_before_the_failing_one_passed_and_those_after_were_not_asked():
    plugins = ("NodeUnschedulable", "TaintToleration", "NodeResourcesFit")
    row = {"passed": False, "plugin": "TaintToleration"}
    assert [verdict(row, plugin, plugins) for plugin in plugins] == ["pass", "fail", "none"]
    assert verdict({"passed": True, "plugin": ""}, "NodeResourcesFit", plugins) == "pass"


SMALL = """
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
---
apiVersion: v1
kind: Pod
metadata: {name: low}
spec:
  nodeName: k8snode1
  containers: [{name: c, image: "busybox:1", command: [sleep, "9999"], resources: {requests: {cpu: 3900m}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: other}
spec:
  nodeName: k8snode2
  priorityClassName: high
  containers: [{name: c, image: "busybox:1", command: [sleep, "9999"], resources: {requests: {cpu: 3900m}}}]
"""
URGENT = """
apiVersion: v1
kind: Pod
metadata: {name: urgent}
spec:
  priorityClassName: high
  containers: [{name: c, image: "busybox:1", command: [sleep, "9999"], resources: {requests: {cpu: 3000m}}}]
"""


@pytest.mark.slow
def test_a_preemption_names_its_victims_with_their_priorities():
    run = Run()
    run.kubectl(applying(SMALL))
    run.kubectl(applying(URGENT))
    assert run.cells["rescues"] == {"pods/default/urgent": {
        "pod": "pods/default/urgent", "node": "k8snode1", "priority": 1000, "candidates": 1,
        "victims": [{"pod": "pods/default/low", "name": "low", "priority": 0}]}}
