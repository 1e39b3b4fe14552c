"""Owns the patch that turns a stored status into the wanted one: what a two-way strategic merge patch holds.

Source: kubernetes pkg/util/pod/pod.go (PatchPodStatus), k8s.io/apimachinery pkg/util/strategicpatch.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import compress
from operator import is_not

from .conditions import is_shared

MERGED = {"conditions": "type", "podIPs": "ip", "hostIPs": "ip", "addresses": "type"}  # lists that merge by a key
DELETE = "$patch"
MOST_KEPT = 4096
ONE: list[dict] = []  # stands for the list that holds the last of another one alone
_KEPT: dict[tuple[int, int], tuple[list, list, dict]] = {}  # lists that many Pods share, and what changes between them


def patch_of(old: dict, new: dict) -> dict:
    """The changes, {} when there are none."""
    changes: dict = {}
    for name, value in compress(new.items(), map(is_not, map(old.get, new), new.values())):  # most is the very same as before
        before = old.get(name)
        if before == value:
            continue
        if before is None:
            changes[name] = value
        elif type(value) is dict and type(before) is dict:
            inner = patch_of(before, value)
            if inner:
                changes[name] = inner
        elif name in MERGED and type(value) is list and type(before) is list:
            _add_list_change(changes, name, before, value)
        else:
            changes[name] = value
    if not old.keys() <= new.keys():
        changes.update(dict.fromkeys([name for name in old if name not in new]))
    return changes


def _add_list_change(changes: dict, name: str, old: list[dict], new: list[dict]) -> None:
    """Of two lists that many Pods share the change is found once; so it is where there was but the last of the new one."""
    before = old if len(old) != 1 or not new or old[0] != new[-1] else ONE
    known = _KEPT.get((id(before), id(new)))
    if known is not None and known[0] is before and known[1] is new:
        changes.update(known[2])
        return
    change = _list_change(name, old, new)
    if is_shared(new) and (before is ONE or is_shared(old)):
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        _KEPT[id(before), id(new)] = before, new, change
    changes.update(change)


def _list_change(name: str, old: list[dict], new: list[dict]) -> dict:
    key, items, order, known, changes = MERGED[name], [], [], 0, {}
    before = {item[key]: item for item in old}
    for item in new:
        value = item[key]
        order.append(value)
        earlier = before.get(value)
        if earlier is None:
            items.append(item)
            continue
        known += 1
        if earlier is not item and earlier != item:
            inner = patch_of(earlier, item)
            if inner:
                items.append({**inner, key: value})
    if known < len(before):
        items += [{DELETE: "delete", key: value} for value in before if value not in order]
    if items:
        changes["$setElementOrder/" + name], changes[name] = _order(key, *order), items
    elif [item[key] for item in old if item[key] in order] != order:
        changes["$setElementOrder/" + name] = _order(key, *order)
    return changes


@lru_cache(maxsize=1024)
def _order(key: str, *values: str) -> list[dict]:
    """The order of a list's items; most Pods have the same conditions in the same order. It must not be changed."""
    return [{key: value} for value in values]
