"""The containers of a Pod: what all have in common, and what sets apart init and ephemeral ones.

Source: pkg/apis/core/validation/validation.go (validateContainers, validateInitContainers, validateEphemeralContainers,
validateContainerCommon).
"""
from __future__ import annotations

from dataclasses import dataclass

from cluster.kinds import _pod_amounts, _pod_handlers, _pod_security, _rules
from cluster.kinds._pod_fields import field_ref, resource_ref
from cluster.kinds._pod_resources import is_sidecar
from cluster.kinds._rules import Errors
from cluster.meta import fields, names

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_PLAIN_MOUNT = frozenset(("name", "mountPath", "readOnly"))
_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_READ_ONLY = ("Disabled", "Enabled", "IfPossible")
_ENV_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
               "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs")
_ENV_SOURCES = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
_ONE_FIELD = "may not have more than one field specified at a time"
_NOT_ON_INIT = "may not be set for init containers without restartPolicy=Always"
_NOT_ON_EPHEMERAL = "cannot be set for an Ephemeral Container"
# In the order of the Go struct.
_EPHEMERAL_FORBIDDEN = ("ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe",
                        "readinessProbe", "startupProbe", "lifecycle")


@dataclass(frozen=True)
class Around:
    """What a container's checks need to know of its Pod. volumes: the valid ones by name."""

    volumes: dict[str, dict]
    claim_names: list[str]
    restart_policy: str
    host_users: bool
    grace_s: int | None


def main(errors: Errors, containers: list[dict] | None, path: str, around: Around) -> None:
    """The main containers."""
    if not containers:
        errors.append(fields.required(path))
        return
    taken: list[str] = []
    for index, container in enumerate(containers):
        here, name = f"{path}[{index}]", container.get("name") or ""
        _common(errors, container, here, around)
        if name in taken:
            errors.append(fields.duplicate(f"{here}.name", name))
        taken.append(name)
        if container.get("lifecycle") is not None:
            _pod_handlers.lifecycle(errors, container["lifecycle"], f"{here}.lifecycle", around.grace_s)
        _pod_handlers.probes(errors, container, here)
        _pod_handlers.restart_policy(errors, container, here)
    _host_ports(errors, containers, path)


def init(errors: Errors, containers: list[dict], regular: list[dict], path: str, around: Around) -> None:
    """The init containers, sidecars among them."""
    taken = [container.get("name") or "" for container in regular]
    for index, container in enumerate(containers):
        here, name = f"{path}[{index}]", container.get("name") or ""
        _common(errors, container, here, around)
        _pod_handlers.init_restart_policy(errors, container, here)
        if name in taken:
            errors.append(fields.duplicate(f"{here}.name", name))
        elif name:
            taken.append(name)
        _host_ports(errors, [container], path)
        if is_sidecar(container):
            if container.get("lifecycle") is not None:
                _pod_handlers.lifecycle(errors, container["lifecycle"], f"{here}.lifecycle", around.grace_s)
            _pod_handlers.probes(errors, container, here)
        else:
            _plain_init(errors, container, here)


def _plain_init(errors: Errors, container: dict, path: str) -> None:
    for field in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(field) is not None:
            errors.append(fields.forbidden(f"{path}.{field}", _NOT_ON_INIT))
    for index, policy in enumerate(container.get("resizePolicy") or ()):
        if policy.get("restartPolicy") == "RestartContainer":
            errors.append(fields.invalid(f"{path}.resizePolicy[{index}].restartPolicy", "RestartContainer",
                                         "must not be set to 'RestartContainer' for non-sidecar initContainers"))


