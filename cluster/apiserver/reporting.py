"""Owns the short way of a status that a kubelet reports: a patch of which it has worked out itself what it comes to.

While the Pod is still the one that it was worked out from, nothing need be merged, typed or defaulted, and the spec and the
metadata are those that are stored. What becomes of its conditions is the same for all Pods to whose conditions the same happens in
one second, and is one list for all of them; who owns what, and whether the conditions are sound, follows from which fields the patch
names. So both are found once, and Pods of one template share their managedFields. A test holds what comes of both ways against each
other.
Source: as update.py and managed.py.
"""
from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

import msgspec

from cluster.kinds import _pod_defaults, _pod_update, pod
from cluster.meta.objects import draft
from cluster.store.memory import Stored

from . import admission, managed, options, ownership
from .call import Call

MOST_KEPT = 2000
STATUS, ADDRESSES, ORDER = "f:status", "f:podIPs", "$setElementOrder/conditions"
ADDRESS: managed.Node = {".": managed.MEMBER, "f:ip": managed.MEMBER}     # what its owner owns of each


class Report(msgspec.Struct, frozen=True):
    """What is stored, and the Pod as the report leaves it, private but for what it shares. is_sound: of its status only containers
    and addresses are to be looked at, and those only where it is_observed."""

    stored: Stored
    obj: dict
    is_sound: bool
    is_observed: bool


class Conditions(NamedTuple):
    """The conditions that a patch leaves, None where a type comes twice; and the number of what of them decides who owns what, None
    where that takes more to tell."""

    listed: list[dict] | None
    shape: int | None


class Effect(NamedTuple):
    """What a patch comes to. is_kept: so do all of its shape."""

    gained: managed.Node | None
    lost: managed.Node | None
    is_sound: bool
    is_kept: bool


class Handed(NamedTuple):
    """The managedFields after an effect on others, but for addresses: for all Pods that share those. place: of the reporter's entry."""

    before: list[dict]
    effect: Effect
    entries: list[dict]
    place: int


UNTOUCHED = Conditions(None, 0)
_conditions: dict[bytes, Conditions] = {}
_of_pair: dict[tuple[int, int], tuple] = {}      # of conditions that many Pods share, before and meant: both, the change, what it comes to
_numbers: dict[tuple, int] = {}      # of the shapes of conditions
_next_number = count(1)
_of_shape: dict[tuple, Effect] = {}
_shares: dict[tuple, tuple] = {}     # of an effect on entries that many Pods share: both, and what their owners own then
_handed: dict[tuple, Handed] = {}


def _remember(kept: dict, key: object, found: object) -> None:
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = found


def reported(call: Call) -> Report | None:
    """What a kubelet's report comes to; None where a request is anything else."""
    request, kind = call.request, call.kind
    if request.outcome is None or request.raw is not None or call.subresource != "status" or kind.kind != "Pod" or kind.custom or kind.group:
        return None
    store = call.context.store
    stored = store.rows.get(call.key)
    revision, wanted = request.outcome
    if stored is None or stored.value["metadata"]["resourceVersion"] != revision or not stored.value.get("status"):
        return None
    live, changes = stored.value, request.body.get("status") or {}
    if admission.is_asked(store):
        return None
    conditions = conditions_of(changes, wanted, live["status"])
    status = meant(changes, wanted, live["status"], conditions)
    if status is None:
        return None
    obj = {**live, "metadata": {**live["metadata"]}, "status": status}
    effect = effect_of(call, changes, live, obj, conditions.shape)
    if live["metadata"].get("managedFields"):
        ownership.owned_by(obj, _entries(call, live["metadata"]["managedFields"], effect, changes))
    is_observed = not changes.keys().isdisjoint(_pod_update.OBSERVED)
    return Report(stored, obj, effect.is_sound and "finalizers" not in live["metadata"], is_observed)


def complaints(report: Report) -> list:
    """What is wrong with a reported status, which it completes in place."""
    obj, live = report.obj, report.stored.value
    if report.is_sound:
        pod.keep_owners(obj["metadata"], live["metadata"])
        return _pod_update.validate_observed(obj["status"], live["status"], live["spec"]) if report.is_observed else []
    if obj["status"].get("conditions"):     # which are changed then, and the kubelet's
        obj["status"]["conditions"] = [{**found} for found in obj["status"]["conditions"]]
    pod.prepare_status(obj, live)
    return _pod_update.validate_status(obj, live)


