"""Each plugin's rule by itself, a row a case; the figures of scores are those of upstream's own tests.

Source: kubernetes pkg/scheduler/framework/plugins/*/*_test.go (inputs and figures).
"""

from __future__ import annotations

import pytest

from cluster.scheduler.cache import Cache
from cluster.scheduler.cycle import decide
from cluster.scheduler.framework import Cycle, Listers
from cluster.scheduler.plugins import (
    image_locality,
    node_affinity,
    node_name,
    node_ports,
    node_resources_balanced_allocation,
    node_resources_fit,
    node_unschedulable,
    node_volume_limits,
    pod_topology_spread,
    taint_toleration,
    volume_restrictions,
    volume_zone,
)
from cluster.scheduler.pods import PodInfo
from cluster.scheduler.scoring import run_scores

MIB = 1 << 20
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
REQUIRED, PREFERRED = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
SOFT = "PreferNoSchedule"


def node(name="n", *, labels=None, taints=(), images=(), closed=False, **offered):
    offered = {"pods": "110", **{{"gpu": "example.com/gpu", "storage": "ephemeral-storage"}.get(key, key): value for key, value in offered.items()}}
    status = {"allocatable": offered, "images": [{"names": list(names), "sizeBytes": size} for names, size in images]}
    return {"metadata": {"name": name, "labels": labels or {}}, "spec": {"taints": list(taints), "unschedulable": closed}, "status": status}


def pod(name="p", *asked, labels=None, **spec):
    """A Pod; asked: the requests of its containers, each (cpu, memory) or a dict."""
    asked = [each if isinstance(each, dict) else dict(zip(("cpu", "memory"), each, strict=False)) for each in asked]
    containers = [{"name": "c", "resources": {"requests": each}} for each in asked] or [{"name": "c"}]
    body = {"containers": containers, **spec}
    return PodInfo({"metadata": {"name": name, "namespace": "default", "uid": name, "labels": labels or {}}, "spec": body})


def cycle(info, nodes, placed=(), objects=()):
    """An attempt; placed: (node's name, Pod); objects: {(resource, key): object} that listers know."""
    cache, known = Cache(), dict(objects)
    for each in nodes:
        cache.set_node(each)
    for name, other in placed:
        cache.add_pod(other, name)
    return Cycle(info, cache, Listers(lambda resource, key: known.get((resource, key)), lambda resource, namespace: []))


def verdicts(plugin, *about, **more):
    """{node: reasons} of the nodes that are turned down."""
    attempt = cycle(*about, **more)
    decision = decide(attempt, (plugin.PLUGIN,), start=0, choose=lambda count: 0)
    looked_at = {each.node: each.rejection.reasons if each.rejection else None for each in decision.verdicts}
    absent = decision.absent.reasons if decision.absent else ()
    found = {each.name: looked_at.get(each.name, absent) for each in attempt.cache.nodes}
    return {name: reasons for name, reasons in found.items() if reasons is not None}


def points(plugin, *about, **more):
    """Each node's score, normalised, before it is weighed."""
    attempt = cycle(*about, **more)
    columns = run_scores(attempt, (plugin.PLUGIN,), list(range(len(attempt.cache.nodes)))).spread_out().columns
    return columns[0].normalized if columns else "skipped"


# -- NodeName, NodeUnschedulable, NodePorts -------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "turned_down"), [("", []), ("a", ["b"]), ("elsewhere", ["a", "b"])])
def test_a_pod_that_names_its_node_fits_no_other(wanted, turned_down):
    """Source: nodename/node_name.go."""
    found = verdicts(node_name, pod(nodeName=wanted) if wanted else pod(), [node("a"), node("b")])
    assert found == dict.fromkeys(turned_down, ("node(s) didn't match the requested node name",))


@pytest.mark.parametrize(("tolerations", "fits"), [
    ([], False),
    ([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}], True),
    ([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}], True),
    ([{"operator": "Exists"}], True),
    ([{"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoExecute"}], False),
    ([{"key": "other", "operator": "Exists"}], False),
])
def test_a_cordoned_node_takes_only_who_tolerates_its_taint(tolerations, fits):
    """Source: nodeunschedulable/node_unschedulable.go."""
    found = verdicts(node_unschedulable, pod(tolerations=tolerations), [node("a", closed=True)])
    assert found == ({} if fits else {"a": ("node(s) were unschedulable",)})


