"""Stamps: what was made from what, so that nothing is made again that has not changed."""

import hashlib
import json
import os
from pathlib import Path


def digest(*paths: Path) -> str:
    """A hash of the files' names and contents; a folder stands for all that is in it."""
    state = hashlib.sha256()
    for path in paths:
        for file in _files(path):
            state.update(f"{file.relative_to(path.parent).as_posix()}\0".encode())
            state.update(file.read_bytes() + b"\0")
    return state.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    return [path] if path.exists() else []


def read(path: Path) -> dict:
    """The stamp as it was written, or an empty one where there is none or half of one."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(path: Path, stamp: dict) -> None:
    """Write the stamp whole or not at all."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(stamp, indent=1) + "\n")
    partial.replace(path)