def meant(changes: dict, wanted: dict, before: dict, conditions: Conditions) -> dict | None:
    """The status that a patch leaves which makes `wanted` of `before`, in the order that applying it gives. None where a field goes.

    What the patch does not change is the very same as before, and so is not copied, filled in or compared again; what it changes is what
    the kubelet holds, unless something is to be filled in. conditions: as `conditions_of` finds them.
    """
    if None in changes.values() or ("podIPs" in changes) != ("podIP" in changes):
        return None
    fresh = {name: wanted[name] for name in changes if name in wanted}
    if conditions is not UNTOUCHED:
        if conditions.listed is None:
            return None
        fresh["conditions"] = None      # its place
    if _pod_defaults.is_complete(fresh):
        _pod_defaults.pod_ips(fresh)
    else:
        fresh = draft(fresh)
        _pod_defaults.pod_status(fresh)
    if conditions is not UNTOUCHED:
        fresh["conditions"] = conditions.listed
    return {**before, **fresh}


def conditions_of(changes: dict, wanted: dict, before: dict) -> Conditions:
    """What a patch makes of a status's conditions; the very same for all Pods to which the same happens."""
    changed = changes.get("conditions")
    if not changed and ORDER not in changes:
        return UNTOUCHED
    there, meant = before.get("conditions"), wanted.get("conditions")
    pair = id(there), id(meant)
    known = _of_pair.get(pair)
    if known is not None and known[2] == changed:
        return known[3]
    told = msgspec.json.encode((there, changed, meant))
    found = _conditions.get(told)
    if found is None:
        listed = _in_order({change["type"]: True for change in changed or ()}, there or (), meant or ())
        found = Conditions(listed, None if listed is None else _number_of(shape_of(changed or (), there, listed)))
        _remember(_conditions, told, found)
    _remember(_of_pair, pair, (there, meant, changed, found))       # held, so that no others have their ids
    return found


def _in_order(changed: dict[str, bool], before: Sequence[dict], wanted: Sequence[dict]) -> list[dict] | None:
    """The conditions that are wanted: those that have changed, filled in, and the others as they were. None where a type comes twice."""
    there, types = {found["type"]: found for found in before}, {found["type"] for found in wanted}
    if len(there) < len(before) or len(types) < len(wanted):
        return None
    return [_pod_defaults.completed(found) if found["type"] in changed else there[found["type"]] for found in wanted]


def _number_of(shape: tuple | None) -> int | None:
    """A shape's number: no other shape has it, or will have it."""
    if shape is not None and shape not in _numbers:
        _remember(_numbers, shape, next(_next_number))
    return _numbers.get(shape)


def shape_of(changed: Sequence[dict], before: Sequence[dict] | None, after: Sequence[dict]) -> tuple | None:
    """What of a change of conditions decides which of their fields are gained, and whether they are sound. None where one goes."""
    types, now = tuple([found["type"] for found in before or ()]), tuple([found["type"] for found in after])
    rows = []
    for change in changed:
        if "$patch" in change:
            return None
        names = tuple(change)
        if None in change.values():     # which of the names is gone, and which is null, says the outcome
            names = names, tuple(after[now.index(change["type"])])
        rows.append((change["type"], names, change.get("observedGeneration")))
    return before is None, types, now, tuple(rows)


def _entries(call: Call, entries: list[dict], effect: Effect, changes: dict) -> list[dict]:
    """The managedFields after the report; found once for all Pods that share theirs, but for addresses, which each has of its own."""
    key = options.manager_of(call.request), "Update", call.kind.api_version, call.subresource
    now = call.context.time_text()
    alike = id(entries), id(effect), key[0], now
    handed = _handed.get(alike) or _handed_on(entries, effect, key, now, alike)
    if handed is not None:
        return handed.entries if "podIPs" not in changes else _with_addresses(handed, addresses_of(changes["podIPs"]))
    gained = effect.gained
    if effect.is_kept and "podIPs" in changes:
        gained = with_addresses(gained, addresses_of(changes["podIPs"]))
    return managed.passed_on(entries, key, gained, effect.lost, now)