def ephemeral(errors: Errors, spec: dict, path: str, around: Around) -> None:
    """The ephemeral containers."""
    others = [c.get("name") or "" for field in ("containers", "initContainers") for c in spec.get(field) or ()]
    taken = list(others)
    for index, container in enumerate(spec["ephemeralContainers"]):
        here, name = f"{path}[{index}]", container.get("name") or ""
        _common(errors, container, here, around)
        image_unpadded(errors, container, here)
        if name in taken:
            errors.append(fields.duplicate(f"{here}.name", name))
        taken.append(name)
        target = container.get("targetContainerName")
        if target and target not in others:
            errors.append(fields.not_found(f"{here}.targetContainerName", target))
        errors += [fields.forbidden(f"{here}.{field}", _NOT_ON_EPHEMERAL)
                   for field in _EPHEMERAL_FORBIDDEN if container.get(field)]
        for position, mount in enumerate(container.get("volumeMounts") or ()):
            errors += [fields.forbidden(f"{here}.volumeMounts[{position}].{field}", _NOT_ON_EPHEMERAL)
                       for field in ("subPath", "subPathExpr") if mount.get(field)]


def image_unpadded(errors: Errors, container: dict, path: str) -> None:
    """An image's name has no spaces around it."""
    image = container.get("image") or ""
    if image != image.strip():
        errors.append(fields.invalid(f"{path}.image", image, "must not have leading or trailing whitespace"))


def _common(errors: Errors, container: dict, path: str, around: Around) -> None:
    name = container.get("name")
    if name:
        _rules.label(errors, f"{path}.name", name)
    else:
        errors.append(fields.required(f"{path}.name"))
    if not container.get("image"):
        errors.append(fields.required(f"{path}.image"))
    if container.get("terminationMessagePolicy") != "File":
        _rules.one_of_or_required(errors, f"{path}.terminationMessagePolicy", container.get("terminationMessagePolicy"),
                                  _MESSAGE_POLICIES)
    if container.get("ports"):
        _ports(errors, container["ports"], f"{path}.ports")
    if container.get("env"):
        _env(errors, container["env"], f"{path}.env")
    if container.get("envFrom"):
        _env_from(errors, container["envFrom"], f"{path}.envFrom")
    if container.get("volumeMounts"):
        _mounts(errors, container, f"{path}.volumeMounts", around.volumes)
    if container.get("volumeDevices"):
        _devices(errors, container, f"{path}.volumeDevices", around.volumes)
    if container.get("imagePullPolicy") not in PULL_POLICIES:
        _rules.one_of_or_required(errors, f"{path}.imagePullPolicy", container.get("imagePullPolicy"), PULL_POLICIES)
    if container.get("resources"):
        _pod_amounts.containers(errors, container["resources"], f"{path}.resources", around.claim_names)
    if container.get("resizePolicy"):
        _pod_handlers.resize_policies(errors, container["resizePolicy"], f"{path}.resizePolicy", around.restart_policy)
    if container.get("securityContext"):
        _pod_security.container(errors, container["securityContext"], f"{path}.securityContext", around.host_users)


def _ports(errors: Errors, ports: list[dict], path: str) -> None:
    taken: list[str] = []
    for index, port in enumerate(ports):
        here, name, number = f"{path}[{index}]", port.get("name") or "", port.get("containerPort") or 0
        if name:
            complaints = names.port_name(name)
            _rules.all_of(errors, f"{here}.name", name, complaints)
            if not complaints and name in taken:
                errors.append(fields.duplicate(f"{here}.name", name))
            elif not complaints:
                taken.append(name)
        if not number:
            errors.append(fields.required(f"{here}.containerPort"))
        elif not 1 <= number <= 65535:
            _rules.port(errors, f"{here}.containerPort", number)
        if port.get("hostPort"):
            _rules.port(errors, f"{here}.hostPort", port["hostPort"])
        if port.get("protocol") not in _PROTOCOLS:
            _rules.one_of_or_required(errors, f"{here}.protocol", port.get("protocol"), _PROTOCOLS)


