"""What the reviews share: they are created, answered and never stored."""
from __future__ import annotations

from cluster.kinds._columns import AGE, NAME, age
from cluster.kinds.base import Kind


def cells(review: dict, now_unix_ms: int) -> list:
    """Name, age: neither is ever there."""
    return [review["metadata"].get("name", ""), age(review, now_unix_ms)]


def review(kind: str, *, group: str, title: dict[str, str], namespaced: bool = False) -> Kind:
    """A kind that can only be created."""
    return Kind(kind=kind, plural=kind.lower() + "s", singular=kind.lower(), group=group, namespaced=namespaced, verbs=("create",),
                virtual=True, columns=(NAME, AGE), cells=cells, icon="scale", title=title)
