"""Files of a volume that would overwrite one another.

Source: pkg/api/pod/warnings.go (warningsForOverlappingVirtualPaths).
"""
from __future__ import annotations

from typing import NamedTuple

from cluster.meta.gotext import quote


class _Target(NamedTuple):
    """A file's path in the volume, and which source it comes from ("" when there is only one)."""

    path: str
    source: str

    def __str__(self) -> str:
        return f"{quote(self.path)} ({self.source})" if self.source else quote(self.path)


def overlapping_paths(volumes: list[dict]) -> list[str]:
    """One warning for each pair of paths in a volume of which one is the other, or lies in it."""
    warnings: list[str] = []
    for volume in volumes:
        name = volume.get("name") or ""
        for kind, described in (("configMap", "ConfigMap"), ("secret", "Secret"), ("downwardAPI", "DownwardAPI")):
            source = volume.get(kind)
            if source and source.get("items"):
                title = described if kind == "downwardAPI" else f"{described} {quote(_name_of(kind, source))}"
                warnings += _collisions(name, title, _targets(source, ""))
        if volume.get("projected") is not None:
            warnings += _projected(name, volume["projected"])
    return warnings


def _name_of(kind: str, source: dict) -> str:
    return source.get("secretName" if kind == "secret" else "name") or ""


def _targets(source: dict, described: str) -> list[_Target]:
    return [_Target(item.get("path") or "", described) for item in source.get("items") or ()]


def _projected(name: str, projected: dict) -> list[str]:
    warnings: list[str] = []
    targets: list[_Target] = []
    for source in projected.get("sources") or ():
        if not source:
            warnings.append(f"volume {quote(name)} (Projected) has no sources provided")
        targets += _of_source(source)
    return warnings + _collisions(name, "Projected", targets)


def _of_source(source: dict) -> list[_Target]:
    for kind, described in (("configMap", "ConfigMap"), ("secret", "Secret")):
        if source.get(kind) is not None and source[kind].get("items"):
            return _targets(source[kind], f"{described} {quote(source[kind].get('name') or '')}")
    if source.get("downwardAPI") is not None:
        return _targets(source["downwardAPI"], "DownwardAPI")
    token = source.get("serviceAccountToken")
    return [_Target(token.get("path") or "", "ServiceAccountToken")] if token is not None else []


def _collisions(name: str, title: str, targets: list[_Target]) -> list[str]:
    if len(targets) < 2:
        return []
    warnings: list[str] = []
    seen: list[_Target] = []
    for target in targets:
        target = _Target(target.path.rstrip("/"), target.source)
        for other in seen:
            if _overlap(target.path, other.path):
                warnings.append(f"volume {quote(name)} ({title}): overlapping paths: {target} with {other}")
        seen.append(target)
    return warnings


def _overlap(one: str, other: str) -> bool:
    if not one or not other:
        return False
    return one == other or f"{other}/".startswith(f"{one}/") or f"{one}/".startswith(f"{other}/")
