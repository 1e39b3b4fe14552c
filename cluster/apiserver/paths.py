"""Which fields two objects differ in, as short dotted paths for captions."""
from __future__ import annotations

from typing import Any

MOST = 24          # paths in one trace event
IGNORED = ("managedFields", "resourceVersion")


def changed(old: Any, new: Any, most: int = MOST) -> list[str]:
    """The paths at which `new` differs from `old`, parents before what lies beyond the limit; shared parts cost nothing."""
    found: list[str] = []
    if old is not new:
        _walk(old, new, "", found, most)
    return found


def _walk(old: Any, new: Any, at: str, found: list[str], most: int) -> None:
    """Two values that differ: go down where both are of one shape."""
    if len(found) >= most:
        return
    if type(old) is dict and type(new) is dict:
        lead = f"{at}." if at else ""
        for key, right in new.items():
            left = old.get(key)
            if left is not right and left != right and key not in IGNORED:
                _walk(left, right, lead + key, found, most)
        for key in () if new.keys() >= old.keys() else [key for key in old if key not in new and old[key] is not None and key not in IGNORED]:
            _walk(old[key], None, lead + key, found, most)
    elif type(old) is list and type(new) is list and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            if left is not right and left != right:
                _walk(left, right, f"{at}[{index}]", found, most)
    else:
        found.append(at)
