"""What volumes forbid on a node, as the real scheduler 1.36 judged these Pods, and which changes make it try them again."""

from __future__ import annotations

import pytest

from cluster.scheduler.cache import Cache
from cluster.scheduler.framework import Cycle, Listers, Rejection
from cluster.scheduler.plugins import node_volume_limits, volume_binding, volume_restrictions, volume_zone
from cluster.scheduler.pods import PodInfo
from tests.scheduler.test_plugin_tables import ZONE, claim, node, pod, using

FULL = ("node(s) exceed max volume count",)
SHORT = ("node(s) did not have enough free storage",)
NONE = ("node(s) didn't find available persistent volumes to bind",)
TAKEN = ("node(s) had no available disk",)
BETA = "failure-domain.beta.kubernetes.io/zone"


def verdict(module, info: PodInfo, target: dict, placed=(), objects=()):
    """The reasons against one node, () for none."""
    cache, known = Cache(), dict(objects)
    cache.set_node(target)
    for other in placed:
        cache.add_pod(other, "n")

    def listed(resource, namespace):
        return [obj for (kind, _), obj in known.items() if kind == resource]

    cycle = Cycle(info, cache, Listers(lambda resource, key: known.get((resource, key)), listed))
    before = module.PLUGIN.pre_filter(cycle)
    if isinstance(before, Rejection):
        return before.reasons
    found = None if before == "skip" else module.PLUGIN.filter(cycle, cache.nodes[0])
    return () if found is None else found.reasons


def csi(name, handle=""):
    return ("persistentvolumes", name), {"metadata": {"name": name}, "spec": {"csi": {"driver": "d", "volumeHandle": handle or name}}}


def attachment(volume, where="n"):
    return ("volumeattachments", volume), {"spec": {"attacher": "d", "nodeName": where, "source": {"persistentVolumeName": volume}}}


def csi_node(count):
    return ("csinodes", "n"), {"spec": {"drivers": [{"name": "d", "allocatable": {"count": count}}]}}


def unbound(name, size="2Gi", **annotations):
    meta = {"name": name, "namespace": "default", "annotations": annotations}
    spec = {"storageClassName": "s", "resources": {"requests": {"storage": size}}}
    return ("persistentvolumeclaims", f"default/{name}"), {"metadata": meta, "spec": spec}


def storage_class(**more):
    body = {"metadata": {"name": "s"}, "provisioner": "d", "volumeBindingMode": "WaitForFirstConsumer", **more}
    return ("storageclasses", "s"), body


@pytest.mark.parametrize(("limit", "placed", "objects", "found"), [
    (1, [], [claim("c", "v"), csi("v")], ()),
    (0, [], [claim("c", "v"), csi("v")], FULL),
    (0, [], [unbound("c"), storage_class()], FULL),  # a volume that is still to be made counts
    (1, ["c"], [unbound("c"), storage_class()], ()),
    (1, ["o"], [unbound("c"), unbound("o"), storage_class()], FULL),
    (1, [], [claim("c", "v"), csi("v"), csi("w"), attachment("w")], FULL),  # one that nobody uses is attached all the same
    (1, [], [claim("c", "v"), csi("v"), csi("w"), attachment("w", "m")], ()),
    (1, ["o"], [claim("c", "v"), csi("v"), claim("o", "v"), attachment("v")], ()),
    (1, [], [claim("c", "v"), csi("v"), attachment("v")], FULL),  # attached, but no Pod here uses it: upstream counts it twice
    (0, [], [claim("c", "gone"), storage_class()], ()),
])  # fmt: skip
def test_a_node_has_room_for_as_many_volumes_of_a_driver_as_it_says(limit, placed, objects, found):
    """Source: nodevolumelimits/csi.go (Filter, getCSIDriverInfoFromSC, getNodeVolumeAttachmentInfo)."""
    assert verdict(node_volume_limits, using("p", "c"), node(), [using("q", *placed)], [csi_node(limit), *objects]) == found


EBS_CLASS = ("storageclasses", "s"), {**storage_class()[1], "provisioner": "kubernetes.io/aws-ebs"}
FILES_CLASS = ("storageclasses", "s"), {**storage_class()[1], "provisioner": "kubernetes.io/azure-file"}


def cloud(name, **source):
    return ("persistentvolumes", name), {"metadata": {"name": name}, "spec": source}


def ebs(handle):
    return {"awsElasticBlockStore": {"volumeID": handle}}


