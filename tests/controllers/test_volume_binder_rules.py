"""persistentvolume-binder: single looks at claims and volumes, and the rules that they go by.

Source: pkg/controller/volume/persistentvolume/{binder,pv_controller}_test.go; pkg/volume/util/storageclass.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import persistent_volume_binder as binder
from cluster.kinds import _volume_binding as binding
from cluster.kinds.storageclass import default_of

from .rig import Rig

BOUND = {"status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}}}
DONE = {binding.BIND_COMPLETED: "yes"}


def claim(status=None, annotations=None, size="1Gi", **spec):
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, "storageClassName": "", **spec}
    meta = {"name": "c", "namespace": "default", "uid": "uid-c", "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": wanted, "status": status or {"phase": "Pending"}}


def volume(annotations=None, phase="Available", **spec):
    offered = {"capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"}, "storageClassName": "", **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v", "annotations": annotations or {}}, "spec": offered,
            "status": {"phase": phase}}  # fmt: skip


MINE = {"name": "c", "namespace": "default", "uid": "uid-c"}


def look(key, *objects):
    """(requests with what they write into a status, events) of one look."""
    rig = Rig({"controller": "persistentvolume-binder-controller", "now": "2026-01-01T09:00:00Z", "objects": list(objects)})
    rig.look({"key": key})
    return rig


def told(rig):
    """The status that the claim is given."""
    return next((each["body"]["status"] for each in rig.requests if each["request"] == "update persistentvolumeclaims/status c"), None)


@pytest.mark.parametrize(("mine", "offered", "status"), [
    (claim(), volume(), BOUND["status"]),
    (claim(), volume({binding.PRE_RESIZE: "1Gi"}), BOUND["status"] | {"capacity": {"storage": "1Gi"}}),
    (claim(), volume({binding.PRE_RESIZE: "much"}), BOUND["status"]),
    (claim(volumeAttributesClassName="gold"), volume(volumeAttributesClassName="gold"), BOUND["status"] | {binder.ATTRIBUTES: "gold"}),
    (claim(BOUND["status"] | {binder.ATTRIBUTES: "old"}, DONE, volumeName="v"), volume(phase="Bound", claimRef=MINE), None),
    (claim(BOUND["status"] | {"capacity": {"storage": "1Gi"}}, DONE, volumeName="v"), volume(phase="Bound", claimRef=MINE), None),
    (claim(BOUND["status"] | {binder.ATTRIBUTES: "old"}, DONE, volumeName="w"), volume(), {"phase": "Lost"}),
    (claim({"phase": "Pending", "capacity": {"storage": "1Gi"}}), volume(), BOUND["status"]),
])  # fmt: skip
def test_a_claim_is_told_of_its_volume_when_it_is_bound_and_no_later(mine, offered, status):
    """Source: updateClaimStatus."""
    assert told(look("persistentvolumeclaims/default/c", mine, offered)) == status


def test_a_volume_of_another_mode_than_its_claims_says_so_at_both():
    """Source: syncVolume."""
    rig = look("persistentvolumes//v", claim(volumeMode="Block"), volume(claimRef=MINE))
    assert rig.requests == [] and rig.events == [
        'Warning VolumeMismatch Cannot bind PersistentVolume to requested PersistentVolumeClaim "c" due to incompatible volumeMode.',
        'Warning VolumeMismatch Cannot bind PersistentVolume "v" to requested PersistentVolumeClaim due to incompatible volumeMode.']
    assert look("persistentvolumes//v", claim(), volume(claimRef=MINE)).events == []


@pytest.mark.parametrize(("mine", "offered", "words"), [
    (claim(), volume(), ""), (claim(size="3Gi"), volume(), "requested PV is too small"),
    (claim(storageClassName="x"), volume(), "storageClassName does not match"), (claim(volumeMode="Block"), volume(), "incompatible volumeMode"),
    (claim(accessModes=["ReadWriteMany"]), volume(), "incompatible accessMode"),
    (claim(volumeAttributesClassName="gold"), volume(), "volumeAttributesClassName does not match"),
    (claim(), volume(volumeAttributesClassName="gold"), "volumeAttributesClassName does not match"),
])  # fmt: skip
def test_a_volume_that_a_claim_names_must_do(mine, offered, words):
    """Source: checkVolumeSatisfyClaim."""
    assert binding.misfit(mine, offered) == words


def marked(name, created, value="true"):
    meta = {"name": name, "creationTimestamp": f"2026-01-01T09:00:0{created}Z", "annotations": {"storageclass.kubernetes.io/is-default-class": value}}
    return {"metadata": meta}


@pytest.mark.parametrize(("classes", "chosen"), [
    ([], ""), ([marked("a", 1, "false")], ""), ([marked("a", 1)], "a"), ([marked("a", 1), marked("b", 2)], "b"),
    ([marked("b", 2), marked("a", 2), marked("c", 1)], "a"),
])  # fmt: skip
def test_of_several_default_classes_the_newest_counts_and_of_two_as_new_the_first_by_name(classes, chosen):
    assert default_of(classes) == chosen


def test_a_claim_from_before_there_was_a_default_class_gets_it():
    """Source: assignDefaultStorageClass."""
    mine = claim()
    del mine["spec"]["storageClassName"]
    classes = [{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "p", **marked(name, 1)} for name in ("b", "a")]
    rig = look("persistentvolumeclaims/default/c", mine, *classes)
    assert [each["body"]["spec"]["storageClassName"] for each in rig.requests] == ["a"]
