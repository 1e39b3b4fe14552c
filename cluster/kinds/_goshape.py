"""Objects as messages show those of upstream's own types, which have no JSON names: every field, each beginning with a capital.

Simplified: upstream's own types have their fields in the order of the published ones.
Source: k8s.io/apimachinery pkg/util/validation/field/errors.go (ErrorBody), encoding/json.
"""
from __future__ import annotations

from cluster.meta import schema
from cluster.meta.schema import Struct, Type

API, META = "io.k8s.api.", "io.k8s.apimachinery.pkg.apis.meta."
_INITIALS = {"uid": "UID", "ip": "IP", "apiVersion": "APIVersion", "apiGroup": "APIGroup", "cidr": "CIDR", "tls": "TLS", "http": "HTTP"}
_ZEROS = {"string": "", "bool": False, "int32": 0, "int64": 0, "quantity": "0", "intorstring": 0}


def of(name: str, value: dict | None) -> object:
    """A value of a struct, named as in the published schemas: `batch.v1.JobSpec`."""
    return None if value is None else _struct(schema.struct_of(API + name), value)


def of_field(name: str, field: str, value: object) -> object:
    """A value of a struct's field."""
    found = schema.struct_of(API + name).fields[field]
    return _value(found.type, value, is_pointer=found.pointer)


def _struct(struct: Struct, value: dict) -> dict:
    return {_name(name): _value(field.type, value.get(name), is_pointer=field.pointer) for name, field in struct.fields.items()}


def _name(name: str) -> str:
    return _INITIALS.get(name) or name[:1].upper() + name[1:]


def _value(kind: Type, value: object, *, is_pointer: bool = False) -> object:
    if value is None:
        return None if is_pointer or kind.sort in ("list", "map") else _zero(kind)
    if kind.sort == "object" and isinstance(value, dict) and not kind.struct.name.startswith(META):
        return _struct(kind.struct, value)
    if kind.sort == "list" and isinstance(value, list):
        return [_value(kind.element, entry) for entry in value]
    return value


def _zero(kind: Type) -> object:
    if kind.sort != "object":
        return _ZEROS.get(kind.sort)
    return {} if kind.struct.name.startswith(META) else _struct(kind.struct, {})
