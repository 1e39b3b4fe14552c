"""Which fields two objects differ in, as short dotted paths for captions."""
from __future__ import annotations

from typing import Any

MOST = 24          # paths in one trace event
IGNORED = ("managedFields", "resourceVersion")


def changed(old: Any, new: Any, most: int = MOST) -> list[str]:
    """The paths at which `new` differs from `old`, parents before what lies beyond the limit; shared parts cost nothing."""
    found: list[str] = []
    _walk(old, new, "", found, most)
    return found


def _walk(old: Any, new: Any, at: str, found: list[str], most: int) -> None:
    if old is new or old == new or len(found) >= most:
        return
    if type(old) is dict and type(new) is dict:
        for key in [*new, *(key for key in old if key not in new)]:
            if key not in IGNORED:
                _walk(old.get(key), new.get(key), f"{at}.{key}" if at else key, found, most)
    elif type(old) is list and type(new) is list and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new)):
            _walk(left, right, f"{at}[{index}]", found, most)
    else:
        found.append(at)
