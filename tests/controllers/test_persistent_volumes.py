"""Playbooks: claims find volumes, volumes are made for claims, and are let go. Words: pkg/controller/volume/persistentvolume."""

from __future__ import annotations

import pytest

from cluster.kinds import _volume_binding as binding
from tests.controllers.world import World


def claim(name: str, storage_class: str | None = None, size: str = "1Gi", **spec) -> dict:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "default"}, "spec": spec}


def volume(name: str, size: str = "1Gi", *, labels=None, **spec) -> dict:
    spec = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data/" + name}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name, "labels": labels or {}}, "spec": spec}


def storage_class(name: str, provisioner: str = "nfs.csi.k8s.io", mode: str = "Immediate", **more) -> dict:
    about = {"provisioner": provisioner, "volumeBindingMode": mode, **more}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **about}


class Storehouse(World):
    def put(self, *objects: dict) -> None:
        for obj in objects:
            self.do(self.hand.client.create(f"{obj['kind'].lower()}{'es' if obj['kind'].endswith('s') else 's'}", obj))

    def claim(self, name: str) -> dict:
        return self.store.get(f"/registry/persistentvolumeclaims/default/{name}").value

    def volume(self, name: str) -> dict | None:
        stored = self.store.get(f"/registry/persistentvolumes/{name}")
        return stored.value if stored else None

    def said(self, name: str) -> list[tuple[str, str]]:
        found = [stored.value for _, stored in self.store.list("/registry/events/")]
        mine = [event for event in found if event["involvedObject"]["name"] == name]
        return [(event["reason"], event["message"]) for event in sorted(mine, key=lambda event: int(event["metadata"]["resourceVersion"]))]


def test_a_claim_gets_the_smallest_volume_that_fits_and_both_name_each_other():
    world = Storehouse()
    world.put(volume("large", "5Gi"), volume("small", "500Mi"), volume("fits", "2Gi"), claim("data"))
    found, mine = world.claim("data"), world.volume("fits")
    assert (found["spec"]["volumeName"], found["status"]) == (
        "fits", {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}})  # fmt: skip
    assert binding.annotations_of(found) == {binding.BIND_COMPLETED: "yes", binding.BOUND_BY_CONTROLLER: "yes"}
    assert (mine["spec"]["claimRef"]["uid"], mine["status"]["phase"]) == (found["metadata"]["uid"], "Bound")
    assert [world.volume(name)["status"]["phase"] for name in ("large", "small")] == ["Available", "Available"]
    assert not [fact for fact in world.engine.trace.events if fact.kind == "RequestRefused"]


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [
        (claim("data"), volume("v", storageClassName="x")),
        (claim("data"), volume("v", accessModes=["ReadOnlyMany"])),
        (claim("data"), volume("v", volumeMode="Block")),
        (claim("data", selector={"matchLabels": {"a": "b"}}), volume("v")),
        (claim("data"), volume("v", claimRef={"name": "other", "namespace": "default"})),
    ],
)
def test_a_volume_that_does_not_fit_stays_alone(wanted, offered):
    world = Storehouse()
    world.put(offered, wanted)
    assert world.claim("data")["status"] == {"phase": "Pending"} and world.volume("v")["status"]["phase"] == "Available"
    assert world.said("data") == [("FailedBinding", "no persistent volumes available for this claim and no storage class is set")]


def test_a_volume_that_is_reserved_goes_to_its_claim():
    world = Storehouse()
    world.put(volume("v", "9Gi", claimRef={"name": "data", "namespace": "default"}), volume("w"), claim("data"))
    assert world.claim("data")["spec"]["volumeName"] == "v" and binding.BOUND_BY_CONTROLLER not in binding.annotations_of(world.volume("v"))


@pytest.mark.parametrize(
    ("offered", "reason", "message"),
    [
        (volume("v", "1Mi"), "VolumeMismatch", 'Cannot bind to requested volume "v": requested PV is too small'),
        (volume("v", storageClassName="x"), "VolumeMismatch", 'Cannot bind to requested volume "v": storageClassName does not match'),
        (volume("v", accessModes=["ReadOnlyMany"]), "VolumeMismatch", 'Cannot bind to requested volume "v": incompatible accessMode'),
        (volume("v", claimRef={"name": "o", "namespace": "n"}), "FailedBinding", 'volume "v" already bound to a different claim.'),
    ],
)
def test_a_claim_that_names_a_volume_is_told_why_not(offered, reason, message):
    world = Storehouse()
    world.put(offered, claim("data", volumeName="v"))
    assert world.said("data") == [(reason, message)] and world.claim("data")["status"]["phase"] == "Pending"


def test_a_missing_class_is_said_each_fifteen_seconds():
    world = Storehouse()
    world.put(claim("data", "manual"))
    world.run(31_000)
    events = [stored.value for _, stored in world.store.list("/registry/events/") if stored.value["reason"] == "ProvisioningFailed"]
    assert (events[0]["message"], events[0]["count"]) == ('storageclass.storage.k8s.io "manual" not found', 3)


