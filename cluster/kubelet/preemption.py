"""Owns how a kubelet makes room for a critical Pod that was bound to it: whom it ends, and the wait for that.

A real kubelet's loop stands still until its victims have ended; here only the Pod waits.
Source: kubernetes pkg/kubelet/preemption/preemption.go, pkg/kubelet/types/pod_update.go (Preemptable).
"""

from __future__ import annotations

from cluster.kinds import pod as pods

from . import admission
from .evictions import evict, is_critical

REASON, MESSAGE = "Preempting", "Preempted in order to admit critical pod"
WHY = "Pod was preempted by Kubelet to accommodate a critical pod."
CLASSES = ("BestEffort", "Burstable", "Guaranteed")
Needs = dict[str, int]  # resource -> how much of it is missing


class NoRoom(Exception):
    """No Pods could be ended that would give the room; the message is upstream's."""


class Preemption:
    """Part of one kubelet; `kubelet.state.preempting` holds uid of a critical Pod -> uids of the Pods whose end it waits for."""

    def __init__(self, kubelet):
        self.kubelet = kubelet

    def make_room(self, pod: dict, node: dict) -> tuple[str, str] | None:
        """End who is in the way of a critical Pod, which waits. Returns (reason, message) when nobody could be."""
        kubelet, state = self.kubelet, self.kubelet.state
        others = [found for uid in state.admitted if uid not in state.evictions and (found := kubelet.pod(uid)) is not None]
        needs = {name: wanted - (capacity - used) for name, wanted, used, capacity in admission.shortages(pod, node, state.used)}
        try:
            victims = victims_for(pod, others, needs)
        except NoRoom as error:
            lead = "Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt"
            return "UnexpectedAdmissionError", f"{lead}: {error}"
        state.preempting[pod["metadata"]["uid"]] = [each["metadata"]["uid"] for each in victims]
        for victim in victims:
            worker = state.workers[victim["metadata"]["uid"]]
            kubelet.tell("PodPreemptedForCritical", worker, critical=pod["metadata"]["name"])
            evict(kubelet, worker, victim, REASON, MESSAGE, WHY)
        return None

    def freed(self, uid: str) -> None:
        """What a Pod had is free: who waited for the last of its victims is looked at again."""
        table = self.kubelet.state.preempting
        for critical, victims in list(table.items()):
            if uid in victims:
                victims.remove(uid)
            if not victims or uid == critical:
                del table[critical]
                self.kubelet.after(0, "admit_again", critical)


def victims_for(pod: dict, others: list[dict], needs: Needs) -> list[dict]:
    """The Pods to end: as few as will do, those of the lower class first. Raises NoRoom."""
    may_go = [each for each in others if is_preemptable(pod, each)]
    best_effort, burstable, guaranteed = ([each for each in may_go if pods.qos_class(each) == name] for name in CLASSES)
    missing = left(needs, may_go)
    if missing:
        raise NoRoom(f"no set of running pods found to reclaim resources: {text(missing)}")
    first = nearest(guaranteed, left(needs, [*best_effort, *burstable]))
    second = nearest(burstable, left(needs, [*best_effort, *first]))
    third = nearest(best_effort, left(needs, [*second, *first]))
    return [*third, *second, *first]


def is_preemptable(pod: dict, other: dict) -> bool:
    """Whether one Pod may take another one's place."""
    if is_critical(pod) and not is_critical(other):
        return True
    mine, its = pod["spec"].get("priority"), other["spec"].get("priority")
    return mine is not None and its is not None and mine > its


def left(needs: Needs, gone: list[dict]) -> Needs:
    """What is still missing once these Pods are gone."""
    asked = [pods.requests(each) for each in gone]
    found = {name: amount - sum(each.get(name, 0) for each in asked) for name, amount in needs.items()}
    return {name: amount for name, amount in found.items() if amount > 0}


def nearest(candidates: list[dict], needs: Needs) -> list[dict]:
    """Of these Pods, one after the other, who comes nearest to what is missing; of equals who asks for less. Raises NoRoom."""
    candidates, chosen = list(candidates), []
    while needs:
        if not candidates:
            raise NoRoom(f"no set of running pods found to reclaim resources: {text(needs)}")
        best = min(range(len(candidates)), key=lambda at: (_distance(candidates[at], needs), *_size(candidates[at]), -at))
        needs = left(needs, [candidates[best]])
        chosen.append(candidates[best])
        candidates[best] = candidates[-1]
        candidates.pop()
    return chosen


def _distance(pod: dict, needs: Needs) -> float:
    asked = pods.requests(pod)
    return sum((max(0, amount - asked.get(name, 0)) / amount) ** 2 for name, amount in needs.items())


def _size(pod: dict) -> tuple[int, int]:
    asked = pods.requests(pod)
    return asked.get("memory", 0), asked.get("cpu", 0)


def text(needs: Needs) -> str:
    return "[" + "".join(f"(res: {name}, q: {amount}), " for name, amount in needs.items()) + "]"
