"""Who wrote which line: an object's YAML, with the author of each field out of managedFields, and what a revision changed."""
from __future__ import annotations

import json
from typing import Any

import yaml

from cluster.apiserver.http import as_yaml

LETTERS = (("kubectl", "U"), ("kube-controller-manager", "C"), ("kube-scheduler", "S"), ("kubelet", "K"))
HIDDEN = ("managedFields",)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
Path = tuple[str | int, ...]


def letter_of(manager: str) -> str:
    """U you, A kube-apiserver, C controllers, S scheduler, K kubelet."""
    return next((letter for lead, letter in LETTERS if manager.startswith(lead)), "A" if manager == "kube-apiserver" else "U")


def shown(obj: dict) -> dict:
    """The object without its book-keeping."""
    meta = {key: value for key, value in obj["metadata"].items() if key not in HIDDEN}
    return {**obj, "metadata": meta}


def to_yaml(obj: dict) -> str:
    """YAML as `kubectl get -o yaml` prints it: keys sorted, no aliases."""
    return as_yaml(shown(obj)).decode()


def lines_of(text: str) -> dict[int, Path]:
    """{line number from 1: path of the field that begins on it}."""
    found: dict[int, Path] = {}
    _walk(yaml.compose(text, Loader=yaml.SafeLoader), (), found)
    return found


def _walk(node: yaml.Node, path: Path, found: dict[int, Path]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, key.value)
            found.setdefault(key.start_mark.line + 1, here)
            _walk(value, here, found)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found.setdefault(value.start_mark.line + 1, (*path, index))
            _walk(value, (*path, index), found)


def authors(obj: dict, lines: dict[int, Path]) -> dict[str, str]:
    """{line number: letter}; a field that no manager owns was written by the API server."""
    entries = entries_of(obj)
    applied = last_applied(obj)
    found = {}
    for line, path in sorted(lines.items()):
        letter = author(obj, path, entries)
        found[str(line)] = "A" if letter == "U" and applied is not None and is_filled_in(obj, applied, path) else letter
    return found


def last_applied(obj: dict) -> dict | None:
    """What the learner's file said; None if the object was not applied from one."""
    text = (obj["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def is_filled_in(obj: dict, applied: dict, path: Path) -> bool:
    """Whether defaulting filled in a field of the spec: its manager owns it, but the file does not have it."""
    if path[:1] != ("spec",):
        return False
    here: Any = applied
    for step in path:
        here = _into(here, step)
        if here is None:
            return True
    return False


def entries_of(obj: dict) -> list[tuple[str, dict]]:
    """(letter, fieldsV1) of each manager."""
    return [(letter_of(entry.get("manager", "")), entry.get("fieldsV1") or {}) for entry in obj["metadata"].get("managedFields") or ()]


def author(obj: dict, path: Path, entries: list[tuple[str, dict]]) -> str:
    """The manager whose fieldsV1 reaches deepest along a path; the last one wins a tie."""
    best, depth = "A", 0
    for letter, trie in entries:
        reached = depth_of(obj, path, trie)
        if reached and reached >= depth:
            best, depth = letter, reached
    if path[:1] in (("apiVersion",), ("kind",)) or path == ("metadata", "name"):
        return next((letter for letter, trie in entries if "f:spec" in trie or "f:data" in trie), "A")
    return best if depth == len(path) or (depth and depth < len(path) and _is_leaf(obj, path, entries, depth)) else "A" if depth < len(path) else best


def _is_leaf(obj: dict, path: Path, entries: list, depth: int) -> bool:
    """Whether some trie ends at that depth: an atomic field, owned with all below it."""
    for _, trie in entries:
        node, value = trie, obj
        for step in path[:depth]:
            node = child(node, step, value)
            value = _into(value, step)
            if node is None:
                break
        if node == {}:
            return True
    return False


def depth_of(obj: Any, path: Path, trie: dict) -> int:
    """How many steps of the path a trie knows."""
    depth, value = 0, obj
    for step in path:
        below = child(trie, step, value)
        if below is None:
            return depth
        trie, value, depth = below, _into(value, step), depth + 1
    return depth


def child(trie: dict, step: str | int, value: Any) -> dict | None:
    """The trie below one step; list items are found by their keys or values."""
    if isinstance(step, str):
        return trie.get("f:" + step)
    item = _into(value, step)
    for key, below in trie.items():
        if key.startswith("k:") and isinstance(item, dict) and all(item.get(k) == v for k, v in json.loads(key[2:]).items()):
            return below
        if (key.startswith("v:") and json.loads(key[2:]) == item) or key == f"i:{step}":
            return below
    return None


def _into(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def changed(new: Any, old: Any, path: Path = ()) -> dict[Path, str]:
    """{path: "+" added, "±" changed, "−" removed}, at the deepest place that tells."""
    if isinstance(new, dict) and isinstance(old, dict):
        found: dict[Path, str] = {}
        for key in [*new, *(key for key in old if key not in new)]:
            if key not in old:
                found.update(_added(new[key], (*path, key)))
            elif key not in new:
                found[(*path, key)] = "−"
            elif new[key] != old[key]:
                found.update(changed(new[key], old[key], (*path, key)))
        return found
    if isinstance(new, list) and isinstance(old, list):
        found = {}
        for index in range(max(len(new), len(old))):
            if index >= len(old):
                found.update(_added(new[index], (*path, index)))
            elif index >= len(new):
                found[(*path, index)] = "−"
            elif new[index] != old[index]:
                found.update(changed(new[index], old[index], (*path, index)))
        return found
    return {} if new == old else {path: "±"}


def _added(value: Any, path: Path) -> dict[Path, str]:
    found = {path: "+"}
    if isinstance(value, dict):
        for key in value:
            found.update(_added(value[key], (*path, key)))
    if isinstance(value, list):
        for index, item in enumerate(value):
            found.update(_added(item, (*path, index)))
    return found


def dotted(path: Path) -> str:
    """`spec.containers[0].image`"""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
