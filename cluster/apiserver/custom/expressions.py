"""A part of the Common Expression Language: what rules of custom resources mostly use.

Literals, fields, operators, the macros (has, all, exists, exists_one, map, filter) and the functions in functions.py.
Optionals too, durations and times (times.py), and what Kubernetes adds (libraries.py). Simplified: there are no types before
evaluation, no versions; an expression with those raises Unknown.
Source: github.com/google/cel-spec doc/langdef.md; k8s.io/apiserver pkg/cel/library.
"""
from __future__ import annotations

import re
from collections.abc import Sequence

from . import functions
from .functions import Failed, Unknown

__all__ = ["PATCHES", "Expression", "Failed", "Made", "Unknown", "evaluate", "names", "parse"]

Expression = tuple
TOKEN = re.compile(r"""\s*+(?://[^\n]*+\s*+)*+(?:
    (?P<number>\d+\.\d+(?:[eE][+-]?\d+)?|0x[0-9a-fA-F]+u?|\d+u?) |
    (?P<string>r?(?:'''[\s\S]*?'''|\"\"\"[\s\S]*?\"\"\"|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")) |
    (?P<name>[A-Za-z_][A-Za-z0-9_]*) |
    (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])
)""", re.X)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
BINDING = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "in": 3, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
LITERALS = {"true": True, "false": False, "null": None}
OF_OPTIONALS = ("optMap", "optFlatMap")
MACROS = ("all", "exists", "exists_one", "map", "filter", *OF_OPTIONALS)
MOST_STEPS = 200_000
CHARACTERS_A_STEP = 50   # so a rule may walk through 10 million, as with the real server's budget
MOST_DIGITS, MOST_WHOLE = 100, 1 << 64
TOO_DEEP = "nested too deep"
PATCHES = " types of patches"     # the name under which an environment says which types an expression may make
RENAMED = (("__underscores__", "__"), ("__dot__", "."), ("__dash__", "-"), ("__slash__", "/"))


def parse(text: str) -> Expression:
    """An expression, read. Raises Unknown for what cannot be read."""
    parser = _Parser(_tokens(text))
    try:
        found = parser.expression()
    except RecursionError:
        raise Unknown(TOO_DEEP) from None
    if parser.sign():
        raise Unknown(f"unexpected {parser.sign()}")
    return found


def _number(text: str) -> int | float:
    """A literal's value. Raises Unknown for a whole number of more than 64 bits."""
    if text.startswith("0x"):
        digits, base = text[2:].rstrip("u"), 16
    elif "." in text or "e" in text.lower():
        return float(text)
    else:
        digits, base = text.rstrip("u"), 10
    value = int(digits, base) if len(digits) <= MOST_DIGITS else MOST_WHOLE
    if value >= MOST_WHOLE:
        raise Unknown(f"invalid literal {text[:20]}")
    return value


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        token = TOKEN.match(text, at)
        if token is None:
            raise Unknown(f"cannot read {text[at:at + 10]!r}")
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


class Made(dict):
    """An object that an expression has made of a named type."""

    def __init__(self, type_name: str, fields: dict):
        super().__init__(fields)
        self.type_name = type_name


