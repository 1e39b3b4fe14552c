"""Owns `$((…))`: whole numbers of 64 bits, C's operators, variables. Source: busybox 1.35 shell/math.c."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable
from functools import lru_cache, partial

TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F]+|[0-9]+(?:#[0-9a-zA-Z@_]+)?)|([A-Za-z_]\w*)|"
    r"(\*\*|<<=|>>=|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%<>=!~&|^?:(),]))",
    re.ASCII,
)
LEVELS = (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", "<=", ">", ">="), ("<<", ">>"), ("+", "-"), ("*", "/", "%"))
LEVEL_OF = {sign: number for number, signs in enumerate(LEVELS) for sign in signs}
WORKS = {"+": operators.add, "-": operators.sub, "*": operators.mul, "&": operators.and_, "|": operators.or_, "^": operators.xor,
         "==": operators.eq, "!=": operators.ne, "<": operators.lt, "<=": operators.le, ">": operators.gt, ">=": operators.ge}  # fmt: skip
SHORT = 100  # characters of an expression whose tokens are remembered
ASSIGNS = ("=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^=")
MOST_TOKENS, MOST_NESTED, MOST_DIGITS = 2_000, 60, 4_000


class ArithmeticWrong(ValueError):
    """What cannot be worked out; the message is ash's."""


def evaluate(text: str, get: Callable[[str], str], put: Callable[[str, str], None], depth: int = 0) -> int:
    """The value of an expression. Raises ArithmeticWrong."""
    tokens = _known_tokens(text) if len(text) < SHORT else tokens_of(text)
    if not tokens:
        return 0
    reckoning = _Reckoning(tokens, get, put, depth)
    value = reckoning.comma()
    if reckoning.at < len(tokens):
        raise ArithmeticWrong("arithmetic syntax error")
    return value


def tokens_of(text: str) -> list[re.Match]:
    """An expression's tokens. Raises ArithmeticWrong."""
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found or len(tokens) > MOST_TOKENS:
            raise ArithmeticWrong("arithmetic syntax error")
        tokens.append(found)
        at = found.end()
    return tokens


@lru_cache(maxsize=512)
def _known_tokens(text: str) -> list[re.Match]:
    """The same, kept: a loop works out one expression again and again."""
    return tokens_of(text)


def wrapped(value: int) -> int:
    """A value as 64 bits hold it."""
    if -(2**63) <= value < 2**63:
        return value
    return (value + 2**63) % 2**64 - 2**63


