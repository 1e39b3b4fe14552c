"""Owns the short ways of an Event that a recorder sends, and of one that it counts: nobody watches their steps.

The metadata of a new one says where it is and nothing else, so there are no owners, labels or times to look at, and no plugin that
would look at it. What the server adds, and who owns what, follows from which fields are set: it is found once for all Events of a
form. What is wrong with an Event is found on the general way; a test holds what comes of both ways against each other.
Source: as create.py and update.py.
"""
from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from cluster.kinds import registry
from cluster.kinds.base import Kind
from cluster.meta.names import is_subdomain_name
from cluster.store.memory import Stored

from . import admission, alike, conversion, managed, options, ownership
from .call import Call
from .context import Context

PLACE = frozenset(("name", "namespace"))
COUNTED = frozenset(("count", "lastTimestamp", "message"))
OWNED = tuple((f"f:{name}",) for name in sorted(COUNTED))
STRATEGIC = "application/strategic-merge-patch+json"
MOST_KEPT = 1000


class Form(NamedTuple):
    """What Events with the same fields set have in common.

    names: what the fields that are sent are called as stored. base: all stored fields, in order. fixed: those that do not come
    as they were sent. is_whole: what is stored is what is sent. fields: what the sender owns. owners: the managedFields that
    say so, by who it is and when.
    """

    names: tuple[str, ...]
    base: dict
    fixed: dict
    is_whole: bool
    fields: managed.Node
    owners: dict[tuple[str, str], list[dict]]


_forms: dict[tuple, Form] = {}


def noted(call: Call) -> dict | None:
    """The Event as it is to be stored; None where anything about it wants the general way. Raises what its namespace refuses."""
    kind, context, request = call.kind, call.context, call.request
    if kind.kind != "Event" or kind.custom or request.raw is not None or call.dry_run or context.is_explained or admission.is_asked(context.store):
        return None
    body = request.body
    meta = body.get("metadata") or {}
    if meta.keys() != PLACE or meta["namespace"] != call.namespace or not meta["name"] or call.name:
        return None
    form = _form(call, body)
    obj = _as_stored(body, form) if form is not None else None
    if obj is None or not _is_sound(obj, kind):
        return None
    obj["metadata"] = _metadata(meta, form, kind, options.manager_of(request), context)
    call.rename(meta["name"])
    admission.check_place(call, obj, None)
    _bear(obj["metadata"], context)
    return obj


def note(event: dict, manager: str, context: Context) -> dict | None:
    """Store a recorder's Event at once, where nothing is told of it and nobody has to be asked; what is stored then.

    event: is handed over, and may be what is stored. None: it goes another way, and is as it was. So does the first of each form, which
    is found there.
    """
    store, meta = context.store, event["metadata"]
    if context.facts.on or context.server.enforces_rbac or not context.etcd.is_on or admission.is_asked(store) or meta.keys() != PLACE:
        return None
    kind = _kind(event["apiVersion"])
    form = _forms.get((kind.api_version, alike.outline(event)))
    key = f"{kind.root}/{meta['namespace']}/{meta['name']}"
    if form is None or key in store.rows or not admission.is_open(meta["namespace"], store):
        return None
    obj = event if form.is_whole else _as_stored(event, form)
    if not _is_sound(obj, kind):
        return None
    obj["metadata"] = _metadata(meta, form, kind, manager, context)
    _bear(obj["metadata"], context)
    return store.put(key, obj, expected=0, is_own=True).value


@lru_cache(maxsize=8)
def _kind(api_version: str) -> Kind:
    group, _, version = api_version.rpartition("/")
    return registry().version(group, version, "events")


def _as_stored(body: dict, form: Form) -> dict:
    """An Event of a form with what is always stored, but for its metadata."""
    obj = body.copy() if form.is_whole else {**form.base, **dict(zip(form.names, body.values())), "metadata": body["metadata"]}
    obj.update(form.fixed)
    return obj


