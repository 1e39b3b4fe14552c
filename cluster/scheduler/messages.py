"""The words for a Pod that fits nowhere, exactly as kube-scheduler says them.

Source: kubernetes pkg/scheduler/framework/types.go FitError, framework/preemption/preemption.go,
plugins/dynamicresources/dynamicresources.go PostFilter.
"""

from __future__ import annotations

from .cache import Cache
from .cycle import Decision
from .framework import Rejection
from .pods import PodInfo

NO_NODES = "no nodes available to schedule pods"
NO_CLAIMS = "no new claims to deallocate"
NOT_HELPFUL = Rejection(("Preemption is not helpful for scheduling",))
NO_VICTIMS = Rejection(("No preemption victims found for incoming pod",))
NOTE_LIMIT = 1024


def fit_error(decision: Decision, pod: PodInfo, cache: Cache) -> str:
    """Why no node fits, and why preemption does not help."""
    after = f" {NO_CLAIMS}, preemption: {preemption_message(decision, pod, cache)}"
    if decision.before is not None:
        return f"0/{decision.all_nodes} nodes are available: {', '.join(decision.before.rejection.reasons)}.{after}"
    rejections = {verdict.node: verdict.rejection for verdict in decision.verdicts if verdict.rejection}
    return histogram(rejections, decision.all_nodes, decision.absent) + after


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


def preemption_message(decision: Decision, pod: PodInfo, cache: Cache) -> str:
    """What trying preemption came to.

    Simplified: Pods of lower priority are not evicted yet, so no victim is ever found.
    """
    if pod.spec.get("preemptionPolicy") == "Never":
        return "not eligible due to preemptionPolicy=Never."
    tried = {
        verdict.node: NO_VICTIMS for verdict in decision.verdicts if verdict.rejection and verdict.rejection.resolvable
    }
    return histogram(tried, decision.all_nodes, NOT_HELPFUL)


def note(message: str) -> str:
    """A message cut to what an Event may carry."""
    return message if len(message) <= NOTE_LIMIT else message[: NOTE_LIMIT - 4] + " ..."
