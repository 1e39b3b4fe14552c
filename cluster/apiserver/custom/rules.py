"""The rules in a definition's schemas, compiled: those that no compiler takes are refused.

What a rule may cost is not estimated.
Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go (ValidateCustomResourceDefinitionOpenAPISchema),
pkg/apiserver/schema/cel/compilation.go; k8s.io/apiserver pkg/cel/common/schemas.go (SchemaDeclType), pkg/cel/escaping.go.
"""
from __future__ import annotations

import re
from collections.abc import Iterator

from cluster.kinds import _crd_go, _crd_schema
from cluster.kinds._crd_schema import EMBEDDED, INT_OR_STRING, LIST_TYPE, RULES
from cluster.kinds._crd_validation import internal
from cluster.meta import fields
from cluster.meta.fields import FieldError

from ..cel import types
from ..cel.checker import RESERVED_FIELDS, Environment
from ..cel.compiler import Refused, compiled, walk
from ..cel.tree import Ident, Node
from ..cel.types import Type

SELF = "selfType1"       # upstream's has a number that is another each time
SCALARS = {"boolean": types.BOOL, "number": types.DOUBLE, "integer": types.INT}
TEXTS = {"byte": types.BYTES, "duration": types.DURATION, "date": types.TIMESTAMP, "date-time": types.TIMESTAMP}
ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
UNCORRELATED = "oldSelf cannot be used on the uncorrelatable portion of the schema within "
UNUSED = "may not be set if oldSelf is not used in rule"
_NAME = re.compile(r"[A-Za-z_./\-][A-Za-z0-9_./\-]*")
Objects = dict[str, dict[str, Type]]


def complaints(crd: dict) -> list[FieldError]:
    """Of a CustomResourceDefinition's versions; a schema that has other faults is not looked at."""
    top, versions = internal(crd["spec"])
    found = _of(top.get("validation"), "spec.validation")
    for index, version in enumerate(versions):
        found += _of(version.get("schema"), f"spec.versions[{index}].schema")
    return found


def _of(validation: dict | None, path: str) -> list[FieldError]:
    schema = (validation or {}).get("openAPIV3Schema")
    if not schema or not _has_rules(schema) or _crd_schema.errors(validation, path, has_status=False):
        return []
    here = f"{path}.openAPIV3Schema"
    return list(_of_defaults(schema, here)) or list(_walk(schema, here, "", is_root=True))


def _of_defaults(schema: dict, path: str) -> Iterator[FieldError]:
    """A default is held against the rules beside it, before anything else; one that cannot be read is told of there."""
    if schema.get("default") is not None:
        for rule, about, objects in _rules(schema, is_root=False):
            _, wrong = _read(rule, "rule", _environment(rule, about, objects), types.BOOL, path)
            yield from (fields.invalid(f"{path}.default", schema.get("type", ""), f"rule compile error: {error.detail}") for error in wrong)
    for way, inner in _inside(schema):
        yield from _of_defaults(inner, f"{path}.{way}")


def _has_rules(schema: dict) -> bool:
    return bool(schema.get(RULES)) or any(_has_rules(inner) for _, inner in _inside(schema))


def _inside(schema: dict) -> Iterator[tuple[str, dict]]:
    """(the way to a part, its schema)."""
    if isinstance(schema.get("additionalProperties"), dict):
        yield "additionalProperties", schema["additionalProperties"]
    for name, inner in (schema.get("properties") or {}).items():
        yield f"properties[{name}]", inner
    if isinstance(schema.get("items"), dict):
        yield "items", schema["items"]


def _walk(schema: dict, path: str, loose: str, *, is_root: bool = False) -> Iterator[FieldError]:
    """loose: within what nothing can be told to be the same thing as before, "" where it can."""
    for way, inner in _inside(schema):
        is_loose = way == "items" and schema.get(LIST_TYPE) != "map"
        yield from _walk(inner, f"{path}.{way}", loose or (path if is_loose else ""))
    for index, (rule, about, objects) in enumerate(_rules(schema, is_root=is_root)):
        yield from _ruled(rule, _environment(rule, about, objects), f"{path}.{RULES}[{index}]", loose)


