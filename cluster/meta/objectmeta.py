"""Validation of metadata: names, labels, annotations, owners, finalizers, and what an update may not change.

Source: k8s.io/apimachinery pkg/api/validation/objectmeta.go, pkg/apis/meta/v1/validation/validation.go.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import names
from .fields import FieldError, forbidden, invalid, required, too_long
from .gotext import quote
from .remembering import remembered

ANNOTATIONS_LIMIT_BYTES = 256 * 1024
IMMUTABLE = "field is immutable"
FIELD_MANAGER_LIMIT = 128
STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
NOT_STANDARD = "name is neither a standard finalizer name nor is it fully qualified"


def validate_labels(labels: Mapping[str, str] | None, path: str) -> list[FieldError]:
    errors = []
    for key, value in (labels or {}).items():
        if not _is_sound_label(key, value):
            errors += [invalid(path, key, message) for message in names.qualified_name(key)]
            errors += [invalid(path, value, message) for message in names.label_value(value)]
    return errors


@remembered(4096)
def _is_sound_label(key: str, value: str) -> bool:
    return not names.qualified_name(key) and not names.label_value(value)


@remembered(4096)
def _is_sound_annotation(key: str) -> bool:
    return not names.qualified_name(key.lower())


def validate_annotations(annotations: Mapping[str, str] | None, path: str) -> list[FieldError]:
    errors, size = [], 0
    for key, value in (annotations or {}).items():
        if not _is_sound_annotation(key):
            errors += [invalid(path, key, message) for message in names.qualified_name(key.lower())]
        size += len(key.encode()) + (len(value) if value.isascii() else len(value.encode()))
    if size > ANNOTATIONS_LIMIT_BYTES:
        errors.append(too_long(path, ANNOTATIONS_LIMIT_BYTES))
    return errors


def _validate_owner(reference: dict, path: str) -> list[FieldError]:
    version, kind = reference.get("apiVersion", ""), reference.get("kind", "")
    errors = []
    if not version.rpartition("/")[2] or version.count("/") > 1:
        errors.append(invalid(f"{path}.apiVersion", version, "version must not be empty"))
    for name in ("kind", "name", "uid"):
        if not reference.get(name):
            errors.append(invalid(f"{path}.{name}", reference.get(name, ""), "must not be empty"))
    if (version, kind) == ("v1", "Event"):
        errors.append(invalid(path, reference, "/v1, Kind=Event is disallowed from being an owner"))
    return errors


def validate_owner_references(references: Sequence[dict] | None, path: str) -> list[FieldError]:
    errors, first = [], ""
    for reference in references or ():
        errors += _validate_owner(reference, path)
        if not reference.get("controller"):
            continue
        this = f"{reference.get('kind', '')}/{reference.get('name', '')}"
        if first:
            detail = ("Only one reference can have Controller set to true. "
                      f'Found "true" in references for {first} and {this}')
            errors.append(invalid(path, list(references or ()), detail))
        first = first or this
    return errors


def validate_finalizers(finalizers: Sequence[str] | None, path: str) -> list[FieldError]:
    finalizers = finalizers or ()
    errors = [invalid(path, name, message) for name in finalizers for message in names.qualified_name(name)]
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        errors.append(invalid(path, list(finalizers), "finalizer orphan and foregroundDeletion cannot be both set"))
    return errors


def validate_kube_finalizers(finalizers: Sequence[str] | None, path: str) -> list[FieldError]:
    """Finalizers without a domain must be Kubernetes' own. Source: pkg/apis/core/validation/validation.go (validateKubeFinalizerName)."""
    return [invalid(f"{path}[{index}]", name, NOT_STANDARD) for index, name in enumerate(finalizers or ())
            if "/" not in name and name not in STANDARD_FINALIZERS]


def validate_field_manager(manager: str, path: str = "fieldManager") -> list[FieldError]:
    if is_plain_manager(manager):
        return []
    errors = []
    if len(manager.encode()) > FIELD_MANAGER_LIMIT:
        errors.append(too_long(path, FIELD_MANAGER_LIMIT))
    offset = 0
    for char in manager:
        if not char.isprintable():
            shown = f" '{char}'" if char.isprintable() else ""
            detail = f"invalid character U+{ord(char):04X}{shown} (at position {offset})"
            errors.append(invalid(path, manager, detail))
        offset += len(char.encode("utf-8", "surrogatepass"))
    return errors


@remembered(1024)
def is_plain_manager(manager: str) -> bool:
    """Whether a field manager is short, and printable ASCII, as all are but odd ones."""
    return len(manager) <= FIELD_MANAGER_LIMIT and manager.isascii() and manager.isprintable()


