"""Owns the short way of a status that a kubelet reports: a patch of which it has worked out itself what it comes to.

While the object is still the one that it was worked out from, nothing need be merged, typed or defaulted, and the spec and the
metadata are those that are stored. Who owns what follows from which fields the patch names, so it is found once for all Pods to
which the same happens. A test holds what comes of both ways against each other.
Source: as update.py and managed.py.
"""
from __future__ import annotations

import msgspec

from cluster.kinds.base import Kind
from cluster.meta import schema
from cluster.store.memory import Stored

from . import bodies, managed, options, ownership
from .admission import mutating_policy, mutating_webhook
from .call import Call

MOST_KEPT = 2000
STATUS, ADDRESSES, ORDER = "f:status", "f:podIPs", "$setElementOrder/conditions"
_of_shape: dict[tuple, managed.Sets] = {}


def reported(call: Call) -> tuple[Stored, dict] | None:
    """(what is stored, the object as the report leaves it, private but for what it shares); None where a request is anything else."""
    request = call.request
    if request.outcome is None or request.raw is not None or call.subresource != "status" or _is_touched(call):
        return None
    stored = call.context.store.get(call.key)
    revision, wanted = request.outcome
    if stored is None or stored.value["metadata"]["resourceVersion"] != revision or not stored.value.get("status"):
        return None
    live = stored.value
    status = meant(call.kind, request.body.get("status") or {}, wanted, live["status"])
    if status is None:
        return None
    obj = {**live, "metadata": {**live["metadata"]}, "status": status}
    if live["metadata"].get("managedFields"):
        ownership.owned_by(obj, _entries(call, live, obj))
    return stored, obj


def _is_touched(call: Call) -> bool:
    """Whether there are policies or webhooks that may change what is sent."""
    touched = call.context.store.touched
    return mutating_policy.POLICIES in touched or mutating_webhook.CONFIGURATIONS in touched


def meant(kind: Kind, changes: dict, wanted: dict, before: dict) -> dict | None:
    """The status that a patch leaves which makes `wanted` of `before`, in the order that applying it gives. None where a field goes.

    What the patch does not change is the very same as before, and so is not copied, filled in or compared again.
    """
    if None in changes.values() or ("podIPs" in changes) != ("podIP" in changes):
        return None
    changed = [change["type"] for change in changes.get("conditions") or ()]
    fresh = {name: wanted[name] for name in changes if name in wanted}
    if changed:
        fresh["conditions"] = [found for found in wanted.get("conditions") or () if found["type"] in changed]
    fresh = bodies.status_draft(kind, fresh)
    if changed or ORDER in changes:
        fresh["conditions"] = _in_order(fresh.get("conditions") or [], before.get("conditions") or [], wanted.get("conditions") or [])
        if fresh["conditions"] is None:
            return None
    return {**before, **fresh}


def _in_order(changed: list[dict], before: list[dict], wanted: list[dict]) -> list[dict] | None:
    """The conditions that are wanted: those that have changed, and the others as they were. None where a type comes twice."""
    there = {found["type"]: found for found in before}
    types = [found["type"] for found in wanted]
    if len(there) < len(before) or len(dict.fromkeys(types)) < len(types):
        return None
    there |= {found["type"]: found for found in changed}
    return [there[kind] for kind in types]


def _entries(call: Call, live: dict, obj: dict) -> list[dict]:
    """The managedFields after the report."""
    ignored, struct = ownership.reset_fields(call), managed.struct_of(call.api_version, call.kind.kind)
    gained, lost = _sets(call.request.body.get("status") or {}, live, obj, struct, ignored)
    key = options.manager_of(call.request), "Update", call.api_version, call.subresource
    return managed.passed_on(live["metadata"]["managedFields"], key, gained, lost, call.context.time_text())


def _sets(changes: dict, live: dict, obj: dict, struct: schema.Struct, ignored: tuple[str, ...]) -> managed.Sets:
    """What the reporter gains and others lose: as the walk along the schema finds it, once for each shape of a patch."""
    shape = shape_of(changes, live["status"], obj["status"])
    if shape is None:
        return managed.compare(live, obj, struct, ignored)
    found = _of_shape.get((struct, shape))
    if found is None:
        if len(_of_shape) >= MOST_KEPT:
            _of_shape.clear()
        found = _of_shape[struct, shape] = managed.compare(live, obj, struct, ignored)
    elif "podIPs" in changes:     # what each Pod has of its own
        kind = struct.fields["status"].type.struct.fields["podIPs"].type
        gained, lost = found
        found = {STATUS: {**gained[STATUS], ADDRESSES: managed.whole(changes["podIPs"], kind)}}, lost
    return found


PARTED = frozenset(("resourceClaimStatuses", "extendedResourceClaimStatus", "allocatedResources", "resources"))   # owned part by part


def shape_of(changes: dict, before: dict, after: dict) -> tuple | None:
    """What decides which fields a patch of a Pod's status gains; the same for patches that gain the same but for addresses.

    None where that takes more to tell: where a condition goes, or there were addresses before. Both are as `meant` has them.
    """
    if "podIPs" in changes and before.get("podIPs") is not None:
        return None
    old = before.get("conditions")
    types, now = tuple([found["type"] for found in old or ()]), tuple([found["type"] for found in after.get("conditions") or ()])
    rows = []
    for change in changes.get("conditions") or ():
        if "$patch" in change:
            return None
        names = tuple(change)
        if None in change.values():     # which of the names is gone, and which is null, says the outcome
            names = names, tuple(after["conditions"][now.index(change["type"])])
        rows.append((change["type"], names))
    return tuple(changes), old is None, types, now, tuple(rows), None if PARTED.isdisjoint(changes) else _parts(changes, before, after)


def _parts(changes: dict, before: dict, after: dict) -> bytes:
    """What is owned part by part, as it was and as it is, where a patch changes it."""
    return msgspec.json.encode([(name, name in before, before.get(name), after.get(name)) for name in changes if name in PARTED])
