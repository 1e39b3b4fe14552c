"""The defaults of fields in the OpenAPI documents: those that follow from Go's types, and those that upstream's markers set.

A field that is always written has its zero value, and so has each item of a list or a map; what is a struct has {}.
Source: k8s.io/kube-openapi pkg/generators/openapi.go (generateDefault, mustEnforceDefault); only version 3 publishes them.
"""
from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec

from cluster.meta import schema

ZERO: dict[str, Any] = {"string": "", "bool": False, "int32": 0, "int64": 0, "float64": 0, "object": {}}


def of_field(field: schema.Field) -> Any:
    """What follows from a field's type; None if nothing does."""
    if field.pointer or (field.omit_empty and field.type.sort != "object"):
        return None
    return ZERO.get(field.type.sort)


def of_items(field: schema.Field) -> Any:
    """The same of the items of a list or a map."""
    return ZERO.get(field.type.element.sort) if field.type.sort in ("list", "map") else None


@cache
def _marked() -> dict[str, dict[str, Any]]:
    """What does not follow from types, as tools/types/make_defaults.py reads it from the published documents."""
    return msgspec.json.decode(resources.files("cluster.apiserver").joinpath("openapi_defaults.json").read_bytes())


def filled(name: str, body: dict) -> dict:
    """A definition with the defaults of its fields. name: as in the published schemas."""
    struct = schema.struct_of(name)
    if struct is None or not body.get("properties"):
        return body
    marked = _marked().get(name, {})
    return {**body, "properties": {field: _with(about, struct.fields.get(field), marked.get(field))
                                   for field, about in body["properties"].items()}}


def _with(about: dict, field: schema.Field | None, marked: Any) -> dict:
    if field is None:
        return about
    default, of_each = of_field(field) if marked is None else marked, of_items(field)
    found = about if default is None else _set(about, default)
    inside = next((part for part in ("items", "additionalProperties") if isinstance(found.get(part), dict)), "")
    return {**found, inside: _set(found[inside], of_each)} if inside and of_each is not None else found


def _set(about: dict, default: Any) -> dict:
    """A schema with a default, which may not stand beside a bare reference."""
    bare = {"allOf": [{"$ref": about["$ref"]}], **{key: value for key, value in about.items() if key != "$ref"}} if "$ref" in about else about
    return {**bare, "default": default}
