"""Claims in scheduling: what they forbid, what is said, and what is written before a Pod is bound. Words: plugins/volumebinding.

Source: pkg/scheduler/framework/plugins/volumebinding/{binder,volume_binding}_test.go.
"""

from __future__ import annotations

import pytest

from cluster.kinds import _volume_binding as binding
from tests.scheduler.bench import Bench

HOST = "kubernetes.io/hostname"
CANCELLED = 'running PreBind plugin "VolumeBinding": preempted by DefaultPreemption'


def claim(name="data", **spec):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def volume(name, *, node="", labels=None, **spec):
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}, **spec}
    if node:
        terms = [{"matchExpressions": [{"key": HOST, "operator": "In", "values": [node]}]}]
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": terms}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name, "labels": labels or {}}, "spec": spec}


def waiting_class(name="wait", provisioner="rancher.io/local-path", **more):
    about = {"provisioner": provisioner, "volumeBindingMode": "WaitForFirstConsumer", **more}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **about}


PATHS = {"PersistentVolumeClaim": "/api/v1/namespaces/default/persistentvolumeclaims", "PersistentVolume": "/api/v1/persistentvolumes",
         "StorageClass": "/apis/storage.k8s.io/v1/storageclasses"}  # fmt: skip


class Store(Bench):
    """A bench with storage; a test plays the binder's part."""

    def put(self, obj, **status):
        path = PATHS[obj["kind"]]
        made = self.send("POST", path, obj)
        return self.patch(f"{path}/{obj['metadata']['name']}/status", {"status": status}) if status else made

    def bind(self, name, to):
        marks = {"annotations": {binding.BIND_COMPLETED: "yes"}}
        self.patch(f"{PATHS['PersistentVolumeClaim']}/{name}", {"metadata": marks, "spec": {"volumeName": to}})

    def look(self, kind, name):
        return self.send("GET", f"{PATHS[kind]}/{name}")

    def with_claim(self, name="web", claim_name="data", **spec):
        self.pod(name, volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}], **spec)
        self.engine.settle()

    def nominated(self, name="web"):
        return self.send("GET", f"/api/v1/namespaces/default/pods/{name}")["status"].get("nominatedNodeName")

    def why(self, name="web"):
        return self.events(name)[-1]["message"]


@pytest.fixture
def bench():
    made = Store()
    for name in ("n1", "n2"):
        made.node(name, labels={HOST: name})
    return made


AFTER = " no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."


def test_without_its_claim_a_pod_waits_until_it_is_there(bench):
    bench.with_claim()
    assert bench.why() == '0/2 nodes are available: persistentvolumeclaim "data" not found. not found'
    bench.put(claim())
    bench.engine.settle()
    bench.run(2_000)
    assert bench.why() == "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    bench.put(volume("v", node="n2"), phase="Bound")
    bench.bind("data", "v")
    bench.run(3_000)
    assert bench.node_of("web") == "n2"


def test_a_bound_volume_keeps_its_pod_off_other_nodes(bench):
    bench.put(volume("v", node="n3"), phase="Bound")
    bench.put(claim())
    bench.bind("data", "v")
    bench.with_claim()
    assert bench.why() == f"0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.{AFTER}"


def test_a_claim_that_waited_gets_a_volume_of_the_node_that_is_chosen(bench):
    bench.put(waiting_class(provisioner="kubernetes.io/no-provisioner"))
    bench.put(volume("on-1", node="n3", storageClassName="wait"), phase="Available")
    bench.put(claim(storageClassName="wait"))
    bench.with_claim()
    assert bench.why() == f"0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.{AFTER}"
    bench.put(volume("on-2", node="n2", storageClassName="wait"), phase="Available")
    bench.run(3_000)
    assert bench.look("PersistentVolume", "on-2")["spec"]["claimRef"]["name"] == "data" and bench.node_of("web") is None
    bench.bind("data", "on-2")
    bench.run(1_000)
    assert bench.node_of("web") == "n2" and not bench.scheduler.state.waiting and not bench.scheduler.state.taken_volumes


def test_a_claim_to_be_provisioned_is_told_the_node_and_waited_for(bench):
    bench.put(waiting_class())
    bench.put(claim(storageClassName="wait"))
    bench.with_claim()
    node = binding.annotations_of(bench.look("PersistentVolumeClaim", "data"))[binding.SELECTED_NODE]
    assert node in ("n1", "n2") and bench.node_of("web") is None and bench.engine.is_at_rest
    assert bench.nominated() == node  # as told before anything is bound (NominatedNodeNameForExpectation)
    bench.put(volume("made", node=node), phase="Bound")
    bench.bind("data", "made")
    bench.run(1_000)
    assert bench.node_of("web") == node and bench.nominated() is None


