"""The words of a Pod's cell are kubectl's, and each word has its glyph and tone."""
from __future__ import annotations

import pytest

from cluster.engine.clock import Clock
from cluster.picture.slim import TONES, glyph_of, grace, slim

CLOCK = Clock(epoch_ms=1_767_258_000_000)


def pod(*, phase="Running", state=None, ready=True, restarts=0, **meta) -> dict:
    row = {"name": "app", "ready": ready, "restartCount": restarts, "state": state or {"running": {}}}
    return {
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "default", "uid": "u", "resourceVersion": "7", **meta},
        "spec": {"nodeName": "k8snode1", "containers": [{"name": "app", "image": "busybox:1"}]},
        "status": {"phase": phase, "containerStatuses": [row], "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


@pytest.mark.parametrize(
    ("word", "is_all_ready", "glyph"),
    [
        ("Running", True, "running"), ("Running", False, "notready"), ("Pending", False, "pending"), ("ContainerCreating", False, "creating"),
        ("PodInitializing", False, "creating"), ("Init:0/2", False, "creating"), ("Init:CrashLoopBackOff", False, "trouble"),
        ("CrashLoopBackOff", False, "trouble"), ("ErrImagePull", False, "trouble"), ("ImagePullBackOff", False, "trouble"),
        ("CreateContainerConfigError", False, "trouble"), ("Error", False, "failed"), ("Evicted", False, "failed"),
        ("OOMKilled", False, "failed"), ("Completed", False, "completed"), ("Terminating", True, "terminating"),
    ],
)  # fmt: skip
def test_a_status_word_has_its_glyph(word, is_all_ready, glyph):
    assert glyph_of(word, is_all_ready=is_all_ready) == glyph
    assert glyph in TONES


@pytest.mark.parametrize(
    ("made", "word", "ready"),
    [
        (pod(), "Running", "1/1"),
        (pod(ready=False), "Running", "0/1"),
        (pod(phase="Pending", ready=False, state={"waiting": {"reason": "ContainerCreating"}}), "ContainerCreating", "0/1"),
        (pod(ready=False, state={"waiting": {"reason": "CrashLoopBackOff"}}, restarts=3), "CrashLoopBackOff", "0/1"),
        (pod(ready=False, state={"terminated": {"reason": "Error", "exitCode": 1}}), "Error", "0/1"),
        (pod(phase="Succeeded", ready=False, state={"terminated": {"reason": "Completed", "exitCode": 0}}), "Completed", "0/1"),
        (pod(deletionTimestamp="2026-01-01T09:00:30Z", deletionGracePeriodSeconds=30), "Terminating", "1/1"),
    ],
)
def test_a_pod_is_told_as_kubectl_tells_it(made, word, ready):
    cell = slim("pods/default/web", made, CLOCK)
    assert (cell["status"]["word"], cell["ready"], cell["revision"], cell["node"]) == (word, ready, 7, "k8snode1")


def test_the_grace_ring_begins_with_the_deletion():
    meta = {"deletionTimestamp": CLOCK.text(40_000), "deletionGracePeriodSeconds": 30}
    assert grace(meta, CLOCK) == {"since_ms": 10_000, "until_ms": 40_000, "seconds": 30}
    assert grace({}, CLOCK) is None


def test_a_workload_counts_ready_against_wanted():
    made = {"kind": "Deployment", "metadata": {"name": "web", "namespace": "default", "resourceVersion": "3"}, "spec": {"replicas": 2},
            "status": {"readyReplicas": 1}}
    cell = slim("deployments/default/web", made, CLOCK)
    assert (cell["badge"], cell["status"]["glyph"], cell["scalable"]) == ("1/2", "notready", True)


def test_an_owner_is_named_by_its_subject():
    owner = {"kind": "ReplicaSet", "name": "web-1", "uid": "r", "controller": True}
    assert slim("pods/default/web", pod(ownerReferences=[owner]), CLOCK)["owner"] == "replicasets/default/web-1"


@pytest.mark.parametrize(
    ("spec", "status", "badge", "word", "tone"),
    [
        ({"completions": 3, "parallelism": 2}, {"succeeded": 1, "active": 2}, "1/3", "Running", "ok"),
        ({"parallelism": 3}, {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 3}, "3/1 of 3", "Complete", "none"),
        ({"completions": 1}, {"conditions": [{"type": "FailureTarget", "status": "True"}]}, "0/1", "FailureTarget", "bad"),
        ({"completions": 1, "suspend": True}, {"conditions": [{"type": "Suspended", "status": "True"}]}, "0/1", "Suspended", "wait"),
    ],
)
def test_a_job_shows_its_completions_and_its_status(spec, status, badge, word, tone):
    job = {"kind": "Job", "metadata": {"name": "j", "namespace": "default", "resourceVersion": "7"}, "spec": spec, "status": status}
    cell = slim("jobs/default/j", job, CLOCK)
    assert (cell["badge"], cell["status"]["word"], cell["status"]["tone"], cell["deletable"]) == (badge, word, tone, True)


def rich() -> dict:
    made = pod()
    made["spec"] = {
        "initContainers": [
            {"name": "fetch", "volumeMounts": [{"name": "shared"}]},
            {"name": "agent", "restartPolicy": "Always", "startupProbe": {}, "volumeMounts": [{"name": "shared"}]},
            {"name": "prepare"},
            {"name": "last"},
        ],
        "containers": [{"name": "app", "livenessProbe": {}, "readinessProbe": {}, "volumeMounts": [{"name": "data"}, {"name": "kube-api-access-x"}]}],
        "ephemeralContainers": [{"name": "debugger"}],
        "volumes": [
            {"name": "shared", "emptyDir": {}},
            {"name": "data", "persistentVolumeClaim": {"claimName": "disk"}},
            {"name": "kube-api-access-x", "projected": {}},
        ],
    }
    made["status"]["initContainerStatuses"] = [
        {"name": "fetch", "state": {"terminated": {"exitCode": 0}}},
        {"name": "agent", "state": {"running": {}}, "started": True},
        {"name": "prepare", "state": {"terminated": {"exitCode": 1}}},
    ]
    return made


def test_init_containers_are_pips_in_their_order():
    cell = slim("pods/default/web", rich(), CLOCK)
    assert [(each["name"], each["pip"], each["is_sidecar"]) for each in cell["init"]] == [
        ("fetch", "done", False), ("agent", "done", True), ("prepare", "failed", False), ("last", "waits", False),
    ]  # fmt: skip


def test_boxes_are_the_containers_then_sidecars_then_ephemeral_ones():
    cell = slim("pods/default/web", rich(), CLOCK)
    assert [(each["name"], each["sort"], each["state"]) for each in cell["containers"]] == [
        ("app", "app", "running"), ("agent", "sidecar", "running"), ("debugger", "ephemeral", "waiting"),
    ]  # fmt: skip
    assert [each["probes"] for each in cell["containers"]] == [{"liveness": "pending", "readiness": "pending"}, {"startup": "pending"}, {}]


def test_volumes_are_those_that_a_learner_wrote_with_who_mounts_them():
    assert slim("pods/default/web", rich(), CLOCK)["volumes"] == [
        {"name": "shared", "type": "emptyDir", "claim": "", "mounts": ["fetch", "agent"]},
        {"name": "data", "type": "persistentVolumeClaim", "claim": "disk", "mounts": ["app"]},
    ]


def test_a_budget_tells_how_many_may_go_and_an_autoscaler_what_it_measures():
    meta = {"name": "web", "namespace": "default", "uid": "u", "resourceVersion": "7"}
    budget = {"kind": "PodDisruptionBudget", "metadata": meta, "spec": {}, "status": {
        "disruptionsAllowed": 1, "currentHealthy": 3, "desiredHealthy": 2}}
    cell = slim("poddisruptionbudgets/default/web", budget, CLOCK)
    assert (cell["badge"], cell["ready"], cell["status"]["tone"]) == ({"en": "1 may go", "zh": "可中断 1 个"}, "3/2", "ok")
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    current = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 75}}}
    scaler = {"kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": {"metrics": [metric]}, "status": {
        "currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": [current], "conditions": [{"type": "ScalingActive", "status": "True"}]}}
    cell = slim("horizontalpodautoscalers/default/web", scaler, CLOCK)
    assert (cell["badge"], cell["status"]["word"], cell["status"]["tone"]) == ("cpu: 75%/50%", "2 → 3", "ok")


