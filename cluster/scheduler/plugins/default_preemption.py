"""DefaultPreemption: where no node fits, Pods of lower priority may have to go; which, and from which node.

Source: kubernetes pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go, framework/preemption/preemption.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cluster.kinds import poddisruptionbudget as budgets

from ..cycle import Decision, put, rejection_of, take_away
from ..framework import Cycle, Plugin, Rejection
from ..messages import histogram
from ..nodes import NodeInfo
from ..pods import PodInfo

NEVER = "not eligible due to preemptionPolicy=Never."
UNDER_WAY = "not eligible due to a terminating pod on the nominated node."
NOT_HELPFUL = Rejection(("Preemption is not helpful for scheduling",))
NO_VICTIMS = Rejection(("No preemption victims found for incoming pod",))
BY_SCHEDULER = "PreemptionByScheduler"
LEAST_CANDIDATES, LEAST_PERCENT = 100, 10  # minCandidateNodesAbsolute, minCandidateNodesPercentage
LATER = "9999"  # after every time: of a Pod that has not begun


class Rescue(NamedTuple):
    """What preemption comes to. message: why it does not help, else ""; None where nobody asks.

    nominated: the node to free, "" for none, None: as before.
    candidates: of how many nodes it was chosen.
    """

    message: str | None = ""
    nominated: str | None = None
    victims: tuple[PodInfo, ...] = ()
    candidates: int = 0


class Candidate(NamedTuple):
    """A node that would have room without some Pods; violations: how many of them a budget would keep."""

    node: str
    victims: list[PodInfo]
    violations: int


def start_of(pod: PodInfo) -> str:
    return (pod.pod.get("status") or {}).get("startTime") or LATER


def importance(pod: PodInfo) -> tuple[int, str, str]:
    """What sorts Pods from the most important on: priority, then age. Source: util.MoreImportantPod.

    Among equals upstream goes by the order in which they came to the node, as far as its sort keeps that; here their names
    decide, which a cache that is made anew knows too.
    """
    return (-pod.priority, start_of(pod), pod.key)


def as_reported(cycle: Cycle, pod: PodInfo) -> PodInfo:
    """A Pod on a node with what it has reported last, which the cache does not follow."""
    latest = cycle.listers.get("pods", pod.key)
    return pod if latest is None or latest is pod.pod else pod.reported(latest)


# -- whether to try ---------------------------------------------------------------------------------------------------


def ineligible(cycle: Cycle, decision: Decision) -> str:
    """Why a Pod may not preempt just now, or "". Source: PodEligibleToPreemptOthers."""
    pod = cycle.pod
    if pod.spec.get("preemptionPolicy") == "Never":
        return NEVER
    node = cycle.cache.by_name.get(pod.nominated) if pod.nominated else None
    if node is None or _is_hopeless(decision, node.name):
        return ""
    waits = any(other.priority < pod.priority and _is_preempted(as_reported(cycle, other)) for other in node.pods.values())
    return UNDER_WAY if waits else ""


def _is_hopeless(decision: Decision, node: str) -> bool:
    found = next((verdict.rejection for verdict in decision.verdicts if verdict.node == node and verdict.rejection), decision.absent)
    return found is not None and not found.resolvable


def _is_preempted(pod: PodInfo) -> bool:
    """Source: podTerminatingByPreemption."""
    if not pod.terminating:
        return False
    conditions = (pod.pod.get("status") or {}).get("conditions") or ()
    found = next((one for one in conditions if one["type"] == "DisruptionTarget"), {})
    return found.get("status") == "True" and found.get("reason") == BY_SCHEDULER


# -- where ------------------------------------------------------------------------------------------------------------


def promising(cycle: Cycle, decision: Decision) -> list[NodeInfo]:
    """Nodes that fail for want of what Pods take up."""
    if decision.before is not None:
        return cycle.cache.nodes
    names = {verdict.node: None for verdict in decision.verdicts if verdict.rejection and verdict.rejection.resolvable}
    return [node for node in cycle.cache.nodes if node.name in names]


def find_candidates(cycle: Cycle, nodes: list[NodeInfo], first: int) -> tuple[list[Candidate], dict[str, Rejection]]:
    """Nodes that can be freed, from a chance one on until there are enough, and why others cannot. Source: DryRunPreemption."""
    enough = min(max(len(nodes) * LEAST_PERCENT // 100, LEAST_CANDIDATES), len(nodes))
    limits, found, failed = cycle.listers.list("poddisruptionbudgets", ""), [], {}
    for index in range(len(nodes)):
        node = nodes[(first + index) % len(nodes)]
        result = select_victims(cycle, node, limits)
        if isinstance(result, Rejection):
            failed[node.name] = result
            continue
        found.append(result)
        if len(found) >= enough and any(not one.violations for one in found):
            break
    return [one for one in found if not one.violations] + [one for one in found if one.violations], failed


def select_victims(cycle: Cycle, node: NodeInfo, limits: list[dict]) -> Candidate | Rejection:
    """The fewest and least important Pods of a node whose going makes room. Source: SelectVictimsOnNode."""
    lesser = sorted((as_reported(cycle, one) for one in node.pods.values() if one.priority < cycle.pod.priority), key=importance)
    if not lesser:
        return NO_VICTIMS
    trial, emptier = cycle.fork(), node.copy()
    for one in lesser:
        take_away(trial, one, emptier)
    failed = rejection_of(trial, emptier)
    if failed is not None:
        return failed[1]
    guarded, others = by_budget(lesser, limits)
    doomed = [one for one in guarded if not _stays(trial, one, emptier)]
    violations = len(doomed)
    doomed += [one for one in others if not _stays(trial, one, emptier)]
    if not doomed:  # it fits with all of them there: what rejected it before has changed within the cycle
        return Rejection((f'expected at least one victim pod on node "{node.name}"',))
    return Candidate(node.name, sorted(doomed, key=importance), violations)


def _stays(trial: Cycle, one: PodInfo, node: NodeInfo) -> bool:
    """Put a Pod back; whether there is still room."""
    put(trial, one, node)
    if rejection_of(trial, node) is None:
        return True
    take_away(trial, one, node)
    return False


def by_budget(pods: list[PodInfo], limits: list[dict]) -> tuple[list[PodInfo], list[PodInfo]]:
    """(Pods whose going a budget forbids, the others), each in their order. Source: filterPodsWithPDBViolation."""
    left = [budgets.status_of(one)["disruptionsAllowed"] for one in limits]
    guarded, others = [], []
    for pod in pods:
        is_violating = False
        for index, budget in enumerate(limits):
            if _concerns(budget, pod):
                left[index] -= 1
                is_violating = is_violating or left[index] < 0
        (guarded if is_violating else others).append(pod)
    return guarded, others


def _concerns(budget: dict, pod: PodInfo) -> bool:
    if budget["metadata"]["namespace"] != pod.namespace or not pod.labels:
        return False
    selector = budget["spec"].get("selector") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        return False
    gone = (budget.get("status") or {}).get("disruptedPods") or {}
    return pod.name not in gone and budgets.selects(budget, pod.pod)


def best(candidates: list[Candidate]) -> Candidate:
    """Source: pickOneNodeForPreemption: each rule decides only among those that the one before it left equal."""
    rules: list[Callable[[Candidate], object]] = [
        lambda one: one.violations,
        lambda one: one.victims[0].priority,
        lambda one: sum(pod.priority + 2**31 for pod in one.victims),
        lambda one: len(one.victims),
    ]
    for rule in rules:
        lowest = min(map(rule, candidates))
        candidates = [one for one in candidates if rule(one) == lowest]
    latest = max(map(_earliest, candidates))
    return next(one for one in candidates if _earliest(one) == latest)


def _earliest(candidate: Candidate) -> str:
    highest = candidate.victims[0].priority
    return min(start_of(pod) for pod in candidate.victims if pod.priority == highest)


class DefaultPreemption(Plugin):
    name, order = "DefaultPreemption", 100

    def post_filter(self, cycle: Cycle, decision: Decision, choose: Callable[[int], int]) -> Rescue:
        """Source: Evaluator.Preempt."""
        why = ineligible(cycle, decision)
        if why:
            return Rescue(why)
        nodes = promising(cycle, decision)
        candidates, failed = find_candidates(cycle, nodes, choose(len(nodes)) if len(nodes) > 1 else 0) if nodes else ([], {})
        if not candidates:
            return Rescue(histogram(failed, decision.all_nodes, NOT_HELPFUL), "")
        chosen = best(candidates)
        return Rescue("", chosen.node, tuple(chosen.victims), len(candidates))


PLUGIN = DefaultPreemption()
