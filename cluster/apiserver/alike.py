"""Tells new objects that are alike to who owns what: Pods of one template, Events of one form, which are made by the hundred.

That takes far less than the walk along the schema, whose result managed.py keeps for the next one that is alike.
"""
from __future__ import annotations

from functools import lru_cache

import msgspec

STRIPPED = frozenset(("name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"))
Likeness = bytes | tuple


def likeness(obj: dict) -> Likeness | None:
    """The same for two objects of a type whose creators own the same fields, as far as it `tells`; None where that takes the walk."""
    return _text(obj) if "generateName" in obj["metadata"] else outline(obj)


def tells(like: Likeness, obj: dict, zero: dict) -> bool:
    """Whether an object's likeness says who owns what; that is so of all that are like it.

    zero: an object of the type with nothing set.
    """
    return type(like) is bytes or _is_flat(obj, zero)


def _text(obj: dict) -> bytes | None:
    """An object without the metadata that nobody owns, as JSON: those of one template are the same to the letter."""
    meta = {name: value for name, value in obj["metadata"].items() if name not in STRIPPED}
    try:
        return msgspec.json.encode({**obj, "metadata": meta})
    except (TypeError, ValueError, OverflowError):   # numbers and texts that only people send
        return None


def outline(obj: dict) -> tuple:
    """The names that are set in an object, to what types, and whether to more than nothing; those of the objects in it; and whether
    its metadata has nothing that anybody owns."""
    names, values = tuple(obj), obj.values()
    types = tuple(map(type, values))
    inner = [(*obj[name], *map(type, obj[name].values())) for name in _parts(names, types)]
    return names, types, tuple(map(bool, values)), STRIPPED.issuperset(obj["metadata"]), *inner


@lru_cache(maxsize=1024)
def _parts(names: tuple[str, ...], types: tuple[type, ...]) -> tuple[str, ...]:
    """Which of an object's fields are objects themselves, its metadata left out."""
    return tuple([name for name, kind in zip(names, types) if kind is dict and name != "metadata"])


def _is_flat(obj: dict, zero: dict) -> bool:
    """Whether the outline of an object says all that matters to who owns what: it has no lists, and nothing deeper in the objects in it."""
    if list in map(type, obj.values()) or not STRIPPED.issuperset(obj["metadata"]):
        return False
    for name, value in obj.items():
        if type(value) is dict and name != "metadata":
            inner = [*map(type, value.values())]
            if zero.get(name) or dict in inner or list in inner:
                return False
    return True
