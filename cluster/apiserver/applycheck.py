"""Whether a configuration to apply fits its type, in structured-merge-diff's words.

Source: sigs.k8s.io/structured-merge-diff typed/{validate,helpers}.go.
"""
from __future__ import annotations

from cluster.meta import schema
from cluster.meta.gotext import plain, quote

from . import fieldsets, managed
from .strategic import go_text, go_type

Complaint = tuple[str, str]  # path, message


def errors(config: dict, struct: schema.Struct) -> list[Complaint]:
    """What does not fit, by path."""
    return _members(config, struct, "")


def show(found: list[Complaint]) -> str:
    """Complaints as one text."""
    texts = [f"{path}: {message}" if path else message for path, message in found]
    return texts[0] if len(texts) == 1 else "\n".join(["errors:", *(f"  {text}" for text in texts)])


def _members(value: dict, struct: schema.Struct, path: str) -> list[Complaint]:
    found: list[Complaint] = []
    for name in sorted(value):
        field = struct.fields.get(name)
        if field is None:
            return [*found, (f"{path}.{name}", "field not declared in schema")]
        found += _value(value[name], field.type, f"{path}.{name}")
    return found


def _value(value: object, kind: schema.Type, path: str) -> list[Complaint]:
    if value is None or kind.sort in ("raw", "fields", "objectorbool", "undeclared"):
        return []
    if kind.sort in ("object", "map"):
        if not isinstance(value, dict):
            return [(path, f"expected map, got &{{{go_text(value)}}}")]
        if kind.sort == "object":
            return _members(value, kind.struct, path)
        return [error for key in sorted(value) for error in _value(value[key], kind.element, f"{path}.{key}")]
    if kind.sort == "list":
        return _items(value, kind, path)
    return _scalar(value, kind.sort, path)


def _items(value: object, kind: schema.Type, path: str) -> list[Complaint]:
    if not isinstance(value, list):
        return [(path, f"expected list, got &{{{go_text(value)}}}")]
    found: list[Complaint] = []
    seen: dict[str, None] = {}
    for index, item in enumerate(value):
        here = f"[{index}]"
        if kind.merge != "atomic":
            problem = _key_problem(item, kind)
            if problem:
                return [*found, (path, f"element {index}: {problem}")]
            step = managed.step_of(item, kind)
            here = fieldsets.show_step(step)
            if step in seen:
                found.append((path, f"duplicate entries for key {here}"))
            seen[step] = None
        found += _value(item, kind.element, f"{path}{here}")
    return found


def _key_problem(item: object, kind: schema.Type) -> str:
    """Why an item cannot be told from the others, if so."""
    if kind.merge == "set":
        if item is None:
            return "associative list without keys has an element that's an explicit null"
        return "associative list without keys has an element that's a list type" if isinstance(item, list) else ""
    if item is None:
        return "associative list with keys may not have a null element"
    if not isinstance(item, dict):
        return "associative list with keys may not have non-map elements"
    if any(key in item or schema.key_default(kind, key) is not None for key in kind.keys):
        return ""
    names = " ".join(quote(key) for key in kind.keys)
    return f"associative list with keys has an element that omits all key fields [{names}] (and doesn't have default values for any key fields)"


def _scalar(value: object, sort: str, path: str) -> list[Complaint]:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if sort == "bool":
        return [] if isinstance(value, bool) else [(path, f"expected boolean, got &{{{go_text(value)}}}")]
    if sort in ("int32", "int64", "float64"):
        return [] if is_number else [(path, f"expected numeric (int or float), got {go_type(value)}")]
    if sort in ("quantity", "intorstring"):
        is_scalar = isinstance(value, (str, int, float))
        return [] if is_scalar else [(path, f"expected any scalar, got &{{{go_text(value)}}}")]
    if isinstance(value, str):
        return []
    return [(path, f"expected string, got &value.valueUnstructured{{Value:{_go_syntax(value)}}}")]


def _go_syntax(value: object) -> str:
    """A value as %#v prints it."""
    if isinstance(value, dict):
        return "map[string]interface {}{" + ", ".join(f"{quote(key)}:{_go_syntax(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(_go_syntax(item) for item in value) + "}"
    if value is None:
        return "interface {}(nil)"
    return quote(value) if isinstance(value, str) else plain(value)
