"""The schema of a custom resource: structural, so that pruning and defaulting are well defined, and within what is supported.

Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/validation.go (ValidateStructural), defaulting/validation.go;
pkg/apis/apiextensions/validation/validation.go (ValidateCustomResourceDefinitionOpenAPISchema).
"""
from __future__ import annotations

import re
from collections.abc import Iterator

from cluster.meta import fields, goregexp
from cluster.meta.fields import FieldError

TYPES = ("array", "boolean", "integer", "number", "object", "string")
INT_OR_STRING, PRESERVE, EMBEDDED = "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"
LIST_TYPE, LIST_KEYS, MAP_TYPE, RULES = ("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
                                         "x-kubernetes-validations")
EITHER = [{"type": "integer"}, {"type": "string"}]
META = ("apiVersion", "kind", "metadata")
UNSUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
FORBIDDEN_EMPTY = ("dependencies", "$ref")
AT_ROOT = ("description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength",
           "pattern", "maxItems", "minItems", "uniqueItems", "multipleOf", "required", "items", "properties", "externalDocs", "example",
           PRESERVE, RULES)
AT_ROOT_WORDS = ("[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems "
                 "MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]")
NESTED = (("type", "must be empty to be structural"), ("additionalProperties", "must be undefined to be structural"),
          ("default", "must be undefined to be structural"), ("title", "must be empty to be structural"),
          ("description", "must be empty to be structural"), ("nullable", "must be false to be structural"),
          (PRESERVE, "must be false to be structural"), (EMBEDDED, "must be false to be structural"),
          (INT_OR_STRING, "must be false to be structural"), (LIST_KEYS, "must be empty to be structural"),
          (LIST_TYPE, "must be undefined to be structural"), (MAP_TYPE, "must be undefined to be structural"),
          (RULES, "must be empty to be structural"))
LEVELS = {"root": "must not be empty at the root", "item": "must not be empty for specified array items",
          "field": "must not be empty for specified object fields"}
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
STEP = re.compile(r"\.([^.\[]+)|\['((?:[^'\\\\]|\\\\.)*)'\]")
FORMATS = ("bsonobjectid", "byte", "cidr", "color", "creditcard", "date", "date-time", "datetime", "double", "duration", "email", "float",
           "hexcolor", "hostname", "int32", "int64", "ipv4", "ipv6", "isbn", "isbn10", "isbn13", "k8s-long-name", "k8s-short-name", "mac",
           "password", "rgbcolor", "ssn", "uri", "uuid", "uuid3", "uuid4", "uuid5")


def errors(validation: dict | None, path: str, *, has_status: bool) -> list[FieldError]:
    """The complaints about a version's schema. validation: what holds openAPIV3Schema, None if there is none."""
    schema = (validation or {}).get("openAPIV3Schema")
    if schema is None:
        return []
    here = f"{path}.openAPIV3Schema"
    found = _at_root(schema, here) if has_status else []
    if schema.get("nullable"):
        found.append(fields.forbidden(f"{here}.nullable", "nullable cannot be true at the root"))
    structural = sorted([*_invariants(schema, "root", here), *_completeness(schema, schema, here, here)], key=str)
    found += structural
    return found + _schema(schema, here, is_root=True)


def _at_root(schema: dict, path: str) -> list[FieldError]:
    if schema.get("type", "") not in ("", "object"):
        return [fields.invalid(f"{path}.type", schema["type"], 'only "object" is allowed as the type at the root of the schema if the '
                                                              "status subresource is enabled")]
    if any(name not in AT_ROOT and not (name in UNSUPPORTED and schema[name]) for name in schema):
        return [fields.invalid(path, schema, f"only {AT_ROOT_WORDS} fields are allowed at the root of the schema if the status "
                                             "subresource is enabled")]
    return []


# -- structure ------------------------------------------------------------------------------------------------------------


def _invariants(schema: dict, level: str, path: str) -> Iterator[FieldError]:
    sort, properties, more = schema.get("type") or "", schema.get("properties") or {}, schema.get("additionalProperties")
    if sort == "array" and schema.get("items") is None:
        yield fields.required(f"{path}.items", "must be specified")
    if schema.get("items") is not None:
        yield from _invariants(schema["items"], "item", f"{path}.items")
    for name, inner in properties.items():
        yield from _invariants(inner, "field", f"{path}.properties[{name}]")
    if more is not None and level == "root":
        yield fields.forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if isinstance(more, dict):
        yield from _invariants(more, "field", f"{path}.additionalProperties")
    yield from _extensions(schema, path)
    yield from _values(schema, path)
    yield from _type(schema, level, path)
    if level == "root" and sort and sort != "object":
        yield fields.invalid(f"{path}.type", sort, "must be object at the root")
    yield from _metadata(schema, properties, level, path)


