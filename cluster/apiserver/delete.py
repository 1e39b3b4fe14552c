"""Delete: at once, after a grace period, or held back by finalizers.

Source: k8s.io/apiserver pkg/endpoints/handlers/delete.go, pkg/registry/generic/registry/store.go (Delete),
pkg/registry/rest/delete.go; k8s.io/kubernetes pkg/registry/core/namespace/storage/storage.go.
"""
from __future__ import annotations

from cluster.kinds._crd_names import terminating
from cluster.kinds.customresourcedefinition import CLEANUP
from cluster.kinds.priorityclass import SYSTEM as SYSTEM_CLASSES
from cluster.meta import status
from cluster.meta.requests import Request, Response
from cluster.store.memory import Stored

from . import admission
from .call import Call, Write, stored_group
from .delete_options import DeleteOptions, read

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
DELETION_PENDING = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
WITHOUT_DEPENDENTS = ("events",)                                    # never orphaned nor deleted in the foreground
PODS_STAY = ("child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
             "propagationPolicy=Orphan to suppress this warning")
# Source: the stores of k8s.io/kubernetes pkg/registry that set ReturnDeletedObject.
RETURNS_OBJECT = ("csidrivers", "csinodes", "deviceclasses", "persistentvolumeclaims", "persistentvolumes", "pods", "podtemplates",
                  "resourceclaims", "resourceclaimtemplates", "resourcequotas", "resourceslices", "serviceaccounts", "services", "storageclasses",
                  "volumeattachments", "volumeattributesclasses")


def delete(call: Call) -> Response | Write:
    """Work the deletion of one object out."""
    asked = read(call.request)
    _warn_of_orphans(call, asked)
    if call.kind.kind == "PriorityClass" and call.name in SYSTEM_CLASSES:
        raise call.forbidden("this is a system priority class and cannot be deleted")
    stored = call.context.store.get(call.key)
    if stored is None:
        raise call.not_found()
    return remove(call, stored, asked)


def _warn_of_orphans(call: Call, asked: DeleteOptions) -> None:
    """Who deletes a Job without saying what becomes of its Pods learns that they stay.

    Source: k8s.io/kubernetes pkg/registry/batch/job/storage/storage.go (Delete, DeleteCollection).
    """
    if call.kind.kind == "Job" and asked.orphan is None and asked.propagation is None:
        call.warnings.append(PODS_STAY)


def remove(call: Call, stored: Stored, asked: DeleteOptions) -> Response | Write:
    """The Write for the deletion of a stored object."""
    live = stored.value
    if call.kind.kind == "Namespace":
        return _namespace(call, stored, asked)
    if call.kind.kind == "CustomResourceDefinition" and not live["metadata"].get("deletionTimestamp"):
        return _definition(call, stored, asked)
    _check_preconditions(call, live["metadata"], asked)
    grace = _grace(call, live, asked)
    admission.validate(call, None, live)
    if grace == "pending":
        return _answered(call, stored, asked)
    marked = _marked(call, live, grace)
    finalizers = _finalizers(call, live["metadata"], asked)
    if finalizers:
        marked = marked or _held(call, live)
    if marked is not None and finalizers != (live["metadata"].get("finalizers") or []):
        marked = _with_finalizers(marked, finalizers)
    gone = not finalizers and not (isinstance(grace, tuple) and grace[0] > 0)
    return _write(call, stored, asked, marked, gone)


def _write(call: Call, stored: Stored, asked: DeleteOptions, marked: dict | None, gone: bool) -> Response | Write:
    """marked: what to put first, if anything; gone: whether the key goes."""
    if marked is not None and not gone and marked == stored.value:
        return _answered(call, stored, asked)
    if call.dry_run:
        return Response(code=200, body=deleted_answer(call, marked or stored.value, gone), warnings=call.warnings)
    code = 202 if not gone and asked.orphan is False else 200
    return Write(request=call.request, key=call.key, expected=stored.mod_revision, code=code, value=marked, delete=gone,
                 answer=None if returns_object(call, gone) else deleted_answer(call, stored.value, gone),
                 warnings=call.warnings, pinned=bool(asked.resource_version), parts=_with_it(call) if gone else [])


def _with_it(call: Call) -> list[Write]:
    """A Service takes its Endpoints along. Source: pkg/registry/core/service/storage/storage.go (afterDelete)."""
    if call.kind.kind != "Service":
        return []
    key = f"/registry/services/endpoints/{call.namespace}/{call.name}"
    stored = call.context.store.get(key)
    if stored is None:
        return []
    request = Request(verb="delete", resource="endpoints", namespace=call.namespace, name=call.name)
    return [Write(request=request, key=key, expected=stored.mod_revision, delete=True)]


