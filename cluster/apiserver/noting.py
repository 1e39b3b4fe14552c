"""Owns the short way of an Event that a recorder sends: its metadata says where it is and nothing else, and nobody watches its steps.

So there are no owners, labels or times to look at, nothing to copy but what the server adds to, and no plugin that would look
at it. What is wrong with an Event is found on the general way; a test holds what comes of both ways against each other.
Source: as create.py.
"""
from __future__ import annotations

from cluster.meta.names import is_subdomain_name

from . import admission, conversion, ownership
from .admission import mutating_policy, mutating_webhook, validating_policy, validating_webhook
from .call import Call

PLACE = frozenset(("name", "namespace"))
ASKED = frozenset((mutating_policy.POLICIES, mutating_webhook.CONFIGURATIONS, validating_policy.POLICIES, validating_webhook.CONFIGURATIONS))


def noted(call: Call) -> dict | None:
    """The Event as it is to be stored; None where anything about it wants the general way. Raises what its namespace refuses."""
    kind, context = call.kind, call.context
    if kind.kind != "Event" or kind.custom or call.request.raw is not None or call.dry_run or context.is_explained:
        return None
    if not context.store.touched.keys().isdisjoint(ASKED):
        return None
    meta = call.request.body.get("metadata") or {}
    if meta.keys() != PLACE or meta["namespace"] != call.namespace or not meta["name"] or call.name:
        return None
    obj = _filled(call)
    if (kind.name_check or is_subdomain_name)(meta["name"], False) or kind.validate(obj):
        return None
    call.rename(meta["name"])
    ownership.track(call, None, obj)
    admission.mutate(call, obj, None)
    obj["metadata"]["creationTimestamp"] = context.time_text()
    obj["metadata"]["uid"] = context.rng("uids").uuid()
    return obj


def _filled(call: Call) -> dict:
    """The Event in stored form with its defaults, with a top and metadata of its own."""
    body, version = call.request.body, conversion.stored_version(call.kind)
    obj = body if body.get("apiVersion", version) == version else conversion.to_stored(call.kind, body)
    obj = {**obj, "apiVersion": version, "kind": call.kind.kind, "metadata": dict(obj["metadata"])}
    call.kind.default(obj)
    return obj
