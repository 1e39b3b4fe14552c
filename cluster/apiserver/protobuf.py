"""Kubernetes' protobuf bodies, read into JSON: some kubectl commands (create namespace, drain) send nothing else.

Only reading; a client that accepts protobuf is answered in JSON, which all of them take. protobuf.json holds the field
numbers (tools/types/make_protobuf.py makes it), the types come from the schema.
Source: k8s.io/apimachinery pkg/runtime/serializer/protobuf; developers.google.com/protocol-buffers/docs/encoding.
"""
from __future__ import annotations

import base64
import struct as packed
from collections.abc import Iterator
from functools import cache
from importlib import resources

import msgspec

from cluster.engine.clock import Clock
from cluster.meta import schema

PREFIX = b"k8s\x00"
MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
EMBEDDED = "*"
PROPS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
UNIONS = ("items", "additionalItems", "additionalProperties", "dependencies")
UNIX = Clock(0)


class ProtobufError(ValueError):
    """Bytes that are no Kubernetes object."""


@cache
def _numbers() -> dict[str, dict[str, str]]:
    return msgspec.json.decode(resources.files("cluster.apiserver").joinpath("protobuf.json").read_bytes())


def to_json(raw: bytes) -> bytes:
    """The JSON of an object in Kubernetes' envelope. Raises ProtobufError."""
    if not raw.startswith(PREFIX):
        raise ProtobufError("the body does not begin as Kubernetes' protobuf does")
    try:
        envelope = _fields(raw[len(PREFIX):])
        identity = {number: value.decode() for number, value in _fields(envelope.get(1, [b""])[-1], first=True).items()}
        api_version, kind = identity.get(1, ""), identity.get(2, "")
        group, _, version = api_version.rpartition("/")
        struct = schema.type_of(group, version, kind) or schema.type_of("", "v1", kind)
        if struct is None:
            raise ProtobufError(f"no kind {kind} in version {api_version}")
        found = _object(envelope.get(2, [b""])[-1], struct)
    except ProtobufError:
        raise
    except (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        raise ProtobufError(str(error)) from None
    return msgspec.json.encode({"kind": kind, "apiVersion": api_version, **found})


# -- the wire -----------------------------------------------------------------------------------------------------------


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, position behind it)."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _entries(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) one after another: an integer, or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == BYTES:
            length, at = _varint(data, at)
        elif wire in (FIXED64, FIXED32):
            length = 8 if wire == FIXED64 else 4
        else:
            raise ProtobufError(f"wire type {wire}")
        if at + length > len(data):
            raise ProtobufError("unexpected end of input")
        yield number, data[at:at + length]
        at += length


def _fields(data: bytes, *, first: bool = False) -> dict:
    """{number: [values]}, or with `first` {number: its last value}."""
    found: dict = {}
    for number, value in _entries(data):
        found.setdefault(number, []).append(value)
    return {number: values[-1] for number, values in found.items()} if first else found


# -- values -------------------------------------------------------------------------------------------------------------


def _object(data: bytes, struct: schema.Struct) -> dict:
    found: dict = {}
    _fill(found, data, struct.name, struct)
    return found


def _fill(found: dict, data: bytes, name: str, struct: schema.Struct) -> None:
    """Read a message's fields into an object; those of an embedded message belong to it too."""
    numbers = _numbers().get(name, {})
    for number, value in _entries(data):
        field = numbers.get(str(number), "")
        if field.startswith(EMBEDDED):
            _fill(found, value, field[1:], struct)
        elif field in struct.fields and name == PROPS and field in UNIONS:
            _put_union(found, field, value, struct)
        elif field in struct.fields:
            _put(found, field, value, struct.fields[field].type)


def _put(found: dict, field: str, value: int | bytes, kind: schema.Type) -> None:
    if kind.sort == "list":
        found.setdefault(field, []).append(_value(value, kind.element))
    elif kind.sort == "map":
        entry = _fields(value, first=True)
        key = entry.get(1, b"").decode()
        found.setdefault(field, {})[key] = _value(entry.get(2, _empty(kind.element)), kind.element)
    else:
        found[field] = _value(value, kind)


def _put_union(found: dict, field: str, value: bytes, struct: schema.Struct) -> None:
    """A field of a schema that is a schema or something else. Source: apiextensions v1 marshal.go."""
    if field == "dependencies":
        entry = _fields(value, first=True)
        of = _fields(entry.get(2, b""))
        found.setdefault(field, {})[entry.get(1, b"").decode()] = _object(of[1][-1], struct) if 1 in of else [each.decode() for each in of.get(2, [])]
        return
    of = _fields(value)
    if field == "items":
        found[field] = _object(of[1][-1], struct) if 1 in of else [_object(each, struct) for each in of.get(2, [])]
    else:
        found[field] = _object(of[2][-1], struct) if 2 in of else bool(of.get(1, [0])[-1])


def _empty(kind: schema.Type) -> int | bytes:
    return 0 if kind.sort in ("bool", "int32", "int64") else b""


def _value(value: int | bytes, kind: schema.Type) -> object:
    sort = kind.sort
    if sort == "string":
        return value.decode()
    if sort in ("int32", "int64"):
        return _signed(value)
    if sort == "bool":
        return bool(value)
    if sort == "float64":
        return packed.unpack("<d", value)[0]
    if sort == "bytes":
        return base64.b64encode(value).decode()
    if sort == "object" and kind.struct is not None:
        return _object(value, kind.struct)
    if sort == "list":        # a list as a map's value is a message whose items are field 1
        return [_value(item, kind.element) for item in _fields(value).get(1, [])]
    return _special(_fields(value, first=True), sort)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _special(parts: dict, sort: str) -> object:
    """The types that are messages on the wire and one value in JSON."""
    if sort in ("time", "microtime"):
        return _time(_signed(parts.get(1, 0)), parts.get(2, 0), sort) if parts else None
    if sort == "quantity":
        return parts.get(1, b"0").decode()
    if sort == "intorstring":
        return parts.get(3, b"").decode() if parts.get(1, 0) else _signed(parts.get(2, 0))
    inner = parts.get(1, b"")
    return msgspec.json.decode(inner) if inner else None


def _time(seconds: int, nanoseconds: int, sort: str) -> str:
    text = UNIX.text(seconds * 1000).rjust(20, "0")  # also of the year 1
    return text if sort == "time" else f"{text[:-1]}.{nanoseconds // 1000:06d}Z"
