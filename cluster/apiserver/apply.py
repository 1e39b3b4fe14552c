"""Server-side apply: what a manager says it wants is merged into the object, by who owns which field.

What the manager applied before and no longer applies is removed unless somebody else owns it; what others own and this
changes is a conflict, unless forced.
Source: sigs.k8s.io/structured-merge-diff merge/update.go, typed/{merge,remove,tofieldset}.go;
k8s.io/apimachinery pkg/util/managedfields/internal/{structuredmerge,skipnonapplied,lastappliedmanager,conflict}.go.
"""
from __future__ import annotations

import json
from dataclasses import dataclass

from cluster.meta import schema, status
from cluster.meta.gotext import quote, type_word

from . import applycheck, fieldsets, goyaml, managed
from .fieldsets import MEMBER, Node
from .typed import Decoder, GoError

BEFORE_FIRST_APPLY = "before-first-apply"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_MISSING = object()


@dataclass(frozen=True)
class Applier:
    """Who applies, and how."""

    manager: str
    time_text: str
    api_version: str
    force: bool = False
    subresource: str = ""
    reset_fields: tuple[str, ...] = ()
    struct: schema.Struct | None = None     # of a custom resource


def read(raw: bytes, validation: str) -> tuple[dict, list[str]]:
    """(configuration, warnings) of an apply patch. Raises StatusError 400."""
    try:
        value, repeated = goyaml.parse(raw)
    except goyaml.YAMLError as error:
        raise status.bad_request(f"error decoding YAML: error converting YAML to JSON: {error}") from None
    if value is not None and not isinstance(value, dict):
        raise status.bad_request("error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
                                 f"{type_word(value)} into Go value of type map[string]interface {{}}")
    return value or {}, repeated if validation != "Ignore" else []


def refuse_repeated(repeated: list[str]) -> None:
    """Under strict validation keys may not come twice."""
    if repeated:
        lines = "\n".join(f"  {line}" for line in repeated)
        raise status.bad_request(f"error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n{lines}")


def apply(live: dict | None, config: dict, applier: Applier) -> tuple[dict | None, list[dict]]:
    """(new object, its managedFields); the object is None when nothing changes but, perhaps, who owns what.

    live: in the version that the request speaks, None if there is none. The new object is raw: to be typed and defaulted.
    Raises StatusError: 400, 409 or 500.
    """
    struct = applier.struct or managed.struct_of(config.get("apiVersion", ""), config.get("kind", ""))
    if struct is None or (applier.struct and config.get("apiVersion") != applier.api_version):
        raise status.bad_request(f"invalid object type: {_kind(config)}")
    _check(config, applier)
    errors = applycheck.errors(config, struct)
    if errors:
        raise status.failure(500, "", f"failed to create typed patch object ({_named(config)}): {applycheck.show(errors)}")
    entries = (live or {}).get("metadata", {}).get("managedFields") or []
    before = _bare(live) if live is not None else managed.zero_object(struct)
    if not entries and live is not None:
        entries = managed.track_update(None, before, BEFORE_FIRST_APPLY, applier.time_text, applier.api_version,
                                       struct=applier.struct)
    try:
        return _applied(before, config, struct, entries, applier)
    except _Conflicts as conflicts:
        if applier.manager == "kubectl" and not _beyond(conflicts, before, struct, applier):
            return _applied(before, config, struct, entries, Applier(**{**vars(applier), "force": True}))
        raise conflicts.refusal() from None


def _check(config: dict, applier: Applier) -> None:
    version = config.get("apiVersion", "")
    if version != applier.api_version:
        raise status.bad_request(f"Incorrect version specified in apply patch. Specified patch version: {version}, "
                                 f"expected: {applier.api_version}")
    if _meta(config).get("managedFields") is not None:
        raise status.bad_request("metadata.managedFields must be nil")


def _named(config: dict) -> str:
    namespace, name = (found if isinstance(found, str) else "" for found in (_meta(config).get(field) for field in ("namespace", "name")))
    return f"{namespace}/{name}; {_kind(config)}"


def _meta(config: dict) -> dict:
    """A configuration's metadata, which nothing has checked yet."""
    meta = config.get("metadata")
    return meta if isinstance(meta, dict) else {}


def _kind(config: dict) -> str:
    version, kind = (found if isinstance(found, str) else "" for found in (config.get("apiVersion"), config.get("kind")))
    return f"{version if '/' in version else '/' + version}, Kind={kind}"


def _bare(obj: dict) -> dict:
    meta = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {**obj, "metadata": meta}


