"""An expression compiled: what it comes to, or why it cannot be.

Source: github.com/google/cel-go cel/env.go (Compile), cel/validator.go.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

from cluster.meta import goregexp

from ..custom import functions, times
from . import checker, errors, types
from .parser import parse
from .tree import Call, Entry, Fold, ListOf, Literal, MapOf, Node, Select, Struct


class Refused(Exception):
    """An expression that no compiler takes; the message is its complaints with their lines."""


def compiled(text: str, environment: checker.Environment) -> tuple[types.Type, Node]:
    """(the type that it comes to, its tree). Raises Refused."""
    tree, complaints = parse(text, may_bind=environment.may_bind)
    if not complaints:
        try:
            found, complaints = checker.check(tree, environment)
            complaints = complaints or list(_looked_at(tree))
        except RecursionError:
            complaints = [(-1, "expression recursion limit exceeded: 250")]
    if complaints:
        raise Refused(errors.shown(text, complaints))
    return found, tree


def _looked_at(tree: Node) -> Iterator[tuple[int, str]]:
    """Complaints about literals: durations, times and patterns that are none, lists and maps of several types."""
    nodes = list(walk(tree))
    for name, is_sound in LITERALS.items():
        for node in nodes:
            if isinstance(node, Call) and node.name == name and node.arguments and isinstance(node.arguments[0], Literal) \
                    and isinstance(node.arguments[0].value, str) and not is_sound(node.arguments[0].value):
                yield node.arguments[0].at, f"invalid {name} argument"
    for node in nodes:
        if isinstance(node, ListOf):
            yield from _mixed([(one, index in node.optional) for index, one in enumerate(node.elements)])
    for node in nodes:
        if isinstance(node, MapOf):
            yield from _mixed([(entry.key, False) for entry in node.entries])
            yield from _mixed([(entry.value, entry.is_optional) for entry in node.entries])


def _mixed(found: list[tuple[Node, bool]]) -> Iterator[tuple[int, str]]:
    first: types.Type | None = None
    for node, is_optional in found:
        mine = types.inside_optional(node.type)[0] if is_optional else node.type
        if first is None:
            first = mine
        elif not _same(first, mine):
            yield node.at, f"expected type '{types.written(first)}' but found '{types.written(mine)}'"
            return


def _same(one: types.Type, other: types.Type) -> bool:
    """Whether types are equivalent; a type parameter is anything."""
    if one[0] != other[0] or (one[0] in ("object", "opaque") and one[1] != other[1]):
        return False
    mine, theirs = types.parts(one), types.parts(other)
    return len(mine) == len(theirs) and all(_same(a, b) for a, b in zip(mine, theirs, strict=True))


def walk(tree: Node) -> Iterator[Node]:
    """A node and all that is inside it, each once."""
    seen: set[int] = set()
    rest: list[Node | str | None] = [tree]
    while rest:
        node = rest.pop()
        if isinstance(node, Node) and id(node) not in seen:
            seen.add(id(node))
            yield node
            rest += reversed(_inside(node))


def _inside(node: Node) -> list[Node | str | None]:
    if isinstance(node, Select):
        return [node.operand]
    if isinstance(node, Call):
        return [node.target, *node.arguments]
    if isinstance(node, ListOf):
        return [*node.elements]
    if isinstance(node, (MapOf, Struct)):
        return [*node.entries]
    if isinstance(node, Entry):
        return [node.key, node.value]
    return [node.range, node.start, node.condition, node.step, node.result] if isinstance(node, Fold) else []


def _is_sound(convert: Callable[[str], object]) -> Callable[[str], bool]:
    def is_sound(text: str) -> bool:
        try:
            convert(text)
        except functions.Failed:
            return False
        return True
    return is_sound


LITERALS: dict[str, Callable[[str], bool]] = {
    "duration": _is_sound(times.duration), "timestamp": _is_sound(times.moment), "matches": lambda text: not goregexp.problem(text)}
