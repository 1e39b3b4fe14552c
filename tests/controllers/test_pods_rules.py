"""What controllers ask about Pods, nodes and what is left over: small tables of pure rules."""

from __future__ import annotations

import pytest

from cluster.controllers import _namespace_conditions, _node_health, _pods, _taints, ttl
from cluster.controllers.pod_gc import surplus_terminated
from cluster.controllers.protection import uses
from cluster.controllers.ttl_after_finished import expires_ms
from cluster.engine.clock import unix_ms

NOW = unix_ms("2026-01-01T09:00:00Z")


def pod(phase="Running", *, ready=None, since="2026-01-01T08:59:00Z", deleted=False, name="p", reason=None):
    conditions = [] if ready is None else [{"type": "Ready", "status": ready, "lastTransitionTime": since}]
    meta = {"name": name, "namespace": "default", "creationTimestamp": since, **({"deletionTimestamp": "x"} if deleted else {})}
    return {"metadata": meta, "spec": {}, "status": {"phase": phase, "conditions": conditions, **({"reason": reason} if reason else {})}}


@pytest.mark.parametrize(("what", "is_active", "is_terminating"), [
    (pod(), True, False), (pod("Pending"), True, False), (pod("Failed"), False, False), (pod("Succeeded"), False, False),
    (pod(deleted=True), False, True), (pod("Failed", deleted=True), False, False),
])
def test_a_pod_is_active_until_it_ends_or_is_deleted(what, is_active, is_terminating):
    """Source: pkg/controller/controller_utils.go IsPodActive, IsPodTerminating."""
    assert (_pods.is_active(what), _pods.is_terminating(what)) == (is_active, is_terminating)


@pytest.mark.parametrize(("what", "wait_s", "is_available", "next_ms"), [
    (pod(), 0, False, None),
    (pod(ready="False"), 0, False, None),
    (pod(ready="True"), 0, True, None),
    (pod(ready="True"), 60, True, None),
    (pod(ready="True"), 61, False, 1000),
    (pod(ready="True", since=None), 0, True, None),
    (pod(ready="True", since=None), 1, False, None),
])
def test_a_pod_is_available_once_it_has_been_ready_for_long_enough(what, wait_s, is_available, next_ms):
    """Source: pkg/api/v1/pod/util.go IsPodAvailable, pkg/controller/controller_utils.go FindMinNextPodAvailabilityCheck."""
    assert _pods.is_available(what, wait_s, NOW) == is_available
    assert _pods.next_availability_ms([what, pod(ready="False")], wait_s, NOW) == next_ms


@pytest.mark.parametrize(("old", "new", "since", "changed"), [
    (None, {"status": "True"}, "now", True),
    ({"status": "False"}, {"status": "True"}, "now", True),
    ({"status": "True"}, {"status": "True"}, "then", False),
    ({"status": "True", "reason": "A"}, {"status": "True", "reason": "B"}, "then", True),
])
def test_a_conditions_time_moves_with_its_status_alone(old, new, since, changed):
    """Source: pkg/api/v1/pod/util.go UpdatePodCondition."""
    before = [{"type": "T", "lastTransitionTime": "then", **old}] if old else []
    status, has_changed = _pods.with_condition({"conditions": before}, {"type": "T", **new}, "now")
    assert (status["conditions"][0]["lastTransitionTime"], has_changed) == (since, changed)


@pytest.mark.parametrize(("limit", "gone"), [(4, []), (3, ["evicted"]), (2, ["evicted", "old"]), (0, ["evicted", "old", "also-old", "new"])])
def test_of_too_many_ended_pods_the_evicted_and_the_oldest_go_first(limit, gone):
    """Source: pkg/controller/podgc/gc_controller.go (gcTerminated, byEvictionAndCreationTimestamp)."""
    there = [pod("Succeeded", name="new", since="2026-01-01T08:59:00Z"), pod(name="runs"),
             pod("Failed", name="old", since="2026-01-01T08:00:00Z"), pod("Succeeded", name="also-old", since="2026-01-01T08:01:00Z"),
             pod("Failed", name="evicted", since="2026-01-01T08:58:00Z", reason="Evicted")]
    assert [one["metadata"]["name"] for one in surplus_terminated(there, limit)] == gone


@pytest.mark.parametrize(("conditions", "closed", "keys"), [
    ({"Ready": "True"}, False, []), ({"Ready": "False"}, False, ["not-ready"]), ({"Ready": "Unknown"}, False, ["unreachable"]),
    ({"Ready": "True", "MemoryPressure": "True"}, False, ["memory-pressure"]), ({"Ready": "True", "DiskPressure": "True"}, False, ["disk-pressure"]),
    ({"Ready": "True", "PIDPressure": "True"}, False, ["pid-pressure"]), ({"NetworkUnavailable": "True"}, False, ["network-unavailable"]),
    ({"MemoryPressure": "Unknown"}, False, []), ({"Ready": "False"}, True, ["not-ready", "unschedulable"]),
])
def test_conditions_and_a_cordon_bring_their_taints(conditions, closed, keys):
    """Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go (doNoScheduleTaintingPass)."""
    node = {"spec": {"unschedulable": closed}, "status": {"conditions": [{"type": kind, "status": status} for kind, status in conditions.items()]}}
    assert _taints.wanted_no_schedule(node) == [{"key": f"node.kubernetes.io/{key}", "effect": "NoSchedule"} for key in keys]