def with_ports(name, *ports):
    return pod(name, containers=[{"name": "c", "ports": [
        dict(zip(("protocol", "hostIP", "hostPort", "containerPort"), (protocol, address, port, port), strict=True))
        for protocol, address, port in ports]}])


@pytest.mark.parametrize(("wanted", "used", "fits"), [
    ([("UDP", "127.0.0.1", 8080)], [("UDP", "127.0.0.1", 9090)], True),
    ([("UDP", "127.0.0.1", 8080)], [("UDP", "127.0.0.1", 8080)], False),
    ([("TCP", "127.0.0.1", 8080)], [("TCP", "127.0.0.1", 8080)], False),
    ([("TCP", "127.0.0.1", 8080)], [("TCP", "127.0.0.2", 8080)], True),
    ([("UDP", "127.0.0.1", 8080)], [("TCP", "127.0.0.1", 8080)], True),
    ([("UDP", "127.0.0.1", 8000), ("UDP", "127.0.0.1", 8080)], [("UDP", "127.0.0.1", 8080)], False),
    ([("TCP", "127.0.0.1", 8001), ("UDP", "127.0.0.1", 8080)], [("TCP", "127.0.0.1", 8001), ("UDP", "127.0.0.1", 8081)], False),
    ([("TCP", "0.0.0.0", 8001)], [("TCP", "127.0.0.1", 8001)], False),
    ([("TCP", "10.0.10.10", 8001), ("TCP", "0.0.0.0", 8001)], [("TCP", "127.0.0.1", 8001)], False),
    ([("TCP", "127.0.0.1", 8001)], [("TCP", "0.0.0.0", 8001)], False),
    ([("UDP", "127.0.0.1", 8001)], [("TCP", "0.0.0.0", 8001)], True),
])
def test_a_port_of_a_node_is_had_once_by_protocol_and_address(wanted, used, fits):
    """Source: nodeports/node_ports.go."""
    found = verdicts(node_ports, with_ports("p", *wanted), [node("a")], [("a", with_ports("q", *used))])
    assert found == ({} if fits else {"a": ("node(s) didn't have free ports for the requested pod ports",)})


# -- TaintToleration ------------------------------------------------------------------------------------------------------

FOO = {"key": "foo", "value": "bar", "effect": "NoSchedule"}


@pytest.mark.parametrize(("taints", "tolerations", "fits"), [
    ([], [], True),
    ([FOO], [], False),
    ([FOO], [{"key": "foo", "operator": "Equal", "value": "bar", "effect": "NoSchedule"}], True),
    ([FOO], [{"key": "foo", "value": "bar", "effect": "NoSchedule"}], True),
    ([FOO], [{"key": "foo", "value": "other", "effect": "NoSchedule"}], False),
    ([FOO], [{"key": "foo", "operator": "Exists", "effect": "NoSchedule"}], True),
    ([FOO], [{"key": "foo", "value": "bar", "effect": "NoExecute"}], False),
    ([FOO], [{"operator": "Exists"}], True),
    ([FOO, {**FOO, "key": "second"}], [{"key": "foo", "operator": "Exists"}], False),
    ([{**FOO, "effect": "NoExecute"}], [{"key": "foo", "operator": "Exists", "tolerationSeconds": 1}], True),
    ([{**FOO, "effect": SOFT}], [], True),
])
def test_taints_turn_away_who_does_not_tolerate_each(taints, tolerations, fits):
    """Source: tainttoleration/taint_toleration.go."""
    found = verdicts(taint_toleration, pod(tolerations=tolerations), [node("a", taints=taints)])
    assert found == ({} if fits else {"a": ("node(s) had untolerated taint(s)",)})


def soft(key, value="", effect=SOFT):
    return {"key": key, "value": value, "effect": effect}


@pytest.mark.parametrize(("tolerations", "taints", "wanted"), [
    ([soft("foo", "bar")], [[soft("foo", "bar")], [soft("foo", "blah")]], [100, 0]),
    ([soft("cpu", "arm"), soft("disk", "ssd")], [[], [soft("cpu", "arm")], [soft("cpu", "arm"), soft("disk", "ssd")]], [100, 100, 100]),
    ([soft("foo", "bar")], [[], [soft("cpu", "arm")], [soft("cpu", "arm"), soft("disk", "ssd")]], [100, 50, 0]),
    ([soft("cpu", "arm", "NoSchedule"), soft("disk", "ssd", "NoSchedule")],
     [[], [soft("cpu", "arm", "NoSchedule")], [soft("cpu", "arm"), soft("disk", "ssd")]], [100, 100, 0]),
    ([], [[], [soft("cpu", "arm")]], [100, 0]),
])
def test_taints_that_only_ask_cost_points_where_they_are_not_tolerated(tolerations, taints, wanted):
    """Source: tainttoleration/taint_toleration_test.go."""
    assert points(taint_toleration, pod(tolerations=tolerations), [node(f"n{at}", taints=each) for at, each in enumerate(taints)]) == wanted