def _host_ports(errors: Errors, containers: list[dict], path: str) -> None:
    taken: list[str] = []
    for index, container in enumerate(containers):
        for position, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            text = f"{port.get('protocol', '')}/{port.get('hostIP') or ''}/{port['hostPort']}"
            if text in taken:
                errors.append(fields.duplicate(f"{path}[{index}].ports[{position}].hostPort", text))
            taken.append(text)


def _env(errors: Errors, variables: list[dict], path: str) -> None:
    for index, variable in enumerate(variables):
        here, name = f"{path}[{index}]", variable.get("name") or ""
        if not name:
            errors.append(fields.required(f"{here}.name"))
        elif not name.isidentifier() or not name.isascii():
            _rules.all_of(errors, f"{here}.name", name, names.relaxed_env_var_name(name))
        if variable.get("valueFrom") is not None:
            _value_from(errors, variable, variable["valueFrom"], f"{here}.valueFrom")


def _value_from(errors: Errors, variable: dict, source: dict, path: str) -> None:
    found = [kind for kind in _ENV_KINDS if source.get(kind) is not None]
    for kind in found:
        here, reference = f"{path}.{kind}", source[kind]
        if kind == "fieldRef":
            field_ref(errors, reference, here, _ENV_FIELDS)
        elif kind == "resourceFieldRef":
            resource_ref(errors, reference, here, in_volume=False)
        elif kind == "fileKeyRef":
            _file_key(errors, reference, here)
        else:
            _object_key(errors, reference, here)
    if not found:
        errors.append(fields.invalid(path, "", _ENV_SOURCES))
    elif variable.get("value"):
        errors.append(fields.invalid(path, "", "may not be specified when `value` is not empty"))
    elif len(found) > 1:
        errors.append(fields.invalid(path, "", _ONE_FIELD))


_ENV_KINDS = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")


def _object_key(errors: Errors, reference: dict, path: str) -> None:
    name = reference.get("name") or ""
    _rules.all_of(errors, f"{path}.name", name, names.is_subdomain_name(name))
    _rules.required_name(errors, f"{path}.key", reference.get("key"), names.config_map_key)


def _file_key(errors: Errors, reference: dict, path: str) -> None:
    _rules.required_name(errors, f"{path}.key", reference.get("key"), names.relaxed_env_var_name)
    _rules.required_name(errors, f"{path}.volumeName", reference.get("volumeName"), names.dns1123_label)
    if not reference.get("path"):
        errors.append(fields.required(f"{path}.path"))
    else:
        _rules.no_backsteps(errors, f"{path}.path", reference["path"])


