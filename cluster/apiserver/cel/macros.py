"""Macros: calls that are written anew before they are typed.

Source: github.com/google/cel-go parser/macro.go, cel/library.go (optMap, optFlatMap), ext/comprehensions.go, ext/lists.go (sortBy).
"""
from __future__ import annotations

from .tree import Call, Fold, Ident, ListOf, Literal, MapOf, Node, Select

TOTAL = "@result"
INSERT = "cel.@mapInsert"
SIMPLE, NO_NAME = "argument must be a simple name", "argument is not an identifier"


class MacroError(Exception):
    """The arguments of a macro are not as they have to be. at: where."""

    def __init__(self, at: int, message: str):
        super().__init__(message)
        self.at, self.message = at, message


def expanded(at: int, name: str, target: Node | None, arguments: list[Node], *, may_bind: bool = False) -> Node | None:
    """What a call becomes, None where it is no macro. may_bind: whether there is `cel.bind`. Raises MacroError."""
    if target is None:
        return _presence(at, arguments[0]) if name == "has" and len(arguments) == 1 else None
    if may_bind and (name, len(arguments)) == ("bind", 3) and isinstance(target, Ident) and target.name == "cel":
        if not isinstance(arguments[0], Ident):
            raise MacroError(arguments[0].at, "cel.bind() variable names must be simple identifiers")
        return _bound(at, arguments[0].name, arguments[1], arguments[2])
    made = MACROS.get((name, len(arguments)))
    return made(at, target, *arguments) if made else None


def _presence(at: int, argument: Node) -> Node:
    if not isinstance(argument, Select):
        raise MacroError(argument.at, "invalid argument to has() macro")
    return Select(at, operand=argument.operand, name=argument.name, is_test=True)


def _variable(argument: Node, why: str) -> str:
    if not isinstance(argument, Ident):
        raise MacroError(argument.at, why)
    if argument.name in (TOTAL, "__result__"):
        raise MacroError(argument.at, "iteration variable overwrites accumulator variable")
    return argument.name


def _true(at: int) -> Node:
    return Literal(at, sort="bool", value=True)


def _total(at: int) -> Node:
    return Ident(at, name=TOTAL)


def _call(at: int, name: str, *arguments: Node) -> Node:
    return Call(at, name=name, arguments=list(arguments))


def _quantified(kind: str):
    def make(at: int, target: Node, *parts: Node) -> Node:
        *names, test = parts
        variables = (_variable(names[0], SIMPLE),) if len(names) == 1 else _two(*names)
        if kind == "one":
            counted = _call(at, "_+_", _total(at), Literal(at, sort="int", value=1))
            return Fold(at, range=target, variables=variables, total=TOTAL, start=Literal(at, sort="int", value=0), condition=_true(at),
                        step=_call(at, "_?_:_", test, counted, _total(at)),
                        result=_call(at, "_==_", _total(at), Literal(at, sort="int", value=1)))
        operator = "_&&_" if kind == "all" else "_||_"
        tested = _total(at) if kind == "all" else _call(at, "!_", _total(at))
        return Fold(at, range=target, variables=variables, total=TOTAL, start=Literal(at, sort="bool", value=kind == "all"),
                    condition=_call(at, "@not_strictly_false", tested), step=_call(at, operator, _total(at), test), result=_total(at))
    return make


def _mapped(at: int, target: Node, *parts: Node) -> Node:
    return _gathered(at, target, (_variable(parts[0], NO_NAME),), parts[1:])


def _gathered(at: int, target: Node, variables: tuple[str, ...], parts: tuple[Node, ...]) -> Node:
    """A list of what an expression is for each, perhaps behind a filter."""
    return _folded(at, target, variables, ListOf(at), _call(at, "_+_", _total(at), ListOf(at, elements=[parts[-1]])), parts[:-1])


def _folded(at: int, target: Node, variables: tuple[str, ...], start: Node, step: Node, filters: tuple[Node, ...]) -> Node:
    for test in filters:
        step = _call(at, "_?_:_", test, step, _total(at))
    return Fold(at, range=target, variables=variables, total=TOTAL, start=start, condition=_true(at), step=step, result=_total(at))


def _filtered(at: int, target: Node, variable: Node, test: Node) -> Node:
    name = _variable(variable, NO_NAME)
    return _gathered(at, target, (name,), (test, variable))


def _two(first: Node, second: Node) -> tuple[str, str]:
    names = _variable(first, SIMPLE), _variable(second, SIMPLE)
    if names[0] == names[1]:
        raise MacroError(second.at, f"duplicate variable name: {names[0]}")
    return names


def _transformed_list(at: int, target: Node, first: Node, second: Node, *parts: Node) -> Node:
    return _gathered(at, target, _two(first, second), parts)


def _transformed_map(at: int, target: Node, first: Node, second: Node, *parts: Node) -> Node:
    variables = _two(first, second)
    step = _call(at, INSERT, _total(at), Ident(at, name=variables[0]), parts[-1])
    return _folded(at, target, variables, MapOf(at), step, parts[:-1])


def _transformed_entries(at: int, target: Node, first: Node, second: Node, *parts: Node) -> Node:
    return _folded(at, target, _two(first, second), MapOf(at), _call(at, INSERT, _total(at), parts[-1]), parts[:-1])


def _bound(at: int, name: str, value: Node, inner: Node) -> Node:
    """An expression with a variable of its own."""
    return Fold(at, range=ListOf(at), variables=("#unused",), total=name, start=value, condition=Literal(at, sort="bool", value=False),
                step=Ident(at, name=name), result=inner)


def _of_optional(name: str, is_flat: bool):
    def make(at: int, target: Node, variable: Node, inner: Node) -> Node:
        if not isinstance(variable, Ident):
            raise MacroError(variable.at, f"{name}() variable name must be a simple identifier")
        found = _bound(at, variable.name, Call(at, name="value", target=target), inner)
        return _call(at, "_?_:_", Call(at, name="hasValue", target=target), found if is_flat else _call(at, "optional.of", found),
                     _call(at, "optional.none"))
    return make


def _sorted(at: int, target: Node, variable: Node, key: Node) -> Node:
    if not isinstance(target, (ListOf, Select, Ident, Fold, Call)):
        raise MacroError(target.at, "sortBy can only be applied to a list, identifier, comprehension, call or select expression")
    given = Ident(at, name="@__sortBy_input__")
    keys = _mapped(at, given, variable, key)
    return _bound(at, given.name, target, Call(at, name="@sortByAssociatedKeys", target=given, arguments=[keys]))


MACROS = {
    ("all", 2): _quantified("all"), ("exists", 2): _quantified("any"), ("exists_one", 2): _quantified("one"),
    ("all", 3): _quantified("all"), ("exists", 3): _quantified("any"), ("exists_one", 3): _quantified("one"), ("existsOne", 3): _quantified("one"),
    ("map", 2): _mapped, ("map", 3): _mapped, ("filter", 2): _filtered,
    ("transformList", 3): _transformed_list, ("transformList", 4): _transformed_list,
    ("transformMap", 3): _transformed_map, ("transformMap", 4): _transformed_map,
    ("transformMapEntry", 3): _transformed_entries, ("transformMapEntry", 4): _transformed_entries,
    ("optMap", 2): _of_optional("optMap", False), ("optFlatMap", 2): _of_optional("optFlatMap", True), ("sortBy", 2): _sorted,
}
