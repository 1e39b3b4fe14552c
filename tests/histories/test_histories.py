"""Random histories: whatever happened, every workload ends as its spec asks, or says why it cannot.

A thousand of them: `python -m tests.histories.play 0 1000`.
"""

from __future__ import annotations

import random

import pytest

from .judge import complaints
from .moves import Cluster, draw
from .play import is_pressing, restless, verdict

pytestmark = pytest.mark.slow
WEB = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}, "spec": {
    "replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": {
        "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "busybox:1", "command": ["sleep", "99999"]}]}}}}


@pytest.mark.parametrize("seed", range(1000, 1024))
def test_a_history_ends_well(seed):
    assert verdict(seed, draw(random.Random(seed))) == [], f"replay: python -m tests.histories.play {seed} 1 --short"


def settled() -> Cluster:
    cluster = Cluster(1)
    cluster.ask("create", "replicasets", body=WEB)
    cluster.run(30_000)
    assert complaints(cluster) == []
    return cluster


def test_the_judge_misses_a_pod_and_a_figure():
    cluster = settled()
    cluster.fault("component-stop", "kube-controller-manager")
    cluster.do_delete_pod(0, 1)
    cluster.run(30_000)
    assert complaints(cluster) == ["ReplicaSet web: status.replicas is 2, not 1", "ReplicaSet web: status.readyReplicas is 2, not 1",
                                   "ReplicaSet web: status.availableReplicas is 2, not 1", "ReplicaSet web: 1 Pods, not 2",
                                   "ReplicaSet web: no condition says that Pods could not be created"]


def test_the_judge_sees_what_outlived_its_owner():
    cluster = settled()
    cluster.fault("component-stop", "kube-controller-manager")
    cluster.do_delete(0, 0)
    cluster.run(30_000)
    pods = [pod["metadata"]["name"] for pod in cluster.here("pods")]
    assert complaints(cluster) == [f"Pod {name}: {what}" for name in pods for what in ("its owners are gone", "its owner was deleted")]


def test_the_judge_wants_a_reason_from_a_pod_that_is_not_ready():
    cluster = settled()
    cluster.fault("component-stop", "kube-scheduler")
    cluster.do_delete_pod(0, 1)
    cluster.run(30_000)
    found = complaints(cluster)
    assert len(found) == 1 and found[0].endswith("is not ready and does not say why") and is_pressing(found[0])


def test_whoever_never_rests_is_seen(monkeypatch):
    cluster = settled()
    assert restless(cluster) == []
    controller = cluster.simulation.manager.controllers["replicaset-controller"]
    sync = controller.sync

    def again(key):
        controller.queue.add_after(key, 3000)
        return sync(key)

    monkeypatch.setattr(controller, "sync", again)
    controller.queue.add("default/web")
    assert restless(cluster) == ["replicaset-controller looked at replicasets/default/web 100 times in five minutes"]
