"""What holds for a custom resource beside its schema: lists that are sets or maps, objects within it, and what its scale reads.

Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/listtype/validation.go, schema/objectmeta/validation.go,
pkg/apiserver/validation/validation.go (ValidateScaleSpec, ValidateScaleStatus in pkg/registry/customresource/validator.go).
"""
from __future__ import annotations

from collections.abc import Iterator

from cluster.meta import fields
from cluster.meta.fields import FieldError
from cluster.meta.gotext import plain

from .structural import EMBEDDED

GO_TYPES = {str: "string", bool: "bool", int: "int64", float: "float64", list: "[]interface {}", dict: "map[string]interface {}",
            type(None): "<nil>"}


def repeated(value: object, schema: dict, path: str = "") -> list[FieldError]:
    """The complaints about items that come twice in a set, or with the same keys in a map."""
    found: list[FieldError] = []
    if isinstance(value, list):
        found += _of_list(value, schema, path)
        for index, item in enumerate(value):
            found += repeated(item, schema.get("items") or {}, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, inner, here in _members(value, schema, path):
            found += repeated(value[name], inner, here)
    return found


def _of_list(value: list, schema: dict, path: str) -> Iterator[FieldError]:
    sort, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or ()
    if sort not in ("set", "map"):
        return
    seen: list[object] = []
    for index, item in enumerate(value):
        one = {key: item[key] for key in keys if key in item} if sort == "map" and isinstance(item, dict) else item
        if any(one == other and type(one) is type(other) for other in seen):
            yield fields.duplicate(f"{path}[{index}]", one)
        seen.append(one)


def _members(value: dict, schema: dict, path: str) -> Iterator[tuple[str, dict, str]]:
    """(name, schema, path) of the parts of an object that a schema tells of."""
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    for name in value:
        inner = properties.get(name, more if isinstance(more, dict) else None)
        if inner is not None:
            yield name, inner, f"{path}.{name}" if path else name


def embedded(value: object, schema: dict, path: str = "") -> list[FieldError]:
    """The complaints about objects within an object: they say what they are."""
    found: list[FieldError] = []
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += embedded(item, schema.get("items") or {}, f"{path}[{index}]")
    elif isinstance(value, dict):
        if schema.get(EMBEDDED):
            found += [fields.required(f"{path}.{name}", "must not be empty") if name in value else fields.required(f"{path}.{name}")
                      for name in ("apiVersion", "kind") if not value.get(name)]
        for name, inner, here in _members(value, schema, path):
            found += embedded(value[name], inner, here)
    return found


def of_scale(obj: dict, scale: dict) -> list[FieldError]:
    """The complaints about what a Scale would be made of."""
    found = []
    for path in (scale["specReplicasPath"], scale["statusReplicasPath"]):
        value, why = _number_at(obj, path)
        if why:
            found.append(fields.invalid(path, 0, f"{path} accessor error: {why}"))
        elif value < 0:
            found.append(fields.invalid(path, value, "should be a non-negative integer"))
    return found


def _number_at(obj: dict, path: str) -> tuple[int, str]:
    """(number, why there is none): 0 where nothing lies at a simple path. Source: unstructured.NestedInt64."""
    value: object = obj
    for name in path.strip(".").split("."):
        if not isinstance(value, dict):
            return 0, f"{plain(value)} is of the type {GO_TYPES[type(value)]}, expected map[string]interface{{}}"
        if name not in value:
            return 0, ""
        value = value[name]
    if type(value) is not int:
        return 0, f"{plain(value)} is of the type {GO_TYPES[type(value)]}, expected int64"
    return value, ""
