"""MutatingAdmissionPolicy: the cluster's own changes, as CEL expressions that make a JSON patch or a part of the object.

Simplified: expressions have no types before they are evaluated; one that cannot be evaluated here (see _policies.py) changes nothing.
Source: k8s.io/apiserver pkg/admission/plugin/policy/mutating/{dispatcher,reinvocationcontext}.go, patch/{json_patch,smd}.go,
pkg/admission/plugin/policy/generic/policy_dispatcher.go.
"""
from __future__ import annotations

import math

from cluster.apiserver import apply, bodies, conversion, jsonpatch, managed, patching
from cluster.apiserver.custom import expressions, formatting, functions, times
from cluster.kinds.mutatingadmissionpolicy import JSON_PATCH
from cluster.meta import schema
from cluster.meta.status import StatusError

from . import _policies

NAME = "MutatingAdmissionPolicy"
POLICIES, BINDINGS = "/registry/mutatingadmissionpolicies/", "/registry/mutatingadmissionpolicybindings/"
TYPES = ("Object", "JSONPatch")
JSONPATCH = "jsonpatch"          # the owner of its function escapeKey
Invocation = tuple[dict, dict, "dict | None"]    # policy, binding, parameter


class Failed(Exception):
    """A policy could not be carried out."""


def admit(call, obj: dict, live: dict | None) -> list[str]:
    """Carry out every policy that is about a write, and those that wish it once more where the object has changed since.

    Returns: the names of the policies that changed it. Raises what denies the request.
    """
    asked, errors = [], []
    for policy, binding in _policies.invocations(call, POLICIES, BINDINGS, obj, live):
        params = _policies.params_of(call, policy["spec"].get("paramKind"), binding["spec"].get("paramRef"))
        if isinstance(params, str):
            errors.append((policy, binding, f"failed to configure binding: {params}"))
        else:
            asked += [(policy, binding, param) for param in params]
    changed, again = _round(call, asked, obj, live, errors)
    if again:
        changed += _round(call, again, obj, live, errors)[0]
    _refuse(call, obj, errors)
    return list(dict.fromkeys(changed))


def _round(call, asked: list[Invocation], obj: dict, live: dict | None, errors: list) -> tuple[list[str], list[Invocation]]:
    """(the policies that changed the object, those that are to be asked once more)."""
    changed: list[str] = []
    again: list[Invocation] = []
    earlier: list[Invocation] = []
    for invocation in asked:
        policy, binding, param = invocation
        try:
            has_changed = _carried_out(call, policy["spec"], obj, live, param)
        except Failed as failed:
            errors.append((policy, binding, str(failed)))
            continue
        if has_changed:
            changed.append(policy["metadata"]["name"])
            again = list(earlier)
        if policy["spec"].get("reinvocationPolicy") == "IfNeeded":
            earlier.append(invocation)
    return changed, again


def _carried_out(call, spec: dict, obj: dict, live: dict | None, param: dict | None) -> bool:
    """Do the mutations of a policy, one on what the other left; whether the object is another now."""
    for condition in spec.get("matchConditions") or ():
        value, error = _policies.value_of(condition["expression"], _names(call, spec, obj, live, param))
        if error:
            raise Failed(error)
        if value is False:
            return False
    before = dict(obj)
    for mutation in spec.get("mutations") or ():
        is_patch = mutation["patchType"] == JSON_PATCH
        text = mutation["jsonPatch" if is_patch else "applyConfiguration"]["expression"]
        value, error = _policies.value_of(text, _names(call, spec, obj, live, param))
        if error:
            raise Failed(error)
        if value is not _policies.UNKNOWN:
            _replace(call, obj, _patched(call, obj, value) if is_patch else _merged(call, obj, value))
    return obj != before


def _names(call, spec: dict, obj: dict, live: dict | None, param: dict | None) -> dict:
    names = _policies.names_of(call, spec, conversion.to_version(call.kind, obj), live, param)
    names.update({expressions.PATCHES: TYPES, JSONPATCH: ""})
    return names


def _replace(call, obj: dict, made: dict) -> None:
    """Put a patched object into the place of the old one: as its type has it, with defaults."""
    found = conversion.to_stored(call.kind, bodies.with_metadata(patching.retyped(call.kind, made, call.api_version)))
    if call.kind.default:
        call.kind.default(found)
    obj.clear()
    obj.update(found)


