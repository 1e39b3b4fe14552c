"""JSON patch (RFC 6902) and JSON merge patch (RFC 7386), with the habits of upstream's library.

It is more lenient than the RFC: `replace` of a missing key adds it, `copy` of a missing one copies null, and the first
part of a path before its first slash is ignored. Values are never changed in place.
Source: gopkg.in/evanphx/json-patch.v4 patch.go, merge.go, errors.go; k8s.io/apiserver pkg/server/config.go (JSONPatchMaxCopyBytes).
"""
from __future__ import annotations

import msgspec

from cluster.meta.gotext import atoi
from cluster.meta.objects import draft

MOST_COPIED_BYTES = 3 * 1024 * 1024
TOO_MUCH = "Unable to complete the copy, the accumulated size increase of copy is {}, exceeding the limit {}"
_MISSING = object()


class PatchError(ValueError):
    """An operation that does not apply."""


def apply(document: object, operations: list[dict]) -> object:
    """A document after operations; the document itself stays as it is. Raises PatchError."""
    document, copied = draft(document), 0
    for operation in operations:
        if operation.get("op") == "copy" and isinstance(operation.get("from"), str) and isinstance(operation.get("path"), str):
            copied += _size(document, operation["from"])
            if copied > MOST_COPIED_BYTES:
                raise PatchError(TOO_MUCH.format(copied, MOST_COPIED_BYTES))
        document = _apply_one(document, operation)
    return document


def _size(document: object, path: str) -> int:
    """The bytes of what stands at a path."""
    value = _get(*_find(document, path))
    return 0 if value is _MISSING else len(msgspec.json.encode(value))


def _apply_one(document: object, operation: dict) -> object:
    name, path = operation.get("op"), operation.get("path")
    if not isinstance(path, str):
        raise PatchError("path is missing")
    if name in ("add", "replace"):
        return _put(document, path, operation.get("value"), name)
    if name == "remove":
        _remove(document, path)
    elif name in ("move", "copy"):
        return _transfer(document, operation, path, name)
    elif name == "test":
        _test(document, path, operation.get("value"))
    else:
        raise PatchError(f"Unexpected kind: {name}")
    return document


def _put(document: object, path: str, value: object, name: str) -> object:
    if path == "" and name == "replace":
        if not isinstance(value, (dict, list)):
            raise PatchError("replace operation hits document root with a value that is no document")
        return draft(value)
    container, key = _find(document, path)
    if name == "replace":
        if isinstance(container, list):
            container[_index(container, key)] = draft(value)
        else:
            container[key] = draft(value)
    else:
        _add(container, key, draft(value))
    return document


def _find(document: object, path: str) -> tuple[dict | list, str]:
    """The container that a path ends in, and the last step."""
    parts = path.split("/")
    if len(parts) < 2:
        raise PatchError(f"doc is missing path: {path}")
    for part in parts[1:-1]:
        document = _get(document, _decoded(part))
        if not isinstance(document, (dict, list)):
            raise PatchError(f"doc is missing path: {path}")
    if not isinstance(document, (dict, list)):
        raise PatchError(f"doc is missing path: {path}")
    return document, _decoded(parts[-1])


def _decoded(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _get(container: object, key: str) -> object:
    if isinstance(container, list):
        return container[_index(container, key)]
    return container.get(key, _MISSING)


def _index(items: list, key: str, *, extra: int = 0) -> int:
    index = atoi(key)
    if index is None:
        raise PatchError(f"value was not a proper array index: {key!r}")
    if index < 0:
        index += len(items) + extra
    if not 0 <= index < len(items) + extra:
        raise PatchError(f"Unable to access invalid index: {key}")
    return index


def _add(container: dict | list, key: str, value: object) -> None:
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        container.insert(_index(container, key, extra=1), value)


def _remove(document: object, path: str) -> None:
    container, key = _find(document, path)
    if isinstance(container, list):
        del container[_index(container, key)]
    elif key not in container:
        raise PatchError(f"Unable to remove nonexistent key: {key}")
    else:
        del container[key]


def _transfer(document: object, operation: dict, path: str, name: str) -> object:
    source = operation.get("from")
    if not isinstance(source, str):
        raise PatchError("from is missing")
    container, key = _find(document, source)
    value = _get(container, key)
    if name == "move":
        _remove(document, source)
    target, last = _find(document, path)
    _add(target, last, None if value is _MISSING else draft(value))
    return document


def _test(document: object, path: str, wanted: object) -> None:
    if path == "":
        found = document
    else:
        container, key = _find(document, path)
        found = _get(container, key)
    if found is _MISSING:
        found = None
    if found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
        raise PatchError(f"testing value {path} failed")


def merge(document: object, patch: object) -> object:
    """A document after a merge patch: null removes, objects merge, anything else replaces."""
    if not isinstance(patch, dict):
        return draft(patch)
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = _pruned(value)
    return result


def _pruned(value: object) -> object:
    """What a patch adds, without the nulls of its objects."""
    if isinstance(value, dict):
        return {key: _pruned(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    return value
