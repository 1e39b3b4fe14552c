"""Owns the short way for heartbeats: a component sends back the Lease that it was handed, with another renewTime and nothing else.

A thousand nodes send a hundred of these a second. What the general way finds out about them, and checks, was found out and
checked when the Lease was written; a test holds what comes of both against each other.
"""
from __future__ import annotations

from cluster.kinds.lease import KIND
from cluster.store.memory import Stored

from . import admission, managed, options
from .call import Call
from .context import Context

FIELD, OWNED = "renewTime", (("f:spec", "f:renewTime"),)


def renewed(call: Call) -> tuple[Stored, dict] | None:
    """What is stored and the Lease as it is to be; None where a request is anything but such a renewal."""
    request = call.request
    stored = call.context.store.get(call.key) if request.raw is None and call.kind.kind == "Lease" and not call.subresource else None
    if stored is None or request.body["metadata"] is not stored.value["metadata"] or admission.is_asked(call.context.store, admission.CHANGING):
        return None
    live, spec = stored.value, request.body.get("spec")
    if not spec or not live.get("spec") or not _is_later(spec, live["spec"]):
        return None
    obj = _with_time(live, {**spec}, options.manager_of(request), call.context)
    return None if obj is None else (stored, obj)


def renew(lease: dict, time: str, manager: str, context: Context) -> dict | None:
    """Renew a Lease at once, where nothing is told of it and nobody has to be asked; what is stored then. None: it goes another way."""
    store, meta = context.store, lease["metadata"]
    if context.facts.on or context.server.enforces_rbac or not context.etcd.is_on or admission.is_asked(store):
        return None
    key = f"{KIND.root}/{meta['namespace']}/{meta['name']}"
    stored = store.rows.get(key)
    if stored is None or meta is not stored.value["metadata"] or not admission.is_open(meta["namespace"], store):
        return None
    spec = stored.value.get("spec") or {}
    obj = _with_time(stored.value, {**spec, FIELD: time}, manager, context) if time != spec.get(FIELD, time) else None
    return None if obj is None else store.put(key, obj, expected=stored.mod_revision, is_own=True).value


def _with_time(live: dict, spec: dict, manager: str, context: Context) -> dict | None:
    """The Lease as it is to be, spec and all; None where it goes, or somebody else has written any of it."""
    meta = live["metadata"]
    if "deletionTimestamp" in meta:
        return None
    key = manager, "Update", KIND.api_version, ""
    entries = managed.renewed(meta.get("managedFields") or [], key, OWNED, context.time_text())
    return None if entries is None else {**live, "metadata": {**meta, "managedFields": entries}, "spec": spec}


def _is_later(spec: dict, before: dict) -> bool:
    """Whether the time, and only the time, is another."""
    time = spec.get(FIELD)
    return bool(time) and FIELD in before and time != before[FIELD] and spec == {**before, FIELD: time}
