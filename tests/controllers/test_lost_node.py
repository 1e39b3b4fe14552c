"""A node falls silent: what is noticed, when, and what becomes of its Pods.

Source: pkg/controller/nodelifecycle/node_lifecycle_controller_test.go, pkg/controller/tainteviction/taint_eviction_test.go.
"""

from __future__ import annotations

from cluster.controllers._node_health import EXCLUDED
from cluster.controllers.node_lifecycle import NodeLifecycleController
from tests.controllers.world import TEMPLATE, World

UNREACHABLE = "node.kubernetes.io/unreachable"


def world_with_nodes():
    world = World()
    for name in ("n1", "n2"):
        world.node(name)
    world.run(6_000)
    return world


def bound_pod(world, name, *, node="n2", toleration_s=10):
    toleration = {"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": toleration_s}
    pod = world.create(
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {**TEMPLATE["spec"], "nodeName": node, "tolerations": [toleration]},
        },
    )
    world.make_ready(pod)


def keep_alive(world, name, ms):
    """Time passes; only one node reports."""
    for _ in range(ms // 5_000):
        world.beat(name)
        world.run(5_000)


def ready(world, node):
    return next(c["status"] for c in world.get("nodes", node)["status"]["conditions"] if c["type"] == "Ready")


def test_each_node_gets_a_range_of_addresses():
    world = world_with_nodes()
    assert [world.get("nodes", name)["spec"]["podCIDR"] for name in ("n1", "n2")] == ["10.244.0.0/24", "10.244.1.0/24"]
    assert world.get("nodes", "n1")["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"] == "0"


def test_a_silent_node_is_given_up_after_fifty_seconds():
    world = world_with_nodes()
    keep_alive(world, "n1", 45_000)
    assert ready(world, "n2") == "True"
    keep_alive(world, "n1", 15_000)
    assert ready(world, "n2") == "Unknown" and ready(world, "n1") == "True"
    taints = [(taint["key"], taint["effect"]) for taint in world.get("nodes", "n2")["spec"]["taints"]]
    assert taints == [(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]
    assert world.events("NodeNotReady") == ["Node n2 status is now: NodeNotReady"]


def test_its_pods_are_marked_and_evicted_when_their_toleration_runs_out():
    world = world_with_nodes()
    bound_pod(world, "victim")
    keep_alive(world, "n1", 60_000)
    conditions = {c["type"]: c["status"] for c in world.get("pods", "victim")["status"]["conditions"]}
    assert conditions["Ready"] == "False"
    assert "Node is not ready" in world.events("NodeNotReady")
    keep_alive(world, "n1", 10_000)
    evictions = world.events("TaintManagerEviction")
    assert evictions[0] == "Marking for deletion Pod default/victim"
    assert world.get("pods", "victim") is None  # its grace is 0: it goes from a dead node at once, as recorded


def test_a_node_that_comes_back_in_time_keeps_its_pods():
    world = world_with_nodes()
    bound_pod(world, "lucky", toleration_s=300)
    keep_alive(world, "n1", 60_000)
    assert ready(world, "n2") == "Unknown"
    world.beat("n2")
    world.run(6_000)
    world.beat("n2")
    world.run(6_000)
    assert world.get("nodes", "n2")["spec"].get("taints") is None
    assert world.events("TaintManagerEviction") == ["Cancelling deletion of Pod default/lucky"]


def test_pods_of_a_node_that_is_gone_fail_and_go():
    world = world_with_nodes()
    bound_pod(world, "stranded")
    world.do(world.client.delete("nodes", "n2"))
    start_ms = world.engine.now_ms
    while world.get("pods", "stranded") is not None:
        world.run(1_000)
        assert world.engine.now_ms - start_ms < 70_000
    assert world.engine.now_ms - start_ms >= 40_000
    last = [change.value for change in world.store.changes if change.key.endswith("/stranded")][-1]
    assert last["status"]["phase"] == "Failed"
    assert ("DisruptionTarget", "DeletionByPodGC") in [
        (c["type"], c.get("reason")) for c in last["status"]["conditions"]
    ]


def test_when_all_nodes_are_lost_nobody_is_evicted():
    world = world_with_nodes()
    world.run(70_000)
    assert ready(world, "n1") == ready(world, "n2") == "Unknown"
    effects = [taint["effect"] for name in ("n1", "n2") for taint in world.get("nodes", name)["spec"]["taints"]]
    assert effects == ["NoSchedule", "NoSchedule"]


def test_a_silent_node_that_does_not_count_is_tainted_at_once_and_anew_at_each_look():
    world = world_with_nodes()
    labels = {"topology.kubernetes.io/zone": "z", EXCLUDED: ""}
    world.do(world.client.patch("nodes", "n2", {"metadata": {"labels": labels}}, patch_type="merge"))

    def added():
        return [taint["timeAdded"] for taint in world.get("nodes", "n2")["spec"].get("taints") or () if taint["effect"] == "NoExecute"]

    while ready(world, "n2") == "True":
        keep_alive(world, "n1", 5_000)
    world.run(300)
    (first,) = added()
    keep_alive(world, "n1", 15_000)
    assert added() > [first], "upstream begins the queue of a zone that is nobody's anew at each look"
    assert len([data for data in world.traced("TaintAdded") if data["effect"] == "NoExecute"]) == 1


def test_cordoning_brings_a_taint_and_uncordoning_takes_it_away():
    world = world_with_nodes()
    world.do(world.client.patch("nodes", "n1", {"spec": {"unschedulable": True}}))
    (taint,) = world.get("nodes", "n1")["spec"]["taints"]
    assert taint["key"] == "node.kubernetes.io/unschedulable"
    world.do(world.client.patch("nodes", "n1", {"spec": {"unschedulable": None}}))
    assert world.get("nodes", "n1")["spec"].get("taints") is None


def test_a_node_that_is_made_anew_under_its_name_is_a_new_one():
    world = World()
    conditions = [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}]
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "namespace": ""}, "status": {"conditions": conditions}}
    for _ in range(4):
        world.create("nodes", body, settle=False)
        world.run(19_000)
        assert world.get("nodes", "n1")["status"]["conditions"][0]["status"] == "True"
        world.do(world.client.delete("nodes", "n1"), settle=False)
    world.create("nodes", body, settle=False)
    world.run(60_000)
    assert world.get("nodes", "n1")["status"]["conditions"][0]["status"] == "Unknown", "one that stays silent is given up"


