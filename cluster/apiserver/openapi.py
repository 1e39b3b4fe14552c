"""The published schemas as OpenAPI documents: version 2 in one piece, version 3 by group, for the kinds that are served.

Made from the definitions that kubernetes-validate carries; the paths are openapi_paths.py's.
Source: k8s.io/apiserver pkg/endpoints/installer.go; k8s.io/kube-openapi pkg/builder3, pkg/handler3.
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import msgspec

from cluster.kinds import Registry, api_version
from cluster.kinds.base import Kind
from cluster.meta import schema

from . import openapi_custom, openapi_defaults, openapi_discovery, openapi_paths

REFERENCE = "#/$defs/"
IF_NONE_MATCH = "If-None-Match"
CUSTOM_ROOTS = (openapi_custom.OBJECT_META, openapi_custom.LIST_META)
INFO = {"title": "Kubernetes", "version": "v1.36.3"}
CUSTOM_INFO = {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"}
EITHER = {"io.k8s.apimachinery.pkg.api.resource.Quantity": (("string", "number"), ""),
          "io.k8s.apimachinery.pkg.util.intstr.IntOrString": (("integer", "string"), "int-or-string")}
WATCH_EVENT = "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent"


def document(registry: Registry, name: str) -> dict | None:
    """The version 3 document of `api/v1` or `apis/apps/v1`, None if there is none."""
    return _all(registry).get(name)


@lru_cache(maxsize=4)
def _all(registry: Registry) -> dict[str, dict]:
    """Every document of version 3; what custom resources have no part in is made once for all sandboxes."""
    known = {} if registry.base is registry else _all(registry.base)
    custom = {place(kind): None for kind in registry.kinds if kind.custom}
    names = {**{place(kind): None for kind in registry.kinds}, **dict.fromkeys(openapi_discovery.documents(registry))}
    return {name: _build(registry, name) if name in custom or name not in known else known[name] for name in sorted(names)}


def place(kind: Kind) -> str:
    """Where a kind's group is served: `api/v1`, `apis/apps/v1`."""
    return f"apis/{api_version(kind)}" if kind.group else f"api/{kind.version}"


@lru_cache(maxsize=4)
def index(registry: Registry) -> dict:
    """The list of version 3 documents, each with the hash of its content."""
    return {"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={digest}"} for name, digest in digests(registry).items()}}


@lru_cache(maxsize=4)
def digests(registry: Registry) -> dict[str, str]:
    """The hash of each version 3 document."""
    known = {} if registry.base is registry else digests(registry.base)
    documents, base = _all(registry), {} if registry.base is registry else _all(registry.base)
    return {name: known[name] if base.get(name) is built else digest(built) for name, built in documents.items()}


def digest(body: object) -> str:
    """The hash of a document's content."""
    return hashlib.sha512(msgspec.json.encode(body)).hexdigest().upper()


def _build(registry: Registry, name: str) -> dict:
    kinds = [kind for kind in registry.kinds if place(kind) == name]
    prefix = "#/components/schemas/"
    paths = {**openapi_discovery.paths(registry, prefix, 3, name), **_paths(kinds, version=3)}
    roots = _references(paths, prefix) + [WATCH_EVENT for kind in kinds if "watch" in kind.verbs]
    custom = openapi_custom.schemas(kinds, prefix, version=3)
    if custom:
        roots += CUSTOM_ROOTS
    return {"openapi": "3.0.0", "info": CUSTOM_INFO if custom else INFO, "paths": paths,
            "components": {"schemas": {**_schemas(roots, prefix, version=3), **custom}}}


def _paths(kinds: Iterable[Kind], *, version: int) -> dict[str, dict]:
    return {path: item for kind in kinds for path, item in openapi_paths.paths(kind, version).items()}


@cache
def _plain(name: str, version: int, prefix: str) -> dict:
    """A definition as a server publishes it: with the values that fields may have, which the published file leaves out."""
    values = _enums().get(name, {})
    if name in EITHER:
        return _either(name, values[""][1], version)
    found = _converted(schema.definitions()[name], version, prefix)
    fields = {field: _limited(field, body, values) for field, body in (found.get("properties") or {}).items()}
    whole = {**found, "properties": fields} if fields else found
    return openapi_defaults.filled(name, whole) if version == 3 else whole


