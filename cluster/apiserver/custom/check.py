"""A custom resource against its OpenAPI v3 schema, in the words of upstream's validator.

Source: k8s.io/kube-openapi pkg/validation/validate/{schema,type,values,validator,object_validator,slice_validator}.go,
pkg/validation/errors/schema.go; k8s.io/apiextensions-apiserver pkg/apiserver/validation/validation.go.
"""
from __future__ import annotations

import math

from cluster.meta import goregexp
from cluster.meta.fields import FieldError
from cluster.meta.gotext import float_text, quote, to_json

from . import formats
from .structural import INT_OR_STRING

MISSING = object()
NO_FIELD = "<nil>"
INTEGER_BITS = {"int32": 31, "int64": 63}
WORDS = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array", type(None): "null"}


def errors(value: object, schema: dict, path: str = "", old: object = MISSING) -> list[FieldError]:
    """The complaints about a value. old: what it replaces; parts that have not changed are not judged again."""
    found: list[FieldError] = []
    _check(value, schema, path, found, old)
    return list({str(error): error for error in found}.values())


def _check(value: object, schema: dict, path: str, found: list[FieldError], old: object) -> None:
    if old is not MISSING and value == old and type(value) is type(old):
        return
    if value is None and schema.get("nullable"):
        return
    _type(value, schema, path, found)
    _combined(value, schema, path, found)
    if isinstance(value, str):
        _string(value, schema, path, found)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        _number(value, schema, path, found)
    elif isinstance(value, list):
        _list(value, schema, path, found)
    if schema.get("enum") and value not in schema["enum"]:
        shown = tuple(one if isinstance(one, str) else to_json(one) for one in schema["enum"])
        found.append(FieldError("NotSupported", path or NO_FIELD, value, extra=shown))
    if isinstance(value, dict):
        _object(value, schema, path, found, old)


def invalid(path: str, value: object, text: str) -> FieldError:
    """A complaint whose words begin with the field's name."""
    return FieldError("Invalid", path or NO_FIELD, value, f"{path} in body {text}" if path else f" in body {text}")


# -- types --------------------------------------------------------------------------------------------------------------


def _type(value: object, schema: dict, path: str, found: list[FieldError]) -> None:
    wanted = ["integer", "string"] if schema.get(INT_OR_STRING) else [schema["type"]] if schema.get("type") else []
    word = WORDS[type(value)]
    if not wanted or word in wanted:
        return
    if word == "integer" and "number" in wanted:
        return
    if word == "number" and "integer" in wanted and float(value).is_integer():
        return
    names = ",".join(wanted)
    found.append(FieldError("TypeInvalid", path or NO_FIELD, word, f"{path} in body must be of type {names}: {quote(word)}"))


# -- combinations -----------------------------------------------------------------------------------------------------------


def _combined(value: object, schema: dict, path: str, found: list[FieldError]) -> None:
    """anyOf, oneOf, allOf, not. Simplified: of several failures those of the shortest list are shown."""
    for name, text in (("anyOf", "at least one schema (anyOf)"), ("oneOf", "one and only one schema (oneOf)")):
        branches = schema.get(name)
        if not branches or (name == "anyOf" and schema.get(INT_OR_STRING)):
            continue
        results = [errors(value, branch, path) for branch in branches]
        valid = sum(not result for result in results)
        if valid == 1 or (valid and name == "anyOf"):
            continue
        more = "" if name == "anyOf" else f". Found {valid} valid alternatives" if valid else ". Found none valid"
        found.append(_whole(f"{quote(path)} must validate {text}{more}"))
        if not valid:
            found.extend(min(results, key=len))
    failed = [result for branch in schema.get("allOf") or () if (result := errors(value, branch, path))]
    if failed:
        found.append(_whole(f"{quote(path)} must validate all the schemas (allOf){'' if len(failed) < len(schema['allOf']) else '. None validated'}"))
        found.extend(error for result in failed for error in result)
    if schema.get("not") is not None and not errors(value, schema["not"], path):
        found.append(_whole(f"{quote(path)} must not validate the schema (not)"))


