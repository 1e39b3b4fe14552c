"""A CustomResourceDefinition's versions as upstream quotes them in messages: its internal Go types as JSON.

Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/{types,types_jsonschema}.go.
"""
from __future__ import annotations

TEXT, FLAG, NONE = "", False, None
SCHEMA = (
    ("ID", "id", TEXT), ("Schema", "$schema", TEXT), ("Ref", "$ref", NONE), ("Description", "description", TEXT), ("Type", "type", TEXT),
    ("Nullable", "nullable", FLAG), ("Format", "format", TEXT), ("Title", "title", TEXT), ("Default", "default", NONE),
    ("Maximum", "maximum", NONE), ("ExclusiveMaximum", "exclusiveMaximum", FLAG), ("Minimum", "minimum", NONE),
    ("ExclusiveMinimum", "exclusiveMinimum", FLAG), ("MaxLength", "maxLength", NONE), ("MinLength", "minLength", NONE),
    ("Pattern", "pattern", TEXT), ("MaxItems", "maxItems", NONE), ("MinItems", "minItems", NONE), ("UniqueItems", "uniqueItems", FLAG),
    ("MultipleOf", "multipleOf", NONE), ("Enum", "enum", NONE), ("MaxProperties", "maxProperties", NONE),
    ("MinProperties", "minProperties", NONE), ("Required", "required", NONE), ("Items", "items", NONE), ("AllOf", "allOf", NONE),
    ("OneOf", "oneOf", NONE), ("AnyOf", "anyOf", NONE), ("Not", "not", NONE), ("Properties", "properties", NONE),
    ("AdditionalProperties", "additionalProperties", NONE), ("PatternProperties", "patternProperties", NONE),
    ("Dependencies", "dependencies", NONE), ("AdditionalItems", "additionalItems", NONE), ("Definitions", "definitions", NONE),
    ("ExternalDocs", "externalDocs", NONE), ("Example", "example", NONE),
    ("XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", NONE), ("XEmbeddedResource", "x-kubernetes-embedded-resource", FLAG),
    ("XIntOrString", "x-kubernetes-int-or-string", FLAG), ("XListMapKeys", "x-kubernetes-list-map-keys", NONE),
    ("XListType", "x-kubernetes-list-type", NONE), ("XMapType", "x-kubernetes-map-type", NONE), ("XValidations", "x-kubernetes-validations", NONE))
RULE = (("Rule", "rule", TEXT), ("Message", "message", TEXT), ("MessageExpression", "messageExpression", TEXT), ("Reason", "reason", NONE),
        ("FieldPath", "fieldPath", TEXT), ("OptionalOldSelf", "optionalOldSelf", NONE))
COLUMN = (("Name", "name", TEXT), ("Type", "type", TEXT), ("Format", "format", TEXT), ("Description", "description", TEXT),
          ("Priority", "priority", 0), ("JSONPath", "jsonPath", TEXT))
SCALE = (("SpecReplicasPath", "specReplicasPath", TEXT), ("StatusReplicasPath", "statusReplicasPath", TEXT),
         ("LabelSelectorPath", "labelSelectorPath", NONE))
SELECTABLE = (("JSONPath", "jsonPath", TEXT),)


def versions(found: list[dict]) -> list[dict]:
    """The versions of the internal type."""
    return [_version(version) for version in found]


def rule(found: dict) -> dict:
    """One of x-kubernetes-validations."""
    return _plain(found, RULE)


def _version(version: dict) -> dict:
    schema, subresources = version.get("schema"), version.get("subresources")
    return {
        "Name": version.get("name", ""), "Served": bool(version.get("served")), "Storage": bool(version.get("storage")),
        "Deprecated": bool(version.get("deprecated")), "DeprecationWarning": version.get("deprecationWarning"),
        "Schema": None if schema is None else {"OpenAPIV3Schema": _schema(schema.get("openAPIV3Schema"))},
        "Subresources": None if subresources is None else {
            "Status": subresources.get("status"), "Scale": subresources.get("scale") and _plain(subresources["scale"], SCALE)},
        "AdditionalPrinterColumns": [_plain(one, COLUMN) for one in version.get("additionalPrinterColumns") or ()] or None,
        "SelectableFields": [_plain(one, SELECTABLE) for one in version.get("selectableFields") or ()] or None}


def _plain(found: dict, names: tuple) -> dict:
    return {go: found.get(name, empty) for go, name, empty in names}


def _schema(found: dict | None) -> dict | None:
    if found is None:
        return None
    return {go: _part(name, found[name]) if name in found else empty for go, name, empty in SCHEMA}


def _part(name: str, value: object) -> object:
    if name == "items":
        return {"Schema": _schema(value), "JSONSchemas": None}
    if name in ("additionalProperties", "additionalItems"):
        return {"Allows": bool(value), "Schema": _schema(value) if isinstance(value, dict) else None}
    if name in ("properties", "patternProperties", "definitions"):
        return {key: _schema(inner) for key, inner in sorted(value.items())}
    if name in ("allOf", "oneOf", "anyOf"):
        return [_schema(inner) for inner in value]
    if name == "not":
        return _schema(value)
    return [rule(one) for one in value] if name == "x-kubernetes-validations" else value