class _Parser:
    """Reads by precedence."""

    def __init__(self, tokens: list[tuple[str, str]]):
        self.tokens, self.at = tokens, 0

    def sign(self) -> str:
        """The token at hand as text, "" at the end."""
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens) or (wanted and self.tokens[self.at][1] != wanted):
            raise Unknown(f"expected {wanted or 'more'}")
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self, least: int = 0) -> Expression:
        """A whole expression; with a level, what operators of that level and above join. One method, so that little of the stack is taken."""
        signs = []
        while self.sign() in ("!", "-") and self.tokens[self.at][0] == "sign":
            signs.append(self.take()[1])
        left = self.primary()
        if self.sign() in (".", "[", "{"):
            left = self.member(left)
        for sign in reversed(signs):
            left = ("unary", sign, left)
        while BINDING.get(self.sign(), 0) >= max(least, 1) and self.tokens[self.at][0] in ("sign", "name"):
            operator = self.take()[1]
            left = ("binary", operator, left, self.expression(BINDING[operator] + 1))
        if least or self.sign() != "?":
            return left
        self.take("?")
        yes = self.expression()
        self.take(":")
        return ("if", left, yes, self.expression())

    def member(self, value: Expression) -> Expression:
        while self.sign() in (".", "["):
            if self.take()[1] == "[":
                sort = "optional_index" if self.marked() else "index"
                value = (sort, value, self.expression())
                self.take("]")
                continue
            is_optional = self.marked()
            sort, name = self.take()
            if sort != "name":
                raise Unknown("a field name is missing")
            is_call = self.sign() == "(" and not is_optional
            value = self.call(name, value) if is_call else ("optional_field" if is_optional else "field", value, name)
        return self.made(value) if self.sign() == "{" else value

    def marked(self) -> bool:
        """Take a `?` that says that something may not be there."""
        return bool(self.sign() == "?" and self.take())

    def made(self, named: Expression) -> Expression:
        """An object of a named type: `Object.spec{replicas: 1}`. Only patches of policies know such types."""
        self.take("{")
        pairs = []
        while self.sign() != "}":
            is_optional = self.marked()
            sort, name = self.take()
            if sort != "name":
                raise Unknown("a field name is missing")
            self.take(":")
            pairs.append((name, self.expression(), is_optional))
            if self.sign() != "}":
                self.take(",")
        self.take("}")
        return ("made", _dotted(named), pairs)

    def call(self, name: str, target: Expression | None) -> Expression:
        self.take("(")
        parts = self.listed(")")
        if target is None and name == "has":
            if len(parts) != 1 or parts[0][0] != "field":
                raise Unknown("has() of no field")
            return ("has", parts[0][1], parts[0][2])
        if target is not None and name in MACROS:
            if len(parts) < 2 or parts[0][0] != "name":
                raise Unknown(f"{name}() without a variable")
            return ("macro", name, target, parts[0][1], parts[1:])
        functions.check(name, is_method=target is not None)
        return ("call", name, target, parts)

    def listed(self, end: str) -> list[Expression]:
        found = []
        while self.sign() != end:
            found.append(("if_there", self.expression()) if self.marked() else self.expression())
            if self.sign() != end:
                self.take(",")
        self.take(end)
        return found

    def primary(self) -> Expression:
        sort, text = self.take()
        if sort == "number":
            return ("value", _number(text))
        if sort == "string":
            return ("value", _string(text))
        if sort == "name":
            if text in LITERALS:
                return ("value", LITERALS[text])
            return self.call(text, None) if self.sign() == "(" else ("name", text)
        if text == "(":
            inner = self.expression()
            self.take(")")
            return inner
        if text == "[":
            return ("list", self.listed("]"))
        if text == "{":
            return self.mapping()
        raise Unknown(f"unexpected {text}")

    def mapping(self) -> Expression:
        pairs = []
        while self.sign() != "}":
            is_optional = self.marked()
            key = self.expression()
            self.take(":")
            pairs.append((key, self.expression(), is_optional))
            if self.sign() != "}":
                self.take(",")
        self.take("}")
        return ("map", pairs)


def _dotted(named: Expression) -> str:
    """The name of a type. Raises Unknown for what is none."""
    if named[0] == "name":
        return named[1]
    if named[0] == "field":
        return f"{_dotted(named[1])}.{_plain(named[2])}"
    raise Unknown("unexpected {")


def _string(text: str) -> str:
    is_raw = text[0] == "r"
    text = text[1:] if is_raw else text
    inner = text[3:-3] if text[:3] in ("'''", '"""') and len(text) >= 6 else text[1:-1]
    if is_raw:
        return inner
    inner = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda found: chr(int(found[1] or found[2], 16)), inner)
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), inner)


def names(expression: object) -> list[str]:
    """The variables that an expression reads."""
    found, rest = [], [expression]
    while rest:
        part = rest.pop()
        if isinstance(part, (tuple, list)):
            found += [part[1]] if part[:1] == ("name",) else []
            rest += part
    return found


# -- evaluation -------------------------------------------------------------------------------------------------------------


def evaluate(expression: Expression, variables: dict[str, object]) -> object:
    """An expression's value. Raises Failed, or Unknown where it needs what is not known here."""
    try:
        return _Evaluator().value(expression, variables)
    except RecursionError:
        raise Unknown(TOO_DEEP) from None