def workload(resource: str, spec: dict, status: dict) -> dict:
    meta = {"name": "x", "namespace": "default", "uid": "u", "resourceVersion": "7"}
    return slim(f"{resource}/default/x", {"kind": "X", "metadata": meta, "spec": spec, "status": status}, CLOCK)


@pytest.mark.parametrize(
    ("resource", "spec", "status", "badge", "glyph", "replicas"),
    [
        ("statefulsets", {"replicas": 3}, {"readyReplicas": 2}, "2/3", "notready", 3),
        ("replicationcontrollers", {"replicas": 1}, {"readyReplicas": 1}, "1/1", "running", 1),
        ("daemonsets", {}, {"numberReady": 2, "desiredNumberScheduled": 2}, "2/2", "running", None),
        ("daemonsets", {}, {}, "0/0", "running", None),
        ("cronjobs", {"schedule": "* * * * *"}, {"active": [{}]}, "* * * * *", "running", None),
        ("cronjobs", {"schedule": "* * * * *", "suspend": True}, {}, "* * * * *", "pending", None),
    ],
)
def test_every_workload_counts_in_its_own_way(resource, spec, status, badge, glyph, replicas):
    cell = workload(resource, spec, status)
    assert (cell["badge"], cell["status"]["glyph"], cell.get("replicas"), cell["deletable"]) == (badge, glyph, replicas, True)
    assert cell["scalable"] is (replicas is not None)
