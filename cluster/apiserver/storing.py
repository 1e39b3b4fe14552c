"""The compare-and-swap: a Write becomes revisions, and the answer to its request.

Source: k8s.io/apiserver pkg/storage/etcd3/store.go (GuaranteedUpdate), pkg/registry/generic/registry/store.go.
"""
from __future__ import annotations

from collections.abc import Callable

from cluster.meta import status
from cluster.meta.requests import Response
from cluster.store.memory import Conflict, Stored

from . import allocation, create, delete, delete_options, paths
from .admission import resource_quota
from .call import Call, Write, find_kind, generated
from .context import Context

SERVICES = len(allocation.SERVICES)
ATTEMPTS = 8       # of a generated name that is taken, and of an update that loses its race

WorkOut = Callable[[Call], "Response | Write"]


def store(write: Write, context: Context, work_out: WorkOut) -> Response:
    """Store a write and answer it. Raises the refusal where the key has changed and the write may not be worked out again."""
    if write.is_own and not context.facts.on:
        try:
            return _answered(write, context.store.put(write.key, write.value, expected=write.expected, is_own=True).value)
        except Conflict:
            pass      # and so it does below
    if write.charges:
        _charge(write, context)
    for _ in range(ATTEMPTS):
        try:
            if write.first:
                _apply_first(write, context)
            body = _apply_one(write, context)
            if write.parts:
                _apply_all(write.parts, context)
            return _answered(write, body)
        except Conflict:
            again = _again(write, context, work_out)
            if isinstance(again, Response):
                return again
            write = again
    raise _lost(write, context)


def _answered(write: Write, body: dict | None) -> Response:
    return Response(code=write.code, body=body if write.answer is None else write.answer, warnings=write.warnings)


def _charge(write: Write, context: Context) -> None:
    """Write the quotas' usage; where another request was charged first, see anew whether there is room. Raises Forbidden."""
    for charge in write.charges:
        for _ in range(ATTEMPTS):
            try:
                _apply_one(charge, context)
                break
            except Conflict:
                found = _charged_anew(write, charge, context)
            if not found:
                break
            charge = found[0]


def _charged_anew(write: Write, charge: Write, context: Context) -> list:
    call = _call(write, context)
    stored = context.store.get(write.key)
    call.rename((write.value or {}).get("metadata", {}).get("name") or call.name)
    return resource_quota.charges(call, write.value, stored.value if stored else None, only=charge.request.name)


def _call(write: Write, context: Context) -> Call:
    """The call that a write came from; a definition may have gone since."""
    kind = find_kind(write.request, context)
    if kind is None:
        raise status.no_such_path()
    return Call(write.request, context, kind)


def _apply_first(write: Write, context: Context) -> None:
    """What comes before a write; it may change the write's own key. Raises Conflict before anything is done."""
    for one in [*write.first, write]:
        there = context.store.get(one.key)
        found = there.mod_revision if there else 0
        if found != one.expected:
            raise Conflict(one.key, found)
    for one in write.first:
        _apply_one(one, context)
        if one.key == write.key:
            write.expected = context.store.get(one.key).mod_revision


def _apply_all(parts: list, context: Context) -> None:
    """Each object of a deletecollection, or what goes with an object."""
    for part in parts:
        for _ in range(ATTEMPTS):
            if not isinstance(part, Write):
                break
            try:
                _apply_one(part, context)
                _apply_all(part.parts, context)
                break
            except Conflict:
                part = _part_anew(part, context)


def _part_anew(part: Write, context: Context) -> Response | Write | None:
    """An object of a deletecollection that another request has changed is deleted as it is now; what goes with an object is left to that request.

    Source: k8s.io/apiserver pkg/registry/generic/registry/store.go (DeleteCollection deletes each by name).
    """
    stored = context.store.get(part.key)
    if part.request.verb != "deletecollection" or stored is None:
        return None
    muted, context.muted = context.muted, True
    try:
        return delete.remove(delete.one_of(_call(part, context), stored), stored, delete_options.read(part.request))
    finally:
        context.muted = muted


def _apply_one(write: Write, context: Context) -> dict | None:
    """Put, delete, or both; what the key held last."""
    store, expected, value = context.store, write.expected, None
    if write.value is not None:
        is_service = write.key[:SERVICES] == allocation.SERVICES
        old = store.get(write.key) if is_service or context.facts.on else None
        if is_service:
            allocation.recheck(write, context)
            _book(write, context, old)
        stored = store.put(write.key, write.value, expected=expected, is_own=write.is_own)
        value, expected = stored.value, stored.mod_revision
        if context.facts.on:
            _trace_put(write, context, stored, old.value if old else None)
    if write.delete:
        stored = store.delete(write.key, expected=expected)
        value = stored.value
        context.trace("KeyDeleted", subject_of(write, value), key=write.key, revision=stored.mod_revision)
        if write.key[:SERVICES] == allocation.SERVICES:
            _apply_all(allocation.released(write, value, None, context), context)
    if value is None and not write.parts:
        _trace_unchanged(write, context)
    return value


def _book(write: Write, context: Context, old: Stored | None) -> None:
    """The addresses of a Service: those that it gains are taken before it is stored, those that it loses are given back."""
    if (old.mod_revision if old else 0) != write.expected:
        raise Conflict(write.key, old.mod_revision if old else 0)
    before = old.value if old else None
    _apply_all(allocation.booked(write, before, context), context)
    _apply_all(allocation.released(write, before, write.value, context), context)


def _trace_put(write: Write, context: Context, stored, old: dict | None) -> None:
    changed = paths.changed(old, stored.value) if old is not None and context.is_explained else []
    context.trace("KeyWritten", subject_of(write, stored.value), key=write.key, revision=stored.mod_revision,
                  change="updated" if old else "created", changed=changed)


def _trace_unchanged(write: Write, context: Context) -> None:
    """A write that changes nothing gets no revision."""
    context.trace("WriteSkipped", subject_of(write, write.answer or {}), key=write.key, revision=context.store.revision)


def subject_of(write: Write, value: dict) -> str:
    """The trace's subject for an object that was written."""
    meta = value.get("metadata") or {}
    return f"{write.request.resource}/{meta.get('namespace', '')}/{meta.get('name', write.request.name)}"


def _again(write: Write, context: Context, work_out: WorkOut) -> Response | Write:
    """Work a write out on what is there now, without tracing its gates a second time."""
    if write.pinned:
        raise _lost(write, context)
    if write.request.verb == "create" and not write.request.subresource:
        return _renamed(write, context)
    muted, context.muted = context.muted, True
    try:
        return work_out(_call(write, context))
    finally:
        context.muted = muted


def _renamed(write: Write, context: Context) -> Write:
    """The same new object under another generated name; raises AlreadyExists where the name was the caller's."""
    if not write.generated:
        raise _lost(write, context)
    call = _call(write, context)
    meta = write.value["metadata"]
    call.rename(generated(call, meta["generateName"]))
    return Write(request=write.request, key=call.key, expected=0, code=write.code, warnings=write.warnings, generated=True,
                 value={**write.value, "metadata": {**meta, "name": call.name}})


def _lost(write: Write, context: Context) -> status.StatusError:
    """The refusal of a write whose key has moved on."""
    call = _call(write, context)
    call.rename((write.value or write.answer or {}).get("metadata", {}).get("name") or call.name)
    there = context.store.get(write.key)
    if write.expected == 0 and there is not None:
        return create.exists(call, write.value)
    return call.not_found() if there is None else call.conflict()
