"""Owns the short way of a status that a kubelet reports: a patch of which it has worked out itself what it comes to.

While the Pod is still the one that it was worked out from, nothing need be merged, typed or defaulted, and the spec and the
metadata are those that are stored. Who owns what, and whether the conditions are sound, follows from which fields the patch names,
so it is found once for all Pods to which the same happens. A test holds what comes of both ways against each other.
Source: as update.py and managed.py.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from cluster.kinds import _pod_defaults, _pod_update, pod
from cluster.meta import schema
from cluster.meta.objects import draft
from cluster.store.memory import Stored

from . import admission, managed, options, ownership
from .call import Call

MOST_KEPT = 2000
STATUS, ADDRESSES, ORDER = "f:status", "f:podIPs", "$setElementOrder/conditions"


class Report(NamedTuple):
    """What is stored, and the Pod as the report leaves it, private but for what it shares. is_sound: of its status only containers
    and addresses are to be looked at."""

    stored: Stored
    obj: dict
    is_sound: bool


class Effect(NamedTuple):
    """What a patch comes to. is_kept: so do all of its shape."""

    gained: managed.Node | None
    lost: managed.Node | None
    is_sound: bool
    is_kept: bool


_of_shape: dict[tuple, Effect] = {}
_shares: dict[tuple, tuple] = {}     # of an effect on entries that many Pods share: both, and what their owners own then


def reported(call: Call) -> Report | None:
    """What a kubelet's report comes to; None where a request is anything else."""
    request, kind = call.request, call.kind
    if request.outcome is None or request.raw is not None or call.subresource != "status" or kind.kind != "Pod" or kind.custom or kind.group:
        return None
    stored = call.context.store.get(call.key)
    revision, wanted = request.outcome
    if stored is None or stored.value["metadata"]["resourceVersion"] != revision or not stored.value.get("status"):
        return None
    live, changes = stored.value, request.body.get("status") or {}
    status = meant(changes, wanted, live["status"]) if not admission.is_asked(call.context.store, admission.CHANGING) else None
    if status is None:
        return None
    obj = {**live, "metadata": {**live["metadata"]}, "status": status}
    struct = managed.struct_of(kind.api_version, kind.kind)
    effect = effect_of(changes, live, obj, struct, ownership.reset_fields(call))
    if live["metadata"].get("managedFields"):
        ownership.owned_by(obj, _entries(call, live["metadata"]["managedFields"], effect, changes, struct))
    return Report(stored, obj, effect.is_sound and "finalizers" not in obj["metadata"])


def complaints(report: Report) -> list:
    """What is wrong with a reported status, which it completes in place."""
    obj, live = report.obj, report.stored.value
    if report.is_sound:
        pod.keep_owners(obj["metadata"], live["metadata"])
        return _pod_update.validate_observed(obj["status"], live["status"], live["spec"])
    if obj["status"].get("conditions"):     # which are changed then, and the kubelet's
        obj["status"]["conditions"] = [{**found} for found in obj["status"]["conditions"]]
    pod.prepare_status(obj, live)
    return _pod_update.validate_status(obj, live)


def meant(changes: dict, wanted: dict, before: dict) -> dict | None:
    """The status that a patch leaves which makes `wanted` of `before`, in the order that applying it gives. None where a field goes.

    What the patch does not change is the very same as before, and so is not copied, filled in or compared again; what it changes is what
    the kubelet holds, unless something is to be filled in.
    """
    if None in changes.values() or ("podIPs" in changes) != ("podIP" in changes):
        return None
    fresh = {name: wanted[name] for name in changes if name in wanted}
    there, changed = before.get("conditions") or (), changes.get("conditions") or ()
    conditions = None
    if changed or ORDER in changes:
        conditions = _in_order({change["type"]: True for change in changed}, there, wanted.get("conditions") or ())
        if conditions is None:
            return None
        fresh["conditions"] = None      # its place
    if _pod_defaults.is_complete(fresh):
        _pod_defaults.pod_ips(fresh)
    else:
        fresh = draft(fresh)
        _pod_defaults.pod_status(fresh)
    if conditions is not None:
        fresh["conditions"] = conditions
    return {**before, **fresh}


def _in_order(changed: dict[str, bool], before: Sequence[dict], wanted: Sequence[dict]) -> list[dict] | None:
    """The conditions that are wanted: those that have changed, filled in, and the others as they were. None where a type comes twice."""
    there, types = {found["type"]: found for found in before}, {found["type"] for found in wanted}
    if len(there) < len(before) or len(types) < len(wanted):
        return None
    return [_pod_defaults.completed(found) if found["type"] in changed else there[found["type"]] for found in wanted]


