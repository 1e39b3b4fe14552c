"""daemonset-controller against the real API server.

Source: pkg/controller/daemon/{daemon_controller,update}_test.go.
"""

from __future__ import annotations

import itertools

from cluster.controllers._daemonset_nodes import GENERATION_LABEL, node_of
from cluster.controllers._history import POD_LABEL
from tests.controllers.stateful import Stateful, template


def quiet(**options) -> Stateful:
    """A world whose nodes are left alone: nobody beats for them."""
    return Stateful(without=("node-lifecycle-controller", "taint-eviction-controller"), **options)


def test_every_node_that_fits_gets_a_pod_that_may_go_nowhere_else():
    world = quiet()
    world.nodes("n1", "n2", zone="a")
    world.nodes("n3")
    before = world.store.revision
    world.daemon_set(pod=template(nodeSelector={"zone": "a"}))
    assert world.places() == ["n1", "n2"]
    assert world.writes(before)[:4] == ["ADDED daemonsets", "ADDED controllerrevisions", "ADDED pods", "ADDED pods"]
    (pod, _), (revision,) = world.list("pods"), world.list("controllerrevisions")
    labels = pod["metadata"]["labels"]
    assert labels[GENERATION_LABEL] == "1" and revision["metadata"]["name"] == f"agent-{labels[POD_LABEL]}"
    required = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required["nodeSelectorTerms"] == [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node_of(pod)]}]}]
    assert [taint["key"].partition("/")[2] for taint in pod["spec"]["tolerations"]] == [
        "not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"]
    assert world.status("agent", "daemonsets") == {
        "currentNumberScheduled": 2, "numberMisscheduled": 0, "desiredNumberScheduled": 2, "numberReady": 0, "observedGeneration": 1,
        "updatedNumberScheduled": 2, "numberUnavailable": 2}
    assert [event.startswith("Created pod: agent-") for event in world.events("SuccessfulCreate")] == [True, True]


def test_pods_follow_the_nodes():
    world = quiet()
    world.nodes("n1")
    world.daemon_set(pod=template(nodeSelector={"zone": "a"}))
    assert world.places() == []
    world.mark("n1", zone="a")
    assert world.places() == ["n1"]
    world.run_all()
    world.nodes("n2", zone="a")
    assert world.places() == ["n1", "n2"]
    world.mark("n1", zone="b")
    assert world.places() == ["n2"] and world.status("agent", "daemonsets")["desiredNumberScheduled"] == 1


def test_a_deleted_pod_comes_back_on_its_node():
    world = quiet()
    world.nodes("n1", "n2")
    world.daemon_set()
    world.run_all()
    world.remove("pods", next(pod["metadata"]["name"] for pod in world.list("pods") if node_of(pod) == "n2"))
    assert world.places() == ["n1", "n2"] and world.status("agent", "daemonsets")["numberReady"] == 1


def test_taints_keep_pods_away_and_no_execute_drives_them_off():
    world = quiet()
    world.nodes("n1", "n2")
    world.taint("n1", ("dedicated", "NoSchedule"))
    world.daemon_set()
    assert world.places() == ["n2"]
    world.run_all()
    world.taint("n2", ("dedicated", "NoSchedule"))
    assert world.places() == ["n2"]
    world.change({"minReadySeconds": 0, "revisionHistoryLimit": 3}, "agent", "daemonsets")
    status = world.status("agent", "daemonsets")
    assert (status["desiredNumberScheduled"], status["numberMisscheduled"], status["currentNumberScheduled"]) == (0, 1, 0)
    world.taint("n2", ("dedicated", "NoExecute"))
    assert world.places() == []


def test_a_cordoned_node_keeps_its_pod_and_a_new_one_comes_there_too():
    world = quiet()
    world.nodes("n1")
    world.taint("n1", ("node.kubernetes.io/unschedulable", "NoSchedule"), ("node.kubernetes.io/not-ready", "NoExecute"))
    world.daemon_set()
    assert world.places() == ["n1"]


def rolling(world: Stateful, **limits) -> Stateful:
    world.nodes("n1", "n2", "n3")
    world.daemon_set(updateStrategy={"type": "RollingUpdate", "rollingUpdate": limits})
    world.run_all()
    world.change({"template": template("busybox:2")}, "agent", "daemonsets")
    return world


def images(world: Stateful) -> list[str]:
    return sorted(world.images().values())


def test_an_update_replaces_as_many_at_a_time_as_may_be_missing():
    world = rolling(quiet(), maxUnavailable=2)
    assert images(world) == ["busybox:1", "busybox:2", "busybox:2"]
    assert world.status("agent", "daemonsets")["updatedNumberScheduled"] == 2
    world.run_all()
    assert images(world) == ["busybox:2"] * 3 and world.revisions() == [1, 2]
    assert [fact["why"] for fact in world.traced("DaemonPodUnwanted")] == ["outdated"] * 3
    assert world.status("agent", "daemonsets")["numberAvailable"] == 3


def test_a_percentage_of_the_nodes_is_rounded_up():
    assert images(rolling(quiet(), maxUnavailable="34%")) == ["busybox:1", "busybox:2", "busybox:2"]


def test_a_surge_puts_the_new_pod_beside_the_old_one_until_it_is_available():
    world = rolling(quiet(), maxUnavailable=0, maxSurge=1)
    assert images(world) == ["busybox:1"] * 3 + ["busybox:2"] and len(set(world.places())) == 3
    world.run_all()
    assert images(world) == ["busybox:2"] * 3


def test_a_rollout_that_never_gets_ready_goes_no_further():
    world = quiet()
    rolling(world, maxUnavailable=1)
    world.run(60_000)
    assert images(world) == ["busybox:1", "busybox:1", "busybox:2"]


