"""Playbooks: volumes of CSI drivers are asked for on the nodes of their Pods, and let go. Words: pkg/controller/volume/attachdetach,
pkg/volume/csi/csi_attacher.go, pkg/volume/util/operationexecutor."""

from __future__ import annotations

from cluster.controllers.attach_detach import ATTACHMENTS, attachment_name
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
