"""The containers of a Pod's spec, all of them, with their paths.

Source: pkg/api/v1/pod/util.go (VisitContainersWithPath).
"""
from __future__ import annotations

from collections.abc import Iterator


def all_containers(spec: dict, path: str) -> Iterator[tuple[dict, str]]:
    """Every container with its path, in the order in which upstream visits them."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            yield container, f"{path}.{field}[{index}]"
