"""Owns the patch that turns a stored status into the wanted one: what a two-way strategic merge patch holds.

Source: kubernetes pkg/util/pod/pod.go (PatchPodStatus), k8s.io/apimachinery pkg/util/strategicpatch.
"""

from __future__ import annotations

from functools import lru_cache

MERGED = {"conditions": "type", "podIPs": "ip", "hostIPs": "ip", "addresses": "type"}  # lists that merge by a key
DELETE = "$patch"


def patch_of(old: dict, new: dict) -> dict:
    """The changes, {} when there are none."""
    changes: dict = {}
    for name, value in new.items():
        if name not in old:
            if value is not None:
                changes[name] = value
            continue
        before = old[name]
        if before is value or before == value:
            continue
        if isinstance(value, (dict, list)):
            changes.update(_change(name, before, value))
        else:
            changes[name] = value
    for name in old:
        if name not in new:
            changes[name] = None
    return changes


def _change(name: str, old: object, value: object) -> dict:
    if name in MERGED and isinstance(old, list) and isinstance(value, list):
        return _list_change(name, MERGED[name], old, value)
    if isinstance(old, dict) and isinstance(value, dict):
        inner = patch_of(old, value)
        return {name: inner} if inner else {}
    return {name: value}


def _list_change(name: str, key: str, old: list[dict], new: list[dict]) -> dict:
    before = {item[key]: item for item in old}
    kept = [item[key] for item in new]
    items: list[dict] = []
    for item in new:
        earlier = before.get(item[key])
        if earlier is item or earlier == item:
            continue
        inner = item if earlier is None else patch_of(earlier, item)
        if inner:
            items.append({**inner, key: item[key]})
    items += [{DELETE: "delete", key: value} for value in before if value not in kept]
    changes: dict = {"$setElementOrder/" + name: _order(key, *kept)}
    if items:
        changes[name] = items
    elif [item[key] for item in old if item[key] in kept] == kept:
        return {}
    return changes


@lru_cache(maxsize=1024)
def _order(key: str, *values: str) -> list[dict]:
    """The order of a list's items; most Pods have the same conditions in the same order. It must not be changed."""
    return [{key: value} for value in values]
