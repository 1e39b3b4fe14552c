"""The scheduler as an actor: queue, cycles, binding, and what it says when a Pod fits nowhere."""

import json

import pytest

from cluster.scheduler import Scheduler
from cluster.scheduler.cache import Cache
from cluster.scheduler.pods import PodInfo
from cluster.scheduler.queue import SchedulingQueue, backoff_ms
from cluster.scheduler.verdicts import filtered_rows, scored_rows
from tests.scheduler.bench import Bench


@pytest.fixture
def bench():
    return Bench()


def settled(bench):
    assert bench.engine.settle()
    return bench


def test_a_pod_is_bound_by_a_write_of_its_own_and_reported(bench):
    bench.node("n1")
    bench.pod("web")
    settled(bench)
    pod = bench.get("web")
    assert pod["spec"]["nodeName"] == "n1"
    assert {"type": "PodScheduled", "status": "True"}.items() <= pod["status"]["conditions"][0].items()
    [event] = bench.events("web", "Scheduled")
    assert event["message"] == "Successfully assigned default/web to n1"
    assert event["reportingComponent"] == "default-scheduler" and event["action"] == "Binding" and event["source"] == {}
    assert event["eventTime"] and not event.get("count") and event["firstTimestamp"] is None


def test_every_verdict_is_in_the_trace_and_walks_back_to_the_pods_creation(bench):
    bench.node("n1", cpu="1")
    bench.node("n2")
    bench.node("n3")
    bench.pod("web", cpu="2")
    settled(bench)
    verdicts = {
        fact.data["node"]: (fact.data["passed"], fact.data["plugin"], fact.data["reason"])
        for fact in bench.facts("NodeFiltered")
    }
    assert verdicts == {
        "n1": (False, "NodeResourcesFit", "Insufficient cpu"),
        "n2": (True, "", ""),
        "n3": (True, "", ""),
    }
    assert {fact.data["node"] for fact in bench.facts("NodeScored")} == {"n2", "n3"}
    scores = bench.facts("NodeScored")[0].data
    assert scores["total"] == sum(weighted for _, _, _, weighted in scores["scores"].values())
    [chosen], [bound] = bench.facts("NodeChosen"), bench.facts("PodBound")
    assert chosen.data["node"] == bound.data["node"] == bench.node_of("web") and sorted(chosen.data["ties"]) == [
        "n2",
        "n3",
    ]
    by_seq = {fact.seq: fact for fact in bench.engine.trace.events}
    kinds, fact = [], bound
    while fact:
        kinds.append(fact.kind)
        fact = by_seq.get(fact.cause)
    assert [
        kind
        for kind in ("PodAssumed", "NodeChosen", "SchedulingStarted", "PodQueued", "WatchDelivered")
        if kind in kinds
    ] == ["PodAssumed", "NodeChosen", "SchedulingStarted", "PodQueued", "WatchDelivered"]


def test_many_nodes_are_one_table_in_the_trace(bench):
    for index in range(10):
        bench.node(f"n{index}", unschedulable=index == 3)
    bench.pod("web")
    settled(bench)
    [filtered], [scored] = bench.facts("NodeFiltered"), bench.facts("NodeScored")
    assert (filtered.data["node"], filtered.data["verdict"], scored.data["node"]) == ("10 nodes", "✓ 9 · ✖ 1", "9 nodes")
    judged, points = filtered_rows(filtered.data), scored_rows(scored.data)
    assert len(judged) == 10 and [row for row in judged if not row["passed"]] == [
        {"node": "n3", "passed": False, "plugin": "NodeUnschedulable", "reason": "node(s) were unschedulable",
         "verdict": "✖ NodeUnschedulable: node(s) were unschedulable"}
    ]  # fmt: skip
    assert [row["node"] for row in points] == [row["node"] for row in judged if row["passed"]]
    assert all(row["total"] == sum(weighted for *_, weighted in row["scores"].values()) for row in points)


def test_a_pod_that_fits_nowhere_says_why_in_an_event_and_a_condition(bench):
    bench.node("n1", cpu="1")
    bench.node("n2", taints=[{"key": "a", "value": "b", "effect": "NoSchedule"}])
    bench.pod("big", cpu="2")
    settled(bench)
    message = (
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate, "
        "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    )
    [condition] = bench.get("big")["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"], condition["message"]) == (
        "PodScheduled",
        "False",
        "Unschedulable",
        message,
    )
    assert condition["lastTransitionTime"]
    assert [event["message"] for event in bench.events("big")] == [message]
    assert bench.facts("SchedulingFailed")[0].data["message"] == message