def test_a_volume_is_provisioned_at_once_and_deleted_with_its_claim():
    world = Storehouse()
    world.put(storage_class("shared"), claim("data", "shared", accessModes=["ReadWriteMany"]))
    found = world.claim("data")
    name = f"pvc-{found['metadata']['uid']}"
    assert (found["spec"]["volumeName"], found["status"]["phase"], world.volume(name)["spec"]["accessModes"]) == (name, "Bound", ["ReadWriteMany"])
    reasons = [reason for reason, _ in world.said("data")]
    assert sorted(reasons) == ["ExternalProvisioning", "Provisioning", "ProvisioningSucceeded"]
    world.do(world.hand.client.delete("persistentvolumeclaims", "data", "default"))
    assert world.volume(name) is None


def test_a_claim_that_waits_for_its_consumer_is_provisioned_on_the_chosen_node():
    world = Storehouse()
    world.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": {"kubernetes.io/hostname": "n1"}}})
    world.put(storage_class("local", "rancher.io/local-path", "WaitForFirstConsumer"), claim("data", "local"))
    assert world.said("data") == [("WaitForFirstConsumer", "waiting for first consumer to be created before binding")]
    found = world.claim("data")
    world.do(world.hand.client.update("persistentvolumeclaims", binding.annotated(found, **{binding.SELECTED_NODE: "n1"})))
    made = world.volume(world.claim("data")["spec"]["volumeName"])
    assert made["spec"]["hostPath"]["path"].startswith("/opt/local-path-provisioner/pvc-") and made["status"]["phase"] == "Bound"
    assert binding.is_reachable(made, {"metadata": {"name": "n1", "labels": {"kubernetes.io/hostname": "n1"}}})
    assert not binding.is_reachable(made, {"metadata": {"name": "n2", "labels": {"kubernetes.io/hostname": "n2"}}})


@pytest.mark.parametrize(
    ("offered", "phase", "message"),
    [
        (volume("v"), "Released", None),
        (volume("v", persistentVolumeReclaimPolicy="Delete"), "Failed", "host_path deleter only supports /tmp/.+ but received provided /data/v"),
        (volume("v", persistentVolumeReclaimPolicy="Delete", hostPath={"path": "/tmp/x"}), None, None),
    ],
)
def test_a_volume_without_its_claim_follows_its_policy(offered, phase, message):
    world = Storehouse()
    world.put(offered, claim("data"))
    world.do(world.hand.client.delete("persistentvolumeclaims", "data", "default"))
    left = world.volume("v")
    assert (left["status"]["phase"] if left else None, (left or {"status": {}})["status"].get("message")) == (phase, message)


def test_a_claim_that_loses_its_volume_says_so():
    world = Storehouse(without=("persistentvolume-protection-controller",))
    world.put(volume("v"), claim("data"))
    world.do(world.hand.client.patch("persistentvolumes", "v", {"metadata": {"finalizers": None}}, patch_type="merge"))
    world.do(world.hand.client.delete("persistentvolumes", "v"))
    assert world.volume("v") is None and world.claim("data")["status"]["phase"] == "Lost"
    assert ("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!") in world.said("data")


def test_an_ephemeral_volume_has_a_claim_that_goes_with_its_pod():
    world = Storehouse()
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    spec = {"containers": [{"name": "app", "image": "busybox:1"}], "volumes": [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}]}
    world.do(world.hand.client.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"}, "spec": spec}))
    found = world.claim("web-scratch")
    assert (found["metadata"]["ownerReferences"][0]["name"], found["metadata"]["labels"]) == ("web", {"a": "b"})


def test_a_claim_of_a_class_that_allows_it_is_enlarged():
    world = Storehouse()
    world.put(storage_class("shared", allowVolumeExpansion=True), claim("data", "shared", accessModes=["ReadWriteMany"]))
    world.do(world.hand.client.patch("persistentvolumeclaims", "data", {"spec": {"resources": {"requests": {"storage": "3Gi"}}}}, "default"))
    world.run(3_000)
    found = world.claim("data")
    status = found["status"]
    assert (status["capacity"], status["allocatedResources"]) == ({"storage": "3Gi"}, {"storage": "3Gi"})
    assert "conditions" not in status and "allocatedResourceStatuses" not in status
    assert world.volume(found["spec"]["volumeName"])["spec"]["capacity"] == {"storage": "3Gi"}
    reasons = [reason for reason, _ in world.said("data")]
    assert sorted(reasons[-3:]) == ["ExternalExpanding", "Resizing", "VolumeResizeSuccessful"]
    assert not [fact for fact in world.engine.trace.events if fact.kind == "RequestRefused"]


def test_a_claim_in_the_way_of_an_ephemeral_volume_is_told_again_and_again():
    """The words of kube-controller-manager 1.36.3. Source: pkg/controller/volume/ephemeral/controller.go."""
    world = Storehouse()
    world.put(claim("web-scratch"))
    volumes = [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": claim("x")["spec"]}}}]
    spec = {"containers": [{"name": "app", "image": "busybox:1"}], "volumes": volumes}
    world.do(world.hand.client.create("pods", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"}, "spec": spec}),
             settle=False)  # fmt: skip
    world.run(3_000)
    words = "ephemeral volume scratch: PVC default/web-scratch was not created for pod default/web (pod is not owner)"
    assert ("FailedBinding", words) in world.said("web")
