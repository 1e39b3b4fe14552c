"""The rules of `x-kubernetes-validations`, asked of each part of a custom resource that has some.

A rule that uses what this evaluator does not know (expressions.py) is not asked; it passes.
Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
"""
from __future__ import annotations

from dataclasses import dataclass

from cluster.meta.fields import OMIT, FieldError

from . import expressions
from .failures import BUDGET, NO_OVERLOAD

SHORT_META = ("name", "generateName")
REASONS = {"FieldValueRequired": "Required", "FieldValueForbidden": "Forbidden", "FieldValueInvalid": "Invalid",
           "FieldValueDuplicate": "Duplicate"}
NO_FIELD = "<nil>"


@dataclass(frozen=True)
class Rule:
    """One rule, read. about: the type of the part that it is asked of. message: another expression that words the complaint, or None."""

    said: dict
    about: str
    test: expressions.Expression
    message: expressions.Expression | None
    is_transition: bool


@dataclass(frozen=True)
class Rules:
    """The rules of one part, and of the parts within it."""

    own: tuple[Rule, ...]
    properties: dict[str, Rules]
    more: Rules | None
    items: Rules | None

    def errors(self, obj: dict, old: dict | None) -> list[FieldError]:
        """The complaints about a whole object. old: what it replaces."""
        found: list[FieldError] = []
        self._visit(_root(obj), None if old is None else _root(old), "", found)
        return found

    def _visit(self, value: object, old: object, path: str, found: list[FieldError]) -> None:
        for rule in self.own:
            error = _asked(rule, value, old, path)
            if error is not None:
                found.append(error)
        if isinstance(value, dict):
            before = old if isinstance(old, dict) else {}
            for name, item in value.items():
                inner = self.properties.get(name) or self.more
                if inner is not None:
                    inner._visit(item, before.get(name), f"{path}.{name}" if path else name, found)
        elif isinstance(value, list) and self.items is not None:
            for index, item in enumerate(value):
                self.items._visit(item, None, f"{path}[{index}]", found)


def rules_of(schema: dict) -> Rules | None:
    """The rules in a schema, None if it has none anywhere."""
    own = tuple(rule for said in schema.get("x-kubernetes-validations") or () if (rule := _read(said, schema.get("type", ""))) is not None)
    properties = {name: rules for name, inner in (schema.get("properties") or {}).items() if (rules := rules_of(inner))}
    more = schema.get("additionalProperties")
    inside = rules_of(more) if isinstance(more, dict) else None
    items = rules_of(schema["items"]) if isinstance(schema.get("items"), dict) else None
    declared = schema.get("x-kubernetes-validations")
    return Rules(own, properties, inside, items) if own or declared or properties or inside or items else None


def _read(said: dict, about: str) -> Rule | None:
    try:
        test = expressions.parse(said.get("rule", ""))
        wording = said.get("messageExpression")
        return Rule(said, about, test, expressions.parse(wording) if wording else None, "oldSelf" in expressions.names(test))
    except expressions.Unknown:
        return None


def _root(obj: dict) -> dict:
    meta = {name: value for name, value in (obj.get("metadata") or {}).items() if name in SHORT_META}
    return {**obj, "metadata": meta}


def _asked(rule: Rule, value: object, old: object, path: str) -> FieldError | None:
    if rule.is_transition and old is None:
        return None
    names = {"self": value, "oldSelf": old}
    try:
        if expressions.evaluate(rule.test, names) is True:
            return None
        text = _message(rule, names)
    except expressions.Unknown:
        return None
    except expressions.Failed as error:
        return FieldError("Invalid", path or NO_FIELD, rule.about, _failure(rule, str(error)))
    where = path + (rule.said.get("fieldPath") or "")
    shown = OMIT if rule.about in ("object", "array") else value
    return FieldError(REASONS.get(rule.said.get("reason", ""), "Invalid"), where.lstrip(".") or NO_FIELD, shown, text)


def _failure(rule: Rule, why: str) -> str:
    """Of a rule that has no value."""
    words = (rule.said.get("message") or rule.said.get("rule") or "").strip()
    if why.startswith(NO_OVERLOAD):
        return f"'{why}': call arguments did not match a supported operator, function or macro signature for rule: {words}"
    return why if why == BUDGET else f"{why} evaluating rule: {words}"


def _message(rule: Rule, names: dict) -> str:
    if rule.message is not None:
        try:
            text = expressions.evaluate(rule.message, names)
            if isinstance(text, str) and text.strip() and "\n" not in text:
                return text
        except expressions.Failed:
            pass
    return (rule.said.get("message") or "").strip() or f"failed rule: {rule.said.get('rule', '').strip()}"