def _env_from(errors: Errors, sources: list[dict], path: str) -> None:
    for index, source in enumerate(sources):
        here = f"{path}[{index}]"
        if source.get("prefix"):
            _rules.all_of(errors, f"{here}.prefix", source["prefix"], names.relaxed_env_var_name(source["prefix"]))
        found = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
        for kind in found:
            _rules.required_name(errors, f"{here}.{kind}.name", source[kind].get("name"), _prefix_ok)
        if not found:
            errors.append(fields.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif len(found) > 1:
            errors.append(fields.invalid(path, "", _ONE_FIELD))


def _prefix_ok(name: str) -> list[str]:
    return names.is_subdomain_name(name, True)


def _mounts(errors: Errors, container: dict, path: str, volumes: dict[str, dict]) -> None:
    devices = _by_name(container.get("volumeDevices") or [], "devicePath")
    taken: list[str] = []
    for index, mount in enumerate(container["volumeMounts"]):
        here, name, target = f"{path}[{index}]", mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            errors.append(fields.required(f"{here}.name"))
        if name not in volumes:
            errors.append(fields.not_found(f"{here}.name", name))
        if not target:
            errors.append(fields.required(f"{here}.mountPath"))
        if target in taken:
            errors.append(fields.invalid(f"{here}.mountPath", target, "must be unique"))
        taken.append(target)
        if devices:
            _mount_or_device(errors, devices, here, name, target)
        if not _PLAIN_MOUNT.issuperset(mount):
            _mount_details(errors, container, mount, here, path)


def _by_name(entries: list[dict], field: str) -> dict[str, str]:
    """Paths by name; of two with one name the last counts, as upstream's maps have it."""
    return {entry.get("name") or "": entry.get(field) or "" for entry in entries}


def _mount_or_device(errors: Errors, devices: dict[str, str], path: str, name: str, target: str) -> None:
    if name in devices:
        errors.append(fields.invalid(f"{path}.name", name, "must not already exist in volumeDevices"))
    if target in devices.values():
        errors.append(fields.invalid(f"{path}.mountPath", target, "must not already exist as a path in volumeDevices"))


def _mount_details(errors: Errors, container: dict, mount: dict, path: str, mounts_path: str) -> None:
    sub_path, expression = mount.get("subPath") or "", mount.get("subPathExpr") or ""
    if sub_path:
        _rules.local_path(errors, f"{mounts_path}.subPath", sub_path)
    if expression:
        if sub_path:
            errors.append(fields.invalid(f"{path}.subPathExpr", expression,
                                         "subPathExpr and subPath are mutually exclusive"))
        _rules.local_path(errors, f"{mounts_path}.subPathExpr", expression)
    if mount.get("mountPropagation") is not None:
        _propagation(errors, container, mount["mountPropagation"], f"{mounts_path}.mountPropagation")
    if mount.get("recursiveReadOnly") is not None:
        _recursive_read_only(errors, mount, f"{mounts_path}.recursiveReadOnly")


def _propagation(errors: Errors, container: dict, mode: str, path: str) -> None:
    _rules.one_of(errors, path, mode, _PROPAGATIONS)
    if mode == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
        errors.append(fields.forbidden(path,
                                       "Bidirectional mount propagation is available only to privileged containers"))


def _recursive_read_only(errors: Errors, mount: dict, path: str) -> None:
    mode = mount["recursiveReadOnly"]
    _rules.one_of(errors, path, mode, _READ_ONLY)
    if mode not in ("Enabled", "IfPossible"):
        return
    if not mount.get("readOnly"):
        errors.append(fields.forbidden(path, "may only be specified when readOnly is true"))
    if mount.get("mountPropagation") not in (None, "None"):
        errors.append(fields.forbidden(path, "may only be specified when mountPropagation is None or not specified"))


def _devices(errors: Errors, container: dict, path: str, volumes: dict[str, dict]) -> None:
    mounts = _by_name(container.get("volumeMounts") or [], "mountPath")
    taken_names: list[str] = []
    taken_paths: list[str] = []
    for index, device in enumerate(container["volumeDevices"]):
        here, name, target = f"{path}[{index}]", device.get("name") or "", device.get("devicePath") or ""
        _device_name(errors, f"{here}.name", name, taken_names, volumes)
        if not target:
            errors.append(fields.required(f"{here}.devicePath"))
        if target in taken_paths:
            errors.append(fields.invalid(f"{here}.devicePath", target, "must be unique"))
        if ".." in target.split("/"):
            errors.append(fields.invalid(f"{here}.devicePath", target, "can not contain backsteps ('..')"))
        else:
            taken_paths.append(target)
        if name in mounts:
            errors.append(fields.invalid(f"{here}.name", name, "must not already exist in volumeMounts"))
        if target in mounts.values():
            errors.append(fields.invalid(f"{here}.devicePath", target,
                                         "must not already exist as a path in volumeMounts"))
        if name:
            taken_names.append(name)


def _device_name(errors: Errors, path: str, name: str, taken: list[str], volumes: dict[str, dict]) -> None:
    if not name:
        errors.append(fields.required(path))
    if name in taken:
        errors.append(fields.invalid(path, name, "must be unique"))
    volume = volumes.get(name)
    if volume is None:
        errors.append(fields.not_found(path, name))
    elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
        errors.append(fields.invalid(path, name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"))
