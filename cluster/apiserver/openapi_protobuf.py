"""OpenAPI documents as protobuf, written from their JSON: kubectl reads version 2 in no other form.

A small writer that knows the messages by a table, openapi_protobuf.json (tools/types/make_openapi_protobuf.py makes it).
Source: github.com/google/gnostic-models openapiv2/OpenAPIv2.proto, openapiv3/OpenAPIv3.proto and the Go files beside them, which
say how JSON becomes messages; developers.google.com/protocol-buffers/docs/encoding.
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import msgspec

from cluster.kinds import Registry

from . import openapi

VARINT, FIXED64, BYTES = 0, 1, 2
LIST, ONE_OF, FREE = "[]", "|", "*"
REFERENCES = ("Reference", "JsonReference")
# what a parameter is, by the place that it stands in
PLACES = {"body": ("BodyParameter",), "header": ("NonBodyParameter", "HeaderParameterSubSchema"),
          "query": ("NonBodyParameter", "QueryParameterSubSchema"), "path": ("NonBodyParameter", "PathParameterSubSchema"),
          "formData": ("NonBodyParameter", "FormDataParameterSubSchema")}
Member = tuple[int, str, bool]     # field number, type, whether it is repeated


@lru_cache(maxsize=4)
def version_2(registry: Registry) -> bytes:
    """The version 2 document. What custom resources add is written behind the rest: a reader merges messages that come twice."""
    found = openapi.version_2(registry)
    if registry.base is registry:
        return writer(2).document(found)
    known = openapi.version_2(registry.base)
    added = {part: {name: body for name, body in found[part].items() if name not in known[part]} for part in ("paths", "definitions")}
    return version_2(registry.base) + writer(2).document(added)


@lru_cache(maxsize=64)
def document(registry: Registry, name: str) -> bytes:
    """The version 3 document of `api/v1` or `apis/apps/v1`, which is there."""
    return writer(3).document(openapi.document(registry, name))


class Writer:
    """Writes documents of one version of OpenAPI, 2 or 3."""

    def __init__(self, version: int):
        self.messages = _messages(version)

    def document(self, body: dict) -> bytes:
        """The bytes of a whole document."""
        return self.message("Document", body)

    def message(self, name: str, value: Any) -> bytes:
        """The bytes of one message, its fields in the order of their numbers."""
        members = self.messages[name]
        if name == "Any":
            return self._field((members["yaml"][0], "string", False), yaml_text(value))
        if LIST in members:
            return self._field(members[LIST], value if isinstance(value, list) else [value])
        if any(member.startswith(ONE_OF) for member in members):
            return self._one_of(members, value)
        found = sorted(self._members(members, value), key=lambda row: row[0][0])
        return b"".join([self._field(member, part) for member, part in found])

    def _members(self, members: dict[str, Member], value: dict) -> Iterator[tuple[Member, Any]]:
        """What an object's parts are in its message; parts that the message does not know are left out."""
        for key, part in value.items():
            if key in members:
                yield members[key], part
                continue
            member = members.get("x-*" if key.startswith("x-") else "/*") or members.get(FREE)
            if member is not None:
                yield member, [{"name": key, "value": part}]

    def _one_of(self, members: dict[str, Member], value: Any) -> bytes:
        chosen = _choice([member[len(ONE_OF):] for member in members], value)
        return self._field(members[ONE_OF + chosen], value, is_always=True) if chosen else b""

    def _field(self, member: Member, value: Any, *, is_always: bool = False) -> bytes:
        """A field with its key; a scalar that is zero is left out, as proto3 does, unless it is one of several."""
        number, kind, is_repeated = member
        if is_repeated:
            return b"".join([self._field((number, kind, False), item, is_always=True) for item in value])
        if kind in self.messages:
            written = self.message(kind, value)
            return varint(number << 3 | BYTES) + varint(len(written)) + written
        if not value and not is_always:
            return b""
        wire, write = SCALARS[kind]
        return varint(number << 3 | wire) + write(value)


@cache
def writer(version: int) -> Writer:
    """The writer of version 2 or 3."""
    return Writer(version)


@cache
def _messages(version: int) -> dict[str, dict[str, Member]]:
    table = msgspec.json.decode(resources.files("cluster.apiserver").joinpath("openapi_protobuf.json").read_bytes())
    return {name: {member: _member(text) for member, text in members.items()} for name, members in table[str(version)].items()}


def _member(text: str) -> Member:
    number, kind = text.split()
    return int(number), kind.rstrip("*"), kind.endswith("*")


def _choice(kinds: list[str], value: Any) -> str:
    """Which of several messages or scalars a value is; "" if none (the default of an object in version 3)."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "double"
    wanted = REFERENCES if "$ref" in value else PLACES.get(value.get("in"), ())
    return next((kind for kind in kinds if kind in wanted), "" if kinds[0] in SCALARS else kinds[0])


def varint(value: int) -> bytes:
    """An integer, seven bits a byte, the lowest first."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _text(value: str) -> bytes:
    written = value.encode()
    return varint(len(written)) + written


def yaml_text(value: Any) -> str:
    """Any value as YAML in one line: JSON, which is YAML. Upstream writes a line a member; readers see no difference."""
    return msgspec.json.encode(value).decode() + "\n"


SCALARS: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "string": (BYTES, _text), "bool": (VARINT, lambda value: varint(bool(value))), "int64": (VARINT, lambda value: varint(int(value))),
    "double": (FIXED64, lambda value: struct.pack("<d", value))}
