"""Random clusters and Pods: the nodes that pass are those of an independent model, and what is placed breaks no rule."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.scheduler.cache import Cache
from cluster.scheduler.cycle import decide
from cluster.scheduler.framework import Cycle, Listers, plugins
from cluster.scheduler.pods import PodInfo
from tests.scheduler import model

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
KEYS, APPS, NAMESPACES = (HOST, ZONE, "rack"), ("web", "db"), ("default", "other")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
LISTERS = Listers(lambda resource, key: None, lambda resource, namespace: [])
taints = st.lists(
    st.builds(lambda key, effect: {"key": key, "value": "1", "effect": effect}, st.sampled_from("ab"),
              st.sampled_from(("NoSchedule", "NoExecute", "PreferNoSchedule"))), max_size=2)
tolerations = st.lists(
    st.one_of(st.builds(lambda key: {"key": key, "operator": "Exists"}, st.sampled_from("ab")),
              st.builds(lambda key, value: {"key": key, "value": value}, st.sampled_from("ab"), st.sampled_from("12"))), max_size=2)
pod_terms = st.lists(
    st.builds(lambda key, app, where: {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}},
                                       **({"namespaces": where} if where else {})},
              st.sampled_from(KEYS), st.sampled_from(APPS), st.lists(st.sampled_from(NAMESPACES), max_size=2, unique=True)), max_size=2)
spreads = st.lists(
    st.builds(lambda key, app, skew: {"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule",
                                      "labelSelector": {"matchLabels": {"app": app}}},
              st.sampled_from(KEYS), st.sampled_from(APPS), st.integers(1, 2)), max_size=2, unique_by=lambda one: one["topologyKey"])
node_terms = st.lists(
    st.builds(lambda key, operator, values: {"key": key, "operator": operator, "values": values if operator.endswith("In") else []},
              st.sampled_from((ZONE, "rack", "none")), st.sampled_from(("In", "NotIn", "Exists", "DoesNotExist")),
              st.lists(st.sampled_from("xyz"), min_size=1, max_size=2)), min_size=1, max_size=2)


@st.composite
def nodes(draw, index):
    name, found = f"n{index}", {}
    if draw(st.booleans()) or index == 0:
        found[HOST] = name
    for key in (ZONE, "rack"):
        if draw(st.booleans()):
            found[key] = draw(st.sampled_from("xyz"))
    offered = {"cpu": f"{draw(st.integers(1, 8)) * 250}m", "memory": f"{draw(st.integers(1, 8)) * 128}Mi", "pods": str(draw(st.integers(1, 6)))}
    return {"metadata": {"name": name, "labels": found}, "spec": {"unschedulable": draw(st.integers(0, 9)) == 0, "taints": draw(taints)},
            "status": {"allocatable": offered}}


@st.composite
def pods(draw, index):
    asked = {}
    if draw(st.booleans()):
        asked["cpu"] = f"{draw(st.integers(1, 4)) * 125}m"
    if draw(st.booleans()):
        asked["memory"] = f"{draw(st.integers(1, 4)) * 64}Mi"
    container = {"name": "c", "resources": {"requests": asked}}
    if draw(st.integers(0, 4)) == 0:
        container["ports"] = [{"containerPort": 80, "hostPort": draw(st.sampled_from((80, 81)))}]
    spec = {"containers": [container], "tolerations": draw(tolerations)}
    affinity = {kind: {REQUIRED: draw(pod_terms)} for kind in ("podAffinity", "podAntiAffinity") if draw(st.integers(0, 2)) == 0}
    if draw(st.integers(0, 3)) == 0:
        affinity["nodeAffinity"] = {REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": draw(node_terms)}]}}
    if affinity:
        spec["affinity"] = affinity
    if draw(st.integers(0, 2)) == 0:
        spec["topologySpreadConstraints"] = draw(spreads)
    meta = {"name": f"p{index}", "namespace": draw(st.sampled_from(NAMESPACES)), "uid": f"p{index}", "labels": {"app": draw(st.sampled_from(APPS))}}
    return {"metadata": meta, "spec": spec}


clusters = st.tuples(st.integers(1, 5).flatmap(lambda count: st.tuples(*(nodes(index) for index in range(count)))),
                     st.integers(1, 8).flatmap(lambda count: st.tuples(*(pods(index) for index in range(count)))))


def place_all(found):
    """Place one Pod after another, as the scheduler would; before each, both must see the same nodes fit."""
    there, waiting = found
    cache, placed = Cache(), []
    for node in there:
        cache.set_node(node)
    for index, pod in enumerate(waiting):
        info = PodInfo(pod)
        decision = decide(Cycle(info, cache, LISTERS), plugins(), start=0, choose=lambda count, index=index: index % count)
        passed = sorted(verdict.node for verdict in decision.verdicts if verdict.rejection is None)
        assert passed == model.feasible(there, placed, pod)
        if decision.node:
            assert decision.node in passed
            cache.add_pod(info, decision.node)
            placed.append((decision.node, pod))


@pytest.mark.slow
@settings(max_examples=600, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(clusters)
def test_the_nodes_that_pass_are_those_of_the_model(found):
    place_all(found)
