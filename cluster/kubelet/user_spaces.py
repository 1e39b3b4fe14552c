"""Owns which ids of the node the users of a Pod get that has a user namespace of its own (`hostUsers: false`).

Each gets a range of its own, above those of the node's users, and keeps it as long as anything of it is on the node.
Source: kubernetes pkg/kubelet/userns/userns_manager.go, pkg/kubelet/kubelet_pods.go (getKubeletMappings).
"""

from __future__ import annotations

from typing import Any

from cluster.runtime.proc import IDS_EACH

RANGES = (1 << 32) // IDS_EACH - 1  # the first one is the node's


def give(kubelet: Any, uid: str) -> str:
    """Let a Pod have a range, if it has none yet. Returns why it cannot, "" when it can."""
    taken = kubelet.runtime.state.user_ranges
    if uid in taken:
        return ""
    if len(taken) >= RANGES:
        return "create user namespace: could not find an empty slot to allocate a user namespace"
    at = kubelet.engine.rng("users/" + kubelet.node).below(RANGES)
    used = dict.fromkeys(taken.values())
    while (at + 1) * IDS_EACH in used:
        at = (at + 1) % RANGES
    taken[uid] = (at + 1) * IDS_EACH
    return ""


def release(kubelet: Any, uid: str) -> None:
    """The Pod has ended."""
    if kubelet.runtime.state.user_ranges:
        kubelet.runtime.state.user_ranges.pop(uid, None)
