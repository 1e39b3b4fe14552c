"""Who owns which field: managedFields brought up to date after a create, update or patch.

The comparison walks old and new object along the schema and skips whatever is equal; its result is in fieldsV1's own
form, so nothing is converted. Server-side apply is in apply.py.
Source: k8s.io/apimachinery pkg/util/managedfields/internal/{fieldmanager,managedfieldsupdater,capmanagers,stripmeta}.go;
sigs.k8s.io/structured-merge-diff typed/compare.go, merge/update.go.
"""
from __future__ import annotations

import re
from functools import lru_cache

from cluster.meta import schema
from cluster.meta.gotext import to_json

from . import fieldsets
from .alike import STRIPPED, Likeness, likeness, tells
from .fieldsets import MEMBER, Node
from .typed import encoded

MAX_UPDATERS = 10
OLD_UPDATES = "ancient-changes"
MOST_KEPT = 2000
Sets = tuple[Node | None, Node | None]     # (gained, lost)
_MISSING = object()
is_plain = re.compile(r"[\w.:/-]*", re.ASCII).fullmatch     # a text that JSON has as it is
_of_new: dict[tuple[schema.Struct, tuple[str, ...], Likeness], Sets] = {}


def track_update(old: dict | None, new: dict, manager: str, time_text: str, api_version: str = "", subresource: str = "",
                 reset_fields: tuple[str, ...] = (), struct: schema.Struct | None = None) -> list[dict]:
    """The managedFields of `new`, which replaces `old` (None on a create); [] when nobody owns anything.

    manager: fieldManager, or the User-Agent up to its first slash. api_version: the version that the request speaks.
    reset_fields: dotted paths that this request cannot set. struct: the type, where it is a custom resource's.
    """
    api_version = api_version or new["apiVersion"]
    struct = struct or struct_of(api_version, new["kind"])
    entries = _entries(old, new, subresource)
    if struct is None or (old is not None and not entries):  # an object that was never tracked stays so
        return entries
    gained, lost = _compare_new(new, struct, reset_fields) if old is None else compare(old, new, struct, reset_fields)
    return passed_on(entries, (manager or "unknown", "Update", api_version, subresource), gained, lost, time_text)


def passed_on(entries: list[dict], key: tuple[str, str, str, str], gained: Node | None, lost: Node | None, time_text: str) -> list[dict]:
    """The entries after a change by the owner whose identity is `key`."""
    if not entries:
        return [_entry(key, gained, time_text)] if gained is not None else []
    if gained is None and lost is None:
        return entries
    mine = [is_of(entry, key) for entry in entries]
    return handed_on(entries, mine, shares(entries, mine, gained, lost), key, gained, time_text)


def struct_of(api_version: str, kind: str) -> schema.Struct | None:
    """The type of a kind."""
    return _struct_of(api_version, kind) if isinstance(kind, str) else None


@lru_cache(maxsize=1024)
def _struct_of(api_version: str, kind: str) -> schema.Struct | None:
    group, _, version = api_version.rpartition("/")
    return schema.type_of(group, version, kind)


def _entries(old: dict | None, new: dict, subresource: str) -> list[dict]:
    """The entries to start from: the new object's if it brings any (but not through a subresource), else the old one's."""
    if old is None and "managedFields" not in new["metadata"]:
        return []
    live = (old or {}).get("metadata", {}).get("managedFields") or []
    if subresource:
        return live
    sent = new["metadata"].get("managedFields")
    if sent is not None and (sent == [] or sent == [{}]):
        return []
    if not sent or sent == live:
        return live
    return sent if all(_is_sound(entry) for entry in sent) else live


def _is_sound(entry: dict) -> bool:
    return (entry.get("operation") in ("Apply", "Update") and bool(entry.get("apiVersion"))
            and entry.get("fieldsType") == "FieldsV1")


