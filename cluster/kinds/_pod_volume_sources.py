"""Volume sources of clouds, arrays and plugins: accepted and checked, never mounted here.

Source: pkg/apis/core/validation/validation.go (one function a source).
"""
from __future__ import annotations

import re

from cluster.kinds import _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields, names

_PARTITION = names.in_range(1, 255)
_BYTE = names.in_range(0, 255)
_ISCSI = {"iqn": re.compile(r"iqn\.\d{4}-\d{2}\.[0-9A-Za-z.-]+:[^,;*&$|\s]+\Z", re.ASCII),
          "eui": re.compile(r"eui\.[0-9A-Za-z]{16}\Z"), "naa": re.compile(r"naa\.[0-9A-Za-z]{32}\Z")}
ISCSI_LONG = ("Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
               "if iscsi.initiatorName is specified.")
# Sources with nothing but fields that must be there.
_REQUIRED = {
    "glusterfs": ("endpoints", "path"), "cephfs": ("monitors",), "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",), "photonPersistentDisk": ("pdID",), "portworxVolume": ("volumeID",),
    "rbd": ("monitors", "image"), "scaleIO": ("gateway", "system", "volumeName"), "cinder": ("volumeID",),
    "gcePersistentDisk": ("pdName",), "awsElasticBlockStore": ("volumeID",), "flexVolume": ("driver",),
    "azureDisk": ("diskName", "diskURI"),
}


def check(errors: Errors, kind: str, source: dict, path: str) -> None:
    """Check a source of one of these kinds."""
    for field in _REQUIRED.get(kind, ()):
        if not source.get(field):
            errors.append(fields.required(f"{path}.{field}"))
    further = _FURTHER.get(kind)
    if further:
        further(errors, source, path)


def _partition(errors: Errors, source: dict, path: str) -> None:
    if not 0 <= source.get("partition", 0) <= 255:
        errors.append(fields.invalid(f"{path}.partition", source["partition"], _PARTITION))


def _secret_ref(errors: Errors, source: dict, path: str) -> None:
    if source.get("secretRef") is not None and not source["secretRef"].get("name"):
        errors.append(fields.required(f"{path}.secretRef.name"))


def _flex(errors: Errors, source: dict, path: str) -> None:
    for key in source.get("options") or {}:
        domain = "." + key.partition("/")[0].lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            errors.append(fields.invalid(f"{path}.options[{key}]", key,
                                         "kubernetes.io and k8s.io namespaces are reserved"))


def _flocker(errors: Errors, source: dict, path: str) -> None:
    name, uid = source.get("datasetName") or "", source.get("datasetUUID") or ""
    if not name and not uid:
        errors.append(fields.required(path, "one of datasetName and datasetUUID is required"))
    if name and uid:
        errors.append(fields.invalid(path, "resource",
                                     "datasetName and datasetUUID can not be specified simultaneously"))
    if "/" in name:
        errors.append(fields.invalid(f"{path}.datasetName", name, "must not contain '/'"))


