"""What is drawn of workloads: each number of a drawing is the API's, and its words say the same."""

import pytest

from cluster.engine.clock import Clock
from cluster.picture.drawings import MAKERS, asked, drawing_of, plan, slot_of, template_of
from cluster.picture.slim import slim

CLOCK = Clock(epoch_ms=1_767_258_000_000)
REVISION = {"deployment.kubernetes.io/revision": "2"}


def drawn(resource: str, spec: dict, status: dict, **meta) -> dict:
    return drawing_of(resource, {"metadata": {"name": "web", "namespace": "default", **meta}, "spec": spec, "status": status}, CLOCK)


def rolling(surge, unavailable) -> dict:
    return {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}}


@pytest.mark.parametrize(
    ("spec", "least", "most"),
    [
        ({"replicas": 4, **rolling(1, 1)}, 3, 5),
        ({"replicas": 10, **rolling("25%", "25%")}, 8, 13),
        ({"replicas": 3, **rolling(0, 0)}, 2, 3),
        ({"replicas": 2, "strategy": {"type": "Recreate"}}, 0, 2),
    ],
)
def test_a_rollout_stays_between_its_surge_and_its_unavailable(spec, least, most):
    drawing = drawn("deployments", spec, {"replicas": 3, "availableReplicas": 2, "updatedReplicas": 1}, annotations=REVISION)
    assert (drawing["least"], drawing["most"], drawing["revision"]) == (least, most, "2")
    assert f"at most {most}" in drawing["words"]["en"] and f"最少 {least}" in drawing["words"]["zh"]


@pytest.mark.parametrize(
    ("spec", "conditions", "note"),
    [
        ({"replicas": 1, "paused": True}, [], "paused"),
        ({"replicas": 1}, [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}], "ProgressDeadlineExceeded"),
        ({"replicas": 1, "strategy": {"type": "Recreate"}}, [], "Recreate"),
    ],
)
def test_a_rollout_says_what_holds_it(spec, conditions, note):
    drawing = drawn("deployments", spec, {"conditions": conditions})
    assert drawing["note"]["en"] == note and drawing["words"]["en"].endswith(note)


@pytest.mark.parametrize(
    ("wanted", "status", "runs"),
    [
        (4, {"replicas": 3, "readyReplicas": 2, "availableReplicas": 1}, [["available", 1], ["ready", 1], ["made", 1], ["missing", 1]]),
        (1, {"replicas": 3, "readyReplicas": 3, "availableReplicas": 3}, [["available", 3]]),
        (0, {}, []),
    ],
)
def test_a_replica_set_has_a_square_for_each_pod_that_is_or_should_be(wanted, status, runs):
    drawing = drawn("replicasets", {"replicas": wanted}, status, annotations=REVISION)
    assert (drawing["runs"], drawing["wanted"], drawing["revision"]) == (runs, wanted, "2")


