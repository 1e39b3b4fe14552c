"""Owns what follows from a Pod's spec alone: worked out once for a spec, as each pass over the Pod asks for it again."""

from __future__ import annotations

from msgspec import Struct

from cluster.kinds.pod import is_sidecar

RESTARTS_ALL = "RestartAllContainers"  # the action of a container's rule, see resets.py
MOST_KEPT = 8192
_KEPT: dict[int, tuple[dict, Shape]] = {}


class Shape(Struct, frozen=True):
    """inits, apps: the containers. sidecars: the names of those init containers that go on. probed: who has a probe that its status shows.

    can_reset: whether any container has a rule that restarts all. has_amounts: whether it says anything of resources.
    """

    inits: tuple[dict, ...]
    apps: tuple[dict, ...]
    sidecars: tuple[str, ...]
    probed: tuple[str, ...]
    can_reset: bool
    has_amounts: bool


def shape_of(spec: dict) -> Shape:
    """The answer is kept by the identity of the spec."""
    known = _KEPT.get(id(spec))
    if known is not None and known[0] is spec:
        return known[1]
    if len(_KEPT) >= MOST_KEPT:
        _KEPT.clear()
    shape = _made(spec)
    _KEPT[id(spec)] = (spec, shape)
    return shape


def _made(spec: dict) -> Shape:
    inits, apps = tuple(spec.get("initContainers") or ()), tuple(spec["containers"])
    return Shape(
        inits,
        apps,
        tuple(each["name"] for each in inits if is_sidecar(each)),
        tuple(each["name"] for each in (*inits, *apps) if "startupProbe" in each or "readinessProbe" in each),
        any(rule.get("action") == RESTARTS_ALL for each in (*inits, *apps) for rule in each.get("restartPolicyRules") or ()),
        "resources" in spec or "overhead" in spec or any(each.get("resources") for each in (*inits, *apps)),
    )