def identity(entry: dict) -> tuple[str, str, str, str]:
    """What tells entries apart: manager, operation, version (of updates) and subresource."""
    operation = entry["operation"]
    version = "" if operation == "Apply" else entry["apiVersion"]
    return entry.get("manager", ""), operation, version, entry.get("subresource", "")


def is_of(entry: dict, key: tuple) -> bool:
    """Whether an entry is that of the owner whose identity is `key`."""
    return entry.get("manager", "") == key[0] and identity(entry) == key


def shares(entries: list[dict], mine: list[bool], gained: Node | None, lost: Node | None) -> list[Node | None]:
    """What each entry's owner owns after a change: the others lose what changed, the one whose entry is `mine` gains it."""
    result = []
    for entry, is_mine in zip(entries, mine, strict=True):
        fields = fieldsets.difference(entry.get("fieldsV1"), lost) if lost else entry.get("fieldsV1")
        if gained is not None:
            fields = fieldsets.union(fields, gained) if is_mine else fieldsets.difference(fields, gained)
        result.append(fields)
    return result


def handed_on(entries: list[dict], mine: list[bool], owned: list[Node | None], key: tuple, gained: Node | None, time_text: str) -> list[dict]:
    """All entries after a change by the owner whose identity is `key`. owned: as `shares` finds it."""
    result = []
    for entry, is_mine, fields in zip(entries, mine, owned, strict=True):
        if is_mine and gained is not None:
            result.append(_entry(key, fields, time_text))
        elif fields:
            result.append(with_fields(entry, fields))
    if gained is not None and True not in mine:
        result.append(_entry(key, gained, time_text))
    return ordered(result) if len(result) <= MAX_UPDATERS else _limited(ordered(result))


def renewed(entries: list[dict], key: tuple[str, str, str, str], owned: tuple[tuple[str, ...], ...], time_text: str) -> list[dict] | None:
    """The entries after a change by the one owner there is of what it owns already; None where it is not that.

    owned: paths, as steps.
    """
    if len(entries) != 1 or not is_of(entries[0], key):
        return None
    for path in owned:
        node = entries[0].get("fieldsV1")
        for step in path:
            node = node.get(step) if node else None
        if node is None:
            return None
    return [_entry(key, entries[0]["fieldsV1"], time_text)]


def with_fields(entry: dict, fields: Node) -> dict:
    """An entry with other fields; itself when they are the same."""
    return entry if fields is entry.get("fieldsV1") else {**entry, "fieldsV1": fields}


def _entry(key: tuple, fields: Node, time_text: str) -> dict:
    manager, operation, version, subresource = key
    entry = {"manager": manager, "operation": operation, "apiVersion": version, "time": time_text,
             "fieldsType": "FieldsV1", "fieldsV1": fields}
    if not time_text:  # entries of the scale subresource have none
        del entry["time"]
    if subresource:
        entry["subresource"] = subresource
    return entry


def ordered(entries: list[dict]) -> list[dict]:
    """Entries in upstream's order: appliers first, then by time, manager, version, subresource."""
    before = latest = None
    for entry in entries:
        place = entry["operation"], entry.get("time") or "", entry.get("manager", "")
        if latest is not None and (place < latest or (place == latest and _order(entry) < _order(before))):
            return sorted(entries, key=_order)
        before, latest = entry, place
    return entries


def _order(entry: dict) -> tuple:
    return (entry["operation"], entry.get("time") or "", entry.get("manager", ""), entry.get("apiVersion", ""),
            entry.get("subresource", ""))


