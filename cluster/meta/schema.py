"""The types of the API: fields in Go's order, what an empty field is left out of, and how lists and maps merge.

`types.json` beside this file is made from upstream's types and published schemas by tools/types (see make_types.py there
for its layout); the descriptions and the rest of the published schemas stay in the package kubernetes-validate. Both are
package data, read once on first use through importlib.resources: the one sort of I/O that the simulation does.
types.json takes about 5 ms to read; a struct is compiled when it is first asked for.
"""
from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

SCHEMA_VERSION = "v1.36.0"
SCALARS = ("string", "bool", "int32", "int64")
KEY_DEFAULTS = {"protocol": "TCP"}  # list-map keys that an object may leave to their default
ZERO_KEYS = {"string": "", "int32": 0, "int64": 0, "bool": False}
NAMED_BY_DEFAULT = "v1.LocalObjectReference"   # its name has a default, though it may be left out


class Type:
    """The type of a value.

    sort: string, bool, int32, int64, float64, bytes, time, microtime, quantity, intorstring, raw (any value), fields,
    object, objectorbool, map, list, or undeclared (of custom resources: see `seen`). go: as Go's messages
    print it ("[]v1.ServicePort"), pointers removed.
    element: of a list or map. merge: of a list "map" (with `keys`), "set" or "atomic"; of a map or object "granular" or "atomic".
    """

    __slots__ = ("_struct", "_struct_name", "element", "go", "has_parts", "keys", "merge", "sort")

    def __init__(self, row: list):
        self.sort, self.go = row[0], row[1]
        self.element: Type | None = None
        self.merge, self.keys = "", ()
        self._struct_name = row[2] if self.sort in ("object", "objectorbool") else ""
        self._struct: Struct | None = None
        rules = row[3] if len(row) > 3 else ()
        if self.sort in ("list", "map"):
            self.element = Type(row[2])
        if self.sort == "list":
            self.merge = rules[0] if rules else "atomic"
            self.keys = tuple(rules[1:])
        elif self.sort in ("object", "map"):
            self.merge = "atomic" if rules else "granular"
        self.has_parts = self._has_parts()

    def _has_parts(self) -> bool:
        """Whether values of this type are owned part by part, not as a whole."""
        return self.merge != "atomic" and self.sort in ("object", "map", "list")

    @classmethod
    def made(cls, sort: str, *, struct: Struct | None = None, element: Type | None = None, merge: str = "",
             keys: tuple[str, ...] = ()) -> Type:
        """A type that types.json does not hold: part of a custom resource's."""
        kind = cls([sort, "", ""] if sort not in ("list", "map") else [sort, "", ["raw", ""]])
        kind._struct_name, kind._struct, kind.keys = "", struct, keys
        kind.element = element
        kind.merge = merge or kind.merge
        kind.has_parts = kind._has_parts()
        return kind

    @property
    def struct(self) -> Struct | None:
        """The struct of an object; None of any other type."""
        if self._struct is None and self._struct_name:
            self._struct = struct_of(self._struct_name)
        return self._struct

    def __repr__(self) -> str:
        return f"Type({self.sort}, {self.go})"


class Field:
    """A member of a struct. merge_key, strategies: of the strategic merge patch ("merge", "replace", "retainKeys").

    embedded: the Go struct that holds the field inside of this one ("VolumeSource"), which Go's messages name too.
    """

    __slots__ = ("embedded", "merge_key", "name", "omit_empty", "omit_zero", "pointer", "strategies", "type")

    def __init__(self, row: list):
        self.name = row[0]
        flags, _, self.embedded = row[1].partition(":")
        self.type = Type(row[2])
        self.omit_empty, self.omit_zero, self.pointer = "e" in flags, "z" in flags, "p" in flags
        self.merge_key = row[3] if len(row) > 3 else ""
        self.strategies = tuple(row[4].split(",")) if len(row) > 4 and row[4] else ()

    @classmethod
    def made(cls, name: str, kind: Type) -> Field:
        """A field of a custom resource: left out when it is not there, kept whatever it holds."""
        field = cls([name, "ep", ["raw", ""]])
        field.type = kind
        return field

    def __repr__(self) -> str:
        return f"Field({self.name}, {self.type!r})"


