"""Playbooks: a node that runs out of memory or disk, what is reclaimed, who is evicted, who is not admitted, and how it ends."""

import pytest

from tests.kubelet.world import World, conditions

GIB, MIB = 1 << 30, 1 << 20


def stress(world, name, memory, *, request=None, priority=None, **spec):
    world.node.runtime.registry.slow(100 << 30)
    resources = {"resources": {"requests": {"memory": request}}} if request else {}
    container = {"args": ["stress", "--vm", "1", "--vm-bytes", memory], **resources}
    world.create(name, image="polinux/stress", container=container, **spec)


def node_conditions(world):
    return conditions(world.store.get("/registry/minions/k8snode1").value["status"])


def node_events(world):
    events = [stored.value for _, stored in world.store.list("/registry/events/default/")]
    return [(event["reason"], event["message"]) for event in events if event["involvedObject"]["kind"] == "Node"]


def test_a_node_that_is_low_on_memory_evicts_who_is_furthest_above_its_request_and_says_so():
    world = World()
    stress(world, "modest", "2g", request="3Gi")
    world.run(5_000)
    stress(world, "greedy", "5350M", request="1Gi")
    world.run(16_000)
    evicted = world.pod("greedy")["status"]
    assert (evicted["phase"], evicted["reason"]) == ("Failed", "Evicted")
    assert evicted["message"].startswith("The node was low on resource: memory. Threshold quantity: 100Mi, available: ")
    assert "Container app was using 5350Mi, request is 1Gi, has larger consumption of memory. " in evicted["message"]
    assert conditions(evicted)["DisruptionTarget"] == "True/TerminationByKubelet"
    assert ("Evicted", evicted["message"]) in [event[:2] for event in world.events("greedy")]
    assert world.pod("modest")["status"]["phase"] == "Running"
    world.run(10_000)
    assert node_conditions(world)["MemoryPressure"] == "True/KubeletHasInsufficientMemory"
    told = node_events(world)
    assert ("EvictionThresholdMet", "Attempting to reclaim memory") in told
    assert ("NodeHasInsufficientMemory", "Node k8snode1 status is now: NodeHasInsufficientMemory") in told


def test_memory_pressure_refuses_best_effort_pods_alone_and_is_over_five_minutes_later():
    world = World()
    stress(world, "greedy", "7450M")
    world.run(25_000)
    world.create("best-effort", ["sleep", "1000"])
    world.create("burstable", ["sleep", "1000"], container={"resources": {"requests": {"cpu": "10m"}}})
    world.run(3_000)
    refused = world.pod("best-effort")["status"]
    assert (refused["phase"], refused["reason"]) == ("Failed", "Evicted")
    assert refused["message"] == "Pod was rejected: The node had condition: [MemoryPressure]. "
    assert world.pod("burstable")["status"]["phase"] == "Running"
    world.run(320_000)
    assert node_conditions(world)["MemoryPressure"] == "False/KubeletHasSufficientMemory"
    world.create("later", ["sleep", "1000"])
    world.run(3_000)
    assert world.pod("later")["status"]["phase"] == "Running"


@pytest.mark.parametrize("memory, reason", [("20g", "OOMKilled"), ("7g", None)])
def test_more_than_the_machine_has_is_the_kernels_business(memory, reason):
    world = World()
    stress(world, "huge", memory)
    world.run(4_000)
    state = world.state("huge")
    assert (state["state"].get("terminated") or state["lastState"].get("terminated") or {}).get("reason") == reason
    assert any(name == "SystemOOM" for name, _ in node_events(world)) == bool(reason)


def test_a_full_disk_first_loses_unused_images_and_only_then_pods():
    world = World()
    registry = world.node.runtime.registry
    registry.push("old:1", size_bytes=8 * GIB)
    registry.slow(100 << 30)
    world.create("old", image="old:1", container={"imagePullPolicy": "IfNotPresent"})
    world.create("writer", ["sh", "-c", "sleep 1000"])
    world.run(130_000)
    world.delete("old", grace_s=0)
    world.run(320_000)  # the collector has known the image for two minutes
    world.node.fill_disk(78 * GIB)
    world.run(140_000)
    assert world.pod("writer")["status"]["phase"] == "Running"
    assert "docker.io/library/old:1" not in [image.name for image in world.node.runtime.images()]
    world.node.fill_disk(90 * GIB)
    world.run(25_000)
    evicted = world.pod("writer")["status"]
    low = "The node was low on resource: ephemeral-storage. Threshold quantity: 15Gi, "
    assert evicted["reason"] == "Evicted" and evicted["message"].startswith(low)
    assert node_conditions(world)["DiskPressure"] == "True/KubeletHasDiskPressure"
    world.create("next", ["sleep", "1000"], container={"resources": {"requests": {"cpu": "10m"}}})
    world.run(3_000)
    assert world.pod("next")["status"]["message"] == "Pod was rejected: The node had condition: [DiskPressure]. "
    world.node.fill_disk(0)
    world.run(330_000)
    assert node_conditions(world)["DiskPressure"] == "False/KubeletHasNoDiskPressure"


def test_a_critical_pod_is_never_evicted():
    world = World()
    world.create("critical", ["sleep", "10000"], priority=2_000_000_000, priorityClassName="system-cluster-critical")
    world.run(3_000)
    world.node.fill_disk(95 * GIB)
    world.run(60_000)
    found = world.pod("critical")
    assert found is None or found["status"]["phase"] == "Running"