def test_on_delete_leaves_the_pods_to_whoever_deletes_them():
    world = quiet()
    world.nodes("n1", "n2")
    world.daemon_set(updateStrategy={"type": "OnDelete"})
    world.run_all()
    world.change({"template": template("busybox:2")}, "agent", "daemonsets")
    assert images(world) == ["busybox:1", "busybox:1"] and world.revisions() == [1, 2]
    world.remove("pods", world.names()[0])
    assert images(world) == ["busybox:1", "busybox:2"]


def test_going_back_raises_the_old_revision_and_history_is_kept_short():
    world = quiet()
    world.nodes("n1")
    world.daemon_set(revisionHistoryLimit=1)
    world.run_all()
    for number in (2, 3, 2):
        world.change({"template": template(f"busybox:{number}")}, "agent", "daemonsets")
        world.run_all()
    assert images(world) == ["busybox:2"] and world.revisions() == [3, 4]
    assert [fact["revision"] for fact in world.traced("RevisionForgotten")] == [1]


def test_failed_pods_are_deleted_each_time_after_a_longer_wait():
    world = quiet()
    world.nodes("n1")
    world.daemon_set()
    times = []
    for _ in range(4):
        world.bind()
        world.end(world.names()[0], "Failed")
        times.append(world.engine.now_ms)
        assert world.list("pods")[0]["status"]["phase"] == "Pending"
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert waits[0] < 1_900 and 1_900 < waits[1] < 3_900 < waits[2] < 5_000
    said = world.events("FailedDaemonPod")[0]
    assert said.startswith("Found failed daemon pod default/agent-") and said.endswith(" on node n1, will try to kill it")


def test_a_pod_that_has_succeeded_is_replaced():
    world = quiet()
    world.nodes("n1")
    world.daemon_set()
    world.bind()
    world.end(world.names()[0], "Succeeded")
    assert world.list("pods")[0]["status"]["phase"] == "Pending"
    assert world.events("SucceededDaemonPod")[0].endswith("on node n1, will try to delete it")


def test_min_ready_seconds_hold_an_update_back():
    world = quiet()
    world.nodes("n1", "n2")
    world.daemon_set(minReadySeconds=10)
    world.run_all()
    world.run(12_000)
    assert world.status("agent", "daemonsets")["numberAvailable"] == 2
    world.change({"template": template("busybox:2")}, "agent", "daemonsets")
    world.bind()
    pod = next(pod for pod in world.list("pods") if pod["status"]["phase"] == "Pending")
    world.make_ready(pod, settle=False)
    world.run(8_000)
    assert images(world) == ["busybox:1", "busybox:2"]
    world.run(5_000)
    assert images(world) == ["busybox:2", "busybox:2"]


def test_a_pod_for_a_node_that_is_gone_is_deleted_and_one_too_many_too():
    world = quiet()
    world.nodes("n1", "n2")
    world.daemon_set()
    world.do(world.client.delete("nodes", "n2"))
    world.mark("n1", some="news")
    world.change({"minReadySeconds": 1}, "agent", "daemonsets")
    assert world.places() == ["n1"]
    pod = {key: value for key, value in world.list("pods")[0].items() if key in ("metadata", "spec")}
    meta = {"name": "copy", "labels": pod["metadata"]["labels"]}
    world.create("pods", {"metadata": meta, "spec": {"containers": [{"name": "a", "image": "b"}], "affinity": pod["spec"]["affinity"]}})
    assert len(world.places()) == 1


def test_deleting_it_takes_pods_and_history_along():
    world = quiet()
    world.nodes("n1")
    world.daemon_set()
    world.remove("daemonsets", "agent")
    assert world.names() == [] and world.names("controllerrevisions") == []


def test_orphaned_pods_and_history_are_taken_up_again():
    world = quiet()
    world.nodes("n1")
    world.daemon_set()
    (pod,) = world.names()
    world.remove("daemonsets", "agent", propagation_policy="Orphan")
    world.daemon_set()
    assert world.names() == [pod] and world.revisions() == [1] and len(world.traced("ObjectAdopted")) == 2


def test_a_lost_revision_is_written_again():
    world = quiet()
    world.nodes("n1")
    world.daemon_set()
    (name,) = world.names("controllerrevisions")
    world.remove("controllerrevisions", name)
    assert world.names("controllerrevisions") == [name] and len(world.names()) == 1


def test_of_two_revisions_that_say_the_same_the_newest_stays_and_gets_the_pods():
    world = quiet()
    world.nodes("n1")
    world.daemon_set()
    (first,) = world.list("controllerrevisions")
    meta = first["metadata"]
    copy = {**first, "revision": 7, "metadata": {"name": "agent-copy", "ownerReferences": meta["ownerReferences"],
                                                 "labels": {**meta["labels"], POD_LABEL: "copy"}}}
    world.create("controllerrevisions", copy)
    world.remove("pods", world.names()[0])
    assert world.names("controllerrevisions") == ["agent-copy"]
    assert [pod["metadata"]["labels"][POD_LABEL] for pod in world.list("pods")] == ["copy"]


def test_a_revision_without_the_pods_label_gets_it():
    world = quiet()
    world.nodes("n1")
    world.daemon_set()
    (first,) = world.list("controllerrevisions")
    bare = {"metadata": {"labels": {POD_LABEL: None}}}
    world.do(world.client.patch("controllerrevisions", first["metadata"]["name"], bare, namespace="default", patch_type="merge"))
    assert world.list("controllerrevisions")[0]["metadata"]["labels"][POD_LABEL] == first["metadata"]["name"]
