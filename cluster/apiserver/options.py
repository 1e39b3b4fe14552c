"""The query parameters of writes, checked as upstream checks CreateOptions, UpdateOptions, PatchOptions and DeleteOptions.

Source: k8s.io/apimachinery pkg/apis/meta/v1/validation/validation.go; k8s.io/apiserver pkg/endpoints/handlers/create.go.
"""
from __future__ import annotations

from cluster.kinds._cron import duration_ns
from cluster.meta import fields, status
from cluster.meta.objectmeta import is_plain_manager, validate_field_manager
from cluster.meta.requests import Request

LONGEST_MANAGER = 128
FIELD_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
APPLY = "application/apply-patch+yaml"
OF_APPLY = len(APPLY)
OPTIONS_KINDS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}


def check(request: Request) -> None:
    """Refuse the options of a create, update or patch that upstream refuses."""
    options = request.options
    if not options:
        if request.content_type.startswith(APPLY) and request.verb == "patch":
            raise _invalid(request.verb, [fields.required("fieldManager", "is required for apply patch")])
        return
    manager = options.get("fieldManager", "")
    if manager and len(options) == 1 and is_plain_manager(manager):     # all that components say
        return
    errors = _patch_errors(request) if request.verb == "patch" else []
    if not is_plain_manager(manager):
        errors += validate_field_manager(manager)
    if "dryRun" in options:
        errors += dry_run_errors(values(options["dryRun"]))
    validation = options.get("fieldValidation", "")
    if validation not in FIELD_VALIDATIONS:
        errors.append(fields.not_supported("fieldValidation", validation, FIELD_VALIDATIONS))
    if errors:
        raise _invalid(request.verb, errors)


def _invalid(verb: str, errors: list) -> status.StatusError:
    return status.invalid(OPTIONS_KINDS[verb], "", errors, "meta.k8s.io")


def _patch_errors(request: Request) -> list:
    applies = request.content_type[:OF_APPLY] == APPLY
    if applies and not request.options.get("fieldManager"):
        return [fields.required("fieldManager", "is required for apply patch")]
    if not applies and "force" in request.options:
        return [fields.forbidden("force", "may not be specified for non-apply patch")]
    return []


def values(text: str | None) -> list[str]:
    """The values of a parameter that may come several times, which are joined by commas; None: it was not sent."""
    return text.split(",") if text is not None else []


def dry_run_errors(found: list[str]) -> list:
    """Complaints about the values of dryRun."""
    return [fields.not_supported("dryRun", found, ("All",))] if any(value != "All" for value in found) else []


def is_dry_run(request: Request) -> bool:
    return "dryRun" in request.options and request.options["dryRun"] != ""


def boolean(text: str) -> bool:
    """A boolean query parameter: anything but 0 and false is true.

    Source: k8s.io/apimachinery pkg/runtime/converter.go (Convert_Slice_string_To_bool).
    """
    return text.lower() not in ("0", "false")


def check_timeout(request: Request) -> None:
    """Refuse a `timeout` that is no duration. Source: k8s.io/apiserver pkg/endpoints/filters/request_deadline.go."""
    try:
        duration_ns(request.options["timeout"] or "0")
    except ValueError as error:
        raise status.bad_request(f"invalid timeout specified in the request URL - {error}") from None


def manager_of(request: Request) -> str:
    """Who manages the fields that a request sets: fieldManager, else the User-Agent up to its slash.

    Source: k8s.io/apiserver pkg/endpoints/handlers/create.go (managerOrUserAgent).
    """
    manager = request.options.get("fieldManager") if request.options else ""
    if manager:
        return manager
    agent = request.user_agent.partition("/")[0]
    if agent.isascii() and agent.isprintable() and len(agent) <= LONGEST_MANAGER:
        return agent
    return _shortened("".join(char for char in agent if char.isprintable()))


def _shortened(text: str) -> str:
    return text.encode()[:LONGEST_MANAGER].decode(errors="ignore")
