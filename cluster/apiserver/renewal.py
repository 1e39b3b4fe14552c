"""Owns the short way for heartbeats: a component sends back the Lease that it was handed, with another renewTime and nothing else.

A thousand nodes send a hundred of these a second. What the general way finds out about them, and checks, was found out and
checked when the Lease was written; a test holds what comes of both against each other.
"""
from __future__ import annotations

from cluster.store.memory import Stored

from . import admission, managed, options
from .call import Call

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
    meta = live["metadata"]
    key = options.manager_of(request), "Update", call.api_version, ""
    entries = managed.renewed(meta.get("managedFields") or [], key, OWNED, call.context.time_text()) if "deletionTimestamp" not in meta else None
    return None if entries is None else (stored, {**live, "metadata": {**meta, "managedFields": entries}, "spec": {**spec}})


def _is_later(spec: dict, before: dict) -> bool:
    """Whether the time, and only the time, is another."""
    time = spec.get(FIELD)
    return bool(time) and FIELD in before and time != before[FIELD] and spec == {**before, FIELD: time}
