"""InterPodAffinity: what is near, what is too near, and what is preferred; beside the recorded decisions.

Source: pkg/scheduler/framework/plugins/interpodaffinity/{filtering,scoring,plugin}_test.go.
"""

import pytest

from cluster.scheduler.cache import Cache
from cluster.scheduler.cycle import decide, put, take_away
from cluster.scheduler.framework import Cycle, Listers
from cluster.scheduler.plugins.inter_pod_affinity import PLUGIN, after_node_change, after_pod_change
from cluster.scheduler.pods import PodInfo

ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
REQUIRED, PREFERRED = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
NAMESPACES = {"default": {}, "team-a": {"team": "a"}, "team-b": {"team": "b"}}


def term(app="db", key=HOST, **more):
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}, **more}


def pod(name, app="web", *, namespace="default", near=(), away=(), prefers=(), avoids=(), node=""):
    affinity = {
        "podAffinity": {REQUIRED: list(near), PREFERRED: [{"weight": weight, "podAffinityTerm": one} for weight, one in prefers]},
        "podAntiAffinity": {REQUIRED: list(away), PREFERRED: [{"weight": weight, "podAffinityTerm": one} for weight, one in avoids]},
    }
    spec = {"containers": [], "affinity": affinity, **({"nodeName": node} if node else {})}
    return PodInfo({"metadata": {"name": name, "namespace": namespace, "uid": name, "labels": {"app": app}}, "spec": spec})


def cluster(*there):
    """Three nodes, two zones: n1 and n2 in a, n3 in b; `there`: (node, Pod)."""
    cache = Cache()
    for name, zone in (("n1", "a"), ("n2", "a"), ("n3", "b")):
        offered = {"cpu": "4", "memory": "8Gi", "pods": "10"}
        cache.set_node({"metadata": {"name": name, "labels": {HOST: name, ZONE: zone}}, "status": {"allocatable": offered}})
    for node, info in there:
        cache.add_pod(info, node)
    return cache


def namespaces(resource, key):
    return {"metadata": {"name": key, "labels": NAMESPACES[key]}} if key in NAMESPACES else None


def cycle(cache, info):
    every = [{"metadata": {"name": name, "labels": labels}} for name, labels in NAMESPACES.items()]
    return Cycle(info, cache, Listers(namespaces, lambda resource, namespace: every))


def fitting(cache, info):
    decision = decide(cycle(cache, info), (PLUGIN,), start=0, choose=lambda count: 0)
    return sorted(verdict.node for verdict in decision.verdicts if verdict.rejection is None)


def points(cache, info):
    decision = decide(cycle(cache, info), (PLUGIN,), start=0, choose=lambda count: 0)
    return dict(zip(decision.scores.nodes, decision.scores.totals, strict=True))


DB = pod("db", "db")


@pytest.mark.parametrize(
    ("info", "nodes"),
    [
        (pod("p", near=[term()]), ["n2"]),
        (pod("p", near=[term(key=ZONE)]), ["n1", "n2"]),
        (pod("p", near=[term(key="rack")]), []),
        (pod("p", away=[term()]), ["n1", "n3"]),
        (pod("p", away=[term(key=ZONE)]), ["n3"]),
        (pod("p", away=[term(key="rack")]), ["n1", "n2", "n3"]),
        (pod("p", near=[term("nobody")]), []),
        (pod("p", near=[term("web")]), ["n1", "n2", "n3"]),
        (pod("p", near=[term(), term(key=ZONE)]), ["n2"]),
        (pod("p", near=[term(), term("cache")]), []),
        (pod("p", near=[{"topologyKey": HOST}]), []),
    ],
)
def test_required_terms_decide_where_a_pod_fits(info, nodes):
    assert fitting(cluster(("n2", DB)), info) == nodes


@pytest.mark.parametrize(
    ("about", "nodes"),
    [
        ({}, []),
        ({"namespaces": ["team-a"]}, ["n1"]),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}}, ["n1"]),
        ({"namespaceSelector": {}}, ["n1", "n3"]),
        ({"namespaceSelector": {"matchLabels": {"team": "c"}}}, []),
        ({"namespaces": ["team-b"], "namespaceSelector": {"matchLabels": {"team": "a"}}}, ["n1", "n3"]),
    ],
)
def test_terms_name_namespaces_or_select_them_by_label(about, nodes):
    there = cluster(("n1", pod("a", "db", namespace="team-a")), ("n3", pod("b", "db", namespace="team-b")))
    assert fitting(there, pod("p", near=[term(**about)])) == nodes


