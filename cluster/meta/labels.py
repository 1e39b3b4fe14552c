"""Label selectors: strings (`app in (a, b),!x`) and LabelSelector objects, turned into something that matches labels.

Source: k8s.io/apimachinery pkg/labels/selector.go, pkg/apis/meta/v1/helpers.go, pkg/apis/meta/v1/validation/validation.go.
"""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from . import names
from .fields import FieldError, aggregate, forbidden, invalid, required
from .gotext import atoi, quote
from .objectmeta import validate_labels
from .remembering import remembered

Labels = Mapping[str, str]
_BINARY_OPERATORS = "in, notin, =, ==, !=, gt, lt"
_OBJECT_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
_TOKEN = re.compile(r"[ \t\r\n]*(==|=|!=|[!(),<>]|[^=!(),>< \t\r\n]+|\Z)")


class SelectorError(ValueError):
    """A selector that cannot be read; the message is upstream's."""


class Requirement(NamedTuple):
    """key operator values; operator: in, notin, =, ==, !=, exists, !, gt, lt."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Labels) -> bool:
        """Whether a set of labels meets this requirement."""
        operator = self.operator
        if operator in ("in", "=", "=="):
            return labels.get(self.key) in self.values
        if operator in ("notin", "!="):
            return self.key not in labels or labels[self.key] not in self.values
        if operator == "exists":
            return self.key in labels
        return self.key not in labels if operator == "!" else self._compares(labels)

    def _compares(self, labels: Labels) -> bool:
        found = labels.get(self.key, "")
        number, limit = atoi(found), atoi(self.values[0]) if len(self.values) == 1 else None
        if number is None or limit is None:
            return False
        return number > limit if self.operator == "gt" else number < limit

    def __str__(self) -> str:
        if self.operator in ("exists", "!"):
            return f"{'!' if self.operator == '!' else ''}{self.key}"
        values = ",".join(sorted(self.values))
        if self.operator in ("in", "notin"):
            return f"{self.key} {self.operator} ({values})"
        symbol = {"gt": ">", "lt": "<"}.get(self.operator, self.operator)
        return f"{self.key}{symbol}{values}"


class Selector:
    """All of some requirements. Without any it matches everything; `NOTHING` matches nothing."""

    __slots__ = ("_exact", "_nothing", "_rest", "requirements")

    def __init__(self, requirements: Sequence[Requirement] = (), *, nothing: bool = False):
        self.requirements = tuple(sorted(requirements, key=lambda requirement: requirement.key))
        single = [r for r in self.requirements if r.operator in ("=", "==", "in") and len(r.values) == 1]
        self._exact = tuple((r.key, r.values[0]) for r in single)
        self._rest = tuple(r for r in self.requirements if r not in single)
        self._nothing = nothing

    def matches(self, labels: Labels | None) -> bool:
        """Whether an object's labels (or None) are selected."""
        if self._nothing:
            return False
        if not labels:
            labels = _NO_LABELS
        for key, value in self._exact:
            if labels.get(key) != value:
                return False
        return not self._rest or all(requirement.matches(labels) for requirement in self._rest)

    @property
    def empty(self) -> bool:
        """Whether it restricts nothing."""
        return not self.requirements and not self._nothing

    @property
    def matches_nothing(self) -> bool:
        return self._nothing

    def __str__(self) -> str:
        return ",".join(str(requirement) for requirement in self.requirements)


_NO_LABELS: dict[str, str] = {}
EVERYTHING = Selector()
NOTHING = Selector(nothing=True)


def from_labels(labels: Labels | None) -> Selector:
    """A selector for exactly these labels (a Service's, a ReplicationController's); none or empty: everything."""
    return Selector([Requirement(key, "=", (value,)) for key, value in (labels or {}).items()])


def from_object(selector: dict | None) -> Selector:
    """The selector that a LabelSelector object means: None selects nothing, {} everything. Raises SelectorError."""
    if selector is None:
        return NOTHING
    return _compiled(_frozen(selector))


def _frozen(selector: dict) -> tuple:
    labels = tuple((selector.get("matchLabels") or _NO_LABELS).items())
    expressions = selector.get("matchExpressions")
    if not expressions:
        return labels, ()
    return labels, tuple((e.get("key", ""), e.get("operator", ""), tuple(e.get("values") or ())) for e in expressions)


@lru_cache(maxsize=4096)
def _compiled(frozen: tuple) -> Selector:
    labels, expressions = frozen
    found = [requirement(key, "=", (value,)) for key, value in labels]
    for key, operator, values in expressions:
        if operator not in _OBJECT_OPERATORS:
            raise SelectorError(f"{quote(operator)} is not a valid label selector operator")
        found.append(requirement(key, _OBJECT_OPERATORS[operator], values))
    return Selector(found)


def requirement(key: str, operator: str, values: Sequence[str] = ()) -> Requirement:
    """A checked requirement. Raises SelectorError."""
    values = tuple(values)
    errors = _key_errors(key, "key") + _value_count_errors(operator, values)
    for index, value in enumerate(values):
        if messages := names.label_value(value):
            errors.append(invalid(f"values[{index}][{key}]", value, "; ".join(messages)))
    if errors:
        raise SelectorError(aggregate(errors))
    return Requirement(key, operator, values)


def _key_errors(key: str, path: str) -> list[FieldError]:
    messages = names.qualified_name(key)
    return [invalid(path, key, "; ".join(messages))] if messages else []


