"""Playbooks: native sidecars and restart rules. Sources: kuberuntime_container.go, kuberuntime_termination_order.go, the recordings."""

from __future__ import annotations

import pytest

from cluster.kubelet.restart import restarts_on
from cluster.kubelet.turns import waits_for
from tests.kubelet.world import POLITE, World, conditions

SLOW = ["sh", "-c", "trap 'sleep 2; exit 0' TERM; while true; do sleep 1; done"]


def sidecar(name: str, command=POLITE, **more) -> dict:
    return {"name": name, "image": "busybox:1", "command": command, "restartPolicy": "Always", **more}


def times(world: World, kind: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for fact in world.facts(kind):
        found.setdefault(fact.data["container"], fact.at_ms)
    return found


def test_a_sidecars_startup_probe_holds_the_next_init_container_back():
    probe = {"exec": {"command": ["cat", "/tmp/up"]}, "periodSeconds": 1, "failureThreshold": 30}
    first = sidecar("first", ["sh", "-c", "sleep 5; touch /tmp/up; while true; do sleep 1; done"], startupProbe=probe)
    once = {"name": "once", "image": "busybox:1", "command": ["true"]}
    world = World()
    world.create("web", POLITE, initContainers=[first, once])
    world.run(12_000)
    started = times(world, "ContainerStarted")
    assert 5_000 <= started["once"] - started["first"] <= 8_000 and started["app"] > started["once"]
    assert world.pod("web")["status"]["phase"] == "Running"


def test_sidecars_end_after_the_main_container_in_reverse_order():
    world = World()
    world.create("web", SLOW, initContainers=[sidecar("first"), sidecar("second", SLOW)], terminationGracePeriodSeconds=20)
    world.run(5_000)
    world.delete("web")
    world.run(12_000)
    terms, ends = times(world, "SignalSent"), times(world, "ContainerExited")
    assert terms["app"] < ends["app"] <= terms["second"] < ends["second"] <= terms["first"] < ends["first"]
    killing = [message for reason, message, _ in world.events("web") if reason == "Killing"]
    assert len(killing) == 3 and world.pod("web") is None


def test_a_sidecar_that_waited_the_grace_period_out_gets_two_seconds():
    world = World()
    world.create("web", ["sleep", "1000"], initContainers=[sidecar("side", ["sleep", "1000"])], terminationGracePeriodSeconds=3)
    world.run(4_000)
    world.delete("web")
    world.run(9_000)
    sent = [(fact.data["container"], fact.data["signal"], fact.at_ms) for fact in world.facts("SignalSent")]
    begun = sent[0][2]
    assert sorted((name, round((at_ms - begun) / 1000), signal) for name, signal, at_ms in sent) == [
        ("app", 0, "SIGTERM"), ("app", 3, "SIGKILL"), ("side", 3, "SIGTERM"), ("side", 5, "SIGKILL")
    ]  # fmt: skip


def test_a_sidecar_ends_with_the_last_main_container_of_a_pod_that_runs_once():
    world = World()
    world.create("web", ["sh", "-c", "sleep 2"], initContainers=[sidecar("side")], restartPolicy="Never", terminationGracePeriodSeconds=2)
    world.run(10_000)
    status = world.pod("web")["status"]
    assert status["phase"] == "Succeeded" and "terminated" in status["initContainerStatuses"][0]["state"]


def test_a_sidecar_is_started_again_whatever_its_code_and_the_pods_policy():
    world = World()
    world.create("web", POLITE, initContainers=[sidecar("side", ["sh", "-c", "sleep 2"])], restartPolicy="Never")
    world.run(8_000)
    assert world.pod("web")["status"]["initContainerStatuses"][0]["restartCount"] >= 1
    assert world.pod("web")["status"]["phase"] == "Running"


def test_a_sidecar_whose_liveness_fails_is_replaced_alone():
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2}
    world = World()
    world.create("web", POLITE, initContainers=[sidecar("side", livenessProbe=probe)], terminationGracePeriodSeconds=1)
    world.run(8_000)
    assert ("Killing", "Init container side failed liveness probe") in [(reason, words) for reason, words, _ in world.events("web")]
    assert world.state("web")["restartCount"] == 0