def _whole(text: str) -> FieldError:
    return FieldError("Invalid", NO_FIELD, "", text)


# -- values -------------------------------------------------------------------------------------------------------------------


def _string(value: str, schema: dict, path: str, found: list[FieldError]) -> None:
    longest, shortest, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if longest is not None and len(value) > longest:
        found.append(FieldError("TooLong", path or NO_FIELD, extra=longest))
    elif shortest is not None and len(value) < shortest:
        found.append(invalid(path, value, f"should be at least {shortest} chars long"))
    elif pattern and not goregexp.matches(pattern, value):
        found.append(invalid(path, value, f"should match '{pattern}'"))
    name = schema.get("format")
    if name and not formats.fits(name, value):
        found.append(FieldError("TypeInvalid", path or NO_FIELD, value, f"{path} in body must be of type {name}: {quote(value)}"))


def _number(value: int | float, schema: dict, path: str, found: list[FieldError]) -> None:
    if schema.get("type") == "integer" and isinstance(value, float) and not value.is_integer():
        kind = schema.get("format")
        which = f"with format {kind} in {path}" if kind else f"(default format) in {path}"
        found.append(_whole(f"Checked value must be of type integer {which}"))
    bits = INTEGER_BITS.get(schema.get("format") or "")
    if schema.get("type") == "integer" and bits and not -(1 << bits) <= value < 1 << bits:
        found.append(_whole(f"Checked value must be of type integer with format {schema['format']} in {path}"))
    step, highest, lowest = schema.get("multipleOf"), schema.get("maximum"), schema.get("minimum")
    if step and step < 1 and isinstance(value, int):        # upstream makes an integer of the step too
        text = f"factor MultipleOf declared for {path} must be positive: 0"
        found.append(FieldError("Invalid", path or NO_FIELD, 0, text))
    elif step and not math.isclose(value / step, round(value / step), abs_tol=1e-9):
        found.append(invalid(path, value, f"should be a multiple of {_shown(step)}"))
    if highest is not None and (value >= highest if schema.get("exclusiveMaximum") else value > highest):
        word = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        found.append(invalid(path, value, f"should be {word} {_shown(highest)}"))
    if lowest is not None and (value <= lowest if schema.get("exclusiveMinimum") else value < lowest):
        word = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        found.append(invalid(path, value, f"should be {word} {_shown(lowest)}"))


def _shown(number: int | float) -> str:
    return float_text(number) if isinstance(number, float) else str(number)


def _list(value: list, schema: dict, path: str, found: list[FieldError]) -> None:
    for index, item in enumerate(value):
        _check(item, schema.get("items") or {}, f"{path}[{index}]", found, MISSING)
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if fewest is not None and len(value) < fewest:
        found.append(invalid(path, len(value), f"should have at least {fewest} items"))
    if most is not None and len(value) > most:
        found.append(FieldError("TooMany", path or NO_FIELD, len(value), extra=most))


def _object(value: dict, schema: dict, path: str, found: list[FieldError], old: object) -> None:
    fewest, most = schema.get("minProperties"), schema.get("maxProperties")
    if fewest is not None and len(value) < fewest:
        found.append(invalid(path, len(value), f"should have at least {fewest} properties"))
    if most is not None and len(value) > most:
        found.append(FieldError("TooMany", path or NO_FIELD, len(value), extra=most))
    properties, more = schema.get("properties") or {}, schema.get("additionalProperties")
    before = old if isinstance(old, dict) else {}
    for name, item in value.items():
        inner = properties.get(name, more if isinstance(more, dict) else None)
        if inner is not None:
            _check(item, inner, f"{path}.{name}" if path else name, found, before.get(name, MISSING))
    for name in schema.get("required") or ():
        if name not in value:
            found.append(FieldError("Required", f"{path}.{name}" if path else name, ""))