def _limited(entries: list[dict]) -> list[dict]:
    """At most ten updaters: the oldest are merged, one bucket a version."""
    if len(entries) <= MAX_UPDATERS:
        return entries
    updaters = [entry for entry in entries if entry["operation"] == "Update"]
    excess = len(updaters) - MAX_UPDATERS
    if excess <= 0:
        return entries
    updaters.sort(key=lambda entry: (entry.get("time") or "", _identifier(entry)))
    kept = [entry for entry in entries if entry["operation"] != "Update"]
    buckets: dict[str, dict] = {}
    for entry in updaters:
        version = entry["apiVersion"]
        if excess > 0 and version in buckets:
            fields = fieldsets.union(buckets[version]["fieldsV1"], entry["fieldsV1"])
            buckets[version] = _entry((OLD_UPDATES, "Update", version, ""), fields, entry.get("time") or "")
            excess -= 1
        elif excess > 0:
            buckets[version] = entry
        else:
            kept.append(entry)
    return ordered(kept + list(buckets.values()))


def _identifier(entry: dict) -> str:
    names = ("manager", "operation", "apiVersion", "subresource")
    return to_json({name: entry[name] for name in names if entry.get(name)})


@lru_cache(maxsize=256)
def zero_object(struct: schema.Struct) -> dict:
    """What a create is compared with: an object of the type with nothing set. Not to be changed."""
    return encoded({}, struct)


def _compare_new(new: dict, struct: schema.Struct, ignored: tuple[str, ...]) -> Sets:
    """The same as `compare` for a new object; kept for the next that is alike."""
    like = likeness(new)
    found = _of_new.get((struct, ignored, like)) if like is not None else None
    if found is None:
        zero = zero_object(struct)
        found = compare(zero, new, struct, ignored)
        if like is not None and tells(like, new, zero):
            if len(_of_new) >= MOST_KEPT:
                _of_new.clear()
            _of_new[struct, ignored, like] = found
    return found


def compare(old: dict, new: dict, struct: schema.Struct, ignored: tuple[str, ...] = ()) -> tuple[Node | None, Node | None]:
    """(added or modified, removed) paths between two objects of a type, without those that are never tracked.

    ignored: dotted paths that are left out with all below them.
    """
    gained, lost = {}, {}
    for name, after in new.items():
        before = old.get(name, _MISSING)
        if before is not after and before != after:
            _compare_part(name, before, after, struct, ignored, gained, lost)
    for name, before in old.items():
        if name not in new:
            _compare_part(name, before, _MISSING, struct, ignored, gained, lost)
    for steps in _steps_of(ignored) if ignored else ():
        if steps[0] in gained:
            gained = fieldsets.without(gained, steps) or {}
        if steps[0] in lost:
            lost = fieldsets.without(lost, steps) or {}
    return fieldsets.sort(gained) if gained else None, fieldsets.sort(lost) if lost else None