def _applied(live: dict, config: dict, struct: schema.Struct, entries: list[dict],
             applier: Applier) -> tuple[dict | None, list[dict]]:
    merged = _merge_members(live, config, struct)
    wanted = _own_set(config, struct, applier)
    key = (applier.manager, "Apply", "", applier.subresource)
    mine = next((entry for entry in entries if managed.identity(entry) == key), None)
    others = [entry for entry in entries if entry is not mine]
    if mine is not None:
        owned = wanted
        for entry in others:
            owned = fieldsets.union(owned, entry["fieldsV1"])
        merged = _pruned(merged, struct, mine["fieldsV1"], owned)
    gained, lost = managed.compare(live, merged, struct, applier.reset_fields)
    others = _taken(others, gained, lost, applier.force)
    changed = merged != live
    result = list(others)
    if wanted:
        result.append(_entry(applier, wanted, applier.time_text if changed else (mine or {}).get("time", "")))
    return merged if changed else None, managed.ordered(result)


def _own_set(config: dict, struct: schema.Struct, applier: Applier) -> Node | None:
    """What a configuration claims, without what is never tracked or cannot be set here."""
    found = {key: node for key, node in field_set(config, struct).items() if key not in ("f:apiVersion", "f:kind")}
    if "f:metadata" in found:
        meta = {key: node for key, node in found["f:metadata"].items() if key[2:] not in managed.STRIPPED and key != "."}
        found = {key: node for key, node in found.items() if key != "f:metadata"} | ({"f:metadata": meta} if meta else {})
    result = fieldsets.sort(found) if found else None
    for path in applier.reset_fields:
        result = fieldsets.without(result, tuple(f"f:{part}" for part in path.split(".")))
    return result


def _taken(others: list[dict], gained: Node | None, lost: Node | None, force: bool) -> list[dict]:
    """The other entries without what this apply takes from them or removes. Raises _Conflicts."""
    if not force:
        found = [(entry, fieldsets.intersection(entry["fieldsV1"], gained)) for entry in others]
        if any(conflict for _, conflict in found):
            raise _Conflicts([(entry, path) for entry, conflict in found for path in fieldsets.paths(conflict)])
    result = []
    for entry in others:
        left = fieldsets.difference(fieldsets.difference(entry["fieldsV1"], gained), lost)
        if left:
            result.append(managed.with_fields(entry, left))
    return result


def _entry(applier: Applier, fields: Node, time_text: str) -> dict:
    entry = {"manager": applier.manager, "operation": "Apply", "apiVersion": applier.api_version}
    if time_text:
        entry["time"] = time_text
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": fields}
    if applier.subresource:
        entry["subresource"] = applier.subresource
    return entry


def _leaves_first(path: tuple[str, ...]) -> list[tuple[bool, str]]:
    """How a set of fields is walked: on each level what is owned whole comes before what is owned in parts."""
    return [(depth < len(path) - 1, step) for depth, step in enumerate(path)]


class _Conflicts(Exception):
    """Fields that others own: (entry, path) each."""

    def __init__(self, found: list[tuple[dict, tuple[str, ...]]]):
        super().__init__("conflicts")
        self.found = sorted(found, key=lambda pair: (managed.identity(pair[0]), _leaves_first(pair[1])))

    def refusal(self) -> status.StatusError:
        """The 409 that names them all."""
        causes = [{"reason": "FieldManagerConflict", "message": f"conflict with {_owner(entry)}", "field": fieldsets.show(path)}
                  for entry, path in self.found]
        if len(causes) == 1:
            message = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
        else:
            message = f"Apply failed with {len(causes)} conflicts: " + "\n".join(self._lines())
        return status.apply_conflict(causes, message)

    def _lines(self) -> list[str]:
        lines: list[str] = []
        for entry, path in self.found:
            title = f"conflicts with {_owner(entry)}:"
            if title not in lines:
                lines.append(title)
            lines.append(f"- {fieldsets.show(path)}")
        return lines


def _owner(entry: dict) -> str:
    text = quote(entry.get("manager", ""))
    if entry.get("subresource"):
        text += f" with subresource {quote(entry['subresource'])}"
    return f"{text} using {entry['apiVersion']}" if entry["operation"] == "Update" else text


