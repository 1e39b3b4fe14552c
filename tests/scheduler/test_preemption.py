"""DefaultPreemption: whose turn it is to go, who is told, and what comes after; beside the recorded decisions."""

import json

import pytest

from cluster.scheduler.cache import Cache
from cluster.scheduler.cycle import decide
from cluster.scheduler.framework import Cycle, Listers, plugins
from cluster.scheduler.plugins.default_preemption import Candidate, DefaultPreemption, best, by_budget
from cluster.scheduler.plugins.volume_restrictions import VolumeRestrictions
from cluster.scheduler.pods import PodInfo
from tests.scheduler.bench import Bench


@pytest.fixture
def bench():
    bench = Bench()
    for name, value in (("low", 10), ("mid", 100), ("high", 1000)):
        bench.send("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": name}, "value": value})
    return bench


def placed(bench, name, *, cpu, of, node="n1", **spec):
    bench.pod(name, cpu=cpu, priorityClassName=of, nodeName=node, **spec)


def victims(bench):
    return [fact.data["victims"] for fact in bench.facts("PreemptionChosen")]


def info(name, priority=0, *, start="2026-01-01T09:00:00Z", labels=None):
    return PodInfo({"metadata": {"name": name, "namespace": "default", "uid": name, "labels": labels or {}},
                    "spec": {"containers": [], "priority": priority}, "status": {"startTime": start}})


def test_the_least_important_pod_goes_and_its_place_is_kept_for_who_needs_it(bench):
    bench.node("n1", cpu="3")
    placed(bench, "b1", cpu="2", of="mid")
    placed(bench, "b2", cpu="1", of="low", terminationGracePeriodSeconds=30)
    bench.pod("p", cpu="1", priorityClassName="high")
    bench.run(500)
    assert victims(bench) == [["default/b2"]]
    waiting, going = bench.get("p"), bench.get("b2")
    assert waiting["status"]["nominatedNodeName"] == "n1" and going["metadata"]["deletionTimestamp"]
    [mark] = [one for one in going["status"]["conditions"] if one["type"] == "DisruptionTarget"]
    assert (mark["reason"], mark["message"]) == (
        "PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod",
    )
    [told] = bench.events("b2", "Preempted")
    assert told["message"] == f"Preempted by pod {waiting['metadata']['uid']} on node n1" and told["action"] == "Preempting"
    bench.pod("q", cpu="500m", priorityClassName="mid")
    bench.run(500)
    assert bench.node_of("q") is None, "the room is promised to somebody more important"
    bench.delete("b2")
    bench.run(3_000)
    assert bench.node_of("p") == "n1" and "nominatedNodeName" not in bench.get("p")["status"]


def test_while_victims_are_going_nobody_else_has_to(bench):
    bench.node("n1", cpu="2")
    placed(bench, "b1", cpu="1", of="low", terminationGracePeriodSeconds=30)
    placed(bench, "b2", cpu="1", of="low", terminationGracePeriodSeconds=30)
    bench.pod("p", cpu="1", priorityClassName="high")
    bench.run(500)
    bench.node("n2", cpu="1", taints=[{"key": "a", "effect": "NoSchedule"}])
    bench.patch("/api/v1/nodes/n1/status", {"status": {"allocatable": {"cpu": "2100m"}}})
    bench.run(15_000)
    assert len(victims(bench)) == 1
    assert bench.facts("SchedulingFailed")[-1].data["message"].endswith("not eligible due to a terminating pod on the nominated node.")


def test_all_victims_of_one_pod_go_together(bench):
    bench.node("n1", cpu="3")
    for name in ("b1", "b2", "b3"):
        placed(bench, name, cpu="1", of="low", terminationGracePeriodSeconds=0)
    bench.pod("p", cpu="3", priorityClassName="high")
    bench.run(3_000)
    assert [sorted(one) for one in victims(bench)] == [["default/b1", "default/b2", "default/b3"]]
    assert bench.node_of("p") == "n1" and [fact.data["attempt"] for fact in bench.facts("SchedulingStarted")] == [1, 2]


def test_a_weaker_claim_to_the_same_node_ends(bench):
    bench.node("n1", cpu="2")
    placed(bench, "b", cpu="2", of="low", terminationGracePeriodSeconds=30)
    bench.pod("p", cpu="2", priorityClassName="mid")
    bench.run(500)
    assert bench.get("p")["status"]["nominatedNodeName"] == "n1"
    placed(bench, "c", cpu="100m", of="low", terminationGracePeriodSeconds=30)
    bench.pod("q", cpu="2", priorityClassName="high")
    bench.run(1_500)
    assert bench.get("q")["status"]["nominatedNodeName"] == "n1"
    assert "nominatedNodeName" not in bench.get("p")["status"]


def test_a_pod_that_never_preempts_waits(bench):
    bench.node("n1", cpu="1")
    placed(bench, "b", cpu="1", of="low")
    polite = {"metadata": {"name": "polite"}, "value": 1000, "preemptionPolicy": "Never"}
    bench.send("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", polite)
    bench.pod("p", cpu="1", priorityClassName="polite")
    bench.run(500)
    assert victims(bench) == [] and "preemptionPolicy=Never" in bench.facts("SchedulingFailed")[0].data["message"]


