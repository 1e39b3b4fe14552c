"""Sets of field paths, kept in the very form of fieldsV1: a trie of `f:`, `k:`, `v:` steps.

A node is a dict. `{}` is a path that belongs to the set and has nothing below; `"."` says that a path with something below
belongs itself. Sets are never changed in place; what is unchanged is shared. None stands for the empty set.
Source: sigs.k8s.io/structured-merge-diff fieldpath/{set,serialize}.go.
"""
from __future__ import annotations

import json
from collections.abc import Iterator

from cluster.meta.gotext import quote, to_json

Node = dict
MEMBER: Node = {}
MOST_KEPT = 4000
# Of nodes that many objects share: both, and what they come to. Holding both, no other object has their ids.
_unions: dict[tuple[int, int], tuple[Node, Node, Node]] = {}
_differences: dict[tuple[int, int], tuple[Node, Node, Node | None]] = {}


def is_member(node: Node) -> bool:
    """Whether the path that leads to a node belongs to the set."""
    return not node or "." in node


def union(one: Node | None, other: Node | None) -> Node | None:
    """All paths of both sets."""
    if not one or one is other:
        return one if one else other
    return _union(one, other) if other else one


def _union(one: Node, other: Node) -> Node:
    result = None
    for key, node in other.items():
        mine = one.get(key)
        if mine is node:
            continue
        joined = node if mine is None else _union_nodes(mine, node)
        if joined is not mine:
            result = dict(one) if result is None else result
            result[key] = joined
    return one if result is None else sort(result)


def _union_nodes(one: Node, other: Node) -> Node:
    if one is other or (not other and is_member(one)):
        return one
    if not one:
        return other if is_member(other) else {".": MEMBER, **other}
    if not other:
        return {".": MEMBER, **one}
    known = _unions.get((id(one), id(other)))
    if known is None:
        if len(_unions) >= MOST_KEPT:
            _unions.clear()
        known = _unions[id(one), id(other)] = one, other, _union(one, other)
    return known[2]


def difference(one: Node | None, other: Node | None) -> Node | None:
    """The paths of one set that are not in the other; what lies below a path that goes stays."""
    if not one or not other:
        return one or None
    return _difference(one, other) or None


def _difference(one: Node, other: Node) -> Node:
    result = None
    for key, node in other.items():
        mine = one.get(key)
        if mine is None:
            continue
        left = _difference_nodes(mine, node)
        if left is mine:
            continue
        result = dict(one) if result is None else result
        if left is None:
            del result[key]
        else:
            result[key] = left
    return one if result is None else result


def _difference_nodes(one: Node, other: Node) -> Node | None:
    """What is left of a node; None when nothing is."""
    if not one:
        return None if is_member(other) else one
    known = _differences.get((id(one), id(other)))
    if known is None:
        if len(_differences) >= MOST_KEPT:
            _differences.clear()
        known = _differences[id(one), id(other)] = one, other, _left(one, other)
    return known[2]


def _left(one: Node, other: Node) -> Node | None:
    """The same of a node that has something below."""
    goes, left = is_member(other), _difference(one, other)
    if goes and "." in left:
        left = {key: node for key, node in left.items() if key != "."}
    if len(left) == 1 and "." in left:
        return MEMBER
    return left or None


def intersection(one: Node | None, other: Node | None) -> Node | None:
    """The paths that both sets have."""
    if not one or not other:
        return None
    return _intersection(one, other) or None


def _intersection(one: Node, other: Node) -> Node:
    result = {}
    for key, node in one.items():
        its = other.get(key)
        if its is None:
            continue
        if key == ".":
            result[key] = MEMBER
            continue
        below = _intersection(node, its)
        both = is_member(node) and is_member(its)
        if below:
            result[key] = {".": MEMBER, **below} if both and "." not in below else below
        elif both:
            result[key] = MEMBER
    return result if len(result) != 1 or "." not in result else {}


def without(one: Node | None, path: tuple[str, ...]) -> Node | None:
    """A set without a path and all below it."""
    if not one or path[0] not in one:
        return one
    left = dict(one)
    below = without(left[path[0]], path[1:]) if len(path) > 1 else None
    if below:
        left[path[0]] = below
    else:
        del left[path[0]]
    return left or None


def sort(node: Node) -> Node:
    """A node with its steps in order: itself, fields, keys, values."""
    if len(node) < 2:
        return node
    keys = list(node)
    ordered = sorted(keys)
    return node if keys == ordered else {key: node[key] for key in ordered}


def paths(node: Node | None, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every path of a set, as its steps."""
    for key, below in sorted((node or {}).items()):
        if key == ".":
            continue
        path = (*prefix, key)
        if is_member(below):
            yield path
        yield from paths(below, path)


def show(path: tuple[str, ...]) -> str:
    """A path as messages print it: `.spec.containers[name="app"].image`."""
    return "".join(show_step(step) for step in path)


def show_step(step: str) -> str:
    """One step of a path as messages print it."""
    sort_of, text = step[0], step[2:]
    if sort_of == "f":
        return f".{text}"
    if sort_of == "k":
        return "[" + ",".join(f"{key}={_shown(value)}" for key, value in json.loads(text).items()) + "]"
    if sort_of == "v":
        return f"[={_shown(json.loads(text))}]"
    return f"[{text}]"


def _shown(value: object) -> str:
    return quote(value) if isinstance(value, str) else to_json(value)