def _rules(schema: dict, *, is_root: bool) -> list[tuple[dict, Type, Objects]]:
    """(rule, the type of what it is about, the types of objects) of a part's own rules; none where rules cannot see it."""
    if not schema.get(RULES):
        return []
    objects: Objects = {}
    about = declared(schema, SELF, objects, is_root=is_root or bool(schema.get(EMBEDDED)))
    return [] if about is None else [(rule, about, objects) for rule in schema[RULES]]


def _environment(rule: dict, about: Type, objects: Objects) -> Environment:
    before = types.optional(about) if rule.get("optionalOldSelf") else about
    return Environment({"self": about, "oldSelf": before}, objects)


def _ruled(rule: dict, environment: Environment, path: str, loose: str) -> Iterator[FieldError]:
    tree, wrong = _read(rule, "rule", environment, types.BOOL, path)
    yield from wrong
    if tree is not None and rule.get("messageExpression"):
        yield from _read(rule, "messageExpression", environment, types.STRING, path)[1]
    if tree is not None and any(isinstance(node, Ident) and node.name == "oldSelf" for node in walk(tree)):
        if loose:
            yield fields.invalid(f"{path}.rule", rule.get("rule", ""), UNCORRELATED + loose)
    elif rule.get("optionalOldSelf") is not None:
        yield fields.invalid(f"{path}.optionalOldSelf", rule["optionalOldSelf"], UNUSED)


OUTCOMES = {"rule": "cel expression must evaluate to a bool", "messageExpression": "messageExpression must evaluate to a string"}


def _read(rule: dict, name: str, environment: Environment, wanted: Type, path: str) -> tuple[Node | None, list[FieldError]]:
    """(the tree of a rule's expression, or the complaint about it)."""
    prefix = "" if name == "rule" else f"{name} "
    try:
        found, tree = compiled(rule.get(name) or "", environment)
        why = "" if found == wanted else OUTCOMES[name]
    except Refused as refused:
        tree, why = None, f"{prefix}compilation failed: {refused}"
    if not why:
        return tree, []
    return None, [fields.invalid(f"{path}.{name}", _crd_go.rule(rule), why)]


# -- types ----------------------------------------------------------------------------------------------------------------


def declared(schema: dict, name: str, objects: Objects, *, is_root: bool = False) -> Type | None:
    """The type of what a schema describes, None where rules cannot see it. Its objects' fields are added to `objects` by their names."""
    if schema.get(INT_OR_STRING):
        return types.DYN
    sort = schema.get("type")
    if sort == "string":
        return TEXTS.get(schema.get("format") or "", types.STRING)
    if sort == "array" and isinstance(schema.get("items"), dict):
        element = _part(schema["items"], f"{name}.@idx", objects)
        return None if element is None else types.list_of(element)
    if sort != "object":
        return SCALARS.get(sort or "")
    if isinstance(schema.get("additionalProperties"), dict) and not is_root:
        value = _part(schema["additionalProperties"], f"{name}.@elem", objects)
        return None if value is None else types.map_of(types.STRING, value)
    return _object(schema, name, objects, is_root=is_root)


def _part(schema: dict, name: str, objects: Objects) -> Type | None:
    return declared(schema, name, objects, is_root=bool(schema.get(EMBEDDED)))


def _object(schema: dict, name: str, objects: Objects, *, is_root: bool) -> Type:
    known: dict[str, Type] = {}
    objects[name] = known
    for key, inner in (schema.get("properties") or {}).items():
        shown = escaped(key)
        found = _part(inner, f"{name}.{shown}", objects) if shown else None
        if found is not None:
            known[shown] = found
    if is_root:
        known |= {"apiVersion": types.STRING, "kind": types.STRING, "metadata": ("object", f"{name}.metadata")}
        objects[f"{name}.metadata"] = {"name": types.STRING, "generateName": types.STRING}
    return ("object", name)


def escaped(name: str) -> str:
    """A property's name as expressions write it, "" where they cannot."""
    if name in RESERVED_FIELDS and name not in ("var", "void", "while"):
        return f"__{name}__"
    return re.sub(r"__|[./\-]", lambda found: ESCAPES[found[0]], name) if _NAME.fullmatch(name) else ""
