"""Annotations of Pods that mean something to the server.

Source: pkg/apis/core/validation/validation.go (ValidatePodSpecificAnnotations, ValidatePodSpecificAnnotationUpdates,
validateSeccompAnnotationsAndFields, validateAppArmorAnnotationsAndFieldsMatchOnCreate).
"""
from __future__ import annotations

import re

from cluster.kinds import _rules
from cluster.kinds._pod_gates import APPARMOR
from cluster.kinds._pod_visit import all_containers
from cluster.kinds._rules import Errors
from cluster.meta import fields
from cluster.meta.gotext import atoi

MIRROR = "kubernetes.io/config.mirror"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
_COST = re.compile(r"(0|-?[1-9]\d*|-0+\d*)\Z", re.ASCII)
_TYPE_DIFFERS, _PROFILE_DIFFERS = "type in annotation and field must match", "profile in annotation and field must match"


def check(errors: Errors, annotations: dict, spec: dict, path: str, old: dict | None = None) -> None:
    """What the known annotations must look like. old: what is stored; a bad deletion cost that was there may stay."""
    if MIRROR in annotations and not spec.get("nodeName"):
        errors.append(fields.invalid(f"{path}[{MIRROR}]", annotations[MIRROR],
                                     "must set spec.nodeName if mirror pod annotation is set"))
    cost = annotations.get(DELETION_COST)
    if cost is not None and not _is_cost(cost) and (old is None or _is_cost(old.get(DELETION_COST, "0"))):
        errors.append(fields.invalid(f"{path}[{DELETION_COST}]", cost, "must be a 32bit integer"))
    if SECCOMP_POD in annotations:
        _seccomp(errors, annotations[SECCOMP_POD], f"{path}.{SECCOMP_POD}")
    for key, value in annotations.items():
        if key.startswith(SECCOMP_CONTAINER):
            _seccomp(errors, value, f"{path}.{key}")
    for key, value in annotations.items():
        if key.startswith(APPARMOR):
            _app_armor(errors, key, value, spec, f"{path}[{key}]")


def _is_cost(text: str) -> bool:
    number = atoi(text) if _COST.match(text) else None
    return number is not None and -2**31 <= number < 2**31


def _seccomp(errors: Errors, profile: str, path: str) -> None:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return
    if profile.startswith("localhost/"):
        _rules.local_path(errors, path, profile[len("localhost/"):])
    else:
        errors.append(fields.invalid(path, profile, "must be a valid seccomp profile"))


def _app_armor(errors: Errors, key: str, profile: str, spec: dict, path: str) -> None:
    name = key[len(APPARMOR):]
    if all(container.get("name") != name for container, _ in all_containers(spec, "")):
        errors.append(fields.invalid(path, name, "container not found"))
    if profile not in ("", "runtime/default", "unconfined") and not profile.startswith("localhost/"):
        errors.append(fields.invalid(path, profile, f'invalid AppArmor profile name: "{profile}"'))


def check_update(errors: Errors, new: dict, old: dict, path: str) -> None:
    """AppArmor and mirror annotations stay as they are."""
    for key, value in old.items():
        if new.get(key) != value:
            _fixed(errors, key, "remove or update", path)
    for key in new:
        if key not in old:
            _fixed(errors, key, "add", path)


def _fixed(errors: Errors, key: str, verb: str, path: str) -> None:
    if key.startswith(APPARMOR):
        errors.append(fields.forbidden(f"{path}[{key}]", f"may not {verb} AppArmor annotations"))
    if key == MIRROR:
        errors.append(fields.forbidden(f"{path}[{key}]", f"may not {verb} mirror pod annotation"))


def fields_agree(errors: Errors, annotations: dict, spec: dict, path: str) -> None:
    """An annotation and the field that has replaced it say the same."""
    _seccomp_agrees(errors, annotations, spec, path)
    if (spec.get("os") or {}).get("name") != "windows":
        _app_armor_agrees(errors, annotations, spec, path)


def _seccomp_agrees(errors: Errors, annotations: dict, spec: dict, path: str) -> None:
    profile = (spec.get("securityContext") or {}).get("seccompProfile")
    if profile is not None and SECCOMP_POD in annotations:
        _agree(errors, annotations[SECCOMP_POD], profile, f"{path}.securityContext.seccompProfile", "seccomp")
    for container, here in all_containers(spec, path):
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        key = SECCOMP_CONTAINER + (container.get("name") or "")
        if profile is not None and key in annotations:
            _agree(errors, annotations[key], profile, f"{here}.securityContext.seccompProfile", "seccomp")


def _app_armor_agrees(errors: Errors, annotations: dict, spec: dict, path: str) -> None:
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container, here in all_containers(spec, path):
        profile = (container.get("securityContext") or {}).get("appArmorProfile") or of_pod
        key = APPARMOR + (container.get("name") or "")
        if profile is not None and key in annotations:
            _agree(errors, annotations[key], profile, f"{here}.securityContext.appArmorProfile", "apparmor")


def _agree(errors: Errors, annotation: str, profile: dict, path: str, word: str) -> None:
    kind = profile.get("type")
    if kind == "Unconfined":
        agrees = annotation == "unconfined"
    elif kind == "RuntimeDefault":
        agrees = annotation == "runtime/default" or (word == "seccomp" and annotation == "docker/default")
    else:
        agrees = kind != "Localhost" or annotation.startswith("localhost/")
    if not agrees:
        errors.append(fields.forbidden(f"{path}.type", f"{word} {_TYPE_DIFFERS}"))
    elif kind == "Localhost" and annotation[len("localhost/"):] != profile.get("localhostProfile"):
        errors.append(fields.forbidden(f"{path}.localhostProfile", f"{word} {_PROFILE_DIFFERS}"))