def validate_managed_fields(entries: Sequence[dict] | None, path: str) -> list[FieldError]:
    errors = []
    for index, entry in enumerate(entries or ()):
        if _is_plain_entry(entry.get("operation"), entry.get("fieldsType", ""), entry.get("manager", ""), entry.get("subresource", "")):
            continue
        here = f"{path}[{index}]"
        if entry.get("operation") not in ("Apply", "Update"):
            errors.append(invalid(f"{here}.operation", entry.get("operation", ""), "must be `Apply` or `Update`"))
        if entry.get("fieldsType", "FieldsV1") not in ("", "FieldsV1"):
            errors.append(invalid(f"{here}.fieldsType", entry["fieldsType"], "must be `FieldsV1`"))
        errors += validate_field_manager(entry.get("manager", ""), f"{here}.manager")
        if len(entry.get("subresource", "").encode()) > 256:
            errors.append(too_long(f"{here}.subresource", 256))
    return errors


@remembered(1024)
def _is_plain_entry(operation: str | None, fields_type: str, manager: str, subresource: str) -> bool:
    """Whether nothing is wrong with an entry of these, as with nearly all: components' entries differ in their fields only."""
    return (operation in ("Apply", "Update") and fields_type in ("", "FieldsV1")
            and not validate_field_manager(manager) and len(subresource.encode()) <= 256)


def validate_object_meta(meta: dict, *, namespaced: bool, name_check: names.NameCheck | None = None,
                         path: str = "metadata") -> list[FieldError]:
    """The metadata of an object to be created; its name has been generated already."""
    check = name_check or names.is_subdomain_name
    errors = []
    if prefix := meta.get("generateName"):
        errors += [invalid(f"{path}.generateName", prefix, message) for message in check(prefix, True)]
    if name := meta.get("name"):
        errors += [invalid(f"{path}.name", name, message) for message in check(name, False)]
    else:
        errors.append(required(f"{path}.name", "name or generateName is required"))
    return errors + _validate_namespace(meta, namespaced, path) + _validate_common(meta, path)


def _validate_namespace(meta: dict, namespaced: bool, path: str) -> list[FieldError]:
    namespace = meta.get("namespace") or ""
    here = f"{path}.namespace"
    if not namespaced:
        return [forbidden(here, "not allowed on this type")] if namespace else []
    if not namespace:
        return [required(here)]
    return [invalid(here, namespace, message) for message in names.is_label_name(namespace)]


def _validate_common(meta: dict, path: str) -> list[FieldError]:
    errors = []
    if "generation" in meta and meta["generation"] < 0:
        errors.append(invalid(f"{path}.generation", meta["generation"], names.NEGATIVE))
    for name, check in _CHECKED:
        value = meta.get(name)
        if value:
            errors += check(value, f"{path}.{name}")
    return errors


def validate_no_new_finalizers(new: Sequence[str], old: Sequence[str], path: str) -> list[FieldError]:
    extra = sorted(dict.fromkeys(name for name in new if name not in old))
    if not extra:
        return []
    shown = "[]string{" + ", ".join(quote(name) for name in extra) + "}"
    return [forbidden(path, f"no new finalizers can be added if the object is being deleted, found new finalizers {shown}")]


_FIXED = {"name": "", "namespace": "", "uid": "", "creationTimestamp": None, "deletionTimestamp": None, "deletionGracePeriodSeconds": None}


def validate_object_meta_update(new: dict, old: dict, path: str = "metadata") -> list[FieldError]:
    """What an update may not do to metadata. Unchanged parts are taken as valid when they are the very same objects."""
    if new.get("resourceVersion") and {**new, "managedFields": None} == {**old, "managedFields": None}:
        managed = new.get("managedFields")   # all that a status's update changes
        return validate_managed_fields(managed, f"{path}.managedFields") if managed is not old.get("managedFields") else []
    errors = []
    if old.get("deletionTimestamp"):
        errors += validate_no_new_finalizers(new.get("finalizers") or (), old.get("finalizers") or (), f"{path}.finalizers")
    if not new.get("resourceVersion"):
        errors.append(invalid(f"{path}.resourceVersion", "", "must be specified for an update"))
    if new.get("generation", 0) < old.get("generation", 0):
        errors.append(invalid(f"{path}.generation", new.get("generation", 0), "must not be decremented"))
    for name, empty in _FIXED.items():
        if new.get(name, empty) != old.get(name, empty):
            errors.append(invalid(f"{path}.{name}", new.get(name, empty), IMMUTABLE))
    for name, check in _CHECKED_ON_UPDATE:
        value = new.get(name)
        if value and value is not old.get(name):
            errors += check(value, f"{path}.{name}")
    return errors


_CHECKED = (("labels", validate_labels), ("annotations", validate_annotations), ("ownerReferences", validate_owner_references),
            ("finalizers", validate_finalizers), ("managedFields", validate_managed_fields))
_CHECKED_ON_UPDATE = tuple(row for row in _CHECKED if row[0] != "finalizers")


def validate_immutable(new: object, old: object, path: str) -> list[FieldError]:
    """A field that may not change."""
    return [] if new == old else [invalid(path, new, IMMUTABLE)]