class _Evaluator:
    """Counts its steps, so that no rule runs for ever; long texts and lists count for more."""

    def __init__(self):
        self.steps = 0

    def value(self, expression: Expression, names: dict) -> object:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Failed(functions.BUDGET)
        return getattr(self, "_" + expression[0])(expression, names)

    def _value(self, expression: Expression, names: dict) -> object:
        return expression[1]

    def _name(self, expression: Expression, names: dict) -> object:
        if expression[1] in names:
            return names[expression[1]]
        if expression[1] in functions.TYPES:
            return functions.TYPES[expression[1]]
        if expression[1] in functions.NAMESPACES:
            return expression[1]
        raise Unknown(expression[1])

    def _field(self, expression: Expression, names: dict) -> object:
        return functions.field(self.value(expression[1], names), _plain(expression[2]))

    def _optional_field(self, expression: Expression, names: dict) -> functions.Optional:
        return functions.optional_field(self.value(expression[1], names), _plain(expression[2]), functions.field)

    def _optional_index(self, expression: Expression, names: dict) -> functions.Optional:
        return functions.optional_field(self.value(expression[1], names), self.value(expression[2], names), functions.index)

    def _there(self, expression: Expression, names: dict, is_optional: bool) -> list:
        """A value, or nothing where it is an optional that is marked as such and not there."""
        found = self.value(expression, names)
        if not is_optional:
            return [found]
        if not isinstance(found, functions.Optional):
            raise Failed("no such overload")
        return [found.value] if found.has else []

    def _has(self, expression: Expression, names: dict) -> bool:
        owner, name = self.value(expression[1], names), _plain(expression[2])
        return isinstance(owner, dict) and name in owner

    def _index(self, expression: Expression, names: dict) -> object:
        return functions.index(self.value(expression[1], names), self.value(expression[2], names))

    def _list(self, expression: Expression, names: dict) -> list:
        return [item for part in expression[1]
                for item in (self._there(part[1], names, True) if part[0] == "if_there" else [self.value(part, names)])]

    def _map(self, expression: Expression, names: dict) -> dict:
        found = {}
        for key, part, is_optional in expression[1]:
            at = self.value(key, names)
            if isinstance(at, (list, dict)):
                raise Failed("no such overload")
            found.update((at, value) for value in self._there(part, names, is_optional))
        return found

    def _made(self, expression: Expression, names: dict) -> Made:
        if PATCHES not in names or expression[1].partition(".")[0] not in names[PATCHES]:
            raise Unknown(expression[1])
        return Made(expression[1], {_plain(name): value for name, part, is_optional in expression[2]
                                    for value in self._there(part, names, is_optional)})

    def _if_there(self, expression: Expression, names: dict) -> object:
        raise Failed("no such overload")       # it stands in no list

    def _if(self, expression: Expression, names: dict) -> object:
        return self.value(expression[2] if self.value(expression[1], names) is True else expression[3], names)

    def _unary(self, expression: Expression, names: dict) -> object:
        return functions.unary(expression[1], self.value(expression[2], names))

    def _binary(self, expression: Expression, names: dict) -> object:
        operator = expression[1]
        if operator in ("&&", "||"):
            return self._logical(operator == "||", expression[2], expression[3], names)
        left, right = self.value(expression[2], names), self.value(expression[3], names)
        self._charge((left, right))
        return functions.binary(operator, left, right)

    def _charge(self, values: Sequence[object]) -> None:
        """What is to be walked through."""
        self.steps += sum(len(value) for value in values if isinstance(value, (str, list))) // CHARACTERS_A_STEP
        if self.steps > MOST_STEPS:
            raise Failed(functions.BUDGET)

    def _logical(self, decisive: bool, left: Expression, right: Expression, names: dict) -> bool:
        """&& and ||: an error counts only where the other side does not decide."""
        failure = None
        for side in (left, right):
            try:
                if self.value(side, names) is decisive:
                    return decisive
            except Failed as error:
                failure = error
        if failure is not None:
            raise failure
        return not decisive

    def _call(self, expression: Expression, names: dict) -> object:
        _, name, target, parts = expression
        values = [self.value(part, names) for part in (parts if target is None else [target, *parts])]
        self._charge(values)
        return functions.call(name, values)

    def _macro(self, expression: Expression, names: dict) -> object:
        _, name, target, variable, parts = expression
        items = self.value(target, names)
        if name in OF_OPTIONALS:
            return self._mapped(items, name == "optMap", variable, parts[0], names)
        if not isinstance(items, (list, dict)):
            raise Failed("no such overload")
        rows = [{**names, variable: item} for item in items]
        if name == "map":
            kept = [row for row in rows if len(parts) == 1 or self.value(parts[0], row) is True]
            return [self.value(parts[-1], row) for row in kept]
        verdicts = [self.value(parts[0], row) is True for row in rows]
        if name == "filter":
            return [row[variable] for row, verdict in zip(rows, verdicts, strict=True) if verdict]
        return {"all": all(verdicts), "exists": any(verdicts), "exists_one": sum(verdicts) == 1}[name]


    def _mapped(self, found: object, is_plain: bool, variable: str, part: Expression, names: dict) -> functions.Optional:
        """optMap and optFlatMap: an expression of what is there."""
        if not isinstance(found, functions.Optional):
            raise Failed("no such overload")
        if not found.has:
            return found
        value = self.value(part, {**names, variable: found.value})
        return functions.Optional(True, value) if is_plain else value


def _plain(name: str) -> str:
    """A field's own name behind the escaped one."""
    if "__" not in name:
        return name
    for escaped, plain in RENAMED:
        name = name.replace(escaped, plain)
    return re.sub(r"^__(\w+)__$", r"\1", name)
