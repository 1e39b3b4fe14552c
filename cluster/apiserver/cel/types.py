"""The types of expressions: how they are written, which fits which, and what type parameters come to stand for.

A type is a tuple: its kind, then what belongs to it, as ("list", ("int",)), ("object", "kubernetes.URL"), ("opaque", "optional_type", T).
Source: github.com/google/cel-go common/types/types.go, checker/types.go, checker/format.go.
"""
from __future__ import annotations

from collections.abc import Iterator

Type = tuple
DYN, ANY, ERROR, NULL = ("dyn",), ("any",), ("error",), ("null",)
BOOL, BYTES, DOUBLE, INT, STRING = ("bool",), ("bytes",), ("double",), ("int",), ("string",)
DURATION, TIMESTAMP, TYPE = ("duration",), ("timestamp",), ("type",)
OPTIONAL = "optional_type"
PLAIN = frozenset(("bool", "bytes", "double", "int", "string", "uint", "duration", "timestamp", "dyn", "null", "type"))
NULLABLE = frozenset(("opaque", "object", "duration", "timestamp", "null", "dyn", "param"))
FULL_NAMES = {"any": "google.protobuf.Any", "null": "null_type", "duration": "google.protobuf.Duration", "timestamp": "google.protobuf.Timestamp"}


def list_of(element: Type) -> Type:
    return ("list", element)


def map_of(key: Type, value: Type) -> Type:
    return ("map", key, value)


def optional(inner: Type) -> Type:
    return ("opaque", OPTIONAL, inner)


def inside_optional(found: Type) -> tuple[Type, bool]:
    """(what an optional holds, whether it is one)."""
    return (found[2], True) if found[:2] == ("opaque", OPTIONAL) else (found, False)


def parts(found: Type) -> tuple[Type, ...]:
    """The types that a type is made of."""
    return found[2:] if found[0] == "opaque" else found[1:] if found[0] in ("list", "map", "type") else ()


def with_parts(found: Type, inner: tuple[Type, ...]) -> Type:
    return (*found[:2], *inner) if found[0] == "opaque" else (found[0], *inner)


def is_open(found: Type) -> bool:
    """Whether anything may be there: dyn, or what has been complained of already."""
    return found[0] in ("dyn", "any", "error")


def written(found: Type) -> str:
    """As the checker's messages write it."""
    if found[0] == "error":
        return "!error!"
    name = found[1] if found[0] in ("object", "opaque", "param") else found[0]
    inner = parts(found)
    return f"{name}({', '.join(map(written, inner))})" if inner else name


def named(found: Type) -> str:
    """As messages about the outcome write it."""
    name = found[1] if found[0] in ("object", "opaque") else FULL_NAMES.get(found[0], found[0])
    inner = parts(found)
    return f"{name}({', '.join(map(named, inner))})" if inner else name


def signature(arguments: list[Type], is_method: bool) -> str:
    """What a function was called with."""
    texts = [written(argument) for argument in arguments]
    return f"{texts[0]}.({', '.join(texts[1:])})" if is_method else f"({', '.join(texts)})"


def read(text: str) -> Type:
    """A type from its text; a single capital is a type parameter, what is not known an object."""
    name, _, rest = text.partition("(")
    inner = tuple(read(part) for part in _split(rest[:-1])) if rest else ()
    if name == OPTIONAL or name in ("net.IP", "net.CIDR"):
        return ("opaque", name, *inner)
    if name in PLAIN or name in ("list", "map"):
        return (name, *inner)
    return ("param", name) if len(name) == 1 else ("object", name)


def _split(text: str) -> Iterator[str]:
    depth = start = 0
    for at, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()