def _extensions(schema: dict, path: str) -> Iterator[FieldError]:
    if schema.get(INT_OR_STRING):
        for name in (PRESERVE, EMBEDDED):
            if schema.get(name):
                yield fields.invalid(f"{path}.{name}", True, "must be false if x-kubernetes-int-or-string is true")
    if schema.get(EMBEDDED) and schema.get("additionalProperties") is not None:
        yield fields.forbidden(f"{path}.additionalProperties", "must not be used if x-kubernetes-embedded-resource is set")
    if schema.get(EMBEDDED) and not schema.get(PRESERVE) and not schema.get("properties"):
        yield fields.required(f"{path}.properties", "must not be empty if x-kubernetes-embedded-resource is true without "
                                                    "x-kubernetes-preserve-unknown-fields")


def _type(schema: dict, level: str, path: str) -> Iterator[FieldError]:
    sort, wanted = schema.get("type") or "", "must be object if x-kubernetes-embedded-resource is true"
    if schema.get(EMBEDDED) and sort != "object":
        yield fields.invalid(f"{path}.type", sort, wanted) if sort else fields.required(f"{path}.type", wanted)
    elif not sort and not schema.get(INT_OR_STRING) and not schema.get(PRESERVE):
        yield fields.required(f"{path}.type", LEVELS[level])


def _metadata(schema: dict, properties: dict, level: str, path: str) -> Iterator[FieldError]:
    is_object = level == "root" or schema.get(EMBEDDED)
    for name in ("kind", "apiVersion"):
        if is_object and name in properties and properties[name].get("type") != "string":
            yield fields.invalid(f"{path}.properties[{name}].type", properties[name].get("type") or "", "must be string")
    meta = properties.get("metadata")
    if meta is None:
        return
    here = f"{path}.properties[metadata]"
    if is_object and meta.get("type") != "object":
        yield fields.invalid(f"{here}.type", meta.get("type") or "", "must be object")
    rest = [name for name in meta if name not in ("type", "properties", "default")]
    if level == "root" and (rest or any(name not in ("name", "generateName") for name in meta.get("properties") or ())):
        yield fields.forbidden(here, "must not specify anything other than name and generateName, but metadata is implicitly specified")


def _values(schema: dict, path: str, *, skip: bool | None = None) -> Iterator[FieldError]:
    """What allOf, anyOf, oneOf and not may say; the two shapes of int-or-string are excepted."""
    any_of, all_of = schema.get("anyOf") or [], schema.get("allOf") or []
    if not (any_of == EITHER if skip is None else skip):
        for index, inner in enumerate(any_of):
            yield from _nested(inner, f"{path}.anyOf[{index}]")
    for index, inner in enumerate(all_of):
        yield from _nested(inner, f"{path}.allOf[{index}]", skip=index == 0 and (inner.get("anyOf") or []) == EITHER and skip is None)
    for index, inner in enumerate(schema.get("oneOf") or ()):
        yield from _nested(inner, f"{path}.oneOf[{index}]")
    if schema.get("not") is not None:
        yield from _nested(schema["not"], f"{path}.not")
    if schema.get("pattern"):
        problem = goregexp.problem(schema["pattern"])
        if problem:
            yield fields.invalid(f"{path}.pattern", schema["pattern"], f"must be a valid regular expression, but isn't: {problem}")


def _nested(schema: dict, path: str, *, skip: bool = False) -> Iterator[FieldError]:
    yield from _values(schema, path, skip=skip)
    if schema.get("items") is not None:
        yield from _nested(schema["items"], f"{path}.items")
    for name, inner in (schema.get("properties") or {}).items():
        yield from _nested(inner, f"{path}.properties[{name}]")
    for name, why in NESTED:
        if schema.get(name):
            yield fields.forbidden(f"{path}.{name}", why)
    if "metadata" in (schema.get("properties") or {}):
        yield fields.forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


