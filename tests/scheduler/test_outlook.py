"""A further Pod of a sort is placed as if nothing were known of the first ones."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.scheduler import outlook
from cluster.scheduler.cycle import decide
from cluster.scheduler.framework import Cycle, Listers, plugins
from cluster.scheduler.pods import PodInfo
from tests.scheduler.bench import Bench
from tests.scheduler.test_remembered import cluster, node, rebuilt

OWNERS = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "controller": True}]
SETS = {"default/web": {"spec": {"selector": {"matchLabels": {"app": "web"}}}}}
LISTERS = Listers(lambda resource, key: SETS.get(key) if resource == "replicasets" else None, lambda resource, namespace: [])
SORTS = ({}, {"cpu": "500m"}, {"cpu": "500m", "labels": {"app": "db"}}, {"owners": []}, {"namespace": "other"}, {"memory": "1Gi"})
TERM = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod(number, *, labels=None, owners=OWNERS, namespace="default", spec=None, **requests):
    meta = {"name": f"p{number}", "uid": f"p{number}", "namespace": namespace, "labels": labels or {"app": "web"}, "ownerReferences": owners}
    return PodInfo({"metadata": meta, "spec": {"containers": [{"name": "c", "image": "a:1", "resources": {"requests": requests}}], **(spec or {})}})


def choice(cache, info, start):
    """The decision, and between how many nodes chance had to choose."""
    asked = []
    found = decide(Cycle(info, cache, LISTERS), plugins(), start=start, is_told=False, choose=lambda count: asked.append(count) or count // 2)
    return found._replace(verdicts=[]), asked


def changed(cache, what, which):
    """A node has its images, its labels, its taints or its room changed, or Pods come that have wishes about others."""
    old = cache.nodes[which % len(cache.nodes)].node
    name = old["metadata"]["name"]
    if what == "images":
        cache.set_node({**old, "status": {**old["status"], "images": [{"names": ["a:1"], "sizeBytes": 400_000_000}]}})
    elif what in ("topology.kubernetes.io/zone", "rack"):
        cache.set_node(node(name, **{what: "xyz"[which % 3]}))
    elif what == "taint":
        cache.set_node({**old, "spec": {"taints": [{"key": "a", "effect": "NoSchedule" if which % 2 else "PreferNoSchedule"}]}})
    elif what == "full":
        cache.set_node({**old, "status": {"allocatable": {"cpu": "1", "memory": "1Gi", "pods": "2"}}})
    elif what == "wish":
        spec = {"affinity": {"podAntiAffinity": {PREFERRED: [{"weight": 5, "podAffinityTerm": TERM}]}}}
        cache.add_pod(pod(f"w{which}", spec=spec), name)
    elif what == "lost" and len(cache.nodes) > 2:
        cache.remove_node(name)
    elif what == "come":
        cache.set_node(node(f"m{which}"))
    elif what == "freed":
        cache.nominate(pod(f"f{which}", cpu="3"), name)
    elif what == "gone" and cache.node_of:
        cache.remove_pod(sorted(cache.node_of)[which % len(cache.node_of)])


WHAT = ("images", "topology.kubernetes.io/zone", "rack", "taint", "full", "wish", "lost", "come", "freed", "gone", "gone")
steps = st.lists(st.one_of(*[st.tuples(st.just("pod"), st.sampled_from(range(len(SORTS)))) for _ in range(4)],
                           st.tuples(st.sampled_from(WHAT), st.integers(0, 9))), min_size=8, max_size=24)  # fmt: skip


def play(happened):
    """How often what is known of the Pods before was enough."""
    cache, start, hits = cluster(5), 0, 0
    for number, (what, which) in enumerate(happened):
        if what != "pod":
            changed(cache, what, which)
            continue
        info, anew = pod(number, **SORTS[which]), rebuilt(cache)
        anew.nominated = cache.nominated
        hits += outlook.outlook_for(Cycle(info, cache, LISTERS), (plugins(), plugins())) is not None
        decision, asked = choice(cache, info, start)
        assert (decision, asked) == choice(anew, info, start)
        start = decision.next_start
        if decision.node:
            cache.add_pod(info, decision.node)
    return hits


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_it_decides_as_if_nothing_were_known(happened):
    play(happened)


def test_pods_of_a_sort_share_an_outlook_and_others_do_not():
    assert play([("pod", 0)] * 12) == 11
    assert play([("pod", sort) for sort in range(len(SORTS))]) == 0
    assert play([("pod", 1), ("pod", 2)] * 3) == 4  # templates that differ in labels take turns


@pytest.mark.parametrize("what", ["topology.kubernetes.io/zone", "rack", "wish", "lost", "come", "freed"])
def test_what_changes_more_than_room_ends_it(what):
    assert play([("pod", 0), ("pod", 0), (what, 1), ("pod", 0)]) == 1


@pytest.mark.parametrize("what", ["images", "taint", "full", "gone"])
def test_room_taints_and_images_are_looked_at_each_time(what):
    assert play([("pod", 0), ("pod", 0), *[(what, place) for place in range(5)], ("pod", 0), ("pod", 0)]) == 3


def test_few_are_kept(monkeypatch):
    monkeypatch.setattr(outlook, "OUTLOOKS", 2)
    monkeypatch.setattr(outlook, "RANKINGS", 2)
    cache = cluster(4)
    for number in range(20):
        decision, _ = choice(cache, pod(number, cpu=f"{1 + number % 3}00m"), number)
        cache.add_pod(pod(number, cpu=f"{1 + number % 3}00m"), decision.node)
        assert len(cache.outlooks) <= 2 and all(len(each.best) <= 2 for each in cache.outlooks.values())


def test_a_service_that_comes_to_select_pods_is_heard_of():
    bench = Bench()
    bench.engine.trace.on = False
    for name in ("n1", "n2", "n3"):
        bench.node(name)
    for number in range(3):
        bench.pod(f"p{number}", labels={"app": "web"})
        bench.run(2_000)
    assert len(bench.scheduler.cache.outlooks) == 1
    body = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    bench.send("POST", "/api/v1/namespaces/default/services", body)
    bench.run(2_000)
    assert not bench.scheduler.cache.outlooks
    bench.pod("p3", labels={"app": "web"})
    bench.run(2_000)
    (found,) = bench.scheduler.cache.outlooks.values()
    bench.patch("/api/v1/namespaces/default/services/web", {"metadata": {"labels": {"a": "b"}}})
    bench.run(2_000)
    assert [*bench.scheduler.cache.outlooks.values()] == [found]


def test_a_namespace_that_comes_to_be_shunned_is_heard_of():
    bench = Bench()
    bench.engine.trace.on = False
    for name in ("n1", "n2", "n3"):
        bench.node(name)
    bench.send("POST", "/api/v1/namespaces", {"metadata": {"name": "other"}})
    bench.send("POST", "/api/v1/namespaces/other/serviceaccounts", {"metadata": {"name": "default"}})
    term = {**TERM, "namespaceSelector": {"matchLabels": {"team": "a"}}}
    bench.pod("guard", nodeName="n1", affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})

    def place(number):
        body = {"metadata": {"name": f"p{number}", "labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "a:1"}]}}
        bench.send("POST", "/api/v1/namespaces/other/pods", body)
        bench.run(2_000)
        return bench.send("GET", f"/api/v1/namespaces/other/pods/p{number}")["spec"]["nodeName"]

    assert "n1" in [place(number) for number in range(6)] and bench.scheduler.cache.outlooks
    bench.patch("/api/v1/namespaces/other", {"metadata": {"labels": {"team": "a"}}})
    bench.run(2_000)
    assert {place(number) for number in range(6, 12)} == {"n2", "n3"}