def test_pods_that_are_there_keep_others_away_too():
    there = cluster(("n1", pod("lone", "lone", away=[term("web", ZONE)])))
    assert fitting(there, pod("p")) == ["n3"]
    there.remove_pod("default/lone")
    assert fitting(there, pod("p")) == ["n1", "n2", "n3"] and there.shunned == {}


def test_a_term_of_a_pod_that_is_there_selects_namespaces_by_label():
    about = {"namespaceSelector": {"matchLabels": {"team": "a"}}}
    there = cluster(("n1", pod("lone", away=[term("web", **about)])))
    assert fitting(there, pod("p", namespace="team-a")) == ["n2", "n3"]
    assert fitting(there, pod("p", namespace="team-b")) == ["n1", "n2", "n3"]


@pytest.mark.parametrize(
    ("info", "wanted"),
    [
        (pod("p", prefers=[(10, term())]), {"n1": 0, "n2": 200, "n3": 0}),
        (pod("p", prefers=[(10, term()), (5, term(key=ZONE))]), {"n1": 66, "n2": 200, "n3": 0}),
        (pod("p", avoids=[(10, term(key=ZONE))]), {"n1": 0, "n2": 0, "n3": 200}),
        (pod("p", prefers=[(10, term("nobody"))]), {"n1": 0, "n2": 0, "n3": 0}),
    ],
)
def test_preferred_terms_are_points(info, wanted):
    assert {name: points(cluster(("n2", DB)), info).get(name, 0) for name in wanted} == wanted


def test_what_pods_that_are_there_prefer_counts_as_well_and_what_they_require_is_one_point():
    assert points(cluster(("n1", pod("a", prefers=[(3, term("web"))])), ("n3", pod("b", near=[term("web")]))), pod("p")) == {
        "n1": 200, "n2": 0, "n3": 66,
    }
    assert points(cluster(("n1", pod("a", avoids=[(3, term("web", ZONE))]))), pod("p")) == {"n1": 0, "n2": 0, "n3": 200}


def test_a_trial_sees_pods_come_and_go_and_leaves_the_attempt_as_it_was():
    there = cluster(("n2", DB))
    attempt = cycle(there, pod("p", near=[term()], away=[term("web")]))
    decide(attempt, (PLUGIN,), start=0, choose=lambda count: 0)
    trial, node = attempt.fork(), there.by_name["n2"].copy()
    take_away(trial, node.pods["default/db"], node)
    assert PLUGIN.filter(trial, node) is not None and PLUGIN.filter(attempt, there.by_name["n2"]) is None
    put(trial, DB, node)
    assert PLUGIN.filter(trial, node) is None
    put(trial, pod("other", away=[term("web")]), node)
    assert PLUGIN.filter(trial, node) is not None


@pytest.mark.parametrize(
    ("waiting", "old", "new", "helps"),
    [
        (pod("p", near=[term()]), None, pod("a", "db", node="n1"), True),
        (pod("p", near=[term()]), None, pod("a", "db"), False),
        (pod("p", near=[term()]), None, pod("a", "web", node="n1"), False),
        (pod("p", near=[term()]), pod("a", "web", node="n1"), pod("a", "db", node="n1"), True),
        (pod("p", away=[term()]), pod("a", "db", node="n1"), pod("a", "web", node="n1"), True),
        (pod("p", away=[term()]), pod("a", "db", node="n1"), None, True),
        (pod("p"), pod("a", "db", away=[term("web")], node="n1"), None, True),
        (pod("p"), pod("a", "db", node="n1"), None, False),
        (pod("p"), pod("p", "other"), pod("p"), True),
    ],
)
def test_a_waiting_pod_is_tried_again_when_a_pods_change_may_help(waiting, old, new, helps):
    assert after_pod_change(waiting, old, new) is helps


@pytest.mark.parametrize(
    ("waiting", "old", "new", "helps"),
    [
        (pod("p", near=[term(key=ZONE)]), None, {ZONE: "a"}, True),
        (pod("p", near=[term(key=ZONE)]), None, {}, False),
        (pod("p", near=[term(key=ZONE)]), {ZONE: "a"}, {ZONE: "b"}, True),
        (pod("p", near=[term(key=ZONE)]), {ZONE: "a"}, {}, False),
        (pod("p", away=[term(key=ZONE)]), None, {}, True),
        (pod("p", away=[term(key=ZONE)]), {ZONE: "a"}, {}, True),
        (pod("p", away=[term(key=ZONE)]), {}, {ZONE: "a"}, False),
    ],
)
def test_a_waiting_pod_is_tried_again_when_a_nodes_labels_may_help(waiting, old, new, helps):
    nodes = [None if labels is None else {"metadata": {"name": "n", "labels": labels}} for labels in (old, new)]
    assert after_node_change(waiting, *nodes) is helps