def _completeness(value: dict, whole: dict | None, path: str, at: str) -> Iterator[FieldError]:
    """What a condition speaks of must be specified outside of it too."""
    branches = [("not", value["not"])] if value.get("not") is not None else []
    for name in ("allOf", "anyOf", "oneOf"):
        branches += [(f"{name}[{index}]", inner) for index, inner in enumerate(value.get(name) or ())]
    for name, inner in branches:
        yield from _covered(inner, whole, path, f"{at}.{name}")


def _covered(value: dict, whole: dict | None, path: str, at: str) -> Iterator[FieldError]:
    if whole is None:
        yield fields.required(path, f"because it is defined in {at}")
        return
    yield from _completeness(value, whole, path, at)
    if value.get("items") is not None:
        yield from _covered(value["items"], whole.get("items"), f"{path}.items", f"{at}.items")
    for name, inner in (value.get("properties") or {}).items():
        yield from _covered(inner, (whole.get("properties") or {}).get(name), f"{path}.properties[{name}]", f"{at}.properties[{name}]")


# -- what is supported ----------------------------------------------------------------------------------------------------


def _schema(schema: dict, path: str, *, is_root: bool = False, no_default: str = "") -> list[FieldError]:
    found = _keywords(schema, path, no_default)
    if schema.get("uniqueItems"):
        found.append(fields.forbidden(f"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"))
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    if more is not None and properties and more is not True:
        found.append(fields.forbidden(f"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"))
    if isinstance(more, dict):
        found += _schema(more, f"{path}.additionalProperties", no_default=no_default)
    for name, inner in properties.items():
        why = f"in top-level {name}" if is_root and name in META else no_default
        found += _schema(inner, f"{path}.properties[{name}]", no_default=why)
    for name, inner in _branches(schema):
        found += _schema(inner, f"{path}.{name}", no_default=no_default)
    if schema.get("items") is not None:
        found += _schema(schema["items"], f"{path}.items", no_default=no_default)
    return found + _list_and_map(schema, path) + _rule_errors(schema, path)


def _keywords(schema: dict, path: str, no_default: str) -> list[FieldError]:
    found = []
    if schema.get("type") and schema["type"] not in TYPES:
        found.append(fields.not_supported(f"{path}.type", schema["type"], TYPES))
    if schema.get("default") is not None and no_default:
        found.append(fields.forbidden(f"{path}.default", f"must not be set {no_default}"))
    found += [fields.forbidden(f"{path}.{name}", f"{name} is not supported") for name in UNSUPPORTED
              if schema.get(name) or (name in FORBIDDEN_EMPTY and name in schema)]
    if schema.get("type") == "null":
        found.append(fields.forbidden(f"{path}.type", "type cannot be set to null, use nullable as an alternative"))
    if schema.get(PRESERVE) is False:
        found.append(fields.invalid(f"{path}.{PRESERVE}", False, "must be true or undefined"))
    return found


def _branches(schema: dict) -> list[tuple[str, dict]]:
    found = [("not", schema["not"])] if schema.get("not") is not None else []
    for name in ("allOf", "oneOf", "anyOf"):
        found += [(f"{name}[{index}]", inner) for index, inner in enumerate(schema.get(name) or ())]
    return found


def _list_and_map(schema: dict, path: str) -> list[FieldError]:
    sort, map_type, list_type = schema.get("type") or "", schema.get(MAP_TYPE), schema.get(LIST_TYPE)
    found: list[FieldError] = []
    for value, wanted, name in ((map_type, "object", MAP_TYPE), (list_type, "array", LIST_TYPE)):
        if value is not None and sort != wanted:
            why = f"must be {wanted} if {name} is specified"
            found.append(fields.invalid(f"{path}.type", sort, why) if sort else fields.required(f"{path}.type", why))
    if map_type not in (None, "atomic", "granular"):
        found.append(fields.not_supported(f"{path}.{MAP_TYPE}", map_type, ("atomic", "granular")))
    if list_type not in (None, "atomic", "set", "map"):
        found.append(fields.not_supported(f"{path}.{LIST_TYPE}", list_type, ("atomic", "set", "map")))
    if schema.get(LIST_KEYS) and list_type != "map":
        why = "must be map if x-kubernetes-list-map-keys is non-empty"
        found.append(fields.invalid(f"{path}.{LIST_TYPE}", list_type, why) if list_type else fields.required(f"{path}.{LIST_TYPE}", why))
    if list_type == "set":
        found += _set(schema.get("items") or {}, path)
    return found + (_list_map(schema, path) if list_type == "map" else [])


