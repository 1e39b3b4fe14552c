"""The flow of the seed leaves every step that a learner should see, each with a cause, back to the learner's own act."""
from __future__ import annotations

import pytest

from cluster.worker.simulation import Simulation, settings_for
from webui.examples import NGINX

# What DESIGN lists under 'The trace', in the order in which it happens first.
FLOW = [
    ("UserActed", {}), ("KubeconfigRead", {}), ("RequestSent", {"resource": ""}), ("RequestSent", {"verb": "create", "resource": "deployments"}),
    ("RequestAuthenticated", {}), ("RequestAuthorized", {}), ("ObjectDefaulted", {}), ("ObjectValidated", {}), ("AdmissionValidated", {}),
    ("KeyWritten", {"change": "created"}), ("ReplySent", {"code": 201}), ("WatchDelivered", {"to": "kube-controller-manager"}), ("KeyEnqueued", {}),
    ("ReconcileStarted", {}), ("ReconcileCompared", {"wanted": 2, "found": 0}), ("WatchDelivered", {"to": "kube-scheduler"}), ("PodQueued", {}),
    ("NodeFiltered", {}), ("NodeScored", {}), ("NodeChosen", {}), ("RequestSent", {"subresource": "binding"}), ("PodBound", {}),
    ("WatchDelivered", {"type": "ADDED"}), ("PodAdmitted", {}), ("VolumesMounted", {}), ("SandboxStarted", {}), ("NetworkAdded", {}),
    ("ImagePresent", {}), ("ContainerCreated", {}), ("ContainerStarted", {}), ("RequestSent", {"subresource": "status", "resource": "pods"}),
    ("KeyWritten", {"change": "updated"}), ("RequestSent", {"subresource": "status", "resource": "replicasets"}),
    ("RequestSent", {"subresource": "status", "resource": "deployments"}),
]


@pytest.fixture(scope="module")
def events():
    simulation = Simulation(settings_for("learner")).boot()
    simulation.engine.trace.drain()
    simulation.apply("kubectl", {"action": "apply", "files": [{"name": "nginx-deploy.yaml", "text": NGINX}]})
    assert simulation.engine.settle()
    return simulation.engine.trace.drain()


@pytest.mark.parametrize(("kind", "data"), FLOW, ids=[f"{kind}-{index}" for index, (kind, _) in enumerate(FLOW)])
def test_the_flow_has_this_step(events, kind, data):
    assert any(event.kind == kind and all(event.data.get(key) == value for key, value in data.items()) for event in events)


def test_admission_says_what_it_filled_in_for_a_pod(events):
    mutated = [event for event in events if event.kind == "AdmissionMutated" and event.subject.startswith("pods/")]
    assert {event.data["plugin"] for event in mutated} >= {"ServiceAccount", "DefaultTolerationSeconds", "Priority"}


def test_every_fact_has_a_cause_before_it(events):
    first = events[0].seq
    assert events[0].kind == "UserActed" and events[0].cause == 0
    assert [event for event in events[1:] if not event.data.get("quiet") and not first <= event.cause < event.seq] == []


def test_walking_back_from_any_started_container_ends_at_the_apply(events):
    by_seq = {event.seq: event for event in events}
    started = [event for event in events if event.kind == "ContainerStarted"]
    assert len(started) == 2
    for event in started:
        passed = []
        while event.cause:
            event = by_seq[event.cause]
            passed.append(event.kind)
        assert event.kind == "UserActed"
        assert {"PodBound", "NodeChosen", "ReconcileCompared", "KeyWritten"} & set(passed) >= {"NodeChosen", "ReconcileCompared", "KeyWritten"}
