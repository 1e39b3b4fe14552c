"""Field selectors: `status.phase=Running,spec.nodeName!=`, read and matched.

Source: k8s.io/apimachinery pkg/fields/selector.go.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .remembering import remembered


class FieldSelectorError(ValueError):
    """A field selector that cannot be read; the message is upstream's."""


class Term(NamedTuple):
    """field = value, or field != value where `equal` is false."""

    field: str
    value: str
    equal: bool

    def __str__(self) -> str:
        return f"{self.field}{'=' if self.equal else '!='}{_escaped(self.value)}"


class FieldSelector(NamedTuple):
    """All of some terms."""

    terms: tuple[Term, ...]

    def matches(self, obj: dict, readers: Mapping[str, Callable[[dict], str]]) -> bool:
        """Whether an object is selected. readers: how to read each field (a kind's `selectable`)."""
        return self.bound(readers)(obj)

    def bound(self, readers: Mapping[str, Callable[[dict], str]]) -> Callable[[dict], bool]:
        """The same test, made once for many objects; a field of several terms is read once."""
        wanted: dict[Callable[[dict], str], list[tuple[str, bool]]] = {}
        for field, value, equal in self.terms:
            wanted.setdefault(_reader(field, readers), []).append((value, equal))
        rows = [(read, tuple(value for value, equal in terms if equal), tuple(value for value, equal in terms if not equal))
                for read, terms in wanted.items()]
        if len(rows) == 1:
            return _single(*rows[0])
        tests = [_single(*row) for row in rows]
        return lambda obj: all([test(obj) for test in tests])

    def unsupported(self, readers: Mapping[str, Callable[[dict], str]]) -> str | None:
        """The first field that the kind cannot be selected by: `field label not supported: x` is the complaint."""
        return next((t.field for t in self.terms if t.field not in _METADATA and t.field not in readers), None)

    def required(self, field: str) -> str | None:
        """The value that a field must have, if one is asked for."""
        return next((term.value for term in self.terms if term.equal and term.field == field), None)

    def __str__(self) -> str:
        return ",".join(str(term) for term in self.terms)


_METADATA: dict[str, Callable[[dict], str]] = {
    "metadata.name": lambda obj: obj["metadata"].get("name", ""), "metadata.namespace": lambda obj: obj["metadata"].get("namespace", ""),
}


def _single(read: Callable[[dict], str], values: tuple[str, ...], others: tuple[str, ...]) -> Callable[[dict], bool]:
    """Whether one field has each of some values, and none of the others."""
    if not values:
        return lambda obj: read(obj) not in others
    if values[0] in others or any(value != values[0] for value in values):
        return lambda obj: False
    return lambda obj: read(obj) == values[0]


def _reader(field: str, readers: Mapping[str, Callable[[dict], str]]) -> Callable[[dict], str]:
    """How a field is read."""
    return _METADATA.get(field) or readers.get(field) or _nothing


def _nothing(obj: dict) -> str:
    """What a field that is not known is read as."""
    return ""


_OPERATOR, _SPECIAL = re.compile("!=|==?"), re.compile(r"[\\,=]")


@remembered(4096)
def parse(text: str) -> FieldSelector:
    """The selector that a string means; terms in sorted order. Raises FieldSelectorError."""
    terms = []
    for part in sorted(_split_terms(text)):
        if not part:
            continue
        split = _split_term(part)
        if split is None:
            raise FieldSelectorError(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = split
        value = _unescaped(value)
        if field or value:
            terms.append(Term(field, value, operator != "!="))
    return FieldSelector(tuple(terms))


def _split_terms(text: str) -> list[str]:
    """The comma-separated terms; a comma after a backslash is data."""
    if "," not in text:
        return [text]
    terms, start, escaped = [], 0, False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == ",":
            terms.append(text[start:index])
            start = index + 1
    return [*terms, text[start:]]


def _split_term(term: str) -> tuple[str, str, str] | None:
    found = _OPERATOR.search(term)
    return (term[:found.start()], found[0], term[found.end():]) if found else None


def _unescaped(text: str) -> str:
    if not _SPECIAL.search(text):
        return text
    result, escaped = [], False
    for char in text:
        if escaped and char not in "\\,=":
            raise FieldSelectorError(f"invalid field selector: invalid escape sequence: \\{char}")
        if not escaped and char in ",=":
            raise FieldSelectorError(f"invalid field selector: unescaped character in value: {ord(char)}")
        if char == "\\" and not escaped:
            escaped = True
            continue
        escaped = False
        result.append(char)
    if escaped:
        raise FieldSelectorError("invalid field selector: invalid escape sequence: \\")
    return "".join(result)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")
