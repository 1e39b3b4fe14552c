"""What a structural schema does to an object: unknown fields are pruned, missing ones defaulted; and its type for managedFields.

A schema is the openAPIV3Schema of a CustomResourceDefinition's version, a plain dict.
Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/{pruning,defaulting}; k8s.io/apiserver
pkg/endpoints/openapi; k8s.io/apimachinery pkg/util/managedfields.
"""
from __future__ import annotations

from cluster.meta import schema as types
from cluster.meta.objects import draft

META_FIELDS = ("apiVersion", "kind", "metadata")
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
PRESERVE, EMBEDDED, INT_OR_STRING = "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string"
SCALARS = {"string": "string", "boolean": "bool", "integer": "float64", "number": "float64"}


def prune(value: object, schema: dict, *, is_root: bool = True) -> list[str]:
    """Drop what the schema does not know, in place; the paths of what went, in the order of the object."""
    gone: list[str] = []
    _prune(value, schema, "", gone, is_root=is_root)
    return gone


def _prune(value: object, schema: dict, path: str, gone: list[str], *, is_root: bool = False) -> None:
    """Source: pruning/algorithm.go (prune, skipPrune): where unknown fields are kept, so is all that is in them."""
    keeps = bool(schema.get(PRESERVE))
    if isinstance(value, list):
        items = schema.get("items")
        for index, item in enumerate(value if items or not keeps else ()):
            _prune(item, {PRESERVE: True, **items} if keeps else items or {}, f"{path}[{index}]", gone)
    if not isinstance(value, dict):
        return
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    is_object = is_root or schema.get(EMBEDDED)
    for name in list(value):
        here = f"{path}.{name}" if path else name
        if is_object and name in META_FIELDS:
            continue
        if name in properties:
            _prune(value[name], properties[name], here, gone)
        elif more:
            _prune(value[name], more if isinstance(more, dict) else {}, here, gone)
        elif not keeps:
            del value[name]
            gone.append(here)


def default(value: object, schema: dict, *, is_root: bool = True) -> None:
    """Fill what is missing in, in place; nulls where none may be are dropped first."""
    if isinstance(value, list):
        for item in value:
            default(item, schema.get("items") or {}, is_root=False)
    if not isinstance(value, dict):
        return
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    for name, inner in properties.items():
        if is_root and name in META_FIELDS:
            continue
        if name in value and value[name] is None and not inner.get("nullable"):
            del value[name]
        if name not in value and inner.get("default") is not None:
            value[name] = draft(inner["default"]) if isinstance(inner["default"], (dict, list)) else inner["default"]
        if name in value:
            default(value[name], inner, is_root=False)
    if isinstance(more, dict):
        for name, item in value.items():
            if name not in properties:
                default(item, more, is_root=False)


# -- types ------------------------------------------------------------------------------------------------------------


def struct_of(schema: dict, kind: str) -> types.Struct:
    """The type of a custom resource, as server-side apply and managedFields see it."""
    fields = _fields(schema)
    fields["apiVersion"] = types.Field.made("apiVersion", types.Type.made("string"))
    fields["kind"] = types.Field.made("kind", types.Type.made("string"))
    fields["metadata"] = types.Field.made("metadata", types.Type.made("object", struct=types.struct_of(OBJECT_META)))
    return types.Struct.made(kind, fields)


def _fields(schema: dict) -> dict[str, types.Field]:
    properties = schema.get("properties") or {}
    fields = types.Open() if schema.get(PRESERVE) else {}
    fields.update({name: types.Field.made(name, _type(inner)) for name, inner in properties.items()})
    return fields


def _type(schema: dict) -> types.Type:
    sort = schema.get("type", "")
    if schema.get(INT_OR_STRING):
        return types.Type.made("intorstring")
    if sort in SCALARS:
        return types.Type.made(SCALARS[sort])
    if sort == "array":
        keys = tuple(schema.get("x-kubernetes-list-map-keys") or ())
        return types.Type.made("list", element=_type(schema.get("items") or {}), keys=keys,
                               merge=schema.get("x-kubernetes-list-type") or "atomic")
    if sort != "object":
        return types.UNDECLARED
    return _object(schema)


def _object(schema: dict) -> types.Type:
    merge = schema.get("x-kubernetes-map-type") or "granular"
    more = schema.get("additionalProperties")
    if schema.get("properties") or not (schema.get(PRESERVE) or more):
        return types.Type.made("object", struct=types.Struct.made("", _fields(schema)), merge=merge)
    return types.Type.made("map", element=_type(more) if isinstance(more, dict) else types.UNDECLARED, merge=merge)
