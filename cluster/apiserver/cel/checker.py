"""Whether an expression's parts fit together, and what type it comes to.

Source: github.com/google/cel-go checker/checker.go, checker/errors.go.
"""
from __future__ import annotations

from dataclasses import dataclass, field

from . import types
from .library import NAMED, functions
from .tree import Call, Entry, Fold, Ident, ListOf, Literal, MapOf, Node, Select, Struct
from .types import Type

MOST_NODES = 20_000       # a macro may repeat what it is called on
RESERVED_FIELDS = frozenset(("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
                             "loop", "package", "namespace", "return", "var", "void", "while"))


@dataclass(frozen=True)
class Environment:
    """What an expression may use. objects: the fields of object types by name. is_any_object: types such as `Object.spec` are made up."""

    variables: dict[str, Type]
    objects: dict[str, dict[str, Type]] = field(default_factory=dict)
    more_functions: dict[str, tuple] = field(default_factory=dict)
    is_any_object: bool = False
    may_bind: bool = False         # cel.bind(name, value, expression)

    def function(self, name: str) -> tuple:
        """The declarations of a function, () where there is none."""
        return functions().get(name) or self.more_functions.get(name) or ()

    def type_named(self, name: str) -> Type | None:
        """What a name of a type is."""
        if name in self.objects or (self.is_any_object and name.partition(".")[0] == "Object"):
            return ("type", ("object", name))
        return NAMED.get(name)

    def field(self, name: str, member: str) -> Type | None:
        """The type of a field of an object type, None where it has no such field."""
        if self.is_any_object and name not in self.objects:
            return types.DYN
        found = self.objects.get(name, {})
        return found.get(member) or (found.get(f"__{member}__") if member in RESERVED_FIELDS else None)


def check(tree: Node, environment: Environment) -> tuple[Type, list[tuple[int, str]]]:
    """(the type that an expression comes to, complaints with their offsets). Each node learns its type."""
    checker = _Checker(environment)
    found = checker.check(tree)
    final = checker.meanings.put(found, True)
    if not checker.complaints:
        checker.settle()
    return final, checker.complaints


