"""Disks of clouds that once had plugins in the tree, as volumes of the CSI drivers that took their place. Pure rules.

Source: k8s.io/csi-translation-lib plugins/*.go; kubernetes pkg/volume/csimigration/plugin_manager.go.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ._volume_binding import annotations_of

ONCE, ROM, RWX = "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"
ANYWHERE = "UNSPECIFIED"
ZONES = ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone")
_EBS = re.compile(r"vol-[^/]*")
_ACCOUNT = re.compile(r"azure-storage-account-(.+)-secret")


class Untranslatable(ValueError):
    """A source that no driver takes over; the message is upstream's."""


def persistent(volume: dict) -> dict:
    """A PersistentVolume as its driver sees it: the same one where it is none of these. Raises Untranslatable."""
    kind = next((kind for kind in SOURCES if volume["spec"].get(kind) is not None), "")
    if not kind:
        return volume
    spec = {name: value for name, value in volume["spec"].items() if name != kind}
    made = _csi(kind, volume["spec"][kind], volume, "")
    if kind == "gcePersistentDisk":
        modes = spec.get("accessModes") or ()  # the disk's driver knows neither many writers nor one writer beside readers
        spec["accessModes"] = [ONCE] if ONCE in modes or RWX in modes else [ROM] if ROM in modes else []
    return {**volume, "spec": {**spec, "csi": made}}


def inline(volume: dict, namespace: str) -> dict | None:
    """A volume of a Pod as the PersistentVolume that it would be; None for what is none of these. Raises Untranslatable."""
    kind = next((kind for kind in SOURCES if volume.get(kind) is not None), "")
    if not kind:
        return None
    source = volume[kind]
    csi = _csi(kind, source, {"metadata": {"name": volume["name"]}, "spec": {}}, namespace)
    name = csi["volumeHandle"] if kind.startswith("azure") else f"{csi['driver']}-{source.get('pdName') or csi['volumeHandle']}"
    is_shared = source.get("readOnly") and kind in ("gcePersistentDisk", "portworxVolume")
    modes = [RWX if kind == "azureFile" else ROM if is_shared else ONCE]
    mode = {"volumeMode": "Filesystem"} if kind == "gcePersistentDisk" else {}
    return {"kind": "PersistentVolume", "metadata": {"name": name}, "spec": {"csi": csi, "accessModes": modes, **mode}}


def _csi(kind: str, source: dict, volume: dict, namespace: str) -> dict:
    driver, handle_of = SOURCES[kind]
    made: dict[str, Any] = {"driver": driver, "volumeHandle": handle_of(source, volume, namespace)}
    if source.get("readOnly"):
        made["readOnly"] = True
    if source.get("fsType"):
        made["fsType"] = source["fsType"]
    attributes = _attributes(kind, source)
    if attributes:
        made["volumeAttributes"] = attributes
    if kind == "azureFile":
        made["nodeStageSecretRef"] = {"name": source.get("secretName", ""), "namespace": _secret_namespace(source, volume, namespace)}
    return made


def _attributes(kind: str, source: dict) -> dict[str, str]:
    if kind == "awsElasticBlockStore":
        return {"partition": str(source.get("partition") or 0)}
    if kind == "gcePersistentDisk":
        return {"partition": str(source["partition"]) if source.get("partition") else ""}
    if kind == "azureFile":
        return {"sharename": source.get("shareName", "")}
    if kind == "azureDisk":
        found = {"cachingmode": source.get("cachingMode"), "fstype": source.get("fsType"), "kind": "Managed"}
        return {name: value for name, value in found.items() if value}
    return {"storagepolicyname": source["storagePolicyName"]} if source.get("storagePolicyName") else {}


# -- by what the drivers know their disks ----------------------------------------------------------------------------------------


def _ebs(source: dict, volume: dict, namespace: str) -> str:
    name = source.get("volumeID", "")
    if not name.startswith("aws://"):
        return name
    found = name[len("aws://") :].partition("/")[2].strip("/")
    if not _EBS.fullmatch(found):
        raise Untranslatable(f"failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume ({name})")
    return found


def _pd(source: dict, volume: dict, namespace: str) -> str:
    labels = volume["metadata"].get("labels") or {}
    zones = (labels.get(ZONES[0]) or labels.get(ZONES[1]) or "").split("__")
    if len(zones) > 1:
        regions = {zone.rpartition("-")[0]: True for zone in zones if zone.count("-") == 2}
        if len(regions) != 1 or any(zone.count("-") != 2 for zone in zones):
            raise Untranslatable("failed to get region from zones")
        return f"projects/{ANYWHERE}/regions/{next(iter(regions))}/disks/{source.get('pdName', '')}"
    return f"projects/{ANYWHERE}/zones/{zones[0] or ANYWHERE}/disks/{source.get('pdName', '')}"


def _azure_disk(source: dict, volume: dict, namespace: str) -> str:
    kind = source.get("kind")
    if kind and kind.lower() != "managed":
        raise Untranslatable(f"kind({kind}) is not supported in csi migration")
    return source.get("diskURI", "")


def _azure_file(source: dict, volume: dict, namespace: str) -> str:
    secret = source.get("secretName", "")
    known = _ACCOUNT.fullmatch(secret)
    group = annotations_of(volume).get("kubernetes.io/azure-file-resource-group", "")
    where = _secret_namespace(source, volume, namespace)
    return "#".join((group, known[1] if known else secret, source.get("shareName", ""), volume["metadata"]["name"], where))


def _secret_namespace(source: dict, volume: dict, namespace: str) -> str:
    found = namespace or source.get("secretNamespace") or (volume["spec"].get("claimRef") or {}).get("namespace", "")
    if not found:
        raise Untranslatable("could not find a secret namespace in PersistentVolumeSource or ClaimRef")
    return found


def _named(field: str) -> Callable[[dict, dict, str], str]:
    return lambda source, volume, namespace: source.get(field, "")


SOURCES: dict[str, tuple[str, Callable[[dict, dict, str], str]]] = {
    "awsElasticBlockStore": ("ebs.csi.aws.com", _ebs),
    "azureDisk": ("disk.csi.azure.com", _azure_disk),
    "azureFile": ("file.csi.azure.com", _azure_file),
    "cinder": ("cinder.csi.openstack.org", _named("volumeID")),
    "gcePersistentDisk": ("pd.csi.storage.gke.io", _pd),
    "portworxVolume": ("pxd.portworx.com", _named("volumeID")),
    "vsphereVolume": ("csi.vsphere.vmware.com", _named("volumePath")),
}
INLINE = frozenset(SOURCES)