class _Reckoning:
    """One expression; `idle` counts the branches around us that are not taken."""

    def __init__(self, tokens: list[re.Match], get, put, depth: int):
        self.tokens, self.get, self.put, self.depth = tokens, get, put, depth
        self.at = self.idle = self.nested = 0

    def sign(self) -> str:
        return self.tokens[self.at][3] or "" if self.at < len(self.tokens) else ""

    def take(self, *signs: str) -> str:
        found = self.sign()
        if found and found in signs:
            self.at += 1
            return found
        return ""

    def comma(self) -> int:
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise ArithmeticWrong("expression recursion loop detected")
        value = self.assigned()
        while self.take(","):
            value = self.assigned()
        self.nested -= 1
        return value

    def assigned(self) -> int:
        here = self.tokens[self.at] if self.at < len(self.tokens) else None
        ahead = self.tokens[self.at + 1][3] if self.at + 1 < len(self.tokens) else ""
        if here is None or not here[2] or ahead not in ASSIGNS:
            return self.choice()
        self.at += 2
        value = self.assigned()
        if len(ahead) > 1:
            value = self.work(ahead[:-1], self.variable(here[2]), value)
        self.store(here[2], value)
        return value

    def choice(self) -> int:
        value = self.level(0)
        if not self.take("?"):
            return value
        first = self.maybe(bool(value), self.comma)
        if not self.take(":"):
            raise ArithmeticWrong("malformed ?: operator")
        second = self.maybe(not value, self.assigned)
        return first if value else second

    def maybe(self, is_taken: bool, read: Callable[[], int]) -> int:
        self.idle += not is_taken
        value = read()
        self.idle -= not is_taken
        return value

    def level(self, number: int) -> int:
        """Operators of this level and of those that bind closer."""
        value = self.power()
        while (found := LEVEL_OF.get(operator := self.sign(), -1)) >= number:
            self.at += 1
            if operator in ("||", "&&"):
                decides = bool(value) == (operator == "||")
                right = self.maybe(not decides, partial(self.level, found + 1))
                value = int(bool(value) or bool(right)) if operator == "||" else int(bool(value) and bool(right))
            else:
                value = self.work(operator, value, self.level(found + 1))
        return value

    def power(self) -> int:
        value = self.unary()
        if self.take("**"):
            exponent = self.power()
            if exponent < 0 and not self.idle:
                raise ArithmeticWrong("exponent less than 0")
            return wrapped(pow(value, max(exponent, 0), 2**64))
        return value

    def unary(self) -> int:
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise ArithmeticWrong("expression recursion loop detected")
        operator = self.take("!", "~", "-", "+", "++", "--")
        if operator in ("++", "--") and self.at < len(self.tokens) and self.tokens[self.at][2]:
            name = self.tokens[self.at][2]
            self.at += 1
            value = wrapped(self.variable(name) + (1 if operator == "++" else -1))
            self.store(name, value)
        elif operator:
            inner = self.unary()
            value = {"!": int(not inner), "~": ~inner, "-": wrapped(-inner), "--": inner}.get(operator, inner)
        else:
            value = self.primary()
        self.nested -= 1
        return value

    def primary(self) -> int:
        if self.at >= len(self.tokens):
            raise ArithmeticWrong("arithmetic syntax error")
        number, name, _ = self.tokens[self.at].groups()
        if self.take("("):
            value = self.comma()
            if not self.take(")"):
                raise ArithmeticWrong("arithmetic syntax error")
            return value
        self.at += 1
        if number is not None:
            return number_of(number)
        if name is None:
            raise ArithmeticWrong("arithmetic syntax error")
        value = self.variable(name)
        if step := self.take("++", "--"):
            self.store(name, wrapped(value + (1 if step == "++" else -1)))
        return value

    def variable(self, name: str) -> int:
        text = self.get(name).strip()
        if not text or self.idle:
            return 0
        if text.isascii() and text.isdigit() and text[0] != "0":
            return number_of(text)
        if self.depth > 20:
            raise ArithmeticWrong("expression recursion loop detected")
        return evaluate(text, self.get, self.put, self.depth + 1)

    def store(self, name: str, value: int) -> None:
        if not self.idle:
            self.put(name, str(value))

    def work(self, operator: str, left: int, right: int) -> int:
        if operator in ("/", "%"):
            if right == 0:
                if self.idle:
                    return 0
                raise ArithmeticWrong("divide by zero")
            value = abs(left) // abs(right)
            value = value if (left < 0) == (right < 0) else -value
            return wrapped(value if operator == "/" else left - right * value)
        if operator in ("<<", ">>"):
            return wrapped(left << (right & 63)) if operator == "<<" else left >> (right & 63)
        return wrapped(int(WORKS[operator](left, right)))


def number_of(text: str) -> int:
    """A number as C reads it: 0x…, 0…, base#…"""
    if len(text) > MOST_DIGITS:
        raise ArithmeticWrong("arithmetic syntax error")
    base, hash_sign, digits = text.partition("#")
    try:
        if hash_sign:
            return wrapped(int(digits, int(base)))
        if text[:2] in ("0x", "0X"):
            return wrapped(int(text, 16))
        return min(int(text, 8 if text[0] == "0" and len(text) > 1 else 10), 2**64 - 1) if len(text) < 20 else 2**63 - 1
    except ValueError:
        raise ArithmeticWrong("arithmetic syntax error") from None
