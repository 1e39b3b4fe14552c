"""How an answer is shown: as it is, as a Table, or as metadata alone, whichever the Accept header asks for.

Source: k8s.io/apiserver pkg/endpoints/handlers/response.go.
"""
from __future__ import annotations

from functools import lru_cache
from typing import Any

from cluster.kinds import registry
from cluster.kinds.base import Kind
from cluster.meta import status
from cluster.meta.requests import Request

from . import table
from .call import find_kind
from .context import Context
from .conversion import EVENTS, to_version
from .negotiation import Wanted, wanted
from .scale import SHOWN, SHOWN_CUSTOM, scale_of

PLAIN = "application/json"


def present(body: Any, request: Request, context: Context) -> Any:
    """A successful answer's body (or a watch event's object), for the request's Accept."""
    if request.accept == PLAIN and request.subresource != "scale" and _is_shown_as_stored(request.group, request.version, request.resource):
        return body
    kind = kind_of(request, context)
    if kind is not None and kind.group != "" and isinstance(body, dict) and body.get("kind") == kind.kind:
        body = to_version(kind, body)
    if request.subresource == "scale" and kind is not None and isinstance(body, dict) and body.get("kind") == kind.kind:
        body = scale_of(body, kind)
    if request.accept == PLAIN or not isinstance(body, dict) or "metadata" not in body:
        return body
    asked = wanted(request.accept)
    if not asked.kind or body.get("kind") == "Status" or kind is None:
        return body
    if asked.kind == "Table":
        include = request.options.get("includeObject", "")
        if request.subresource == "scale":
            kind = SHOWN_CUSTOM if kind.custom else SHOWN
        return table.table(kind, body, asked.version, include, context.clock.unix_ms(context.now_ms))
    return _partial(body, asked)


@lru_cache(maxsize=1024)
def _is_shown_as_stored(group: str, version: str, resource: str) -> bool:
    """Whether a kind that every sandbox serves is stored as this version shows it."""
    kind = registry().version(group, version, resource)
    return kind is not None and not kind.stored_as and kind.group != EVENTS


def kind_of(request: Request, context: Context) -> Kind | None:
    """The kind that a request's resource names."""
    return find_kind(request, context)


def _partial(body: dict, asked: Wanted) -> dict:
    is_list = "items" in body
    if is_list != (asked.kind == "PartialObjectMetadataList"):
        raise _mismatch(body, asked, is_list)
    if not is_list:
        return table.partial(body, asked.version)
    return {"kind": asked.kind, "apiVersion": f"meta.k8s.io/{asked.version}", "metadata": body["metadata"],
            "items": [table.partial(obj, asked.version) for obj in body["items"]]}


def _mismatch(body: dict, asked: Wanted, is_list: bool) -> status.StatusError:
    found = f"(*{'core' if '/' not in body['apiVersion'] else body['apiVersion'].split('/')[0].split('.')[0]}.{body['kind']})"
    what = f"a list {found}" if is_list else f"not a list {found}"
    return status.failure(406, "NotAcceptable", f"you requested {asked.kind}, but the requested object is {what}")
