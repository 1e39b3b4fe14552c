"""What an expression looks like once it is read.

Source: github.com/google/cel-go common/ast.
"""
from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Node:
    """A part of an expression. at: its offset, which complaints point at. type: as the checker found it."""

    at: int
    type: tuple = ()


@dataclass(eq=False, slots=True)
class Literal(Node):
    sort: str = ""          # the name of its type
    value: object = None


@dataclass(eq=False, slots=True)
class Ident(Node):
    name: str = ""


@dataclass(eq=False, slots=True)
class Select(Node):
    operand: Node | None = None
    name: str = ""
    is_test: bool = False      # has(…)


@dataclass(eq=False, slots=True)
class Call(Node):
    name: str = ""
    target: Node | None = None
    arguments: list[Node] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class ListOf(Node):
    """optional: the elements that are optionals."""

    elements: list[Node] = field(default_factory=list)
    optional: set[int] = field(default_factory=set)


@dataclass(eq=False, slots=True)
class Entry(Node):
    """Of a map (key is a Node) or of a struct (key is a field's name)."""

    key: Node | str = ""
    value: Node | None = None
    is_optional: bool = False


@dataclass(eq=False, slots=True)
class MapOf(Node):
    entries: list[Entry] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Struct(Node):
    name: str = ""
    entries: list[Entry] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Fold(Node):
    """A comprehension: what macros become."""

    range: Node | None = None
    variables: tuple[str, ...] = ()
    total: str = ""            # the accumulator's name
    start: Node | None = None
    condition: Node | None = None
    step: Node | None = None
    result: Node | None = None