def _handed_on(entries: list[dict], effect: Effect, key: tuple, now: str, alike: tuple) -> Handed | None:
    """The managedFields after an effect; None where they are not the same for all Pods that share theirs."""
    mine = [managed.is_of(entry, key) for entry in entries]
    owned = _owned(entries, mine, effect) if len(entries) < managed.MAX_UPDATERS else None
    if owned is None:
        return None
    after = managed.handed_on(entries, mine, owned, key, effect.gained, now)
    place = next(place for place, entry in enumerate(after) if managed.is_of(entry, key))
    handed = Handed(entries, effect, after, place)
    _remember(_handed, alike, handed)       # it holds both, so that no other has their ids
    return handed


def _owned(entries: list[dict], mine: list[bool], effect: Effect) -> list[managed.Node | None] | None:
    """What each entry's owner owns after an effect, but for addresses; None where that is not the same for many Pods."""
    fields = [entry.get("fieldsV1") for entry in entries]
    alike = id(effect), *map(id, fields), *mine
    known = _shares.get(alike)
    if known is not None:
        return known[2]
    if not effect.is_kept or effect.gained is None or any(ADDRESSES in ((owned or {}).get(STATUS) or ()) for owned in fields):
        return None
    owned = managed.shares(entries, mine, effect.gained, effect.lost)
    _remember(_shares, alike, (effect, fields, owned))      # held, so that no other has their ids
    return owned


def _with_addresses(handed: Handed, addresses: managed.Node) -> list[dict]:
    """The managedFields that Pods share, for one of them with its addresses."""
    after, mine = [*handed.entries], handed.entries[handed.place]
    after[handed.place] = {**mine, "fieldsV1": with_addresses(mine["fieldsV1"], addresses)}
    return after


def with_addresses(fields: managed.Node | None, addresses: managed.Node) -> managed.Node | None:
    """What is owned, with these addresses in place of another's."""
    return fields and {**fields, STATUS: {**fields[STATUS], ADDRESSES: addresses}}


def addresses_of(found: list[dict]) -> managed.Node:
    """What its owner owns of a Pod's new addresses."""
    if len(found) == 1 and found[0].keys() == {"ip"} and managed.is_plain(found[0]["ip"]):
        return {".": managed.MEMBER, f'k:{{"ip":"{found[0]["ip"]}"}}': ADDRESS}
    struct = managed.struct_of("v1", "Pod")
    return managed.whole(found, struct.fields["status"].type.struct.fields["podIPs"].type)


def effect_of(call: Call, changes: dict, live: dict, obj: dict, conditions: int | None) -> Effect:
    """What the reporter gains and others lose, as the walk along the schema finds it: once for each shape of a patch.

    Of one that is kept, the addresses are those of the Pod of which it was found. conditions: the number of their shape.
    """
    is_kept = conditions is not None and ("podIPs" not in changes or live["status"].get("podIPs") is None)
    if is_kept:
        parts = None if PARTED.isdisjoint(changes) else _parts(changes, live["status"], obj["status"])
        shape = tuple(changes), changes.get("observedGeneration"), conditions, parts
        found = _of_shape.get(shape)
        if found is not None:
            return found
    struct = managed.struct_of("v1", "Pod")
    found = Effect(*managed.compare(live, obj, struct, ownership.reset_fields(call)), is_kept and _is_sound(changes), is_kept)
    if is_kept:
        _remember(_of_shape, shape, found)
    return found


PARTED = frozenset(("resourceClaimStatuses", "extendedResourceClaimStatus", "allocatedResources", "resources"))   # owned part by part


def _parts(changes: dict, before: dict, after: dict) -> bytes:
    """What is owned part by part, as it was and as it is, where a patch changes it."""
    return msgspec.json.encode([(name, name in before, before.get(name), after.get(name)) for name in changes if name in PARTED])


def _is_sound(changes: dict) -> bool:
    """Whether a patch of this shape leaves nothing but containers and addresses to be completed or refused."""
    generations = [found["observedGeneration"] for found in (changes, *(changes.get("conditions") or ())) if "observedGeneration" in found]
    return (all(generation and generation > 0 for generation in generations) and "qosClass" not in changes and "nominatedNodeName" not in changes
            and all(found["type"] in _pod_update.CONDITION_TYPES for found in changes.get("conditions") or ()))
