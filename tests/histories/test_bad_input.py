"""What cannot work: refused in upstream's words, or told in a condition and an Event, and never looked at without end."""

from __future__ import annotations

import pytest

from .facts import condition
from .moves import Cluster
from .play import restless

pytestmark = pytest.mark.slow
SLEEP = {"name": "app", "image": "busybox:1", "command": ["sleep", "1000000"]}


def workload(kind: str, name: str = "web", *, app: str = "web", pod: dict | None = None, **spec) -> dict:
    """A workload of apps/v1 whose Pods sleep. pod: more of their spec."""
    body = {"containers": [SLEEP], "terminationGracePeriodSeconds": 0, **(pod or {})}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": {
        "selector": {"matchLabels": {"app": app}}, "template": {"metadata": {"labels": {"app": app}}, "spec": body}, **spec}}


def cron(schedule: str) -> dict:
    template = {"spec": {"restartPolicy": "Never", "containers": [SLEEP]}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
            "spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}}}


@pytest.fixture
def cluster():
    return Cluster(1)


def made(cluster: Cluster, resource: str, body: dict) -> None:
    answer = cluster.ask("create", resource, body=body)
    assert answer.ok, answer.message


def told(cluster: Cluster, name: str, *reasons: str) -> list[str]:
    """The messages of an object's Events of some reasons."""
    events = cluster.here("events")
    return [event.get("message") or event.get("note") for event in events
            if (event.get("involvedObject") or event.get("regarding"))["name"] == name and event["reason"] in reasons]


def only(cluster: Cluster, resource: str) -> dict:
    (found,) = cluster.here(resource)
    return found


@pytest.mark.parametrize(("resource", "body", "words"), [
    ("deployments", workload("Deployment", app="web") | {"spec": {**workload("Deployment")["spec"], "selector": {"matchLabels": {"app": "other"}}}},
     'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'),
    ("deployments", workload("Deployment") | {"spec": {**workload("Deployment")["spec"], "selector": {}}},
     'Deployment.apps "web" is invalid: spec.selector: Invalid value: {}: empty selector is invalid for deployment'),
    ("cronjobs", cron("every day"),
     'CronJob.batch "tick" is invalid: spec.schedule: Invalid value: "every day": expected exactly 5 fields, found 2: [every day]'),
    ("cronjobs", cron("61 * * * *"),
     'CronJob.batch "tick" is invalid: spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'),
    ("poddisruptionbudgets", {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
                              "spec": {"minAvailable": 1, "maxUnavailable": 1}},
     'PodDisruptionBudget.policy "b" is invalid: spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,'
     '"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set'),
    ("deployments", workload("Deployment", strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
     'Deployment.apps "web" is invalid: spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'),
])
def test_what_can_be_seen_to_be_wrong_is_refused(cluster, resource, body, words):
    answer = cluster.ask("create", resource, body=body)
    assert (answer.code, answer.message) == (422, words)


def test_two_owners_of_the_same_labels_leave_each_other_in_peace(cluster):
    for kind in ("ReplicaSet", "Deployment", "StatefulSet"):
        made(cluster, f"{kind.lower()}s", workload(kind, f"a-{kind.lower()}", replicas=2))
    cluster.run(60_000)
    owners = [pod["metadata"]["ownerReferences"][0]["kind"] for pod in cluster.here("pods")]
    assert sorted(owners) == ["ReplicaSet"] * 4 + ["StatefulSet"] * 2
    assert restless(cluster) == [] and len(cluster.here("pods")) == 6


def test_a_quota_of_zero_is_a_condition_and_an_event_and_tried_ever_more_rarely(cluster):
    made(cluster, "resourcequotas", {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
    cluster.run(1000)
    made(cluster, "deployments", workload("Deployment", replicas=2, progressDeadlineSeconds=30))
    cluster.run(60_000)
    (words,) = {condition(only(cluster, "replicasets"), "ReplicaFailure")["message"].partition("forbidden: ")[2]}
    assert words == "exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0"
    assert condition(only(cluster, "deployments"), "ReplicaFailure")["reason"] == "FailedCreate"
    assert condition(only(cluster, "deployments"), "Progressing")["reason"] == "ProgressDeadlineExceeded"
    assert told(cluster, cluster.here("replicasets")[0]["metadata"]["name"], "FailedCreate") and restless(cluster) == []


def test_a_budget_that_forbids_everything_says_so_and_refuses_each_eviction(cluster):
    made(cluster, "deployments", workload("Deployment", replicas=2))
    made(cluster, "poddisruptionbudgets", {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "all"},
                                           "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}}})
    cluster.run(30_000)
    found = condition(only(cluster, "poddisruptionbudgets"), "DisruptionAllowed")
    assert (found["status"], found["reason"]) == ("False", "InsufficientPods")
    answer = cluster.do_evict(0)
    assert (answer.code, answer.message) == (429, "Cannot evict pod as it would violate the pod's disruption budget.")
    assert restless(cluster) == [] and len(cluster.here("pods")) == 2


def test_a_stateful_set_whose_claim_cannot_be_bound_waits_and_says_for_what(cluster):
    claim = {"metadata": {"name": "data"}, "spec": {"storageClassName": "nobody", "accessModes": ["ReadWriteOnce"],
                                                   "resources": {"requests": {"storage": "1Gi"}}}}
    made(cluster, "statefulsets", workload("StatefulSet", replicas=3, serviceName="web", volumeClaimTemplates=[claim]))
    cluster.run(60_000)
    assert [pod["metadata"]["name"] for pod in cluster.here("pods")] == ["web-0"]
    assert condition(only(cluster, "pods"), "PodScheduled")["message"].startswith(
        "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
    assert told(cluster, "data-web-0", "ProvisioningFailed") == ['storageclass.storage.k8s.io "nobody" not found']
    assert restless(cluster) == []


def test_the_thirty_first_of_february_is_told_and_no_loop(cluster):
    made(cluster, "cronjobs", cron("0 0 31 2 *"))
    cluster.run(60_000)
    assert told(cluster, "tick", "InvalidSchedule") == [
        "invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second"]
    assert restless(cluster) == [] and cluster.here("jobs") == []


def test_a_rollout_that_can_never_finish_runs_into_its_deadline_and_keeps_the_old_pods(cluster):
    made(cluster, "deployments", workload("Deployment", replicas=3, progressDeadlineSeconds=30))
    cluster.run(30_000)
    cluster.patch("deployments", "web", {"spec": {"template": {"spec": {"containers": [{**SLEEP, "image": "nginx:nope"}]}}}})
    cluster.run(120_000)
    found = only(cluster, "deployments")
    assert condition(found, "Progressing")["reason"] == "ProgressDeadlineExceeded" and condition(found, "Available")["status"] == "True"
    assert found["status"]["availableReplicas"] == 3 and restless(cluster) == []


@pytest.mark.parametrize(("affinity", "words"), [
    ({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "none", "operator": "In", "values": ["x"]}]}]}}}, "3 node(s) didn't match Pod's node affinity/selector"),
    ({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "nobody"}}}]}},
     "3 node(s) didn't match pod affinity rules"),
])
def test_an_affinity_to_what_does_not_exist_is_a_condition_and_an_event(cluster, affinity, words):
    made(cluster, "deployments", workload("Deployment", replicas=1, pod={"affinity": affinity}))
    cluster.run(30_000)
    pod = only(cluster, "pods")
    assert words in condition(pod, "PodScheduled")["message"]
    assert any(words in message for message in told(cluster, pod["metadata"]["name"], "FailedScheduling")) and restless(cluster) == []


def test_pods_that_a_kubelet_refuses_say_why_and_come_no_faster_than_requests_may(cluster):
    """As upstream: a ReplicaSet knows no back-off for Pods that fail, only the limit of its client (20 requests a second)."""
    pod = {"nodeName": "n1", "nodeSelector": {"disk": "none"}}
    made(cluster, "replicasets", workload("ReplicaSet", replicas=1, pod=pod))
    cluster.run(10_000)
    pods = cluster.here("pods")
    refused = [one["status"] for one in pods if one["status"].get("phase") == "Failed"]
    assert {(status["reason"], status["message"]) for status in refused} == {
        ("NodeAffinity", "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector")}
    assert 20 < len(pods) < 30 + 20 * 10