class _Checker:
    def __init__(self, environment: Environment):
        self.environment = environment
        self.meanings = types.Meanings()
        self.complaints: list[tuple[int, str]] = []
        self.scopes: list[dict[str, Type]] = [environment.variables]
        self.seen: list[Node] = []

    def settle(self) -> None:
        for node in self.seen:
            node.type = self.meanings.put(node.type, True)

    def complain(self, node: Node, message: str) -> None:
        self.complaints.append((node.at, message))

    def check(self, node: Node) -> Type:
        if len(self.seen) > MOST_NODES:
            raise RecursionError
        node.type = getattr(self, "_" + type(node).__name__.lower())(node)
        self.seen.append(node)
        return node.type

    def _undeclared(self, node: Node, name: str) -> Type:
        self.complain(node, f"undeclared reference to '{name}' (in container '')")
        return types.ERROR

    def _found(self, name: str) -> Type | None:
        """What a name stands for."""
        plain = name.removeprefix(".")
        for scope in reversed(self.scopes):
            if plain in scope:
                return scope[plain]
        return self.environment.type_named(plain)

    def _literal(self, node: Literal) -> Type:
        return (node.sort,)

    def _ident(self, node: Ident) -> Type:
        found = self._found(node.name)
        return self._undeclared(node, node.name) if found is None else found

    def _select(self, node: Select) -> Type:
        name = dotted(node)
        found = self._found(name) if name and not node.is_test else None
        if found is not None:
            return found
        found = self._field(node, node.operand, node.name, False)
        return types.BOOL if node.is_test else self.meanings.put(found)

    def _field(self, node: Node, operand: Node, name: str, is_optional: bool) -> Type:
        whole = self.meanings.put(self.check(operand))
        owner, was_optional = types.inside_optional(whole)
        result = types.DYN
        if owner[0] == "map":
            result = owner[2]
        elif owner[0] == "object":
            result = self._member(node, owner[1], name)
        elif owner[0] == "param":
            self.meanings.fit([types.DYN], [owner])
        elif not types.is_open(owner):
            self.complain(node, f"type '{types.written(owner)}' does not support field selection")
        return types.optional(result) if is_optional or was_optional else result

    def _member(self, node: Node, owner: str, name: str) -> Type:
        if owner not in self.environment.objects and not self.environment.is_any_object:
            self.complain(node, f"unexpected failed resolution of '{owner}'")
            return types.ERROR
        found = self.environment.field(owner, name)
        if found is None:
            self.complain(node, f"undefined field '{name}'")
            return types.ERROR
        return found

    # -- calls --------------------------------------------------------------------------------------------------------

    def _call(self, node: Call) -> Type:
        if node.name == "_?._":
            operand, name = node.arguments
            return self.meanings.put(self._field(node, operand, name.value, True))
        arguments = []
        for argument in node.arguments:      # no comprehension: it would take more of Python's stack
            arguments.append(self.check(argument))
        if node.target is None:
            plain = node.name.removeprefix(".")
            declared = self.environment.function(plain)
            return self._resolved(node, plain, declared, arguments, False) if declared else self._undeclared(node, node.name)
        prefix = dotted(node.target)
        name = f"{prefix}.{node.name}".removeprefix(".") if prefix else ""
        if name and (declared := self.environment.function(name)):
            return self._resolved(node, name, declared, arguments, False)
        target = self.check(node.target)
        declared = self.environment.function(node.name)
        if not declared:
            return self._undeclared(node, node.name)
        return self._resolved(node, node.name, declared, [target, *arguments], True)

    def _resolved(self, node: Call, name: str, declared: tuple, arguments: list[Type], is_method: bool) -> Type:
        if name in ("_&&_", "_||_"):
            return self._logical(node, arguments)
        result: Type | None = None
        for way in declared:
            if way.is_method != is_method or len(way.arguments) != len(arguments):
                continue
            wanted = self.meanings.renewed([way.result, *way.arguments])
            if self.meanings.fit(arguments, wanted[1:]):
                found = self.meanings.put(wanted[0])
                result = found if result is None or result == found else types.DYN
        if result is None:
            told = types.signature([self.meanings.put(one, True) for one in arguments], is_method)
            self.complain(node, f"found no matching overload for '{name}' applied to '{told}'")
            return types.ERROR
        return result

    def _logical(self, node: Call, arguments: list[Type]) -> Type:
        is_wrong = False
        for argument, found in zip(node.arguments, arguments, strict=True):
            if not self.meanings.fit([found], [types.BOOL]):
                self._mismatch(argument, types.BOOL, found)
                is_wrong = True
        return types.ERROR if is_wrong else types.BOOL

    def _mismatch(self, node: Node, wanted: Type, found: Type) -> None:
        self.complain(node, f"expected type '{types.written(wanted)}' but found '{types.written(found)}'")

    # -- what is made -------------------------------------------------------------------------------------------------

    def _listof(self, node: ListOf) -> Type:
        joined: Type | None = None
        for index, element in enumerate(node.elements):
            found = self._unwrapped(element, self.check(element), index in node.optional)
            joined = self._joined(joined, found)
        return types.list_of(self.meanings.fresh() if joined is None else joined)

    def _mapof(self, node: MapOf) -> Type:
        key: Type | None = None
        value: Type | None = None
        for entry in node.entries:
            key = self._joined(key, self.check(entry.key))
            found = self._unwrapped(entry.value, self.check(entry.value), entry.is_optional)
            value = self._joined(value, found)
        if key is None:
            return types.map_of(self.meanings.fresh(), self.meanings.fresh())
        return types.map_of(key, value)

    def _unwrapped(self, node: Node, found: Type, is_optional: bool) -> Type:
        """The type of what stands behind a `?`."""
        if not is_optional:
            return found
        inner, was_optional = types.inside_optional(found)
        if not was_optional and inner[0] not in ("dyn", "any"):
            self._mismatch(node, types.optional(inner), inner)
        return inner

    def _joined(self, before: Type | None, found: Type) -> Type:
        if before is None:
            return found
        if self.meanings.fit([before], [found]):
            return before if types.is_wider(before, found) else found
        return types.DYN          # the compiler complains of it, where nothing else is wrong

    def _struct(self, node: Struct) -> Type:
        named = self._found(node.name)
        if named is None:
            return self._undeclared(node, node.name)
        result = types.ERROR
        if named[0] != "type":
            self.complain(node, f"'{types.named(named)}' is not a type")
        elif named[1][0] != "object":
            self.complain(node, f"'{types.named(named[1])}' is not a message type")
        else:
            result = named[1]
        for entry in node.entries:
            self._filled(entry, result)
        return result

    def _filled(self, entry: Entry, owner: Type) -> None:
        value = self.check(entry.value)
        wanted = self._member(entry, owner[1], entry.key) if owner[0] == "object" else types.ERROR
        found = self._unwrapped(entry.value, value, entry.is_optional)
        if not self.meanings.fit([wanted], [found]):
            self.complain(entry, f"expected type of field '{entry.key}' is '{types.written(wanted)}' but provided type is '{types.written(found)}'")

    # -- macros -------------------------------------------------------------------------------------------------------

    def _fold(self, node: Fold) -> Type:
        self.check(node.range)
        total = self.check(node.start)
        variables = self._ranged(node, self.meanings.put(node.range.type))
        self.scopes.append({node.total: total})
        self.scopes.append(dict(zip(node.variables, variables, strict=True)))
        self._wanted(node.condition, types.BOOL)
        self._wanted(node.step, total)
        self.scopes.pop()
        result = self.meanings.put(self.check(node.result))
        self.scopes.pop()
        return result

    def _wanted(self, node: Node, wanted: Type) -> None:
        found = self.check(node)
        if not self.meanings.fit([wanted], [found]):
            self._mismatch(node, wanted, found)

    def _ranged(self, node: Fold, found: Type) -> list[Type]:
        """The types of a macro's variables."""
        if found[0] == "list":
            both = [types.INT, found[1]]
            return both if len(node.variables) == 2 else both[1:]
        if found[0] == "map":
            return list(found[1:1 + len(node.variables)])
        if types.is_open(found) or found[0] == "param":
            self.meanings.fit([types.DYN], [found])
            return [types.DYN] * len(node.variables)
        self.complain(node.range, f"expression of type '{types.written(found)}' cannot be range of a comprehension "
                                  "(must be list, map, or dynamic)")
        return [types.ERROR] * len(node.variables)


def dotted(node: Node) -> str:
    """The name that fields of a name spell; "" for anything else."""
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.is_test:
        inner = dotted(node.operand)
        return f"{inner}.{node.name}" if inner else ""
    return ""
