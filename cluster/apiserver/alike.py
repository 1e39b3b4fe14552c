"""Tells new objects that are alike to who owns what: Pods of one template, Events of one form, which are made by the hundred.

That takes far less than the walk along the schema, whose result managed.py keeps for the next one that is alike.
"""
from __future__ import annotations

import msgspec

STRIPPED = frozenset(("name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"))
Likeness = bytes | tuple


def likeness(obj: dict, zero: dict) -> Likeness | None:
    """The same for two objects of a type whose creators own the same fields; None where that takes the walk to tell.

    zero: an object of the type with nothing set.
    """
    return _text(obj) if "generateName" in obj["metadata"] else _outline(obj, zero)


def _text(obj: dict) -> bytes | None:
    """An object without the metadata that nobody owns, as JSON: those of one template are the same to the letter."""
    meta = {name: value for name, value in obj["metadata"].items() if name not in STRIPPED}
    try:
        return msgspec.json.encode({**obj, "metadata": meta})
    except (TypeError, ValueError, OverflowError):   # numbers and texts that only people send
        return None


def _outline(obj: dict, zero: dict) -> tuple | None:
    """The names that are set in a flat object, and whether to more than nothing; None where values matter to who owns what."""
    values = obj.values()
    types = tuple(map(type, values))
    if list in types or not STRIPPED.issuperset(obj["metadata"]):
        return None
    parts = [(name, value) for name, value in obj.items() if type(value) is dict and name != "metadata"]
    for name, value in parts:
        inner = set(map(type, value.values()))
        if zero.get(name) or dict in inner or list in inner:
            return None
    return tuple(obj), types, tuple(map(bool, values)), tuple([tuple(value) for _, value in parts])
