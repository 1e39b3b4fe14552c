"""Update and patch: from the live object and what was sent to the Write that replaces it.

Source: k8s.io/apiserver pkg/endpoints/handlers/update.go, patch.go, pkg/registry/generic/registry/store.go (Update),
pkg/registry/rest/update.go.
"""
from __future__ import annotations

from collections.abc import Callable

from cluster.meta import fields, status
from cluster.meta.gotext import quote
from cluster.meta.names import is_path_segment_name
from cluster.meta.objectmeta import validate_kube_finalizers, validate_object_meta, validate_object_meta_update
from cluster.meta.requests import Response
from cluster.store.memory import Stored

from . import (
    admission,
    allocation,
    bodies,
    compiling,
    conversion,
    create,
    empties,
    escalation,
    noting,
    ownership,
    patching,
    renewal,
    repeating,
    reporting,
)
from .call import Call, Write
from .read import number_complaint

STAMPED = ("status", "approval")
CHECKED = ("finalizers", "labels", "annotations", "ownerReferences")
SHARED = (*CHECKED, "managedFields")
Make = Callable[[dict | None], dict]   # the live object, None if there is none -> the new one, its managedFields tracked


def update(call: Call) -> Response | Write:
    """Work a PUT out."""
    heartbeat = renewal.renewed(call)
    if heartbeat is not None:
        return _renew(call, *heartbeat)
    sent = bodies.incoming(call)
    meta = sent["metadata"]
    bodies.match_namespace(call, meta)
    bodies.match_name(call, meta)
    bodies.dedup_owners(call, meta)
    return replace(call, lambda live: ownership.track(call, live, sent), uid=meta.get("uid") or "")


def _renew(call: Call, stored: Stored, obj: dict) -> Response | Write:
    """The Write of a heartbeat, past the same gates."""
    admission.check_place(call, obj, stored.value)
    call.trace("ObjectValidated", object=call.kind.kind)
    admission.check_rest(call, obj, stored.value)
    return settled(call, stored, obj, True) if call.dry_run else _put(call, stored, obj, pinned=True)


def _put(call: Call, stored: Stored, obj: dict, *, pinned: bool = False) -> Write:
    """The Write of an object that has come a short way: something of it is another, and it is not about to go."""
    return Write(request=call.request, key=call.key, expected=stored.mod_revision, value=obj, warnings=call.warnings, pinned=pinned,
                 is_own=True)


def _report(call: Call, report: reporting.Report) -> Response | Write:
    """The Write of a status that a kubelet reports, past the same gates: of the object, only the status is looked at."""
    obj, live = report.obj, report.stored.value
    admission.check_place(call, obj, live)
    errors = reporting.complaints(report)
    if errors:
        raise call.invalid(errors)
    if call.context.is_explained:
        call.trace("ObjectValidated", object=call.kind.kind)
    if obj["status"] == live["status"]:
        obj["status"] = live["status"]
        ownership.keep_times(obj, live)
    if call.context.is_explained:
        call.trace("AdmissionValidated", plugin=admission.namespace_lifecycle.NAME)
    if obj["status"] is live["status"] or "deletionTimestamp" in live["metadata"] or call.dry_run:
        return settled(call, report.stored, obj, False)
    return _put(call, report.stored, obj)


def patch(call: Call) -> Response | Write:
    """Work a PATCH of any of the four types out."""
    report = reporting.reported(call)
    if report is not None:
        return _report(call, report)
    event = noting.counted(call)
    if event is not None:
        return _put(call, *event)
    repeat = repeating.repeated(call)
    if repeat is not None:
        return _put(call, *repeat)
    write = _patch(call)
    repeating.keep(call, write)
    return write


