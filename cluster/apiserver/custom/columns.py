"""The columns of `kubectl get` for a custom resource: its name, and what its definition asks for.

Source: k8s.io/apiextensions-apiserver pkg/registry/customresource/tableconvertor/tableconvertor.go.
"""
from __future__ import annotations

from collections.abc import Callable

from cluster.engine.clock import unix_ms
from cluster.kinds._columns import AGE, NAME, age, human_duration
from cluster.kinds.base import Column
from cluster.meta.gotext import to_json

from . import jsonpath

ABOUT = "Custom resource definition column (in JSONPath format): "


def columns(wanted: list[dict]) -> tuple[Column, ...]:
    """The columns; Age where a definition asks for none."""
    if not wanted:
        return (NAME, Column("Age", "date", described_by=AGE.described_by))
    return (NAME, *(Column(one.get("name", ""), one.get("type", ""), one.get("format", ""),
                           one.get("description") or ABOUT + one.get("jsonPath", ""), one.get("priority", 0)) for one in wanted))


def cells(wanted: list[dict]) -> Callable[[dict, int], list]:
    """(object, now in Unix ms) -> one cell a column."""
    if not wanted:
        return lambda obj, now: [obj["metadata"].get("name", ""), age(obj, now)]
    return lambda obj, now: [obj["metadata"].get("name", ""), *(_cell(obj, one, now) for one in wanted)]


def _cell(obj: dict, column: dict, now_unix_ms: int) -> object:
    """One cell; None where nothing is found or it is of another type."""
    found = jsonpath.find(obj, column.get("jsonPath", ""))
    if not found:
        return None
    value, sort = found[0], column.get("type")
    if sort == "string":
        return value if isinstance(value, str) else to_json(value)
    if sort == "date":
        return _date(value, now_unix_ms)
    if sort == "boolean":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if sort == "integer" else float(value)


def _date(value: object, now_unix_ms: int) -> str:
    try:
        return human_duration(now_unix_ms - unix_ms(value)) if value else "<unknown>"
    except (ValueError, TypeError, AttributeError):
        return "<invalid>"