def _is_sound(obj: dict, kind: Kind) -> bool:
    return not ((kind.name_check or is_subdomain_name)(obj["metadata"]["name"], False) or kind.validate(obj))


def _metadata(meta: dict, form: Form, kind: Kind, manager: str, context: Context) -> dict:
    return {**meta, "managedFields": _owners(manager, kind, form, context.time_text())}


def _owners(manager: str, kind: Kind, form: Form, now: str) -> list[dict]:
    """The managedFields of Events of one form: what one program sends within a second shares them."""
    found = form.owners.get((manager, now))
    if found is None:
        if len(form.owners) >= MOST_KEPT:
            form.owners.clear()
        found = form.owners[manager, now] = [{"manager": manager or "unknown", "operation": "Update", "apiVersion": kind.api_version, "time": now,
                                              "fieldsType": "FieldsV1", "fieldsV1": form.fields}]
    return found


def _bear(meta: dict, context: Context) -> None:
    """What the server alone gives to new metadata, in place."""
    meta["creationTimestamp"] = context.time_text()
    meta["uid"] = context.rng("uids").uuid()


def counted(call: Call) -> tuple[Stored, dict] | None:
    """What is stored and the Event after a recorder has counted a repeat of it; None where a patch is anything else.

    The sender owns these fields since it made the Event, and nothing but they and the time changes.
    """
    kind, context, request = call.kind, call.context, call.request
    if kind.kind != "Event" or kind.custom or request.raw is not None or call.dry_run or context.is_explained or admission.is_asked(context.store):
        return None
    changes, stored = request.body, context.store.get(call.key)
    if stored is None or changes.keys() != COUNTED or request.content_type != STRATEGIC or None in changes.values():
        return None
    live = stored.value
    if all([live.get(name) == value for name, value in changes.items()]) or not live.keys() >= COUNTED:
        return None
    key = options.manager_of(request), "Update", kind.api_version, ""
    entries = managed.renewed(live["metadata"].get("managedFields") or [], key, OWNED, context.time_text())
    if entries is None:
        return None
    obj = {**live, **changes, "metadata": {**live["metadata"], "managedFields": entries}}
    admission.check_place(call, obj, live)
    return None if kind.validate_update(obj, live) else (stored, obj)


def _form(call: Call, body: dict) -> Form | None:
    """The form of an Event; None where its outline does not say all of it."""
    like = call.kind.api_version, alike.outline(body)
    form = _forms.get(like)
    if form is None:
        form = _form_of(call, _filled(call), body)
        if form is not None:
            if len(_forms) >= MOST_KEPT:
                _forms.clear()
            _forms[like] = form
    return form


def _form_of(call: Call, obj: dict, body: dict) -> Form | None:
    """The form of an Event as it is filled in on the general way."""
    kind = call.kind
    shown, struct = conversion.to_version(kind, obj), managed.struct_of(kind.api_version, kind.kind)
    zero = managed.zero_object(struct)
    fields = managed.compare(zero, shown, struct, ownership.reset_fields(call))[0]
    if fields is None or not alike.tells(alike.outline(shown), shown, zero):
        return None
    names = tuple(body) if kind.group == "" else conversion.core_names(tuple(body))
    sent = dict(zip(names, body.values()))
    replaced = [name for name in sent if name != "metadata" and sent[name] is not obj[name]]
    fixed = {name: obj[name] for name in ("apiVersion", "kind", *replaced)}
    return Form(names, obj, fixed, not replaced and tuple(obj) == tuple(body), fields, {})


def _filled(call: Call) -> dict:
    """The Event in stored form with its defaults, with a top and metadata of its own."""
    body, version = call.request.body, conversion.stored_version(call.kind)
    obj = body if body.get("apiVersion", version) == version else conversion.to_stored(call.kind, body)
    obj = {**obj, "apiVersion": version, "kind": call.kind.kind, "metadata": dict(obj["metadata"])}
    call.kind.default(obj)
    return obj