def pod_of(*inits: dict) -> dict:
    return {"spec": {"containers": [{"name": "a"}, {"name": "b"}], "initContainers": list(inits)}}


TURNS = [
    (pod_of(), ["a", "b"], {}),
    (pod_of({"name": "once"}), ["a"], {}),
    (pod_of(sidecar("s")), ["a", "s"], {"s": ["a"]}),
    (pod_of(sidecar("s"), {"name": "once"}, sidecar("t")), ["a", "b", "s", "t"], {"s": ["a", "b", "t"], "t": ["a", "b"]}),
    (pod_of(sidecar("s"), sidecar("t")), ["a", "s"], {"s": ["a"], "t": ["a"]}),
]


@pytest.mark.parametrize(("pod", "running", "turns"), TURNS)
def test_whose_turn_it_is_to_end(pod, running, turns):
    assert waits_for(pod, running) == turns


def rule(operator: str, *values: int) -> dict:
    return {"action": "Restart", "exitCodes": {"operator": operator, "values": list(values)}}


RULES = [  # the Pod's policy, the container's, its rules, exit code, restarts
    ("Never", None, [], 1, False),
    ("Always", None, [], 0, True),
    ("OnFailure", None, [], 0, False),
    ("Always", "Never", [], 1, False),
    ("Never", "OnFailure", [], 1, True),
    ("Never", "Never", [rule("In", 42)], 42, True),
    ("Never", "Never", [rule("In", 42)], 1, False),
    ("Never", "Never", [rule("NotIn", 42)], 1, True),
    ("Never", "Never", [rule("In", 1), rule("In", 2)], 2, True),
    ("Never", "OnFailure", [rule("In", 42)], 3, True),
]


@pytest.mark.parametrize(("policy", "own", "rules", "code", "restarts"), RULES)
def test_rules_come_before_the_containers_policy_and_that_before_the_pods(policy, own, rules, code, restarts):
    spec = {"name": "a", "restartPolicyRules": rules, **({"restartPolicy": own} if own else {})}
    assert restarts_on({"spec": {"restartPolicy": policy}}, spec, code) is restarts


def test_a_container_with_a_rule_is_started_again_in_a_pod_that_never_restarts():
    world = World()
    container = {"restartPolicy": "Never", "restartPolicyRules": [rule("In", 42)]}
    world.create("web", ["sh", "-c", "exit 42"], container=container, restartPolicy="Never")
    world.run(8_000)
    assert world.state("web")["restartCount"] >= 1 and world.pod("web")["status"]["phase"] == "Running"


def test_a_rule_may_start_all_containers_anew_in_place():
    world = World()
    everything = {"restartPolicy": "Never", "restartPolicyRules": [{**rule("In", 42), "action": "RestartAllContainers"}]}
    once = {"name": "once", "image": "busybox:1", "command": ["true"]}
    other = {"name": "other", "image": "busybox:1", "command": POLITE}
    world.create("web", ["sh", "-c", "sleep 3; exit 42"], container=everything, others=[other], initContainers=[once], restartPolicy="Never")
    world.run(4_000)
    before = world.pod("web")
    world.run(10_000)
    status = world.pod("web")["status"]
    counts = {each["name"]: each["restartCount"] for each in (*status["containerStatuses"], *status["initContainerStatuses"])}
    assert counts["other"] >= 1 and counts["once"] >= 1 and counts["app"] >= 1
    assert (before["metadata"]["uid"], before["status"]["podIP"]) == (world.pod("web")["metadata"]["uid"], status["podIP"])
    past = [each for each in world.history("web") if each.get("containerStatuses")]
    assert any(conditions(each).get("AllContainersRestarting", "").startswith("True") for each in past)
    states = [each["state"] for status in past for each in status["containerStatuses"]]
    assert "RestartingAllContainers" in [state["waiting"].get("reason") for state in states if "waiting" in state]
    assert ("Killing", "killing") in [event[:2] for event in world.events("web")]