def _fibre_channel(errors: Errors, source: dict, path: str) -> None:
    targets, ids, lun = source.get("targetWWNs") or [], source.get("wwids") or [], source.get("lun")
    if not targets and not ids:
        errors.append(fields.required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both"))
    if targets and ids:
        errors.append(fields.invalid(f"{path}.targetWWNs", targets,
                                     "targetWWNs and wwids can not be specified simultaneously"))
    if targets and lun is None:
        errors.append(fields.required(f"{path}.lun", "lun is required if targetWWNs is specified"))
    elif targets and not 0 <= lun <= 255:
        errors.append(fields.invalid(f"{path}.lun", lun, _BYTE))


def _quobyte(errors: Errors, source: dict, path: str) -> None:
    pairs = "must be a host:port pair or multiple pairs separated by commas"
    registry = source.get("registry") or ""
    if not registry:
        errors.append(fields.required(f"{path}.registry", pairs))
    elif len(source.get("tenant") or "") >= 65:
        errors.append(fields.required(f"{path}.tenant", "must be a UUID and may not exceed a length of 64 characters"))
    else:
        errors += [fields.invalid(f"{path}.registry", registry, pairs)
                   for pair in registry.split(",") if ":" not in pair]
    if not source.get("volume"):
        errors.append(fields.required(f"{path}.volume"))


def _azure_disk(errors: Errors, source: dict, path: str) -> None:
    kind, uri = source.get("kind"), source.get("diskURI") or ""
    if source.get("cachingMode") is not None:
        _rules.one_of(errors, f"{path}.cachingMode", source["cachingMode"], ("None", "ReadOnly", "ReadWrite"))
    if kind is None:
        return
    _rules.one_of(errors, f"{path}.kind", kind, ("Dedicated", "Managed", "Shared"))
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        managed = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
        errors.append(fields.not_supported(f"{path}.diskURI", uri, (managed,)))
    if kind != "Managed" and not uri.startswith("https://"):
        blob = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
        errors.append(fields.not_supported(f"{path}.diskURI", uri, (blob,)))


def _storage_os(errors: Errors, source: dict, path: str) -> None:
    _rules.required_name(errors, f"{path}.volumeName", source.get("volumeName"), names.dns1123_label)
    if source.get("volumeNamespace"):
        _rules.label(errors, f"{path}.volumeNamespace", source["volumeNamespace"])
    _secret_ref(errors, source, path)


def csi_driver(errors: Errors, path: str, driver: str) -> None:
    """The name of a CSI driver. Source: ValidateCSIDriverName."""
    if not driver:
        errors.append(fields.required(path))
        return
    if len(driver) > 63:
        errors.append(fields.too_long(path, 63))
    _rules.all_of(errors, path, driver, names.dns1123_subdomain(driver.lower()))


def _csi(errors: Errors, source: dict, path: str) -> None:
    csi_driver(errors, f"{path}.driver", source.get("driver") or "")
    secret = source.get("nodePublishSecretRef")
    if secret is None:
        return
    if not secret.get("name"):
        errors.append(fields.required(f"{path}.nodePublishSecretRef.name"))
    else:
        _rules.all_of(errors, f"{path}.name", secret["name"], names.is_subdomain_name(secret["name"]))


def _iscsi(errors: Errors, source: dict, path: str) -> None:
    if not source.get("targetPortal"):
        errors.append(fields.required(f"{path}.targetPortal"))
    if not source.get("iqn"):
        errors.append(fields.required(f"{path}.iqn"))
    else:
        _iscsi_id(errors, f"{path}.iqn", source["iqn"])
    lun = source.get("lun", 0)
    if not 0 <= lun <= 255:
        errors.append(fields.invalid(f"{path}.lun", lun, _BYTE))
    if (source.get("chapAuthDiscovery") or source.get("chapAuthSession")) and source.get("secretRef") is None:
        errors.append(fields.required(f"{path}.secretRef"))
    if source.get("initiatorName") is not None:
        _iscsi_id(errors, f"{path}.initiatorname", source["initiatorName"])


def _iscsi_id(errors: Errors, path: str, value: str) -> None:
    pattern = _ISCSI.get(value[:3])
    if pattern is None:
        errors.append(fields.invalid(path, value, "must be valid format starting with iqn, eui, or naa"))
    elif not pattern.match(value):
        errors.append(fields.invalid(path, value, "must be valid format"))


def iscsi_name(errors: Errors, source: dict, path: str, volume_name: str) -> None:
    """With an initiator, the volume's name and the portal together are limited."""
    if source.get("initiatorName") is not None and len(f"{volume_name}:{source.get('targetPortal', '')}") > 64:
        errors.append(fields.invalid(f"{path}.name", volume_name, ISCSI_LONG))


_FURTHER = {"gcePersistentDisk": _partition, "awsElasticBlockStore": _partition, "cinder": _secret_ref, "flexVolume": _flex,
            "flocker": _flocker, "fc": _fibre_channel, "quobyte": _quobyte, "azureDisk": _azure_disk,
            "storageos": _storage_os, "csi": _csi, "iscsi": _iscsi}
