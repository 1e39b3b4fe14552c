"""The engine's version: a digest of the simulation's own sources, so that a changed engine never replays another's run."""
from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOMS = ("meta", "engine", "store", "kinds", "apiserver", "client", "controllers", "scheduler", "runtime", "network", "kubelet", "kubectl",
         "worker")
SOURCES = (".py", ".json", ".txt")     # tables stand in files of their own


@cache
def engine_version() -> str:
    """The same for the same sources, on every machine."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.blake2b(digest_size=12)
    for room in ROOMS:
        for path in sorted(path for path in (root / room).rglob("*") if path.suffix in SOURCES):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
