"""Owns the short way for heartbeats: a component sends back the Lease that it was handed, with another renewTime and nothing else.

A thousand nodes send a hundred of these a second. What the general way finds out about them, and checks, was found out and
checked when the Lease was written; a test holds what comes of both against each other.
"""
from __future__ import annotations

from . import admission, options
from .call import Call

FIELD, OF_SPEC = "renewTime", ("f:spec", "f:renewTime")


def renewed(call: Call) -> dict | None:
    """The Lease as it is to be stored; None where a request is anything but such a renewal."""
    request = call.request
    stored = call.context.store.get(call.key) if request.raw is None and call.kind.kind == "Lease" and not call.subresource else None
    if stored is None or request.body["metadata"] is not stored.value["metadata"] or admission.is_asked(call.context.store, admission.CHANGING):
        return None
    live, spec = stored.value, request.body.get("spec")
    if not spec or not live.get("spec") or not _is_later(spec, live["spec"]):
        return None
    entry = _entry(live["metadata"], options.manager_of(request), call.api_version)
    if entry is None:
        return None
    return {**live, "metadata": {**live["metadata"], "managedFields": [{**entry, "time": call.context.time_text()}]}, "spec": dict(spec)}


def _is_later(spec: dict, before: dict) -> bool:
    """Whether the time, and only the time, is another."""
    return len(spec) == len(before) and bool(spec.get(FIELD)) and spec[FIELD] != before.get(FIELD) \
        and all(name == FIELD or value == before.get(name) for name, value in spec.items())


def _entry(meta: dict, manager: str, api_version: str) -> dict | None:
    """The one entry of managedFields, if it is of this manager, and the time is among its fields already."""
    entries = meta.get("managedFields") or ()
    if len(entries) != 1 or "deletionTimestamp" in meta:
        return None
    entry, fields = entries[0], entries[0].get("fieldsV1") or {}
    about = entry.get("manager"), entry.get("operation"), entry.get("apiVersion"), entry.get("subresource", "")
    return entry if about == (manager, "Update", api_version, "") and OF_SPEC[1] in fields.get(OF_SPEC[0], ()) and "time" in entry else None