def test_without_nodes_a_pod_waits_out_a_back_off(bench):
    bench.pod("web")
    bench.run(500)
    assert bench.get("web")["status"]["conditions"][0]["message"] == "no nodes available to schedule pods"
    bench.node("n1")
    bench.run(100)
    assert bench.node_of("web") is None
    bench.run(3_000)
    assert bench.node_of("web") == "n1"


@pytest.mark.parametrize(
    "change",
    [
        lambda bench: bench.node("n2", cpu="2"),
        lambda bench: bench.patch("/api/v1/nodes/n1/status", {"status": {"allocatable": {"cpu": "3"}}}),
        lambda bench: bench.delete("old"),
        lambda bench: bench.patch("/api/v1/namespaces/default/pods/old/status", {"status": {"phase": "Succeeded"}}),
    ],
    ids=["a node comes", "a node grows", "a Pod is deleted", "a Pod ends"],
)
def test_a_pod_that_lacked_cpu_is_tried_again_when(bench, change):
    bench.node("n1", cpu="2")
    bench.pod("old", cpu="1", nodeName="n1")
    bench.run(50)
    bench.pod("web", cpu="1500m")
    bench.run(50)
    assert bench.node_of("web") is None
    change(bench)
    bench.run(50)
    assert bench.node_of("web") is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda bench: bench.send("POST", "/api/v1/nodes", {"metadata": {"name": "n2"}, "status": {"allocatable": {"cpu": "1"}}}),
        lambda bench: bench.patch("/api/v1/nodes/n1", {"metadata": {"labels": {"x": "y"}}}),
        lambda bench: bench.pod("other", nodeName="n1"),
    ],
    ids=["too small a node comes", "a node's label changes", "another Pod comes"],
)
def test_a_pod_that_lacked_cpu_is_left_alone_when(bench, change):
    bench.node("n1", cpu="1")
    bench.pod("web", cpu="2")
    bench.run(50)
    change(bench)
    bench.run(50)
    assert len(bench.facts("SchedulingStarted")) == 1


@pytest.mark.parametrize("web", [{"cpu": "2"}, {"nodeSelector": {"a": "b"}}, {"ports": True}], ids=["cpu", "label", "port"])
def test_any_change_of_taints_lets_a_pod_try_again_whatever_it_lacked(web):
    """As the real scheduler 1.36.3 did when the taint of a node that is not ready went. Source: scheduler.go (buildQueueingHintMap)."""
    bench = Bench()
    ports = [{"containerPort": 80, "hostPort": 80}]
    bench.node("n1", cpu="1")
    bench.pod("other", nodeName="n1", containers=[{"name": "c", "image": "busybox:1", "ports": ports}])
    more = {"containers": [{"name": "c", "image": "busybox:1", "ports": ports}]} if web.pop("ports", False) else {}
    bench.pod("web", **web, **more)
    bench.run(50)
    bench.patch("/api/v1/nodes/n1", {"spec": {"taints": [{"key": "a", "effect": "PreferNoSchedule"}]}})
    bench.run(50)
    assert len([fact for fact in bench.facts("SchedulingStarted") if fact.subject.endswith("/web")]) == 2


def test_a_waiting_pod_is_tried_again_after_five_minutes(bench):
    bench.node("n1", cpu="1")
    bench.pod("web", cpu="2")
    bench.run(290_000)
    assert len(bench.facts("SchedulingStarted")) == 1
    bench.run(60_000)
    assert len(bench.facts("SchedulingStarted")) == 2


