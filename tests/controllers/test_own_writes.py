"""Controllers that do not look at an object before their informers have come as far as what they wrote for it."""

from __future__ import annotations

import pytest

from cluster.controllers._own_writes import OwnWrites
from tests.controllers.rig import Rig

TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "busybox:1"}]}}
OWNERS = {
    "replicaset-controller": ("apps/v1", "ReplicaSet", {"selector": {"matchLabels": {"app": "web"}}, "replicas": 1}),
    "statefulset-controller": ("apps/v1", "StatefulSet", {"selector": {"matchLabels": {"app": "web"}}, "replicas": 1}),
    "daemonset-controller": ("apps/v1", "DaemonSet", {"selector": {"matchLabels": {"app": "web"}}}),
    "job-controller": ("batch/v1", "Job", {"selector": {"matchLabels": {"app": "web"}}}),
}


def rig_of(name: str) -> Rig:
    """The controller, with one object of its kind and a Pod that the watch brought at revision 7."""
    version, kind, spec = OWNERS[name]
    owner = {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "generation": 1}, "spec": {**spec, "template": TEMPLATE}}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": {}, "status": {}}
    rig = Rig({"controller": name, "now": "2026-01-01T09:00:00Z", "objects": [owner, node]})
    rig.controller.pods.state.newest = "7"
    return rig


@pytest.mark.parametrize("name", OWNERS)
def test_nothing_is_asked_for_while_a_write_is_not_heard_of(name):
    rig = rig_of(name)
    rig.controller.state.writes.wrote("default/x", "pods", {"metadata": {"resourceVersion": "8"}})
    assert (rig.drive(rig.controller.sync("default/x")), rig.requests) == ("retry", [])
    rig.controller.pods.state.newest = "8"
    rig.drive(rig.controller.sync("default/x"))
    assert rig.requests


@pytest.mark.parametrize("name", OWNERS)
def test_what_is_created_is_waited_for(name):
    rig = rig_of(name)
    rig.drive(rig.controller.sync("default/x"))
    assert any(said["request"].startswith("create pods") for said in rig.requests)
    assert rig.controller.state.writes.by_key["default/x"]["pods"] >= 100


def test_a_replication_controller_waits_for_nothing_as_upstream():
    owner = {"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "x", "generation": 1},
             "spec": {"replicas": 1, "selector": {"app": "web"}, "template": TEMPLATE}}
    rig = Rig({"controller": "replication-controller", "now": "2026-01-01T09:00:00Z", "objects": [owner]})
    rig.drive(rig.controller.sync("default/x"))
    assert any(said["request"].startswith("create pods") for said in rig.requests)
    assert rig.controller.state.writes == OwnWrites()
