"""A DaemonSet's rules one by one: which nodes, which Pods first, how many at a time, how long to wait."""

from __future__ import annotations

import pytest

from cluster.controllers import _daemonset_nodes as nodes
from cluster.controllers._daemonset_rollout import Rollout, limits, pair, surge
from cluster.controllers._daemonset_update import wire
from cluster.controllers._failed_pods import FailedPods

NOW = 1_000_000_000


def daemon_set(*, pod=None, wait_s=0, strategy="RollingUpdate", **rolling):
    spec = {"template": {"metadata": {}, "spec": {"containers": [], **(pod or {})}}, "minReadySeconds": wait_s,
            "updateStrategy": {"type": strategy, **({"rollingUpdate": rolling} if rolling else {})}}
    return {"metadata": {"name": "d", "annotations": {nodes.GENERATION: "2"}}, "spec": spec}


def node(*taints, name="n", **labels):
    return {"metadata": {"name": name, "labels": labels}, "spec": {"taints": [{"key": key, "effect": effect} for key, effect in taints]}}


def required(**term):
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}}


IN_A = {"key": "zone", "operator": "In", "values": ["a"]}


@pytest.mark.parametrize(("pod", "on", "verdict"), [
    ({}, node(), (True, True)),
    ({"nodeName": "n"}, node(), (True, True)),
    ({"nodeName": "other"}, node(), (False, False)),
    ({"nodeSelector": {"zone": "a"}}, node(zone="a"), (True, True)),
    ({"nodeSelector": {"zone": "a"}}, node(zone="b"), (False, False)),
    (required(matchExpressions=[IN_A]), node(zone="a"), (True, True)),
    (required(matchExpressions=[IN_A]), node(), (False, False)),
    (required(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["n"]}]), node(), (True, True)),
    (required(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["m"]}]), node(), (False, False)),
    ({}, node(("dedicated", "NoSchedule")), (False, True)),
    ({}, node(("dedicated", "NoExecute")), (False, False)),
    ({}, node(("dedicated", "PreferNoSchedule")), (True, True)),
    ({"tolerations": [{"operator": "Exists"}]}, node(("dedicated", "NoExecute")), (True, True)),
    ({"tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}]}, node(("dedicated", "NoExecute")), (False, False)),
    ({}, node(("node.kubernetes.io/unreachable", "NoExecute")), (True, True)),
    ({}, node(("node.kubernetes.io/unreachable", "NoSchedule")), (False, True)),
    ({}, node(("node.kubernetes.io/unschedulable", "NoSchedule")), (True, True)),
    ({}, node(("node.kubernetes.io/network-unavailable", "NoSchedule")), (False, True)),
    ({"hostNetwork": True}, node(("node.kubernetes.io/network-unavailable", "NoSchedule")), (True, True)),
])
def test_labels_and_taints_decide_where_a_pod_should_run_and_where_it_may_stay(pod, on, verdict):
    """Source: NodeShouldRunDaemonPod."""
    assert nodes.Demands(daemon_set(pod=pod)).judge(on) == verdict


def test_an_own_toleration_of_the_same_sort_is_replaced_in_its_place():
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    found = nodes.tolerations({"tolerations": [own, {"key": "x", "operator": "Exists"}]})
    assert found[0] == {key: value for key, value in own.items() if key != "tolerationSeconds"} and found[1]["key"] == "x" and len(found) == 7


@pytest.mark.parametrize(("affinity", "kept"), [
    (None, {}), ({"podAffinity": {"x": 1}}, {"podAffinity": {"x": 1}}),
    (required(matchExpressions=[IN_A])["affinity"], {}),
])
def test_a_pod_for_a_node_may_go_nowhere_else(affinity, kept):
    pod = nodes.on_node({"spec": {"affinity": affinity} if affinity else {}}, "n7")
    assert nodes.node_of(pod) == "n7" and {k: v for k, v in pod["spec"]["affinity"].items() if k != "nodeAffinity"} == kept
    assert nodes.node_of({"spec": {"nodeName": "n1", **pod["spec"]}}) == "n1" and nodes.node_of({"spec": {}}) == ""


