"""What a PersistentVolume's spec may say: capacity, modes, one source, node affinity.

Source: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeSpec).
"""
from __future__ import annotations

import posixpath
from dataclasses import replace

from cluster.kinds import _pod_claims, _pod_scheduling, _pod_volume_sources, _pod_volumes, _rules
from cluster.kinds._pod_defaults import volume_source
from cluster.kinds._rules import Errors, amount, rounded
from cluster.meta import fields, names

RECLAIM = ("Delete", "Recycle", "Retain")
# In upstream's order: the first source counts, any other is one too many.
SOURCES = ("hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs", "iscsi",
           "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "scaleIO",
           "local", "storageos", "csi")
_TWO_TYPES_AT = {"cephfs": "cephFS"}
_PATH_OF = {"gcePersistentDisk": "persistentDisk"}
_INLINE = "may not be specified in the context of inline volumes"
_SECRETS = ("controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef")


def default(volume: dict) -> None:
    """Fill a volume's spec in, wherever it stands."""
    if volume.get("capacity"):
        volume["capacity"] = {name: rounded(value) for name, value in volume["capacity"].items()}
    for kind in SOURCES:
        if volume.get(kind) is not None:
            volume_source(kind, volume[kind])


def spec(errors: Errors, volume: dict, name: str, path: str = "spec", *, inline: bool = False, lenient: bool = False) -> None:
    """A volume's spec; inline: one that stands in a VolumeAttachment; lenient: the stored affinity has values that are no labels."""
    if inline:
        _inline(errors, volume, path)
    if not volume.get("accessModes"):
        errors.append(fields.required(f"{path}.accessModes"))
    _pod_claims.access_modes(errors, volume.get("accessModes") or (), f"{path}.accessModes")
    if not inline:
        _capacity(errors, volume.get("capacity"), f"{path}.capacity")
    _reclaim(errors, volume.get("persistentVolumeReclaimPolicy"), f"{path}.persistentVolumeReclaimPolicy", inline)
    affinity = volume.get("nodeAffinity")
    if affinity is not None and inline:
        errors.append(fields.forbidden(f"{path}.nodeAffinity", _INLINE))
    elif affinity is not None:
        _affinity(errors, affinity, f"{path}.nodeAffinity", lenient)
    _source(errors, volume, name, path, has_affinity=affinity is not None and not inline)
    host_path = (volume.get("hostPath") or {}).get("path")
    if host_path is not None and posixpath.normpath(host_path or ".") in ("/", "//") and volume.get("persistentVolumeReclaimPolicy") == "Recycle":
        errors.append(fields.forbidden(f"{path}.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'"))
    _classes(errors, volume, path, inline)


def _inline(errors: Errors, volume: dict, path: str) -> None:
    if volume.get("claimRef") is not None:
        errors.append(fields.forbidden(f"{path}.claimRef", _INLINE))
    if volume.get("capacity"):
        errors.append(fields.forbidden(f"{path}.capacity", _INLINE))
    if volume.get("csi") is None:
        errors.append(fields.required(f"{path}.csi", "has to be specified in the context of inline volumes"))


def _capacity(errors: Errors, sent: dict | None, path: str) -> None:
    capacity = sent or {}
    if not capacity:
        errors.append(fields.required(path))
    if "storage" not in capacity or len(capacity) > 1:
        errors.append(fields.not_supported(path, sent, ("storage",)))
    for name, value in capacity.items():
        parsed = amount(value)
        if parsed.value < 0:
            errors.append(fields.invalid(f"{path}[{name}]", parsed.value, "must be a valid resource quantity"))
        if parsed.nano <= 0:
            errors.append(fields.invalid(f"{path}[{name}]", parsed.text, _rules.POSITIVE))


def _reclaim(errors: Errors, policy: str | None, path: str, inline: bool) -> None:
    if policy and inline and policy != "Retain":
        errors.append(fields.forbidden(path, "may only be Retain in the context of inline volumes"))
    elif policy and not inline:
        _rules.one_of(errors, path, policy, RECLAIM)


def _affinity(errors: Errors, affinity: dict, path: str, lenient: bool) -> None:
    required = affinity.get("required")
    if required is None:
        errors.append(fields.required(f"{path}.required", "must specify required node constraints"))
        return
    terms = required.get("nodeSelectorTerms") or ()
    if not terms:
        errors.append(fields.required(f"{path}.required.nodeSelectorTerms", "must have at least one node selector term"))
    for index, term in enumerate(terms):
        _pod_scheduling.node_term(errors, term, f"{path}.required.nodeSelectorTerms[{index}]", lenient)


def _source(errors: Errors, volume: dict, name: str, path: str, *, has_affinity: bool) -> None:
    found = [kind for kind in SOURCES if volume.get(kind) is not None]
    if not found:
        errors.append(fields.required(path, "must specify a volume type"))
    for position, kind in enumerate(found):
        if position and kind != "flexVolume":
            errors.append(fields.forbidden(f"{path}.{_TWO_TYPES_AT.get(kind, kind)}", "may not specify more than 1 volume type"))
            continue
        _one_source(errors, kind, volume[kind], f"{path}.{_PATH_OF.get(kind, kind)}", name)
        if kind == "local" and not has_affinity:
            errors.append(fields.required(f"{path}.nodeAffinity", "Local volume requires node affinity"))


