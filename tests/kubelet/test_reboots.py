"""Playbook: a machine is restarted. Sources: containerd internal/cri/server/restart.go, kubernetes pkg/kubelet/nodestatus/setters.go."""

from types import SimpleNamespace

import pytest

from cluster.kubelet import summary
from cluster.runtime import hardware
from cluster.runtime.reboots import BOOT_MS
from tests.kubelet.world import POLITE, World, conditions

VOLUMES = [{"name": "disk", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory"}}]
MOUNTS = {"volumeMounts": [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in VOLUMES]}
SCRIPT = "for f in disk memory; do cat /$f/x 2>/dev/null || echo new; echo old > /$f/x; done; sleep 1000"


def test_after_a_restart_of_the_machine_its_pods_have_new_sandboxes_and_what_was_on_the_disk():
    world = World()
    world.create("web", ["sh", "-c", SCRIPT], container=MOUNTS, volumes=VOLUMES)
    world.create("once", ["sleep", "1000"], restartPolicy="Never")
    world.run(4_000)
    before = world.pod("web")["status"]
    boot = world.store.get("/registry/minions/k8snode1").value["status"]["nodeInfo"]["bootID"]
    world.node.reboot()
    assert not world.node.kubelet.is_on
    up_ms = world.engine.now_ms + BOOT_MS
    world.run(30_000)
    state, status = world.state("web"), world.pod("web")["status"]
    ended = state["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"], state["restartCount"], state["ready"]) == (255, "Unknown", 1, True)
    assert status["podIP"] != before["podIP"] and "SandboxChanged" in [event[0] for event in world.events("web")]
    assert world.node.logs("default", "web", "app", {}) == "old\nnew\n"
    assert world.pod("once")["status"]["phase"] == "Failed"
    assert summary.of_node(world.node.kubelet)["node"]["startTime"] == world.engine.clock.text(up_ms)
    assert hardware.text_of(SimpleNamespace(now_ms=up_ms + 9_000, runtime=world.node.runtime), "uptime").startswith("9.00 ")
    now = world.store.get("/registry/minions/k8snode1").value["status"]["nodeInfo"]["bootID"]
    assert now != boot and ("Rebooted", f"Node k8snode1 has been rebooted, boot id: {now}", 1) in world.events("k8snode1")


@pytest.mark.parametrize(("told", "is_on"), [
    (["stop"], False), (["stop", "start"], True), (["start"], True), (["stop", "reboot"], True), (["reboot", "stop"], False),
])  # fmt: skip
def test_a_kubelet_that_is_switched_while_its_machine_boots_is_so_when_it_has(told, is_on):
    world = World()
    world.node.reboot()
    for action in told:
        world.run(3_000)
        getattr(world.node, action)()
        assert not world.node.kubelet.is_on
    world.run(BOOT_MS - 500)
    assert world.node.kubelet.is_on == (is_on and told[-1] != "reboot"), "a second restart takes its whole time"
    world.run(1_000)
    assert world.node.kubelet.is_on == is_on
    world.node.start()
    assert world.node.kubelet.is_on


def test_a_kubelet_that_is_killed_meanwhile_holds_nothing_back():
    world = World()
    head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
    world.node.configure(head + "shutdownGracePeriod: 30s\n")
    world.run(2_000)
    world.create("deaf", ["sleep", "1000"])
    world.run(3_000)
    world.node.reboot()
    world.run(2_000)
    assert not world.facts("NodeRebooted")
    world.node.stop()
    world.run(BOOT_MS + 1_000)
    assert len(world.facts("NodeRebooted")) == 1 and not world.node.kubelet.is_on


def test_a_kubelet_that_is_told_to_lets_its_pods_end_before_the_machine_goes_down():
    """Source: pkg/kubelet/nodeshutdown/nodeshutdown_manager.go (killPods)."""
    world = World()
    head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
    world.node.configure(head + "shutdownGracePeriod: 30s\nshutdownGracePeriodCriticalPods: 10s\n")
    world.run(2_000)
    world.create("polite", POLITE)
    world.create("deaf", ["sleep", "1000"], terminationGracePeriodSeconds=60)
    world.create("critical", POLITE, priority=2_000_000_000, priorityClassName="system-cluster-critical")
    world.run(3_000)
    began_ms = world.engine.now_ms
    world.node.reboot()
    world.run(5_000)
    world.create("late", POLITE)
    world.run(2_000)
    status = world.store.get("/registry/minions/k8snode1").value["status"]
    assert [each["message"] for each in status["conditions"] if each["type"] == "Ready"] == ["node is shutting down"]
    assert world.pod("late")["status"]["message"] == "Pod was rejected: Pod was rejected as the node is shutting down."
    polite = world.pod("polite")["status"]
    assert polite["phase"] == "Succeeded" and conditions(polite)["DisruptionTarget"] == "True/TerminationByKubelet"
    assert world.pod("critical")["status"]["phase"] == "Running"
    world.run(25_000)
    ended = {fact.subject: fact.at_ms - began_ms for fact in world.facts("ContainerExited")}
    assert ended["pods/default/polite"] < 5_000 < 19_000 < ended["pods/default/deaf"] < ended["pods/default/critical"] < 30_000
    deaf = world.pod("deaf")["status"]
    words = "Pod was terminated in response to imminent node shutdown."
    assert (deaf["phase"], deaf["reason"], deaf["message"]) == ("Failed", "Terminated", words)
    [down] = [fact.at_ms - began_ms for fact in world.facts("NodeRebooted")]
    assert ended["pods/default/critical"] < down <= 31_000
    world.run(40_000)
    assert conditions(world.store.get("/registry/minions/k8snode1").value["status"])["Ready"] == "True/KubeletReady"