# -- NodeAffinity ---------------------------------------------------------------------------------------------------------


def expression(key, operator, *values):
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def required(*terms):
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}}


def labelled(*expressions):
    return {"matchExpressions": list(expressions)}


@pytest.mark.parametrize(("spec", "fits"), [
    ({}, True),
    ({"nodeSelector": {"foo": "bar"}}, True),
    ({"nodeSelector": {"foo": "bar", "baz": "x"}}, False),
    (required(labelled(expression("foo", "In", "bar", "value2"))), True),
    (required(labelled(expression("foo", "In", "value1"))), False),
    (required(labelled(expression("foo", "NotIn", "value1"))), True),
    (required(labelled(expression("none", "NotIn", "value1"))), True),
    (required(labelled(expression("foo", "Exists"))), True),
    (required(labelled(expression("foo", "DoesNotExist"))), False),
    (required(labelled(expression("kernel", "Gt", "0204"))), True),
    (required(labelled(expression("kernel", "Lt", "206"))), False),
    (required(labelled(expression("foo", "Gt", "1"))), False),
    (required(labelled(expression("foo", "Exists"), expression("kernel", "In", "1"))), False),
    (required(labelled(expression("foo", "In", "x")), labelled(expression("kernel", "Exists"))), True),
    (required({}), False),
    (required(), False),
    (required({"matchFields": [expression("metadata.name", "In", "a")]}), True),
    (required({"matchFields": [expression("metadata.name", "In", "b")]}), False),
    (required({"matchFields": [expression("metadata.name", "NotIn", "b")]}), True),
    (required({"matchFields": [expression("metadata.name", "In", "a")], "matchExpressions": [expression("foo", "In", "x")]}), False),
    ({"nodeSelector": {"foo": "bar"}, **required(labelled(expression("foo", "In", "x")))}, False),
])
def test_what_is_required_of_a_node_is_any_term_and_all_of_it(spec, fits):
    """Source: nodeaffinity/node_affinity.go, component-helpers scheduling/corev1/nodeaffinity."""
    found = verdicts(node_affinity, pod(**spec), [node("a", labels={"foo": "bar", "kernel": "0206"})])
    assert ("a" not in found) == fits


@pytest.mark.parametrize(("preferred", "wanted"), [
    ([(2, "foo", "bar")], [100, 0, 0]),
    ([(2, "foo", "bar"), (4, "key", "value"), (5, "az", "az1")], [18, 36, 100]),
    ([(0, "foo", "bar")], [0, 0, 0]),
])
def test_what_is_preferred_is_worth_its_weights(preferred, wanted):
    """Source: nodeaffinity/node_affinity_test.go (labels foo; key; foo, key and az)."""
    terms = [{"weight": weight, "preference": labelled(expression(key, "In", value))} for weight, key, value in preferred]
    third = {"az": "az1", "foo": "bar", "key": "value"} if len(preferred) > 1 else {}
    nodes = [node("a", labels={"foo": "bar"}), node("b", labels={"key": "value"}), node("c", labels=third)]
    assert points(node_affinity, pod(affinity={"nodeAffinity": {PREFERRED: terms}}), nodes) == wanted


# -- NodeResourcesFit, NodeResourcesBalancedAllocation, ImageLocality -----------------------------------------------------


@pytest.mark.parametrize(("asked", "used", "reasons"), [
    ([], ("10m", "20"), ()),
    ([("1m", "1")], ("10m", "20"), ("Insufficient cpu", "Insufficient memory")),
    ([("1m", "1")], ("5m", "5"), ()),
    ([("2m", "1")], ("9m", "5"), ("Insufficient cpu",)),
    ([("1m", "2")], ("5m", "19"), ("Insufficient memory",)),
    ([("5m", "1")], ("5m", "19"), ()),
    ([{"example.com/gpu": "5"}], ("0", "0"), ()),
    ([{"example.com/gpu": "6"}], ("0", "0"), ("Insufficient example.com/gpu",)),
    ([{"example.com/none": "1"}], ("0", "0"), ("Insufficient example.com/none",)),
    ([{"ephemeral-storage": "21"}], ("0", "0"), ("Insufficient ephemeral-storage",)),
    ([("3m", "1"), ("3m", "1")], ("5m", "5"), ("Insufficient cpu",)),
])
def test_what_is_asked_for_must_be_free(asked, used, reasons):
    """Source: noderesources/fit_test.go (a node of 10m, 20 bytes, 32 Pods, 5 of another kind, 20 of storage)."""
    there = node("a", cpu="10m", memory="20", gpu="5", storage="20", pods="32")
    assert verdicts(node_resources_fit, pod("p", *asked), [there], [("a", pod("q", used))]) == ({"a": reasons} if reasons else {})


