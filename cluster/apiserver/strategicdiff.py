"""How strategic merge patches are computed, from three objects, as kubectl apply does.

Source: k8s.io/apimachinery pkg/util/strategicpatch/patch.go (CreateThreeWayMergePatch).
"""
from __future__ import annotations

from dataclasses import dataclass

from cluster.meta import schema

from .strategic import (
    DELETE_LIST,
    DIRECTIVE,
    ORDER,
    RETAIN_KEYS,
    Options,
    Rule,
    element_type,
    go_text,
    go_type,
    in_order,
    key_of,
    known,
    merge_map,
    rule_of,
)


@dataclass(frozen=True)
class Difference:
    """Which half of a difference is wanted."""

    changes: bool = True      # what was added or changed
    deletions: bool = True    # what went


def three_way(original: dict, modified: dict, current: dict, struct: schema.Struct | None) -> dict:
    """What kubectl apply sends: changes from `current` to `modified`, deletions from `original` (last applied) to `modified`.

    Nothing to do is {}. Differences between original and current are overwritten. Raises StrategicError.
    """
    changes = _diff_maps(current, modified, struct, Difference(deletions=False), False)
    deletions = _diff_maps(original, modified, struct, Difference(changes=False), False)
    return merge_map(deletions, changes, struct, Options(deletes=False, drop_nulls=False))


def _diff_maps(original: dict, modified: dict, owner: object, want: Difference, retain: bool) -> dict:
    patch: dict[str, object] = {}
    for key, value in modified.items():
        if key not in original:
            if want.changes:
                patch[key] = value
            continue
        before = original[key]
        if go_type(before) != go_type(value):
            if want.changes:
                patch[key] = value
        elif isinstance(value, dict):
            _diff_map(patch, key, before, value, rule_of(owner, key), want)
        elif isinstance(value, list):
            _diff_list(patch, key, before, value, rule_of(owner, key), want)
        elif before != value and want.changes:
            patch[key] = value
    if want.deletions:
        patch |= {key: None for key in original if key not in modified}
    kept = sorted(key for key, value in modified.items() if value is not None) if retain else []
    if kept and (patch or any(value is not None and key not in modified for key, value in original.items())):
        patch[RETAIN_KEYS] = kept
    return patch


def _diff_map(patch: dict, key: str, before: dict, after: dict, rule: Rule, want: Difference) -> None:
    if not rule.known and before == after:
        return
    known(rule, key)
    if rule.strategy == "replace":
        if want.changes:
            patch[key] = after
        return
    if inner := _diff_maps(before, after, rule.below, want, rule.retain_keys):
        patch[key] = inner


def _diff_list(patch: dict, key: str, before: list, after: list, rule: Rule, want: Difference) -> None:
    if not rule.known and before != after:
        known(rule, key)
    if rule.strategy != "merge":
        if before != after and want.changes:
            patch[key] = after
        return
    if not before:
        if after and want.changes:
            patch[key] = after
        return
    if element_type(before, after) is dict:
        changes, order = _diff_items(before, after, rule, want)
        removals: list = []
    else:
        changes, removals, order = _diff_scalars(before, after, want)
    for name, items in ((key, changes), (f"{DELETE_LIST}/{key}", removals), (f"{ORDER}/{key}", order)):
        if items:
            patch[name] = items


def _diff_items(before: list, after: list, rule: Rule, want: Difference) -> tuple[list, list]:
    """(patched and deleted items, the wanted order)."""
    key = rule.merge_key
    olds = {go_text(key_of(item, key)): item for item in before}
    news = {go_text(key_of(item, key)): item for item in after}
    changed, deleted = [], []
    for name in sorted({**olds, **news}):
        if name in olds and name in news:
            inner = _diff_maps(olds[name], news[name], rule.below, want, rule.retain_keys)
            if inner:
                changed.append({**inner, key: news[name][key]})
        elif name in news:
            if want.changes:
                changed.append(news[name])
        elif want.deletions:
            deleted.append({key: olds[name][key], DIRECTIVE: "delete"})
    patch = in_order(changed, after, key) + deleted
    same_order = [key_of(item, key) for item in before] == [key_of(item, key) for item in after]
    orders = (want.changes and (bool(patch) or not same_order)) or (want.deletions and bool(patch))
    return patch, [{key: item[key]} for item in after] if orders else []


def _diff_scalars(before: list, after: list, want: Difference) -> tuple[list, list, list]:
    """(added, deleted, the wanted order)."""
    added = [item for item in sorted(after, key=go_text) if item not in before] if want.changes else []
    deleted = list(dict.fromkeys(item for item in sorted(before, key=go_text) if item not in after)) if want.deletions else []
    orders = (want.deletions and bool(deleted)) or (want.changes and sorted(before, key=go_text) != after)
    return in_order(added, after, ""), deleted, list(after) if orders else []
