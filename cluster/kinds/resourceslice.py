"""ResourceSlice: the devices that a driver offers, on one node or on several."""
from __future__ import annotations

import re

from cluster.kinds import _devices, _pod_volume_sources, _rules
from cluster.kinds._columns import AGE, NAME, age, column
from cluster.kinds.base import FieldError, Kind, stored_only
from cluster.meta import fields, names

MOST_DEVICES, MOST_WITH_MORE, MOST_COUNTER_SETS, MOST_PROPERTIES = 128, 64, 8, 32
PLACES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
VALUES = ("bool", "int", "string", "version")
OWN_PLACES = ("nodeName", "nodeSelector", "allNodes")
GO_VALUES = (("IntValue", "int"), ("BoolValue", "bool"), ("StringValue", "string"), ("VersionValue", "version"), ("IntValues", "ints"),
             ("BoolValues", "bools"), ("StringValues", "strings"), ("VersionValues", "versions"))
LISTS = ("ints", "bools", "strings", "versions")      # alpha, and so dropped
LONGEST_VALUE = 64
MOST_TAINTS, MOST_CONSUMED, MOST_CONDITIONS = 16, 2, 4
_IDENTIFIER = r"(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
VERSION = re.compile(rf"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-{_IDENTIFIER}(\.{_IDENTIFIER})*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?")
_NOT_BY_DEVICE = ("`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the "
                  "ResourceSlice spec")
_ONE_OWN_PLACE = ("exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the "
                  "ResourceSlice spec")
_ONE_PLACE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
Errors = list[FieldError]


def default(draft: dict) -> None:
    """What is always written."""
    spec = draft["spec"] = draft.get("spec") or {}
    spec.setdefault("driver", "")
    spec["pool"] = {"name": "", "generation": 0, "resourceSliceCount": 0, **(spec.get("pool") or {})}


def prepare_create(draft: dict) -> None:
    """What alpha features need is dropped. Source: pkg/registry/resource/resourceslice/strategy.go (dropDisabledFields)."""
    for device in draft["spec"].get("devices") or ():
        device.pop("nodeAllocatableResourceMappings", None)
        for attribute in (device.get("attributes") or {}).values():
            for name in LISTS:
                attribute.pop(name, None)


