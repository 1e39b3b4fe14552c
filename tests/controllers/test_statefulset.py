"""statefulset-controller against the real API server.

Source: pkg/controller/statefulset/stateful_set_control_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers._statefulset_identity import POD_INDEX, POD_NAME
from tests.controllers.stateful import LABELS, Stateful, template

CLAIM = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}


def test_pods_come_one_after_another_each_once_the_one_before_is_ready():
    world = Stateful()
    before = world.store.revision
    world.stateful_set(replicas=2)
    assert world.names() == ["web-0"] and world.traced("PodAwaited") == [{"owner": "default/web", "until": "ready"}]
    world.make_ready(world.get("pods", "web-0"))
    assert world.names() == ["web-0", "web-1"]
    world.make_ready(world.get("pods", "web-1"))
    assert world.writes(before) == [
        "ADDED statefulsets", "ADDED controllerrevisions", "ADDED pods", "MODIFIED statefulsets", "MODIFIED statefulsets",
        "MODIFIED pods", "ADDED pods", "MODIFIED statefulsets", "MODIFIED statefulsets", "MODIFIED pods", "MODIFIED statefulsets",
    ]
    name = world.names("controllerrevisions")[0]
    assert world.status() == {"observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "availableReplicas": 2, "currentReplicas": 2,
                              "updatedReplicas": 2, "currentRevision": name, "updateRevision": name, "collisionCount": 0}
    assert world.events() == ["Create Pod web-0 in StatefulSet web successful", "Create Pod web-1 in StatefulSet web successful"]


def test_a_pod_knows_who_it_is():
    world = Stateful()
    world.stateful_set(replicas=1, ordinals={"start": 5})
    (pod,) = world.list("pods")
    labels = pod["metadata"]["labels"]
    assert pod["metadata"]["name"] == "web-5" and (labels[POD_NAME], labels[POD_INDEX]) == ("web-5", "5")
    assert labels["controller-revision-hash"] == world.status()["updateRevision"] and pod["metadata"]["generateName"] == "web-"
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("web-5", "web")


def test_parallel_pods_come_at_once_and_go_at_once():
    world = Stateful()
    world.stateful_set(podManagementPolicy="Parallel")
    assert world.names() == ["web-0", "web-1", "web-2"] and "readyReplicas" not in world.status()
    world.change({"replicas": 0})
    assert world.names() == [] and world.status()["replicas"] == 0


def test_the_last_goes_first_and_none_before_the_one_above_it_is_gone():
    world = Stateful()
    world.ready_set(template=template(terminationGracePeriodSeconds=30, nodeName="n1"))
    world.change({"replicas": 1})
    going = [pod["metadata"]["name"] for pod in world.list("pods") if "deletionTimestamp" in pod["metadata"]]
    assert going == ["web-2"] and world.status()["observedGeneration"] == 2
    world.remove("pods", "web-2", grace_period_seconds=0)
    world.remove("pods", "web-1", grace_period_seconds=0)
    assert world.names() == ["web-0"] and world.status()["replicas"] == 1
    assert world.events("SuccessfulDelete") == ["Delete Pod web-2 in StatefulSet web successful", "Delete Pod web-1 in StatefulSet web successful"]


def test_a_pod_that_is_gone_or_has_ended_comes_back_under_its_name():
    world = Stateful()
    world.ready_set()
    first = world.get("pods", "web-1")["metadata"]["uid"]
    world.remove("pods", "web-1")
    second = world.get("pods", "web-1")["metadata"]["uid"]
    world.make_all_ready()
    world.end("web-1", "Failed")
    assert len({first, second, world.get("pods", "web-1")["metadata"]["uid"]}) == 3


def test_an_update_replaces_the_last_first_and_waits_for_each():
    world = Stateful()
    world.ready_set()
    old = world.status()["currentRevision"]
    world.change({"template": template("busybox:2")})
    assert world.images() == {"web-0": "busybox:1", "web-1": "busybox:1", "web-2": "busybox:2"}
    assert world.status()["currentRevision"] == old != world.status()["updateRevision"]
    assert (world.status()["currentReplicas"], world.status()["updatedReplicas"]) == (2, 1)
    world.make_all_ready()
    assert set(world.images().values()) == {"busybox:2"} and world.revisions() == [1, 2]
    assert world.status()["currentRevision"] == world.status()["updateRevision"] and world.status()["currentReplicas"] == 3


def test_a_partition_keeps_the_first_pods_also_when_they_are_made_anew():
    world = Stateful()
    world.ready_set(updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    world.change({"template": template("busybox:2")})
    world.make_all_ready()
    world.remove("pods", "web-0")
    world.make_all_ready()
    assert world.images() == {"web-0": "busybox:1", "web-1": "busybox:1", "web-2": "busybox:2"}
    assert world.status()["currentRevision"] != world.status()["updateRevision"]
    world.change({"updateStrategy": {"rollingUpdate": {"partition": 0}}})
    world.make_all_ready()
    assert set(world.images().values()) == {"busybox:2"} and world.status()["currentRevision"] == world.status()["updateRevision"]


def test_on_delete_leaves_the_pods_to_whoever_deletes_them():
    world = Stateful()
    world.ready_set(updateStrategy={"type": "OnDelete"})
    world.change({"template": template("busybox:2")})
    assert set(world.images().values()) == {"busybox:1"}
    world.remove("pods", "web-0")
    assert world.images() == {"web-0": "busybox:2", "web-1": "busybox:1", "web-2": "busybox:1"}


def test_a_broken_rollout_stays_stuck_when_the_template_is_put_right():
    """Known upstream: the Pod that never gets ready has to be deleted by hand."""
    world = Stateful()
    world.ready_set()
    world.change({"template": template("broken:1")})
    world.change({"template": template("busybox:1")})
    world.run(60_000)
    assert world.images()["web-2"] == "broken:1" and world.revisions() == [2, 3]
    world.remove("pods", "web-2")
    world.make_all_ready()
    assert set(world.images().values()) == {"busybox:1"}


def test_going_back_raises_the_old_revision_and_makes_no_new_one():
    world = Stateful()
    world.ready_set()
    first = world.status()["updateRevision"]
    world.change({"template": template("busybox:2")})
    world.make_all_ready()
    world.change({"template": template("busybox:1")})
    world.make_all_ready()
    assert world.revisions() == [2, 3] and world.status()["updateRevision"] == first


def test_history_keeps_as_many_revisions_as_asked_for_beside_the_living():
    world = Stateful()
    world.ready_set(replicas=1, revisionHistoryLimit=1)
    for number in range(2, 6):
        world.change({"template": template(f"busybox:{number}")})
        world.make_all_ready()
    assert world.revisions() == [4, 5]
    assert [fact["revision"] for fact in world.traced("RevisionForgotten")] == [1, 2, 3]


def test_min_ready_seconds_make_the_next_pod_wait():
    world = Stateful()
    world.stateful_set(replicas=2, minReadySeconds=10)
    world.make_ready(world.get("pods", "web-0"), settle=False)
    world.run(8_000)
    assert world.names() == ["web-0"] and (world.status()["readyReplicas"], world.status()["availableReplicas"]) == (1, 0)
    world.run(4_000)
    assert world.names() == ["web-0", "web-1"] and world.status()["availableReplicas"] == 1
    assert world.traced("PodAwaited")[-1]["until"] == "ready"


def test_each_pod_has_claims_of_its_own_which_stay():
    world = Stateful()
    world.ready_set(replicas=2, volumeClaimTemplates=[CLAIM])
    claim = world.get("persistentvolumeclaims", "data-web-1")
    assert claim["metadata"]["labels"] == LABELS["matchLabels"] and "ownerReferences" not in claim["metadata"]
    assert world.get("pods", "web-1")["spec"]["volumes"][0] == {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}
    assert world.events("SuccessfulCreate")[:2] == ["Create Claim data-web-0 Pod web-0 in StatefulSet web success",
                                                    "Create Pod web-0 in StatefulSet web successful"]
    world.change({"replicas": 0})
    world.remove("statefulsets", "web")
    assert world.names("persistentvolumeclaims") == ["data-web-0", "data-web-1"]


def test_claims_go_with_the_pod_or_the_set_where_the_policy_says_so():
    world = Stateful()
    policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    world.ready_set(replicas=2, volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy=policy)
    (owner,) = world.get("persistentvolumeclaims", "data-web-1")["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("StatefulSet", "web", True)
    world.change({"replicas": 1})
    assert world.names() == ["web-0"] and world.names("persistentvolumeclaims") == ["data-web-0"]
    world.remove("statefulsets", "web")
    assert world.names() == [] and world.names("persistentvolumeclaims") == []


def test_a_foreign_pod_in_the_way_is_told_and_tried_again():
    world = Stateful()
    world.create("pods", {"metadata": {"name": "web-0"}, "spec": template()["spec"]})
    world.stateful_set(replicas=1, settle=False)
    world.run(5_000)
    assert "replicas" in world.status() and world.status()["replicas"] == 0
    world.remove("pods", "web-0")
    assert world.get("pods", "web-0")["metadata"]["ownerReferences"][0]["name"] == "web"


def test_orphans_are_adopted_by_name_and_labels_alone_are_not_enough():
    world = Stateful()
    world.ready_set(replicas=1)
    world.create("pods", {"metadata": {"name": "other", **template()["metadata"]}, "spec": template()["spec"]})
    world.remove("statefulsets", "web", propagation_policy="Orphan")
    assert "ownerReferences" not in world.get("pods", "web-0")["metadata"]
    world.stateful_set(replicas=1)
    owners = {pod["metadata"]["name"]: pod["metadata"].get("ownerReferences") for pod in world.list("pods")}
    assert owners["other"] is None and owners["web-0"][0]["uid"] == world.get("statefulsets", "web")["metadata"]["uid"]
    assert world.get("pods", "web-0")["metadata"]["uid"] and world.revisions() == [1]


def test_a_pod_that_lost_its_labels_gets_them_back():
    world = Stateful()
    world.ready_set(replicas=1)
    world.do(world.client.patch("pods", "web-0", {"metadata": {"labels": {POD_NAME: None}}}, namespace="default", patch_type="merge"))
    assert world.get("pods", "web-0")["metadata"]["labels"][POD_NAME] == "web-0"
    assert world.events("SuccessfulUpdate") == ["Update Pod web-0 in StatefulSet web successful"]


def test_a_pod_in_the_way_for_ever_lets_the_cluster_settle():
    world = Stateful()
    world.create("pods", {"metadata": {"name": "web-0"}, "spec": template()["spec"]})
    world.stateful_set(replicas=1)
    assert world.engine.now_ms < 300_000
    assert world.traced("SyncFailed")[0]["message"].startswith('pods "web-0" already exists')


def test_a_claim_that_somebody_else_manages_is_told_and_left_alone():
    world = Stateful()
    world.create("configmaps", {"metadata": {"name": "boss"}})
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "boss", "uid": world.get("configmaps", "boss")["metadata"]["uid"], "controller": True}
    world.create("persistentvolumeclaims", {"metadata": {"name": "data-web-0", "ownerReferences": [owner]}, "spec": CLAIM["spec"]})
    world.ready_set(replicas=1, volumeClaimTemplates=[CLAIM], persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete", "whenDeleted": "Delete"})
    assert world.get("persistentvolumeclaims", "data-web-0")["metadata"]["ownerReferences"] == [owner]
    assert "has a conflicting OwnerReference that acts as a manging controller" in world.events("ConflictingController")[0]


def test_a_claim_that_is_going_holds_its_pod_up():
    world = Stateful()
    world.create("persistentvolumeclaims", {"metadata": {"name": "data-web-0", "finalizers": ["example.com/hold"]}, "spec": CLAIM["spec"]})
    world.remove("persistentvolumeclaims", "data-web-0")
    world.stateful_set(replicas=1, volumeClaimTemplates=[CLAIM], settle=False)
    world.run(3_000)
    assert world.names() == [] and world.events("FailedCreate")[0] == (
        "Create Pod web-0 in StatefulSet web failed error: pvc data-web-0 is being deleted")
    world.do(world.client.patch("persistentvolumeclaims", "data-web-0", {"metadata": {"finalizers": None}}, namespace="default", patch_type="merge"))
    assert world.names() == ["web-0"] and "deletionTimestamp" not in world.get("persistentvolumeclaims", "data-web-0")["metadata"]


@pytest.mark.slow
def test_a_template_that_is_refused_is_told():
    world = Stateful()
    world.create("resourcequotas", {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
    world.stateful_set(replicas=1, settle=False)
    world.run(3_000)
    said = world.events("FailedCreate")[0]
    assert said.startswith('Create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: exceeded quota: none')


def test_other_start_ordinals_move_the_set_up_before_the_old_places_are_given_up():
    world = Stateful()
    world.ready_set(replicas=2)
    world.change({"ordinals": {"start": 1}})
    assert world.names() == ["web-0", "web-1", "web-2"]
    world.make_all_ready()
    assert world.names() == ["web-1", "web-2"] and world.status()["replicas"] == 2


def broken(place: int) -> Stateful:
    """A set of three, one of which is not ready, told to shrink to one."""
    world = Stateful()
    world.ready_set(replicas=3)
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    world.do(world.client.patch("pods", f"web-{place}", unready, namespace="default", subresource="status"))
    world.change({"replicas": 1})
    return world


def test_scaling_down_waits_for_a_broken_pod_below():
    world = broken(0)
    assert world.names() == ["web-0", "web-1", "web-2"] and world.traced("PodAwaited")[-1] == {"owner": "default/web", "until": "ready"}
    world.make_ready(world.get("pods", "web-0"))
    assert world.names() == ["web-0"]


@pytest.mark.parametrize("place", [1, 2])
def test_scaling_down_does_not_wait_for_a_broken_pod_that_is_to_go_itself(place):
    assert broken(place).names() == ["web-0"]
