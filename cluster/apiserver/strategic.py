"""Strategic merge patch: lists that merge by key, and the directives that steer it. strategicdiff.py computes such patches.

The rules per field come from the schema. Nothing is changed in place; what a patch does not touch is shared.
Source: k8s.io/apimachinery pkg/util/strategicpatch/patch.go, pkg/util/mergepatch/errors.go.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cluster.meta import schema
from cluster.meta.gotext import float_text, quote

DIRECTIVE, RETAIN_KEYS = "$patch", "$retainKeys"
DELETE_LIST, ORDER = "$deleteFromPrimitiveList", "$setElementOrder"
BAD_PRIMITIVE_LIST = "invalid patch format of primitive list"
BAD_RETAIN_KEYS = "invalid patch format of retainKeys"
BAD_ORDER = "invalid patch format of setElementOrder list"
NO_LISTS_OF_LISTS = "lists of lists are not supported"
BAD_FORMATS = (BAD_PRIMITIVE_LIST, BAD_RETAIN_KEYS, BAD_ORDER)


class StrategicError(ValueError):
    """A patch that makes no sense for its object; the message is upstream's."""


@dataclass(frozen=True)
class Options:
    """deletes: deletion lists are carried out, else kept, as when two patches are joined. drop_nulls: null only removes."""

    deletes: bool = True
    drop_nulls: bool = True


@dataclass(frozen=True)
class Rule:
    """How a field merges. strategy: "merge", "replace" or "". below: what knows the fields within."""

    strategy: str = ""
    retain_keys: bool = False
    merge_key: str = ""
    below: schema.Struct | schema.Type | None = None
    known: bool = True


@lru_cache(maxsize=4096)
def rule_of(owner: schema.Struct | schema.Type | None, name: str) -> Rule:
    """The rule of a field in a struct, or of a key in a map."""
    if isinstance(owner, schema.Struct):
        field = owner.fields.get(name)
        if field is None:
            return Rule(known=False)
        strategies = [strategy for strategy in field.strategies if strategy != "retainKeys"]
        return Rule(strategies[0] if strategies else "", "retainKeys" in field.strategies, field.merge_key, _within(field.type))
    return Rule(below=_within(owner.element)) if isinstance(owner, schema.Type) and owner.element else Rule()


def _within(kind: schema.Type) -> schema.Struct | schema.Type | None:
    if kind.sort == "object":
        return kind.struct
    if kind.sort == "list":
        return _within(kind.element)
    return kind if kind.sort == "map" else None


