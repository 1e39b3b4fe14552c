"""Playbooks: a node that runs out of memory, disk or processes, what is reclaimed, who is evicted, who is not admitted, and how it ends."""

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


def test_containers_that_together_hold_more_than_their_pod_may_lose_the_largest():
    world = World()
    world.node.runtime.registry.slow(100 << 30)
    other = {"name": "other", "image": "polinux/stress", "args": ["stress", "--vm", "1", "--vm-bytes", "500M"]}
    stress(world, "pair", "700M", resources={"limits": {"memory": "1Gi"}}, others=[other])
    world.run(4_000)
    found = {each["name"]: each for each in world.pod("pair")["status"]["containerStatuses"]}
    assert found["app"]["lastState"]["terminated"]["reason"] == "OOMKilled" and not found["other"]["restartCount"]
    assert not any(name == "SystemOOM" for name, _ in node_events(world))


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
    low = "The node was low on resource: ephemeral-storage. Threshold quantity: 16106128000, "  # 15 % in 32 bits
    assert evicted["reason"] == "Evicted" and evicted["message"].startswith(low)
    assert node_conditions(world)["DiskPressure"] == "True/KubeletHasDiskPressure"
    world.create("next", ["sleep", "1000"], container={"resources": {"requests": {"cpu": "10m"}}})
    world.run(3_000)
    assert world.pod("next")["status"]["message"] == "Pod was rejected: The node had condition: [DiskPressure]. "
    world.node.fill_disk(0)
    world.run(330_000)
    assert node_conditions(world)["DiskPressure"] == "False/KubeletHasNoDiskPressure"


def test_a_full_disk_takes_the_logs_and_images_of_pods_that_have_ended():
    world = World()
    registry = world.node.runtime.registry
    registry.push("once:1", size_bytes=8 * GIB)
    registry.slow(100 << 30)
    world.create("once", ["sh", "-c", "echo said"], image="once:1", restartPolicy="Never", container={"imagePullPolicy": "IfNotPresent"})
    world.run(450_000)
    assert "docker.io/library/once:1" in images(world)
    world.node.kill_container("once", "app")
    world.run(3_000)
    before = world.pod("once")["status"]
    world.node.fill_disk(90 * GIB)
    world.run(25_000)
    assert "docker.io/library/once:1" not in images(world) and world.pod("once")["status"] == before
    lost = before["containerStatuses"][0]["state"]["terminated"]["containerID"]
    assert world.node.logs("default", "once", "app", {}) == f"unable to retrieve container logs for {lost}"


def images(world):
    return [image.name for image in world.node.runtime.images()]


def test_what_pods_write_fills_the_disk_too():
    world = World()
    world.create("writer", ["sh", "-c", "dd if=/dev/zero of=/big bs=1M count=90000 2>/dev/null; sleep 10000"])
    world.run(16_000)
    evicted = world.pod("writer")["status"]
    assert evicted["reason"] == "Evicted" and "Container app was using 90000Mi, request is 0, " in evicted["message"]


def test_a_critical_pod_is_never_evicted():
    world = World()
    world.create("critical", ["sleep", "10000"], priority=2_000_000_000, priorityClassName="system-cluster-critical")
    world.run(3_000)
    world.node.fill_disk(95 * GIB)
    world.run(60_000)
    found = world.pod("critical")
    assert found is None or found["status"]["phase"] == "Running"


HEAD = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
BOMB = ["sh", "-c", "bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 10000"]


def configured(text, **chosen):
    world = World(**chosen)
    world.node.configure(HEAD + text)
    world.run(2_000)
    return world


def test_a_fork_bomb_brings_pid_pressure_and_is_evicted_for_it():
    world = configured('evictionHard: {pid.available: "10%"}\n')
    world.create("bomb", BOMB)
    world.create("modest", ["sleep", "10000"])
    world.run(14_000)
    evicted = world.pod("bomb")["status"]
    assert (evicted["phase"], evicted["reason"]) == ("Failed", "Evicted")
    assert evicted["message"] == "The node was low on resource: pids. Threshold quantity: 6553, available: 0. "
    assert world.pod("modest")["status"]["phase"] == "Running"
    world.run(10_000)
    assert node_conditions(world)["PIDPressure"] == "True/KubeletHasInsufficientPID"
    told = node_events(world)
    assert ("EvictionThresholdMet", "Attempting to reclaim pids") in told
    assert ("NodeHasInsufficientPID", "Node k8snode1 status is now: NodeHasInsufficientPID") in told


