"""Expressions that no compiler takes: policies, webhooks, definitions and device selectors that have some are refused.

Source: k8s.io/apiserver pkg/admission/plugin/cel/compile.go, composition.go; pkg/apis/admissionregistration/validation/validation.go.
"""
from __future__ import annotations

from collections.abc import Iterator

from cluster.kinds.base import Kind
from cluster.meta import fields
from cluster.meta.fields import FieldError

from .cel import environments, types
from .cel.checker import Environment
from .cel.compiler import Refused, compiled
from .custom import defaults, rules

GROUP, DEVICES = "admissionregistration.k8s.io", "resource.k8s.io"
FAILED = "compilation failed: "
TO_BOOL, TO_TEXT, TO_NOTE = (types.BOOL,), (types.STRING,), (types.STRING, types.NULL)
TO_OBJECT, TO_PATCHES = (("object", "Object"),), (types.list_of(("object", "JSONPatch")),)
OF_POLICIES = ("variables", "validations", "mutations", "auditAnnotations", "matchConditions")
LONGEST_NOTE, LONGEST_SELECTOR = 5 * 1024, 10 * 1024


def beyond(kind: Kind, obj: dict, *, is_new: bool = True) -> list[FieldError]:
    """What a kind's own rules cannot say, since it takes reading expressions or schemas of objects."""
    if kind.kind == "ResourceClaim" and not is_new:
        return []          # its spec cannot change
    if kind.group == GROUP:
        return complaints(obj)
    if kind.group == DEVICES:
        return [error for path, text in _selectors(kind.kind, obj) for error in _selected(text, path)]
    return defaults.complaints(obj) or rules.complaints(obj) if kind.kind == "CustomResourceDefinition" else []


def _selectors(kind: str, obj: dict) -> Iterator[tuple[str, str]]:
    """(path, expression) of what selects devices in a class, a claim or a claim's template."""
    spec, path = obj.get("spec") or {}, "spec"
    if kind == "ResourceClaimTemplate":
        spec, path = spec.get("spec") or {}, "spec.spec"
    if kind == "ResourceSlice":
        return
    owners = [(spec, path)]
    for index, request in enumerate((spec.get("devices") or {}).get("requests") or ()):
        here = f"{path}.devices.requests[{index}]"
        owners += [(request.get("exactly") or {}, f"{here}.exactly")]
        owners += [(other, f"{here}.firstAvailable[{at}]") for at, other in enumerate(request.get("firstAvailable") or ())]
    for owner, here in owners:
        for index, selector in enumerate(owner.get("selectors") or ()):
            if selector.get("cel") is not None:
                yield f"{here}.selectors[{index}].cel.expression", selector["cel"].get("expression") or ""


def _selected(text: str, path: str) -> list[FieldError]:
    """The complaint about an expression that selects devices. Source: k8s.io/dynamic-resource-allocation cel/compile.go."""
    if len(text.encode()) > LONGEST_SELECTOR:
        return []
    try:
        found, _ = compiled(text, environments.DEVICE)
    except Refused as refused:
        return [fields.invalid(path, text, f"{FAILED}{refused}")]
    if found in (types.BOOL, types.ANY):
        return []
    return [fields.invalid(path, text, f"must evaluate to bool or the unknown type, not {types.named(found)}")]


def complaints(obj: dict) -> list[FieldError]:
    """Of webhook configurations and policies."""
    if "webhooks" in obj:
        environment = environments.admission(has_params=False, has_authorizer=True)
        return [error for index, hook in enumerate(obj["webhooks"] or ())
                for error in _conditions(hook, environment, f"webhooks[{index}].matchConditions")]
    spec = obj.get("spec") or {}
    return list(_policy(spec)) if any(spec.get(name) for name in OF_POLICIES) else []


def _policy(spec: dict) -> Iterator[FieldError]:
    has_params = spec.get("paramKind") is not None
    whole = environments.admission(has_params=has_params, has_authorizer=True)
    yield from _conditions(spec, whole, "spec.matchConditions")
    known: dict[str, types.Type] = {}
    composed = bool(spec.get("variables")) or "mutations" in spec
    for index, variable in enumerate(spec.get("variables") or ()):
        found, error = _read(variable.get("expression"), environments.with_variables(whole, dict(known)), f"spec.variables[{index}].expression")
        known[variable.get("name") or ""] = found
        yield from error

    def within(environment: Environment) -> Environment:
        return environments.with_variables(environment, known) if composed else environment

    bare = within(environments.admission(has_params=has_params, has_authorizer=False))
    for index, validation in enumerate(spec.get("validations") or ()):
        path = f"spec.validations[{index}]"
        yield from _wanted(validation.get("expression"), within(whole), f"{path}.expression", TO_BOOL)
        yield from _wanted(validation.get("messageExpression"), bare, f"{path}.messageExpression", TO_TEXT)
    for index, note in enumerate(spec.get("auditAnnotations") or ()):
        yield from _note(note.get("valueExpression") or "", within(whole), f"spec.auditAnnotations[{index}].valueExpression")
    patching = within(environments.admission(has_params=has_params, has_authorizer=True, has_patches=True))
    for index, mutation in enumerate(spec.get("mutations") or ()):
        yield from _mutation(mutation, patching, f"spec.mutations[{index}]")


def _conditions(holder: dict, environment: Environment, path: str) -> Iterator[FieldError]:
    for index, condition in enumerate(holder.get("matchConditions") or ()):
        yield from _wanted(condition.get("expression"), environment, f"{path}[{index}].expression", TO_BOOL)


def _note(text: str, environment: Environment, path: str) -> Iterator[FieldError]:
    trimmed = text.strip()
    if len(trimmed.encode()) <= LONGEST_NOTE:
        yield from _wanted(trimmed, environment, path, TO_NOTE, shown=text)


def _mutation(mutation: dict, environment: Environment, path: str) -> Iterator[FieldError]:
    for name, sort, wanted in (("jsonPatch", "JSONPatch", TO_PATCHES), ("applyConfiguration", "ApplyConfiguration", TO_OBJECT)):
        if mutation.get("patchType") == sort:
            text = ((mutation.get(name) or {}).get("expression") or "").strip()
            yield from _wanted(text, environment, f"{path}.{name}.expression", wanted)


def _wanted(text: str | None, environment: Environment, path: str, wanted: tuple[types.Type, ...], shown: str | None = None) -> list[FieldError]:
    """The complaint about an expression that cannot be read, or comes to something else. One that is empty is others' business."""
    found, errors = _read(text, environment, path, shown)
    if errors or not text or not text.strip() or found in wanted:
        return errors
    names = [types.named(one) for one in wanted]
    one_of = names[0] if len(names) == 1 else f"one of [{' '.join(names)}]"
    return [fields.invalid(path, text if shown is None else shown, f"must evaluate to {one_of} but got {types.named(found)}")]


def _read(text: str | None, environment: Environment, path: str, shown: str | None = None) -> tuple[types.Type, list[FieldError]]:
    if not text or not text.strip():
        return types.DYN, []
    try:
        return compiled(text, environment)[0], []
    except Refused as refused:
        return types.DYN, [fields.invalid(path, text if shown is None else shown, f"{FAILED}{refused}")]