def _entries(call: Call, entries: list[dict], effect: Effect, changes: dict, struct: schema.Struct) -> list[dict]:
    """The managedFields after the report; what each owner owns then is found once for all Pods whose entries own the same."""
    manager = options.manager_of(call.request)
    key = manager, "Update", call.kind.api_version, call.subresource
    gained, now, addresses = effect.gained, call.context.time_text(), None
    if effect.is_kept and "podIPs" in changes:      # what each Pod has of its own
        addresses = managed.whole(changes["podIPs"], struct.fields["status"].type.struct.fields["podIPs"].type)
    mine = [entry.get("manager", "") == manager and managed.identity(entry) == key for entry in entries]
    owned = _owned(entries, mine, effect)
    if addresses is not None and (owned is None or True not in mine):
        gained = with_addresses(gained, addresses)
    if owned is None:
        return managed.passed_on(entries, key, gained, effect.lost, now)
    if addresses is not None:
        owned = [with_addresses(fields, addresses) if is_mine else fields for fields, is_mine in zip(owned, mine, strict=True)]
    return managed.handed_on(entries, mine, owned, key, gained, now)


def _owned(entries: list[dict], mine: list[bool], effect: Effect) -> list[managed.Node | None] | None:
    """What each entry's owner owns after an effect, but for addresses; None where that is not the same for many Pods."""
    fields = [entry.get("fieldsV1") for entry in entries]
    alike = id(effect), *map(id, fields), *mine
    known = _shares.get(alike)
    if known is not None:
        return known[2]
    if not effect.is_kept or effect.gained is None or any(ADDRESSES in ((owned or {}).get(STATUS) or ()) for owned in fields):
        return None
    if len(_shares) >= MOST_KEPT:
        _shares.clear()
    owned = managed.shares(entries, mine, effect.gained, effect.lost)
    _shares[alike] = effect, fields, owned      # held, so that no other has their ids
    return owned


def with_addresses(fields: managed.Node | None, addresses: managed.Node) -> managed.Node | None:
    """What is owned, with these addresses in place of another's."""
    return fields and {**fields, STATUS: {**fields[STATUS], ADDRESSES: addresses}}


def effect_of(changes: dict, live: dict, obj: dict, struct: schema.Struct, ignored: tuple[str, ...]) -> Effect:
    """What the reporter gains and others lose, as the walk along the schema finds it: once for each shape of a patch.

    Of one that is kept, the addresses are those of the Pod of which it was found.
    """
    shape = shape_of(changes, live["status"], obj["status"])
    if shape is None:
        return Effect(*managed.compare(live, obj, struct, ignored), False, False)
    found = _of_shape.get((struct, shape))
    if found is None:
        if len(_of_shape) >= MOST_KEPT:
            _of_shape.clear()
        found = _of_shape[struct, shape] = Effect(*managed.compare(live, obj, struct, ignored), _is_sound(changes), True)
    return found


PARTED = frozenset(("resourceClaimStatuses", "extendedResourceClaimStatus", "allocatedResources", "resources"))   # owned part by part


def shape_of(changes: dict, before: dict, after: dict) -> tuple | None:
    """What decides which fields a patch of a Pod's status gains, and whether its conditions are sound; the same for patches that gain
    the same but for addresses.

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
        rows.append((change["type"], names, change.get("observedGeneration")))
    parts = None if PARTED.isdisjoint(changes) else _parts(changes, before, after)
    return tuple(changes), changes.get("observedGeneration"), old is None, types, now, tuple(rows), parts


def _parts(changes: dict, before: dict, after: dict) -> bytes:
    """What is owned part by part, as it was and as it is, where a patch changes it."""
    return msgspec.json.encode([(name, name in before, before.get(name), after.get(name)) for name in changes if name in PARTED])


def _is_sound(changes: dict) -> bool:
    """Whether a patch of this shape leaves nothing but containers and addresses to be completed or refused."""
    generations = [found["observedGeneration"] for found in (changes, *(changes.get("conditions") or ())) if "observedGeneration" in found]
    return (all(generation and generation > 0 for generation in generations) and "qosClass" not in changes and "nominatedNodeName" not in changes
            and all(found["type"] in _pod_update.CONDITION_TYPES for found in changes.get("conditions") or ()))
