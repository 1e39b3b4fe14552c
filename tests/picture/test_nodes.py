"""The truth on a node: what kubelet and runtime traced of a Pod's containers and their probes."""

from types import SimpleNamespace

import pytest

from cluster.engine.trace import TraceEvent
from cluster.picture.control import ControlPictures
from cluster.picture.folds import FOLDS
from cluster.picture.nodes import NodePictures
from tests.picture.test_slim import rich


def fact(**data) -> TraceEvent:
    data = {"node": "k8snode1", "uid": "u", **data}
    return TraceEvent(seq=1, at_ms=0, actor="kubelet/k8snode1", kind="Fact", subject="pods/default/web", cause=0, data=data)


def planned() -> NodePictures:
    pictures = NodePictures()
    pictures.plan(fact(), rich())
    return pictures


def row(pictures: NodePictures, name: str) -> dict:
    return next(each for each in pictures.pods["k8snode1/u"]["containers"] if each["name"] == name)


def test_what_a_kubelet_takes_on_waits_in_its_sorts():
    rows = planned().pods["k8snode1/u"]["containers"]
    assert [(each["name"], each["sort"], each["pip"]) for each in rows] == [
        ("fetch", "init", "waits"), ("agent", "sidecar", "waits"), ("prepare", "init", "waits"), ("last", "init", "waits"),
        ("app", "app", "waits"), ("debugger", "ephemeral", "waits"),
    ]  # fmt: skip


def test_a_pip_follows_its_container():
    pictures = planned()
    pictures.container(fact(container="fetch"), state="running")
    assert row(pictures, "fetch")["pip"] == "runs"
    pictures.container(fact(container="fetch"), state="terminated", exit_code=0)
    assert row(pictures, "fetch")["pip"] == "done"
    pictures.container(fact(container="prepare"), state="terminated", exit_code=2)
    assert row(pictures, "prepare")["pip"] == "failed"


def test_a_probe_shows_its_last_answer_and_begins_anew_with_its_container():
    pictures = planned()
    pictures.probe(fact(container="app", probe="readiness"), "failed")
    assert row(pictures, "app")["probes"] == {"liveness": "pending", "readiness": "failed"}
    pictures.probe(fact(container="app", probe="liveness"), "ok")
    assert row(pictures, "app")["probes"] == {"liveness": "ok", "readiness": "failed"}
    pictures.probe(fact(container="app"), "pending")
    assert row(pictures, "app")["probes"] == {"liveness": "pending", "readiness": "pending"}
    assert pictures.probe(fact(container="fetch", probe="liveness"), "ok") == []


def test_the_answer_of_a_probe_is_a_pulse_at_its_moment():
    pictures = planned()
    pictures.probe(fact(container="app", probe="readiness"), "ok")
    assert row(pictures, "app")["pulse"] == {"kind": "readiness", "at_ms": 0}
    pictures.probe(fact(container="app"), "pending")
    assert row(pictures, "app")["pulse"] is None


def test_a_part_of_a_node_that_is_off_says_nothing_until_it_is_on():
    pictures = NodePictures()
    pictures.node_object("k8snode1", {"metadata": {"name": "k8snode1"}, "spec": {}, "status": {}})
    pictures.switch("k8snode1", "containerd", 700)
    assert pictures.say("k8snode1", "containerd", "PullImage", "PullImage") == []
    assert pictures.nodes["k8snode1"]["containerd"]["since_ms"] == 700 and pictures.nodes["k8snode1"]["containerd"]["off"]
    pictures.switch("k8snode1", "containerd", None)
    assert not pictures.nodes["k8snode1"]["containerd"]["off"] and not pictures.nodes["k8snode1"]["cni"]["off"]


def test_a_sandbox_that_has_stopped_is_told_from_one_that_is_still_to_come():
    pictures = planned()
    assert not pictures.pods["k8snode1/u"].get("is_stopped")
    for kind in ("SandboxStarted", "SandboxStopped"):
        FOLDS[kind](SimpleNamespace(nodes=pictures), fact())
    assert pictures.pods["k8snode1/u"]["plate"] is None and pictures.pods["k8snode1/u"]["is_stopped"]


def test_a_pull_of_layers_that_are_there_is_none_of_zero_bytes():
    pictures = planned()
    for count, said in ((0, "checking the image"), (3 << 20, "pulling 3 MiB")):
        FOLDS["ImagePullStarted"](SimpleNamespace(nodes=pictures), fact(container="app", image="web:1", bytes=count))
        assert row(pictures, "app")["words"]["en"] == said


def test_what_runs_out_on_a_node_and_who_is_kept_from_it_stand_in_its_cell():
    conditions = [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "True"}, {"type": "PIDPressure", "status": "False"}]
    taints = [{"key": "gpu", "value": "true", "effect": "NoSchedule"}, {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}]
    pictures = NodePictures()
    pictures.node_object("k8snode1", {"metadata": {"name": "k8snode1"}, "spec": {"taints": taints}, "status": {"conditions": conditions}})
    cell = pictures.nodes["k8snode1"]
    assert (cell["pressures"], cell["taints"]) == (["DiskPressure"], ["gpu=true:NoSchedule", "node.kubernetes.io/disk-pressure:NoSchedule"])


@pytest.mark.parametrize(("kind", "data", "component", "said"), [
    ("ServiceProgrammed", {"service": "default/web", "addresses": ["10.96.0.9"], "endpoints": 2}, "kube-proxy", "web → 2"),
    ("ServiceProgrammed", {"service": "default/web", "addresses": [], "endpoints": 0}, "kube-proxy", "web ✖"),
    ("NameResolved", {"asked": "web"}, "coredns", "web ✓"),
    ("NameNotFound", {"asked": "nope"}, "coredns", "nope ✖"),
])  # fmt: skip
def test_what_joins_services_to_pods_says_what_it_did_last(kind, data, component, said):
    [[collection, name, cell]] = FOLDS[kind](SimpleNamespace(control=ControlPictures()), TraceEvent(1, 0, "network", kind, "", 0, data))
    assert (collection, name, cell["lines"]) == ("components", component, [{"en": said, "zh": said}])