def test_nobody_can_fork_beside_a_bomb_until_it_has_gone():
    world = World()
    world.create("bomb", BOMB)
    world.run(4_000)
    world.create("other", ["sh", "-c", "echo one | cat; sleep 10000"], restartPolicy="Never")
    world.run(3_000)
    assert node_conditions(world)["PIDPressure"] == "False/KubeletHasSufficientPID"  # by default there is no threshold
    log = world.node.logs("default", "other", "app", {})
    assert log.endswith("can't fork: Resource temporarily unavailable\n")
    world.delete("bomb", grace_s=0)
    world.run(5_000)
    world.create("later", ["sh", "-c", "echo one | cat; sleep 10000"])
    world.run(3_000)
    assert world.node.logs("default", "later", "app", {}) == "one\n"


def test_a_limit_of_processes_holds_a_bomb_in_its_pod():
    world = configured("podPidsLimit: 20\n")
    world.create("bomb", BOMB)
    world.run(4_000)
    world.create("other", ["sh", "-c", "echo one | cat; sleep 10000"])
    world.run(3_000)
    assert world.node.logs("default", "other", "app", {}) == "one\n"


def test_a_soft_threshold_waits_its_grace_period_and_grants_the_pod_some_time():
    world = configured('evictionSoft: {memory.available: 2Gi}\nevictionSoftGracePeriod: {memory.available: 45s}\n'
                       "evictionMaxPodGracePeriod: 20\nevictionPressureTransitionPeriod: 30s\n")  # fmt: skip
    stress(world, "greedy", "6g", terminationGracePeriodSeconds=60)
    world.run(30_000)
    assert node_conditions(world)["MemoryPressure"] == "True/KubeletHasInsufficientMemory"  # at once, before anybody is evicted
    assert "reason" not in world.pod("greedy")["status"]
    world.run(40_000)
    evicted = world.pod("greedy")["status"]
    assert evicted["reason"] == "Evicted" and "Threshold quantity: 2Gi, available: " in evicted["message"]
    assert [fact.data["grace_ms"] for fact in world.facts("SignalSent") if fact.data["signal"] == "SIGTERM"] == [20_000]
    world.run(60_000)
    assert node_conditions(world)["MemoryPressure"] == "False/KubeletHasSufficientMemory"


@pytest.mark.parametrize("least, left", [("", 1), ('evictionMinimumReclaim: {memory.available: "4Gi"}\n', 0)])
def test_pods_are_evicted_one_after_the_other_until_the_least_reclaim_is_reached(least, left):
    world = configured('evictionHard: {memory.available: 1Gi}\n' + least)
    stress(world, "one", "4g")
    stress(world, "two", "3g")
    world.run(18_000)
    phases = [world.pod(name)["status"]["phase"] for name in ("one", "two")]
    assert phases == ["Failed", "Running" if left else "Failed"]


def test_a_kubelet_does_not_start_with_a_configuration_that_is_wrong_and_does_with_the_next():
    world = configured("evictionHard: {nodefs.available: 120%}\n")
    assert not world.node.kubelet.is_on
    said = world.facts("KubeletNotStarted")[0].data["message"]
    assert said == "failed to run Kubelet: eviction percentage threshold nodefs.available must be <= 100%: 120%"
    world.node.configure(HEAD + "maxPods: 7\nevictionHard: {memory.available: 512Mi}\n")
    world.run(12_000)
    status = world.store.get("/registry/minions/k8snode1").value["status"]
    assert (status["capacity"]["pods"], status["allocatable"]["memory"]) == ("7", "7680Mi")
    assert status["allocatable"]["ephemeral-storage"] == "107374182400"  # no threshold of the disk is left


def test_logs_count_against_the_limit_of_storage():
    world = World()
    script = "while true; do head -c 1000 /dev/zero | tr '\\0' x; echo; sleep 2; done"
    limit = {"resources": {"limits": {"ephemeral-storage": "20Ki"}}}
    world.create("chatty", ["sh", "-c", script], container=limit)
    world.run(90_000)
    status = world.pod("chatty")["status"]
    assert status["reason"] == "Evicted"
    assert status["message"] == "Pod ephemeral local storage usage exceeds the total limit of containers 20Ki. "


def test_pods_that_together_hold_what_is_reserved_are_evicted_though_the_machine_has_more():
    world = configured("systemReserved: {memory: 4Gi}\n")
    stress(world, "greedy", "4050M")
    world.run(20_000)
    assert world.pod("greedy")["status"]["message"].startswith("The node was low on resource: memory. Threshold quantity: 100Mi, available: ")


def test_a_node_cannot_reserve_more_than_it_has():
    world = configured("kubeReserved: {memory: 9Gi}\n")
    said = world.facts("KubeletNotStarted")[0].data["message"]
    assert said.endswith('Resource "memory" has a reservation of 9316Mi but capacity of 8Gi. Expected capacity >= reservation.')
