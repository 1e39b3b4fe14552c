"""A profile: which plugins serve the Pods of one schedulerName, in which order and with what weight. Plugins and queue are shared by all.

Source: kubernetes pkg/scheduler/profile/profile.go, framework/runtime/framework.go.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from .cycle import Decision
from .framework import Cycle, Plugin, plugins
from .plugins.default_preemption import Rescue

STANDARD = "default-scheduler"


class Profile(NamedTuple):
    """filtering: in the order of filters, with those that only prepare or only help afterwards.

    percent: of nodes that need to fit; 0: upstream's rule; FIRST: nothing scores. holds_gated: whether Pods with scheduling gates are held back.
    seeks_claims: whether DynamicResources is asked for a Pod that fits nowhere; it has nothing but its words.
    filters: by name in their order; None: the usual ones.
    """

    name: str
    filtering: tuple[Plugin, ...]
    scoring: tuple[Plugin, ...]
    percent: int = 0
    holds_gated: bool = True
    seeks_claims: bool = True
    filters: tuple[str, ...] | None = None


@cache
def standard() -> dict[str, Profile]:
    """What a scheduler without a configuration has: one profile with every plugin."""
    return {STANDARD: Profile(STANDARD, plugins(), plugins())}


def rescue_of(cycle: Cycle, decision: Decision, choose, profile: Profile | None = None) -> Rescue:
    """What the plugins can do for a Pod that fits nowhere; nothing, where it is not a matter of nodes.

    Where nobody at all is asked, the Pod loses the node that was being freed for it.
    """
    if decision.before is not None and not decision.before.rejection.resolvable:
        return Rescue()
    profile = profile or standard()[STANDARD]
    for plugin in profile.filtering:
        if plugin.post_filter is not None:
            return plugin.post_filter(cycle, decision, choose)
    return Rescue(None, None if profile.seeks_claims else "")


def rejecting_plugins(decision: Decision) -> list[str]:
    """The plugins whose rejections the Pod waits to see lifted."""
    if decision.before is not None:
        return [decision.before.plugin]
    return list(dict.fromkeys([*decision.narrowing, *(verdict.plugin for verdict in decision.verdicts if verdict.rejection)]))