def _value_count_errors(operator: str, values: tuple[str, ...]) -> list[FieldError]:
    shown = list(values)
    if operator in ("in", "notin"):
        return [] if values else [invalid("values", shown, "for 'in', 'notin' operators, values set can't be empty")]
    if operator in ("=", "==", "!="):
        return [] if len(values) == 1 else [invalid("values", shown, "exact-match compatibility requires one single value")]
    if operator in ("exists", "!"):
        return [invalid("values", shown, "values set must be empty for exists and does not exist")] if values else []
    errors = []
    if len(values) != 1:
        errors.append(invalid("values", shown, "for 'Gt', 'Lt' operators, exactly one value is required"))
    for index, value in enumerate(values):
        if atoi(value) is None:
            errors.append(invalid(f"values[{index}]", value, "for 'Gt', 'Lt' operators, the value must be an integer"))
    return errors


@remembered(1024)
def parse(text: str) -> Selector:
    """The selector that a string such as `app=web,tier in (a,b),!x` means. Raises SelectorError."""
    return Selector(_Parser(text).requirements())


class _Parser:
    """Reads a selector string, token by token; the end of the string is the token ""."""

    def __init__(self, text: str):
        self.tokens = self._scan(text)
        self.position = 0

    @staticmethod
    def _scan(text: str) -> list[str]:
        tokens, position = [], 0
        text = text.split("\0", 1)[0]
        while True:
            found = _TOKEN.match(text, position)
            tokens.append(found[1])
            position = found.end()
            if not tokens[-1]:
                return tokens

    def look(self) -> str:
        return self.tokens[self.position]

    def take(self) -> str:
        token = self.tokens[self.position]
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        while token := self.look():
            if not (_is_word(token) or token == "!"):
                raise SelectorError(f"found '{token}', expected: !, identifier, or 'end of string'")
            try:
                found.append(self._requirement())
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            token = self.take()
            if not token:
                return found
            if token != ",":
                raise SelectorError(f"found '{token}', expected: ',' or 'end of string'")
            if not (_is_word(self.look()) or self.look() == "!"):
                raise SelectorError(f"found '{self.look()}', expected: identifier after ','")
        return found

    def _requirement(self) -> Requirement:
        key, operator = self._key()
        if operator:
            return requirement(key, operator)
        token = self.take()
        operator = {">": "gt", "<": "lt"}.get(token, token)
        if token not in ("in", "=", "==", ">", "<", "notin", "!="):
            raise SelectorError(f"found '{token}', expected: {_BINARY_OPERATORS}")
        values = self._values() if operator in ("in", "notin") else [self._exact_value()]
        return requirement(key, operator, sorted(dict.fromkeys(values)))

    def _key(self) -> tuple[str, str]:
        token, operator = self.take(), ""
        if token == "!":
            token, operator = self.take(), "!"
        if not _is_word(token):
            raise SelectorError(f"found '{token}', expected: identifier")
        if errors := _key_errors(token, "<nil>"):
            raise SelectorError(str(errors[0]))
        if self.look() in ("", ","):
            operator = operator or "exists"
        return token, operator

    def _exact_value(self) -> str:
        if self.look() in ("", ","):
            return ""
        token = self.take()
        if not _is_word(token):
            raise SelectorError(f"found '{token}', expected: identifier")
        return token

    def _values(self) -> list[str]:
        token = self.take()
        if token != "(":
            raise SelectorError(f"found '{token}' expected: '('")
        token = self.look()
        if token == ")":
            self.take()
            return [""]
        if not (_is_word(token) or token == ","):
            raise SelectorError(f"found '{token}', expected: ',', ')' or identifier")
        values = self._identifiers()
        if self.take() != ")":
            raise SelectorError(f"found '{token}', expected: ')'")
        return values

    def _identifiers(self) -> list[str]:
        values: list[str] = []
        while True:
            token = self.take()
            if _is_word(token):
                values.append(token)
                if self.look() == ")":
                    return values
                if self.look() != ",":
                    raise SelectorError(f"found '{self.look()}', expected: ',' or ')'")
            elif token == ",":
                if not values or self.look() in (")", ","):
                    values.append("")
                if self.look() == ")":
                    return values
            else:
                raise SelectorError(f"found '{token}', expected: ',', or identifier")


def _is_word(token: str) -> bool:
    return bool(token) and token[0] not in "=!(),><"


def validate_label_selector(selector: dict | None, path: str, *, allow_invalid_values: bool = False) -> list[FieldError]:
    """A LabelSelector object's own rules. allow_invalid_values: for updates of what was stored so before."""
    if not selector:
        return []
    errors = validate_labels(selector.get("matchLabels"), f"{path}.matchLabels")
    for index, expression in enumerate(selector.get("matchExpressions") or ()):
        here = f"{path}.matchExpressions[{index}]"
        errors += _validate_expression(expression, here, allow_invalid_values)
    return errors


def _validate_expression(expression: dict, path: str, allow_invalid_values: bool) -> list[FieldError]:
    operator, values = expression.get("operator", ""), expression.get("values") or []
    errors = []
    if operator in ("In", "NotIn"):
        if not values:
            errors.append(required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            errors.append(forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
    else:
        errors.append(invalid(f"{path}.operator", operator, "not a valid selector operator"))
    key = expression.get("key", "")
    errors += [invalid(f"{path}.key", key, message) for message in names.qualified_name(key)]
    if not allow_invalid_values:
        for index, value in enumerate(values):
            errors += [invalid(f"{path}.values[{index}]", value, message) for message in names.label_value(value)]
    return errors


def format_selector(selector: dict | None) -> str:
    """A LabelSelector object as kubectl and messages print it: `app=web,tier in (a,b)`, `<none>` when empty."""
    if selector is None:
        return "<none>"
    try:
        return str(from_object(selector)) or "<none>"
    except SelectorError:
        return "<error>"
