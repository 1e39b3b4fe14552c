"""Which manager owns which fields: the seam between the verbs and managed.py.

Source: k8s.io/apiserver pkg/endpoints/handlers/fieldmanager (called in create.go, update.go, patch.go).
"""
from __future__ import annotations

from . import managed, options
from .call import Call
from .conversion import to_version


def track(call: Call, live: dict | None, obj: dict) -> dict:
    """The object with its managedFields brought up to date, in place; `live` is what it replaces, None on a create.

    An object that nobody has owned a field of stays so, until it is applied to (skipnonapplied.go).
    """
    if obj["metadata"].get("managedFields") == []:
        return owned_by(obj, [])          # a patch that empties them leaves nobody to own anything
    if live is not None and not live["metadata"].get("managedFields") and not obj["metadata"].get("managedFields"):
        return obj
    stamp = "" if call.subresource == "scale" else call.context.time_text()     # through a Scale no time is noted
    entries = managed.track_update(live and to_version(call.kind, live), to_version(call.kind, obj), options.manager_of(call.request),
                                   stamp, call.api_version, call.subresource, reset_fields(call),
                                   call.kind.custom and call.kind.custom.struct)
    return owned_by(obj, entries)


def owned_by(obj: dict, entries: list[dict]) -> dict:
    """The object with these managedFields, in place."""
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)
    return obj


def reset_fields(call: Call) -> tuple[str, ...]:
    """The fields that a request cannot set, and so does not own."""
    return call.kind.reset_fields.get(call.subresource, ())


def keep_times(obj: dict, live: dict) -> None:
    """An update that changes nothing but the times in managedFields keeps the old ones, in place.

    Source: k8s.io/apimachinery pkg/util/managedfields/internal; fieldmanager.IgnoreManagedFieldsTimestampsTransformer.
    """
    meta, old = obj["metadata"], live["metadata"]
    mine, before = meta.get("managedFields"), old.get("managedFields")
    if not mine or not before or mine == before or not _differ_in_times(mine, before):
        return
    same = {**obj, "metadata": {**meta, "managedFields": before}}
    if same == live:
        meta["managedFields"] = before


def _differ_in_times(mine: list[dict], before: list[dict]) -> bool:
    """Whether two lists of entries are the same but for their times."""
    return len(mine) == len(before) and all(
        one is other or {**one, "time": ""} == {**other, "time": ""} for one, other in zip(mine, before, strict=True))