class Struct:
    """An object's type. name: as in the published schemas; go: Go's bare name ("PodSpec"); fields in Go's order."""

    __slots__ = ("fields", "go", "name")

    def __init__(self, name: str, row: list):
        self.name, self.go = name, row[0]
        self.fields = {field[0]: Field(field) for field in row[1]}

    @classmethod
    def made(cls, name: str, fields: dict[str, Field]) -> Struct:
        """The struct of a part of a custom resource."""
        struct = cls(name, [name, []])
        struct.fields = fields
        return struct

    def __repr__(self) -> str:
        return f"Struct({self.name})"


UNDECLARED, LEAF = Type.made("undeclared"), Type.made("raw")
OPEN_MAP = Type.made("map", element=UNDECLARED)


class Open(dict):
    """The fields of an object that may have more than are declared."""

    def get(self, name: str, default: object = None) -> Field:
        return self[name]

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Field:
        return Field.made(name, UNDECLARED)


def seen(kind: Type, *values: object) -> Type:
    """The type of values whose type nothing declares: a map if one of them is, else a leaf."""
    if kind.sort != "undeclared":
        return kind
    return OPEN_MAP if any(type(value) is dict for value in values) else LEAF


@cache
def _table() -> dict:
    return msgspec.json.decode(resources.files("cluster.meta").joinpath("types.json").read_bytes())


@cache
def struct_of(name: str) -> Struct | None:
    """The struct of a schema name such as `io.k8s.api.core.v1.Pod`."""
    row = _table()["structs"].get(name)
    return Struct(name, row) if row else None


@cache
def type_of(group: str, version: str, kind: str) -> Struct | None:
    """The struct of a kind, None when it is not known."""
    name = _table()["kinds"].get(f"{group}/{version}/{kind}")
    return struct_of(name) if name else None


def schema_name(group: str, version: str, kind: str) -> str | None:
    """A kind's name among the published schemas."""
    return _table()["kinds"].get(f"{group}/{version}/{kind}")


@cache
def _other_kinds() -> frozenset[str]:
    return frozenset(_table()["others"])


def is_registered(group: str, version: str, kind: str) -> bool:
    """Whether upstream knows the kind, also in versions that are served no more."""
    key = f"{group}/{version}/{kind}"
    return key in _table()["kinds"] or key in _other_kinds()


@cache
def versions_of(group: str) -> frozenset[str]:
    """The versions of a group that have kinds; empty when there is no such group."""
    return frozenset(key.split("/")[1] for key in _table()["kinds"] if key.split("/")[0] == group)


@cache
def definitions() -> dict[str, dict]:
    """The published JSON schemas by name, as kubernetes-validate carries them; to be read only. Takes some 20 ms once.

    References among them read `#/$defs/NAME`, and optional fields have `null` among their types.
    """
    folder = resources.files("kubernetes_validate").joinpath("kubernetes-json-schema", f"{SCHEMA_VERSION}-local")
    return msgspec.json.decode(folder.joinpath("_definitions.json").read_bytes())["$defs"]


@cache
def identity_properties() -> dict[str, dict]:
    """The schemas of apiVersion and kind, which every object has."""
    found = definitions()["io.k8s.api.core.v1.ConfigMap"]["properties"]
    return {name: {"type": "string", "description": found[name]["description"]} for name in ("apiVersion", "kind")}


def key_default(kind: Type, key: str) -> object:
    """What a key of a list's items is where an item leaves it out: its default, the zero value of what is always written, else None."""
    if key in KEY_DEFAULTS:
        return KEY_DEFAULTS[key]
    element = kind.element
    field = element.struct.fields.get(key) if element is not None and element.sort == "object" and element.struct else None
    if field is None or (field.omit_empty and element.go != NAMED_BY_DEFAULT):
        return None
    return ZERO_KEYS.get(field.type.sort)