def test_what_is_never_bound_is_given_up_after_ten_minutes(bench):
    bench.put(waiting_class())
    bench.put(claim(storageClassName="wait"))
    bench.with_claim()
    bench.run(601_000)
    assert bench.why() == 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'
    assert bench.nominated() is None


def test_two_pods_never_get_one_volume(bench):
    bench.put(waiting_class(provisioner="kubernetes.io/no-provisioner"))
    bench.put(volume("only", storageClassName="wait"), phase="Available")
    for name in ("one", "two"):
        bench.put(claim(name, storageClassName="wait"))
        bench.pod(name, volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": name}}])
    bench.engine.settle()
    assert [name for name in ("one", "two") if bench.events(name, "FailedScheduling")] == ["two"]


def test_a_claim_for_one_pod_alone_refuses_the_second(bench):
    bench.put(volume("v", accessModes=["ReadWriteOncePod"]), phase="Bound")
    bench.put(claim(accessModes=["ReadWriteOncePod"]))
    bench.bind("data", "v")
    bench.with_claim("first")
    bench.with_claim("second")
    assert "2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod" in bench.why("second")
    bench.send("DELETE", "/api/v1/namespaces/default/pods/first", query="gracePeriodSeconds=0")
    bench.run(5_000)
    assert bench.node_of("second")


def test_a_volume_of_a_zone_is_used_there(bench):
    zone = "topology.kubernetes.io/zone"
    bench.node("n3", labels={HOST: "n3", zone: "a"})
    bench.node("n4", labels={HOST: "n4", zone: "b"})
    bench.put(volume("v", labels={zone: "b"}, accessModes=["ReadWriteOnce"]), phase="Bound")
    bench.put(claim())
    bench.bind("data", "v")
    bench.with_claim("web", nodeSelector={HOST: "n3"})
    assert "1 node(s) had no available volume zone" in bench.why()



def test_who_waits_for_volumes_gives_way_without_being_deleted():
    """Source: preemption/executor_test.go (TestPreemptPod: the victim is in PreBind), schedule_one.go (bindingCycle)."""
    bench = Store()
    bench.send("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": "high"}, "value": 1000})
    bench.node("n1", cpu="1")
    bench.put(waiting_class())
    bench.put(claim(storageClassName="wait"))
    bench.with_claim(cpu="1")
    assert bench.scheduler.state.waiting and bench.node_of("web") is None
    bench.pod("p", cpu="1", priorityClassName="high")
    bench.run(3_000)
    web = bench.get("web")
    assert bench.node_of("p") == "n1" and "deletionTimestamp" not in web["metadata"] and not bench.scheduler.state.waiting
    assert "nominatedNodeName" not in web["status"]
    [told] = bench.events("web", "Preempted")
    assert told["message"] == f"Preempted by pod {bench.get('p')['metadata']['uid']} on node n1 (in kube-scheduler memory)."
    assert CANCELLED in [one["message"] for one in bench.events("web")]


def test_a_binding_that_is_called_off_writes_nothing_more():
    """Source: volumebinding/binder.go (bindAPIUpdate: its requests have the context that PodInPreBind.CancelPod ends)."""
    bench = Store()
    bench.node("n1")
    bench.put(waiting_class())
    bench.put(claim(storageClassName="wait"))
    bench.pod("web", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}])
    while not bench.scheduler.state.waiting:
        assert bench.engine.step() is not None
    assert bench.scheduler.volumes.call_off("default/web")
    bench.engine.settle()
    assert bench.nominated() == "n1", "that was on its way"
    assert binding.SELECTED_NODE not in binding.annotations_of(bench.look("PersistentVolumeClaim", "data")) and not bench.scheduler.state.waiting


def test_who_waits_for_volumes_gives_way_before_others_are_gone():
    bench = Store()
    bench.send("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": "high"}, "value": 1000})
    bench.node("n1", cpu="2")
    bench.put(waiting_class())
    bench.put(claim(storageClassName="wait"))
    bench.pod("x", cpu="1", nodeName="n1")
    bench.with_claim(cpu="1")
    bench.pod("p", cpu="2", priorityClassName="high")
    while "default/web" in bench.scheduler.state.assumed:
        assert bench.engine.step() is not None
    assert "default/p" in bench.scheduler.state.preempting and "deletionTimestamp" not in bench.scheduler.pods.get("default/x")["metadata"]
    bench.run(500)
    assert bench.node_of("p") is None
    assert ["deletionTimestamp" in bench.get(name)["metadata"] for name in ("x", "web")] == [True, False]
    bench.delete("x")
    bench.run(3_000)
    assert bench.node_of("p") == "n1" and bench.node_of("web") is None
