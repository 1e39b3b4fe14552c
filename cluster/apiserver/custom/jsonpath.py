"""The JSONPath of printer columns and scale subresources: fields, indexes, wildcards and filters by equality.

Simplified: of kubectl's JSONPath neither ranges over negative steps, unions nor recursive descent are known; they find nothing.
Source: k8s.io/client-go util/jsonpath.
"""
from __future__ import annotations

import re

from cluster.meta.gotext import atoi
from cluster.meta.remembering import remembered

STEP = re.compile(r"""\.?(?:
    (?P<name>(?:[^.\[\]\\]|\\.)+) |
    \[\?\(@\.(?P<field>[^=<>!\s)]+)\s*(?:(?P<operator>==|!=)\s*(?P<value>'[^']*'|"[^"]*"|[^)]+?))?\s*\)\] |
    \['(?P<quoted>[^']*)'\] | \["(?P<double>[^"]*)"\] |
    \[(?P<index>-?\d+|\*)\]
)""", re.X)


@remembered(512)
def _steps(path: str) -> tuple[tuple[str, str, str, str], ...] | None:
    """(sort, text, operator, value) of each step; None where a path cannot be read."""
    found, at, path = [], 0, path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    while at < len(path):
        step = STEP.match(path, at)
        if step is None or step.end() == at:
            return None
        found.append(_step(step))
        at = step.end()
    return tuple(found)


def _step(step: re.Match) -> tuple[str, str, str, str]:
    if step["field"]:
        return "filter", step["field"], step["operator"] or "", (step["value"] or "").strip("'\"")
    if step["index"]:
        return "index", step["index"], "", ""
    name = step["quoted"] or step["double"] or re.sub(r"\\(.)", r"\1", step["name"] or "")
    return ("all" if name == "*" else "name"), name, "", ""


def find(obj: object, path: str) -> list:
    """What lies at a path: no value, one or several."""
    steps = _steps(path)
    found = [obj] if steps is not None else []
    for step in steps or ():
        found = [inner for value in found for inner in _go(value, step)]
    return found


def _go(value: object, step: tuple[str, str, str, str]) -> list:
    sort, text, operator, wanted = step
    if sort == "name":
        return [value[text]] if isinstance(value, dict) and text in value else []
    if sort == "all" or text == "*":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if sort == "index":
        index = atoi(text)
        inside = isinstance(value, list) and index is not None and -len(value) <= index < len(value)
        return [value[index]] if inside else []
    items = value if isinstance(value, list) else []
    return [item for item in items if _passes(item, text, operator, wanted)]


def _passes(item: object, text: str, operator: str, wanted: str) -> bool:
    found = find(item, "." + text)
    if not operator:
        return bool(found)
    same = bool(found) and as_text(found[0]) == wanted
    return same == (operator == "==")


def as_text(value: object) -> str:
    """A scalar as it is compared and printed."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def set_at(obj: dict, path: str, value: object) -> None:
    """Put a value at a simple path (`.spec.replicas`), making what leads there; in place."""
    *lead, last = path.strip(".").split(".")
    for name in lead:
        obj = obj.setdefault(name, {})
    obj[last] = value