@pytest.mark.parametrize(("spec", "fits"), [
    ({"initContainers": [{"name": "i", "resources": {"requests": {"cpu": "8m"}}}]}, False),
    ({"initContainers": [{"name": "i", "resources": {"requests": {"cpu": "5m"}}}]}, True),
    ({"initContainers": [{"name": "i", "resources": {"requests": {"cpu": "3m"}}}, {"name": "j", "resources": {"requests": {"cpu": "5m"}}}]}, True),
    ({"initContainers": [{"name": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "5m"}}}]}, False),
    ({"overhead": {"cpu": "5m"}}, False),
    ({"overhead": {"cpu": "4m"}}, True),
])
def test_init_containers_count_by_the_largest_sidecars_and_overhead_on_top(spec, fits):
    """Source: noderesources/fit_test.go, component-helpers resource PodRequests (10m, of which 5m are used and 1m asked for)."""
    asked = pod("p", ("1m", "0"), **spec)
    assert ("a" not in verdicts(node_resources_fit, asked, [node("a", cpu="10m", memory="20")], [("a", pod("q", ("5m", "0")))])) == fits


def test_a_node_takes_as_many_pods_as_it_says():
    found = verdicts(node_resources_fit, pod(), [node("a", cpu="1", memory="1", pods="1")], [("a", pod("q"))])
    assert found == {"a": ("Too many pods",)}


TWICE = [("1", "2000"), ("2", "3000")]  # two containers: 3 cores and 5000 bytes


@pytest.mark.parametrize(("asked", "nodes", "placed", "wanted"), [
    (TWICE, [("4", "10000"), ("6", "10000")], [], [37, 50]),
    (TWICE, [("10", "20000"), ("10", "20000")], [[("3", "0")], [("3", "5000")]], [57, 45]),
    (TWICE, [("10", "20000"), ("10", "50000")], [[("3", "0")], [("3", "5000")]], [57, 60]),
    ([("3", "0")], [("4", "10000"), ("4", "10000")], [[("3", "0")], [("3", "5000")]], [50, 25]),
    ([("3", "4000")], [("6", "10000"), ("6", "10000")], [], [55, 55]),
])
def test_the_emptier_a_node_the_better(asked, nodes, placed, wanted):
    """Source: noderesources/least_allocated_test.go (its cores are thousandths of ours where it asks in whole ones)."""
    there = [(f"n{at}", pod(f"q{at}", *each)) for at, each in enumerate(placed)]
    found = points(node_resources_fit, pod("p", *asked), [node(f"n{at}", cpu=cpu, memory=memory) for at, (cpu, memory) in enumerate(nodes)], there)
    assert found == wanted


@pytest.mark.parametrize(("level", "own", "used", "wanted"), [
    ({"cpu": "2", "memory": "2Gi"}, {"memory": "256Mi"}, {"cpu": "2", "memory": "2Gi"}, [58]),
    (None, {"memory": "256Mi"}, {"cpu": "2", "memory": "2Gi"}, [58]),
    (None, {"memory": "256Mi"}, None, [95]),
])
def test_what_stands_at_pod_level_counts_for_pods_that_are_there_alone(level, own, used, wanted):
    """The first row is what the real scheduler 1.36.3 gave. Source: noderesources/fit.go (getScorer leaves enablePodLevelResources out)."""
    def with_level(info, requests):
        return PodInfo({**info.pod, "spec": {**info.spec, "resources": {"requests": requests}}}) if requests else info
    there = [("n", with_level(pod("q", {"cpu": "300m", "memory": "0"}), used))] if used else []
    assert points(node_resources_fit, with_level(pod("p", own), level), [node("n", cpu="8", memory="4Gi")], there) == wanted


