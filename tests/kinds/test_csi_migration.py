"""Tables: disks of clouds as volumes of their drivers. Source: k8s.io/csi-translation-lib plugins/*_test.go."""

from __future__ import annotations

import pytest

from cluster.kinds import _csi_migration as migration

INLINE = [
    ({"awsElasticBlockStore": {"volumeID": "aws://us-east-1a/vol-1"}}, "ebs.csi.aws.com-vol-1", "vol-1", "ReadWriteOnce"),
    ({"gcePersistentDisk": {"pdName": "d", "readOnly": True}}, "pd.csi.storage.gke.io-d",
     "projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d", "ReadOnlyMany"),
    ({"cinder": {"volumeID": "c"}}, "cinder.csi.openstack.org-c", "c", "ReadWriteOnce"),
    ({"azureDisk": {"diskName": "n", "diskURI": "/d/n", "kind": "Managed"}}, "/d/n", "/d/n", "ReadWriteOnce"),
    ({"azureFile": {"secretName": "azure-storage-account-me-secret", "shareName": "s"}}, "#me#s#v#default", "#me#s#v#default", "ReadWriteMany"),
    ({"portworxVolume": {"volumeID": "p"}}, "pxd.portworx.com-p", "p", "ReadWriteOnce"),
    ({"vsphereVolume": {"volumePath": "[ds] x.vmdk"}}, "csi.vsphere.vmware.com-[ds] x.vmdk", "[ds] x.vmdk", "ReadWriteOnce"),
]  # fmt: skip


@pytest.mark.parametrize("source, name, handle, mode", INLINE)
def test_a_disk_in_a_pod_is_a_volume_of_its_driver(source, name, handle, mode):
    made = migration.inline({"name": "v", **source}, "default")
    assert (made["metadata"]["name"], made["spec"]["csi"]["volumeHandle"], made["spec"]["accessModes"]) == (name, handle, [mode])


@pytest.mark.parametrize("source", [{"awsElasticBlockStore": {"volumeID": "aws://zone/disk"}}, {"azureDisk": {"diskURI": "x", "kind": "Shared"}}])
def test_a_disk_that_no_driver_takes_is_refused(source):
    with pytest.raises(migration.Untranslatable):
        migration.inline({"name": "v", **source}, "default")


@pytest.mark.parametrize("zone, place", [
    ("", "zones/UNSPECIFIED"), ("us-central1-a", "zones/us-central1-a"), ("us-central1-a__us-central1-b", "regions/us-central1"),
])  # fmt: skip
def test_a_persistent_disk_is_known_by_its_zone_or_region(zone, place):
    labels = {"labels": {"topology.kubernetes.io/zone": zone}} if zone else {}
    volume = {"metadata": {"name": "v", **labels}, "spec": {"gcePersistentDisk": {"pdName": "d"}, "accessModes": ["ReadWriteMany"]}}
    spec = migration.persistent(volume)["spec"]
    assert spec["csi"]["volumeHandle"] == f"projects/UNSPECIFIED/{place}/disks/d"
    assert spec["accessModes"] == ["ReadWriteOnce"] and "gcePersistentDisk" not in spec


def test_any_other_volume_stays_as_it_is():
    volume = {"metadata": {"name": "v"}, "spec": {"nfs": {"server": "s", "path": "/"}}}
    assert migration.persistent(volume) is volume and migration.inline({"name": "v", "emptyDir": {}}, "default") is None
