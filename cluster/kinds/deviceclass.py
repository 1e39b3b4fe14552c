"""DeviceClass: a sort of device that claims may ask for, by CEL expressions over what drivers say of their devices."""
from __future__ import annotations

from cluster.kinds import _devices, _rules
from cluster.kinds._columns import AGE, NAME, age
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import fields, names


def default(draft: dict) -> None:
    """A class always shows a spec."""
    if draft.get("spec") is None:
        draft["spec"] = {}


def prepare_update(draft: dict, old: dict) -> None:
    """A changed spec counts as a generation."""
    if draft["spec"] != old["spec"]:
        draft["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1


def validate(device_class: dict) -> list[FieldError]:
    """Source: pkg/apis/resource/validation/validation.go (ValidateDeviceClass)."""
    errors: list[FieldError] = []
    spec = device_class["spec"]
    _devices.listed(errors, spec.get("selectors") or [], _devices.SELECTORS, "spec.selectors", _devices.selector)
    _devices.listed(errors, spec.get("config") or [], _devices.CONFIGS, "spec.config", _devices.config)
    name = spec.get("extendedResourceName")
    if name is not None and not _rules.is_extended(name):
        errors.append(fields.invalid("spec.extendedResourceName", name, "must be a valid extended resource name"))
    return errors


KIND = Kind(
    metadata_on_update=("whole", "update"),
    name_check=names.is_long_name,
    kind="DeviceClass", plural="deviceclasses", singular="deviceclass", group="resource.k8s.io", namespaced=False,
    storage_version_hash="Yk2PTc1Ybxk=", has_generation=True, columns=(NAME, AGE),
    cells=lambda device_class, now_unix_ms: [device_class["metadata"]["name"], age(device_class, now_unix_ms)],
    default=default, prepare_update=prepare_update, validate=validate, validate_update=lambda new, old: validate(new), icon="cpu",
    title=stored_only({"en": "A sort of device that claims may ask for.", "zh": "可供申领的一类设备。"}),
)
