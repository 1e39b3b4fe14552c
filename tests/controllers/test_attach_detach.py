"""Playbooks: volumes of CSI drivers are asked for on the nodes of their Pods, and let go. Words: pkg/controller/volume/attachdetach,
pkg/volume/csi/csi_attacher.go, pkg/volume/util/operationexecutor."""

from __future__ import annotations

import pytest

from cluster.controllers.attach_detach import ATTACHMENTS, AttachDetachController, attachment_name, in_use_by
from tests.controllers.test_persistent_volumes import Storehouse, claim, volume

CSI = {"driver": "disk.example.com", "volumeHandle": "disk-1"}
UNIQUE = "kubernetes.io/csi/disk.example.com^disk-1"


class Rack(Storehouse):
    """Two nodes, and a claim that is bound to a volume of a driver that nobody has installed."""

    def __init__(self, **spec):
        super().__init__()
        for node in ("one", "two"):
            self.do(self.hand.client.create("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}}))
        self.put(volume("v", storageClassName="", csi=CSI, hostPath=None, **spec), claim("data", "", volumeName="v", **spec))

    def pod(self, name: str, node: str) -> None:
        mounts = [{"name": "d", "mountPath": "/d"}]
        containers = [{"name": "app", "image": "busybox:1", "volumeMounts": mounts}]
        spec = {"nodeName": node, "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}], "containers": containers}
        meta = {"name": name, "namespace": "default"}
        self.do(self.hand.client.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}))

    def attachments(self) -> list[dict]:
        return [stored.value for _, stored in self.store.list("/registry/volumeattachments/")]

    def attached(self, status: dict) -> None:
        [found] = self.attachments()
        name = found["metadata"]["name"]
        self.do(self.hand.client.patch(ATTACHMENTS, name, {"status": status}, patch_type="merge", subresource="status"))

    def node(self, name: str) -> dict:
        return self.store.get(f"/registry/minions/{name}").value

    def events(self, name: str) -> list[tuple[str, str, int]]:
        found = [stored.value for _, stored in self.store.list("/registry/events/")]
        return [(each["reason"], each["message"], each.get("count", 1)) for each in found if each["involvedObject"]["name"] == name]


def test_a_pods_volume_is_asked_for_and_nobody_attaches_it():
    world = Rack()
    world.pod("web", "one")
    [found] = world.attachments()
    assert found["metadata"]["name"] == attachment_name(CSI, "one") and found["status"] == {"attached": False}
    assert found["spec"] == {"attacher": "disk.example.com", "nodeName": "one", "source": {"persistentVolumeName": "v"}}
    world.run(121_000)
    words = "timed out waiting for external-attacher of disk.example.com CSI driver to attach volume disk-1"
    said = ("FailedAttachVolume", f'AttachVolume.Attach failed for volume "v" : {words}', 1)
    assert world.events("web") == [said]
    world.run(121_000)
    assert world.events("web") == [(*said[:2], 2)]


def test_what_is_attached_stands_in_the_nodes_status_until_nobody_needs_it():
    world = Rack()
    world.pod("web", "one")
    world.attached({"attached": True})
    assert world.node("one")["status"]["volumesAttached"] == [{"name": UNIQUE, "devicePath": ""}]
    assert world.events("web") == [("SuccessfulAttachVolume", 'AttachVolume.Attach succeeded for volume "v" ', 1)]
    in_use = {"status": {"volumesInUse": [UNIQUE]}}
    world.do(world.hand.client.patch("nodes", "one", in_use, patch_type="merge", subresource="status"))
    world.do(world.hand.client.delete("pods", "web", "default", grace_period_seconds=0))
    assert world.attachments()  # the node still has it in use
    world.do(world.hand.client.patch("nodes", "one", {"status": {"volumesInUse": None}}, patch_type="merge", subresource="status"))
    assert not world.attachments() and "volumesAttached" not in world.node("one")["status"]


def test_what_the_attacher_says_of_a_failure_is_told():
    world = Rack()
    world.pod("web", "one")
    world.attached({"attached": False, "attachError": {"message": "disk is broken", "time": "2026-01-01T09:00:00Z"}})
    assert world.events("web") == [("FailedAttachVolume", 'AttachVolume.Attach failed for volume "v" : disk is broken', 1)]


def test_a_volume_for_one_node_is_not_attached_to_a_second_one():
    world = Rack()
    world.pod("web", "one")
    world.pod("late", "two")
    assert [each["spec"]["nodeName"] for each in world.attachments()] == ["one"]
    assert world.events("late") == [("FailedAttachVolume", 'Multi-Attach error for volume "v" Volume is already used by pod(s) web', 1)]
    world.do(world.hand.client.delete("pods", "web", "default", grace_period_seconds=0))
    world.run(5_000)
    assert [each["spec"]["nodeName"] for each in world.attachments()] == ["two"]


def test_a_volume_for_many_nodes_is_attached_to_all_of_them():
    world = Rack(accessModes=["ReadWriteMany"])
    world.pod("web", "one")
    world.pod("late", "two")
    assert sorted(each["spec"]["nodeName"] for each in world.attachments()) == ["one", "two"]


# -- detaching by force -------------------------------------------------------------------------------------------------------------

IN_USE = {"volumesInUse": [UNIQUE]}


def status(world, node, **said):
    world.do(world.hand.client.patch("nodes", node, {"status": said}, patch_type="merge", subresource="status"))


def ready(value):
    return [{"type": "Ready", "status": value}]


def abandoned(**said):
    """A node that has a volume in use, of a Pod that is gone."""
    world = Rack()
    world.pod("web", "one")
    world.attached({"attached": True})
    status(world, "one", **IN_USE, **said)
    world.do(world.hand.client.delete("pods", "web", "default", grace_period_seconds=0))
    return world


def why_forced(world):
    return [event.data["why"] for event in world.engine.trace.events if event.kind == "VolumeDetachForced"]


def left(world):
    return world.manager.controllers[AttachDetachController.NAME].state.left


def test_a_volume_is_taken_from_a_node_that_is_unwell_for_six_minutes():
    world = abandoned(conditions=ready("Unknown"))
    world.run(350_000)
    assert world.attachments() and not why_forced(world)
    world.run(20_000)
    assert not world.attachments() and why_forced(world) == ["timeout"]


@pytest.mark.parametrize("word, waited_ms, why", [
    ("Unknown", 360_001, "timeout"), ("False", 360_001, "timeout"), ("Unknown", 360_000, ""), ("True", 3_600_000, ""), (None, 360_001, "timeout"),
])  # fmt: skip
def test_only_a_node_that_is_unwell_or_gone_is_not_waited_for(word, waited_ms, why):
    node = None if word is None else {"spec": {}, "status": {"conditions": ready(word)}}
    assert AttachDetachController._why_by_force(node, waited_ms) == why


def test_a_node_out_of_service_loses_its_volumes_at_once():
    world = abandoned(conditions=ready("True"))
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    world.do(world.hand.client.patch("nodes", "one", {"spec": {"taints": [taint]}}, patch_type="merge"))
    assert not world.attachments() and why_forced(world) == ["out-of-service"]
    assert "volumesAttached" not in world.node("one")["status"]


def test_a_node_that_is_no_more_is_given_six_minutes_too():
    world = abandoned(conditions=ready("True"))
    world.do(world.hand.client.delete("nodes", "one"))
    world.run(350_000)
    assert world.attachments() and left(world) == {"one": [UNIQUE]}
    world.run(20_000)
    assert not world.attachments() and left(world) == {}


def test_what_a_node_had_in_use_is_not_kept_where_nothing_is_attached_to_it():
    world = Rack()
    status(world, "one", **IN_USE)
    world.do(world.hand.client.delete("nodes", "one"))
    assert left(world) == {}


def test_a_pod_that_comes_back_in_time_keeps_its_volume():
    world = abandoned(conditions=ready("Unknown"))
    world.run(200_000)
    world.pod("again", "one")
    world.run(300_000)
    world.do(world.hand.client.delete("pods", "again", "default", grace_period_seconds=0))
    world.run(300_000)
    assert world.attachments()
    world.run(70_000)
    assert not world.attachments()


# -- disks of clouds ------------------------------------------------------------------------------------------------------------------

EBS = {"awsElasticBlockStore": {"volumeID": "vol-1", "fsType": "ext4"}}


def disk_pod(world, name, node, namespace="default"):
    mounts = [{"name": "d", "mountPath": "/d"}]
    spec = {"nodeName": node, "volumes": [{"name": "d", **EBS}], "containers": [{"name": "app", "image": "busybox:1", "volumeMounts": mounts}]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
    world.do(world.hand.client.create("pods", body))


def test_a_disk_that_a_pod_names_itself_is_its_drivers():
    world = Rack()
    disk_pod(world, "web", "one")
    [found] = world.attachments()
    csi = {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1", "fsType": "ext4", "volumeAttributes": {"partition": "0"}}
    assert found["spec"] == {"attacher": "ebs.csi.aws.com", "nodeName": "one",
                             "source": {"inlineVolumeSpec": {"csi": csi, "accessModes": ["ReadWriteOnce"]}}}  # fmt: skip
    world.attached({"attached": True})
    assert world.events("web") == [("SuccessfulAttachVolume", 'AttachVolume.Attach succeeded for volume "ebs.csi.aws.com-vol-1" ', 1)]
    assert world.node("one")["status"]["volumesAttached"] == [{"name": "kubernetes.io/csi/ebs.csi.aws.com^vol-1", "devicePath": ""}]
    disk_pod(world, "late", "two")
    said = 'Multi-Attach error for volume "ebs.csi.aws.com-vol-1" Volume is already used by pod(s) web'
    assert world.events("late") == [("FailedAttachVolume", said, 1)]
    world.do(world.hand.client.delete("pods", "web", "default", grace_period_seconds=0))
    world.run(5_000)
    assert [each["spec"]["nodeName"] for each in world.attachments()] == ["two"]
    world.do(world.hand.client.delete("pods", "late", "default", grace_period_seconds=0))
    world.run(5_000)
    assert not world.attachments()


def test_a_persistent_volume_of_a_cloud_keeps_its_name():
    world = Storehouse()
    world.do(world.hand.client.create("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"}}))
    world.put(volume("v", storageClassName="", **EBS, hostPath=None), claim("data", "", volumeName="v"))
    Rack.pod(world, "web", "one")
    [found] = Rack.attachments(world)
    assert found["spec"]["attacher"] == "ebs.csi.aws.com" and found["spec"]["source"] == {"persistentVolumeName": "v"}


@pytest.mark.parametrize("local, count, words", [
    (["a"], 1, "pod(s) a"), (["a", "b"], 3, "pod(s) a, b and 1 pod(s) in different namespaces"), ([], 2, "2 pod(s) in different namespaces"),
])  # fmt: skip
def test_who_has_a_volume_is_told_by_name_only_within_a_namespace(local, count, words):
    found = [{"metadata": {"name": name}} for name in local]
    assert in_use_by(found, count) == f"Volume is already used by {words}"
