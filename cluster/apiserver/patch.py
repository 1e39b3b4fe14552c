"""The three patches that change an object from outside: JSON, merge and strategic merge; read, applied, typed again.

Source: k8s.io/apiserver pkg/endpoints/handlers/patch.go. Server-side apply is in apply.py.
"""
from __future__ import annotations

import json
from dataclasses import dataclass

from cluster.meta import gojson, schema, status
from cluster.meta.fields import FieldError
from cluster.meta.gotext import type_word
from cluster.meta.objects import draft
from cluster.meta.requests import Request

from . import decode, jsonpatch, strategic, strategicdiff, typed

MAX_OPERATIONS = 10_000
_OPERATION = ("op", "path", "from", "value")
_MAP = "map[string]interface {}"


@dataclass(frozen=True)
class Patch:
    """A patch that has been read. trusted: a component's own, whose values are in canonical form."""

    sort: str
    value: object
    complaints: tuple[str, ...] = ()
    trusted: bool = False


def read(request: Request, sort: str, validation: str) -> Patch:
    """The patch in a request's body. sort: json, merge or strategic. Raises StatusError 400 or 413."""
    if request.raw is None:
        return Patch(sort, request.body, trusted=True)
    decode.check_size(request.raw)
    prefix = "" if sort == "strategic" or validation == "Ignore" else "error decoding patch: "
    try:
        value = gojson.parse(request.raw)
    except gojson.JSONError as error:
        raise status.bad_request(_ignored_message(sort, validation) or f"{prefix}{error}") from None
    wrong = _wrong_type(value, sort)
    if wrong:
        raise status.bad_request(_ignored_message(sort, validation) or f"{prefix}{wrong}")
    if sort == "json" and len(value or ()) > MAX_OPERATIONS:
        raise status.request_too_large(
            f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(value)}")
    complaints = () if validation == "Ignore" else tuple(_complaints(value, sort))
    try:
        return Patch(sort, gojson.plain(value) if value is not None else [] if sort == "json" else {}, complaints)
    except gojson.JSONError as error:
        raise status.bad_request(_ignored_message(sort, validation) or f"{prefix}{error}") from None


def _ignored_message(sort: str, validation: str) -> str:
    """Without validation a merge patch is read by the library alone."""
    return "Invalid JSON Patch" if sort == "merge" and validation == "Ignore" else ""


def _wrong_type(value: object, sort: str) -> str:
    """Go's complaint about a body of the wrong shape, if it is one."""
    if value is None:
        return ""
    if sort != "json":
        return "" if isinstance(value, dict) else f"json: cannot unmarshal {type_word(value)} into Go value of type {_MAP}"
    if not isinstance(value, list):
        return f"json: cannot unmarshal {type_word(value)} into Go value of type []handlers.jsonPatchOp"
    for operation in value:
        if not isinstance(operation, dict):
            return f"json: cannot unmarshal {type_word(operation)} into Go value of type handlers.jsonPatchOp"
        for name in ("op", "path", "from"):
            if not isinstance(operation.get(name), (str, type(None))):
                return (f"json: cannot unmarshal {type_word(operation[name])} "
                        f"into Go struct field jsonPatchOp.{name} of type string")
    return ""


def _complaints(value: object, sort: str) -> list[str]:
    """Unknown fields of JSON patch operations, and keys that come twice."""
    if sort == "json":
        found = [f'json patch unknown field "[{index}].{key}"' for index, operation in enumerate(value or ())
                 for key in operation if key not in _OPERATION]
        return found + [f"json patch {text}" for text in repeated_keys(value)]
    return repeated_keys(value)


