"""The one door's rules: what a request goes through from its arrival to its answer.

A write is two moments: `arrive` (who, may they, what, defaults, admission, validation; nothing changes) and `commit`
(compare-and-swap). A read is answered at once. Source: k8s.io/apiserver pkg/server/config.go (DefaultBuildHandlerChain).
"""
from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import msgspec

from cluster.kinds import registry
from cluster.kinds.base import Kind
from cluster.meta import status
from cluster.meta.objectmeta import is_plain_manager
from cluster.meta.requests import Request, Response
from cluster.store.etcd import REFUSED
from cluster.store.memory import Store

from . import (
    aggregation,
    authn,
    authz,
    binding,
    create,
    delete,
    discovery,
    http,
    negotiation,
    options,
    presentation,
    proxying,
    reviews,
    routes,
    storing,
    subresources,
    update,
)
from . import read as reading
from .call import Call, Write
from .context import Context
from .delete_options import is_dry_run
from .identity import Identity
from .selection import matcher

READS = {"get": reading.get, "list": reading.list_objects}
WRITES = {"create": create.create, "update": update.update, "patch": update.patch, "delete": delete.delete}
present = presentation.present

__all__ = ["Write", "arrive", "commit", "is_read", "matcher", "present", "read", "watch"]


def read(request: Request, context: Context) -> Response:
    """Answer a get, a list, or a path that is no resource, as the request's Accept wants it."""
    call = None
    try:
        is_virtual = (request.group, request.resource) in context.kinds.built_in.virtual
        identity = None if authz.is_open(request, context) and not is_virtual else check_caller(request, context)
        if request.verb == "raw":
            return discovery.answer(request, context)
        call = enter(request, context)
        if not context.etcd.is_on and not call.kind.virtual and not call.kind.computed:
            return refuse(request, context, cut_off(), "store")
        if call.kind.virtual:
            options.check(request)
            negotiation.check_plain(request)
            return reviews.answer(call, identity)
        handler = subresources.reader(call) if request.subresource else READS[request.verb]
        response = handler(call)
        if response.ok:
            response.body = presentation.present(response.body, request, context)
        return response
    except Exception as error:
        response = failed(request, context, error)
        response.warnings = call.warnings if call else []
        return response


def is_read(request: Request, context: Context) -> bool:
    """Whether a request changes nothing and is answered at once: reviews are such, though they are POSTed."""
    verb = request.verb
    if verb == "patch" or verb == "update" or request.subresource == "proxy":
        return False  # what it is proxied to hears of it
    if verb != "create":
        return verb in ("get", "list", "raw")
    if (request.group, request.resource) not in context.kinds.built_in.virtual:
        return False
    kind = context.registry.version(request.group, request.version, request.resource)
    return kind is not None and kind.virtual and not request.subresource


def watch(request: Request, context: Context) -> Response | http.WatchRequest:
    """What an HTTP client's watch asks for once it may: a refusal (Response), or what to watch."""
    try:
        check_caller(request, context)
        enter(request, context)
        if not context.etcd.is_on:
            return refuse(request, context, cut_off(), "store")
        negotiation.check_stream(request)
        return http.watch_spec(request, context.registry)
    except Exception as error:
        return failed(request, context, error)


def arrive(request: Request, context: Context) -> Response | Write:
    """Work a write out: a refusal or a dry run's answer (Response), or what is to be stored (Write)."""
    call = None
    try:
        routine = routine_of(request, context)
        if routine is not None:
            call = Call(request, context, routine.kind)
            result = routine.work(call)
            return result if type(result) is Write else _presented(result, request, context)
        if not authz.is_open(request, context):
            check_caller(request, context)
        call = enter(request, context)
        return work_out(call) if request.subresource != "proxy" else proxying.answer(call)
    except Exception as error:
        response = failed(request, context, error)
        response.warnings = call.warnings if call else []
        return response


class Routine(NamedTuple):
    """A component's write that no gate before the verb refuses or tells of: its kind, and who works it out."""

    kind: Kind
    work: Callable[[Call], Response | Write]


def routine_of(request: Request, context: Context) -> Routine | None:
    """How a write of a component is worked out; None where the gates before the verb have to be asked."""
    if request.raw is not None or request.path or context.is_explained or context.server.enforces_rbac:
        return None
    options, verb = request.options, request.verb
    if verb == "delete":
        is_plain = not options and type(request.body) is dict and "dryRun" not in request.body
        return _routine(verb, request.group, request.version, request.resource, request.subresource, verb) if is_plain else None
    if len(options) != 1 or "fieldManager" not in options:
        return None
    return _routine(verb, request.group, request.version, request.resource, request.subresource, options["fieldManager"])


@lru_cache(maxsize=4096)
def _routine(verb: str, group: str, version: str, resource: str, subresource: str, manager: str) -> Routine | None:
    """The same for one verb of a kind that every sandbox serves, as the router and the check of options find it."""
    kind = registry().version(group, version, resource)
    if kind is None or kind.virtual or verb not in WRITES or not manager or not is_plain_manager(manager):
        return None
    if subresource:
        work = subresources.WRITERS.get((subresource, verb)) if subresource in kind.subresources else None
    else:
        work = binding.create if kind.kind == "Binding" else WRITES[verb]
    return Routine(kind, work) if work else None


def work_out(call: Call) -> Response | Write:
    """The effect of an authorised write on the present state; raises its refusal."""
    request = call.request
    if request.verb in ("create", "update", "patch"):
        options.check(request)
    else:
        call.dry_run = is_dry_run(request)
    return _worked_out(call)


