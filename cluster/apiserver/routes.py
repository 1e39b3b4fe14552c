"""Which kind a request is about, and whether its path and verb exist at all.

Source: github.com/emicklei/go-restful curly.go and jsr311.go as k8s.io/apiserver pkg/endpoints/installer.go sets them up.
"""
from __future__ import annotations

from cluster.kinds import Registry
from cluster.kinds.base import Kind
from cluster.meta import schema, status
from cluster.meta.gotext import quote
from cluster.meta.requests import Request

COLLECTION_VERBS = ("list", "watch")
PAGE_NOT_FOUND = "404 page not found\n"


class PageNotFound(status.StatusError):
    """A path of no known group, which the mux answers in plain text."""

    def __init__(self):
        super().__init__({"status": "Failure", "message": PAGE_NOT_FOUND.strip(), "reason": "NotFound", "code": 404})


def find(request: Request, kinds: Registry) -> Kind:
    """The kind behind a request; raises NotFound or MethodNotAllowed. Components name a plural, HTTP clients a path."""
    if not request.path:
        return _of_plural(request, kinds)
    kind = kinds.version(request.group, request.version, request.resource)
    if request.group and not schema.versions_of(request.group) and (kind is None or kind.custom is None):
        raise PageNotFound  # custom groups know only what they serve
    if kind is None or any(char in request.name for char in "/%"):
        raise status.no_such_path()
    if request.namespace and not kind.namespaced and kind.kind != "Namespace":
        raise status.no_such_path()
    if request.subresource and request.subresource not in kind.subresources:
        raise status.not_found(kind.plural, request.name, kind.group) if kind.custom else status.no_such_path()
    if kind.namespaced and not request.namespace and request.verb not in COLLECTION_VERBS:
        raise status.no_such_path() if request.name else status.method_not_allowed()
    _check_verb(request, kind)
    return kind


def check_name(request: Request) -> None:
    """Refuse names that would mean another folder. Source: k8s.io/apiserver pkg/endpoints/handlers/namer.go, pkg/server/handler."""
    if request.name in (".", ".."):
        raise status.bad_request(f"Name parameter invalid: {quote(request.name)}: may not be '{request.name}'")


def _of_plural(request: Request, kinds: Registry) -> Kind:
    kind = kinds.named(request.group, request.version, request.resource)
    if kind is None or (request.subresource and request.subresource not in kind.subresources):
        raise status.no_such_path()
    return kind


def _check_verb(request: Request, kind: Kind) -> None:
    """A collection takes POST, GET and DELETE; an object GET, PUT, PATCH and DELETE."""
    verb, is_object = request.verb, bool(request.name)
    if is_object and not request.subresource and kind.virtual:
        raise status.no_such_path()
    wrong = {"create": is_object and not request.subresource, "update": not is_object, "patch": not is_object}
    if not verb or wrong.get(verb) or (not request.subresource and verb not in kind.verbs):
        raise status.method_not_allowed()
