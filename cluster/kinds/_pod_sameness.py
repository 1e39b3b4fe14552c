"""Tells Pods apart by what validation looks at: those that one template made are the same but for names, and judged once.

What differs in the spec of each is the name of the token's volume, which the API server makes up itself.
"""
from __future__ import annotations

import re

import msgspec

MOST_KEPT = 1000
_is_token_volume = re.compile(r"kube-api-access-[a-z0-9]{5}\Z").match
_sound: dict[bytes, None] = {}


def sameness(pod: dict) -> bytes | None:
    """The same for Pods of which all are sound or none is; None for one whose metadata or name matter too."""
    meta, spec = pod["metadata"], pod["spec"]
    if not meta.get("generateName") or meta.get("annotations") or meta.get("finalizers"):
        return None
    volumes = spec.get("volumes") or ()
    if any("ephemeral" in volume for volume in volumes):     # their claims are named after the Pod
        return None
    try:
        text = msgspec.json.encode(spec)
    except (TypeError, ValueError, OverflowError):
        return None
    name = volumes[-1].get("name") if volumes else None
    return text.replace(name.encode(), b"\0") if isinstance(name, str) and _is_token_volume(name) else text


def is_sound(likeness: bytes | None) -> bool:
    """Whether such a Pod has been found sound already."""
    return likeness in _sound


def remember(likeness: bytes) -> None:
    """Such Pods are sound."""
    if len(_sound) >= MOST_KEPT:
        _sound.clear()
    _sound[likeness] = None
