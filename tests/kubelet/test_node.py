"""Playbooks: a node registers, reports and lives by its Lease."""

import pytest

from cluster.apiserver import renewal
from cluster.kubelet import node_status
from cluster.kubelet.node_agent import NodeAgent
from tests.kubelet.world import World, conditions


def test_a_new_node_is_tainted_and_not_ready_and_is_ready_200_ms_later():
    world = World()
    first, second = [change.value for change in world.store.since("/registry/minions/", 0)][:2]
    assert first["spec"]["taints"] == [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]
    assert conditions(first["status"])["Ready"] == "False/KubeletNotReady"
    assert conditions(second["status"]) == {
        "MemoryPressure": "False/KubeletHasSufficientMemory",
        "DiskPressure": "False/KubeletHasNoDiskPressure",
        "PIDPressure": "False/KubeletHasSufficientPID",
        "Ready": "True/KubeletReady",
    }
    assert first["status"]["capacity"]["memory"] == "8Gi" and first["status"]["allocatable"]["memory"] == "8092Mi"
    assert first["status"]["nodeInfo"]["containerRuntimeVersion"] == "containerd://2.2.9"


def test_the_oracle_node_has_the_recorded_disk():
    allocatable = World(profile="oracle").store.get("/registry/minions/k8snode1").value["status"]["allocatable"]
    assert allocatable["ephemeral-storage"] == "267847642337"


def test_a_registering_kubelet_describes_its_node_three_times_and_then_says_ready():
    counts = {reason: count for reason, _, count in World().events("k8snode1")}
    assert counts == {
        "Starting": 1,
        "NodeAllocatableEnforced": 1,
        "NodeHasSufficientMemory": 3,
        "NodeHasNoDiskPressure": 3,
        "NodeHasSufficientPID": 3,
        "NodeReady": 1,
    }


def test_the_lease_is_renewed_each_ten_seconds_and_the_status_each_five_minutes():
    world = World()
    world.run(650_000)
    assert 63 <= len(world.facts("LeaseRenewed")) <= 66
    assert len(world.facts("NodeStatusReported")) == 3
    lease = world.store.get("/registry/leases/kube-node-lease/k8snode1").value
    assert lease["spec"]["leaseDurationSeconds"] == 40 and lease["metadata"]["ownerReferences"][0]["name"] == "k8snode1"


def test_after_news_the_next_report_comes_within_two_and_a_half_to_seven_and_a_half_minutes_and_then_each_five():
    waits = []
    for seed in range(4):
        world = World(seed=seed)
        world.run(1_300_000)
        moments = [fact.at_ms for fact in world.facts("NodeStatusReported")]
        waits.append([after - before for before, after in zip(moments, moments[1:], strict=False)])
    assert len({first for first, *_ in waits}) == 4
    for first, *rest in waits:
        assert 150_000 <= first <= 461_000 and rest and all(300_000 <= wait <= 311_000 for wait in rest)



def beats(*, is_short, monkeypatch, run):
    """What is stored after three heartbeats and what `run` does before them: all revisions, and how many requests there were."""
    world, act = World(), renewal.renew
    world.engine.trace.on = False
    monkeypatch.setattr(renewal, "renew", lambda *about: act(*about) if is_short else None)
    run(world)
    world.run(35_000)
    monkeypatch.undo()
    return [(change.key, change.value, change.at_ms) for change in world.store.since("/registry/", 0)], world.server.state.next_request


def label(world):
    world.ask(world.hand.client.patch("leases.coordination.k8s.io", "k8snode1", {"metadata": {"labels": {"a": "b"}}}, "kube-node-lease"))


def lose(world):
    world.ask(world.hand.client.delete("leases.coordination.k8s.io", "k8snode1", "kube-node-lease"))


def close(world):
    world.ask(world.hand.client.delete("namespaces", "kube-node-lease"))


def cut_off(world):
    world.engine.stop(world.server.etcd)
    world.run(15_000)
    world.engine.start(world.server.etcd)


def go_away(world):
    world.engine.stop(world.server)
    world.run(15_000)
    world.engine.start(world.server)


@pytest.mark.parametrize("run", [lambda world: None, label, lose, close, cut_off, go_away])
def test_a_heartbeat_that_is_no_request_comes_to_what_a_request_comes_to(run, monkeypatch):
    outcomes = [beats(is_short=is_short, monkeypatch=monkeypatch, run=run) for is_short in (True, False)]
    assert outcomes[0] == outcomes[1]
    assert [key for key, _, _ in outcomes[0][0]].count("/registry/leases/kube-node-lease/k8snode1") >= 3


def test_a_heartbeat_takes_one_step_of_the_engine():
    world = World()
    world.run(5_000)
    handlers = []
    while world.engine.next_due_ms() < 15_000:
        handlers.append(world.engine.step().handler)
    assert handlers.count("beat") == 1 and not {"arrive", "write", "_resume"} & set(handlers)