def repeated_keys(value: object, path: str = "") -> list[str]:
    """The complaints about keys that come twice, anywhere in a value."""
    found: list[str] = []
    if isinstance(value, gojson.Repeated):
        seen: dict[str, None] = {}
        for key, _ in value.pairs:
            if key in seen:
                found.append(f'duplicate field "{path}.{key}"' if path else f'duplicate field "{key}"')
            seen[key] = None
    if isinstance(value, dict):
        for key, item in value.items():
            found += repeated_keys(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += repeated_keys(item, f"{path}[{index}]")
    return list(dict.fromkeys(found))


def apply(obj: dict, patch: Patch, group: str, version: str, kind: str, validation: str = "Warn",
          custom=None, told: list | None = None) -> tuple[dict, list[str]]:
    """(patched object, warnings). The object may not be changed; its top and its metadata are the caller's own.

    told: see decode.decode. custom: a custom resource's type. A trusted patch shares what it does not touch with the object.
    Raises StatusError.
    """
    struct = schema.type_of(group, version, kind)
    changed = _changed(obj, patch, struct)
    if patch.trusted:
        return _own(changed), []
    return _typed(changed, patch, (group, version, kind), struct, validation, custom, told)


def _changed(obj: dict, patch: Patch, struct: schema.Struct | None) -> dict:
    if patch.sort == "strategic":
        try:
            return strategic.apply(obj, patch.value, struct)
        except strategic.StrategicError as error:
            raise _strategic_refusal(str(error)) from None
    if patch.sort == "merge":
        return jsonpatch.merge(obj, patch.value)
    try:
        return jsonpatch.apply(obj, patch.value)
    except jsonpatch.PatchError:
        raise _rejected() from None


def _strategic_refusal(message: str) -> status.StatusError:
    if message in strategic.BAD_FORMATS:
        return status.bad_request(message)
    return _rejected() if message == strategic.NO_LISTS_OF_LISTS else status.failure(500, "", message)


def _rejected() -> status.StatusError:
    """A patch that does not apply; upstream keeps the reason to itself."""
    return status.failure(422, "Invalid", "the server rejected our request due to an error in our request", {})


def _own(obj: dict) -> dict:
    """With a top and metadata of its own; a list or map of the metadata that the patch emptied is left out, as Go does."""
    return {**obj, "metadata": {name: value for name, value in (obj.get("metadata") or {}).items() if value not in ([], {})}}


def _typed(value: object, patch: Patch, wanted: tuple[str, str, str], struct: schema.Struct | None,
           validation: str, custom=None, told: list | None = None) -> tuple[dict, list[str]]:
    """The patched object decoded again, with upstream's complaints about what does not fit."""
    if custom is None and patch.sort != "strategic":
        _check_kind(value, wanted)
    if custom is not None:
        _check_version(value, f"{custom.group}/{custom.version}")
    message, obj, found = "", {}, []
    try:
        obj, found = custom.typed(value) if custom is not None else _decoded(value, struct, validation, patch.sort, told)
    except (typed.GoError, decode.DecodeError) as error:
        message = str(error)
    warnings = [*patch.complaints, *found] if validation != "Ignore" else []
    if not message and warnings and validation == "Strict":
        message = f"strict decoding error: {', '.join(warnings)}"
    if message:
        shown = strategic.go_text(patch.value) if patch.sort == "strategic" else _json(value)
        raise status.invalid("", "", [FieldError("Invalid", "patch", shown, message)])
    if custom is None:
        group, version, kind = wanted
        obj["apiVersion"], obj["kind"] = f"{group}/{version}" if group else version, kind
    if (value.get("metadata") or {}).get("managedFields") == []:
        obj["metadata"]["managedFields"] = []
    return obj, warnings


def _decoded(value: object, struct: schema.Struct | None, validation: str, sort: str,
             told: list | None) -> tuple[dict, list[str]]:
    decoder = (typed.Converter if sort == "strategic" else typed.Decoder)(strict=validation != "Ignore", is_whole=told is not None)
    obj = decoder.object(value, struct)
    if decoder.has_empties:
        told.append(True)
    return obj, decoder.strict_errors if sort == "json" else sorted(decoder.strict_errors)   # what was merged has its keys in order


def _check_kind(value: object, wanted: tuple[str, str, str]) -> None:
    """Refuse a patch that makes another kind or version of the object."""
    try:
        found = decode.identity(value, wanted)
    except decode.DecodeError as error:
        raise status.invalid("", "", [FieldError("Invalid", "patch", _json(value), str(error))]) from None
    if found != wanted:
        message = decode.not_registered(found)
        if schema.is_registered(*found):
            message = f"converting ({found[1]}.{found[2]}) to ({wanted[0].partition('.')[0] or 'core'}.{wanted[2]}): unknown conversion"
        raise status.invalid("", "", [FieldError("Invalid", "patch", _json(value), message)])


def _check_version(value: object, wanted: str) -> None:
    """Refuse a patch that makes another version of a custom resource. Source: pkg/registry/customresource/validator.go (validateTypeMeta)."""
    found = value.get("apiVersion") if isinstance(value, dict) else wanted
    if found != wanted:
        group = found.rpartition("/")[0] if isinstance(found, str) else ""
        name = (value.get("metadata") or {}).get("name", "")
        error = FieldError("Invalid", "apiVersion", found or "", f"must be {wanted}")
        raise status.invalid(value.get("kind") or "", name, [error], group)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def three_way_strategic(original: dict | None, modified: dict, current: dict, group: str = "", version: str = "v1",
                        kind: str = "") -> dict:
    """The patch that kubectl apply sends; {} when there is nothing to do. See strategicdiff.three_way."""
    kind = kind or modified.get("kind", "")
    return strategicdiff.three_way(original or {}, modified, current, schema.type_of(group, version, kind))


def three_way_merge(original: dict | None, modified: dict, current: dict) -> dict:
    """The JSON merge patch that kubectl apply sends for kinds that it has no types of.

    Source: k8s.io/apimachinery pkg/util/jsonmergepatch/patch.go.
    """
    changes = _keep_or_delete(_merge_diff(current, modified), keep=True)
    deletions = _keep_or_delete(_merge_diff(original or {}, modified), keep=False)
    return _joined(deletions, changes)


def _merge_diff(before: dict, after: dict) -> dict:
    found: dict[str, object] = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key not in before or type(before[key]) is not type(value):
            found[key] = draft(value)
        elif isinstance(value, dict):
            if inner := _merge_diff(before[key], value):
                found[key] = inner
        elif before[key] != value:
            found[key] = draft(value)
    return found


def _keep_or_delete(patch: dict, *, keep: bool) -> dict:
    """The half of a merge patch that sets, or the half that removes."""
    result = {}
    for key, value in patch.items():
        if isinstance(value, dict):
            if (inner := _keep_or_delete(value, keep=keep)) or (keep and not value):
                result[key] = inner
        elif (value is not None) == keep:
            result[key] = value
    return result


def _joined(one: dict, other: dict) -> dict:
    result = dict(one)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _joined(result[key], value) if both else value
    return result