def _patch(call: Call) -> Response | Write:
    """The same on the general way."""
    mechanism = patching.mechanism(call)

    def make(live: dict | None) -> dict:
        obj = mechanism(live)
        meta = obj["metadata"]
        if live is None and meta.get("uid"):
            raise call.conflict(f"uid mismatch: the provided object specified uid {meta['uid']}, and no existing object was found")
        bodies.match_namespace(call, meta)
        bodies.match_name(call, meta)
        return obj

    return replace(call, make, may_create=patching.is_apply(call) and not call.subresource)


def replace(call: Call, make: Make, *, uid: str = "", may_create: bool = False) -> Response | Write:
    """The Write that puts what `make` makes of the live object; `uid` is a precondition."""
    stored = call.context.store.get(call.key)
    if stored is None:
        return _create_instead(call, make, uid, may_create)
    live = conversion.loaded(call.kind, stored.value)
    if uid and uid != live["metadata"]["uid"]:
        raise call.conflict(uid_mismatch(call.shown_key, uid, live["metadata"]["uid"]))
    obj = make(live)
    admission.mutate(call, obj, live)
    if call.empties:
        empties.settle(obj, call.empties)
    bodies.dedup_owners(call, obj["metadata"], is_admitted=True)
    escalation.check(call, obj, live)
    pinned = match_version(call, obj, live) and call.request.verb == "update"   # a patch is applied anew to what is there
    allocation.begin(call, obj, live)
    prepare(call, obj, live)
    share(obj, live)
    seen = [empties.restored(each, call.empties) for each in (obj, live)] if call.empties else (obj, live)     # to rules, empty is as none
    errors = check(call, *seen)
    if errors:
        raise call.invalid(errors)
    call.trace("ObjectValidated", object=call.kind.kind)
    warn = {"": call.kind.warn, "status": call.kind.warn_status}.get(call.subresource)
    if warn and call.request.raw is not None:      # no component reads warnings
        call.warnings += warn(obj, live)
    ownership.keep_times(obj, live)
    admission.validate(call, obj, live)
    return settled(call, stored, obj, pinned)


def _create_instead(call: Call, make: Make, uid: str, may_create: bool) -> Response | Write:
    may_create = may_create or (call.kind.create_on_update and not call.subresource)
    if not may_create:
        raise call.not_found()
    if uid:
        raise call.conflict(uid_mismatch(call.shown_key, uid, ""))
    obj = make(None)
    admission.mutate(call, obj, None)
    bodies.dedup_owners(call, obj["metadata"], is_admitted=True)
    return create.add(call, obj)


def uid_mismatch(key: str, wanted: str, found: str) -> str:
    """The storage's words for a uid that is not the one asked for. Source: k8s.io/apiserver pkg/storage/errors.go."""
    return (f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: "
            f"UID in precondition: {wanted}, UID in object meta: {found}")


def match_version(call: Call, obj: dict, live: dict) -> bool:
    """Check the resourceVersion that was sent, or fill it in; whether one was sent."""
    meta, current = obj["metadata"], live["metadata"]["resourceVersion"]
    sent = meta.get("resourceVersion") or "0"
    if sent != "0":
        if sent != current:
            raise _other_version(call, sent)
        return True
    if not call.kind.unconditional_update:
        error = fields.invalid("metadata.resourceVersion", 0, "must be specified for an update")
        raise status.invalid(call.kind.plural, call.name, [error], call.kind.group)
    meta["resourceVersion"] = current
    return False


def _other_version(call: Call, sent: str) -> status.StatusError:
    if number_complaint(sent):
        return status.failure(500, "", f"strconv.ParseUint: parsing {quote(sent)}: invalid syntax")
    return call.conflict()


