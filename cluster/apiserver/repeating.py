"""Owns the short way of a patch that a component makes of one Node after another: the same change of parts that are the same.

Of such a patch nothing depends on the rest of a Node: what the parts come to, and who gains and loses what, was found, and checked,
on the general way for the Node before. A change is taken over once it has come to the same, to the byte, for a second Node. The range
of addresses that a Node is given is its own; what that comes to is plain. A test holds what comes of both ways against each other.
Source: as update.py and managed.py.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from cluster.kinds import _addresses, node
from cluster.meta.requests import Response
from cluster.store.memory import Stored

from . import admission, managed, options, ownership
from .call import Call, Write

# by subresource: of which parts a change has nothing to do with the rest of a Node
INDEPENDENT = {"": {"metadata": ("annotations",), "spec": ("taints",)}, "status": {"status": ("allocatable", "conditions")}}
RANGE = frozenset(("podCIDR", "podCIDRs"))
STRATEGIC, ORDER = "application/strategic-merge-patch+json", "$setElementOrder/"
MOST_KEPT = 500
LONGEST = 20_000     # bytes
GONE, SEEN, UNLIKE = object(), object(), object()     # a part that goes; a patch made once, and one that does not come to the same


class Repeat(NamedTuple):
    """What a patch comes to: (top, name, value or GONE) of each part; what the sender gains and others lose."""

    parts: tuple[tuple[str, str, Any], ...]
    gained: managed.Node | None
    lost: managed.Node | None


_repeats: dict[bytes, Any] = {}


def repeated(call: Call) -> tuple[Stored, dict] | None:
    """What is stored and the Node as it is to be; None where a patch has to go the general way."""
    if call.kind.kind != "Node" or call.kind.custom or call.kind.group:
        return None
    parts = touched(call)
    found = (_repeats.get(_key(call, parts)) if parts else None) or _given_range(call)
    if type(found) is not Repeat:
        return None
    stored = call.context.store.rows[call.key]
    return stored, _made(call, stored.value, found)


def _given_range(call: Call) -> Repeat | None:
    """What a Node's first range of addresses comes to, given by somebody who gives nothing else."""
    sent = call.request.body
    spec = sent.get("spec") if type(sent) is dict and len(sent) == 1 and not call.subresource else None
    if not spec or spec.keys() != RANGE or not _is_plain(call):
        return None
    cidr, errors = spec["podCIDR"], []
    if not cidr or spec["podCIDRs"] != [cidr] or not RANGE.isdisjoint(call.context.store.rows[call.key].value["spec"]):
        return None
    _addresses.cidr(errors, "", cidr)
    if errors or not managed.is_plain(cidr):
        return None
    owned = {"f:podCIDR": managed.MEMBER, "f:podCIDRs": {".": managed.MEMBER, f'v:"{cidr}"': managed.MEMBER}}
    return Repeat((("spec", "podCIDR", cidr), ("spec", "podCIDRs", spec["podCIDRs"])), {"f:spec": owned}, None)


def keep(call: Call, result: Response | Write) -> None:
    """Remember what a patch has come to on the general way."""
    if call.kind.kind != "Node" or call.kind.custom or call.kind.group or type(result) is not Write or result.value is None:
        return
    parts = touched(call)
    if not parts or result.delete or result.charges or result.warnings:
        return
    key = _key(call, parts)
    if len(key) > LONGEST:
        return      # no component sends so much
    known = _repeats.get(key)
    if len(_repeats) >= MOST_KEPT:
        _repeats.clear()
    _repeats[key] = SEEN if known is None else _repeat(call, parts, result.value) if known is SEEN else known


def _repeat(call: Call, parts: list[tuple[str, str]], obj: dict) -> object:
    live, struct = call.context.store.rows[call.key].value, managed.struct_of("v1", "Node")
    values = tuple((top, name, obj[top].get(name, GONE)) for top, name in parts)
    found = Repeat(values, *managed.compare(live, obj, struct, ownership.reset_fields(call)))
    return found if msgspec.json.encode(_made(call, live, found)) == msgspec.json.encode(obj) else UNLIKE


def _is_plain(call: Call) -> bool:
    """Whether a component patches a Node of which nobody else looks at what becomes of it."""
    request, context = call.request, call.context
    stored = context.store.rows.get(call.key)
    if request.raw is not None or request.content_type != STRATEGIC or call.dry_run or stored is None or context.is_explained:
        return False
    meta = stored.value["metadata"]
    if "deletionTimestamp" in meta or "finalizers" in meta or not meta.get("managedFields") or not node.is_sound(stored.value):
        return False
    if {} in meta.values() or [] in meta.values():      # which a patch takes away
        return False
    return not admission.is_asked(context.store)


def touched(call: Call) -> list[tuple[str, str]]:
    """(top, name) of the parts that a component's patch changes; none where it does anything else, or others may look at it."""
    if not _is_plain(call):
        return []
    live = call.context.store.rows[call.key].value
    parts, known, meta = {}, INDEPENDENT.get(call.subresource, {}), live["metadata"]
    for top, changes in call.request.body.items():
        if top not in known or top not in live or not changes:
            if top != "metadata" or changes != {"resourceVersion": meta["resourceVersion"]}:
                return []
            continue
        for name in changes:
            bare = name.removeprefix(ORDER)
            if bare not in known[top]:
                if top != "metadata" or name != "resourceVersion" or changes[name] != meta["resourceVersion"]:
                    return []
                continue
            parts[top, bare] = True
    return list(parts)


def _key(call: Call, parts: list[tuple[str, str]]) -> bytes:
    """What decides what a patch comes to: who changes what in what, and whether it is all that there is."""
    live, body, names = call.context.store.rows[call.key].value, call.request.body, {name for _, name in parts}
    before = [(name in live[top], live[top].get(name), live[top].keys() <= names) for top, name in parts]
    changes = {top: {name: value for name, value in found.items() if name != "resourceVersion"} for top, found in body.items()}
    return msgspec.json.encode((call.subresource, options.manager_of(call.request), changes, before))


def _made(call: Call, live: dict, repeat: Repeat) -> dict:
    """A Node after the patch, with a top and metadata of its own."""
    obj = {**live, "metadata": {**live["metadata"]}}
    for top, name, value in repeat.parts:
        part = obj[top] = {**obj[top]}
        if value is GONE:
            part.pop(name, None)
        else:
            part[name] = value
    key = options.manager_of(call.request), "Update", call.kind.api_version, call.subresource
    entries = managed.passed_on(live["metadata"]["managedFields"], key, repeat.gained, repeat.lost, call.context.time_text())
    return ownership.owned_by(obj, entries)
