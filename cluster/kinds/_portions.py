"""Numbers that may be percentages ("25%"), conditions, and other small rules of workloads and policies.

Source: pkg/apis/apps/validation/validation.go, k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go,
pkg/util/validation/validation.go.
"""
from __future__ import annotations

import re

from cluster.kinds import _rules
from cluster.kinds._rules import Errors
from cluster.meta import fields, names, objectmeta
from cluster.meta.gotext import atoi

Portion = int | str
STATUSES = ("False", "True", "Unknown")
MAX_REASON, MAX_MESSAGE = 1024, 32 * 1024
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_REASON_RULE = ("a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
                "characters or '_,:', and must end with an alphanumeric character or '_'")
_is_reason = re.compile(_REASON + r"\Z").match
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_is_http_path = re.compile(_HTTP_PATH + r"\Z").match


def portion(errors: Errors, path: str, value: Portion) -> None:
    """A number of 0 or more, or a percentage (ValidatePositiveIntOrPercent)."""
    if isinstance(value, str):
        _rules.all_of(errors, path, value, names.percent(value))
    else:
        _rules.not_negative(errors, path, value)


def at_most_whole(errors: Errors, path: str, value: Portion) -> None:
    """A percentage of at most 100 (IsNotMoreThan100Percent)."""
    if not isinstance(value, str) or names.percent(value):
        return
    number = atoi(value[:-1])
    if number is None or number > 100:
        errors.append(fields.invalid(path, value, "must not be greater than 100%"))


def number_of(value: Portion | None) -> int:
    """The number before a percent sign, or the number itself; words count as 0 (getIntOrPercentValue)."""
    if not isinstance(value, str):
        return value or 0
    text = value if names.percent(value) else value[:-1]
    return atoi(text) or 0


def text_of(value: Portion | None, missing: str = "N/A") -> str:
    """As tables show it."""
    return missing if value is None else str(value)


def domain_prefixed_path(errors: Errors, path: str, value: str) -> None:
    """`acme.io/foo` (IsDomainPrefixedPath)."""
    host, slash, rest = value.partition("/")
    if not value:
        errors.append(fields.required(path))
    elif not (host and slash and rest):
        errors.append(fields.invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'))
    else:
        _rules.all_of(errors, path, host, names.dns1123_subdomain(host))
        if not _is_http_path(rest):
            errors.append(fields.invalid(path, rest, names.regex_error("Invalid path", _HTTP_PATH)))


def segment_or_required(errors: Errors, path: str, value: str | None) -> None:
    """A name that may be part of a URL's path, and has to be there."""
    _rules.required_name(errors, path, value, names.path_segment)


def conditions(errors: Errors, found: list[dict] | None, path: str) -> None:
    """Conditions of the common sort, metav1.Condition (ValidateConditions)."""
    seen: list[str] = []
    for index, condition in enumerate(found or ()):
        kind = condition.get("type") or ""
        if kind in seen:
            errors.append(fields.duplicate(f"{path}[{index}].type", kind))
        seen.append(kind)
        _condition(errors, condition, f"{path}[{index}]")


def _condition(errors: Errors, condition: dict, path: str) -> None:
    reason, generation = condition.get("reason") or "", condition.get("observedGeneration") or 0
    _rules.qualified(errors, f"{path}.type", condition.get("type") or "")
    _rules.one_of(errors, f"{path}.status", condition.get("status"), STATUSES)
    if generation < 0:
        errors.append(fields.invalid(f"{path}.observedGeneration", generation, "must be greater than or equal to zero"))
    if not condition.get("lastTransitionTime"):
        errors.append(fields.required(f"{path}.lastTransitionTime"))
    if not reason:
        errors.append(fields.required(f"{path}.reason"))
    elif not _is_reason(reason):
        errors.append(fields.invalid(f"{path}.reason", reason, names.regex_error(
            _REASON_RULE, _REASON, "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")))
    if len(reason.encode()) > MAX_REASON:
        errors.append(fields.too_long(f"{path}.reason", MAX_REASON))
    if len((condition.get("message") or "").encode()) > MAX_MESSAGE:
        errors.append(fields.too_long(f"{path}.message", MAX_MESSAGE))


def immutable(errors: Errors, path: str, new: object, old: object) -> None:
    """A field that may not change."""
    errors += objectmeta.validate_immutable(new, old, path)


def not_decremented(errors: Errors, path: str, new: int | None, old: int | None) -> None:
    """A counter that may only grow (IsDecremented)."""
    if old is not None and (new is None or new < old):
        errors.append(fields.invalid(path, new or 0, "cannot be decremented"))


def labels_text(found: dict | None) -> str:
    """Labels as tables show them: `a=b,c=d`, `<none>` without any."""
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or "<none>"
