"""VolumeAttributesClass: properties of volumes that may be changed while they are used."""
from __future__ import annotations

from cluster.kinds import _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.kinds.storageclass import parameters
from cluster.meta import fields

_FIXED = ("driverName", "parameters")


def default(draft: dict) -> None:
    """The driver's name is always written."""
    draft.setdefault("driverName", "")


def validate(attributes: dict) -> list[FieldError]:
    """Source: pkg/apis/storage/validation/validation.go (ValidateVolumeAttributesClass)."""
    errors: list[FieldError] = []
    if attributes["driverName"]:
        _rules.qualified(errors, "driverName", attributes["driverName"].lower())
    else:
        errors.append(fields.required("driverName"))
    found = attributes.get("parameters") or {}
    if found:
        parameters(errors, found)
    else:
        errors.append(fields.required("parameters", "must contain at least one key/value pair"))
    return errors


def validate_update(new: dict, old: dict) -> list[FieldError]:
    """Nothing of it changes. Source: ValidateVolumeAttributesClassUpdate."""
    changed = [fields.forbidden(field, f"updates to {field} are forbidden.") for field in _FIXED if new.get(field) != old.get(field)]
    return changed + validate(new)


def cells(attributes: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printVolumeAttributesClass)."""
    return [attributes["metadata"]["name"], attributes["driverName"], age(attributes, now_unix_ms)]


KIND = Kind(
    kind="VolumeAttributesClass", plural="volumeattributesclasses", singular="volumeattributesclass", group="storage.k8s.io",
    namespaced=False, short_names=("vac",), storage_version_hash="tIjydgKBC5w=",
    columns=(NAME, column("DriverName", "storage.v1.VolumeAttributesClass#driverName"), AGE),
    cells=cells, default=default, validate=validate, validate_update=validate_update, icon="layers",
    title=stored_only({"en": "Properties of volumes that may be changed in use.", "zh": "使用中可以更改的卷属性。"}),
)
