"""A strategic merge patch that sets one condition of a status, as Go's two-way merge patch writes it.

Source: k8s.io/apimachinery pkg/util/strategicpatch (CreateTwoWayMergePatch).
"""

from __future__ import annotations


def setting(conditions: list[dict], wanted: dict) -> dict:
    """The part of the patch that makes one of these conditions, or a further one, what is wanted.

    Of a condition that is there only what differs is sent; the order is said where there were conditions before.
    """
    if not conditions:
        return {"conditions": [wanted]}
    old = next((one for one in conditions if one["type"] == wanted["type"]), None)
    types = [one["type"] for one in conditions] + ([wanted["type"]] if old is None else [])
    entry = wanted if old is None else {"type": wanted["type"], **_changes(old, wanted)}
    return {"$setElementOrder/conditions": [{"type": each} for each in types], "conditions": [entry]}


def _changes(old: dict, new: dict) -> dict:
    gone = {name: None for name in old if name not in new and old[name] is not None}
    return {name: value for name, value in new.items() if old.get(name) != value} | gone