def go_text(value: object) -> str:
    """A value as Go's %v prints it: `map[a:1 b:[x y]]`."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_text(item) for item in value) + "]"
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return float_text(value) if isinstance(value, float) else str(value)


_PLAIN = (str, bool, int, float)
_GO_TYPES = {dict: "map[string]interface {}", list: "[]interface {}", str: "string", bool: "bool", int: "int64"}


def go_type(value: object) -> str:
    """The Go type that a JSON value has."""
    return "%!s(<nil>)" if value is None else _GO_TYPES.get(type(value), "float64")


def _bad_type(expected: type, found: object) -> StrategicError:
    return StrategicError(f"expected a {_GO_TYPES[expected]}, but received a {go_type(found)}")


def _no_merge_key(item: dict, key: str) -> StrategicError:
    return StrategicError(f"map: {go_text(item)} does not contain declared merge key: {key}")


def apply(original: dict, patch: dict, struct: schema.Struct | None) -> dict:
    """An object after a strategic merge patch. Raises StrategicError."""
    return merge_map(original, patch, struct, Options())


def merge_map(original: dict | None, patch: dict, owner: schema.Struct | schema.Type | None, options: Options) -> dict:
    """One level of a merge."""
    if DIRECTIVE in patch:
        return _directed(patch)
    result = dict(original or {})
    if "$" not in "".join(patch):  # no directives, as in nearly all of the maps within a patch
        for key, value in patch.items():
            if type(value) in _PLAIN:
                result[key] = value
            else:
                _merge_value(result, key, value, owner, options)
        return result
    left = dict(patch)
    _retain(result, left, options)
    _order_lists(result, left, owner, options)
    for key, value in left.items():
        deletes = key.startswith(DELETE_LIST)
        if deletes:
            if not options.deletes:
                result[key] = value
                continue
            key = _after_slash(key, DELETE_LIST, BAD_PRIMITIVE_LIST)
        _merge_value(result, key, value, owner, options, deletes=deletes)
    return result


def _merge_value(result: dict, key: str, value: object, owner: object, options: Options, *, deletes: bool = False) -> None:
    if value is None:
        result.pop(key, None)
        if options.drop_nulls:
            return
    _merge_field(result, key, value, owner, options, deletes)


def _directed(patch: dict) -> dict:
    directive = patch[DIRECTIVE]
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != DIRECTIVE}
    if directive == "delete":
        return {}
    raise StrategicError(f"unknown patch type: {go_text(directive)} in map: {go_text(patch)}")


def _merge_field(result: dict, key: str, value: object, owner: object, options: Options, deletes: bool) -> None:
    if key not in result or go_type(result[key]) != go_type(value):
        if not deletes:
            _take(result, key, value, options)
        return
    current = result[key]
    if isinstance(value, dict):
        rule = known(rule_of(owner, key), key)
        result[key] = value if rule.strategy == "replace" else merge_map(current, value, rule.below, options)
    elif isinstance(value, list):
        rule = known(rule_of(owner, key), key)
        if rule.strategy == "merge" or deletes:
            result[key] = _merge_list(current, value, rule, options, deletes)
        else:
            result[key] = value
    else:
        result[key] = value


def known(rule: Rule, key: str) -> Rule:
    """The rule, if its field is one; raises StrategicError."""
    if not rule.known:
        raise StrategicError(f"unable to find api field in struct for the json field {quote(key)}")
    return rule



def _take(result: dict, key: str, value: object, options: Options) -> None:
    """Add what was not there, without nulls and directives."""
    if type(value) is not dict and type(value) is not list:
        result[key] = value
        return
    keeps, cleaned = _cleaned(_without_nulls(value) if options.drop_nulls else value)
    if keeps:
        result[key] = cleaned
    else:
        result.pop(key, None)


def _without_nulls(value: object) -> object:
    if type(value) is dict:
        return {key: _without_nulls(item) if type(item) is dict or type(item) is list else item
                for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if type(value) is list else value


def _cleaned(value: object) -> tuple[bool, object]:
    """(whether to keep it, a value without directives)."""
    if type(value) is dict:
        if DIRECTIVE in value:
            return False, None
        plain = {}
        for key, item in value.items():
            keeps, plain[key] = _cleaned(item) if type(item) is dict or type(item) is list else (True, item)
            if not keeps:
                del plain[key]
        return True, plain
    if type(value) is list:
        return True, [item for keeps, item in map(_cleaned, value) if keeps]
    return True, value


def _retain(result: dict, patch: dict, options: Options) -> None:
    """Carry out $retainKeys: all other keys go."""
    if RETAIN_KEYS not in patch:
        return
    keys = patch.pop(RETAIN_KEYS)
    if not options.deletes:
        there = result.setdefault(RETAIN_KEYS, keys)
        if there != keys:
            raise StrategicError(f"{go_text(there)} and {go_text(keys)} are not deep equal: "
                                 "this may happen when calculating the 3-way diff patch")
        return
    if not isinstance(keys, list):
        raise StrategicError(BAD_RETAIN_KEYS)
    for key, value in patch.items():
        if value is not None and not key.startswith((DELETE_LIST, ORDER)) and key not in keys:
            raise StrategicError(BAD_RETAIN_KEYS)
    for key in [key for key in result if key not in keys]:
        del result[key]


def _after_slash(text: str, prefix: str, complaint: str) -> str:
    start, slash, rest = text.partition("/")
    if not slash or start != prefix:
        raise StrategicError(complaint)
    return rest


def _order_lists(result: dict, patch: dict, owner: object, options: Options) -> None:
    """Merge the lists that come with a $setElementOrder, and put them in that order."""
    for directive in [key for key in patch if key.startswith(ORDER)]:
        order = patch.pop(directive)
        if not options.deletes and result.setdefault(directive, order) != order:
            raise StrategicError(BAD_ORDER)
        if not isinstance(order, list):
            raise _bad_type(list, order)
        key = _after_slash(directive, ORDER, BAD_ORDER)
        _order_one(result, patch, key, order, known(rule_of(owner, key), key), options)


def _order_one(result: dict, patch: dict, key: str, order: list, rule: Rule, options: Options) -> None:
    current, change = result.get(key), patch.get(key)
    merged = _merged_in_order(current, change, order, rule, options)
    if merged is not None:
        result[key] = merged
        del patch[key]
        return
    for value in (current, change):
        if value is not None and not isinstance(value, list):
            raise _bad_type(list, value)
    _check_order(change or [], order, rule.merge_key)
    if key not in result and key not in patch:
        return
    if key not in patch:
        merged = current or []
    elif key not in result:
        merged = _cleaned(change)[1]
    elif rule.strategy == "merge":
        merged = _merge_list(current or [], change, rule, options, False, sorts=False)
    else:
        merged = change
    if [_name_of(item, rule.merge_key) for item in merged] == [_name_of(item, rule.merge_key) for item in order]:
        result[key] = merged
        patch.pop(key, None)
        return
    first, others = _partition(merged, order, rule.merge_key)
    is_map = element_type(current or [], change or []) is dict
    server_order = _reused(current or [], change or [], rule.merge_key) if is_map and rule.strategy == "merge" else current or []
    result[key] = _ordered(first, others, order, server_order, rule.merge_key, is_map)
    patch.pop(key, None)


def _merged_in_order(current: object, change: object, order: list, rule: Rule, options: Options) -> list | None:
    """The merged list where the order names just the items there are, each once and without directives; else None.

    So it is in nearly all patches of a status; what follows from it is then plain.
    """
    key = rule.merge_key
    if rule.strategy != "merge" or not key or not current or not change or type(current) is not list or type(change) is not list:
        return None
    try:
        there, sent = {item[key]: item for item in current}, {item[key]: item for item in change}
        names = [item[key] for item in order]
        ordered = dict.fromkeys(names)
    except (KeyError, TypeError):
        return None
    every = {**there, **sent}
    is_once = len(there) == len(current) and len(sent) == len(change) and len(every) == len(names)
    if not is_once or ordered.keys() != every.keys() or [name for name in names if name in sent] != [*sent]:
        return None
    if any(DIRECTIVE in item for item in change):
        return None
    return [(merge_map(there[name], sent[name], rule.below, options) if name in there else sent[name]) if name in sent else there[name]
            for name in names]


def _reused(current: list, change: list, key: str) -> list:
    """The live order as upstream sees it after merging: new items have taken the places of deleted ones."""
    slots, used = list(current), len(current)
    for item in (item for item in change if item.get(DIRECTIVE) == "delete"):
        for index in reversed([i for i in range(used) if slots[i].get(key) == item[key]]):
            slots[index:used - 1] = slots[index + 1:used]
            used -= 1
    for item in (item for item in change if DIRECTIVE not in item):
        if used < len(slots) and all(slots[i].get(key) != item[key] for i in range(used)):
            slots[used] = item
            used += 1
    return slots


def _check_order(change: list, order: list, merge_key: str) -> None:
    """Refuse a patch whose items come in another order than it says, or are not in that order at all."""
    if not change or not order:
        return
    items = change
    if merge_key:
        for item in change:
            if not isinstance(item, dict):
                raise _bad_type(dict, item)
        items = [item for item in change if item.get(DIRECTIVE) != "delete"]
    position = 0
    for wanted in order:
        while position < len(items) and isinstance(items[position], dict) and DIRECTIVE in items[position]:
            position += 1
        if position < len(items) and key_of(items[position], merge_key) == key_of(wanted, merge_key):
            position += 1
    while position < len(items) and isinstance(items[position], dict) and DIRECTIVE in items[position]:
        position += 1
    if position < len(items):
        raise StrategicError(f"The order in patch list:\n{go_text(change)}\n doesn't match {ORDER} list:\n{go_text(order)}\n")


def key_of(item: object, merge_key: str) -> object:
    """What identifies an item: itself, or the value of its merge key."""
    if not merge_key:
        return item
    if not isinstance(item, dict):
        raise _bad_type(dict, item)
    if merge_key not in item:
        raise _no_merge_key(item, merge_key)
    return item[merge_key]


def element_type(*lists: list) -> type:
    """The one type of all items."""
    found = None
    for item in (item for items in lists for item in items):
        kind = float if type(item) not in _GO_TYPES else type(item)
        if kind is list:
            raise StrategicError(NO_LISTS_OF_LISTS)
        if found is not None and kind is not found:
            raise StrategicError(f"list element types are not identical: {go_text(list(lists))}")
        found = kind
    if found is None:
        raise StrategicError("no elements in any of the given slices")
    return found


def _name_of(item: object, merge_key: str) -> object:
    return item.get(merge_key) if merge_key and isinstance(item, dict) else item


def _merge_list(current: list, change: list, rule: Rule, options: Options, deletes: bool, *, sorts: bool = True) -> list:
    """sorts: put the result in order, which a caller that has an order of its own does itself."""
    if not current and not change:
        return current
    if element_type(current, change) is not dict:
        if options.deletes and deletes:
            return [item for item in current if item not in change]
        merged, key, is_map = list(dict.fromkeys([*current, *change])), "", False
    else:
        key, is_map = rule.merge_key, True
        if not key:
            raise StrategicError(f"cannot merge lists without merge key for {rule.below.go if rule.below else ''}")
        current, change = _special(list(current), change, key)
        merged = _merge_items(current, change, rule, options)
        if not sorts:
            return merged
    first, others = _partition(merged, change, key)
    return _ordered(first, others, change, current, key, is_map)


def _special(current: list, change: list, key: str) -> tuple[list, list]:
    """Carry out the items that are directives; (what is left of the list, the patch without them)."""
    plain, replaces = [], False
    for item in change:
        directive = item.get(DIRECTIVE)
        if DIRECTIVE not in item:
            plain.append(item)
        elif directive == "delete":
            if key not in item:
                raise _no_merge_key(item, key)
            current = [other for other in current if other.get(key) != item[key] or key not in other]
        elif directive == "replace":
            replaces = True
        elif directive == "merge":
            raise StrategicError("merging lists cannot yet be specified in the patch")
        else:
            raise StrategicError(f"unknown patch type: {go_text(directive)} in map: {go_text(item)}")
    return (plain, []) if replaces else (current, plain)


def _merge_items(current: list, change: list, rule: Rule, options: Options) -> list:
    key, merged = rule.merge_key, list(current)
    for item in change:
        wanted = key_of(item, key)
        index = next((i for i, other in enumerate(merged) if key in other and other[key] == wanted), None)
        if index is None:
            merged.append(item)
        else:
            merged[index] = merge_map(merged[index], item, rule.below, options)
    return merged


def _partition(merged: list, wanted: list, key: str) -> tuple[list, list]:
    """(items that the other list names, the rest)."""
    named = [key_of(item, key) if not key or key in item else None for item in wanted]
    inside, outside = [], []
    for item in merged:
        (inside if key_of(item, key) in named else outside).append(item)
    return inside, outside


def _ordered(inside: list, outside: list, order: list, server_order: list, key: str, is_map: bool) -> list:
    """Patched items in the patch's order and all others in the server's, interleaved by the server's order."""
    key = key if is_map else ""
    inside = in_order(inside, order, key)
    outside = in_order(outside, server_order, key)
    places = {_hashable(key_of(item, key)): index for index, item in reversed(list(enumerate(server_order)))}
    result, position = [], 0
    for item in inside:
        mine = places.get(_hashable(key_of(item, key)))
        while position < len(outside):
            its = places.get(_hashable(key_of(outside[position], key)))
            if mine is None or its is None or its >= mine:
                break
            result.append(outside[position])
            position += 1
        result.append(item)
    return result + outside[position:]