def prepare(call: Call, obj: dict, live: dict) -> None:
    """Keep what an update may not touch, in place."""
    meta, old = obj["metadata"], live["metadata"]
    if "generation" in old:
        meta["generation"] = old["generation"]
    else:
        meta.pop("generation", None)
    kind = call.kind
    strategy = _of_subresource(call.subresource, kind.prepare_update, kind.prepare_status, kind.prepare_for)
    if strategy:
        strategy(obj, live)
        meta = obj["metadata"]
    if kind.stamp and call.subresource in STAMPED:
        kind.stamp(obj, live, call.context.time_text())
    meta["uid"] = meta.get("uid") or old["uid"]
    meta["creationTimestamp"] = old["creationTimestamp"]
    if old.get("deletionTimestamp"):
        meta["deletionTimestamp"] = old["deletionTimestamp"]
    if old.get("deletionGracePeriodSeconds") is not None and meta.get("deletionGracePeriodSeconds") is None:
        meta["deletionGracePeriodSeconds"] = old["deletionGracePeriodSeconds"]


def check(call: Call, obj: dict, live: dict) -> list:
    """The complaints about an update. Metadata is looked at twice, as upstream does: for every kind, and by the kind."""
    kind, meta, old = call.kind, obj["metadata"], live["metadata"]
    of_update = validate_object_meta_update(meta, old)
    common = []
    if of_update or [name for name in CHECKED if meta.get(name) is not old.get(name)]:
        common = validate_object_meta(meta, namespaced=kind.namespaced, name_check=is_path_segment_name)
    errors = common + of_update + _metadata_again(call, obj, live, common, of_update)
    validate = _of_subresource(call.subresource, kind.validate_update, kind.validate_status, kind.validate_for)
    errors += validate(obj, live) if validate else []
    return errors if call.subresource else errors + compiling.beyond(kind, obj, is_new=False)


def _metadata_again(call: Call, obj: dict, live: dict, common: list, of_update: list) -> list:
    """What the kind's own rules say of the metadata once more."""
    kind, finalizers = call.kind, obj["metadata"].get("finalizers")
    if call.subresource:
        return of_update
    if not finalizers or finalizers is live["metadata"].get("finalizers"):
        finalizers = None
        if not common and not of_update:
            return []
    errors = []
    for rule in kind.metadata_on_update:
        errors += of_update if rule == "update" else common
        if finalizers and not kind.plain_metadata:
            errors += validate_kube_finalizers(finalizers, "metadata.finalizers")
    return errors


def _of_subresource(subresource: str, whole: Callable | None, status_only: Callable | None, others: dict) -> Callable | None:
    """A kind's rule for a subresource: its own, else that of the whole object or of its status."""
    if subresource in others:
        return others[subresource]
    return status_only if subresource == "status" else whole if subresource in ("", "scale") else None


def share(obj: dict, live: dict) -> None:
    """Let the new object hold the very parts of the live one that it has not changed, in place: what is shared is not compared again."""
    meta, old = obj["metadata"], live["metadata"]
    for name in SHARED:
        if name in meta and meta[name] == old.get(name):
            meta[name] = old[name]
    for name in obj:
        if name != "metadata" and obj[name] == live.get(name):
            obj[name] = live[name]


def settled(call: Call, stored: Stored, obj: dict, pinned: bool) -> Response | Write:
    """The Write for a finished object: a put, a removal where the last finalizer went, or nothing where nothing changed."""
    live = stored.value
    write = Write(request=call.request, key=call.key, expected=stored.mod_revision, warnings=call.warnings, pinned=pinned, charges=call.charges)
    if is_let_go(call, obj, live):
        write.delete, write.answer = True, obj
    else:
        kept = conversion.to_storage(call.kind, obj)
        if kept == live:
            write.answer = live
        else:
            write.value = kept
    if call.dry_run:
        return Response(code=200, body=obj, warnings=call.warnings)
    return write


def is_let_go(call: Call, obj: dict, live: dict) -> bool:
    """Whether an update removes what held a deleted object back. Source: store.go (ShouldDeleteDuringUpdate)."""
    old = live["metadata"]
    if not old.get("deletionTimestamp") or obj["metadata"].get("finalizers"):
        return False
    if call.kind.kind == "Namespace" and obj.get("spec", {}).get("finalizers"):
        return False
    return not old.get("deletionGracePeriodSeconds")