def prepare_update(draft: dict, old: dict) -> None:
    """A changed spec counts as a generation."""
    if draft["spec"] != old["spec"]:
        draft["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
    prepare_create(draft)


def validate(resource_slice: dict) -> Errors:
    """Source: pkg/apis/resource/validation/validation.go (ValidateResourceSlice)."""
    errors: Errors = []
    spec, pool = resource_slice["spec"], resource_slice["spec"]["pool"]
    _pod_volume_sources.csi_driver(errors, "spec.driver", spec["driver"])
    _devices.pool_name(errors, "spec.pool.name", pool["name"])
    if pool["resourceSliceCount"] <= 0:
        errors.append(fields.invalid("spec.pool.resourceSliceCount", pool["resourceSliceCount"], "must be greater than zero"))
    if pool["generation"] < 0:
        errors.append(fields.invalid("spec.pool.generation", pool["generation"], "must be greater than or equal to zero"))
    _place(errors, spec)
    devices = spec.get("devices")
    if spec.get("sharedCounters") is not None and devices is not None:
        errors.append(fields.invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed"))
    by_device = bool(spec.get("perDeviceNodeSelection"))
    has_more = any(device.get("taints") or device.get("consumesCounters") for device in devices or ())
    _devices.listed(errors, devices or [], MOST_WITH_MORE if has_more else MOST_DEVICES, "spec.devices",
                    lambda into, device, path: _device(into, device, path, by_device), "name")
    _devices.listed(errors, spec.get("sharedCounters") or [], MOST_COUNTER_SETS, "spec.sharedCounters", _counters, "name")
    return errors


def _place(errors: Errors, spec: dict) -> None:
    """Where the devices are: said in one way."""
    found = []
    for name in PLACES:
        value, path = spec.get(name), f"spec.{name}"
        if value is None:
            continue
        if value is False or value == "":
            how = "must be either unset or set to a non-empty string" if value == "" else "must be either unset or set to true"
            errors.append(fields.invalid(path, value, how))
            continue
        found.append(f"`{name}`")
        if name == "nodeName":
            _rules.subdomain(errors, path, value)
        elif name == "nodeSelector" and not value.get("nodeSelectorTerms"):
            errors.append(fields.required(f"{path}.nodeSelectorTerms", "must have at least one node selector term"))
        if name == "nodeSelector" and len(value.get("nodeSelectorTerms") or ()) != 1:
            errors.append(fields.invalid(f"{path}.nodeSelectorTerms", value.get("nodeSelectorTerms"), "must have exactly one node selector term"))
    if not found:
        errors.append(fields.required("spec", _ONE_PLACE))
    elif len(found) > 1:
        errors.append(fields.invalid("spec", f"{{{', '.join(found)}}}", f"{_ONE_PLACE}, but multiple fields are set"))


def _device(errors: Errors, device: dict, path: str, by_device: bool) -> None:
    _rules.label(errors, f"{path}.name", device.get("name") or "")
    attributes, capacity = device.get("attributes") or {}, device.get("capacity") or {}
    count = len(attributes) + len(capacity)
    if count > MOST_PROPERTIES:
        errors.append(fields.invalid(path, count, f"the total number of attributes and capacities must not exceed {MOST_PROPERTIES}"))
    for name, value in attributes.items():
        _devices.qualified(errors, name, f"{path}.attributes")
        _attribute(errors, value or {}, f"{path}.attributes[{name}]")
    for name, value in capacity.items():
        _devices.qualified(errors, name, f"{path}.capacity")
        if (value or {}).get("requestPolicy") is not None and not device.get("allowMultipleAllocations"):
            errors.append(fields.forbidden(f"{path}.capacity[{name}].requestPolicy", "allowMultipleAllocations must be true"))
    _devices.listed(errors, device.get("taints") or [], MOST_TAINTS, f"{path}.taints", _taint)
    _devices.listed(errors, device.get("consumesCounters") or [], MOST_CONSUMED, f"{path}.consumesCounters", _consumed, "counterSet")
    _place_of_device(errors, device, path, by_device)
    _binding(errors, device, path)


def _attribute(errors: Errors, value: dict, path: str) -> None:
    given = [name for name in VALUES if value.get(name) is not None]
    if "string" in given and len(value["string"].encode()) > LONGEST_VALUE:
        errors.append(fields.too_long(f"{path}.string", LONGEST_VALUE))
    if "version" in given:
        if not VERSION.fullmatch(value["version"]):
            errors.append(fields.invalid(f"{path}.version", value["version"], "must be a string compatible with semver.org spec 2.0.0"))
        if len(value["version"].encode()) > LONGEST_VALUE:
            errors.append(fields.too_long(f"{path}.version", LONGEST_VALUE))
    if len(given) != 1:
        shown = {go: value.get(name) for go, name in GO_VALUES} if given else ""
        errors.append(fields.invalid(path, shown, "exactly one value must be specified"))


def _taint(errors: Errors, taint: dict, path: str) -> None:
    _rules.qualified(errors, f"{path}.key", taint.get("key") or "")
    if taint.get("value"):
        _rules.all_of(errors, f"{path}.value", taint["value"], names.label_value(taint["value"]))
    _rules.one_of_or_required(errors, f"{path}.effect", taint.get("effect"), _devices.EFFECTS)


def _consumed(errors: Errors, consumed: dict, path: str) -> None:
    _rules.required_name(errors, f"{path}.counterSet", consumed.get("counterSet"), names.dns1123_label)
    if not consumed.get("counters"):
        errors.append(fields.required(f"{path}.counters"))


def _place_of_device(errors: Errors, device: dict, path: str, by_device: bool) -> None:
    """Where one device is, if the slice leaves that to its devices."""
    given = [name for name in OWN_PLACES if device.get(name) is not None]
    if not by_device:
        if given:
            errors.append(fields.invalid(path, None, _NOT_BY_DEVICE))
        return
    if device.get("nodeName"):
        _rules.subdomain(errors, f"{path}.nodeName", device["nodeName"])
    elif "nodeName" in given:
        errors.append(fields.invalid(f"{path}.nodeName", "", "must not be empty"))
    if device.get("allNodes") is False:
        errors.append(fields.invalid(f"{path}.allNodes", False, "must be either unset or set to true"))
    found = [f"`{name}`" for name in given if device[name] not in ("", False)]
    if not found:
        errors.append(fields.required(path, _ONE_OWN_PLACE))
    elif len(found) > 1:
        errors.append(fields.invalid(path, f"{{{', '.join(found)}}}", _ONE_OWN_PLACE))


def _binding(errors: Errors, device: dict, path: str) -> None:
    """What has to be true before a Pod is bound, and what ends the wait. Source: validateDeviceBindingParameters."""
    wanted, failed = device.get("bindingConditions") or [], device.get("bindingFailureConditions") or []
    for name, found in (("bindingConditions", wanted), ("bindingFailureConditions", failed)):
        _devices.listed(errors, found, MOST_CONDITIONS, f"{path}.{name}", lambda into, value, here: _rules.qualified(into, here, value))
    for name, found in (("bindingConditions", wanted), ("bindingFailureConditions", failed)):
        for index, value in enumerate(found):
            if value in found[:index]:
                errors.append(fields.duplicate(f"{path}.{name}[{index}]", value))
            if name == "bindingFailureConditions" and value in wanted:
                errors.append(fields.invalid(f"{path}.{name}[{index}]", value, "bindingFailureConditions must not overlap with bindingConditions"))
    if failed and not wanted:
        errors.append(fields.invalid(f"{path}.bindingConditions", device.get("bindingConditions"),
                                     "bindingConditions are required to use bindingFailureConditions"))
    if wanted and not failed:
        errors.append(fields.invalid(f"{path}.bindingFailureConditions", device.get("bindingFailureConditions"),
                                     "bindingFailureConditions are required to use bindingConditions"))


def _counters(errors: Errors, found: dict, path: str) -> None:
    _rules.required_name(errors, f"{path}.name", found.get("name"), names.dns1123_label)
    if not found.get("counters"):
        errors.append(fields.required(f"{path}.counters"))


def validate_update(new: dict, old: dict) -> Errors:
    """Driver, pool and node stay."""
    errors = validate(new)
    mine, before = new["spec"], old["spec"]
    for path, value, was in (("spec.pool.name", mine["pool"]["name"], before["pool"]["name"]), ("spec.driver", mine["driver"], before["driver"]),
                             ("spec.nodeName", mine.get("nodeName"), before.get("nodeName"))):
        if value != was:
            errors.append(fields.invalid(path, value, _rules.IMMUTABLE))
    return errors


def warn(new: dict, old: dict | None) -> list[str]:
    """Names of drivers are lowercase. Source: pkg/registry/resource/resourceslice/strategy.go (WarningsOnCreate)."""
    driver = new["spec"]["driver"]
    return [f'spec.driver: driver names should be lowercase; "{driver}" contains uppercase characters'] if driver != driver.lower() else []


def cells(resource_slice: dict, now_unix_ms: int) -> list:
    """Source: pkg/printers/internalversion/printers.go (printResourceSlice)."""
    spec = resource_slice["spec"]
    return [resource_slice["metadata"]["name"], spec.get("nodeName") or "", spec["driver"], spec["pool"]["name"], age(resource_slice, now_unix_ms)]


KIND = Kind(
    metadata_on_update=("update",),
    kind="ResourceSlice", plural="resourceslices", singular="resourceslice", group="resource.k8s.io", namespaced=False,
    storage_version_hash="KsC072WgaEY=", has_generation=True,
    columns=(NAME, column("Node", "resource.v1.ResourceSliceSpec#nodeName"), column("Driver", "resource.v1.ResourceSliceSpec#driver"),
             column("Pool", "resource.v1.ResourcePool#name"), AGE),
    cells=cells, default=default, prepare_create=prepare_create, prepare_update=prepare_update, validate=validate,
    validate_update=validate_update, warn=warn,
    selectable={"spec.nodeName": lambda found: found["spec"].get("nodeName") or "", "spec.driver": lambda found: found["spec"]["driver"]},
    icon="server", title=stored_only({"en": "The devices that a driver offers on a node.", "zh": "驱动程序在节点上提供的设备。"}),
)