def _answered(call: Call, stored: Stored, asked: DeleteOptions) -> Response | Write:
    """Nothing is left to do: the object is on its way already."""
    body = deleted_answer(call, stored.value, False)
    code = 202 if asked.orphan is False else 200
    if call.dry_run:
        return Response(code=code, body=body, warnings=call.warnings)
    return Write(request=call.request, key=call.key, expected=stored.mod_revision, code=code, answer=body, warnings=call.warnings)


def returns_object(call: Call, gone: bool) -> bool:
    """Whether the reply holds the object: always for some kinds, for the rest while it is not gone."""
    return not gone or call.kind.plural in RETURNS_OBJECT


def deleted_answer(call: Call, obj: dict, gone: bool) -> dict:
    """The object, or the Status that stands for it. Source: store.go (finalizeDelete)."""
    if returns_object(call, gone):
        return obj
    return status.success(name=call.name, group=call.kind.group, kind=call.kind.plural, uid=obj["metadata"]["uid"])


# -- grace ------------------------------------------------------------------------------------------------------------


def _grace(call: Call, live: dict, asked: DeleteOptions):
    """None: deleted at once; "pending": on its way already; (seconds, deletionTimestamp, first): to be marked so."""
    graceful = call.kind.graceful
    if graceful is None:
        return None
    meta = live["metadata"]
    wanted = 1 if asked.grace_s is not None and asked.grace_s < 0 else asked.grace_s
    if not meta.get("deletionTimestamp"):
        seconds = graceful(live, wanted)
        return None if seconds is None else (seconds, call.context.time_text(_duration_s(seconds)), True)
    before = meta.get("deletionGracePeriodSeconds") or 0
    if before == 0:
        return None
    if wanted is None or wanted >= before:
        return "pending"
    return _shortened(call, meta, before, wanted)


def _shortened(call: Call, meta: dict, before: int, wanted: int) -> tuple[int, str, bool]:
    """A grace period may only become shorter, and may not end in the past."""
    clock, now_ms = call.context.clock, call.context.now_ms
    due_ms = clock.parse_ms(meta["deletionTimestamp"]) + (_duration_s(-before) + _duration_s(wanted)) * 1000
    if due_ms < now_ms:
        return (1 if wanted else 0), call.context.time_text(), False
    return wanted, clock.text(due_ms), False


def _duration_s(seconds: int) -> int:
    """Seconds as Go's time.Duration holds them: 64 bits of nanoseconds, of which more than 292 years come out as anything."""
    nanoseconds = (seconds * 10**9 + (1 << 63)) % (1 << 64) - (1 << 63)
    return nanoseconds // 10**9


def _marked(call: Call, live: dict, grace) -> dict | None:
    """The object with its deletion's time, where it is deleted with grace."""
    if not isinstance(grace, tuple):
        return None
    seconds, when, first = grace
    meta = {**live["metadata"], "deletionTimestamp": when, "deletionGracePeriodSeconds": seconds}
    if first and meta.get("generation"):
        meta["generation"] += 1
    return {**live, "metadata": meta}


def _held(call: Call, live: dict) -> dict:
    """The object marked as deleting, which its finalizers hold back. Source: store.go (markAsDeleting)."""
    meta = {**live["metadata"], "deletionGracePeriodSeconds": 0}
    now = call.context.time_text()
    if not meta.get("deletionTimestamp") and meta.get("generation"):
        meta["generation"] += 1
    if not meta.get("deletionTimestamp") or meta["deletionTimestamp"] > now:
        meta["deletionTimestamp"] = now
    return {**live, "metadata": meta}


# -- dependents -------------------------------------------------------------------------------------------------------


def _with_finalizers(obj: dict, finalizers: list[str]) -> dict:
    meta = {**obj["metadata"], "finalizers": finalizers}
    if not finalizers:
        del meta["finalizers"]
    return {**obj, "metadata": meta}


def _finalizers(call: Call, meta: dict, asked: DeleteOptions) -> list[str]:
    """The finalizers that the object has once the propagation policy is taken in."""
    old = list(meta.get("finalizers") or ())
    orphans, foreground = _orphans(call, old, asked), _foreground(call, old, asked)
    new = [name for name in old if name not in (ORPHAN, FOREGROUND)]
    new += [ORPHAN] * orphans + [FOREGROUND] * foreground
    return old if sorted(new) == sorted(old) else new