def made(name, *, new=False, ready=True, ready_s=100, going=False, bound=True, created="2026-01-01T00:00:00Z"):
    meta = {"name": name, "creationTimestamp": created, "labels": {nodes.POD_LABEL: "new" if new else "old"}}
    if going:
        meta["deletionTimestamp"] = "x"
    since = f"1970-01-12T13:46:{40 - ready_s:02d}Z" if ready_s <= 40 else "1970-01-12T13:00:00Z"
    condition = {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": since}
    return {"metadata": meta, "spec": {"nodeName": "n"} if bound else {}, "status": {"phase": "Running", "conditions": [condition]}}


def rollout(given, pods, *, runs_on=lambda name: True):
    desired = sum(map(runs_on, pods))
    step = Rollout(given, pods, "new", desired=desired, now_unix_ms=NOW, runs_on=runs_on).step()
    return [pod["metadata"]["name"] for pod in step.delete], step.create


OLD3 = {"a": [made("a")], "b": [made("b")], "c": [made("c")]}


@pytest.mark.parametrize(("most", "pods", "deleted"), [
    (1, OLD3, ["a"]), (2, OLD3, ["a", "b"]), ("50%", OLD3, ["a", "b"]), ("1%", OLD3, ["a"]), (5, OLD3, ["a", "b", "c"]),
    (1, {**OLD3, "b": [made("b", ready=False)]}, ["b"]),                        # the broken one goes, and is the one that may be missing
    (2, {**OLD3, "b": [made("b", ready=False)]}, ["b", "a"]),
    (1, {**OLD3, "a": [made("n", new=True, ready=False)]}, []),                 # a new one is not there yet
    (1, {**OLD3, "a": [made("n", new=True)]}, ["b"]),
    (1, {**OLD3, "a": []}, []),                                                 # a node without a Pod counts
    (1, {**OLD3, "a": [made("a", going=True)]}, []),
    (2, {**OLD3, "a": [made("a"), made("a2")]}, ["b"]),                         # one too many: left to the core loop
    (1, {"a": [made("n", new=True)]}, []),
])
def test_old_pods_go_as_far_as_may_be_missing(most, pods, deleted):
    assert rollout(daemon_set(maxUnavailable=most, maxSurge=0), pods) == (deleted, [])


def test_a_pod_that_is_ready_too_shortly_is_not_available():
    pods = {**OLD3, "a": [made("n", new=True, ready_s=5)]}
    assert rollout(daemon_set(wait_s=10, maxUnavailable=1, maxSurge=0), pods) == ([], [])
    assert rollout(daemon_set(wait_s=3, maxUnavailable=1, maxSurge=0), pods) == (["b"], [])


@pytest.mark.parametrize(("pods", "expected"), [
    (OLD3, ([], ["a"])),
    ({**OLD3, "a": [made("a"), made("n", new=True, ready=False)]}, ([], [])),
    ({**OLD3, "a": [made("a"), made("n", new=True)]}, (["a"], ["b"])),
    ({**OLD3, "c": [made("c", ready=False)]}, ([], ["c", "a"])),                # a broken old one does not count as surge
    ({**OLD3, "a": [made("n", new=True)]}, ([], ["b"])),
])
def test_a_surge_adds_first_and_deletes_what_has_a_successor(pods, expected):
    assert rollout(daemon_set(maxUnavailable=0, maxSurge=1), pods) == expected


@pytest.mark.parametrize(("pods", "deleted"), [
    ({"a": [made("n", new=True)], "b": [made("b")]}, ["b"]),
    ({"a": [made("n", new=True, ready=False)], "b": [made("b")]}, []),          # nothing serves yet where it should
    ({"a": [made("n", new=True, ready=False)], "b": [made("b", ready=False)]}, ["b"]),
])
def test_while_surging_a_pod_leaves_a_node_it_no_longer_fits_when_another_serves(pods, deleted):
    assert rollout(daemon_set(maxUnavailable=0, maxSurge=1), pods, runs_on=lambda name: name == "a") == (deleted, [])


@pytest.mark.parametrize(("given", "desired", "expected"), [
    (daemon_set(maxUnavailable="30%", maxSurge=0), 10, (0, 3)), (daemon_set(maxUnavailable="31%", maxSurge=0), 10, (0, 4)),
    (daemon_set(maxUnavailable=0, maxSurge="5%"), 10, (1, 0)), (daemon_set(maxUnavailable=0, maxSurge=0), 10, (0, 1)),
    (daemon_set(maxUnavailable=0, maxSurge=0), 0, (0, 0)), (daemon_set(strategy="OnDelete"), 10, (0, 1)),
])
def test_limits_are_rounded_up_and_never_both_nothing(given, desired, expected):
    assert limits(given, desired) == expected
    assert surge(given, 1) == bool(expected[0])


def test_a_pod_is_new_by_hash_or_by_the_old_generation():
    assert nodes.is_updated(made("x", new=True), "new", "") and not nodes.is_updated(made("x"), "new", "")
    labelled = {"metadata": {"labels": {nodes.GENERATION_LABEL: "2"}}}
    assert nodes.is_updated(labelled, "new", "2") and not nodes.is_updated(labelled, "new", "3") and not nodes.is_updated(labelled, "", "")
    assert pair(daemon_set(), [made("a"), made("b", going=True), made("c", new=True)], "new")[2]


def test_what_is_bound_and_older_counts():
    pods = [made("young", created="2026-01-02T00:00:00Z"), made("b"), made("a"), made("unbound", bound=False)]
    assert [pod["metadata"]["name"] for pod in nodes.oldest_first(pods)] == ["a", "b", "young", "unbound"]


def test_a_status_is_written_in_the_order_of_the_struct():
    counts = dict.fromkeys(("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
                            "updatedNumberScheduled", "numberAvailable", "numberUnavailable"), 0)
    assert wire({"observedGeneration": 3, "collisionCount": 1}, {**counts, "numberUnavailable": 1}, None) == {
        "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0, "observedGeneration": 3,
        "numberUnavailable": 1, "collisionCount": 1}
    assert wire({}, counts, 4)["observedGeneration"] == 4


def test_the_wait_for_failed_pods_doubles_up_to_a_quarter_of_an_hour_and_is_forgotten_after_half_an_hour():
    failed, waits, now = FailedPods(), [], NOW
    for _ in range(12):
        failed.next("n", now)
        waits.append(failed.wait_ms("n", now))
        assert failed.wait_ms("n", now + waits[-1]) == 0
        now += waits[-1]
    assert waits[:4] == [1_000, 2_000, 4_000, 8_000] and waits[-2:] == [900_000, 900_000]
    failed.next("other", now + 1_800_001)
    assert list(failed.waits) == ["other"]