def _one_source(errors: Errors, kind: str, source: dict, path: str, name: str) -> None:
    if kind == "hostPath":
        _pod_volumes.host_path(errors, source, path)
    elif kind == "nfs":
        _pod_volumes.nfs(errors, source, path)
    elif kind == "local":
        _local(errors, source, path)
    elif kind == "csi":
        _csi(errors, source, path)
    else:
        before = len(errors)
        _pod_volume_sources.check(errors, kind, source, path)
        if kind == "iscsi":
            errors[before:] = [replace(error, detail=error.detail.removesuffix(" starting with iqn, eui, or naa")) for error in errors[before:]]
        _of_volumes_alone(errors, kind, source, path, name)


def _local(errors: Errors, source: dict, path: str) -> None:
    if not source.get("path"):
        errors.append(fields.required(f"{path}.path"))
    else:
        _rules.no_backsteps(errors, f"{path}.path", source["path"])


def _csi(errors: Errors, source: dict, path: str) -> None:
    _pod_volume_sources.csi_driver(errors, f"{path}.driver", source.get("driver") or "")
    if not source.get("volumeHandle"):
        errors.append(fields.required(f"{path}.volumeHandle"))
    for field in _SECRETS:
        if source.get(field) is not None:
            _rules.required_name(errors, f"{path}.{field}.name", source[field].get("name"), names.dns1123_subdomain)
            _rules.required_name(errors, f"{path}.{field}.namespace", source[field].get("namespace"), names.dns1123_label)


def _of_volumes_alone(errors: Errors, kind: str, source: dict, path: str, name: str) -> None:
    """What these sources say in a PersistentVolume and not in a Pod."""
    secret = source.get("secretRef")
    if kind in ("cinder", "storageos") and secret is not None and not secret.get("namespace"):
        errors.append(fields.required(f"{path}.secretRef.namespace"))
    if kind == "iscsi" and secret is not None and not secret.get("name"):
        errors.append(fields.required(f"{path}.secretRef.name"))
    if kind == "azureFile" and source.get("secretNamespace") == "":
        errors.append(fields.required(f"{path}.secretNamespace"))
    space = source.get("endpointsNamespace") if kind == "glusterfs" else None
    if space == "":
        errors.append(fields.invalid(f"{path}.endpointsNamespace", "", "if the endpointnamespace is set, it must be a valid namespace name"))
    elif space is not None:
        _rules.label(errors, f"{path}.endpointsNamespace", space)
    if kind == "iscsi" and source.get("initiatorName") is not None and len(f"{name}:{source.get('targetPortal', '')}") > 64:
        errors.append(fields.invalid(f"{path}.targetportal", source.get("targetPortal", ""), _pod_volume_sources.ISCSI_LONG))


def _classes(errors: Errors, volume: dict, path: str, inline: bool) -> None:
    name, mode, attributes = volume.get("storageClassName"), volume.get("volumeMode"), volume.get("volumeAttributesClassName")
    if name and inline:
        errors.append(fields.forbidden(f"{path}.storageClassName", _INLINE))
    elif name:
        _rules.subdomain(errors, f"{path}.storageClassName", name)
    if mode is not None and inline and mode != "Filesystem":
        errors.append(fields.forbidden(f"{path}.volumeMode", "may not specify volumeMode other than Filesystem in the context of inline volumes"))
    elif mode is not None and not inline:
        _rules.one_of(errors, f"{path}.volumeMode", mode, _pod_claims.VOLUME_MODES)
    if attributes is None or inline:
        return
    if not attributes:
        errors.append(fields.required(f"{path}.volumeAttributesClassName", "an empty string is disallowed"))
    else:
        _rules.subdomain(errors, f"{path}.volumeAttributesClassName", attributes)
    if volume.get("csi") is None:
        errors.append(fields.required(f"{path}.csi", "has to be specified when using volumeAttributesClassName"))


def has_loose_values(volume: dict) -> bool:
    """Its node affinity has values that are no labels' values."""
    terms = ((volume.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    return any(names.label_value(value) for term in terms for expression in term.get("matchExpressions") or ()
               for value in expression.get("values") or ())


def modes_text(modes: list[str] | None) -> str:
    """Access modes as kubectl shortens them."""
    short = (("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP"))
    return ",".join(text for mode, text in short if mode in (modes or ()))


CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


def class_of(obj: dict) -> str:
    """The storage class of a volume or a claim: of the old annotation, else of the spec."""
    annotations = obj["metadata"].get("annotations") or {}
    if CLASS_ANNOTATION in annotations:
        return annotations[CLASS_ANNOTATION]
    return (obj.get("spec") or {}).get("storageClassName") or ""


def alike(one: object, other: object) -> bool:
    """Equal as upstream's Semantic.DeepEqual sees it: an empty list or map is as good as none, an empty struct is not."""
    return _compact(one) == _compact(other)


_MAPS = ("options", "volumeAttributes", "requests", "limits", "matchLabels", "capacity", "resources")


def _compact(value: object) -> object:
    if isinstance(value, dict):
        found = {key: _compact(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not None and item != [] and (item != {} or key not in _MAPS)}
    return [_compact(item) for item in value] if isinstance(value, list) else value