def lived(monkeypatch, *, is_short):
    """Nodes that renew Leases, report, are cordoned, do not count, fall silent, come back, come and go: what is written and when."""
    if not is_short:
        monkeypatch.setattr(NodeLifecycleController, "_is_all_still_well", lambda self: False)
    world = world_with_nodes()
    controller, ways = world.manager.controllers["node-lifecycle-controller"], []
    for second in range(0, 260, 5):
        for name in ("n1", "n2", "n3"):
            if second == 0 and name != "n3":
                world.create("leases", lease(world, name))
            elif (120 <= second < 180 and name == "n2") or world.get("nodes", name) is None:
                continue
            elif second % 20 == 0 and name != "n3":
                world.do(world.client.update("leases", {**world.get("leases", name, "kube-node-lease"), **spec(world)}))
            elif second % 40 == 5 or name == "n3":
                world.beat(name)
        if second == 60:
            world.do(world.client.patch("nodes", "n1", {"spec": {"unschedulable": True}}, patch_type="merge"))
        if second in (15, 50):  # the only Node of its zone, which for a while does not count
            labels = {"topology.kubernetes.io/zone": "z", EXCLUDED: "" if second == 15 else None}
            world.do(world.client.patch("nodes", "n1", {"metadata": {"labels": labels}}, patch_type="merge"))
        if second == 90:
            world.node("n3")
        if second == 230:
            world.do(world.client.delete("nodes", "n3"))
        world.run(5_000)
        ways.append((controller._calm is not None, {name: health.probe_ms for name, health in controller.state.health.items()}))
    facts = [(event.at_ms, event.kind, event.subject) for event in world.engine.trace.events]
    return [calm for calm, _ in ways], [probes for _, probes in ways], facts, world.store.revision


def spec(world):
    return {"spec": {"holderIdentity": "x", "renewTime": world.engine.clock.micro_text(world.engine.now_ms)}}


def lease(world, name):
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name, "namespace": "kube-node-lease"}, **spec(world)}


def test_looking_only_at_nodes_of_which_there_is_news_comes_to_what_looking_at_all_does(monkeypatch):
    calm, *short = lived(monkeypatch, is_short=True)
    _, *long = lived(monkeypatch, is_short=False)
    assert short == long and True in calm and False in calm
