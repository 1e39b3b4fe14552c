"""The grammar of expressions, a method a rule, as ANTLR's parser goes through it: so its syntax errors are the same.

Source: github.com/google/cel-go parser/gen/CEL.g4, parser/parser.go.
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable, Generator
from typing import Any

from . import macros
from .lexer import EOF, Token
from .recovery import EMPTY, MOST_DEPTH, Mismatch, Recovering, Tokens
from .tree import Call, Entry, Ident, ListOf, Literal, MapOf, Node, Select, Struct

RESERVED = frozenset(("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "package",
                      "namespace", "null", "return", "true", "var", "void", "while"))
LITERALS = frozenset(("true", "false", "null", "NUM_FLOAT", "NUM_INT", "NUM_UINT", "STRING", "BYTES"))
PRIMARY = LITERALS | {"[", "{", "(", ".", "-", "IDENTIFIER"}
ANY = PRIMARY | {"!"}
OR_OPTIONAL = ANY | {"?"}
FIELD_NAME = frozenset(("IDENTIFIER", "ESC_IDENTIFIER"))
RELATIONS = frozenset(("<", "<=", ">=", ">", "==", "!=", "in"))
PRODUCTS, SUMS = frozenset("*/%"), frozenset("+-")
TRAILERS = frozenset((".", "[", EMPTY))
LONGEST = 100_000
TOO_DEEP, TOO_HIGH = "expression recursion limit exceeded: 250", "max recursion depth exceeded"
OPERATORS = {"in": "@in"}
ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[xX]([0-9a-fA-F]{2})|([0-3][0-7]{2})|(.))", re.DOTALL)
LIMITS = {"int": (-2**63, 2**63), "uint": (0, 2**64)}


def _balanced(name: str, terms: list[Node], places: list[int]) -> Node:
    """A chain of ands or ors as a tree that is as low as can be."""
    if not places:
        return terms[0]
    middle = len(places) // 2
    left = _balanced(name, terms[:middle + 1], places[:middle])
    return Call(places[middle], name=name, arguments=[left, _balanced(name, terms[middle + 1:], places[middle + 1:])])


def _after(mismatch: Mismatch, made: Node) -> Mismatch:
    """A mismatch after which this much is made all the same."""
    mismatch.made = made
    return mismatch


def one_of(*sorts: str) -> Tokens:
    return frozenset(sorts)


CLOSED, COMMA_OR_END = one_of(")"), one_of(",", EMPTY)
ENDS = one_of(EMPTY)


Rule = Generator[tuple, Any, Any]      # asks for the rules within it, see recovery.py


def parse(text: str, *, may_bind: bool = False) -> tuple[Node | None, list[tuple[int, str]]]:
    """(tree, complaints with their offsets). A tree is whole where there are none; offset -1: about no place."""
    if len(text) > LONGEST:
        return None, [(-1, f"expression code point size exceeds limit: size: {len(text)}, limit {LONGEST}")]
    parser = Parser(text, may_bind=may_bind)
    try:
        tree = parser.start()
    except RecursionError:
        return None, [*parser.errors, (-1, TOO_DEEP)]
    if parser.height > MOST_DEPTH:
        return None, [*parser.errors, (-1, TOO_HIGH)]
    return tree, parser.errors + parser.faults


class Parser(Recovering):
    """faults: what is well formed and wrong all the same."""

    def __init__(self, text: str, *, may_bind: bool = False):
        super().__init__(text)
        self.faults: list[tuple[int, str]] = []
        self.may_bind = may_bind

    def start(self) -> Node | None:
        return self.run(self._start, ENDS)

    def _start(self) -> Rule:
        tree = yield self._expr, one_of(EOF)
        self.match(EOF, ENDS)
        return tree

    def _fault(self, at: int, message: str) -> Node:
        self.faults.append((at, message))
        return Literal(at, sort="error")

    def _node(self, method: Callable[..., Rule], follow: Tokens, *arguments: object) -> Rule:
        """What a rule makes; something in its place where it makes nothing."""
        at = self.next.at
        return (yield method, follow, *arguments) or Literal(at, sort="error")

    def _called(self, at: int, name: str, target: Node | None, arguments: list[Node]) -> Node:
        try:
            made = macros.expanded(at, name, target, arguments, may_bind=self.may_bind)
        except macros.MacroError as error:
            return self._fault(error.at, error.message)
        return Call(at, name=name, target=target, arguments=arguments) if made is None else made

    # -- operators ----------------------------------------------------------------------------------------------------

    def expr(self, follow: Tokens) -> Rule:
        """An expression; something in its place where there is none."""
        return (yield from self._node(self._expr, follow))

    def _expr(self) -> Rule:
        test = yield from self._node(self._or, one_of("?", EMPTY))
        self.sync(one_of("?", EMPTY))
        if self.look() != "?":
            return test
        operator = self.match("?", ANY)
        yes = yield from self._node(self._or, one_of(":"))
        self.match(":", ANY)
        no = yield from self.expr(ENDS)
        self.joined()
        return self._called(operator.at, "_?_:_", None, [test, yes, no])

    def _or(self) -> Rule:
        return (yield from self._chain("||", self._and))

    def _and(self) -> Rule:
        return (yield from self._chain("&&", self._relation))

    def _chain(self, operator: str, inner) -> Rule:
        follow = one_of(operator, EMPTY)
        terms, places = [(yield from self._node(inner, follow))], []
        while self.look() == operator:
            places.append(self.match(operator, ANY).at)
            terms.append((yield from self._node(inner, follow)))
        return _balanced(f"_{operator}_", terms, places)

    def _relation(self, level: int = 1) -> Rule:
        made = yield from self._node(self._calc, RELATIONS | ENDS)
        while level <= 1 and self.look() in RELATIONS:
            made = yield from self._operated(made, self._relation, RELATIONS | ENDS, 2)
        return made

    def _calc(self, level: int = 1) -> Rule:
        follow = PRODUCTS | SUMS | ENDS
        made = yield from self._node(self._unary, follow)
        while True:
            if level <= 2 and self.look() in PRODUCTS:
                made = yield from self._operated(made, self._calc, follow, 3)
            elif level <= 1 and self.look() in SUMS:
                made = yield from self._operated(made, self._calc, follow, 2)
            else:
                return made

    def _operated(self, left: Node, inner, follow: Tokens, level: int) -> Rule:
        token = self.match(self.look(), ANY)
        right = yield from self._node(inner, follow, level)
        self.joined()
        return self._called(token.at, OPERATORS.get(token.sort, f"_{token.sort}_"), None, [left, right])

    def _unary(self) -> Rule:
        self.sync(ANY)
        if self.look() == "!":
            return (yield from self._repeated("!", "!_"))
        if self.look() == "-" and self.look(2) not in ("NUM_INT", "NUM_FLOAT"):
            if self.look(2) not in PRIMARY:
                raise self.no_way(2)
            return (yield from self._repeated("-", "-_"))
        return (yield from self._node(self._member, ENDS))

    def _repeated(self, sign: str, name: str) -> Rule:
        at, count = self.next.at, 0
        while self.look() == sign:
            if sign == "-" and self.look(2) not in PRIMARY:
                raise self.no_way(2)
            self.match(sign, ANY)
            count += 1
            self.sync_again(PRIMARY | {sign})
        inner = yield from self._node(self._member, ENDS)
        return self._called(at, name, None, [inner]) if count % 2 else inner

    # -- fields, calls, elements --------------------------------------------------------------------------------------

    def _member(self) -> Rule:
        made = yield from self._node(self._primary, TRAILERS)
        while self.look() in (".", "["):
            if self.look() == "[":
                made = yield from self._index(made)
            elif self.look(2) == "IDENTIFIER" and self.look(3) == "(":
                made = yield from self._method(made)
            elif self.look(2) in FIELD_NAME or self.look(2) == "?":
                made = self._select(made)
            else:
                raise _after(self.no_way(2), made)
            self.joined()
        return made

    def _select(self, operand: Node) -> Node:
        dot = self.match(".", FIELD_NAME | {"?"})
        is_optional = self.look() == "?" and bool(self.match("?", FIELD_NAME))
        at = self.next.at
        name = self.rule(self._field_name, TRAILERS)
        if name is None:
            return self._fault(at, "unsupported ident kind")
        text = self._plain(name)
        if is_optional:
            return Call(dot.at, name="_?._", arguments=[operand, Literal(name.at, sort="string", value=text)])
        return Select(dot.at, operand=operand, name=text)

    def _field_name(self) -> Token:
        self.sync(FIELD_NAME)
        if self.look() not in FIELD_NAME:
            raise self.no_way(1)
        return self.match(self.look(), ENDS)

    def _plain(self, token: Token) -> str:
        if token.sort == "ESC_IDENTIFIER":
            self._fault(token.at, "unsupported syntax: '`'")
        return token.text

    def _method(self, target: Node) -> Rule:
        self.match(".", one_of("IDENTIFIER"))
        name = self.match("IDENTIFIER", one_of("("))
        return (yield from self._call(name.text, target, TRAILERS))

    def _call(self, name: str, target: Node | None, after: Tokens) -> Rule:
        opened = self.match("(", ANY | {")"})
        self.sync(ANY | {")"})
        arguments = ((yield self._listed, CLOSED) or []) if self.look() in ANY else []
        made = self._called(opened.at, name, target, arguments)
        try:
            self.match(")", after)
        except Mismatch as mismatch:
            raise _after(mismatch, made) from None
        return made

    def _listed(self) -> Rule:
        found = [(yield from self.expr(COMMA_OR_END))]
        while self.look() == ",":
            self.match(",", ANY)
            found.append((yield from self.expr(COMMA_OR_END)))
        return found

    def _index(self, target: Node) -> Rule:
        opened = self.match("[", OR_OPTIONAL)
        self.sync(OR_OPTIONAL)
        is_optional = self.look() == "?" and bool(self.match("?", ANY))
        key = yield from self.expr(one_of("]"))
        self.match("]", TRAILERS)
        return self._called(opened.at, "_[?_]" if is_optional else "_[_]", None, [target, key])

    # -- primaries ----------------------------------------------------------------------------------------------------

    def _primary(self) -> Rule:
        self.sync(PRIMARY)
        sort = self.look()
        if sort == "(":
            self.match("(", ANY)
            inner = yield from self.expr(CLOSED)
            self.match(")", ENDS)
            return inner
        if sort == "[":
            return (yield from self._list())
        if sort == "{":
            return (yield from self._map())
        if sort in LITERALS or sort == "-":
            return self._literal()
        if sort not in (".", "IDENTIFIER"):
            raise self.no_way(1)
        return (yield from self._named())

    def _named(self) -> Rule:
        start = self.next.at
        is_global = self.look() == "."
        if is_global and self.look(2) != "IDENTIFIER":
            raise self.no_way(2)
        ahead = 2 if is_global else 1
        while self.look(ahead + 1) == "." and self.look(ahead + 2) == "IDENTIFIER":
            ahead += 2
        if self.look(ahead + 1) == "{":
            return (yield from self._struct())
        if is_global:
            self.match(".", one_of("IDENTIFIER"))
        name = self.match("IDENTIFIER", ENDS)
        text = f".{name.text}" if is_global else name.text
        if name.text not in RESERVED:
            return (yield from self._call(text, None, ENDS)) if self.look() == "(" else Ident(name.at, name=text)
        known = len(self.faults)
        try:
            if self.look() == "(":
                yield from self._call(text, None, ENDS)
        finally:
            del self.faults[known:]          # what it is called with is not looked at
            self._fault(start, f"reserved identifier: {name.text}")
        return Literal(start, sort="error")

    def _list(self) -> Rule:
        opened = self.match("[", OR_OPTIONAL)
        self.sync(OR_OPTIONAL | {",", "]"})
        made = ListOf(opened.at)
        if self.look() in OR_OPTIONAL:
            yield self._elements, one_of(",", "]"), made
        self._last_comma("]")
        return made

    def _last_comma(self, end: str) -> None:
        self.sync(one_of(",", end))
        if self.look() == ",":
            self.match(",", one_of(end))
        self.match(end, ENDS)

    def _elements(self, made: ListOf) -> Rule:
        while True:
            element, is_optional = yield from self._optional(COMMA_OR_END)
            if is_optional:
                made.optional.add(len(made.elements))
            made.elements.append(element)
            if self.look() != "," or self.look(2) not in OR_OPTIONAL:
                return
            self.match(",", OR_OPTIONAL)

    def _optional(self, follow: Tokens) -> Rule:
        at = self.next.at
        return (yield self._marked, follow) or (Literal(at, sort="error"), False)

    def _marked(self) -> Rule:
        self.sync(OR_OPTIONAL)
        is_optional = self.look() == "?" and bool(self.match("?", ANY))
        return (yield from self.expr(ENDS)), is_optional

    def _map(self) -> Rule:
        opened = self.match("{", OR_OPTIONAL)
        self.sync(OR_OPTIONAL | {",", "}"})
        made = MapOf(opened.at)
        if self.look() in OR_OPTIONAL:
            yield self._entries, one_of(",", "}"), made
        self._last_comma("}")
        return made

    def _entries(self, made: MapOf) -> Rule:
        while True:
            key, is_optional = yield from self._optional(one_of(":"))
            colon = self.match(":", ANY)
            value = yield from self.expr(COMMA_OR_END)
            made.entries.append(Entry(colon.at if colon else value.at, key=key, value=value, is_optional=is_optional))
            if self.look() != "," or self.look(2) not in OR_OPTIONAL:
                return
            self.match(",", OR_OPTIONAL)

    def _struct(self) -> Rule:
        words = []
        while self.look() != "{":
            words.append(self.match(self.look(), one_of(".", "{")).text)
        opened = self.match("{", FIELD_NAME | {"?", ",", "}"})
        self.sync(FIELD_NAME | {"?", ",", "}"})
        made = Struct(opened.at, name="".join(words))
        if self.look() in FIELD_NAME or self.look() == "?":
            yield self._fields, one_of(",", "}"), made
        self._last_comma("}")
        return made

    def _fields(self, made: Struct) -> Rule:
        while True:
            name, is_optional = self.rule(self._marked_name, one_of(":")) or (None, False)
            colon = self.match(":", ANY)
            value = yield from self.expr(COMMA_OR_END)
            made.entries.append(Entry(colon.at if colon else value.at, key=self._plain(name) if name else "", value=value,
                                      is_optional=is_optional))
            if self.look() != "," or self.look(2) not in FIELD_NAME | {"?"}:
                return
            self.match(",", FIELD_NAME | {"?"})

    def _marked_name(self) -> tuple[Token | None, bool]:
        self.sync(FIELD_NAME | {"?"})
        is_optional = self.look() == "?" and bool(self.match("?", FIELD_NAME))
        return self.rule(self._field_name, ENDS), is_optional

    # -- literals -----------------------------------------------------------------------------------------------------

    def _literal(self) -> Node:
        at, sign = self.next.at, ""
        if self.look() == "-":
            if self.look(2) not in ("NUM_INT", "NUM_FLOAT"):
                raise self.no_way(2)
            sign = self.match("-", one_of("NUM_INT", "NUM_FLOAT")).text
        token = self.match(self.look(), ENDS)
        if token.sort in ("true", "false"):
            return Literal(at, sort="bool", value=token.sort == "true")
        if token.sort == "null":
            return Literal(at, sort="null", value=None)
        if token.sort in ("STRING", "BYTES"):
            return self._quoted(token)
        if token.sort == "NUM_FLOAT":
            value = float(sign + token.text)
            return self._fault(at, "invalid double literal") if math.isinf(value) else Literal(at, sort="double", value=value)
        return self._whole(at, sign + token.text, "uint" if token.sort == "NUM_UINT" else "int")

    def _quoted(self, token: Token) -> Node:
        try:
            return Literal(token.at, sort=token.sort.lower(), value=unquoted(token.text))
        except ValueError as error:
            return self._fault(token.at, str(error))

    def _whole(self, at: int, text: str, sort: str) -> Node:
        digits = text.rstrip("uU")
        least, most = LIMITS[sort]
        if len(digits) > 100 or not least <= (value := int(digits, 16 if "0x" in digits else 10)) < most:
            return self._fault(at, f"invalid {sort} literal")
        return Literal(at, sort=sort, value=value)


def unquoted(text: str) -> str:
    """What a quoted text says, or, a character each, quoted bytes. Raises ValueError. Source: parser/unescape.go."""
    is_bytes = text[0] in "bB"
    text = text[1:] if is_bytes else text
    is_raw = text[0] in "rR"
    text = text[1:] if is_raw else text
    inner = text[3:-3] if text[:3] in ('"""', "'''") and len(text) >= 6 else text[1:-1]
    return inner if is_raw else _ESCAPE.sub(_of_bytes if is_bytes else _unescaped, inner)


def _of_bytes(found: re.Match) -> str:
    if found[1] or found[2]:
        raise ValueError("unable to unescape string")
    return _unescaped(found)


def _unescaped(found: re.Match) -> str:
    short, long, byte, octal, plain = found.groups()
    if plain is not None:
        return ESCAPES.get(plain, plain)
    code = int(octal, 8) if octal else int(short or long or byte, 16)
    if code >= 0x110000 or 0xD800 <= code < 0xE000:
        raise ValueError("invalid unicode code point")
    return chr(code)
