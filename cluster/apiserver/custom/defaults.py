"""The defaults of a definition's schemas: each must be what its own part of the schema allows.

Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go (ValidateDefaults).
"""
from __future__ import annotations

from dataclasses import replace

from cluster.kinds._crd_validation import internal
from cluster.meta import fields
from cluster.meta.fields import FieldError
from cluster.meta.objects import draft

from . import check, structural

UNKNOWN = "must not have unknown fields"


def complaints(crd: dict) -> list[FieldError]:
    """Of a CustomResourceDefinition's versions."""
    top, versions = internal(crd["spec"])
    found = _of((top.get("validation") or {}).get("openAPIV3Schema"), "spec.validation.openAPIV3Schema")
    for index, version in enumerate(versions):
        found += _of((version.get("schema") or {}).get("openAPIV3Schema"), f"spec.versions[{index}].schema.openAPIV3Schema")
    return found


def _of(schema: dict | None, path: str) -> list[FieldError]:
    return _walk(schema, path, is_root=True) if schema else []


def _walk(schema: dict, path: str, *, is_root: bool = False) -> list[FieldError]:
    found = []
    if schema.get("default") is not None:
        found = _judged(schema, f"{path}.default", is_root=is_root)
    if isinstance(schema.get("items"), dict):
        found += _walk(schema["items"], f"{path}.items")
    for name, inner in (schema.get("properties") or {}).items():
        if not (is_root and name in structural.META_FIELDS):
            found += _walk(inner, f"{path}.properties[{name}]")
    if isinstance(schema.get("additionalProperties"), dict):
        found += _walk(schema["additionalProperties"], f"{path}.additionalProperties")
    return found


def _judged(schema: dict, path: str, *, is_root: bool) -> list[FieldError]:
    """The complaints about one default; the value's own place in the words is empty, as upstream has it."""
    value = schema["default"]
    if is_root and isinstance(value, dict):
        missing = [name for name in ("apiVersion", "kind") if not value.get(name)]
        if missing:
            return [fields.required(f"{path}.{name}") for name in missing]
    pruned = draft(value) if isinstance(value, (dict, list)) else value
    if structural.prune(pruned, schema, is_root=is_root):
        return [fields.invalid(path, value, UNKNOWN)]
    found = check.errors(value, {name: rule for name, rule in schema.items() if name != "default"})
    return [replace(error, path=path if error.path == check.NO_FIELD else f"{path}.{error.path}") for error in found]
