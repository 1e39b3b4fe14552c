"""Operators and functions of the expressions in rules.

Source: github.com/google/cel-spec doc/langdef.md (standard definitions); k8s.io/apiserver pkg/cel/library/{lists,regex}.go;
github.com/google/cel-go ext/{strings,sets}.go, cel/library.go (OptionalTypes).
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from cluster.meta import goregexp

from . import formatting, libraries, times
from .failures import BUDGET, Failed, Unknown, bound

TYPES = {"int": "int", "uint": "int", "double": "double", "string": "string", "bool": "bool", "list": "list", "map": "map",
         "null_type": "null_type"}
NUMBERS = (int, float)
MOST_COMPARED = 1_000_000        # parts of two values
LEAST, GREATEST = -(1 << 63), (1 << 64) - 1


@dataclass(frozen=True)
class Optional:
    """A value that may not be there. Source: github.com/google/cel-go common/types/optional.go."""

    has: bool = False
    value: object = None
    type_name = "optional_type"


NONE, OPTIONAL, SETS = Optional(), "optional", "sets"
NAMESPACES = (OPTIONAL, SETS, *libraries.NAMESPACES)     # owners of functions whose name has a dot, as `optional.of`


def optional_field(owner: object, key: object, select: Callable[[object, object], object]) -> Optional:
    """`owner.?key` or `owner[?key]`: what is not there is no error; what stands behind an optional is one too."""
    if isinstance(owner, Optional):
        if not owner.has:
            return NONE
        owner = owner.value
    if isinstance(owner, dict):
        return Optional(True, owner[key]) if _is_key(key) and key in owner else NONE
    if isinstance(owner, list) and _is_int(key):
        return Optional(True, owner[key]) if 0 <= key < len(owner) else NONE
    return Optional(True, select(owner, key))


def field(owner: object, name: str) -> object:
    """A field of an object."""
    if isinstance(owner, Optional):
        return optional_field(owner, name, field)
    if isinstance(owner, dict) and _is_key(name) and name in owner:
        return owner[name]
    raise Failed(f"no such key: {name}")


def _is_key(value: object) -> bool:
    return not isinstance(value, (list, dict))


def index(owner: object, key: object) -> object:
    """An element of a list or a map."""
    if isinstance(owner, Optional):
        return optional_field(owner, key, index)
    if isinstance(owner, dict):
        return field(owner, key)
    if isinstance(owner, list) and _is_int(key):
        if 0 <= key < len(owner):
            return owner[key]
        raise Failed(f"index out of bounds: {key}")
    raise Failed("no such overload")


def unary(operator: str, value: object) -> object:
    if operator == "!" and isinstance(value, bool):
        return not value
    if operator == "-" and _is_number(value):
        return -value
    raise Failed("no such overload")


def binary(operator: str, left: object, right: object) -> object:
    """An operator that needs both of its sides."""
    if operator != "in" and (isinstance(left, times.TIMED) or isinstance(right, times.TIMED)):
        return times.operated(operator, left, right)
    if operator == "==":
        return same(left, right)
    if operator == "!=":
        return not same(left, right)
    if operator == "in":
        if isinstance(right, dict):
            return _is_key(left) and left in right
        return any(same(left, item) for item in _listed(right))
    if operator in COMPARISONS:
        if not (_is_number(left) and _is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
            raise Failed("no such overload")
        return COMPARISONS[operator](left, right)
    return _arithmetic(operator, left, right)


COMPARISONS: dict[str, Callable] = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def same(left: object, right: object) -> bool:
    """Equality; booleans are no numbers. Lists may hold one list many times over, so what is compared is counted."""
    pairs, compared = [(left, right)], 0
    while pairs:
        one, other = pairs.pop()
        compared += 1
        if compared > MOST_COMPARED:
            raise Failed(BUDGET)
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            pairs += zip(one, other, strict=True)
        elif isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
            pairs += ((one[key], other[key]) for key in one)
        elif not (_is_key(one) and _is_key(other) and isinstance(one, bool) == isinstance(other, bool) and one == other):
            return False
    return True


def _arithmetic(operator: str, left: object, right: object) -> object:
    if operator == "+" and type(left) is type(right) and isinstance(left, (str, list)):
        bound(len(left) + len(right))
        return left + right
    if not (_is_number(left) and _is_number(right)):
        raise Failed("no such overload")
    if operator in "+-*":
        return _whole(left + right if operator == "+" else left - right if operator == "-" else left * right)
    if right == 0:
        raise Failed("division by zero" if operator == "/" else "modulus by zero")
    if operator == "%":
        return abs(left) % abs(right) * (1 if left >= 0 else -1)
    if _is_int(left) and _is_int(right):
        quotient = abs(left) // abs(right)
        return quotient if (left >= 0) == (right >= 0) else -quotient
    return left / right


def _whole(number: int | float) -> int | float:
    if isinstance(number, int) and not LEAST <= number <= GREATEST:
        raise Failed("integer overflow")
    return number


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def _listed(value: object) -> list:
    if not isinstance(value, list):
        raise Failed("no such overload")
    return value


# -- functions ----------------------------------------------------------------------------------------------------------------


def check(name: str, *, is_method: bool) -> None:
    """Raise Unknown for a function that is not known."""
    if name not in FUNCTIONS or (not is_method and name not in GLOBAL):
        raise Unknown(name)


def call(name: str, values: list) -> object:
    """A function's value; of a method the first value is what it is called on."""
    try:
        return FUNCTIONS[name](*values)
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
        raise Failed("no such overload") from error


