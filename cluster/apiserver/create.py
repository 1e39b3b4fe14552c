"""Create: from a body to the Write that adds its key.

Source: k8s.io/apiserver pkg/endpoints/handlers/create.go, pkg/registry/generic/registry/store.go (Create),
pkg/registry/rest/create.go.
"""
from __future__ import annotations

from cluster.meta import status
from cluster.meta.objectmeta import validate_kube_finalizers, validate_object_meta
from cluster.meta.requests import Response

from . import admission, allocation, bodies, compiling, conversion, empties, escalation, noting, ownership, templated
from .call import Call, Write, generated


def create(call: Call) -> Response | Write:
    """Work a create out."""
    if call.kind.custom and call.kind.custom.is_terminating:
        refusal = status.method_not_supported(call.kind.plural, "create", call.kind.group)
        refusal.status["message"] = "create not allowed while custom resource definition is terminating"
        raise refusal
    event = noting.noted(call)
    if event is not None:
        return Write(request=call.request, key=call.key, expected=0, code=201, value=event, warnings=call.warnings, is_own=True)
    write = templated.another(call)
    if write is None:
        write = _made(call)
        templated.keep(call, write)
    return write


def _made(call: Call) -> Response | Write:
    """What comes of a create on the general way."""
    obj = bodies.incoming(call)
    meta = obj["metadata"]
    if not call.name and meta.get("name"):
        call.rename(meta["name"])
    bodies.wipe(meta)
    bodies.match_namespace(call, meta)
    bodies.dedup_owners(call, meta)
    obj = ownership.track(call, None, obj)
    admission.mutate(call, obj, None)
    return add(call, obj)


def add(call: Call, obj: dict) -> Response | Write:
    """The Write for a new object that has passed mutating admission. The object is the caller's own and is changed."""
    escalation.check(call, obj, None)
    is_generated = complete(call, obj)
    if call.empties:
        empties.settle(obj, call.empties)
    errors = check(call, empties.restored(obj, call.empties) if call.empties else obj)
    if errors:
        raise call.invalid(errors)
    call.trace("ObjectValidated", object=call.kind.kind)
    if call.kind.warn and call.request.raw is not None:      # no component reads warnings
        call.warnings += call.kind.warn(obj, None)
    admission.validate(call, obj, None)
    if obj["metadata"].get("resourceVersion", "0") not in ("", "0") and call.request.verb == "create":
        raise status.failure(500, "", "resourceVersion should not be set on objects to be created")
    obj["metadata"].pop("resourceVersion", None)
    if call.dry_run:
        return _rehearsed(call, obj)
    return Write(request=call.request, key=call.key, expected=0, code=201, value=conversion.to_storage(call.kind, obj), warnings=call.warnings,
                 generated=is_generated, charges=call.charges)


def _rehearsed(call: Call, obj: dict) -> Response:
    if call.context.store.get(call.key) is not None:
        raise exists(call, obj)
    return Response(code=201, body=obj, warnings=call.warnings)


def complete(call: Call, obj: dict) -> bool:
    """Fill in what only the server sets: uid, creationTimestamp, a generated name, generation; whether the name is generated."""
    meta, context = obj["metadata"], call.context
    meta["creationTimestamp"] = context.time_text()
    meta["uid"] = context.rng("uids").uuid()
    is_generated = bool(meta.get("generateName") and not meta.get("name"))
    if is_generated:
        meta["name"] = generated(call, meta["generateName"])
    call.rename(meta.get("name") or "")
    allocation.begin(call, obj, None)
    if call.kind.prepare_create:
        call.kind.prepare_create(obj)
        call.rename(meta.get("name") or "")
    if call.kind.asked_by:
        call.kind.asked_by(obj, call.who, context.time_text())
    if call.kind.has_generation:
        meta["generation"] = 1
    return is_generated


def check(call: Call, obj: dict) -> list:
    """The complaints about a new object: metadata first, then what its kind says."""
    kind = call.kind
    errors = validate_object_meta(obj["metadata"], namespaced=kind.namespaced, name_check=kind.name_check)
    if "finalizers" in obj["metadata"] and not kind.plain_metadata:
        errors += validate_kube_finalizers(obj["metadata"]["finalizers"], "metadata.finalizers")
    errors += kind.validate(obj) if kind.validate else []
    return errors + compiling.beyond(kind, obj)


def exists(call: Call, obj: dict) -> status.StatusError:
    """The refusal of a name that is taken."""
    kind = call.kind
    made = status.generate_name_conflict if obj["metadata"].get("generateName") else status.already_exists
    refusal = made(kind.plural, call.name, kind.group)
    there = call.context.store.get(call.key)
    if there is not None and there.value["metadata"].get("deletionTimestamp"):
        refusal.status["message"] = "object is being deleted: " + refusal.status["message"]
    return refusal
