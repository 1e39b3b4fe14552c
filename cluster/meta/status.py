"""Refusals: Status objects with the codes, reasons and words of upstream, and the exception that carries one.

Each function returns a StatusError to raise. `resource` is the plural ("pods"), qualified with its group as upstream
prints it ("deployments.apps").
Source: k8s.io/apimachinery pkg/api/errors/errors.go; k8s.io/apiserver pkg/endpoints/handlers/negotiation/errors.go.
"""
from __future__ import annotations

from collections.abc import Iterable

from .fields import FieldError, aggregate
from .gotext import quote

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


class StatusError(Exception):
    """A refusal on its way to the caller. status: the Status object; code: its HTTP code; plugin: the admission plugin that gave it."""

    plugin = ""

    def __init__(self, status: dict):
        super().__init__(status["message"])
        self.status = status
        self.code: int = status["code"]

    @property
    def reason(self) -> str:
        return self.status.get("reason", "")

    @property
    def message(self) -> str:
        return self.status["message"]


def failure(code: int, reason: str, message: str, details: dict | None = None) -> StatusError:
    """A refusal from its parts; `details` is left out when None, empty members of it always."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    if reason:
        status["reason"] = reason
    if details is not None:
        status["details"] = {key: value for key, value in details.items() if value}
    status["code"] = code
    return StatusError(status)


def success(*, name: str = "", group: str = "", kind: str = "", uid: str = "") -> dict:
    """The Status that answers a delete: status Success, with what was deleted. kind: the plural."""
    details = {"name": name, "group": group, "kind": kind, "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {key: value for key, value in details.items() if value}}


def qualified(resource: str, group: str) -> str:
    """`deployments.apps`, or `pods` in the core group."""
    return f"{resource}.{group}" if group else resource


def _details(name: str, group: str, kind: str) -> dict:
    return {"name": name, "group": group, "kind": kind}


def not_found(resource: str, name: str, group: str = "") -> StatusError:
    return failure(404, "NotFound", f"{qualified(resource, group)} {quote(name)} not found", _details(name, group, resource))


def no_such_path() -> StatusError:
    """A path or resource that the server does not serve."""
    return failure(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: str, name: str, group: str = "") -> StatusError:
    message = f"{qualified(resource, group)} {quote(name)} already exists"
    return failure(409, "AlreadyExists", message, _details(name, group, resource))


def generate_name_conflict(resource: str, name: str, group: str = "", retry_after_seconds: int = 1) -> StatusError:
    message = (f"{qualified(resource, group)} {quote(name)} already exists, "
               "the server was not able to generate a unique name for the object")
    details = {**_details(name, group, resource), "retryAfterSeconds": retry_after_seconds}
    return failure(409, "AlreadyExists", message, details)


def conflict(resource: str, name: str, why: str = MODIFIED, group: str = "") -> StatusError:
    message = f"Operation cannot be fulfilled on {qualified(resource, group)} {quote(name)}: {why}"
    return failure(409, "Conflict", message, _details(name, group, resource))


def apply_conflict(causes: list[dict], message: str) -> StatusError:
    """causes: {"reason": "FieldManagerConflict", "message": …, "field": …} each."""
    return failure(409, "Conflict", message, {"causes": causes})


def invalid(kind: str, name: str, errors: Iterable[FieldError], group: str = "") -> StatusError:
    errors = list(errors)
    message = f"{qualified(kind, group)} {quote(name)} is invalid"
    if errors:
        message = f"{message}: {aggregate(errors)}"
    details = {**_details(name, group, kind), "causes": [error.cause() for error in errors]}
    return failure(422, "Invalid", message, details)


def bad_request(message: str) -> StatusError:
    return failure(400, "BadRequest", message)


def unauthorized(message: str = "") -> StatusError:
    return failure(401, "Unauthorized", message or "not authorized")


def forbidden(resource: str, name: str, why: str, group: str = "") -> StatusError:
    if not resource and not group:
        message = f"forbidden: {why}"
    elif name:
        message = f"{qualified(resource, group)} {quote(name)} is forbidden: {why}"
    else:
        message = f"{qualified(resource, group)} is forbidden: {why}"
    return failure(403, "Forbidden", message, _details(name, group, resource))


def method_not_supported(resource: str, action: str, group: str = "") -> StatusError:
    message = f"{action} is not supported on resources of kind {quote(qualified(resource, group))}"
    return failure(405, "MethodNotAllowed", message, _details("", group, resource))


def method_not_allowed() -> StatusError:
    """A known path asked with a verb that it does not have."""
    return failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def gone(message: str) -> StatusError:
    return failure(410, "Gone", message)


def expired(message: str) -> StatusError:
    """A resourceVersion or continue token that is too old."""
    return failure(410, "Expired", message)


def not_acceptable(accepted: Iterable[str], target: str = "") -> StatusError:
    """target: what was to be converted to, such as a Table's group, version and kind."""
    converting = f" when converting to {target}" if target else ""
    message = f"only the following media types are accepted{converting}: {', '.join(accepted)}"
    return failure(406, "NotAcceptable", message)


def unsupported_media_type(accepted: Iterable[str]) -> StatusError:
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    return failure(415, "UnsupportedMediaType", message)


def request_too_large(message: str) -> StatusError:
    return failure(413, "RequestEntityTooLarge", f"Request entity too large: {message}")


def timeout(message: str, retry_after_seconds: int = 0) -> StatusError:
    return failure(504, "Timeout", f"Timeout: {message}", {"retryAfterSeconds": retry_after_seconds})


def internal_error(message: str) -> StatusError:
    return failure(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def service_unavailable(message: str) -> StatusError:
    return failure(503, "ServiceUnavailable", message)