def _orphans(call: Call, old: list[str], asked: DeleteOptions) -> bool:
    if call.kind.plural in WITHOUT_DEPENDENTS:
        return False
    if asked.orphan is not None:
        return asked.orphan
    if asked.propagation is not None:
        return asked.propagation == "Orphan"
    return next((name == ORPHAN for name in old if name in (ORPHAN, FOREGROUND)), call.kind.orphans_dependents)


def _foreground(call: Call, old: list[str], asked: DeleteOptions) -> bool:
    if call.kind.plural in WITHOUT_DEPENDENTS or asked.orphan is not None:
        return False
    if asked.propagation is not None:
        return asked.propagation == "Foreground"
    return next((name == FOREGROUND for name in old if name in (ORPHAN, FOREGROUND)), False)


# -- preconditions ----------------------------------------------------------------------------------------------------


def _check_preconditions(call: Call, meta: dict, asked: DeleteOptions) -> None:
    kind, group = call.kind, stored_group(call.kind)
    if asked.uid and asked.uid != meta["uid"]:
        raise status.conflict(kind.kind, call.name, f"the UID in the precondition ({asked.uid}) does not match the UID in record "
                              f"({meta['uid']}). The object might have been deleted and then recreated", group)
    if asked.resource_version and asked.resource_version != meta["resourceVersion"]:
        raise status.conflict(kind.kind, call.name, f"the ResourceVersion in the precondition ({asked.resource_version}) does not match "
                              f"the ResourceVersion in record ({meta['resourceVersion']}). The object might have been modified", group)


def _check_in_storage(call: Call, meta: dict, asked: DeleteOptions) -> None:
    """The same for what is marked by an update, where the storage looks."""
    for name, wanted, found in (("UID", asked.uid, meta["uid"]), ("ResourceVersion", asked.resource_version, meta["resourceVersion"])):
        if wanted and wanted != found:
            raise call.conflict(f"Precondition failed: {name} in precondition: {wanted}, {name} in object meta: {found}")


def _namespace(call: Call, stored: Stored, asked: DeleteOptions) -> Response | Write:
    """A Namespace goes in two steps: Terminating first, gone when its finalizers are."""
    live = stored.value
    meta = live["metadata"]
    _check_in_storage(call, meta, asked)
    admission.validate(call, None, live)
    if not meta.get("deletionTimestamp"):
        ending = {**meta, "deletionTimestamp": call.context.time_text()}
        marked = {**live, "metadata": ending, "status": {**(live.get("status") or {}), "phase": "Terminating"}}
        return _write(call, stored, asked, _with_finalizers(marked, _finalizers(call, meta, asked)), False)
    if live.get("spec", {}).get("finalizers"):
        return _answered(call, stored, asked)
    if meta.get("finalizers"):
        return _write(call, stored, asked, _held(call, live), False)
    return _write(call, stored, asked, None, True)


def _definition(call: Call, stored: Stored, asked: DeleteOptions) -> Response | Write:
    """A CustomResourceDefinition stays until its objects are deleted.

    Source: k8s.io/apiextensions-apiserver pkg/registry/customresourcedefinition/etcd.go.
    """
    live = stored.value
    _check_in_storage(call, live["metadata"], asked)
    now = call.context.time_text()
    finalizers = _finalizers(call, live["metadata"], asked)
    if CLEANUP not in finalizers:
        finalizers = [*finalizers, CLEANUP]
    ending = terminating(live, True, "InstanceDeletionPending", DELETION_PENDING, now)
    marked = {**live, "metadata": {**live["metadata"], "deletionTimestamp": now, "finalizers": finalizers},
              "status": {**live["status"], "conditions": ending}}
    return _write(call, stored, asked, marked, False)


# -- deletecollection -------------------------------------------------------------------------------------------------


def delete_collection(call: Call, rows: list[Stored], body: dict) -> Response | Write:
    """Delete what a list found; `body` is that list, and the answer."""
    asked = read(call.request)
    _warn_of_orphans(call, asked)
    parts = []
    for stored in rows:
        one = one_of(call, stored)
        parts.append(remove(one, stored, asked))
        call.warnings += one.warnings
    if call.dry_run:
        return Response(code=200, body=body, warnings=call.warnings)
    return Write(request=call.request, key=call.key, expected=0, answer=body, warnings=call.warnings, parts=parts)


def one_of(call: Call, stored: Stored) -> Call:
    """The call that deletes one object of a collection."""
    one = Call(call.request, call.context, call.kind)
    one.namespace = stored.value["metadata"].get("namespace", "")
    one.rename(stored.value["metadata"]["name"])
    return one