@pytest.mark.parametrize(("mine", "theirs", "objects", "found"), [
    ({}, {}, [claim("c", "v"), cloud("v", **ebs("a"))], ()),
    ({}, ebs("b"), [claim("c", "v"), cloud("v", **ebs("a"))], FULL),
    ({}, ebs("a"), [claim("c", "v"), cloud("v", **ebs("a"))], ()),  # the same disk
    (ebs("a"), ebs("b"), [unbound("c"), FILES_CLASS], FULL),
    (ebs("a"), {}, [unbound("c"), FILES_CLASS], ()),  # upstream says of five kinds only that their drivers took over
    (ebs("a"), {}, [unbound("c"), EBS_CLASS], FULL),
    ({"azureFile": {"shareName": "s", "secretName": "t"}}, ebs("b"), [unbound("c"), FILES_CLASS], ()),
    ({"azureDisk": {"diskName": "s", "diskURI": "t"}}, ebs("b"), [unbound("c"), FILES_CLASS], ()),
])  # fmt: skip
def test_disks_of_clouds_count_as_volumes_of_their_drivers(mine, theirs, objects, found):
    """Source: nodevolumelimits/csi_test.go (TestCSILimits: migrated in-tree volumes), utils.go (isCSIMigrationOn)."""
    volumes = [{"name": "c", "persistentVolumeClaim": {"claimName": "c"}}]
    asking, other = (pod(name, volumes=[*more, {"name": "d", **source}]) for name, more, source in (("p", volumes, mine), ("q", [], theirs)))
    limit = ("csinodes", "n"), {"spec": {"drivers": [{"name": "ebs.csi.aws.com", "allocatable": {"count": 1}}]}}
    assert verdict(node_volume_limits, asking, node(), [other], [limit, *objects]) == found


@pytest.mark.parametrize(("volume", "attacher", "helps"), [
    (ebs("a"), "ebs.csi.aws.com", True), (ebs("a"), "d", False), ({"emptyDir": {}}, "ebs.csi.aws.com", False),
])  # fmt: skip
def test_a_disk_of_a_cloud_waits_for_others_of_its_driver(volume, attacher, helps):
    """Source: nodevolumelimits/csi_test.go (TestCSILimitsDeleteVolumeAttachmentQHint, TestCSILimitsQHint)."""
    waiting = pod("p", volumes=[{"name": "v", **volume}])
    assert node_volume_limits.PLUGIN.hints["attachment/delete"](waiting, {"spec": {"attacher": attacher}}, None) == helps
    assert node_volume_limits.PLUGIN.hints["pod/delete"](pod(), waiting, None) == ("emptyDir" not in volume)


DISKS = {
    "gce": {"gcePersistentDisk": {"pdName": "d1"}}, "gce-read": {"gcePersistentDisk": {"pdName": "d1", "readOnly": True}},
    "gce-2": {"gcePersistentDisk": {"pdName": "d2"}}, "ebs": {"awsElasticBlockStore": {"volumeID": "e"}},
    "ebs-read": {"awsElasticBlockStore": {"volumeID": "e", "readOnly": True}},
    "iscsi": {"iscsi": {"iqn": "a", "lun": 0, "targetPortal": "1"}}, "iscsi-lun": {"iscsi": {"iqn": "a", "lun": 1, "targetPortal": "2"}},
    "iscsi-2": {"iscsi": {"iqn": "b", "lun": 0, "targetPortal": "1"}},
    "rbd": {"rbd": {"monitors": ["m1", "m2"], "image": "i", "pool": "rbd"}}, "rbd-more": {"rbd": {"monitors": ["m2"], "image": "i", "pool": "rbd"}},
    "rbd-far": {"rbd": {"monitors": ["m3"], "image": "i", "pool": "rbd"}}, "rbd-2": {"rbd": {"monitors": ["m1"], "image": "j", "pool": "rbd"}},
}  # fmt: skip


@pytest.mark.parametrize(("mine", "theirs", "found"), [
    ("gce", "gce", TAKEN), ("gce", "gce-read", TAKEN), ("gce-read", "gce-read", ()), ("gce", "gce-2", ()), ("ebs", "ebs", TAKEN),
    ("ebs-read", "ebs-read", TAKEN), ("ebs", "gce", ()), ("iscsi", "iscsi-lun", TAKEN), ("iscsi", "iscsi-2", ()),
    ("rbd", "rbd-more", TAKEN), ("rbd", "rbd-far", ()), ("rbd", "rbd-2", ()),
])  # fmt: skip
def test_some_disks_serve_one_pod_of_a_node(mine, theirs, found):
    """Source: volumerestrictions/volume_restrictions.go (isVolumeConflict)."""
    pods = [pod(name, volumes=[{"name": "v", **DISKS[which]}]) for name, which in (("p", mine), ("q", theirs))]
    assert verdict(volume_restrictions, pods[0], node(), pods[1:]) == found
    assert volume_restrictions.after_pod_gone(*pods, None) == bool(found)


def capacity(size="10Gi", where="a", **more):
    body = {"storageClassName": "s", "nodeTopology": {"matchLabels": {ZONE: where}}, "capacity": size, **more}
    return ("csistoragecapacities", f"default/{size}"), body


TELLS = ("csidrivers", "d"), {"metadata": {"name": "d"}, "spec": {"storageCapacity": True}}
SILENT = ("csidrivers", "d"), {"metadata": {"name": "d"}, "spec": {"storageCapacity": False}}
ELSEWHERE = [{"matchLabelExpressions": [{"key": ZONE, "values": ["b"]}]}]