class Meanings:
    """What type parameters stand for so far; what did not fit in the end is forgotten."""

    def __init__(self):
        self._found: dict[Type, Type] = {}
        self._undo: dict[Type, Type | None] = {}      # what parameters stood for before the types that are being fitted
        self._count = 0

    def fresh(self) -> Type:
        """A parameter that nobody has used."""
        self._count += 1
        return ("param", f"_var{self._count - 1}")

    def put(self, found: Type, is_last: bool = False) -> Type:
        """A type with what its parameters stand for. is_last: those that stand for nothing become dyn."""
        if found[0] == "param":
            known = self._found.get(found)
            return self.put(known, is_last) if known is not None else DYN if is_last else found
        inner = parts(found)
        return with_parts(found, tuple(self.put(one, is_last) for one in inner)) if inner else found

    def renewed(self, types: list[Type]) -> list[Type]:
        """Types of one declaration with parameters of their own."""
        fresh: dict[Type, Type] = {}
        return [self._renewed(one, fresh) for one in types]

    def _renewed(self, found: Type, fresh: dict[Type, Type]) -> Type:
        if found[0] == "param":
            if found not in fresh:
                fresh[found] = self.fresh()
            return fresh[found]
        inner = parts(found)
        return with_parts(found, tuple(self._renewed(one, fresh) for one in inner)) if inner else found

    def fit(self, first: list[Type], second: list[Type]) -> bool:
        """Whether types fit, one by one; parameters come to stand for what makes them."""
        self._undo = {}
        if self._all(first, second):
            return True
        for parameter, known in self._undo.items():
            if known is None:
                del self._found[parameter]
            else:
                self._found[parameter] = known
        return False

    def _mean(self, parameter: Type, found: Type) -> None:
        self._undo.setdefault(parameter, self._found.get(parameter))
        self._found[parameter] = found

    def _all(self, first: tuple | list, second: tuple | list) -> bool:
        return len(first) == len(second) and all(self._fit(one, other) for one, other in zip(first, second, strict=True))

    def _fit(self, one: Type, other: Type) -> bool:
        if other[0] == "param":
            fits, is_known = self._stands_for(one, other)
            if fits or is_known:
                return fits
        if one[0] == "param":
            return self._stands_for(other, one)[0]
        if is_open(one) or is_open(other):
            return True
        if one == NULL or other == NULL:
            return (other if one == NULL else one)[0] in NULLABLE
        if one[0] != other[0]:
            return False
        if one[0] == "type":
            return True
        if one[0] in ("list", "map"):
            return self._all(parts(one), parts(other))
        return one[:2] == other[:2] and self._all(parts(one), parts(other)) if one[0] == "opaque" else one == other

    def _stands_for(self, found: Type, parameter: Type) -> tuple[bool, bool]:
        """(whether a parameter can stand for a type, whether it stands for something already)."""
        if found == parameter:
            return True, True
        known = self._found.get(parameter)
        if known is not None:
            if found == known:
                return True, True
            if not self._fit(found, known):
                return False, True
            wider = found if is_wider(found, known) else known
            if not self._holds(wider, parameter):
                self._mean(parameter, wider)
            return True, True
        if self._holds(found, parameter):
            return False, False
        self._mean(parameter, found)
        return True, False

    def _holds(self, found: Type, parameter: Type) -> bool:
        """Whether a parameter is part of a type, directly or by what others stand for."""
        if found == parameter:
            return True
        if found[0] == "param":
            known = self._found.get(found)
            return known is not None and self._holds(known, parameter)
        return any(self._holds(one, parameter) for one in parts(found))


def is_wider(one: Type, other: Type) -> bool:
    """Whether a type says the same as another or less."""
    if one[0] in ("dyn", "any", "param"):
        return True
    if other[0] in ("dyn", "any", "param") or one[0] != other[0]:
        return False
    if one[0] == "type":
        return True
    mine, theirs = parts(one), parts(other)
    if (one[0] == "opaque" and one[:2] != other[:2]) or len(mine) != len(theirs):
        return False
    return all(is_wider(a, b) for a, b in zip(mine, theirs, strict=True)) if mine or one[0] == "opaque" else one == other