def test_a_daemon_set_tells_of_pods_where_none_is_wanted():
    status = {"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 1, "numberAvailable": 1, "numberMisscheduled": 1}
    drawing = drawn("daemonsets", {}, status)
    assert drawing["runs"] == [["available", 1], ["made", 1]]
    assert drawing["words"] == {"en": "wanted 2, found 2, ready 1, available 1, 1 where none is wanted",
                                "zh": "期望 2，实际 2，就绪 1，可用 1，1 个在不该有的节点上"}  # fmt: skip


def test_a_stateful_set_has_a_place_for_each_ordinal_with_its_claims():
    templates = [{"metadata": {"name": "data"}}, {"metadata": {"name": "logs"}}]
    spec = {"replicas": 2, "ordinals": {"start": 5}, "volumeClaimTemplates": templates, "updateStrategy": {"rollingUpdate": {"partition": 6}}}
    drawing = drawn("statefulsets", spec, {"readyReplicas": 1, "updateRevision": "web-1"})
    lead = "persistentvolumeclaims/default/"
    assert drawing["slots"] == [{"slot": n, "claims": [f"{lead}data-web-{n}", f"{lead}logs-web-{n}"]} for n in (5, 6)]
    assert (drawing["newest"], drawing["partition"], drawing["more"]) == ("web-1", 6, 0)
    assert drawing["words"]["en"] == "1 of 2 ready, one after another, new revision from ordinal 6 on"


def test_of_many_ordinals_the_first_forty_are_drawn():
    drawing = drawn("statefulsets", {"replicas": 1000, "podManagementPolicy": "Parallel"}, {})
    assert (len(drawing["slots"]), drawing["more"], drawing["order"]["en"]) == (40, 960, "all at once")


INDEXED = {"completionMode": "Indexed", "completions": 5, "parallelism": 2}


@pytest.mark.parametrize(
    ("spec", "status", "slots", "runs"),
    [
        (INDEXED, {"completedIndexes": "0-1,4", "failedIndexes": "2", "succeeded": 3}, ["done", "done", "failed", "", "done"], []),
        ({**INDEXED, "completions": 100}, {"succeeded": 60, "active": 2}, [], [["done", 60], ["active", 2], ["missing", 38]]),
        ({"completions": 3, "parallelism": 1}, {"succeeded": 1, "active": 1}, [], [["done", 1], ["active", 1], ["missing", 1]]),
        ({"parallelism": 2}, {"active": 2}, [], [["active", 2]]),
    ],
)
def test_a_job_shows_its_completions_by_index_where_it_has_few_of_them(spec, status, slots, runs):
    drawing = drawn("jobs", spec, status)
    assert [each["state"] for each in drawing["slots"]] == slots
    assert drawing["runs"] == runs


@pytest.mark.parametrize(
    ("owner", "name", "annotations", "slot"),
    [
        ("StatefulSet", "web-7", {}, 7),
        ("Job", "web-x", {"batch.kubernetes.io/job-completion-index": "3"}, 3),
        ("Job", "web-x", {}, None),
        ("Job", "web-x", {"batch.kubernetes.io/job-completion-index": "9" * 9000}, None),
        ("Job", "web-x", {"batch.kubernetes.io/job-completion-index": "-1"}, None),
        ("ReplicaSet", "web-7", {}, None),
    ],
)
def test_a_pod_knows_its_place_among_its_owners(owner, name, annotations, slot):
    assert slot_of({"metadata": {"name": name, "annotations": annotations}}, owner) == slot


def test_the_template_of_a_pod_is_in_its_labels():
    assert template_of({"metadata": {"labels": {"controller-revision-hash": "web-1"}}}) == "web-1"
    assert template_of({"metadata": {}}) == ""


def test_a_dial_goes_from_the_look_at_the_schedule_to_the_next_run():
    drawing = drawn("cronjobs", {"schedule": "0 9 * * *", "suspend": True, "timeZone": "Asia/Shanghai"}, {"lastScheduleTime": CLOCK.text(5000)})
    assert (drawing["last_ms"], drawing["zone"], drawing["is_suspended"]) == (5000, "Asia/Shanghai", True)
    at = CLOCK.text(60_000).replace("Z", "+00:00")
    assert plan(at, now_ms=7, clock=CLOCK) == {"since_ms": 7, "next_ms": 60_000, "words": {"en": f"next {at[11:16]}", "zh": f"下次 {at[11:16]}"}}


def metric(name: str, target: dict) -> dict:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def measured(name: str, current: dict) -> dict:
    return {"type": "Resource", "resource": {"name": name, "current": current}}


def test_a_meter_shows_the_metric_that_is_furthest_above_its_target():
    metrics = [metric("cpu", {"type": "Utilization", "averageUtilization": 50}), metric("memory", {"type": "AverageValue", "averageValue": "100Mi"})]
    current = [measured("cpu", {"averageUtilization": 75, "averageValue": "150m"}), measured("memory", {"averageValue": "80Mi"})]
    spec = {"minReplicas": 1, "maxReplicas": 9, "metrics": metrics, "scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    drawing = drawn("horizontalpodautoscalers", spec, {"currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": current})
    assert (drawing["share"], drawing["aims_at"]) == (1.5, "deployments/default/web")
    assert drawing["words"]["en"] == "cpu: 75%/50%, memory: 80Mi/100Mi; 2 Pods, 3 asked for, from 1 to 9"
    assert drawn("horizontalpodautoscalers", spec, {})["share"] is None
    unknown = drawn("horizontalpodautoscalers", spec, {"currentReplicas": 4, "desiredReplicas": 0, "currentMetrics": [{"type": ""}]})
    assert (unknown["current"], unknown["desired"]) == (4, 4)


@pytest.mark.parametrize(
    ("healthy", "needed", "allowed", "runs"),
    [
        (3, 2, 1, [["needed", 2], ["spare", 1], ["missing", 1]]),
        (1, 2, 0, [["needed", 1], ["missing", 3]]),
    ],
)
def test_a_gate_is_open_as_long_as_a_budget_has_pods_to_spare(healthy, needed, allowed, runs):
    status = {"currentHealthy": healthy, "desiredHealthy": needed, "disruptionsAllowed": allowed, "expectedPods": 4}
    drawing = drawn("poddisruptionbudgets", {}, status)
    assert (drawing["runs"], drawing["is_open"]) == (runs, allowed > 0)


@pytest.mark.parametrize(("so", "is_open"), [("granted", True), ("refused", False), ("unhealthy", True)])
def test_an_eviction_passes_the_gate_or_not(so, is_open):
    found = asked("pods/default/web-1", {"so": so}, 5)
    assert (found["is_open"], found["name"], found["seq"]) == (is_open, "web-1", 5)


def test_a_cell_says_where_its_kind_stands():
    config_map = {"kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}}
    cell = slim("configmaps/default/x", config_map, CLOCK)
    assert (cell["rank"], cell["on_shelf"], cell["drawing"]) == (99, False, None)
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"name": "x", "namespace": "default"}, "status": {"phase": "Bound"}}
    assert slim("persistentvolumeclaims/default/x", claim, CLOCK)["status"] == {"word": "Bound", "glyph": "running", "tone": "ok"}


@pytest.mark.parametrize("resource", sorted(MAKERS))
def test_what_has_no_status_yet_is_drawn_too(resource):
    drawing = drawn(resource, {"replicas": 0, "schedule": "@daily"}, {})
    assert drawing["words"]["en"] and drawing["words"]["zh"] and "None" not in drawing["words"]["en"]