@pytest.mark.parametrize(("asked", "nodes", "placed", "wanted"), [
    ([], [("4", "10000")], [], "skipped"),
    (TWICE, [("4", "10000"), ("6", "10000")], [], [68, 75]),
    (TWICE, [("10", "20000"), ("10", "20000")], [[{"cpu": "3"}], TWICE], [73, 74]),
    (TWICE, [("10", "20000"), ("10", "50000")], [[{"cpu": "3"}], TWICE], [73, 70]),
    ([{"memory": "5000"}], [("3", "5000"), ("3", "5000")], [[{"cpu": "3"}]], [100, 50]),
    ([{"cpu": "3"}], [("6", "10000"), ("6", "10000")], [[{"cpu": "3"}], TWICE], [62, 62]),
])
def test_a_pod_that_evens_out_cpu_and_memory_is_worth_more(asked, nodes, placed, wanted):
    """Source: noderesources/balanced_allocation_test.go."""
    there = [(f"n{at}", pod(f"q{at}", *each)) for at, each in enumerate(placed)]
    made = [node(f"n{at}", cpu=cpu, memory=memory) for at, (cpu, memory) in enumerate(nodes)]
    assert points(node_resources_balanced_allocation, pod("p", *asked), made, there) == wanted


def stocked(at, *sizes):
    """A node with images, each named by its size in MiB."""
    return node(f"n{at}", images=[((f"gcr.io/{size}:latest",), size * MIB) for size in sizes])


def of_images(*sizes, init=(), mounted=()):
    return pod(containers=[{"name": "c", "image": f"gcr.io/{size}"} for size in sizes],
               initContainers=[{"name": "i", "image": f"gcr.io/{size}"} for size in init],
               volumes=[{"name": "v", "image": {"reference": f"gcr.io/{size}"}} for size in mounted])


@pytest.mark.parametrize(("info", "nodes", "wanted"), [
    (of_images(40, 250), [(40, 300, 2000), (250, 10)], [0, 5]),
    (of_images(40, 300), [(40, 300, 2000), (250, 10)], [7, 0]),
    (of_images(4000, 10), [(4000, 30), (250, 10)], [100, 0]),
    (of_images(4000, 10), [(4000, 30), (250, 10), ()], [66, 0, 0]),
    (of_images(300, 600, 900), [(600, 40, 900), (300, 600, 900), ()], [32, 36, 0]),
    (of_images(30, 40), [(20, 30, 40), (4000, 30)], [1, 0]),
    (of_images(30, mounted=[300]), [(300, 600, 900), (4000, 30)], [12, 0]),
    (of_images(30, init=[300]), [(40, 300, 2000), (20, 30, 40)], [6, 0]),
])
def test_images_that_are_there_are_worth_their_size_and_spread(info, nodes, wanted):
    """Source: imagelocality/image_locality_test.go."""
    assert points(image_locality, info, [stocked(at, *sizes) for at, sizes in enumerate(nodes)]) == wanted


# -- PodTopologySpread ----------------------------------------------------------------------------------------------------

ZONED = [node("a1", labels={ZONE: "a", HOST: "a1"}), node("a2", labels={ZONE: "a", HOST: "a2"}),
         node("b1", labels={ZONE: "b", HOST: "b1"}), node("b2", labels={ZONE: "b", HOST: "b2"})]


def spread(key=ZONE, skew=1, when="DoNotSchedule", **more):
    return {"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": when, "labelSelector": {"matchLabels": {"foo": "x"}}, **more}


def foos(*names):
    return [(name, pod(f"q{at}", labels={"foo": "x"})) for at, name in enumerate(names)]


@pytest.mark.parametrize(("constraints", "placed", "fits"), [
    ([spread()], [], ["a1", "a2", "b1", "b2"]),
    ([spread()], ["a1", "a2", "b1"], ["b1", "b2"]),
    ([spread(skew=2)], ["a1", "a2", "b1"], ["a1", "a2", "b1", "b2"]),
    ([spread(HOST)], ["a1", "a1", "a2", "b1", "b1", "b1"], ["b2"]),
    ([spread(HOST, 2)], ["a1", "a1", "a2", "b1", "b1", "b1"], ["a2", "b2"]),
    ([spread(), spread(HOST)], ["a1", "a2", "a2", "b1"], ["b2"]),
    ([spread("none")], [], []),
    ([spread(minDomains=3)], ["a1", "b1"], []),
    ([spread(minDomains=2)], ["a1", "b1"], ["a1", "a2", "b1", "b2"]),
    ([spread(when="ScheduleAnyway")], ["a1", "a2"], ["a1", "a2", "b1", "b2"]),
])
def test_matching_pods_are_spread_within_the_skew(constraints, placed, fits):
    """Source: podtopologyspread/filtering.go, filtering_test.go."""
    found = verdicts(pod_topology_spread, pod(labels={"foo": "x"}, topologySpreadConstraints=constraints), ZONED, foos(*placed))
    assert sorted({"a1", "a2", "b1", "b2"} - set(found)) == fits


