"""Narration: one catalogue of what is said of each kind of fact, in English and Simplified Chinese."""
from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from .kind import Kind


@cache
def entries() -> dict[str, Kind]:
    """{kind of fact: its entry}, from every module of the folder. Raises ValueError if two declare one kind."""
    package = importlib.import_module(f"{__name__}.catalogue")
    found: dict[str, Kind] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        for name, kind in importlib.import_module(f"{package.__name__}.{module.name}").KINDS.items():
            if name in found:
                raise ValueError(f"the catalogue has two entries for {name}")
            found[name] = kind
    return found
