"""Owns what follows from a Pod's spec alone: worked out once for a spec, as each pass over the Pod asks for it again."""

from __future__ import annotations

from msgspec import Struct

from cluster.kinds.pod import is_sidecar

RESTARTS_ALL = "RestartAllContainers"  # the action of a container's rule, see resets.py
MOST_KEPT = 8192
_KEPT: dict[int, tuple[dict, Shape]] = {}


class Shape(Struct, frozen=True):
    """inits, apps: the containers. sidecars: the names of those init containers that go on. probed: who has a probe that its status shows.

    has_probes: whether there is any probe that the kubelet keeps up. can_reset: whether any container has a rule that restarts all.
    has_amounts: whether it says anything of resources. has_host_ports: whether it wants ports of its node.
    is_undemanding: whether it wants no more of its node than a place, wherever that is.
    is_simple: whether there are app containers alone, without probes, rules, amounts or gates, so that its status is what they do.
    """

    inits: tuple[dict, ...]
    apps: tuple[dict, ...]
    sidecars: tuple[str, ...]
    probed: tuple[str, ...]
    has_probes: bool
    can_reset: bool
    has_amounts: bool
    has_host_ports: bool
    is_undemanding: bool
    is_simple: bool


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


CHOOSY = frozenset(("nodeSelector", "affinity", "os", "ephemeralContainers"))  # fields of a Pod that looks at where it comes to


def _made(spec: dict) -> Shape:
    inits, apps = tuple(spec.get("initContainers") or ()), tuple(spec["containers"])
    sidecars = tuple([each["name"] for each in inits if is_sidecar(each)]) if inits else ()
    probed, can_reset, has_amounts, has_host_ports = [], False, "resources" in spec or "overhead" in spec, False
    is_secured = bool(spec.get("securityContext"))
    for each in (*inits, *apps) if inits else apps:
        if "startupProbe" in each or "readinessProbe" in each:
            probed.append(each["name"])
        if "restartPolicyRules" in each:
            can_reset = can_reset or any(rule.get("action") == RESTARTS_ALL for rule in each["restartPolicyRules"] or ())
        if "resources" in each:
            has_amounts = has_amounts or bool(each["resources"])
        if "securityContext" in each:
            is_secured = is_secured or bool(each["securityContext"])
    for each in apps:
        if "ports" in each:
            has_host_ports = has_host_ports or any(port.get("hostPort") for port in each["ports"] or ())
    has_probes = bool(probed) or any(["livenessProbe" in each for each in (*inits, *apps)])
    is_simple = bool(apps) and not (inits or has_probes or can_reset or has_amounts or "ephemeralContainers" in spec or "readinessGates" in spec)
    is_undemanding = not (has_amounts or has_host_ports or is_secured) and CHOOSY.isdisjoint(spec)
    return Shape(inits, apps, sidecars, tuple(probed), has_probes, can_reset, has_amounts, has_host_ports, is_undemanding, is_simple)