@pytest.mark.parametrize(("objects", "found"), [
    ([storage_class()], ()),
    ([storage_class(), SILENT], ()),
    ([storage_class(), TELLS], SHORT),
    ([storage_class(), TELLS, capacity()], ()),
    ([storage_class(), TELLS, capacity("1Gi")], SHORT),
    ([storage_class(), TELLS, capacity("1Gi"), capacity("2Gi")], ()),
    ([storage_class(), TELLS, capacity(where="b")], SHORT),
    ([storage_class(), TELLS, capacity(maximumVolumeSize="1Gi")], SHORT),
    ([storage_class(), TELLS, capacity("1Gi", maximumVolumeSize="2Gi")], ()),
    ([storage_class(), TELLS, capacity(nodeTopology=None)], SHORT),
    ([storage_class(allowedTopologies=ELSEWHERE), TELLS], NONE),
    ([storage_class(provisioner="kubernetes.io/no-provisioner")], NONE),
])  # fmt: skip
def test_a_volume_is_made_where_its_driver_has_room(objects, found):
    """Source: volumebinding/binder.go (checkVolumeProvisions, hasEnoughCapacity)."""
    assert verdict(volume_binding, using("p", "c"), node(labels={ZONE: "a"}), objects=[unbound("c"), *objects]) == found


@pytest.mark.parametrize(("labels", "fits"), [
    ({BETA: "a"}, True), ({BETA: "b"}, False), ({BETA: "b__a"}, True), ({BETA: "a__"}, True), ({ZONE: "b__"}, True), ({ZONE: " b__c"}, False),
])  # fmt: skip
def test_old_labels_of_a_volume_are_held_against_new_ones_of_a_node(labels, fits):
    """Source: volumezone/volume_zone.go (getPVTopologies, translateToGALabel)."""
    objects = [claim("c", "v"), (("persistentvolumes", "v"), {"metadata": {"name": "v", "labels": labels}, "spec": {}})]
    assert (verdict(volume_zone, using("p", "c"), node(labels={ZONE: "a"}), objects=objects) == ()) == fits


def test_a_volume_that_is_gone_stops_its_pod_everywhere():
    assert verdict(volume_zone, using("p", "c"), node(), objects=[claim("c", "v")]) == ('persistentvolume "v" not found',)


@pytest.mark.parametrize(("objects", "found"), [
    ([], 'persistentvolumeclaim "c" not found'),
    ([(("persistentvolumeclaims", "default/c"), {"metadata": {"name": "c"}, "spec": {}})],
     "PersistentVolumeClaim had no pv name and storageClass name"),
    ([unbound("c")], 'storageclass.storage.k8s.io "s" not found'),
    ([unbound("c"), storage_class(volumeBindingMode="Immediate")], "PersistentVolume had no name"),
    ([unbound("c"), storage_class()], ""),
])  # fmt: skip
def test_a_claim_without_a_volume_is_passed_over_only_when_it_waits_for_its_pod(objects, found):
    """VolumeBinding refuses these first, where a profile has it. Source: volumezone/volume_zone.go (getPVbyPod)."""
    assert verdict(volume_zone, using("p", "c"), node(), objects=objects) == ((found,) if found else ())


def counted(count):
    return csi_node(count)[1]


def taken_over(plugins):
    return {"metadata": {"name": "n", "annotations": {"storage.alpha.kubernetes.io/migrated-plugins": plugins}}, "spec": {"drivers": []}}


CHANGES = [
    (volume_binding, "class/add", None, {}, True), (volume_binding, "class/update", {}, {"parameters": {"a": "b"}}, False),
    (volume_binding, "class/update", {}, {"allowedTopologies": ELSEWHERE}, True),
    (volume_binding, "capacity/add", None, {"capacity": "1"}, True), (volume_binding, "capacity/update", {"capacity": "2"}, {"capacity": "1"}, False),
    (volume_binding, "capacity/update", {"capacity": "1"}, {"capacity": "2"}, True), (volume_binding, "capacity/update", {}, {"capacity": "0"}, True),
    (volume_binding, "driver/update", TELLS[1], SILENT[1], False),
    (volume_binding, "csinode/update", taken_over("a"), taken_over("a,b"), True),
    (volume_binding, "csinode/update", taken_over("a"), taken_over("a"), False),
    (volume_zone, "class/add", None, {"volumeBindingMode": "Immediate"}, False), (volume_zone, "class/add", None, storage_class()[1], True),
    (volume_zone, "volume/update", csi("v")[1], csi("v", "other")[1], False),
    (volume_zone, "volume/update", csi("v")[1], {"metadata": {"name": "v", "labels": {ZONE: "a"}}}, True),
    (node_volume_limits, "csinode/update", counted(1), counted(2), True), (node_volume_limits, "csinode/update", counted(2), counted(1), False),
    (node_volume_limits, "attachment/delete", attachment("v")[1], None, True),
]  # fmt: skip


@pytest.mark.parametrize(("module", "change", "old", "new", "helps"), CHANGES)
def test_a_change_of_storage_may_help_a_pod_or_not(module, change, old, new, helps):
    """Source: EventsToRegister and the hints of volumebinding, volumezone and nodevolumelimits."""
    assert bool(module.PLUGIN.hints[change](using("p", "c"), old, new)) == helps