def _int(value: object) -> int:
    if isinstance(value, times.TIMED):
        return value.nano if isinstance(value, times.Duration) else value.nano // times.NANO
    return _whole(int(value))


def _replace(text: str, old: str, new: str, most: int = -1) -> str:
    bound(len(text) + text.count(old) * len(new))
    return text.replace(old, new, most)


def _join(items: list, by: str = "") -> str:
    bound(sum(len(item) + len(by) for item in items))
    return by.join(items)


def _substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise Failed("index out of range")
    return text[start:end]


def _find(text: object, wanted: object, start: int = 0) -> int:
    if isinstance(text, list):
        return next((place for place, item in enumerate(text) if same(item, wanted)), -1)
    return text.find(wanted, start)


def _last(text: object, wanted: object) -> int:
    if isinstance(text, list):
        return next((place for place in range(len(text) - 1, -1, -1) if same(text[place], wanted)), -1)
    return text.rfind(wanted)


def _opened(found: object) -> Optional:
    if not isinstance(found, Optional):
        raise Failed("no such overload")
    return found


def _value_of(found: object) -> object:
    if not _opened(found).has:
        raise Failed("optional.none() dereference")
    return found.value


def _owned(owner: object, made: Optional) -> Optional:
    if owner != OPTIONAL:
        raise Failed("no such overload")
    return made


def _contains(text: object, wanted: object, part: object = None) -> bool:
    """Of a text, or `sets.contains`."""
    if text == SETS and part is not None:
        return _holds(wanted, part)
    if not isinstance(text, str) or part is not None:
        raise Failed("no such overload")
    return wanted in text


def _holds(items: object, wanted: object) -> bool:
    """Whether a list has all of another's."""
    _bound_pairs(items, wanted)
    return all(any(same(one, item) for item in items) for one in wanted)


def _intersects(owner: object, one: object, other: object) -> bool:
    _bound_pairs(one, other)
    return any(same(item, each) for item in one for each in other)


def _bound_pairs(one: object, other: object) -> None:
    if len(_listed(one)) * len(_listed(other)) > MOST_COMPARED:
        raise Failed(BUDGET)


FUNCTIONS: dict[str, Callable] = {
    "size": len, "string": formatting.text, "int": _int, "uint": lambda value: _whole(int(value)), "double": float,
    "bool": lambda value: {"true": True, "false": False}[formatting.text(value)],
    "type": formatting.type_name, "dyn": lambda value: value, "startsWith": str.startswith, "endsWith": str.endswith, "contains": _contains,
    "matches": lambda text, pattern: goregexp.matches(pattern, text),
    "lowerAscii": str.lower, "upperAscii": str.upper, "trim": str.strip, "replace": _replace, "substring": _substring, "indexOf": _find,
    "lastIndexOf": _last, "charAt": lambda text, at: text[at:at + 1], "split": lambda text, by, most=-1: text.split(by, most),
    "join": _join,
    "isSorted": lambda items: all(a <= b for a, b in pairwise(items)), "sum": sum, "min": lambda *items: min(*items),
    "max": lambda *items: max(*items), "abs": abs,
    "orValue": lambda found, other: found.value if _opened(found).has else other,
    "or": lambda found, other: found if _opened(found).has else _opened(other),
    "hasValue": lambda found: _opened(found).has, "value": _value_of,
    "of": lambda owner, value: _owned(owner, Optional(True, value)), "none": lambda owner: _owned(owner, NONE),
    "ofNonZeroValue": lambda owner, value: _owned(owner, Optional(True, value) if value else NONE),
    "format": formatting.formatted, "intersects": _intersects, "equivalent": lambda owner, one, other: _holds(one, other) and _holds(other, one),
    "escapeKey": lambda owner, key: key.replace("~", "~0").replace("/", "~1"),     # jsonpatch.escapeKey
}
FUNCTIONS |= libraries.FUNCTIONS | times.FUNCTIONS
GLOBAL = ("size", "string", "int", "uint", "double", "bool", "type", "dyn", "matches", *libraries.GLOBAL, *times.GLOBAL)