def _either(name: str, about: str, version: int) -> dict:
    """A value of one of two types: version 2 calls it a text."""
    types, form = EITHER[name]
    shape = {"type": "string"} if version == 2 else {"oneOf": [{"type": kind} for kind in types]}
    return {"description": about, **({"format": form} if form else {}), **shape}


def _limited(name: str, field: dict, values: dict[str, list]) -> dict:
    """A field with its values. Those of apiVersion and kind come from the package of schemas, and no server names them."""
    if name in ("apiVersion", "kind") and "enum" in field:
        return {key: value for key, value in field.items() if key != "enum"}
    allowed, about = values.get(name) or values.get(f"{name}[]") or (None, "")
    if not allowed:
        return field
    described = {**field, "description": field.get("description", "") + about}
    inside = next((part for part in ("items", "additionalProperties") if part in field and name not in values), "")
    return {**described, inside: {**field[inside], "enum": allowed}} if inside else {**described, "enum": allowed}


@cache
def _enums() -> dict[str, dict[str, list]]:
    """The values of fields, as tools/types/make_enums.py reads them from upstream. Source: k8s.io/apiserver pkg/util/openapi."""
    return msgspec.json.decode(resources.files("cluster.apiserver").joinpath("openapi_enums.json").read_bytes())


def _schemas(roots: list[str | None], prefix: str, *, version: int) -> dict[str, dict]:
    """The definitions that some roots need, each by its name."""
    found: dict[str, dict] = {}
    waiting = [root for root in roots if root]
    definitions = schema.definitions()
    while waiting:
        name = waiting.pop()
        if name in found or name not in definitions:
            continue
        found[name] = _plain(name, version, prefix)
        waiting += _references(definitions[name], REFERENCE)
    return dict(sorted(found.items()))


def _references(node: Any, prefix: str) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references(item, prefix)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"][len(prefix):]] if isinstance(node.get("$ref"), str) else []
    return own + [name for item in node.values() for name in _references(item, prefix)]


def _converted(node: Any, version: int, prefix: str) -> Any:
    """A JSON schema as OpenAPI writes it: own references, no `null` among types."""
    if isinstance(node, list):
        return [_converted(item, version, prefix) for item in node]
    if not isinstance(node, dict):
        return node
    said = {key: value for key, value in node.items() if key != "additionalProperties" and not (key == "$schema" and isinstance(value, str))}
    result = {key: _converted(value, version, prefix) for key, value in said.items()}
    if isinstance(node.get("additionalProperties"), dict):
        result["additionalProperties"] = _converted(node["additionalProperties"], version, prefix)
    if isinstance(result.get("type"), list):
        kept = [kind for kind in result["type"] if kind != "null"]
        if len(kept) == 1:
            result["type"] = kept[0]
        else:
            del result["type"]
    if isinstance(result.get("oneOf"), list) and not result.get("type"):
        result.pop("oneOf")
        result["type"] = "string"
    if isinstance(node.get("$ref"), str):
        result["$ref"] = prefix + node["$ref"][len(REFERENCE):]
        if version == 3 and len(result) > 1:
            result["allOf"] = [{"$ref": result.pop("$ref")}]
    return result


@lru_cache(maxsize=4)
def version_2(registry: Registry) -> dict:
    """The version 2 document."""
    prefix = "#/definitions/"
    paths = {**openapi_discovery.paths(registry, prefix, 2), **_paths(registry.kinds, version=2)}
    roots = [WATCH_EVENT, *CUSTOM_ROOTS, *_references(paths, prefix)]
    return {"swagger": "2.0", "info": INFO, "paths": paths,
            "definitions": {**_schemas(roots, prefix, version=2), **openapi_custom.schemas(registry.kinds, prefix, version=2)}}


@lru_cache(maxsize=4)
def digest_2(registry: Registry) -> str:
    """The hash of the version 2 document."""
    return digest(version_2(registry))
