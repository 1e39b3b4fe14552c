"""Security contexts of Pods and containers, and what an operating system forbids.

Source: pkg/apis/core/validation/validation.go (ValidateSecurityContext, validatePodSpecSecurityContext, validateSysctls,
validateSeccompProfileField, ValidateAppArmorProfileField, validateLinux, validateWindows, validateHostUsers).
"""
from __future__ import annotations

import re

from cluster.kinds import _pod_windows, _rules
from cluster.kinds._pod_visit import all_containers
from cluster.kinds._rules import Errors
from cluster.meta import fields, names

_SECCOMP_TYPES = _APPARMOR_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSCTL = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
_is_sysctl = re.compile(_SYSCTL[:-1] + r"\Z").match
_NET_SYSCTLS, _IPC_SYSCTLS = ("net.",), ("kernel.shm", "kernel.msg", "fs.mqueue.")
_IPC_EXACT = ("kernel.sem",)
_MAX_PROFILE = 4095
_NOT_ON_WINDOWS = "cannot be set for a windows pod"
_NO_WINDOWS_OPTIONS = "windows options cannot be set for a linux pod"


def container(errors: Errors, context: dict, path: str, host_users: bool) -> None:
    """A container's security context."""
    _ids(errors, context, path, ("runAsUser", "runAsGroup"))
    mount = context.get("procMount")
    if mount is not None:
        _rules.one_of(errors, f"{path}.procMount", mount, ("Default", "Unmasked"))
        if host_users and mount == "Unmasked":
            errors.append(fields.invalid(f"{path}.procMount", mount, "`hostUsers` must be false to use `Unmasked`"))
    _seccomp(errors, context.get("seccompProfile"), f"{path}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        _no_escalation(errors, context, path)
    _pod_windows.options(errors, context.get("windowsOptions"), f"{path}.windowsOptions")
    app_armor(errors, context.get("appArmorProfile"), f"{path}.appArmorProfile")


def _ids(errors: Errors, context: dict, path: str, names_of_ids: tuple[str, ...]) -> None:
    for field in names_of_ids:
        if context.get(field) is not None:
            _rules.all_of(errors, f"{path}.{field}", context[field], names.user_id(context[field]))


def _no_escalation(errors: Errors, context: dict, path: str) -> None:
    if context.get("privileged"):
        errors.append(fields.invalid(path, _shown(context),
                                     "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
    for capability in (context.get("capabilities") or {}).get("add") or ():
        if capability == "CAP_SYS_ADMIN":
            detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
            errors.append(fields.invalid(path, _shown(context), detail))


def _shown(context: dict) -> dict:
    """A security context as messages show it: the internal struct, whose fields have Go's names."""
    order = ("capabilities", "privileged", "seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot",
             "readOnlyRootFilesystem", "allowPrivilegeEscalation", "procMount", "seccompProfile", "appArmorProfile")
    return {_go_name(key): _shown_part(key, context.get(key)) for key in order}


# The internal structs inside: their fields, and what each is when it is not set.
_PARTS = {"capabilities": (("add", "drop"), None), "seLinuxOptions": (("user", "role", "type", "level"), ""),
          "windowsOptions": (("gmsaCredentialSpecName", "gmsaCredentialSpec", "runAsUserName", "hostProcess"), None),
          "seccompProfile": (("type", "localhostProfile"), None), "appArmorProfile": (("type", "localhostProfile"), None)}


def _go_name(key: str) -> str:
    return {"seLinuxOptions": "SELinuxOptions"}.get(key) or (
        "GMSA" + key[4:] if key.startswith("gmsa") else key[0].upper() + key[1:])


def _shown_part(key: str, value: object) -> object:
    if value is None or key not in _PARTS:
        return value
    names_of_fields, unset = _PARTS[key]
    return {_go_name(name): value.get(name, unset) for name in names_of_fields}


def pod(errors: Errors, spec: dict, path: str) -> None:
    """A Pod's security context."""
    context = spec.get("securityContext")
    sharing = spec.get("shareProcessNamespace") and spec.get("hostPID")
    if not context and not sharing:
        return
    context = context or {}
    _ids(errors, context, path, ("fsGroup", "runAsUser", "runAsGroup"))
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        _rules.all_of(errors, f"{path}.supplementalGroups[{index}]", group, names.user_id(group))
    if sharing:
        errors.append(fields.invalid(f"{path}.shareProcessNamespace", True,
                                     "ShareProcessNamespace and HostPID cannot both be enabled"))
    _sysctls(errors, context.get("sysctls") or (), spec, f"{path}.sysctls")
    _choice(errors, context, path, "fsGroupChangePolicy", ("Always", "OnRootMismatch"))
    _seccomp(errors, context.get("seccompProfile"), f"{path}.seccompProfile")
    _pod_windows.options(errors, context.get("windowsOptions"), f"{path}.windowsOptions")
    app_armor(errors, context.get("appArmorProfile"), f"{path}.appArmorProfile")
    _choice(errors, context, path, "supplementalGroupsPolicy", ("Merge", "Strict"))
    _choice(errors, context, path, "seLinuxChangePolicy", ("Recursive",))


def _choice(errors: Errors, context: dict, path: str, field: str, allowed: tuple[str, ...]) -> None:
    if context.get(field) is not None:
        _rules.one_of(errors, f"{path}.{field}", context[field], allowed)


def _sysctls(errors: Errors, sysctls: list[dict], spec: dict, path: str) -> None:
    taken: list[str] = []
    for index, sysctl in enumerate(sysctls):
        here, name = f"{path}[{index}].name", sysctl.get("name") or ""
        if not name:
            errors.append(fields.required(here))
        elif len(name) > 253 or not _is_sysctl(name):
            errors.append(fields.invalid(here, name, f"must have at most 253 characters and match regex {_SYSCTL}"))
        elif name in taken:
            errors.append(fields.duplicate(here, name))
        taken.append(name)
        _host_sysctl(errors, here, name, spec)


def _host_sysctl(errors: Errors, path: str, name: str, spec: dict) -> None:
    dotted = name.replace("/", ".")
    if spec.get("hostNetwork") and dotted.startswith(_NET_SYSCTLS):
        errors.append(fields.invalid(path, name, "may not be specified when 'hostNetwork' is true"))
    elif spec.get("hostIPC") and (dotted.startswith(_IPC_SYSCTLS) or dotted in _IPC_EXACT):
        errors.append(fields.invalid(path, name, "may not be specified when 'hostIPC' is true"))


def _seccomp(errors: Errors, profile: dict | None, path: str) -> None:
    if profile is None:
        return
    kind, local = profile.get("type") or "", profile.get("localhostProfile")
    if not kind:
        errors.append(fields.required(f"{path}.type", "type is required when seccompProfile is set"))
    else:
        _rules.one_of(errors, f"{path}.type", kind, _SECCOMP_TYPES)
    if kind == "Localhost":
        if local is None:
            errors.append(fields.required(f"{path}.localhostProfile", "must be set when seccomp type is Localhost"))
        else:
            _rules.local_path(errors, f"{path}.localhostProfile", local)
    elif local is not None:
        shown = {"Type": kind, "LocalhostProfile": local}
        errors.append(fields.invalid(f"{path}.localhostProfile", shown,
                                     "can only be set when seccomp type is Localhost"))


def app_armor(errors: Errors, profile: dict | None, path: str) -> None:
    """An AppArmor profile."""
    if profile is None:
        return
    kind, local = profile.get("type") or "", profile.get("localhostProfile")
    if kind == "Localhost":
        _local_profile(errors, local, f"{path}.localhostProfile")
    elif not kind:
        errors.append(fields.required(f"{path}.type", "type is required when appArmorProfile is set"))
    elif kind not in _APPARMOR_TYPES:
        errors.append(fields.not_supported(f"{path}.type", kind, _APPARMOR_TYPES))
    elif local is not None:
        errors.append(fields.invalid(f"{path}.localhostProfile", local,
                                     "can only be set when AppArmor type is Localhost"))


def _local_profile(errors: Errors, local: str | None, path: str) -> None:
    if local is None:
        errors.append(fields.required(path, "must be set when AppArmor type is Localhost"))
        return
    if local != local.strip():
        errors.append(fields.invalid(path, local, "must not be padded with whitespace"))
    elif not local:
        errors.append(fields.required(path, "must be set when AppArmor type is Localhost"))
    if len(local.encode()) > _MAX_PROFILE:
        errors.append(fields.too_long(path, _MAX_PROFILE))


def host_users(errors: Errors, spec: dict, path: str) -> None:
    """A Pod in its own user namespace shares nothing with its host."""
    if spec.get("hostUsers") is not False:
        return
    for field, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if spec.get(field):
            errors.append(fields.forbidden(f"{path}.{shown}", "when `hostUsers` is false"))
    for found, here in all_containers(spec, path):
        if found.get("volumeDevices"):
            errors.append(fields.forbidden(f"{here}.volumeDevices", "when `hostUsers` is false"))


def operating_system(errors: Errors, spec: dict, path: str) -> None:
    """spec.os, and the fields that it rules out."""
    name = (spec.get("os") or {}).get("name") or ""
    if not name:
        errors.append(fields.required(f"{path}.os.name"))
    elif name == "linux":
        _linux(errors, spec, path)
    elif name == "windows":
        _windows(errors, spec, path)
    else:
        errors.append(fields.not_supported(f"{path}.os", name, ("linux", "windows")))


def _linux(errors: Errors, spec: dict, path: str) -> None:
    if (spec.get("securityContext") or {}).get("windowsOptions") is not None:
        errors.append(fields.forbidden(f"{path}.securityContext.windowsOptions", _NO_WINDOWS_OPTIONS))
    for found, here in all_containers(spec, path):
        if (found.get("securityContext") or {}).get("windowsOptions") is not None:
            errors.append(fields.forbidden(f"{here}.securityContext.windowsOptions", _NO_WINDOWS_OPTIONS))


# In upstream's order; fields of the Pod itself among those of its security context.
_POD_LINUX_ONLY = ("appArmorProfile", "seLinuxOptions", ".hostUsers", ".hostPID", ".hostIPC", "seccompProfile", "fsGroup",
                   "fsGroupChangePolicy", "sysctls", ".shareProcessNamespace", "runAsUser", "runAsGroup", "supplementalGroups",
                   "supplementalGroupsPolicy", "seLinuxChangePolicy")
_CONTAINER_LINUX_ONLY = ("appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem",
                         "privileged", "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup")
_FALSE_IS_ABSENT = (".hostPID", ".hostIPC", "sysctls")


def _windows(errors: Errors, spec: dict, path: str) -> None:
    context = spec.get("securityContext") or {}
    for field in _POD_LINUX_ONLY:
        value = spec.get(field[1:]) if field[0] == "." else context.get(field)
        if value is None or (field in _FALSE_IS_ABSENT and not value):
            continue
        here = f"{path}{field}" if field[0] == "." else f"{path}.securityContext.{field}"
        errors.append(fields.forbidden(here, _NOT_ON_WINDOWS))
    for found, here in all_containers(spec, path):
        own = found.get("securityContext") or {}
        errors += [fields.forbidden(f"{here}.securityContext.{field}", _NOT_ON_WINDOWS)
                   for field in _CONTAINER_LINUX_ONLY if own.get(field) is not None]