def test_a_lease_is_not_made_again_without_a_node_and_belongs_to_the_one_that_is_there():
    world = World()
    world.run(5_000)
    for resource, namespace in (("nodes", ""), ("leases.coordination.k8s.io", "kube-node-lease")):
        world.ask(world.hand.client.delete(resource, "k8snode1", namespace))
    world.run(40_000)
    assert world.store.get("/registry/leases/kube-node-lease/k8snode1") is None
    world.ask(world.hand.client.create("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "k8snode1"}}))
    world.run(15_000)
    lease, node = (world.store.get(f"/registry/{each}/k8snode1").value["metadata"] for each in ("leases/kube-node-lease", "minions"))
    assert lease["ownerReferences"][0]["uid"] == node["uid"]


def test_heartbeats_do_not_keep_a_cluster_from_settling():
    world = World()
    world.run(60_000)
    assert world.engine.is_settled


def test_a_pulled_image_shows_in_the_nodes_status_within_ten_seconds():
    world = World()
    world.create("cache", image="redis:7")
    world.run(16_000)
    names = [
        name
        for image in world.store.get("/registry/minions/k8snode1").value["status"]["images"]
        for name in image["names"]
    ]
    assert "docker.io/library/redis:7" in names


def test_a_cordoned_node_is_noted_with_the_next_check():
    world = World()
    world.ask(world.hand.client.patch("nodes", "k8snode1", {"spec": {"unschedulable": True}}))
    world.run(11_000)
    assert "NodeNotSchedulable" in [reason for reason, _, _ in world.events("k8snode1")]


def test_a_node_of_which_nothing_is_new_is_not_looked_at_anew_until_something_is(monkeypatch):
    world, looks, says = World(), [], node_status.says
    world.run(25_000)
    monkeypatch.setattr(node_status, "says", lambda *about: looks.append(1) or says(*about))
    world.run(40_000)
    assert not looks
    world.node.runtime.switch_network(is_on=False)
    world.run(11_000)
    node = world.store.get("/registry/minions/k8snode1").value
    assert looks and node_status.condition_status(node, "Ready") == "False"


def test_nodes_have_addresses_and_ranges_of_their_own():
    world = World(nodes=2)
    assert [node.kubelet.node_ip for node in world.nodes] == ["10.200.0.11", "10.200.0.12"]
    assert [node.runtime.state.pod_cidr for node in world.nodes] == ["10.244.0.0/24", "10.244.1.0/24"]


@pytest.mark.parametrize("name, is_kept", [("example.com/gpu", True), ("scheduling.k8s.io/foo", True), ("cpu", False), ("kubernetes.io/x", False)])
def test_extended_resources_that_somebody_added_are_kept(name, is_kept):
    """Source: pkg/kubelet/nodestatus/setters.go (MachineInfo)."""
    own = {"cpu": "4", "pods": "110"}
    found = node_status.with_extended(own, {"capacity": {name: "5", "cpu": "64"}, "allocatable": {name: "3"}})
    assert found == ({**own, name: "5"} if is_kept else own) and list(found) == sorted(found)


@pytest.mark.parametrize("profile, drivers", [("learner", ["nfs.csi.k8s.io"]), ("oracle", [])])
def test_a_new_node_tells_of_its_drivers_and_one_of_the_same_name_anew(profile, drivers):
    world = World(profile=profile)
    first = world.store.get("/registry/csinodes/k8snode1").value
    assert [each["name"] for each in first["spec"]["drivers"]] == drivers
    assert "kubernetes.io/aws-ebs,kubernetes.io/azure-disk," in first["metadata"]["annotations"]["storage.alpha.kubernetes.io/migrated-plugins"]
    world.node.stop()
    world.ask(world.hand.client.delete("nodes", "k8snode1"))
    world.run(100)
    world.node.start()
    world.run(3_000)
    uids = [world.store.get(f"/registry/{each}/k8snode1").value["metadata"] for each in ("csinodes", "minions")]
    assert uids[0]["ownerReferences"][0]["uid"] == uids[1]["uid"] != first["metadata"]["ownerReferences"][0]["uid"]


def cordon(world, is_unschedulable):
    world.ask(world.hand.client.patch("nodes", "k8snode1", {"spec": {"unschedulable": is_unschedulable}}))


LIFE = (
    lambda world: world.create("cache", ["sleep", "30"], image="redis:7", restartPolicy="Never"),
    lambda world: cordon(world, True),
    lambda world: world.node.fill_disk(98 << 30),
    lambda world: world.node.fill_disk(0),
    lambda world: world.node.switch_network(is_on=False),
    lambda world: world.node.switch_network(is_on=True),
    lambda world: world.node.switch_runtime(is_on=False),
    lambda world: None,
    lambda world: world.node.switch_runtime(is_on=True),
    lambda world: world.node.import_image("mine:1"),
    lambda world: cordon(world, None),
    lambda world: world.node.stop(),
    lambda world: world.node.start(),
)


def lived(monkeypatch, *, always_looks: bool):
    """A node in all sorts of states: (what was told and when, how often its kubelet looked at its Node). A move each 20 s, then peace."""
    with monkeypatch.context() as patched:
        looks, look = [], NodeAgent._is_changed
        patched.setattr(NodeAgent, "_is_changed", lambda agent, node: looks.append(agent.kubelet.now_ms) or look(agent, node))
        if always_looks:
            patched.setattr(NodeAgent, "_is_ordinary", lambda agent: False)
        world = World()
        for move in LIFE:
            move(world)
            world.run(20_000)
        world.run(310_000)
        facts = [(fact.at_ms, fact.kind, fact.subject, fact.data) for fact in world.engine.trace.events]
        return facts, world.store.revision, len(looks)


@pytest.mark.slow
def test_a_kubelet_that_looks_only_at_a_node_that_has_changed_tells_what_one_that_always_looks_does(monkeypatch):
    (*short, few), (*long, many) = lived(monkeypatch, always_looks=False), lived(monkeypatch, always_looks=True)
    assert short == long and few < many / 2
    assert {kind for _, kind, _, _ in short[0]} >= {"NodeStatusReported", "ComponentStopped"}
