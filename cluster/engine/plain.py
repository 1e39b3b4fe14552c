"""Snapshots: state as plain data with a version, and back. Never a pickle.

A *part* is anything with a `state` (a dataclass or Struct of JSON-able values) that a snapshot must keep;
it may define `on_restore()` to rebuild what is derived.
"""
from __future__ import annotations

import base64
from typing import Any

import msgspec

VERSION = 1
STRUCTS: dict[str, type] = {}


def carried(cls: type) -> type:
    """Class decorator: instances of this Struct may travel in the arguments of scheduled events."""
    STRUCTS[cls.__name__] = cls
    return cls


def pack(value: Any) -> Any:
    """JSON-able form of event arguments: Structs become tagged dicts, bytes become text."""
    if isinstance(value, msgspec.Struct):
        fields = {name: pack(getattr(value, name)) for name in value.__struct_fields__}
        return {"$struct": type(value).__name__, "fields": fields}
    if isinstance(value, dict):
        return {key: pack(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [pack(item) for item in value]
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    return value


def unpack(value: Any) -> Any:
    """The inverse of `pack`."""
    if isinstance(value, dict):
        if "$struct" in value:
            return STRUCTS[value["$struct"]](**unpack(value["fields"]))
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        return {key: unpack(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unpack(item) for item in value]
    return value


def freeze(part: Any) -> Any:
    """A part's state as builtins, or None when it has none."""
    return None if part.state is None else msgspec.to_builtins(part.state, str_keys=True)


def thaw(part: Any, data: Any) -> None:
    """Put a frozen state back into a part of the same class."""
    if data is not None:
        part.state = msgspec.convert(data, type(part.state), strict=False)
    restored = getattr(part, "on_restore", None)
    if restored:
        restored()
