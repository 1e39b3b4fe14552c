"""From what was sent to an object: decoding, defaulting, and the checks of name and namespace against the URL.

Source: k8s.io/apiserver pkg/endpoints/handlers/create.go, update.go, rest.go; pkg/registry/rest/meta.go.
"""
from __future__ import annotations

from cluster.kinds.base import Kind
from cluster.meta import status
from cluster.meta.objects import draft

from . import conversion, decode, empties, managed, paths
from .call import Call
from .conversion import stored_version

REPEATED_OWNERS = (
    ".metadata.ownerReferences contains duplicate entries{moment}; API server dedups owner references in 1.20+, and may reject such "
    "requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {uids}")
WIPED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")


def incoming(call: Call) -> dict:
    """The object that a create or update sent: a private draft in stored form, with its defaults."""
    request, kind = call.request, call.kind
    if request.raw is None:
        return _typed(call)
    validation, told = request.options.get("fieldValidation") or "Warn", []
    if kind.custom:
        obj, warnings = kind.custom.decode(request.raw, request.content_type, validation)
    else:
        obj, warnings = decode.decode(request.raw, request.content_type, kind.group, kind.version, kind.kind, validation, told)
    call.warnings += warnings
    call.trace("ObjectDecoded", object=kind.kind, validation=request.options.get("fieldValidation") or "Warn",
               bytes=len(request.raw), warnings=warnings)
    obj = defaulted(call, with_metadata(conversion.to_stored(kind, obj)))
    return lean(call, obj) if told else obj


def lean(call: Call, obj: dict) -> dict:
    """The object without the lists and maps that were sent empty, in place; the call remembers them."""
    call.empties = empties.strip(obj, managed.struct_of(obj["apiVersion"], call.kind.kind))
    return obj


def of_kind(call: Call, group: str, version: str, kind: str) -> dict:
    """What was sent to a subresource that speaks a kind of its own; a private object, without defaults."""
    request = call.request
    if request.raw is None:
        return with_metadata({**request.body, "metadata": dict(request.body.get("metadata") or {})})
    obj, warnings = decode.decode(request.raw, request.content_type, group, version, kind, request.options.get("fieldValidation") or "Warn")
    call.warnings += warnings
    return with_metadata(obj)


def _typed(call: Call) -> dict:
    """A component's body, which is an object already; a status that it computed needs no defaults."""
    body = call.request.body
    if call.subresource == "status":
        return with_metadata({**body, "metadata": dict(body["metadata"]), "status": status_draft(call.kind, body.get("status") or {})})
    obj = with_metadata(draft_but_owners(body))
    sent = obj.get("apiVersion") or stored_version(call.kind)
    if sent != stored_version(call.kind):
        obj = conversion.to_stored(call.kind, obj)
    obj["apiVersion"], obj["kind"] = stored_version(call.kind), call.kind.kind
    return defaulted(call, obj)


def draft_but_owners(body: dict) -> dict:
    """A draft that shares the managedFields, which are large and never changed in place."""
    meta = body.get("metadata") or {}
    if not meta.get("managedFields"):
        return draft(body)
    made = draft({**body, "metadata": {**meta, "managedFields": None}})
    made["metadata"]["managedFields"] = meta["managedFields"]
    return made


def status_draft(kind: Kind, found: dict) -> dict:
    """A draft of a status that a component wrote: of its object nothing else is taken over, and so defaulted."""
    made = draft(found)
    if kind.fill_status:
        kind.fill_status(made)
    return made


def with_metadata(obj: dict) -> dict:
    """The object, which has a metadata from now on."""
    if not isinstance(obj.get("metadata"), dict):
        obj["metadata"] = {}
    return obj


def defaulted(call: Call, obj: dict) -> dict:
    """Fill the kind's defaults in, in place, and trace which fields that were."""
    fill = call.kind.default
    if fill is None:
        return obj
    if not call.context.is_explained:
        fill(obj)
        return obj
    before = draft(obj)
    fill(obj)
    filled = paths.changed(before, obj)
    if filled:
        call.trace("ObjectDefaulted", fields=filled, count=len(filled))
    return obj


def wipe(meta: dict) -> None:
    """Drop what only the server may set on a new object."""
    for name in WIPED:
        meta.pop(name, None)


def match_namespace(call: Call, meta: dict) -> None:
    """Give the object the request's namespace; refuse one that names another."""
    wanted = "" if call.kind.kind == "Namespace" or not call.kind.namespaced else call.namespace
    found = meta.get("namespace") or ""
    if found and wanted and found != wanted:
        raise status.bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if wanted:
        meta["namespace"] = wanted
    else:
        meta.pop("namespace", None)


def match_name(call: Call, meta: dict) -> None:
    """Refuse an object whose name is not the URL's."""
    name = meta.get("name") or ""
    if not name:
        raise status.bad_request(f"the name of the object ({call.name} based on URL) was undeterminable: name must be provided")
    if name != call.name:
        raise status.bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.name})")


def dedup_owners(call: Call, meta: dict, *, is_admitted: bool = False) -> None:
    """Drop repeated ownerReferences, in place, with a warning; before mutating admission and after it.

    Source: k8s.io/apiserver pkg/endpoints/handlers/rest.go (dedupOwnerReferences).
    """
    references = meta.get("ownerReferences")
    if not references or len(references) < 2:
        return
    kept: list[dict] = []
    repeated = []
    for reference in references:
        if reference in kept:
            repeated.append(reference.get("uid", ""))
        else:
            kept.append(reference)
    if repeated:
        meta["ownerReferences"] = kept
        moment = " after mutating admission happens" if is_admitted else ""
        call.warnings.append(REPEATED_OWNERS.format(moment=moment, uids=", ".join(repeated)))