@lru_cache(maxsize=256)
def _steps_of(paths: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Those of these dotted paths that lead below the top of an object, as their steps."""
    return [tuple(f"f:{part}" for part in path.split(".")) for path in paths if "." in path]


def _compare_part(name: str, old: object, new: object, struct: schema.Struct, ignored: tuple[str, ...], gained: Node, lost: Node) -> None:
    """Compare what is at the top of an object: metadata, spec, status and what else its kind has."""
    field = struct.fields.get(name)
    if field is None or name == "apiVersion" or name == "kind" or name in ignored:
        return
    if name == "metadata":
        _compare_metadata(old, new, field.type.struct, ignored, f"f:{name}", gained, lost)
    else:
        _visit(old, new, field.type, f"f:{name}", gained, lost)


def _compare_metadata(old: object, new: object, struct: schema.Struct, ignored: tuple, step: str, gained: Node, lost: Node) -> None:
    if "metadata" in ignored:
        return
    old, new = (old if type(old) is dict else {}), (new if type(new) is dict else {})
    found, gone = {}, {}
    for name in _tracked_metadata(old, new):
        field, before, after = struct.fields.get(name), old.get(name, _MISSING), new.get(name, _MISSING)
        if field and before != after:
            _visit(before, after, field.type, f"f:{name}", found, gone)
    if found:
        gained[step] = fieldsets.sort(found)
    if gone:
        lost[step] = fieldsets.sort(gone)


def _tracked_metadata(old: dict, new: dict) -> list[str]:
    names = [name for name in new if name not in STRIPPED]
    return names + [name for name in old if name not in new and name not in STRIPPED]


def _visit(old: object, new: object, kind: schema.Type, step: str, gained: Node, lost: Node) -> None:
    """Add what one step's change means to the sets of its parent; the two values differ."""
    if old is _MISSING:
        gained[step] = whole(new, kind)
        return
    is_new = bool(new) and new is not _MISSING
    if (old or is_new) and kind.has_parts:
        if old:
            _descend(old, new, kind, step, gained, lost)
        elif node := _parts(new, kind):
            gained[step] = node
        return
    if new is _MISSING:
        lost[step] = MEMBER
    else:
        gained[step] = MEMBER


def whole(value: object, kind: schema.Type) -> Node:
    """What all of a value means that was not there before."""
    if not value or not kind.has_parts:
        return MEMBER
    node = _parts(value, kind)
    return {".": MEMBER, **node} if node else MEMBER


def _parts(value: object, kind: schema.Type) -> Node:
    """What lies below a value of which all is new."""
    if kind.sort == "list":
        return {step: whole(items[0], kind.element) if len(items) == 1 else MEMBER
                for step, items in sorted(by_step(_listed(value), kind).items())}
    value = _mapped(value)
    plan, node = _plan(kind, tuple(value))
    return {step: whole(value[name], inner) for name, step, inner in plan} if node is None else node


@lru_cache(maxsize=8192)
def _plan(kind: schema.Type, names: tuple[str, ...]) -> tuple[tuple[tuple[str, str, schema.Type], ...], Node | None]:
    """(name, step and type of the known ones of these members, in order; the whole node where no value matters to it)."""
    known = [(name, f"f:{name}", inner) for name in sorted(names) if (inner := _member_type(kind, name)) is not None]
    is_fixed = not any(inner.has_parts for _, _, inner in known)
    return tuple(known), {step: MEMBER for _, step, _ in known} if is_fixed else None


def _descend(old: object, new: object, kind: schema.Type, step: str, gained: Node, lost: Node) -> None:
    found: Node = {}
    gone: Node = {}
    if kind.sort == "list":
        _items(_listed(old), _listed(new), kind, found, gone)
    else:
        old, changes = _mapped(old), _mapped(new)
        changed = tuple([name for name, after in changes.items() if (before := old.get(name, _MISSING)) is not after and before != after])
        if changes.keys() >= old.keys() and new is not _MISSING and (leaves := _leaves(kind, changed)) is not None:
            if leaves:
                gained[step] = leaves
            return
        _members(old, changes, changed, kind, found, gone)
    if new is _MISSING:
        gone["."] = MEMBER
    if found:
        gained[step] = fieldsets.sort(found) if len(found) > 1 or "." not in found else MEMBER
    if gone:
        lost[step] = fieldsets.sort(gone) if len(gone) > 1 or "." not in gone else MEMBER


def _listed(value: object) -> list:
    return value if type(value) is list else []


def _mapped(value: object) -> dict:
    return value if type(value) is dict else {}


@lru_cache(maxsize=8192)
def _leaves(kind: schema.Type, names: tuple[str, ...]) -> Node | None:
    """The node of these members where each is owned as a whole: the same one each time, so that unions with it are known. None else."""
    known = _known_members(kind, names)
    return None if any(inner.has_parts for _, _, inner in known) else fieldsets.sort({step: MEMBER for _, step, _ in known})


def _members(old: dict, new: dict, changed: tuple[str, ...], kind: schema.Type, gained: Node, lost: Node) -> None:
    for name, step, inner in _known_members(kind, changed):
        if inner.has_parts:
            _visit(old.get(name, _MISSING), new[name], inner, step, gained, lost)
        else:
            gained[step] = MEMBER
    if not new.keys() >= old.keys():
        for name, step, inner in _known_members(kind, tuple([name for name in old if name not in new])):
            _visit(old[name], _MISSING, inner, step, gained, lost)


@lru_cache(maxsize=8192)
def _known_members(kind: schema.Type, names: tuple[str, ...]) -> list[tuple[str, str, schema.Type]]:
    """(name, step, type) of those of these members that the type knows, in the same order."""
    return [(name, f"f:{name}", inner) for name in names if (inner := _member_type(kind, name)) is not None]


def _member_type(kind: schema.Type, name: str) -> schema.Type | None:
    """The type of an object's field or a map's value, None of a field that the object has not."""
    if kind.sort != "object":
        return kind.element
    field = kind.struct.fields.get(name)
    return field.type if field else None


def _items(old: list, new: list, kind: schema.Type, gained: Node, lost: Node) -> None:
    """The items of a list with keys, or of a set. Items with the same key count as one."""
    if _are_paired(old, new, kind):
        key = kind.keys[0]
        for before, after in zip(old, new, strict=True):
            if before is not after and before != after:
                step = _single_key_step(key, after[key]) if type(after[key]) is str else step_of(after, kind)
                _visit(before, after, kind.element, step, gained, lost)
        return
    befores, afters = by_step(old, kind), by_step(new, kind)
    for step, after in afters.items():
        before = befores.get(step)
        if before == after:
            continue
        if len(after) > 1 or (before and len(before) > 1):
            _repeated(before or [], after, kind, step, gained, lost)
        else:
            _visit(before[0] if before else _MISSING, after[0], kind.element, step, gained, lost)
    for step, before in befores.items():
        if step not in afters:
            if len(before) > 1:
                lost[step] = MEMBER
            else:
                _visit(before[0], _MISSING, kind.element, step, gained, lost)


def _are_paired(old: list, new: list, kind: schema.Type) -> bool:
    """Whether both lists hold items of the same keys in the same order, each key once: a status's conditions mostly do."""
    if len(kind.keys) != 1 or len(old) != len(new):
        return False
    key = kind.keys[0]
    try:
        names = [item[key] for item in new]
        return names == [item[key] for item in old] and len(dict.fromkeys(names)) == len(names)
    except (KeyError, TypeError):
        return False


def _repeated(before: list, after: list, kind: schema.Type, step: str, gained: Node, lost: Node) -> None:
    """Keys that come more than once are compared as a whole."""
    if (len(before) > 1 and len(after) > 1) or not before:
        gained[step] = MEMBER
    elif len(before) > 1:
        _visit(_MISSING, after[0], kind.element, step, gained, lost)
        lost[step] = MEMBER
    else:
        _visit(before[0], _MISSING, kind.element, step, gained, lost)
        gained[step] = MEMBER


def by_step(items: list, kind: schema.Type) -> dict[str, list]:
    """The items of a list by their step in a path: `k:{"name":"app"}`, `v:"x"`."""
    result: dict[str, list] = {}
    for item in items:
        step = step_of(item, kind)
        if step in result:
            result[step].append(item)
        else:
            result[step] = [item]
    return result


def step_of(item: object, kind: schema.Type) -> str:
    """An item's step in a path."""
    if kind.merge == "set" or type(item) is not dict:
        return f"v:{to_json(item)}"
    keys = kind.keys
    if len(keys) == 1:
        value = item.get(keys[0])
        if value is None:
            value = schema.key_default(kind, keys[0])
        if type(value) is not dict and type(value) is not list:
            return _single_key_step(keys[0], value)
    values = {key: item[key] if key in item else schema.key_default(kind, key) for key in sorted(keys)}
    return f"k:{to_json({key: value for key, value in values.items() if value is not None})}"


@lru_cache(maxsize=8192, typed=True)
def _single_key_step(key: str, value: object) -> str:
    if type(value) is str and is_plain(value):
        return f'k:{{"{key}":"{value}"}}'
    return f"k:{to_json({key: value} if value is not None else {})}"
