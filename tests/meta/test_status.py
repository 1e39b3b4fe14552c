"""Refusals: codes, reasons, words and details."""
import pytest

from cluster.meta import fields, status


@pytest.mark.parametrize(("error", "code", "reason", "message"), [
    (status.not_found("pods", "x"), 404, "NotFound", 'pods "x" not found'),
    (status.not_found("deployments", "x", "apps"), 404, "NotFound", 'deployments.apps "x" not found'),
    (status.already_exists("pods", "x"), 409, "AlreadyExists", 'pods "x" already exists'),
    (status.conflict("pods", "x"), 409, "Conflict", f'Operation cannot be fulfilled on pods "x": {status.MODIFIED}'),
    (status.forbidden("pods", "x", "no"), 403, "Forbidden", 'pods "x" is forbidden: no'),
    (status.forbidden("pods", "", "no"), 403, "Forbidden", "pods is forbidden: no"),
    (status.bad_request("b"), 400, "BadRequest", "b"),
    (status.method_not_supported("nodes", "create"), 405, "MethodNotAllowed",
     'create is not supported on resources of kind "nodes"'),
    (status.expired("old"), 410, "Expired", "old"),
    (status.unsupported_media_type(("a", "b")), 415, "UnsupportedMediaType",
     "the body of the request was in an unknown format - accepted media types include: a, b"),
    (status.not_acceptable(("a",)), 406, "NotAcceptable", "only the following media types are accepted: a"),
    (status.request_too_large("limit is 3"), 413, "RequestEntityTooLarge", "Request entity too large: limit is 3"),
    (status.timeout("slow"), 504, "Timeout", "Timeout: slow"),
    (status.internal_error("oh"), 500, "InternalError", "Internal error occurred: oh"),
    (status.failure(500, "", "odd"), 500, "", "odd"),
])
def test_a_refusal_has_upstreams_code_reason_and_words(error, code, reason, message):
    assert (error.code, error.reason, error.message) == (code, reason, message)
    assert error.status["kind"] == "Status"


def test_details_name_the_object_and_leave_empty_parts_out():
    assert status.not_found("deployments", "x", "apps").status["details"] == {"name": "x", "group": "apps", "kind": "deployments"}
    assert status.forbidden("", "", "no").status["details"] == {}
    assert "details" not in status.bad_request("b").status


def test_invalid_lists_every_cause():
    errors = [fields.required("a"), fields.invalid("b", 1, "no")]
    refusal = status.invalid("Pod", "x", errors)
    assert refusal.message == 'Pod "x" is invalid: [a: Required value, b: Invalid value: 1: no]'
    assert [cause["field"] for cause in refusal.status["details"]["causes"]] == ["a", "b"]
    assert status.invalid("Deployment", "x", errors[:1], "apps").message == 'Deployment.apps "x" is invalid: a: Required value'
