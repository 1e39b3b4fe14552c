"""Lists and maps that were sent empty: Go's rules see them, Go's encoder leaves them out.

Upstream decodes `policies: []` to an empty slice, defaults and validates that, and loses it when the object is written (omitempty, and
protobuf, which knows no empty list). So an object keeps them until it has its defaults; from then on they are places, to which they are
put back for validation alone; and to what is stored as well, since rules that compare take empty and none for the same.
Source: sigs.k8s.io/json internal/golang/encoding/json/decode.go; Go's encoding/json encode.go (omitempty);
k8s.io/apimachinery third_party/forked/golang/reflect/deep_equal.go.
"""
from __future__ import annotations

from dataclasses import dataclass

from cluster.meta import schema

OWNERS = "managedFields"       # emptied, they say that nobody owns anything: ownership.track
PARTED = ("object", "objectorbool", "list", "map")


@dataclass(frozen=True)
class Item:
    """A step to an item of a list: where it was, and the fields by which it is the same one elsewhere, if its list has such."""

    index: int
    keys: tuple[tuple[str, object], ...]

    def find(self, items: list) -> int | None:
        """Its index in a list: admission may have put others before it, and what is stored may have others."""
        near = [self.index] if self.index < len(items) else []
        for index in (*near, *range(len(items))) if self.keys else near:
            if not self.keys or (isinstance(items[index], dict) and all(items[index].get(name) == value for name, value in self.keys)):
                return index
        return None


@dataclass(frozen=True)
class Place:
    """Where something empty was: the way to the struct that holds it, the field's name, and what it was, [] or {}."""

    way: tuple[str | Item, ...]
    name: str
    empty: list | dict


def strip(obj: dict, struct: schema.Struct) -> list[Place]:
    """Take them out of a private object, in place; where they were. One that Go writes all the same stays."""
    places: list[Place] = []
    _strip(obj, struct, (), places)
    return places


def _strip(obj: dict, struct: schema.Struct, way: tuple, places: list[Place]) -> None:
    for name, value in list(obj.items()):
        field = struct.fields.get(name)
        if field is None or not isinstance(value, (list, dict)) or (name == OWNERS and way == ("metadata",)):
            continue
        if value:
            _inside(value, field.type, (*way, name), places)
        elif field.type.sort in ("list", "map") and not field.pointer:
            places.append(Place(way, name, value))
            if field.omit_empty:
                del obj[name]


def _inside(value: list | dict, kind: schema.Type, way: tuple, places: list[Place]) -> None:
    if kind.sort in ("object", "objectorbool"):
        _strip(value, kind.struct, way, places)
    elif kind.sort in ("list", "map") and kind.element.sort in PARTED:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, (list, dict)):
                _inside(item, kind.element, (*way, _step(key, item, kind)), places)


def _step(key: str | int, item: list | dict, kind: schema.Type) -> str | Item:
    if isinstance(key, str):
        return key
    return Item(key, tuple((name, item.get(name)) for name in kind.keys) if isinstance(item, dict) else ())


def settle(obj: dict, places: list[Place]) -> None:
    """Those that Go writes all the same become the null that comes back from etcd, in place."""
    for place in places:
        owner = _reached(obj, place.way)
        if isinstance(owner, dict) and place.name in owner and owner[place.name] == place.empty:
            owner[place.name] = None


def restored(obj: dict, places: list[Place]) -> dict:
    """A copy with what was sent empty in its place again; it shares all that is on no way there."""
    for place in places:
        owner = _reached(obj, place.way)
        if isinstance(owner, dict) and not owner.get(place.name):
            obj = _put(obj, place.way, {**owner, place.name: place.empty})
    return obj


def _reached(value: object, way: tuple) -> object:
    for step in way:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, Item) and (index := step.find(value)) is not None:
            value = value[index]
        else:
            return None
    return value


def _put(value: dict | list, way: tuple, new: dict) -> dict | list:
    if not way:
        return new
    if isinstance(value, dict):
        return {**value, way[0]: _put(value[way[0]], way[1:], new)}
    index = way[0].find(value)
    return [*value[:index], _put(value[index], way[1:], new), *value[index + 1:]]
