"""The schemas of custom resources in the OpenAPI documents, as their definitions have them.

Source: k8s.io/apiextensions-apiserver pkg/controller/openapi/builder/builder.go, pkg/controller/openapi/v2/conversion.go.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cluster.kinds import list_kind
from cluster.kinds.base import Kind
from cluster.meta import schema

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
OBJECT_META, LIST_META = f"{META}.ObjectMeta", f"{META}.ListMeta"
CONVENTIONS = "More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md"
ABOUT_META = f"Standard object's metadata. {CONVENTIONS}#metadata"
ABOUT_LIST_META = f"Standard list metadata. {CONVENTIONS}#types-kinds"
PRESERVES, EMBEDDED, IDENTITY = "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource", "x-kubernetes-group-version-kind"
EMBEDDED_ABOUT = {
    "apiVersion": f"apiVersion defines the versioned schema of this representation of an object. {CONVENTIONS}#resources",
    "kind": f"kind is a string value representing the type of this object. In CamelCase. {CONVENTIONS}#types-kinds"}
ONLY_VERSION_3 = ("allOf", "oneOf", "anyOf", "not", "nullable")


def schemas(kinds: Iterable[Kind], prefix: str, *, version: int) -> dict[str, dict]:
    """The schemas of each custom kind and of its list. prefix: of references."""
    found = {}
    for kind in kinds:
        if kind.custom:
            found[name(kind)] = _object(kind, prefix, version)
            found[f"{name(kind)}List"] = _list(kind, prefix, version)
    return found


def name(kind: Kind) -> str:
    """`com.example.v1.Widget`: a custom resource's name among the schemas."""
    return ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])


def _object(kind: Kind, prefix: str, version: int) -> dict:
    own, identity = kind.custom.schema, _identity(kind, kind.kind)
    if version == 2 and own.get(PRESERVES):
        return {"type": "object", IDENTITY: identity}       # kubectl would complain of whatever is not named
    own = _with_embedded(own if version == 3 else _as_version_2(own), prefix, version)
    properties = {**(own.get("properties") or {}), **schema.identity_properties(), "metadata": _metadata(OBJECT_META, ABOUT_META, prefix, version)}
    return {**own, "properties": properties, IDENTITY: identity}


def _list(kind: Kind, prefix: str, version: int) -> dict:
    about = f"List of {kind.plural}. {CONVENTIONS}"
    items = {"description": about, "type": "array", "items": _reference(name(kind), prefix, version)}
    return {"description": f"{list_kind(kind)} is a list of {kind.kind}", "type": "object", "required": ["items"],
            "properties": {**schema.identity_properties(), "items": items, "metadata": _metadata(LIST_META, ABOUT_LIST_META, prefix, version)},
            IDENTITY: _identity(kind, list_kind(kind))}


def _identity(kind: Kind, kind_name: str) -> list[dict]:
    return [{"group": kind.group, "kind": kind_name, "version": kind.version}]


def _metadata(target: str, about: str, prefix: str, version: int) -> dict:
    return {"description": about, **_reference(target, prefix, version)}


def _reference(target: str, prefix: str, version: int) -> dict:
    return {"allOf": [{"$ref": prefix + target}]} if version == 3 else {"$ref": prefix + target}


def _with_embedded(node: dict, prefix: str, version: int) -> dict:
    """A schema in which objects that are whole resources have what every resource has."""
    node = _over_parts(node, lambda part: _with_embedded(part, prefix, version))
    if not node.get(EMBEDDED) or (version == 2 and node.get(PRESERVES)):
        return node
    added: dict[str, Any] = {key: {**body, "description": EMBEDDED_ABOUT[key]} for key, body in schema.identity_properties().items()}
    added["metadata"] = _metadata(OBJECT_META, ABOUT_META, prefix, version)
    required = [*(node.get("required") or []), *(key for key in ("kind", "apiVersion") if key not in (node.get("required") or []))]
    return {**node, "properties": {**(node.get("properties") or {}), **added}, "required": required}


def _over_parts(node: dict, change: Callable[[dict], dict]) -> dict:
    """A schema with a change made to the schemas of its fields, items and values."""
    made = dict(node)
    if node.get("properties"):
        made["properties"] = {key: change(part) for key, part in node["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            made[key] = change(node[key])
    return made


def _as_version_2(node: dict) -> dict:
    """A schema without what version 2 cannot say, or what kubectl does not understand in it."""
    properties = node.get("properties") or {}
    made = _over_parts({key: part for key, part in node.items() if key not in ONLY_VERSION_3}, _as_version_2)
    if node.get("nullable") or node.get(PRESERVES):
        made.pop("items", None)
        made.pop("properties", None)
    if node.get("nullable") or (node.get("type") == "array" and "items" not in made) or (node.get(PRESERVES) and node.get("type") == "object"):
        made.pop("type", None)
    if isinstance(node.get("additionalProperties"), dict) and node["additionalProperties"].get("nullable"):
        made.pop("required", None)
    if "required" in made and "properties" in made:
        made["required"] = [key for key in made["required"] if not properties.get(key, {}).get("nullable")]
    if not made.get("required", True):
        del made["required"]
    return made
