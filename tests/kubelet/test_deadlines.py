"""Playbooks: active deadlines and readiness gates. Sources: active_deadline.go, status_manager.go (NeedToReconcilePodReadiness)."""

from __future__ import annotations

from tests.kubelet.world import POLITE, World, conditions

MESSAGE = "Pod was active on the node longer than the specified deadline"


def test_a_pod_whose_time_is_over_fails_and_is_stopped():
    world = World()
    world.create("web", POLITE, activeDeadlineSeconds=5)
    world.run(4_500)
    assert world.pod("web")["status"]["phase"] == "Running"
    world.run(6_000)
    status = world.pod("web")["status"]
    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "DeadlineExceeded", MESSAGE)
    assert "terminated" in status["containerStatuses"][0]["state"]
    assert "DeadlineExceeded" in [reason for reason, _, _ in world.events("web")] and world.facts("DeadlinePassed")


def test_a_pod_that_ended_in_time_is_left_alone():
    world = World()
    world.create("web", ["sh", "-c", "sleep 1"], activeDeadlineSeconds=5, restartPolicy="Never")
    world.run(12_000)
    assert world.pod("web")["status"]["phase"] == "Succeeded" and "reason" not in world.pod("web")["status"]


def test_a_readiness_gate_holds_ready_back_until_somebody_opens_it():
    world = World()
    world.create("web", POLITE, readinessGates=[{"conditionType": "example.com/open"}])
    world.run(3_000)
    assert conditions(world.pod("web")["status"])["Ready"] == "False/ReadinessGatesNotReady"
    body = {"status": {"conditions": [{"type": "example.com/open", "status": "True"}]}}
    world.ask(world.hand.client.patch("pods", "web", body, namespace="default", subresource="status"))
    world.run(2_500)
    assert conditions(world.pod("web")["status"])["Ready"] == "True"