def budget(allowed, *, gone=(), app="web"):
    return {"metadata": {"name": "b", "namespace": "default"}, "spec": {"selector": {"matchLabels": {"app": app}}},
            "status": {"disruptionsAllowed": allowed, "disruptedPods": {name: "" for name in gone}}}


@pytest.mark.parametrize(
    ("limits", "guarded"),
    [([], []), ([budget(1)], ["b", "c"]), ([budget(0)], ["a", "b", "c"]), ([budget(1, gone=["a"])], ["c"]), ([budget(0, app="x")], [])],
)
def test_budgets_guard_those_they_can_no_longer_spare(limits, guarded):
    pods = [info(name, labels={"app": "web"}) for name in "abc"]
    assert [one.name for one in by_budget(pods, limits)[0]] == guarded


@pytest.mark.parametrize(
    ("candidates", "wanted"),
    [
        ([("n1", [info("a", 1)], 1), ("n2", [info("b", 5)], 0)], "n2"),
        ([("n1", [info("a", 5)], 0), ("n2", [info("b", 1), info("c", 1)], 0)], "n2"),
        ([("n1", [info("a", 5), info("b", 3)], 0), ("n2", [info("c", 5), info("d", 1)], 0)], "n2"),
        ([("n1", [info("a", -5), info("b", -5)], 0), ("n2", [info("c", -5)], 0)], "n2"),
        ([("n1", [info("a", 5)], 0), ("n2", [info("b", 5, start="2026-01-01T10:00:00Z")], 0)], "n2"),
        ([("n1", [info("a", 5)], 0), ("n2", [info("b", 5)], 0)], "n1"),
    ],
    ids=["budgets", "highest", "sum", "sum of negatives", "youngest", "first"],
)
def test_the_node_of_least_harm_is_chosen(candidates, wanted):
    assert best([Candidate(*one) for one in candidates]).node == wanted


def test_a_claim_to_a_node_outlives_a_restart_of_the_worker(bench):
    bench.node("n1", cpu="1")
    placed(bench, "b", cpu="1", of="low", terminationGracePeriodSeconds=30)
    bench.pod("p", cpu="1", priorityClassName="high")
    bench.run(1_000)
    other = Bench()
    other.server.store.restore(bench.server.store.snapshot())
    other.engine.restore(json.loads(json.dumps(bench.engine.snapshot())))
    for one in (bench, other):
        one.delete("b")
        one.run(3_000)
    assert json.dumps(other.engine.snapshot()) == json.dumps(bench.engine.snapshot())
    assert other.node_of("p") == "n1"


def test_who_holds_a_claim_that_only_one_pod_may_use_goes_for_who_matters_more():
    claim = {"metadata": {"name": "c", "namespace": "default"}, "spec": {"accessModes": ["ReadWriteOncePod"]}}

    def pod(name, priority):
        volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
        return PodInfo({"metadata": {"name": name, "namespace": "default", "uid": name},
                        "spec": {"containers": [], "priority": priority, "volumes": volumes}})

    cache = Cache()
    cache.set_node({"metadata": {"name": "n1"}, "status": {"allocatable": {"pods": "9"}}})
    cache.add_pod(pod("holder", 1), "n1")
    cache.add_pod(info("bystander", 1), "n1")
    cycle = Cycle(pod("p", 5), cache, Listers(lambda resource, key: claim, lambda resource, namespace: []))
    decision = decide(cycle, (VolumeRestrictions(), DefaultPreemption()), start=0, choose=lambda count: 0)
    rescue = DefaultPreemption().post_filter(cycle, decision, lambda count: 0)
    assert [victim.name for victim in rescue.victims] == ["holder"] and rescue.nominated == "n1"


def test_who_goes_of_equals_does_not_depend_on_who_came_first():
    def rescued(names):
        cache = Cache()
        cache.set_node({"metadata": {"name": "n1"}, "status": {"allocatable": {"pods": "2"}}})
        for name in names:
            cache.add_pod(info(name, 1), "n1")
        cycle = Cycle(info("p", 5), cache)
        decision = decide(cycle, plugins(), start=0, choose=lambda count: 0)
        return [victim.name for victim in DefaultPreemption().post_filter(cycle, decision, lambda count: 0).victims]

    assert rescued(["a", "b"]) == rescued(["b", "a"]) == ["b"]


