"""Expressions that no compiler would read: what configures admission is refused with them.

Only the grammar is looked at, not types and names; what custom/expressions.py leaves out of the language (bytes, quoted field names)
is taken for well formed.
Source: k8s.io/apiserver pkg/admission/plugin/cel/compile.go, pkg/apis/admissionregistration/validation/validation.go.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from cluster.kinds.base import Kind
from cluster.meta import fields
from cluster.meta.fields import FieldError

from .custom import defaults, expressions

GROUP = "admissionregistration.k8s.io"
_BEYOND = re.compile(r"""`|\b[bB][rR]?['"]|\d[eE]|(?<![\w)\]])\.\d""")   # of the language, but not read here
_OF_GRAMMAR = ("cannot read", "expected", "unexpected", "a field name is missing")   # of what expressions.py complains
LISTS = ("matchConditions", "validations", "variables")


def beyond(kind: Kind, obj: dict) -> list[FieldError]:
    """What a kind's own rules cannot say, since it takes reading expressions or schemas of objects."""
    if kind.group == GROUP:
        return complaints(obj)
    return defaults.complaints(obj) if kind.kind == "CustomResourceDefinition" else []


def complaints(obj: dict) -> list[FieldError]:
    """Of webhook configurations and policies."""
    spec = obj.get("spec") or {}
    holders = [(f"webhooks[{index}]", hook) for index, hook in enumerate(obj.get("webhooks") or ())] or [("spec", spec)]
    return [fields.invalid(path, text, why) for where, holder in holders for path, text in _found(where, holder) if (why := complaint(text))]


def _found(where: str, holder: dict) -> Iterator[tuple[str, str]]:
    """(path, expression)."""
    for name in LISTS:
        for index, each in enumerate(holder.get(name) or ()):
            for field in ("expression", "messageExpression"):
                if isinstance(each.get(field), str) and each[field].strip():
                    yield f"{where}.{name}[{index}].{field}", each[field]
    for index, mutation in enumerate(holder.get("mutations") or ()):
        for name in ("jsonPatch", "applyConfiguration"):
            text = (mutation.get(name) or {}).get("expression")
            if isinstance(text, str) and text.strip():
                yield f"{where}.mutations[{index}].{name}.expression", text


@lru_cache(maxsize=512)
def complaint(text: str) -> str:
    """Why an expression cannot be read; "" where it can."""
    if _BEYOND.search(text):
        return ""
    try:
        expressions.parse(text)
    except expressions.Unknown as unknown:
        if str(unknown).startswith(_OF_GRAMMAR):
            return f"compilation failed: ERROR: <input>:1:1: Syntax error: {unknown}\n | {text}\n | ^"
    return ""