def test_a_pod_that_shrinks_takes_what_it_took_until_that_is_in_force(bench):
    """Source: framework/types.go (calculateResource: UseStatusResources), framework/events.go (podScaleDown)."""
    bench.node("n1", cpu="2")

    def in_force(amount):
        found = {"name": "c", "image": "app:1", "imageID": "", "ready": True, "restartCount": 0, "resources": {"requests": {"cpu": amount}}}
        bench.patch("/api/v1/namespaces/default/pods/a/status", {"status": {"phase": "Running", "containerStatuses": [found]}})
        bench.run(15_000)
        return bench.node_of("b")

    bench.pod("a", cpu="1500m", nodeName="n1")
    bench.pod("b", cpu="1")
    assert in_force("1500m") is None
    resources = {"containers": [{"name": "c", "image": "app:1", "resources": {"requests": {"cpu": "500m"}}}]}
    bench.patch("/api/v1/namespaces/default/pods/a/resize", {"spec": resources})
    assert in_force("1500m") is None and len(bench.facts("SchedulingFailed")) == 1
    assert in_force("500m") == "n1"


def test_a_label_or_an_uncordon_lets_a_pod_in(bench):
    bench.node("n1", unschedulable=True)
    bench.node("n2")
    bench.pod("picky", nodeSelector={"disk": "ssd"})
    settled(bench)
    bench.patch("/api/v1/nodes/n1", {"metadata": {"labels": {"disk": "ssd"}}})
    settled(bench)
    assert bench.node_of("picky") is None
    bench.patch("/api/v1/nodes/n1", {"spec": {"unschedulable": None, "taints": None}})
    settled(bench)
    assert bench.node_of("picky") == "n1"


def test_a_gated_pod_is_not_tried_until_its_gate_is_lifted(bench):
    bench.node("n1")
    bench.pod("gated", schedulingGates=[{"name": "example.com/g"}])
    settled(bench)
    assert not bench.facts("SchedulingStarted") and not bench.events("gated")
    bench.patch("/api/v1/namespaces/default/pods/gated", {"spec": {"schedulingGates": []}})
    settled(bench)
    assert bench.node_of("gated") == "n1"


def test_other_schedulers_pods_and_bound_pods_are_left_alone(bench):
    bench.node("n1")
    bench.pod("foreign", schedulerName="mine")
    bench.pod("direct", nodeName="n1")
    settled(bench)
    assert not bench.facts("SchedulingStarted")


def test_a_higher_priority_goes_first():
    queue = SchedulingQueue()
    entries = [queue.make(name, name, priority, now_ms=1) for name, priority in (("a", 1), ("b", 9), ("c", 9))]
    for entry in entries:
        queue.move(entry, "active")
    assert [queue.pop().key for _ in range(3)] == ["b", "c", "a"]


def test_after_five_minutes_a_pod_is_tried_again_but_for_those_that_wait_for_one_thing_alone():
    queue = SchedulingQueue()
    for name in ("plain", "gated", "held"):
        entry = queue.make(name, name, 0, now_ms=0)
        entry.gated, entry.held = name == "gated", name == "held"
        queue.reject(entry, ["NodeName"], now_ms=0)
    assert not queue.leftovers(now_ms=300_000)
    assert [entry.key for entry in queue.leftovers(now_ms=300_001)] == ["plain"]


def test_back_off_doubles_from_one_second_to_ten():
    assert [backoff_ms(count) for count in (0, 1, 2, 3, 4, 5, 50)] == [0, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]


def test_pods_in_flight_are_counted_so_a_burst_does_not_overfill_a_node(bench):
    bench.node("n1", cpu="2")
    for index in range(4):
        bench.pod(f"p{index}", cpu="900m")
    settled(bench)
    assert [bench.node_of(f"p{index}") for index in range(4)] == ["n1", "n1", None, None]


def test_a_pod_deleted_before_its_binding_frees_its_place(bench):
    bench.node("n1", cpu="1")
    bench.pod("gone", cpu="1")
    while not bench.facts("PodAssumed"):
        bench.engine.step()
    bench.delete("gone")
    bench.pod("next", cpu="1")
    settled(bench)
    assert bench.node_of("next") == "n1" and not bench.scheduler.state.assumed


def test_replicas_are_spread_over_nodes(bench):
    for name in ("n1", "n2"):
        bench.node(name)
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": True}
    selector = {"matchLabels": {"app": "web"}}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "app:1"}]}}
    bench.send(
        "POST",
        "/apis/apps/v1/namespaces/default/replicasets",
        {"metadata": {"name": "web"}, "spec": {"selector": selector, "template": template}},
    )
    for index in range(6):
        bench.add_pod(
            {
                "metadata": {"name": f"w{index}", "labels": {"app": "web"}, "ownerReferences": [owner]},
                "spec": template["spec"],
            }
        )
    settled(bench)
    homes = [bench.node_of(f"w{index}") for index in range(6)]
    assert sorted(homes) == ["n1"] * 3 + ["n2"] * 3