def test_a_node_to_be_that_does_not_fit_is_named_among_what_ruled_others_out():
    """The words of the real scheduler 1.36.3. Source: schedule_one.go: one set of names for those that narrow and those that reject."""
    bench = Bench()
    for name in ("n1", "n2"):
        bench.node(name, cpu="1")
    only = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": only}}
    bench.pod("q", cpu="1", nodeName="n1")
    bench.pod("p", cpu="1", affinity=affinity)
    bench.engine.settle()
    bench.patch("/api/v1/namespaces/default/pods/p/status", {"status": {"nominatedNodeName": "n1"}})
    bench.node("n3", cpu="1")
    bench.run(5_000)
    said = [fact.data["message"].split(". ")[0] for fact in bench.facts("SchedulingFailed")]
    assert said[0] == "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]"
    assert said[1] == "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity NodeResourcesFit]"
    # and once more, now that its claim has ended
    assert said[-1] == "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]"


def test_a_pod_for_a_node_that_is_not_there_waits_for_it():
    bench = Bench()
    bench.node("n1")
    only = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n9"]}]}]}
    bench.pod("p", affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": only}})
    bench.engine.settle()
    assert len(bench.facts("SchedulingFailed")) == 1  # and not again and again, as after a mishap
    bench.node("n9")
    bench.run(3_000)
    assert bench.node_of("p") == "n9"


@pytest.mark.parametrize("end", [
    lambda bench: bench.delete("p"),
    lambda bench: bench.patch("/api/v1/namespaces/default/pods/p/status", {"status": {"nominatedNodeName": None}}),
], ids=["the Pod is deleted", "the claim is withdrawn"])  # fmt: skip
def test_a_pod_that_waited_for_what_was_claimed_is_tried_again_when_the_claim_ends(bench, end):
    """Source: eventhandlers_test.go (TestUpdatePodInSchedulingQueue, TestDeletePodFromSchedulingQueue: nominated Pods)."""
    bench.node("n1", cpu="2")
    bench.pod("p", cpu="2", priorityClassName="mid", nodeSelector={"none": "such"})
    bench.run(500)
    bench.patch("/api/v1/namespaces/default/pods/p/status", {"status": {"nominatedNodeName": "n1"}})
    bench.pod("q", cpu="1", priorityClassName="low")
    bench.run(1_000)
    assert bench.node_of("q") is None
    end(bench)
    bench.run(2_000)
    assert bench.node_of("q") == "n1"


@pytest.mark.parametrize(("first", "chosen"), [("b1", "b2"), ("b2", "b1")])
def test_of_pods_that_are_as_important_the_one_goes_that_says_it_began_later(bench, first, chosen):
    """What Pods report is not followed; it is read where it matters."""
    for name in ("b1", "b2"):
        bench.node(f"n{name}", cpu="1")
        placed(bench, name, cpu="1", of="low", node=f"n{name}")
    owned = {"metadata": {"labels": {"app": "web"}, "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u"}]}}
    for name in ("b1", "b2"):
        bench.patch(f"/api/v1/namespaces/default/pods/{name}", owned)
    for name in ("b1", "b2"):
        began = "2026-01-01T09:00:01Z" if name == first else "2026-01-01T09:00:02Z"
        bench.patch(f"/api/v1/namespaces/default/pods/{name}/status", {"status": {"phase": "Running", "startTime": began}})
    assert bench.scheduler.cache.get_pod("default/b1").pod["status"].get("startTime") is None
    bench.pod("p", cpu="1", priorityClassName="high")
    bench.run(500)
    assert victims(bench) == [[f"default/{chosen}"]]


@pytest.mark.parametrize(("grace_s", "place"), [(0, None), (30, "n2")])
def test_who_was_to_be_tried_while_its_victims_were_asked_to_go_waits_for_one_of_them_to_be_gone(bench, grace_s, place):
    """Source: default_preemption_test.go (TestPreEnqueue), scheduling_queue_test.go (gated Pods and the events of their plugin).

    The first victim ends at once, or not, while the second is still to be asked; then a node comes that has room.
    """
    bench.node("n1", cpu="2")
    placed(bench, "b1", cpu="1", of="mid", terminationGracePeriodSeconds=grace_s)
    placed(bench, "b2", cpu="1", of="low", terminationGracePeriodSeconds=30)
    bench.pod("p", cpu="2", priorityClassName="high")
    bench.run(500)
    assert victims(bench) == [["default/b1", "default/b2"]]
    bench.node("n2", cpu="4")
    bench.run(3_000)
    assert bench.node_of("p") == place
    bench.delete("b2")
    bench.run(3_000)
    assert bench.node_of("p") is not None


def test_who_is_tried_at_once_because_a_victim_could_not_be_asked_to_go_hears_of_everything_again(bench):
    """Source: scheduling_queue.go (moveToActiveQ: a Pod that passes PreEnqueue is no longer gated)."""
    bench.node("n1", cpu="1")
    bench.pod("p", cpu="2")
    bench.run(500)
    bench.scheduler.state.preempting["default/p"] = ""
    bench.scheduler.requeue(bench.scheduler.queue.get("default/p"))
    del bench.scheduler.state.preempting["default/p"]
    bench.scheduler.activate("default/p")
    bench.run(500)
    assert len(bench.facts("SchedulingFailed")) == 2
    bench.node("n2", cpu="4")
    bench.run(5_000)
    assert bench.node_of("p") == "n2"
