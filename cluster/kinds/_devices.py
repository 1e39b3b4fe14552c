"""What claims of devices, their templates and classes share.

Simplified: what a CEL selector may cost is not estimated (apiserver/compiling.py compiles it), and of a slice's devices neither request
policies nor mappings to a node's resources are checked.
Source: pkg/apis/resource/validation/validation.go, pkg/apis/resource/v1/defaults.go.
"""
from __future__ import annotations

import json
from collections.abc import Callable

from cluster.kinds import _pod_volume_sources, _rules
from cluster.meta import fields, names
from cluster.meta.fields import FieldError

REQUESTS, CONSTRAINTS, CONFIGS, SELECTORS, SUBREQUESTS = 32, 32, 32, 32, 8
LONGEST_EXPRESSION = LONGEST_PARAMETERS = 10 * 1024
LONGEST_ID = 32
MODES, OPERATORS, EFFECTS = ("All", "ExactCount"), ("Equal", "Exists"), ("NoExecute", "NoSchedule", "None")
_ONE_KIND = "exactly one of `exactly` or `firstAvailable` is required"
_NAME_OF_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
_ONE_ATTRIBUTE = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
_WITH_DOMAIN = "a fully qualified name must be a domain and a name separated by a slash"
_C_IDENTIFIER = names.regex_error("a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric "
                                  "characters or '_'", "[A-Za-z_][A-Za-z0-9_]*", "my_name", "MY_NAME", "MyName")
Errors = list[FieldError]


def default_claim(spec: dict) -> None:
    """One device of a request, unless it says otherwise."""
    devices = spec["devices"] = spec.get("devices") or {}
    for request in devices.get("requests") or ():
        exactly = [request["exactly"]] if request.get("exactly") is not None else []
        for each in (*exactly, *(request.get("firstAvailable") or ())):
            if not each.get("allocationMode"):
                each["allocationMode"] = "ExactCount"
            if each["allocationMode"] == "ExactCount" and not each.get("count"):
                each["count"] = 1
            for toleration in each.get("tolerations") or ():
                toleration["operator"] = toleration.get("operator") or "Equal"


def listed(errors: Errors, found: list, most: int, path: str, check: Callable[[Errors, object, str], None], key: str = "") -> None:
    """A list of at most so many, each checked; `key`: the field by which none may come twice ("." for the item itself)."""
    if len(found) > most:
        errors.append(fields.too_many(path, len(found), most))
        return
    seen = []
    for index, item in enumerate(found):
        check(errors, item, f"{path}[{index}]")
        value = item if key == "." else item.get(key) if key else None
        if key and value in seen:
            errors.append(fields.duplicate(f"{path}[{index}]", value or ""))
        seen.append(value)


def claim(errors: Errors, spec: dict, path: str) -> None:
    """Source: validateDeviceClaim."""
    devices = spec.get("devices") or {}
    requests = devices.get("requests") or []
    known = {request.get("name", ""): [sub.get("name", "") for sub in request.get("firstAvailable") or ()] for request in requests}
    path = f"{path}.devices"
    listed(errors, requests, REQUESTS, f"{path}.requests", _request, "name")
    listed(errors, devices.get("constraints") or [], CONSTRAINTS, f"{path}.constraints",
           lambda into, item, here: _constraint(into, item, here, known))
    listed(errors, devices.get("config") or [], CONFIGS, f"{path}.config", lambda into, item, here: _claim_config(into, item, here, known))


def _request(errors: Errors, request: dict, path: str) -> None:
    _rules.label(errors, f"{path}.name", request.get("name") or "")
    exactly, others = request.get("exactly"), request.get("firstAvailable") or []
    if exactly is None and not others:
        errors.append(fields.required(path, _ONE_KIND))
    elif exactly is not None and others:
        errors.append(fields.invalid(path, None, f"{_ONE_KIND}, but multiple fields are set"))
    elif others:
        listed(errors, others, SUBREQUESTS, f"{path}.firstAvailable", _subrequest, "name")
    else:
        _devices(errors, exactly, f"{path}.exactly")


def _subrequest(errors: Errors, request: dict, path: str) -> None:
    _rules.label(errors, f"{path}.name", request.get("name") or "")
    _devices(errors, request, path)


def _devices(errors: Errors, request: dict, path: str) -> None:
    """Source: validateExactDeviceRequest."""
    _rules.required_name(errors, f"{path}.deviceClassName", request.get("deviceClassName"), names.dns1123_subdomain)
    listed(errors, request.get("selectors") or [], SELECTORS, f"{path}.selectors", selector)
    mode, count = request.get("allocationMode") or "", request.get("count") or 0
    if mode == "All" and count:
        errors.append(fields.invalid(f"{path}.count", count, "must not be specified when allocationMode is 'All'"))
    elif mode == "ExactCount" and count <= 0:
        errors.append(fields.invalid(f"{path}.count", count, "must be greater than zero"))
    elif mode not in MODES:
        errors.append(fields.not_supported(f"{path}.allocationMode", mode, MODES))
    for index, toleration in enumerate(request.get("tolerations") or ()):
        _toleration(errors, toleration, f"{path}.tolerations[{index}]")