def _hashable(value: object) -> object:
    return (type(value).__name__, go_text(value)) if isinstance(value, (dict, list)) else value


def in_order(items: list, order: list, key: str) -> list:
    """Items by their place in an order; deletions come last."""
    places = {_hashable(key_of(item, key)): index for index, item in reversed(list(enumerate(order)))}
    deleted = [item for item in items if key and item.get(DIRECTIVE) == "delete"]
    kept = [item for item in items if not (key and item.get(DIRECTIVE) == "delete")]
    ranks = [places.get(_hashable(key_of(item, key))) for item in kept]
    if None not in ranks:
        return [kept[index] for index in sorted(range(len(kept)), key=ranks.__getitem__)] + deleted
    return _insertion_sorted(kept, ranks) + deleted


def _insertion_sorted(items: list, ranks: list[int | None]) -> list:
    """Go's stable sort where upstream calls an item without a place less than any other."""
    pairs = list(zip(ranks, items, strict=True))
    for start in range(1, len(pairs)):
        for index in range(start, 0, -1):
            mine, other = pairs[index][0], pairs[index - 1][0]
            if mine is not None and other is not None and mine >= other:
                break
            pairs[index], pairs[index - 1] = pairs[index - 1], pairs[index]
    return [item for _, item in pairs]
