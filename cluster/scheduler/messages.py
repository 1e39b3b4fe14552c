"""The words for a Pod that fits nowhere, exactly as kube-scheduler says them.

Source: kubernetes pkg/scheduler/framework/types.go FitError, plugins/dynamicresources/dynamicresources.go PostFilter.
"""

from __future__ import annotations

from .cycle import Decision
from .framework import Rejection

NO_NODES = "no nodes available to schedule pods"
NO_CLAIMS = "no new claims to deallocate"
# What is left of the words after a Pod was rejected before any node was looked at: DynamicResources looks for what it
# would have prepared later, does not find it, and nobody is asked after it.
NO_STATE = "not found"
NOTE_LIMIT = 1024


def fit_error(decision: Decision, after: str | None, *, seeks_claims: bool = True) -> str:
    """Why no node fits, and what was said afterwards.

    after: what preemption says, "" where it helps, None where the Pod's profile has none. seeks_claims: whether DynamicResources is asked too.
    """
    said = [NO_CLAIMS] if seeks_claims and after != "" else []
    tail = f" {', '.join([*said, f'preemption: {after}'] if after else said)}" if said or after else ""
    if decision.before is not None:
        tail = tail if decision.before.rejection.resolvable else f" {NO_STATE}"
        return f"0/{decision.all_nodes} nodes are available: {', '.join(decision.before.rejection.reasons)}.{tail}"
    rejections = {verdict.node: verdict.rejection for verdict in decision.verdicts if verdict.rejection}
    return histogram(rejections, decision.all_nodes, decision.absent) + tail


def histogram(rejections: dict[str, Rejection], all_nodes: int, absent: Rejection | None) -> str:
    """`0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`"""
    counts: dict[str, int] = {}
    for rejection in rejections.values():
        for reason in rejection.reasons:
            counts[reason] = counts.get(reason, 0) + 1
    for reason in absent.reasons if absent else ():
        if all_nodes > len(rejections):
            counts[reason] = counts.get(reason, 0) + all_nodes - len(rejections)
    reasons = ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
    return f"0/{all_nodes} nodes are available:" + (f" {reasons}." if reasons else "")


def note(message: str) -> str:
    """A message cut to what an Event may carry."""
    return message if len(message) <= NOTE_LIMIT else message[: NOTE_LIMIT - 4] + " ..."