def _beyond(conflicts: _Conflicts, live: dict, struct: schema.Struct, applier: Applier) -> bool:
    """Whether kubectl conflicts with more than what its client-side apply set before."""
    text = (live["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = json.loads(text) if text else None
    except ValueError:
        last = None
    if not isinstance(last, dict) or last.get("apiVersion") != applier.api_version or applycheck.errors(last, struct):
        return True
    gained, lost = managed.compare(last, live, struct)
    allowed = fieldsets.difference(fieldsets.difference(field_set(last, struct), gained), lost)
    left = [pair for pair in conflicts.found if pair[1] not in set(fieldsets.paths(allowed))]
    if left:
        conflicts.found = left
    return bool(left)


def keep_last_applied(obj: dict, config: dict, manager: str) -> None:
    """Where kubectl's client-side apply left its annotation, its server-side apply keeps that up to date, in place.

    Source: k8s.io/apimachinery pkg/util/managedfields/internal/lastappliedupdater.go.
    """
    annotations = obj["metadata"].get("annotations") or {}
    if manager == "kubectl" and LAST_APPLIED in annotations:
        text = json.dumps(config, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
        obj["metadata"]["annotations"] = {**annotations, LAST_APPLIED: text}


def typed_object(raw: dict, api_version: str, kind: str, told: list | None = None) -> dict:
    """A merged object made to fit its type. told: see decode.decode. Raises StatusError 500."""
    decoder = Decoder(strict=False, is_whole=told is not None)
    try:
        obj = decoder.object(raw, managed.struct_of(api_version, kind))
    except GoError as error:
        raise status.failure(500, "", f"failed to convert new typed object ({_named(raw)}) to object: {error}") from None
    if decoder.has_empties:
        told.append(True)
    obj["apiVersion"], obj["kind"] = api_version, kind
    return obj


# -- an object's own set of fields -----------------------------------------------------------------------------------------


def field_set(obj: dict, struct: schema.Struct) -> Node:
    """All fields of an object, as a set."""
    result: Node = {}
    for name, value in obj.items():
        field = struct.fields.get(name)
        if field is not None:
            _put(result, f"f:{name}", value, field.type, is_field=True)
    return result


def _put(result: Node, step: str, value: object, kind: schema.Type, *, is_field: bool) -> None:
    """Add a value's paths. Fields of structs belong themselves only as leaves; keys of maps and items always."""
    kind = schema.seen(kind, value)
    below: Node = {}
    is_leaf = kind.sort not in ("object", "map", "list") or kind.merge == "atomic"
    if not is_leaf and isinstance(value, dict):
        below = field_set(value, kind.struct) if kind.sort == "object" else _map_set(value, kind)
    elif not is_leaf and isinstance(value, list):
        below = _list_set(value, kind)
    if is_leaf or not is_field or value is None or value == {}:
        result[step] = {".": MEMBER, **below} if below else MEMBER
    elif below:
        result[step] = below


def _map_set(value: dict, kind: schema.Type) -> Node:
    result: Node = {}
    for key, item in value.items():
        _put(result, f"f:{key}", item, kind.element, is_field=False)
    return result


def _list_set(value: list, kind: schema.Type) -> Node:
    result: Node = {}
    for step, items in managed.by_step(value, kind).items():
        if len(items) > 1:
            result[step] = MEMBER
        else:
            _put(result, step, items[0], kind.element, is_field=False)
    return result


# -- merging ---------------------------------------------------------------------------------------------------------------


def merged(live: dict, part: dict, struct: schema.Struct) -> dict:
    """An object with a part laid over it: list items by their keys, maps by theirs. What is not changed is shared."""
    return _merge_members(live, part, struct)


def _merge(old: object, new: object, kind: schema.Type) -> object:
    """A value as the configuration wants it; _MISSING stands for none."""
    if new is _MISSING:
        return old
    kind = schema.seen(kind, old, new)
    if old is _MISSING or kind.sort not in ("object", "map", "list") or kind.merge == "atomic":
        return new
    if not old and not new:
        return new
    if kind.sort == "list":
        return _merge_lists(old or [], new or [], kind)
    if kind.sort == "object":
        return _merge_members(old or {}, new or {}, kind.struct)
    keys = {**(old or {}), **(new or {})}
    return {key: _merge((old or {}).get(key, _MISSING), (new or {}).get(key, _MISSING), kind.element) for key in keys}


def _merge_members(old: dict, new: dict, struct: schema.Struct) -> dict:
    result = dict(old)
    for name, value in new.items():
        field = struct.fields.get(name)
        if field is not None:
            result[name] = _merge(old.get(name, _MISSING), value, field.type)
    return result


def _merge_lists(old: list, new: list, kind: schema.Type) -> list:
    """Items by key: the configuration's order for its own, the live order for the rest, interleaved."""
    olds, news = managed.by_step(old, kind), managed.by_step(new, kind)
    old_steps = [managed.step_of(item, kind) for item in old]
    shared = [step for step in news if step in olds]
    result, done, position = [], set(), 0
    new_steps = list(news)
    index = 0
    while position < len(old_steps) or index < len(new_steps):
        step = old_steps[position] if position < len(old_steps) else None
        if step is not None and index < len(new_steps):
            if step == new_steps[index]:
                result.append(_merge_item(olds[step], news[step], kind))
                done.add(step)
                position, index, shared = position + 1, index + 1, shared[1:]
                continue
            if step in news and shared and shared[0] != step:
                position += 1
                continue
        if step is not None:
            if step not in news:
                result.append(old[position])
                position += 1
                continue
            if step in done:
                position += 1
        if index < len(new_steps):
            step = new_steps[index]
            result.append(_merge_item(olds.get(step, []), news[step], kind))
            done.add(step)
            index += 1
            shared = shared[1:] if shared and shared[0] == step else shared
    return result


def _merge_item(olds: list, news: list, kind: schema.Type) -> object:
    return _merge(olds[0] if len(olds) == 1 else _MISSING, news[0], kind.element)


# -- removing what is applied no more --------------------------------------------------------------------------------------


def _pruned(merged: dict, struct: schema.Struct, last: Node, owned: Node | None) -> dict:
    """A merged object without what its manager applied last time, save what is owned now by anybody."""
    last = _named_members(last, struct)
    everything = _named_members(field_set(merged, struct), struct)
    pruned = _remove_members(merged, last, struct)
    kept = fieldsets.union(_named_members(field_set(pruned, struct), struct), _named_members(owned or {}, struct))
    pruned = _remove_members(merged, fieldsets.difference(everything, kept) or {}, struct)
    gone = fieldsets.difference(everything, _named_members(field_set(pruned, struct), struct))
    return _remove_members(merged, fieldsets.intersection(gone, last) or {}, struct)


def _named_members(node: Node, owner: schema.Struct | schema.Type | None) -> Node:
    """A set in which each field of a struct that has something below belongs itself.

    Source: sigs.k8s.io/structured-merge-diff fieldpath/set.go (EnsureNamedFieldsAreMembers).
    """
    result = {}
    for step, below in node.items():
        if step == ".":
            result[step] = below
            continue
        inner, is_field = _step_type(owner, step)
        changed = _named_members(below, inner) if below else below
        result[step] = {".": MEMBER, **changed} if is_field and changed and "." not in changed else changed
    return result


def _step_type(owner: schema.Struct | schema.Type | None, step: str) -> tuple[schema.Struct | schema.Type | None, bool]:
    """(what lies beyond a step, whether the step is a field of a struct)."""
    if isinstance(owner, schema.Struct):
        field = owner.fields.get(step[2:])
        return (_beyond_type(field.type), True) if field else (None, False)
    return (_beyond_type(owner.element), False) if owner is not None else (None, False)


def _beyond_type(kind: schema.Type) -> schema.Struct | schema.Type | None:
    if kind.sort == "undeclared":
        return schema.OPEN_MAP
    return kind.struct if kind.sort == "object" else kind if kind.sort in ("map", "list") else None


def _remove(value: object, gone: Node, kind: schema.Type) -> object:
    """A value without a set of paths."""
    kind = schema.seen(kind, value)
    if kind.sort not in ("object", "map", "list"):
        return value
    if kind.merge == "atomic" or not value:
        return None
    if kind.sort == "object":
        return _remove_members(value, gone, kind.struct) or None
    if kind.sort == "map":
        return {key: item for key, item in _kept(value.items(), gone, lambda key: kind.element)} or None
    result = []
    for item in value:
        node = gone.get(managed.step_of(item, kind))
        if node is None:
            result.append(item)
        elif not fieldsets.is_member(node):
            result.append(_remove(item, node, kind.element))
    return result or None


def _remove_members(value: dict, gone: Node, struct: schema.Struct) -> dict:
    if not gone:
        return value
    return dict(_kept(value.items(), gone, lambda name: struct.fields[name].type if name in struct.fields else None))


def _kept(items, gone: Node, type_of):
    for name, item in items:
        node = gone.get(f"f:{name}")
        if node is None:
            yield name, item
        elif not fieldsets.is_member(node):
            kind = type_of(name)
            yield name, _remove(item, node, kind) if kind else item