@pytest.mark.parametrize(("labels", "zone"), [
    ({}, ""), ({"topology.kubernetes.io/zone": "a"}, ":\x00:a"), ({"topology.kubernetes.io/region": "r"}, "r:\x00:"),
    ({"topology.kubernetes.io/region": "r", "topology.kubernetes.io/zone": "a"}, "r:\x00:a"),
])
def test_a_zone_is_known_by_region_and_zone(labels, zone):
    """Source: k8s.io/component-helpers node/topology GetZoneKey."""
    assert _node_health.zone_of({"metadata": {"labels": labels}}) == zone


@pytest.mark.parametrize(("state", "size", "qps"), [
    ("Normal", 3, 0.1), ("PartialDisruption", 50, 0.0), ("PartialDisruption", 51, 0.01), ("FullDisruption", 3, 0.1),
])
def test_in_a_disrupted_zone_evictions_slow_down_or_stop(state, size, qps):
    """Source: setLimiterInZone, ReducedQPSFunc (--secondary-node-eviction-rate, --large-cluster-size-threshold)."""
    assert _node_health.eviction_qps(state, size) == qps


@pytest.mark.parametrize(("sizes", "seconds"), [
    ([1], 0), ([100], 0), ([101], 15), ([101, 90], 15), ([101, 89], 0), ([501], 30), ([501, 450], 30), ([501, 449], 15), ([1001], 60),
    ([2001], 300), ([2001, 1800], 300), ([2001, 1799], 60), ([5000, 1], 0),
])
def test_the_larger_a_cluster_the_longer_kubelets_may_keep_what_they_know(sizes, seconds):
    """Source: pkg/controller/ttl/ttl_controller.go (ttlBoundaries)."""
    step = 0
    for size in sizes:
        step = ttl.step_for(step, size)
    assert ttl.BOUNDARIES[step][2] == seconds


def job(ttl_s, *, ended="2026-01-01T09:00:00Z", kind="Complete", deleted=False):
    return {"metadata": {"deletionTimestamp": "x"} if deleted else {}, "spec": {"ttlSecondsAfterFinished": ttl_s},
            "status": {"conditions": [{"type": kind, "status": "True", "lastTransitionTime": ended}]}}


@pytest.mark.parametrize(("what", "after_ms"), [
    (job(0), 0), (job(10), 10_000), (job(10, kind="Failed"), 10_000), (job(None), None), (job(10, kind="Suspended"), None),
    (job(10, deleted=True), None),
])
def test_an_ended_job_lives_as_long_as_it_says(what, after_ms):
    """Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go."""
    assert expires_ms(what) == (None if after_ms is None else NOW + after_ms)


@pytest.mark.parametrize(("volumes", "phase", "is_used"), [
    ([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}], "Running", True),
    ([{"name": "v", "persistentVolumeClaim": {"claimName": "other"}}], "Running", False),
    ([{"name": "v", "emptyDir": {}}], "Running", False),
    ([{"name": "v", "ephemeral": {}}], "Running", False),
])
def test_a_claim_is_used_by_a_pod_that_mounts_it(volumes, phase, is_used):
    """Source: pkg/controller/volume/pvcprotection/pvc_protection_controller.go (podUsesPVC)."""
    what = pod(phase)
    what["spec"] = {"nodeName": "n", "volumes": volumes}
    assert uses(what, "default", "data") == is_used


@pytest.mark.parametrize(("remaining", "finalizers", "errors", "told"), [
    ({}, {}, [], {}),
    ({"pods.": 2, "jobs.batch": 1}, {}, [], {"NamespaceContentRemaining": (
        "SomeResourcesRemain", "Some resources are remaining: jobs.batch has 1 resource instances, pods. has 2 resource instances")}),
    ({}, {"a/b": 3}, [], {"NamespaceFinalizersRemaining": (
        "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: a/b in 3 resource instances")}),
    ({}, {}, ["b", "a"], {"NamespaceDeletionContentFailure": ("ContentDeletionFailed", "Failed to delete all resource types, 2 remaining: a, b")}),
])
def test_a_namespace_tells_what_is_left_of_it(remaining, finalizers, errors, told):
    """Source: pkg/controller/namespace/deletion/status_condition_utils.go."""
    assert _namespace_conditions.troubles(remaining, finalizers, errors) == told
