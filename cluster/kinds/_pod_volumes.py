"""Volumes of a Pod: names, and the sources that simulated Pods use. Sources of clouds and arrays: _pod_volume_sources.

Source: pkg/apis/core/validation/validation.go (ValidateVolumes and what it calls).
"""
from __future__ import annotations

from cluster.kinds import _pod_claims, _pod_volume_sources, _rules
from cluster.kinds._pod_fields import field_ref, resource_ref
from cluster.kinds._rules import Errors
from cluster.meta import fields, names

MODE = "must be a number between 0 and 0777 (octal), both inclusive"
TWO_TYPES = "may not specify more than 1 volume type"
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
_FILE_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_TOKEN_MAX_S = 1 << 32


def volumes(errors: Errors, spec: dict, meta: dict | None, path: str, *, is_pod: bool) -> dict[str, dict]:
    """Check all volumes. Returns the good ones by name."""
    listed = spec.get("volumes")
    if not listed:
        return {}
    good: dict[str, dict] = {}
    pod_name = (meta or {}).get("name") or ""
    claims = [f"{pod_name}-{volume.get('name', '')}" for volume in listed if volume.get("ephemeral") and pod_name]
    for index, volume in enumerate(listed):
        here, name = f"{path}[{index}]", volume.get("name") or ""
        before = len(errors)
        _source(errors, volume, here, name, pod_name, is_pod)
        if name:
            _rules.label(errors, f"{here}.name", name)
        else:
            errors.append(fields.required(f"{here}.name"))
        if name in good:
            errors.append(fields.duplicate(f"{here}.name", name))
        if len(errors) == before:
            good[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim and claim in claims:
            errors.append(fields.invalid(f"{here}.persistentVolumeClaim.claimName", claim,
                                         "must not reference a PVC that gets created for an ephemeral volume"))
    return good


# In upstream's order: the first type found counts, any other is one too many.
_ORDER = ("emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
          "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc",
          "flexVolume", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
          "storageos", "projected", "scaleIO", "csi", "ephemeral", "image")
# Where upstream's complaint names another field than the source itself.
_TWO_TYPES_AT = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
_PATH_OF = {"gcePersistentDisk": "persistentDisk"}


def _source(errors: Errors, volume: dict, path: str, name: str, pod_name: str, is_pod: bool) -> None:
    if len(volume) == 2 and "projected" in volume:  # by far the most common: the token volume
        _projected(errors, volume["projected"], f"{path}.projected")
        return
    found = [kind for kind in _ORDER if volume.get(kind) is not None]
    if not found:
        errors.append(fields.required(path, "must specify a volume type"))
    for position, kind in enumerate(found):
        if position:
            errors.append(fields.forbidden(f"{path}.{_TWO_TYPES_AT.get(kind, kind)}", TWO_TYPES))
        else:
            _one_source(errors, kind, volume[kind], f"{path}.{_PATH_OF.get(kind, kind)}", is_pod)
        if kind == "iscsi":
            _pod_volume_sources.iscsi_name(errors, volume["iscsi"], path, name)
        if kind == "ephemeral" and not position and pod_name and name:
            _claim_name(errors, path, name, f"{pod_name}-{name}")


def _claim_name(errors: Errors, path: str, name: str, claim: str) -> None:
    for why in names.is_subdomain_name(claim):
        errors.append(fields.invalid(f"{path}.name", name, f'PVC name "{claim}": {why}'))


def _one_source(errors: Errors, kind: str, source: dict, path: str, is_pod: bool) -> None:
    check = _CHECKS.get(kind)
    if check is not None:
        check(errors, source, path)
    elif kind == "image":
        if is_pod and not source.get("reference"):
            errors.append(fields.required(f"{path}.reference"))
        _rules.one_of_or_required(errors, f"{path}.pullPolicy", source.get("pullPolicy"), PULL_POLICIES)
    else:
        _pod_volume_sources.check(errors, kind, source, path)


def _empty_dir(errors: Errors, source: dict, path: str) -> None:
    limit = source.get("sizeLimit")
    if limit is not None and _rules.amount(limit).nano < 0:
        errors.append(fields.forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity"))


def host_path(errors: Errors, source: dict, path: str) -> None:
    """A path of the node."""
    target = source.get("path") or ""
    if not target:
        errors.append(fields.required(f"{path}.path"))
        return
    _rules.no_backsteps(errors, f"{path}.path", target)
    kind = source.get("type")
    if kind is not None and kind not in _HOST_PATH_TYPES:
        errors.append(fields.not_supported(f"{path}.type", kind, _HOST_PATH_TYPES))


def _git_repo(errors: Errors, source: dict, path: str) -> None:
    if not source.get("repository"):
        errors.append(fields.required(f"{path}.repository"))
    _rules.local_path(errors, f"{path}.directory", source.get("directory") or "")


def _secret(errors: Errors, source: dict, path: str) -> None:
    if not source.get("secretName"):
        errors.append(fields.required(f"{path}.secretName"))
    _mode_and_items(errors, source, path)


def _config_map(errors: Errors, source: dict, path: str) -> None:
    if not source.get("name"):
        errors.append(fields.required(f"{path}.name"))
    _mode_and_items(errors, source, path)


def _mode_and_items(errors: Errors, source: dict, path: str) -> None:
    _mode(errors, f"{path}.defaultMode", source.get("defaultMode"))
    for index, item in enumerate(source.get("items") or ()):
        _key_to_path(errors, item, f"{path}.items[{index}]")


def _mode(errors: Errors, path: str, mode: int | None) -> None:
    if mode is not None and not 0 <= mode <= 0o777:
        errors.append(fields.invalid(path, mode, MODE))


def _key_to_path(errors: Errors, item: dict, path: str) -> None:
    for field in ("key", "path"):
        if not item.get(field):
            errors.append(fields.required(f"{path}.{field}"))
    _rules.own_path(errors, f"{path}.path", item.get("path") or "")
    _mode(errors, f"{path}.mode", item.get("mode"))


def _downward(errors: Errors, source: dict, path: str) -> None:
    _mode(errors, f"{path}.defaultMode", source.get("defaultMode"))
    for item in source.get("items") or ():
        _downward_file(errors, item, path)


def _downward_file(errors: Errors, item: dict, path: str) -> None:
    if not item.get("path"):
        errors.append(fields.required(f"{path}.path"))
    _rules.own_path(errors, f"{path}.path", item.get("path") or "")
    if item.get("fieldRef") is not None:
        field_ref(errors, item["fieldRef"], f"{path}.fieldRef", _FILE_FIELDS)
        if item.get("resourceFieldRef") is not None:
            errors.append(fields.invalid(path, "resource",
                                         "fieldRef and resourceFieldRef can not be specified simultaneously"))
    elif item.get("resourceFieldRef") is not None:
        resource_ref(errors, item["resourceFieldRef"], f"{path}.resourceFieldRef", in_volume=True)
    else:
        errors.append(fields.required(path, "one of fieldRef and resourceFieldRef is required"))
    _mode(errors, f"{path}.mode", item.get("mode"))


def _projected(errors: Errors, source: dict, path: str) -> None:
    _mode(errors, f"{path}.defaultMode", source.get("defaultMode"))
    taken: list[str] = []
    for index, projection in enumerate(source.get("sources") or ()):
        here = f"{path}.sources[{index}]"
        for kind in ("secret", "configMap"):
            if projection.get(kind) is not None:
                _projected_keys(errors, projection[kind], f"{here}.{kind}", path, taken)
        if projection.get("downwardAPI") is not None:
            for item in projection["downwardAPI"].get("items") or ():
                _downward_file(errors, item, f"{here}.downwardAPI")
                _take(errors, taken, item.get("path"), path, item.get("path"))
        if projection.get("serviceAccountToken") is not None:
            _token(errors, projection["serviceAccountToken"], f"{here}.serviceAccountToken", path)
        if sum(value is not None for value in projection.values()) > 1:
            errors.append(fields.forbidden(here, "may not specify more than 1 volume type per source"))


def _projected_keys(errors: Errors, source: dict, path: str, volume_path: str, taken: list[str]) -> None:
    name = source.get("name") or ""
    if not name:
        errors.append(fields.required(f"{path}.name"))
    for index, item in enumerate(source.get("items") or ()):
        _key_to_path(errors, item, f"{path}.items[{index}]")
        _take(errors, taken, item.get("path"), volume_path, name)


def _take(errors: Errors, taken: list[str], target: str | None, path: str, shown: str | None) -> None:
    if not target:
        return
    if target in taken:
        errors.append(fields.invalid(path, shown, "conflicting duplicate paths"))
    else:
        taken.append(target)


def _token(errors: Errors, token: dict, path: str, volume_path: str) -> None:
    seconds = token.get("expirationSeconds") or 0
    if seconds < 600:
        errors.append(fields.invalid(f"{path}.expirationSeconds", seconds,
                                     "may not specify a duration less than 10 minutes"))
    if seconds > _TOKEN_MAX_S:
        errors.append(fields.invalid(f"{path}.expirationSeconds", seconds,
                                     "may not specify a duration larger than 2^32 seconds"))
    if not token.get("path"):
        errors.append(fields.required(f"{volume_path}.path"))
    else:
        _rules.own_path(errors, f"{volume_path}.path", token["path"])


def _claim(errors: Errors, source: dict, path: str) -> None:
    if not source.get("claimName"):
        errors.append(fields.required(f"{path}.claimName"))


def nfs(errors: Errors, source: dict, path: str) -> None:
    """A path that a server exports."""
    for field in ("server", "path"):
        if not source.get(field):
            errors.append(fields.required(f"{path}.{field}"))
    if not (source.get("path") or "").startswith("/"):
        errors.append(fields.invalid(f"{path}.path", source.get("path") or "", "must be an absolute path"))


def _ephemeral(errors: Errors, source: dict, path: str) -> None:
    if source.get("volumeClaimTemplate") is None:
        errors.append(fields.required(f"{path}.volumeClaimTemplate"))
    else:
        _pod_claims.template(errors, source["volumeClaimTemplate"], f"{path}.volumeClaimTemplate")


_CHECKS = {"emptyDir": _empty_dir, "hostPath": host_path, "gitRepo": _git_repo, "secret": _secret, "nfs": nfs,
           "persistentVolumeClaim": _claim, "downwardAPI": _downward, "configMap": _config_map, "projected": _projected,
           "ephemeral": _ephemeral}