def _checked(value: object, path: str = "Object") -> object:
    """Plain values of what an expression made. Raises Failed where a type's name is not that of its place."""
    if isinstance(value, expressions.Made):
        if value.type_name != path:
            raise Failed(f'type mismatch: unexpected type name "{value.type_name}", expected "{path}", '
                         "which matches field name path from root Object type")
        return {name: _checked(part, f"{path}.{name}") for name, part in value.items()}
    if isinstance(value, dict):
        return {formatting.text(name): _checked(part, path) for name, part in value.items()}
    return [_checked(part, path) for part in value] if isinstance(value, list) else _plain(value, path)


def _plain(value: object, path: str) -> object:
    """What JSON has no word for ends here."""
    if isinstance(value, functions.Optional) and value.has:
        return _checked(value.value, path)
    if value is None or isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, times.TIMED):
        return str(value)
    raise Failed("JSONPath valueExpression evaluated to a type that could not marshal to JSON: type conversion error from "
                 f"'{formatting.type_name(value)}' to '*structpb.Value'")


# -- JSON patch ----------------------------------------------------------------------------------------------------------


def _patched(call, obj: dict, value: object) -> dict:
    """The object after the operations that an expression made; as it was where a test of theirs fails."""
    if not isinstance(value, list) or not all(isinstance(each, expressions.Made) and each.type_name == "JSONPatch" for each in value):
        raise Failed("type mismatch: JSONPatchType.expression should evaluate to array")
    shown = conversion.to_version(call.kind, obj)
    for operation in value:
        if operation.get("op") == "test" and not _holds(shown, operation):
            return shown
        try:
            shown = jsonpatch.apply(shown, [_operation(operation)])
        except jsonpatch.PatchError as wrong:
            raise Failed(f"JSON Patch: {wrong}") from None
    return shown


def _operation(made: expressions.Made) -> dict:
    found = {name: made[name] for name in ("op", "path", "from") if name in made}
    if "value" in made:
        value = made["value"]
        found["value"] = _checked(value, value.type_name if isinstance(value, expressions.Made) else "Object")
    return found


def _holds(document: dict, operation: expressions.Made) -> bool:
    try:
        jsonpatch.apply(document, [_operation(operation)])
    except jsonpatch.PatchError:
        return False
    return True


# -- apply configurations ------------------------------------------------------------------------------------------------


def _merged(call, obj: dict, value: object) -> dict:
    """The object with the part that an expression made laid over it, list items by their keys, as an apply would."""
    if not isinstance(value, expressions.Made):
        raise Failed("unsupported return type from ApplyConfiguration expression")
    part, shown = _checked(value), conversion.to_version(call.kind, obj)
    struct = call.kind.custom.struct if call.kind.custom else managed.struct_of(call.api_version, call.kind.kind)
    atomics = list(_atomics(part, struct, ""))
    if atomics:
        raise Failed(f"error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {', '.join(atomics)}")
    return apply.merged(shown, part, struct)


def _atomics(part: dict, struct: schema.Struct | None, path: str):
    """The atomic lists, maps and structs that a part of an object sets."""
    for name, value in part.items():
        field = struct.fields.get(name) if struct else None
        if field is not None:
            yield from _atomic_values(value, field.type, f"{path}.{name}")


def _atomic_values(value: object, kind: schema.Type, path: str):
    if kind.merge == "atomic" and isinstance(value, (dict, list)) and kind.sort in ("object", "map", "list"):
        yield path
    if isinstance(value, dict) and kind.sort == "object":
        yield from _atomics(value, kind.struct, path)
    elif isinstance(value, list) and kind.sort == "list":
        for index, item in enumerate(value):
            yield from _atomic_values(item, kind.element, f"{path}[{index}]")


def _refuse(call, obj: dict, errors: list[tuple[dict, dict, str]]) -> None:
    """Refuse for the policies that say so when they fail."""
    from . import refused
    said = [f"policy '{policy['metadata']['name']}' with binding '{binding['metadata']['name']}' denied request: {error}"
            for policy, binding, error in errors if policy["spec"]["failurePolicy"] == "Fail"]
    if not said:
        return
    refusal: StatusError = refused(call, obj, said[0])
    refusal.status["message"], refusal.status["reason"] = said[0], "Invalid"
    refusal.status.setdefault("details", {})["causes"] = [{"message": each} for each in said]
    raise refusal
