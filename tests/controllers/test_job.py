"""job-controller against the real API server.

Source: pkg/controller/job/job_controller_test.go.
"""

from __future__ import annotations

import itertools

from cluster.controllers._job_pods import FINALIZER, INDEX, INDEX_FAILURES
from tests.controllers.jobs import TEMPLATE, Jobs


def index_of(pod):
    return pod["metadata"]["annotations"][INDEX]


def test_a_job_counts_its_pod_before_it_frees_it_and_says_that_it_will_end_before_it_does():
    world = Jobs()
    before = world.store.revision
    world.job()
    (pod,) = world.list("pods")
    assert pod["metadata"]["finalizers"] == [FINALIZER]
    world.end(pod)
    assert world.writes(before) == ["ADDED jobs", "ADDED pods", "MODIFIED jobs", "MODIFIED pods",
                                    "MODIFIED jobs", "MODIFIED pods", "MODIFIED jobs"]
    first, running, counted, ended = world.statuses()
    assert first == {}
    assert running == {"active": 1, "ready": 0, "terminating": 0, "startTime": running["startTime"], "uncountedTerminatedPods": {}}
    assert counted["uncountedTerminatedPods"] == {"succeeded": [pod["metadata"]["uid"]]}
    assert [c["type"] for c in counted["conditions"]] == ["SuccessCriteriaMet"] and "succeeded" not in counted
    assert [c["type"] for c in ended["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert ended["succeeded"] == 1 and ended["uncountedTerminatedPods"] == {}
    assert ended["completionTime"] == ended["conditions"][1]["lastTransitionTime"]
    assert ended["conditions"][1]["reason"] == "CompletionsReached"
    assert ended["conditions"][1]["message"] == "Reached expected number of succeeded pods"
    assert world.events("Completed") == ["Job completed"]
    assert "finalizers" not in world.list("pods")[0]["metadata"]


def test_no_more_pods_run_than_parallelism_and_completions_ask_for():
    world = Jobs()
    world.job(completions=3, parallelism=2)
    most = 0
    while world.open_pods:
        most = max(most, len(world.open_pods))
        world.end(world.open_pods[0])
    assert most == 2 and len(world.list("pods")) == 3
    assert world.status()["succeeded"] == 3 and world.conditions()[-1] == ("Complete", "True", "CompletionsReached")


def test_without_completions_one_success_ends_the_work_and_the_others_run_out():
    world = Jobs()
    world.job(parallelism=3)
    first, second, third = world.open_pods
    world.end(first)
    assert len(world.open_pods) == 2 and world.conditions() == []
    world.end(second)
    world.end(third, code=1)
    assert world.conditions()[-1][0] == "Complete" and world.status()["succeeded"] == 2 and world.status()["failed"] == 1


def test_lowered_parallelism_deletes_pods_that_count_nowhere():
    world = Jobs()
    world.job(completions=5, parallelism=3)
    world.patch_job({"parallelism": 1})
    assert len(world.open_pods) == 1
    assert "failed" not in world.status() and world.status()["active"] == 1
    assert len(world.events("SuccessfulDelete")) == 2


def test_a_failed_pod_is_replaced_ten_seconds_after_it_ended_the_next_twenty():
    world = Jobs()
    world.job()
    for _ in range(3):
        world.end(world.open_pods[0], code=1)
        assert len(world.open_pods) == 1
    created = sorted(change.at_ms for change in world.store.changes if change.type == "ADDED" and change.key.startswith("/registry/pods/"))
    gaps = [later - earlier for earlier, later in itertools.pairwise(created)]
    assert 10_000 <= gaps[0] < 12_000 and 20_000 <= gaps[1] < 23_000 and 40_000 <= gaps[2] < 43_000
    assert world.traced("PodRecreationDelayed")[0]["failures"] == 1


def test_it_fails_once_more_pods_have_failed_than_the_limit_allows():
    world = Jobs()
    world.job(backoffLimit=1)
    world.end(world.open_pods[0], code=1)
    world.end(world.open_pods[0], code=1)
    assert world.conditions() == [("FailureTarget", "True", "BackoffLimitExceeded"), ("Failed", "True", "BackoffLimitExceeded")]
    assert world.status()["failed"] == 2 and "completionTime" not in world.status()
    assert world.events("BackoffLimitExceeded") == ["Job has reached the specified backoff limit"]
    assert not world.open_pods and all(FINALIZER not in pod["metadata"].get("finalizers", ()) for pod in world.list("pods"))


def test_restarts_in_place_count_against_the_limit_too():
    world = Jobs()
    template = {"spec": {**TEMPLATE["spec"], "restartPolicy": "OnFailure", "terminationGracePeriodSeconds": 0}}
    world.job(template=template, backoffLimit=2)
    container = {"name": "c", "image": "busybox:1", "imageID": "", "ready": False, "restartCount": 1, "state": {"running": {}}}
    world.report(world.open_pods[0], {"phase": "Running", "containerStatuses": [container]})
    assert world.conditions() == []
    world.report(world.open_pods[0], {"phase": "Running", "containerStatuses": [{**container, "restartCount": 2}]})
    assert world.conditions()[-1] == ("Failed", "True", "BackoffLimitExceeded")
    assert world.list("pods") == []


def test_a_deadline_fails_a_job_that_runs_longer():
    world = Jobs()
    template = {"spec": {**TEMPLATE["spec"], "terminationGracePeriodSeconds": 0}}
    world.job(template=template, activeDeadlineSeconds=30)
    world.run(28_000)
    assert world.conditions() == []
    world.run(5_000)
    assert world.conditions() == [("FailureTarget", "True", "DeadlineExceeded"), ("Failed", "True", "DeadlineExceeded")]
    assert world.events("DeadlineExceeded") == ["Job was active longer than specified deadline"]
    assert world.list("pods") == []


def test_a_suspended_job_has_no_pods_and_no_start_time_until_it_is_resumed():
    world = Jobs()
    world.job(suspend=True, completions=2, parallelism=2)
    assert world.list("pods") == [] and "startTime" not in world.status()
    assert world.conditions() == [("Suspended", "True", "JobSuspended")] and world.events("Suspended") == ["Job suspended"]
    world.patch_job({"suspend": False})
    assert len(world.open_pods) == 2 and world.status()["startTime"]
    assert world.conditions() == [("Suspended", "False", "JobResumed")] and world.events("Resumed") == ["Job resumed"]
    world.patch_job({"suspend": True})
    assert not world.open_pods and "startTime" not in world.status() and "failed" not in world.status()


def test_an_indexed_job_names_its_pods_by_index_and_tells_each_which_it_is():
    world = Jobs()
    world.job(completionMode="Indexed", completions=3, parallelism=2)
    first, second = world.open_pods
    assert [index_of(pod) for pod in (first, second)] == ["0", "1"]
    assert first["metadata"]["labels"][INDEX] == "0" and first["metadata"]["generateName"] == "job-0-"
    assert first["spec"]["hostname"] == "job-0"
    variable = {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}
    assert first["spec"]["containers"][0]["env"] == [{"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": variable}}]
    world.end(second)
    assert world.status()["completedIndexes"] == "1" and [index_of(pod) for pod in world.open_pods] == ["0", "2"]
    world.end(world.open_pods[1])
    world.end(world.open_pods[0])
    assert world.status()["completedIndexes"] == "0-2" and world.conditions()[-1][0] == "Complete"


def test_each_index_has_its_own_limit_where_the_job_says_so():
    world = Jobs()
    world.job(completionMode="Indexed", completions=2, parallelism=2, backoffLimitPerIndex=1)
    world.end(world.open_pods[1])
    world.end(world.open_pods[0], code=1)
    (again,) = world.open_pods
    assert again["metadata"]["annotations"] == {INDEX: "0", INDEX_FAILURES: "1"}
    assert world.status()["failedIndexes"] == ""
    world.end(again, code=1)
    assert world.status()["failedIndexes"] == "0" and world.status()["completedIndexes"] == "1"
    assert world.conditions()[-1] == ("Failed", "True", "FailedIndexes")


def test_a_job_fails_with_too_many_failed_indexes():
    world = Jobs()
    world.job(completionMode="Indexed", completions=4, parallelism=2, backoffLimitPerIndex=0, maxFailedIndexes=1,
              template={"spec": {**TEMPLATE["spec"], "terminationGracePeriodSeconds": 0}})
    world.end(world.open_pods[0], code=1)
    assert world.conditions() == []
    world.end(world.open_pods[0], code=1)
    assert world.conditions()[-1] == ("Failed", "True", "MaxFailedIndexesExceeded")


def test_a_policy_fails_the_job_on_an_exit_code():
    world = Jobs()
    rule = {"action": "FailJob", "onExitCodes": {"containerName": "c", "operator": "In", "values": [42]}}
    world.job(podFailurePolicy={"rules": [rule]})
    (pod,) = world.open_pods
    world.end(pod, code=42)
    assert world.conditions()[-1] == ("Failed", "True", "PodFailurePolicy")
    message = f"Container c for pod default/{pod['metadata']['name']} failed with exit code 42 matching FailJob rule at index 0"
    assert world.events("PodFailurePolicy") == [message]


def test_a_failure_that_a_policy_ignores_does_not_count_but_is_waited_for():
    world = Jobs()
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    world.job(backoffLimit=0, podFailurePolicy={"rules": [rule]})
    world.end(world.open_pods[0], code=1, conditions=[{"type": "DisruptionTarget", "status": "True"}], settle=False)
    world.run(5_000)
    assert not world.open_pods and world.conditions() == [] and "failed" not in world.status()
    world.run(10_000)
    assert len(world.open_pods) == 1


def test_a_cluster_whose_job_fails_for_ever_comes_to_rest_between_tries():
    world = Jobs()
    world.job(backoffLimit=1000)
    for failed in range(1, 9):
        world.end(world.open_pods[0], code=1)
        assert bool(world.open_pods) == (failed <= 6)     # up to here the cluster settles only with the next Pod
        world.run(0 if world.open_pods else 601_000)
    assert world.status()["failed"] == 8 and world.conditions() == []


def test_enough_successes_end_a_job_with_a_success_policy():
    world = Jobs()
    world.job(completionMode="Indexed", completions=3, parallelism=3, successPolicy={"rules": [{"succeededIndexes": "1-2", "succeededCount": 1}]},
              template={"spec": {**TEMPLATE["spec"], "terminationGracePeriodSeconds": 0}})
    world.end(world.open_pods[2])
    assert world.conditions() == [("SuccessCriteriaMet", "True", "SuccessPolicy"), ("Complete", "True", "SuccessPolicy")]
    assert world.status()["conditions"][0]["message"] == "Matched rules at index 0" and not world.open_pods


def test_a_deleted_job_takes_its_pods_along():
    world = Jobs()
    world.job(template={"spec": {**TEMPLATE["spec"], "terminationGracePeriodSeconds": 0}})
    world.do(world.client.delete("jobs", "job", "default", propagation_policy="Background"))
    assert world.get("jobs", "job") is None and world.list("pods") == []


def test_pods_left_behind_by_an_orphaning_delete_are_let_go_of():
    world = Jobs()
    world.job()
    world.do(world.client.delete("jobs", "job", "default", propagation_policy="Orphan"))
    (pod,) = world.list("pods")
    assert "finalizers" not in pod["metadata"] and "ownerReferences" not in pod["metadata"]


def test_a_pod_that_is_deleted_counts_as_failed_and_is_replaced():
    world = Jobs()
    world.job(template={"spec": {**TEMPLATE["spec"], "terminationGracePeriodSeconds": 0}})
    world.do(world.client.delete("pods", world.open_pods[0]["metadata"]["name"], "default"))
    assert world.status()["failed"] == 1 and len(world.open_pods) == 1 and len(world.list("pods")) == 1


def test_an_orphan_that_its_selector_matches_is_adopted_with_the_finalizer():
    world = Jobs()
    labels = {"app": "mine"}
    world.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lonely", "labels": labels}, "spec": TEMPLATE["spec"]})
    world.job(manualSelector=True, selector={"matchLabels": labels}, template={"metadata": {"labels": labels}, **TEMPLATE})
    (pod,) = world.list("pods")
    assert pod["metadata"]["name"] == "lonely" and pod["metadata"]["finalizers"] == [FINALIZER]
    world.end(pod)
    assert world.conditions()[-1][0] == "Complete"


def test_a_job_of_another_controller_is_left_alone():
    world = Jobs()
    world.job(managedBy="example.com/robot")
    assert world.list("pods") == [] and world.status() == {}


def test_nothing_is_written_when_nothing_changed():
    world = Jobs()
    world.job()
    before = world.store.revision
    world.do(world.client.patch("jobs", "job", {"metadata": {"annotations": {"a": "b"}}}, namespace="default"))
    assert world.writes(before) == ["MODIFIED jobs"]


def test_a_restarted_controller_manager_counts_what_ended_meanwhile_once():
    world = Jobs()
    world.job(completions=2)
    world.engine.stop(world.manager)
    world.settle()
    world.end(world.open_pods[0])
    world.engine.start(world.manager)
    world.settle()
    assert world.status()["succeeded"] == 1 and len(world.open_pods) == 1


def test_a_job_shows_the_labels_that_were_made_for_its_pods():
    world = Jobs()
    made = world.job()
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"]
    owners = [entry for entry in made["metadata"]["managedFields"] if "f:labels" in entry["fieldsV1"].get("f:metadata", {})]
    assert owners == []


def test_a_pod_that_a_quota_refuses_is_told_of_and_tried_again_ever_more_rarely():
    world = Jobs()
    world.create("resourcequotas", {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}})
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"completions": 2, "parallelism": 2, "template": TEMPLATE}}
    world.create("jobs", body, settle=False)
    world.run(20_000)
    assert len(world.open_pods) == 1 and world.status()["active"] == 1
    refused = world.events("FailedCreate")
    assert 3 <= len(refused) <= 6 and "exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1" in refused[0]
    world.do(world.client.delete("resourcequotas", "few", "default"), settle=False)
    world.run(61_000)
    assert len(world.open_pods) == 2


def test_a_policy_fails_one_index_at_once():
    world = Jobs()
    rule = {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [9]}}
    world.job(completionMode="Indexed", completions=2, parallelism=2, backoffLimitPerIndex=5, podFailurePolicy={"rules": [rule]})
    world.end(world.open_pods[0], code=9)
    assert world.status()["failedIndexes"] == "0" and [index_of(pod) for pod in world.open_pods] == ["1"]
    world.end(world.open_pods[0])
    assert world.conditions()[-1] == ("Failed", "True", "FailedIndexes") and world.status()["completedIndexes"] == "1"