def _set(items: dict, path: str) -> list[FieldError]:
    """The items of a set are compared whole."""
    for sort, name in (("object", MAP_TYPE), ("array", LIST_TYPE)):
        if items.get("type") == sort and items.get(name) != "atomic":
            why = "must be atomic as item of a list with x-kubernetes-list-type=set"
            return [fields.invalid(f"{path}.items.{name}", items.get(name), why)]
    return []


def _list_map(schema: dict, path: str) -> list[FieldError]:
    """A list that is a map by keys: the keys must be there in every item."""
    found, keys, items = [], schema.get(LIST_KEYS) or [], schema.get("items")
    if not keys:
        found.append(fields.required(f"{path}.{LIST_KEYS}", "must not be empty if x-kubernetes-list-type is map"))
    if items is None:
        return [*found, fields.required(f"{path}.items", "must have a schema if x-kubernetes-list-type is map")]
    if items.get("type") != "object":
        found.append(fields.invalid(f"{path}.items.type", items.get("type") or "", "must be object if parent array's x-kubernetes-list-type is map"))
    properties = items.get("properties") or {}
    if len(dict.fromkeys(keys)) != len(keys):
        found.append(fields.invalid(f"{path}.{LIST_KEYS}", keys, "must not contain duplicate entries"))
    for key in dict.fromkeys(keys) if items.get("type") == "object" else ():
        if properties.get(key, {}).get("type") in ("object", "array"):
            found.append(fields.invalid(f"{path}.items.properties[{key}].type", properties[key]["type"],
                                        "must be a scalar type if parent array's x-kubernetes-list-type is map"))
        if key not in properties:
            found.append(fields.invalid(f"{path}.{LIST_KEYS}", keys, "entries must all be names of item properties"))
        elif key not in (items.get("required") or ()) and properties[key].get("default") is None:
            found.append(fields.required(f"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it "
                                                                                    "must have a default or be a required property"))
    return found


def _rule_errors(schema: dict, path: str) -> list[FieldError]:
    found = []
    for index, rule in enumerate(schema.get(RULES) or ()):
        here = f"{path}.{RULES}[{index}]"
        text, message = (rule.get("rule") or "").strip(), rule.get("message") or ""
        if not text:
            found.append(fields.required(f"{here}.rule", "rule is not specified"))
        elif message and not message.strip():
            found.append(fields.invalid(f"{here}.message", message, "must be non-empty if specified"))
        elif "\n" in message.strip():
            found.append(fields.invalid(f"{here}.message", message, "must not contain line breaks"))
        elif "\n" in text and not message:
            found.append(fields.required(f"{here}.message", "message must be specified if rule contains line breaks"))
        if rule.get("reason") is not None and rule["reason"] not in REASONS:
            found.append(fields.not_supported(f"{here}.reason", rule["reason"], REASONS))
        if rule.get("fieldPath") and not _leads(schema, rule["fieldPath"]):
            found.append(fields.invalid(f"{here}.fieldPath", rule["fieldPath"], "must be a valid path"))
    return found


def _leads(schema: dict, path: str) -> bool:
    """Whether a rule's field path leads to a field. Source: pkg/apiserver/schema/cel/validation.go (ValidFieldPath)."""
    if not path.startswith((".", "[")):
        return False
    for step in STEP.findall(path):
        name = step[0] or step[1]
        inner = (schema.get("properties") or {}).get(name)
        more = schema.get("additionalProperties")
        schema = inner if inner is not None else more if isinstance(more, dict) else None
        if schema is None:
            return False
    return STEP.sub("", path) == ""


# -- looking into a schema --------------------------------------------------------------------------------------------------


def at(schema: dict, path: str) -> dict | None:
    """The schema that lies at a simple path, None if there is none."""
    for name in path.strip(".").split("."):
        schema = (schema.get("properties") or {}).get(name)
        if schema is None:
            return None
    return schema


def unknown_formats(spec: dict) -> list[str]:
    """The formats in a definition's schemas that nothing checks."""
    return [name for version in spec.get("versions") or () for name in _formats((version.get("schema") or {}).get("openAPIV3Schema") or {})]


def _formats(schema: dict) -> list[str]:
    own = [schema["format"]] if schema.get("format") and schema["format"] not in FORMATS else []
    inner = [*(schema.get("properties") or {}).values(), *(one for _, one in _branches(schema))]
    inner += [schema[name] for name in ("items", "additionalProperties") if isinstance(schema.get(name), dict)]
    return own + [name for one in inner for name in _formats(one)]