def _worked_out(call: Call) -> Response | Write:
    """The same, past the check of its options."""
    request = call.request
    if request.verb == "deletecollection":
        rows, body = reading.stored_rows(call)
        result = delete.delete_collection(call, rows, body)
    elif call.kind.kind == "Binding":
        result = binding.create(call)
    else:
        result = (subresources.writer(call) if request.subresource else WRITES[request.verb])(call)
    return _presented(result, request, call.context)


def _presented(result: Response | Write, request: Request, context: Context) -> Response | Write:
    """What was worked out; an answer without a write as the request's Accept wants it."""
    if type(result) is not Write and result.ok:
        result.body = presentation.present(result.body, request, context)
    return result


def commit(write: Write, context: Context, *, is_shown: bool = True) -> Response:
    """Do what was worked out; work it out again where another write came first and the caller named no version.

    is_shown: whether anybody looks at the object in the answer; else it is as it is stored.
    """
    request = write.request
    if not context.etcd.is_on:
        return refuse(request, context, cut_off(), "store")
    try:
        response = storing.store(write, context, work_out)
        if is_shown:
            response.body = presentation.present(response.body, request, context)
        return response
    except Exception as error:
        response = failed(request, context, error, gate="store")
        response.warnings = write.warnings
        return response


def cut_off() -> status.StatusError:
    """What becomes of a request that needs etcd while nobody reaches that."""
    return status.failure(500, "", REFUSED)


def mark_of(write: Write) -> Write:
    """Of a deletion that marks an object and removes it, the first of the two writes.

    Source: pkg/registry/generic/registry/store.go (updateForGracefulDeletionAndFinalizers).
    """
    return msgspec.structs.replace(write, delete=False, parts=[])


def removal_of(write: Write, store: Store) -> Write | None:
    """Of the same, the second, which comes when the first is done; None where the object is gone already."""
    stored = store.get(write.key)
    return msgspec.structs.replace(write, value=None, expected=stored.mod_revision, pinned=False) if stored else None


def enter(request: Request, context: Context) -> Call:
    """The request past the router: its kind is known, its verb exists, its types can be read and written."""
    kind = routes.find(request, context.registry)
    if request.path:
        negotiation.check_route(request)
        routes.check_name(request)
        if "timeout" in request.options:
            options.check_timeout(request)
    return Call(request, context, kind)


def check_caller(request: Request, context: Context) -> Identity:
    """Authentication, impersonation and authorisation; who it is that may. Raises Unauthorized or Forbidden."""
    identity = authn.authenticate(request, context)
    if identity.behind:
        _check_impersonation(request, identity, context)
    if not context.is_explained:
        authz.authorize(request, identity, context)
        return identity
    subject = subject_of(request)
    about = {"impersonated_by": identity.behind} if identity.behind else {}
    if authn.TOKEN in request.options:
        about["token"] = True
    context.trace("RequestAuthenticated", subject, user=identity.user, groups=list(identity.groups), **about)
    rule = authz.authorize(request, identity, context)
    verb = "get" if request.verb == "raw" else request.verb
    context.trace("RequestAuthorized", subject, verb=verb, resource=request.resource or request.path,
                  subresource=request.subresource, rule=rule, user=identity.user, **authz.granted_by(request, identity, context))
    return identity


def _check_impersonation(request: Request, identity: Identity, context: Context) -> None:
    found = authn.caller(request, context)
    for wanted in authn.requested(identity, request.options):
        authz.check_impersonation(found, wanted, context)


def failed(request: Request, context: Context, error: Exception, gate: str = "") -> Response:
    """The answer to a request that ended in an error. A fault of this program stays one request's, if a person sent it."""
    if not isinstance(error, status.StatusError):
        if request.raw is None and not request.path:
            raise error
        error = status.internal_error(f"{type(error).__name__}: {error}")
    return refuse(request, context, error, gate)


def refuse(request: Request, context: Context, refusal: status.StatusError, gate: str = "") -> Response:
    """The answer to a refused request; the trace notes where and why it stopped."""
    body = refusal.status
    about = {"plugin": refusal.plugin} if refusal.plugin else {}
    context.trace("RequestRefused", subject_of(request), gate="admission" if about else gate or gate_of(body), code=body["code"],
                  reason=body.get("reason", ""), message=body["message"], **about)
    if isinstance(refusal, routes.PageNotFound):
        if aggregation.is_remote(request.path, context.store):
            return Response(code=503, body=aggregation.UNAVAILABLE, headers=discovery.TEXT)
        return Response(code=404, body=routes.PAGE_NOT_FOUND, headers=discovery.TEXT)
    wait_s = (body.get("details") or {}).get("retryAfterSeconds")
    return Response(code=body["code"], body=body, headers={"Retry-After": str(wait_s)} if wait_s else {})


GATES = {"Unauthorized": "authentication", "Forbidden": "authorization", "BadRequest": "decoding", "Invalid": "validation",
         "UnsupportedMediaType": "decoding", "Conflict": "store", "TooManyRequests": "store", "AlreadyExists": "store", "NotFound": "store"}


def gate_of(body: dict) -> str:
    """The gate that gives a refusal of this sort."""
    if body.get("reason") == "Forbidden" and "cannot" not in body["message"]:
        return "admission"
    return GATES.get(body.get("reason", ""), "validation")


def subject_of(request: Request) -> str:
    return f"{request.resource}/{request.namespace}/{request.name}" if request.resource else ""