def test_a_snapshot_holds_all_that_the_scheduler_needs():
    def play(with_snapshot):
        bench = Bench(seed=5)
        for name in ("n1", "n2", "n3"):
            bench.node(name, cpu="2")
        for index in range(5):
            bench.pod(f"a{index}", cpu="1")
        bench.pod("waits", cpu="3")
        bench.engine.settle()
        if with_snapshot:
            frozen = json.loads(json.dumps(bench.engine.snapshot()))
            bench.engine.restore(frozen)
        bench.node("n4", cpu="4")
        for index in range(3):
            bench.pod(f"b{index}", cpu="500m")
        bench.engine.settle()
        return [
            (item["metadata"]["name"], item["spec"].get("nodeName"))
            for item in bench.send("GET", "/api/v1/namespaces/default/pods")["items"]
        ]

    assert play(True) == play(False)
    assert dict(play(True))["waits"] == "n4"


def test_the_order_of_nodes_outlives_a_snapshot_when_zones_were_changed(bench):
    zone = "topology.kubernetes.io/zone"
    for name, where in (("n1", "a"), ("n2", "b"), ("n3", "a"), ("n4", "c")):
        bench.node(name, labels={zone: where})
    bench.patch("/api/v1/nodes/n1", {"metadata": {"labels": {zone: "b"}}})
    bench.send("DELETE", "/api/v1/nodes/n4")
    bench.node("n4", labels={zone: "a"})
    settled(bench)
    before = [node.name for node in bench.scheduler.cache.nodes]
    bench.engine.restore(json.loads(json.dumps(bench.engine.snapshot())))
    assert before == [node.name for node in bench.scheduler.cache.nodes] == ["n3", "n2", "n4", "n1"]


def test_a_restarted_scheduler_lists_again_and_binds_what_waited(bench):
    bench.node("n1")
    settled(bench)
    bench.engine.stop(bench.scheduler)
    bench.pod("web")
    settled(bench)
    assert bench.node_of("web") is None
    bench.engine.start(bench.scheduler)
    settled(bench)
    assert bench.node_of("web") == "n1" and isinstance(bench.scheduler, Scheduler)


def test_it_is_known_how_many_waiting_pods_each_plugin_rejected():
    queue = SchedulingQueue()
    first, second = (queue.make(f"default/{name}", name, 0, now_ms=0) for name in "ab")
    queue.reject(first, ["NodeAffinity", "NodeResourcesFit"], now_ms=0)
    queue.reject(second, ["NodeResourcesFit"], now_ms=0)
    assert queue.rejecting == {"NodeAffinity": 1, "NodeResourcesFit": 2}
    queue.on_restore()
    assert queue.rejecting == {"NodeAffinity": 1, "NodeResourcesFit": 2}
    queue.requeue(first, now_ms=0)
    queue.forget("default/b")
    assert not any(queue.rejecting.values())


def test_a_pod_that_only_reports_is_read_as_if_it_were_read_anew():
    cache, old = Cache(), placed("a")
    cache.set_node({"metadata": {"name": "n1"}, "status": {"allocatable": {"cpu": "2", "pods": "10"}}})
    cache.add_pod(PodInfo(old), "n1")
    new, before = {**old, "metadata": {**old["metadata"], "resourceVersion": "2"}, "status": {"phase": "Running"}}, cache.generation
    assert cache.report(new) and cache.generation == before
    found, anew = cache.get_pod("default/a"), PodInfo(new)
    assert {slot: getattr(found, slot) for slot in PodInfo.__slots__} == {slot: getattr(anew, slot) for slot in PodInfo.__slots__}
    assert not cache.report(placed("b")) and not cache.report(placed("a"))   # not there; asks for something else


def placed(name: str) -> dict:
    asked = {"name": "c", "ports": [{"hostPort": 80}], "resources": {"requests": {"cpu": "100m"}}}
    return {"metadata": {"namespace": "default", "name": name, "uid": name, "labels": {"a": "b"}}, "spec": {"nodeName": "n1", "containers": [asked]}}
