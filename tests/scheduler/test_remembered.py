"""A cache that remembers answers from cycle to cycle decides as one that has just been made of the same nodes and Pods."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.scheduler import cycle, remembered
from cluster.scheduler import pods as pods_module
from cluster.scheduler.cache import Cache
from cluster.scheduler.configuration import profiles_of
from cluster.scheduler.cycle import decide
from cluster.scheduler.framework import Cycle, plugins
from cluster.scheduler.pods import PodInfo
from cluster.scheduler.resources import pod_requests
from cluster.scheduler.scoring import NO_SCORES
from tests.scheduler.test_random_clusters import APPS, KEYS, LISTERS, nodes, pods

CONFIGURATION = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
images = st.lists(st.sampled_from(("a:1", "b:1", "c")), max_size=2, unique=True)


@st.composite
def seen_nodes(draw, index):
    """A node as it may be at some time, mostly with room; also with images."""
    node = draw(nodes(index))
    if draw(st.integers(0, 3)):
        offered = {"cpu": draw(st.sampled_from(("2", "4"))), "memory": "2Gi", "pods": "8"}
        node = {**node, "spec": {}, "status": {"allocatable": offered}}
    held = [{"names": [name], "sizeBytes": 400_000_000 if name == "a:1" else 90_000_000} for name in draw(images)]
    return {**node, "status": {**node["status"], "images": held}}


@st.composite
def wishing_pods(draw, index):
    """Pods with wishes, too; the first sort has nothing else."""
    pod = draw(pods(index))
    if index == 0:
        pod = {**pod, "spec": {"containers": pod["spec"]["containers"]}}
    spec = {**pod["spec"], "containers": [{**pod["spec"]["containers"][0], "image": draw(st.sampled_from(("a:1", "b:1", "c")))}]}
    term = {"topologyKey": draw(st.sampled_from(KEYS)), "labelSelector": {"matchLabels": {"app": draw(st.sampled_from(APPS))}}}
    wish = {"weight": draw(st.integers(1, 3)), "podAffinityTerm": term}
    kind = draw(st.sampled_from(("podAffinity", "podAntiAffinity", "")))
    affinity = dict(spec.get("affinity") or {})
    if kind:
        affinity[kind] = {**affinity.get(kind, {}), PREFERRED: [wish]}
    if draw(st.booleans()):
        soft = {"weight": 2, "preference": {"matchExpressions": [{"key": "rack", "operator": "In", "values": [draw(st.sampled_from("xyz"))]}]}}
        affinity["nodeAffinity"] = {**affinity.get("nodeAffinity", {}), PREFERRED: [soft]}
    if draw(st.booleans()):
        spread = {"maxSkew": 1, "topologyKey": draw(st.sampled_from(KEYS)), "whenUnsatisfiable": "ScheduleAnyway",
                  "labelSelector": {"matchLabels": {"app": draw(st.sampled_from(APPS))}}}  # fmt: skip
        spec["topologySpreadConstraints"] = [*spec.get("topologySpreadConstraints", ()), spread]
    return {**pod, "spec": {**spec, **({"affinity": affinity} if affinity else {})}}


def moves(count):
    """What happens, in order: a Pod of a sort comes, one of those that are there goes or is on its way, a node is seen anew or goes."""
    index = st.integers(0, count - 1)
    return st.one_of(
        st.tuples(st.just("pod"), st.integers(0, 2)), st.tuples(st.just("pod"), st.integers(0, 2)), st.tuples(st.just("pod"), st.integers(0, 2)),
        st.tuples(st.sampled_from(("gone", "going")), st.integers(0, 20)),
        index.flatmap(lambda one: st.tuples(st.just("node"), seen_nodes(one))), st.tuples(st.just("lost"), index),
    )  # fmt: skip


histories = st.integers(2, 5).flatmap(
    lambda count: st.tuples(st.tuples(*(seen_nodes(index) for index in range(count))), st.tuples(*(wishing_pods(sort) for sort in range(3))),
                            st.lists(moves(count), min_size=6, max_size=16)))  # fmt: skip


def rebuilt(cache):
    """A cache of the same nodes and Pods, in the same order, that remembers nothing, and to which no two nodes are alike."""
    fresh = Cache()
    fresh.remembered.sort = lambda traits, make: make(traits)
    for node in cache.nodes:
        fresh.set_node(node.node)
    for name, node in cache.by_name.items():
        for info in node.pods.values():
            fresh.add_pod(info, name)
    return fresh


def brief(decision):
    """What is known of a decision of which nobody is told."""
    return decision._replace(scores=NO_SCORES, ties=[], verdicts=[] if decision.node else decision.verdicts)


def decision_of(cache, info, start, is_told=True):
    return decide(Cycle(info, cache, LISTERS), plugins(), start=start, choose=lambda count: count - 1, is_told=is_told)


def play(history):
    found, sorts, happened = history
    cache, start, number = Cache(), 0, 0
    for node in found:
        cache.set_node(node)
    for what, which in happened:
        there = sorted(cache.node_of)
        if what == "pod" and cache.nodes:
            number += 1
            pod = {**sorts[which], "metadata": {**sorts[which]["metadata"], "name": f"p{number}", "uid": f"p{number}"}}
            decision = decision_of(cache, PodInfo(pod), start)
            assert decision == decision_of(rebuilt(cache), PodInfo(pod), start)
            assert brief(decision) == brief(decision_of(cache, PodInfo(pod), start, is_told=False))
            start = decision.next_start
            if decision.node:
                cache.add_pod(PodInfo(pod), decision.node)
        elif what == "node":
            cache.set_node(which)
        elif what == "lost":
            cache.remove_node(f"n{which}")
        elif there and what == "gone":
            cache.remove_pod(there[which % len(there)])
        elif there and what == "going":
            info, node = cache.get_pod(there[which % len(there)]), cache.node_of[there[which % len(there)]]
            cache.add_pod(info.updated({**info.pod, "metadata": {**info.pod["metadata"], "deletionTimestamp": "2026-01-01T09:00:00Z"}}), node)


@pytest.mark.slow
@settings(max_examples=250, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(histories)
def test_it_decides_as_if_it_remembered_nothing(history):
    play(history)


def node(name, **labels):
    return {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}}, "spec": {},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}}  # fmt: skip


def pod(number, **spec):
    meta = {"name": f"p{number}", "uid": f"p{number}", "namespace": "default", "labels": {"app": "web"}}
    return PodInfo({"metadata": meta, "spec": {"containers": [{"name": "c", "image": "a:1"}], **spec}})


def cluster(count):
    cache = Cache()
    for number in range(count):
        cache.set_node(node(f"n{number:04}"))
    return cache


def test_a_like_pod_asks_only_of_the_node_that_changed(monkeypatch):
    cache, asked = cluster(20), []
    fit = next(plugin for plugin in plugins() if plugin.name == "NodeResourcesFit")
    act = fit.filter
    monkeypatch.setattr(fit, "filter", lambda cycle, node: asked.append(node.name) or act(cycle, node), raising=False)
    for number in range(3):
        decision = decision_of(cache, pod(number), 0)
        cache.add_pod(pod(number), decision.node)
        assert len(asked) == (20 if number == 0 else 1)
        asked.clear()
    decision_of(cache, pod(9, nodeSelector={"rack": "x"}), 0)
    assert len(asked) == 0  # another sort of Pod, and none of the nodes gets as far


def test_an_image_that_comes_to_one_node_changes_what_it_is_worth_on_others():
    cache, held = cluster(4), [{"names": ["a:1"], "sizeBytes": 400_000_000}]
    for count in (1, 2, 3):
        new = cache.nodes[count - 1].node
        cache.set_node({**new, "status": {**new["status"], "images": held}})
        decision = decision_of(cache, pod(count), 0)
        assert decision == decision_of(rebuilt(cache), pod(count), 0)
        assert next(column.raw[0] for column in decision.scores.columns if column.plugin == "ImageLocality") == {1: 7, 2: 17, 3: 26}[count]


def test_what_is_kept_stays_small(monkeypatch):
    monkeypatch.setattr(remembered, "TABLES", 4)
    cache = cluster(3)
    for number in range(12):
        decision_of(cache, pod(number, nodeSelector={"rack": str(number)}), 0)
    assert len(cache.remembered.tables) == 4
    assert len(cache._changes) == 3


def test_few_sorts_of_nodes_are_kept_and_one_that_is_found_anew_scores_the_same(monkeypatch):
    monkeypatch.setattr(remembered, "SORTS", 2)
    cache = cluster(6)
    for number in range(20):
        decision = decision_of(cache, pod(number), number % 6)
        assert decision == decision_of(rebuilt(cache), pod(number), number % 6)
        cache.add_pod(pod(number), decision.node)
        assert len(cache.remembered._sorts) <= 2


@pytest.mark.parametrize(("field", "value"), [
    ("nodeSelector", {"rack": "x"}), ("tolerations", [{"operator": "Exists"}]), ("nodeName", "n1"),
    ("affinity", {"nodeAffinity": {PREFERRED: []}}), ("initContainers", [{"name": "i", "image": "b:1"}]),
    ("containers", [{"name": "c", "image": "a:2"}]), ("containers", [{"name": "c", "image": "a:1", "resources": {"requests": {"cpu": "1"}}}]),
    ("containers", [{"name": "c", "image": "a:1", "ports": [{"containerPort": 80, "hostPort": 80}]}]),
    ("volumes", [{"name": "v", "image": {"reference": "a:1"}}]),
])  # fmt: skip
def test_pods_that_ask_for_something_else_are_not_alike(field, value):
    assert remembered.likeness(pod(1, **{field: value})) != remembered.likeness(pod(1))
    assert remembered.likeness(pod(2)) == remembered.likeness(pod(1))


@settings(deadline=None, derandomize=True, database=None)
@given(st.integers(1, 12), st.data())
def test_places_that_go_round_are_those_of_a_list(count, data):
    first, size = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count))
    turn, places, values = remembered.Turn(first, size, count), [place % count for place in range(first, first + size)], [*range(100, 100 + count)]
    assert list(turn) == places and len(turn) == size and [turn[index] for index in range(size)] == places
    assert [turn.index(place) for place in places] == list(range(size))
    assert remembered.pick(values, turn) == remembered.pick(values, places) == [100 + place for place in places]


@settings(deadline=None, derandomize=True, database=None)
@given(wishing_pods(1), st.integers(0, 2))
def test_what_is_read_of_a_pod_is_what_is_read_of_it_alone(one, rest):
    spec = {**one["spec"], "containers": [{**one["spec"]["containers"][0], "volumeMounts": [{"name": f"token-{rest}"}]}]}
    first = PodInfo({**one, "spec": spec})
    pods_module._asked.clear()
    anew = PodInfo({**one, "spec": spec})
    assert (first.requests, first.host_ports, first.likeness) == (anew.requests, anew.host_ports, anew.likeness)
    assert (anew.requests, anew.host_ports) == (pod_requests(spec), pods_module.host_ports(spec))


@pytest.mark.parametrize("every", [1, 2, 3, 7, 200])
def test_nodes_that_are_counted_off_are_those_that_are_looked_at_one_by_one(every, monkeypatch):
    """every: which of the nodes have a taint, and so which part of the way is gone until enough of them fit."""
    cache = cluster(150)
    for place, each in enumerate(cache.nodes):
        if place % every == 0:
            cache.set_node({**each.node, "spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}})
    short = [decision_of(cache, pod(start), start, is_told) for start in (0, 60, 149) for is_told in (True, False)]
    monkeypatch.setattr(cycle, "_sifted", one_by_one)
    found = [decision_of(rebuilt(cache), pod(start), start) for start in (0, 60, 149)]
    assert short[::2] == found and list(map(brief, short[1::2])) == list(map(brief, found))
    assert bool(found[0].node) is (every > 1) and found[0].next_start == (0 if every < 3 else {3: 0, 7: 117, 200: 101}[every])


def one_by_one(attempt, turn, wanted, table, answer, is_told):
    verdicts, fitting = cycle._looked_at(attempt, list(turn), wanted, table.values, answer, [])
    return len(verdicts), verdicts, fitting


@pytest.mark.parametrize(("spec", "is_plain"), [
    ({}, True), ({"volumes": [{"name": "v", "emptyDir": {}}], "tolerations": [{"operator": "Exists"}]}, True),
    ({"nodeName": "n0001"}, False), ({"nodeSelector": {"rack": "x"}}, False), ({"affinity": {"nodeAffinity": {PREFERRED: []}}}, False),
    ({"topologySpreadConstraints": []}, False), ({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}, False),
    ({"volumes": [{"name": "v", "gcePersistentDisk": {"pdName": "d"}}]}, False),
    ({"containers": [{"name": "c", "image": "a:1", "ports": [{"containerPort": 80, "hostPort": 80}]}]}, False),
])  # fmt: skip
def test_filters_of_a_plain_pod_are_those_that_are_left_once_all_have_prepared(spec, is_plain, monkeypatch):
    cache, chosen = cluster(3), profiles_of({**CONFIGURATION, "profiles": [{"plugins": {"score": {"disabled": [{"name": "*"}]}}}]})
    found = [plugins(), chosen["default-scheduler"].filtering]
    short = [cycle.prepare_filters(Cycle(pod(1, **spec), cache, LISTERS), each, cache.nodes) for each in found]
    monkeypatch.setattr(cycle, "_filters_of_plain", lambda chosen: None)
    assert pod(1, **spec).is_plain is is_plain
    assert short == [cycle.prepare_filters(Cycle(pod(1, **spec), cache, LISTERS), each, cache.nodes) for each in found]


def test_a_profile_that_spreads_all_pods_asks_of_plain_ones_too():
    args = {"defaultingType": "List", "defaultConstraints": [{"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]}
    found = profiles_of({**CONFIGURATION, "profiles": [{"pluginConfig": [{"name": "PodTopologySpread", "args": args}]}]})
    assert cycle._filters_of_plain(found["default-scheduler"].filtering) is None and cycle._filters_of_plain(plugins())
