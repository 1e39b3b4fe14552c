"""Reads metav1.DeleteOptions from a body or the query, and refuses what upstream refuses.

Source: k8s.io/apiserver pkg/endpoints/handlers/delete.go; k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go.
"""
from __future__ import annotations

from dataclasses import dataclass

from cluster.meta import fields, status
from cluster.meta.gotext import atoi, quote
from cluster.meta.requests import Request

from . import decode, options

POLICIES = ("Foreground", "Background", "Orphan")


@dataclass(frozen=True)
class DeleteOptions:
    """How something is to be deleted. orphan: the deprecated orphanDependents."""

    grace_s: int | None = None
    propagation: str | None = None
    orphan: bool | None = None
    uid: str = ""
    resource_version: str = ""


def read(request: Request) -> DeleteOptions:
    """The options of a delete; raises BadRequest or Invalid."""
    body = _body(request)
    found = _of_query(request.options) if body is None else of_body(body)
    dry_run = body.get("dryRun") or [] if body is not None else options.values(request.options.get("dryRun"))
    complaints = errors(found) + options.dry_run_errors(dry_run)
    if complaints:
        raise status.invalid("DeleteOptions", "", complaints, "meta.k8s.io")
    return found


def is_dry_run(request: Request) -> bool:
    """Whether a delete's body or query asks for a dry run."""
    body = _body(request)
    return bool(body.get("dryRun")) if body is not None else options.is_dry_run(request)


def _body(request: Request) -> dict | None:
    if request.raw:
        return decode.decode_plain(request.raw, request.content_type, "DeleteOptions")
    return request.body if isinstance(request.body, dict) else None


def of_body(body: dict) -> DeleteOptions:
    """The options in a DeleteOptions object."""
    preconditions = body.get("preconditions") or {}
    return DeleteOptions(body.get("gracePeriodSeconds"), body.get("propagationPolicy"), body.get("orphanDependents"),
                         preconditions.get("uid") or "", preconditions.get("resourceVersion") or "")


def _of_query(query: dict[str, str]) -> DeleteOptions:
    orphan = query.get("orphanDependents")
    return DeleteOptions(whole_number(query.get("gracePeriodSeconds")), query.get("propagationPolicy") or None,
                         options.boolean(orphan) if orphan is not None else None)


def whole_number(text: str | None) -> int | None:
    """A number of the query, as strconv.ParseInt reads it; raises BadRequest with its words."""
    if not text:
        return None
    digits = text[1:] if text[0] in "+-" else text
    if not (digits.isascii() and digits.isdigit()):
        raise status.bad_request(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax")
    number = atoi(text)
    if number is None:
        raise status.bad_request(f"strconv.ParseInt: parsing {quote(text)}: value out of range")
    return number


def errors(found: DeleteOptions) -> list:
    """The complaints about how something is to be deleted."""
    errors = []
    if found.orphan is not None and found.propagation is not None:
        errors.append(fields.invalid("propagationPolicy", found.propagation,
                                     "orphanDependents and deletionPropagation cannot be both set"))
    if found.propagation is not None and found.propagation not in POLICIES:
        errors.append(fields.not_supported("propagationPolicy", found.propagation, (*POLICIES, "nil")))
    return errors