@pytest.mark.parametrize(("policy", "fits"), [
    ({"nodeAffinityPolicy": "Honor"}, ["a1"]), ({"nodeAffinityPolicy": "Ignore"}, []), ({}, ["a1"]),
])
def test_nodes_that_a_pod_may_not_have_count_or_not_as_the_policy_says(policy, fits):
    """Source: podtopologyspread/common.go matchNodeInclusionPolicies. The Pod may have a1 alone, and one like it is there; b1 is empty."""
    info = pod(labels={"foo": "x"}, topologySpreadConstraints=[spread(HOST, **policy)], nodeSelector={HOST: "a1"})
    found = verdicts(pod_topology_spread, info, [ZONED[0], ZONED[2]], foos("a1"))
    assert sorted({"a1"} - set(found)) == fits


@pytest.mark.parametrize(("keys", "fits"), [(None, ["b1"]), (["rev"], ["a1", "b1"])])
def test_match_label_keys_count_only_pods_of_the_same_value(keys, fits):
    """Source: podtopologyspread/common.go (matchLabelKeys): the Pod that is there is of another revision."""
    info = pod(labels={"foo": "x", "rev": "2"}, topologySpreadConstraints=[spread(HOST, **({"matchLabelKeys": keys} if keys else {}))])
    found = verdicts(pod_topology_spread, info, [ZONED[0], ZONED[2]], [("a1", pod("q", labels={"foo": "x", "rev": "1"}))])
    assert sorted({"a1", "b1"} - set(found)) == fits


# -- volumes --------------------------------------------------------------------------------------------------------------


def claim(name, volume="", *modes):
    return ("persistentvolumeclaims", f"default/{name}"), {"metadata": {"name": name}, "spec": {"volumeName": volume, "accessModes": list(modes)}}


def using(name, *claims):
    return pod(name, volumes=[{"name": each, "persistentVolumeClaim": {"claimName": each}} for each in claims])


@pytest.mark.parametrize(("labels", "fits"), [
    ({}, True), ({ZONE: "a"}, True), ({ZONE: "b"}, False), ({ZONE: "b__a"}, True), ({"topology.kubernetes.io/region": "r"}, False),
])
def test_a_volume_of_a_zone_keeps_its_pod_there(labels, fits):
    """Source: volumezone/volume_zone.go."""
    objects = [claim("c", "v"), (("persistentvolumes", "v"), {"metadata": {"name": "v", "labels": labels}, "spec": {}})]
    assert ("n" not in verdicts(volume_zone, using("p", "c"), [node(labels={ZONE: "a"})], objects=objects)) == fits


@pytest.mark.parametrize(("limit", "there", "fits"), [
    (2, ["x", "y"], False), (3, ["x", "y"], True), (2, ["x", "same"], True), (None, ["x", "y"], True),
])
def test_a_node_takes_no_more_volumes_of_a_driver_than_it_says(limit, there, fits):
    """Source: nodevolumelimits/csi.go; the Pod's volume is `same`."""
    allocatable = {"allocatable": {"count": limit}} if limit is not None else {}
    objects = [(("csinodes", "n"), {"spec": {"drivers": [{"name": "d", **allocatable}]}})]
    for name in {"same": 1, **dict.fromkeys(there)}:
        objects += [claim(name, name), (("persistentvolumes", name), {"spec": {"csi": {"driver": "d", "volumeHandle": name}}})]
    found = verdicts(node_volume_limits, using("p", "same"), [node()], [("n", using("q", *there))], objects)
    assert found == ({} if fits else {"n": ("node(s) exceed max volume count",)})


@pytest.mark.parametrize(("mode", "fits"), [("ReadWriteOncePod", False), ("ReadWriteOnce", True)])
def test_a_claim_for_one_pod_alone_is_used_by_no_second(mode, fits):
    """Source: volumerestrictions/volume_restrictions.go."""
    found = verdicts(volume_restrictions, using("p", "c"), [node()], [("n", using("q", "c"))], [claim("c", "v", mode)])
    assert ("n" not in found) == fits
