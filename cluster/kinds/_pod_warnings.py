"""What the server warns of in Pods and Pod templates."""
from __future__ import annotations


def warn(new: dict, old: dict | None) -> list[str]:
    return []


def template(new: dict, old: dict | None, path: str) -> list[str]:
    return []