def selector(errors: Errors, found: dict, path: str) -> None:
    """Source: validateSelector."""
    if found.get("cel") is None:
        errors.append(fields.required(f"{path}.cel"))
    elif len((found["cel"].get("expression") or "").encode()) > LONGEST_EXPRESSION:
        errors.append(fields.too_long(f"{path}.cel.expression", LONGEST_EXPRESSION))


def _toleration(errors: Errors, found: dict, path: str) -> None:
    key, operator, value, effect = (found.get(name) or "" for name in ("key", "operator", "value", "effect"))
    if key:
        _rules.qualified(errors, f"{path}.key", key)
    _rules.one_of_or_required(errors, f"{path}.operator", operator, OPERATORS)
    if operator == "Exists" and value:
        errors.append(fields.invalid(f"{path}.value", value, "must be empty for operator `Exists`"))
    elif operator == "Equal":
        _rules.all_of(errors, f"{path}.value", value, names.label_value(value))
    if effect:
        _rules.one_of(errors, f"{path}.effect", effect, EFFECTS)


def _constraint(errors: Errors, found: dict, path: str, known: dict[str, list[str]]) -> None:
    _request_names(errors, found, path, known)
    for name in ("matchAttribute", "distinctAttribute"):
        if found.get(name) is not None:
            qualified(errors, found[name], f"{path}.{name}")
            if "/" not in found[name]:
                errors.append(fields.invalid(f"{path}.{name}", found[name], _WITH_DOMAIN))
            return
    errors.append(fields.required(path, _ONE_ATTRIBUTE))


def _request_names(errors: Errors, found: dict, path: str, known: dict[str, list[str]]) -> None:
    def check(into: Errors, name: object, here: str) -> None:
        parts = str(name).split("/")
        if len(parts) <= 2:
            for part in parts:
                _rules.label(into, here, part)
        if len(parts) > 2 or parts[0] not in known or (len(parts) == 2 and parts[1] not in known[parts[0]]):
            into.append(fields.invalid(here, name, _NAME_OF_REQUEST))

    listed(errors, found.get("requests") or [], REQUESTS, f"{path}.requests", check, ".")


def _claim_config(errors: Errors, found: dict, path: str, known: dict[str, list[str]]) -> None:
    _request_names(errors, found, path, known)
    config(errors, found, path)


def config(errors: Errors, found: dict, path: str) -> None:
    """Parameters for a driver. Source: validateDeviceConfiguration, validateRawExtension."""
    opaque, here = found.get("opaque"), f"{path}.opaque"
    if opaque is None:
        errors.append(fields.required(here))
        return
    _pod_volume_sources.csi_driver(errors, f"{here}.driver", opaque.get("driver") or "")
    parameters, where = opaque.get("parameters"), f"{here}.parameters"
    if parameters is None:
        errors.append(fields.required(where))
    elif len(json.dumps(parameters, separators=(",", ":"), ensure_ascii=False).encode()) > LONGEST_PARAMETERS:
        errors.append(fields.too_long(where, LONGEST_PARAMETERS))
    elif not isinstance(parameters, dict):
        errors.append(fields.invalid(where, "<value omitted>", "must be a valid JSON object"))


def qualified(errors: Errors, name: str, path: str) -> None:
    """A name of an attribute or a capacity, with its domain or without. Source: validateQualifiedName."""
    parts = name.split("/")
    if len(parts) == 2:
        if not parts[0]:
            errors.append(fields.invalid(path, "", "the domain must not be empty"))
        else:
            _pod_volume_sources.csi_driver(errors, path, parts[0])
        if not parts[1]:
            errors.append(fields.invalid(path, "", "the name must not be empty"))
    if len(parts) == 1 or (len(parts) == 2 and parts[1]):
        _identifier(errors, parts[-1], path)


def _identifier(errors: Errors, name: str, path: str) -> None:
    if len(name.encode()) > LONGEST_ID:
        errors.append(fields.too_long(path, LONGEST_ID))
    if not (name.isascii() and name.isidentifier()):
        errors.append(fields.invalid(path, name, _C_IDENTIFIER))


def pool_name(errors: Errors, path: str, name: str) -> None:
    """Source: validatePoolName."""
    if not name:
        errors.append(fields.required(path))
        return
    if len(name.encode()) > 253:
        errors.append(fields.too_long(path, 253))
    for part in name.split("/"):
        _rules.subdomain(errors, path, part)
