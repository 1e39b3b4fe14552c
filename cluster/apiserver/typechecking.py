"""What is wrong with a ValidatingAdmissionPolicy's expressions, given the types of the objects that it is about.

Source: k8s.io/apiserver pkg/admission/plugin/policy/validating/typechecking.go, pkg/cel/common/schemas.go, pkg/cel/openapi.
"""
from __future__ import annotations

from collections.abc import Iterator

from cluster.kinds import Registry
from cluster.kinds.base import Kind
from cluster.meta import schema

from .cel import environments, types
from .cel.checker import Environment
from .cel.compiler import Refused, compiled
from .cel.types import Type
from .custom import rules
from .custom.rules import Objects

MOST_TYPES = 10
SCALARS = {"string": types.STRING, "bool": types.BOOL, "int32": types.INT, "int64": types.INT, "float64": types.DOUBLE, "bytes": types.BYTES,
           "time": types.TIMESTAMP, "microtime": types.TIMESTAMP, "intorstring": types.DYN}
WITHOUT_FIELDS = ("runtime.RawExtension", "v1.FieldsV1")


def warnings(policy: dict, kinds: Registry) -> list[dict]:
    """The ExpressionWarnings of a policy."""
    spec = policy["spec"]
    found = [(name, kind) for kind in _kinds(spec, kinds) if (name := _named(kind))]
    environments_of = [(name, _environment(spec, kind, kinds)) for name, kind in found]
    result = []
    for index, validation in enumerate(spec.get("validations") or ()):
        for field in ("expression", "messageExpression"):
            text = "\n".join(_told(validation.get(field) or "", environments_of))
            if text:
                result.append({"fieldRef": f"spec.validations[{index}].{field}", "warning": text})
    return result


def _told(text: str, environments_of: list[tuple[str, Environment]]) -> Iterator[str]:
    """For each kind of which an expression is not true."""
    for name, environment in environments_of if text else ():
        try:
            compiled(text, environment)
        except Refused as refused:
            yield f"{name}: {refused}\n"


def _named(kind: Kind) -> str:
    return f"{kind.group}/{kind.version}, Kind={kind.kind}"


def _kinds(spec: dict, kinds: Registry) -> list[Kind]:
    """What a policy is about, as far as it says so without wildcards; up to a rule that names ten. Source: typesToCheck."""
    found: dict[tuple[str, str, str], Kind] = {}
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        count = 0
        for group, version, resource in _named_by(rule):
            kind = kinds.version(group, version, resource)
            if kind is None:
                continue
            found[(kind.group, kind.version, kind.kind)] = kind
            count += 1
            if count == MOST_TYPES:
                return [found[key] for key in sorted(found)]
    return [found[key] for key in sorted(found)]


def _named_by(rule: dict) -> Iterator[tuple[str, str, str]]:
    groups, versions = rule.get("apiGroups") or (), rule.get("apiVersions") or ()
    if any("*" in name for name in (*groups, *versions)):
        return
    resources = [name for name in rule.get("resources") or () if "*" not in name and "/" not in name]
    for group in sorted(groups):
        for version in sorted(versions):
            for resource in sorted(resources):
                yield group, version, resource


def _environment(spec: dict, kind: Kind, kinds: Registry) -> Environment:
    """What a policy's expressions may use, for objects of one kind."""
    objects: Objects = dict(environments.OBJECTS)
    about = _type_of(kind, objects)
    base = environments.admission(has_params=False, has_authorizer=False)
    variables = {**base.variables, "object": about, "oldObject": about, "authorizer": environments.AUTHORIZER["authorizer"]}
    if spec.get("paramKind"):
        param = _kind_of(spec["paramKind"], kinds)
        variables["params"] = _type_of(param, objects) if param is not None else types.DYN
    known: dict[str, Type] = {}
    whole = environments.with_variables(Environment(variables, objects), known)
    for variable in spec.get("variables") or ():
        try:
            known[variable["name"]] = compiled(variable["expression"], whole)[0]
        except Refused:
            known[variable["name"]] = types.DYN
    return whole


def _kind_of(found: dict, kinds: Registry) -> Kind | None:
    group, _, version = (found.get("apiVersion") or "").rpartition("/")
    return next((kind for kind in kinds.kinds if (kind.group, kind.version, kind.kind) == (group, version, found.get("kind"))), None)


def _type_of(kind: Kind, objects: Objects) -> Type:
    name = f"{kind.kind}1"         # upstream's number is another each time
    if kind.custom is not None:
        return rules.declared(kind.custom.schema, name, objects, is_root=True) or types.DYN
    struct = schema.type_of(kind.group, kind.version, kind.kind)
    return types.DYN if struct is None else _object(struct, name, objects, ())


def _object(struct: schema.Struct, name: str, objects: Objects, around: tuple[str, ...]) -> Type:
    known: dict[str, Type] = {}
    objects[name] = known
    for field in struct.fields.values():
        shown = rules.escaped(field.name)
        found = _declared(field.type, f"{name}.{shown}", objects, (*around, struct.name))
        if shown and found is not None:
            known[shown] = found
    return ("object", name)


def _declared(kind: schema.Type, name: str, objects: Objects, around: tuple[str, ...]) -> Type | None:
    """The type of a field, None where expressions cannot see it: a quantity, what may be anything."""
    if kind.sort == "object":
        return types.DYN if kind.struct.name in around else _object(kind.struct, name, objects, around)
    if kind.sort in ("list", "map"):
        inner = _declared(kind.element, f"{name}.{'@idx' if kind.sort == 'list' else '@elem'}", objects, around)
        if inner is None:
            return None
        return types.list_of(inner) if kind.sort == "list" else types.map_of(types.STRING, inner)
    if kind.sort in ("raw", "fields") and kind.go in WITHOUT_FIELDS:
        objects[name] = {}
        return ("object", name)
    return SCALARS.get(kind.sort)
