"""Carries a preemption out, beside the cycles that go on: victims are marked, deleted and told of; weaker claims to the node end.

Source: kubernetes pkg/scheduler/framework/preemption/executor.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster.engine import Sleep
from cluster.meta.condition_patch import setting

from .pods import PodInfo
from .profiles import STANDARD

MARK = "DisruptionTarget"
CALLED_OFF = "preempted by DefaultPreemption"


def preempt(scheduler, info: PodInfo, node: str, victims: tuple[PodInfo, ...]) -> Iterator:
    """Free a node for a Pod. All victims but the last go at once; while they do, the Pod is not tried again.

    Who only waits for its volumes there is not deleted: its binding is called off, and it goes back to the queue.
    """
    alive = [victim for victim in victims if not victim.terminating]
    if not alive:
        return
    state = scheduler.state
    state.preempting[info.key] = ""
    _end_weaker_claims(scheduler, info, node)
    waiting = [victim for victim in alive if scheduler.volumes.call_off(victim.key)]
    for one in waiting:
        _tell(scheduler, info, node, one, called_off=True)
    if waiting:
        scheduler.work(_give_back(scheduler, waiting))
    is_done, alive = True, [victim for victim in alive if victim not in waiting]
    if len(alive) > 1:
        is_done = yield from _go(scheduler, info, node, alive[:-1])
    if is_done and alive:
        state.preempting[info.key] = alive[-1].key
        is_done = yield from _go(scheduler, info, node, alive[-1:])
    state.preempting.pop(info.key, None)
    if not is_done:
        scheduler.activate(info.key)


def _give_back(scheduler, waiting: list[PodInfo]) -> Iterator:
    """Bindings that were called off end, beside all else, so that the Pod which needs the room is back in the queue and hears of it."""
    yield Sleep(1)
    for one in waiting:
        scheduler.volumes.fail(one.key, CALLED_OFF)


def is_held_back(scheduler, key: str) -> bool:
    """Whether a Pod's victims are still being deleted, so that trying it again would be too early."""
    if key not in scheduler.state.preempting:
        return False
    last = scheduler.pods.get(scheduler.state.preempting[key])
    if not scheduler.state.preempting[key]:
        return True
    return last is not None and "deletionTimestamp" not in last["metadata"]


def _go(scheduler, info: PodInfo, node: str, victims: list[PodInfo]) -> Iterator:
    """Mark and delete some Pods, side by side; whether all of it went well. One that is gone already is no failure."""
    client, now = scheduler.client, scheduler.engine.clock.text(scheduler.now_ms)
    profile = info.spec.get("schedulerName", STANDARD)
    marks = [marking(one.pod, now, profile) for one in victims]
    patches = [client.patch("pods", one.name, mark, namespace=one.namespace, subresource="status") for one, mark in zip(victims, marks, strict=True)]
    marked = yield patches
    going = [one for one, reply in zip(victims, marked, strict=True) if reply.ok]
    is_fine = all(reply.ok or reply.code == 404 for reply in marked)
    deleted = (yield [client.delete("pods", one.name, namespace=one.namespace) for one in going]) if going else []
    for one, reply in zip(going, deleted, strict=True):
        if reply.ok:
            _tell(scheduler, info, node, one)
    return is_fine and all(reply.ok or reply.code == 404 for reply in deleted)


def _tell(scheduler, info: PodInfo, node: str, one: PodInfo, *, called_off: bool = False) -> None:
    """Source: PreemptPod."""
    more = {"called_off": True} if called_off else {}
    scheduler.trace("PodPreempted", f"pods/{one.key}", node=node, preemptor=info.key, priority=one.priority, higher=info.priority, **more)
    note = f"Preempted by pod {info.uid} on node {node}" + (" (in kube-scheduler memory)." if called_off else "")
    scheduler.recorder.event(one.pod, "Normal", "Preempted", "Preempting", note, related=info.pod,
                             source=info.spec.get("schedulerName", STANDARD))  # fmt: skip


def marking(pod: dict, now: str, profile: str = STANDARD) -> dict:
    """The patch of a victim's status that says why it goes. profile: of the Pod that comes."""
    condition = {"type": MARK, "status": "True", "reason": "PreemptionByScheduler", "lastProbeTime": None, "lastTransitionTime": now,
                 "message": f"{profile}: preempting to accommodate a higher priority pod"}
    if "generation" in pod["metadata"]:
        condition["observedGeneration"] = pod["metadata"]["generation"]
    conditions = (pod.get("status") or {}).get("conditions") or []
    known = next((one for one in conditions if one["type"] == MARK and one["status"] == "True"), {})
    condition["lastTransitionTime"] = known.get("lastTransitionTime") or now
    return {"status": setting(conditions, condition)}


def _end_weaker_claims(scheduler, info: PodInfo, node: str) -> None:
    """Pods of lower priority for which the same node was being freed lose it. Source: clearNominatedNodeName."""
    for other in list(scheduler.cache.nominated.get(node, {}).values()):
        if other.priority < info.priority and other.nominated:
            patch = {"status": {"nominatedNodeName": None}}
            scheduler.client.send(scheduler.client.patch("pods", other.name, patch, namespace=other.namespace, subresource="status"))


def claim_ended(scheduler, old: dict | None, new: dict | None) -> None:
    """Where a node is no longer kept free for a Pod: to those that matter no more, it is as if that Pod had left it.

    Source: eventhandlers.go (deletePodFromSchedulingQueue, hasNominatedNodeNameChanged, getLEPriorityPreCheck).
    """
    was, now = (((pod or {}).get("status") or {}).get("nominatedNodeName") for pod in (old, new))
    if was and was != now:
        info = PodInfo(old)
        scheduler.news.moved("pod/delete", info, None, up_to=info.priority)
