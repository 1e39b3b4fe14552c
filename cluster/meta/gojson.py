"""JSON as Go reads it: the same syntax errors, numbers that remember their digits, repeated keys that are noticed.

Source: Go's encoding/json scanner.go; sigs.k8s.io/json.
"""
from __future__ import annotations

import json
import math
import re

from cluster.meta.gotext import quote

MAX_DEPTH = 10_000
_SPACE = " \t\r\n"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LONGEST_INTEGER = 400  # digits; a longer number is infinite to whoever wants a number, and keeps its text


class JSONError(ValueError):
    """Text that is no JSON; the message is Go's."""


class Number(float):
    """A number with a point or an exponent, or of very many digits; `text` is how it was written."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number


class Repeated(dict):
    """An object with a key that comes more than once; `pairs` has all of them in order."""

    __slots__ = ("pairs",)


def _object(pairs: list) -> dict:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    repeated = Repeated(value)
    repeated.pairs = pairs
    return repeated


def _constant(word: str) -> None:
    raise ValueError(word)


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= _LONGEST_INTEGER else Number(text)


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=Number, parse_int=_integer, parse_constant=_constant)


def parse(raw: bytes | str) -> object:
    """The value that a JSON text holds. Bytes that are not UTF-8 read as U+FFFD, as in Go. Raises JSONError."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    try:
        value = _decoder.decode(text)
        return _cleaned(value) if _ESCAPED_SURROGATE.search(text) else value
    except RecursionError:
        raise JSONError("exceeded max depth") from None
    except ValueError:
        raise JSONError(syntax_error(text)) from None


def _cleaned(value: object) -> object:
    """A value whose strings have no lone surrogates, which Go reads as U+FFFD."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        pairs = value.pairs if type(value) is Repeated else value.items()
        return _object([(clean(key), _cleaned(item)) for key, item in pairs])
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def plain(value: object) -> object:
    """Free-form JSON without this module's markers: numbers as floats, the last of repeated keys.

    Raises JSONError for a number that is too large for a float.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Number):
        return _float(value, value.text)
    if isinstance(value, int) and not isinstance(value, bool) and not -2**63 <= value < 2**63:
        return _float(value, str(value))
    return value


def _float(value: float, text: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise JSONError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return number


def syntax_error(text: str) -> str:
    """What Go's scanner says about a text that is no JSON."""
    try:
        _Scanner(text).scan()
    except JSONError as error:
        return str(error)
    return "unexpected end of JSON input"


class _Scanner:
    """Walks a text until the first character that JSON does not allow there."""

    def __init__(self, text: str):
        self.text, self.position = text, 0

    def scan(self) -> None:
        """Raises JSONError where the text goes wrong. Works with a stack, so that depth costs nothing."""
        stack: list[str] = []
        state = "value"
        while True:
            char = self._skip_space()
            if state == "value":
                state = self._value(char, stack)
            elif state in ("first key", "key"):
                state = self._key(char, stack, may_end=state == "first key")
            else:
                state = self._after(char, stack)
            if state == "done":
                self._end()
                return

    def _skip_space(self) -> str:
        while self.position < len(self.text) and self.text[self.position] in _SPACE:
            self.position += 1
        return self.text[self.position] if self.position < len(self.text) else ""

    def _fail(self, where: str, *, at_end: str = "") -> JSONError:
        """at_end: what the end of the text reads as; within a word or number Go takes it for a space."""
        char = self.text[self.position:self.position + 1] or at_end
        if not char:
            return JSONError("unexpected end of JSON input")
        return JSONError(f"invalid character {_quoted(char)} {where}")

    def _value(self, char: str, stack: list[str]) -> str:
        if char in ("{", "["):
            stack.append(char)
            self.position += 1
            if len(stack) > MAX_DEPTH:
                raise JSONError("exceeded max depth")
            return "first key" if char == "{" else self._first_item(stack)
        if char == '"':
            self._string()
        elif char and char in "-0123456789":
            self._number()
        elif char and char in "tfn":
            self._word({"t": "true", "f": "false", "n": "null"}[char])
        else:
            raise self._fail("looking for beginning of value")
        return "after" if stack else "done"

    def _first_item(self, stack: list[str]) -> str:
        if self._skip_space() == "]":
            return self._close(stack)
        return "value"

    def _close(self, stack: list[str]) -> str:
        stack.pop()
        self.position += 1
        return "after" if stack else "done"

    def _key(self, char: str, stack: list[str], *, may_end: bool) -> str:
        if char == "}" and may_end:
            return self._close(stack)
        if char != '"':
            raise self._fail("looking for beginning of object key string")
        self._string()
        if self._skip_space() != ":":
            raise self._fail("after object key")
        self.position += 1
        return "value"

    def _after(self, char: str, stack: list[str]) -> str:
        inside = stack[-1]
        if char == ",":
            self.position += 1
            return "key" if inside == "{" else "value"
        if char == ("}" if inside == "{" else "]"):
            return self._close(stack)
        raise self._fail("after object key:value pair" if inside == "{" else "after array element")

    def _end(self) -> None:
        if self._skip_space():
            raise self._fail("after top-level value")

    def _string(self) -> None:
        self.position += 1
        while True:
            char = self.text[self.position:self.position + 1]
            if char == '"':
                self.position += 1
                return
            if char == "\\":
                self._escape()
            elif not char or char < " ":
                raise self._fail("in string literal")
            else:
                self.position += 1

    def _escape(self) -> None:
        self.position += 1
        char = self.text[self.position:self.position + 1]
        if not char or char not in '"\\/bfnrtu':
            raise self._fail("in string escape code", at_end=" ")
        self.position += 1
        for _ in range(4 if char == "u" else 0):
            digit = self.text[self.position:self.position + 1]
            if not digit or digit not in "0123456789abcdefABCDEF":
                raise self._fail("in \\u hexadecimal character escape", at_end=" ")
            self.position += 1

    def _number(self) -> None:
        text = self.text
        if text[self.position] == "-":
            self.position += 1
            self._need_digit("in numeric literal")
        if text[self.position] == "0":
            self.position += 1
        else:
            self._digits()
        if text[self.position:self.position + 1] == ".":
            self.position += 1
            self._need_digit("after decimal point in numeric literal")
            self._digits()
        if text[self.position:self.position + 1] in ("e", "E"):
            self.position += 1
            if text[self.position:self.position + 1] in ("+", "-"):
                self.position += 1
            self._need_digit("in exponent of numeric literal")
            self._digits()

    def _need_digit(self, where: str) -> None:
        char = self.text[self.position:self.position + 1]
        if not char or char not in "0123456789":
            raise self._fail(where, at_end=" ")

    def _digits(self) -> None:
        while self.text[self.position:self.position + 1] in tuple("0123456789"):
            self.position += 1

    def _word(self, word: str) -> None:
        for expected in word:
            if self.text[self.position:self.position + 1] != expected:
                raise self._fail(f"in literal {word} (expecting {_quoted(expected)})", at_end=" ")
            self.position += 1


def _quoted(char: str) -> str:
    """A character as Go's scanner quotes it: the first byte alone, in single quotes."""
    if char == "'":
        return "'\\''"
    if char == '"':
        return "'\"'"
    first = chr(char.encode("utf-8", "surrogatepass")[0])
    return "'" + quote(first)[1:-1] + "'"


def clean(text: str) -> str:
    """A string without lone surrogates, which Go reads as U+FFFD."""
    return _LONE_SURROGATE.sub("\ufffd", text)
