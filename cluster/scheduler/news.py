"""What the scheduler hears: of Nodes, Pods and storage. Its cache and its queue follow, and Pods that wait are tried again.

Source: kubernetes pkg/scheduler/eventhandlers.go, backend/queue/scheduling_queue.go (MoveAllToActiveOrBackoffQueue).
"""

from __future__ import annotations

from cluster.meta.objects import key_of

from .events import node_changes, pod_changes
from .framework import interested
from .pods import PodInfo
from .preempting import claim_ended
from .profiles import STANDARD
from .queue import ACTIVE, WAITING, Entry

GATES = "SchedulingGates"
STORAGE = {  # resource -> its changes' names
    "persistentvolumeclaims": "claim", "persistentvolumes": "volume", "storageclasses": "class", "csinodes": "csinode",
    "csidrivers": "driver", "csistoragecapacities": "capacity", "volumeattachments": "attachment",
}  # fmt: skip


class News:
    """Part of the scheduler."""

    def __init__(self, scheduler):
        self.scheduler = scheduler

    # -- news of nodes -----------------------------------------------------------------------------------------

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        scheduler = self.scheduler
        name = new["metadata"]["name"]
        if kind == "DELETED":
            self.moved("node/delete", new, None)
            scheduler.cache.remove_node(name)
        elif old is None:
            scheduler.cache.set_node(new)
            self.moved("node/add", None, new)
        else:
            scheduler.cache.set_node(new)
            for change in node_changes(old, new):
                self.moved(change, old, new)

    def on_storage(self, resource: str, kind: str, old: dict | None, new: dict) -> None:
        """Of what volumes need (STORAGE): Pods that fitted nowhere may fit now, and placed ones whose claims are bound go on."""
        scheduler = self.scheduler
        if resource == "persistentvolumeclaims" and scheduler.state.waiting:
            scheduler.volumes.on_claim(new)
        if scheduler.queue.waiting:
            change = "delete" if kind == "DELETED" else "add" if old is None else "update"
            self.moved(f"{STORAGE[resource]}/{change}", old, new)

    def on_selecting(self, kind: str, old: dict | None, new: dict) -> None:
        """Of what selects Pods that are spread by default: only its selector matters."""
        if kind != "MODIFIED" or old["spec"].get("selector") != new["spec"].get("selector"):
            self.scheduler.cache.outlooks.clear()

    def on_namespace(self, kind: str, old: dict | None, new: dict) -> None:
        """Whom Pods that are there shun may follow from the labels of a namespace."""
        if kind != "MODIFIED" or old["metadata"].get("labels") != new["metadata"].get("labels"):
            self.scheduler.cache.outlooks.clear()

    # -- news of Pods ------------------------------------------------------------------------------------------

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        if kind == "DELETED":
            self._gone(old or new)
        elif new["spec"].get("nodeName"):
            self._assigned(old, new)
        elif new["spec"].get("schedulerName", STANDARD) in self.scheduler.profiles:
            self._unassigned(old, new)

    def _gone(self, pod: dict) -> None:
        scheduler = self.scheduler
        key = key_of(pod)
        scheduler.queue.forget(key)
        scheduler.state.assumed.pop(key, None)
        scheduler.volumes.forget(key)
        if key in scheduler.state.nominated:
            self.nominate(key, "")
        info = scheduler.cache.remove_pod(key)
        if info is not None:
            self.moved("pod/delete", info, None)
        else:
            claim_ended(scheduler, pod, None)

    def _assigned(self, old: dict | None, new: dict) -> None:
        """A Pod has a node: by our binding, by somebody else's, or from its creation."""
        scheduler = self.scheduler
        was_assigned = old is not None and bool(old["spec"].get("nodeName"))
        if was_assigned and _is_as_before(old, new) and scheduler.cache.report(new):
            return
        key, node = key_of(new), new["spec"]["nodeName"]
        scheduler.queue.forget(key)
        scheduler.state.assumed.pop(key, None)
        if key in scheduler.state.nominated:
            self.nominate(key, "")
        cache = scheduler.cache
        before = cache.get_pod(key)
        info = before.updated(new) if before is not None and before.uid == new["metadata"].get("uid") else PodInfo(new)
        cache.add_pod(info, node)
        if not was_assigned:
            self.moved("pod/add", None, info)
        else:
            for change in pod_changes(before or PodInfo(old), info):
                self.moved(change, before or PodInfo(old), info)

    def _unassigned(self, old: dict | None, new: dict) -> None:
        scheduler = self.scheduler
        key = key_of(new)
        assumed = scheduler.state.assumed.get(key)
        if assumed is not None:
            if "deletionTimestamp" in new["metadata"]:
                self.forget_assumed(key)
            return
        self._renominate(key, old, new)
        entry = scheduler.queue.get(key)
        if entry is None:
            self._enqueue(key, new)
        elif entry.where == WAITING and old is not None:
            self._reconsider(entry, PodInfo(old), PodInfo(new))
        if old is not None:
            claim_ended(scheduler, old, new)

    def _renominate(self, key: str, old: dict | None, new: dict) -> None:
        """Nodes are nominated in memory first; a Pod that was never said to have one does not lose it.

        Source: backend/queue/nominator.go (UpdateNominatedPod).
        """
        scheduler, now = self.scheduler, _nominated(new)
        if now or (old is not None and _nominated(old)):
            self.nominate(key, now, new)
        elif key in scheduler.state.nominated:
            self.nominate(key, scheduler.state.nominated[key], new)

    def nominate(self, key: str, node: str, pod: dict | None = None) -> None:
        """Note the node that is being freed for a Pod; "" ends it."""
        scheduler = self.scheduler
        if node:
            scheduler.state.nominated[key] = node
            scheduler.cache.nominate(PodInfo(pod), node)
        elif key in scheduler.state.nominated:
            del scheduler.state.nominated[key]
            scheduler.cache.withdraw(key)

    def _enqueue(self, key: str, pod: dict) -> None:
        scheduler, spec = self.scheduler, pod["spec"]
        entry = scheduler.queue.make(key, pod["metadata"].get("uid", ""), spec.get("priority") or 0, now_ms=scheduler.now_ms)
        if spec.get("schedulingGates") and scheduler.profiles[spec["schedulerName"]].holds_gated:
            entry.gated, entry.plugins = True, [GATES]
            scheduler.queue.move(entry, WAITING)
            scheduler.trace_queued(entry, "gated")
        else:
            scheduler.queue.move(entry, ACTIVE)
            scheduler.trace_queued(entry, ACTIVE)
            scheduler.make_due()

    def _reconsider(self, entry: Entry, old: PodInfo, new: PodInfo) -> None:
        """A waiting Pod was itself changed."""
        for change in pod_changes(old, new):
            if self._may_help(entry, new.pod, change, old, new):
                entry.gated = False
                self.scheduler.requeue(entry)
                return

    def forget_assumed(self, key: str) -> None:
        scheduler = self.scheduler
        scheduler.state.assumed.pop(key, None)
        scheduler.volumes.forget(key)
        info = scheduler.cache.remove_pod(key)
        if info is not None:
            self.moved("pod/delete", info, None)

    def moved(self, change: str, old, new, up_to: int | None = None) -> None:
        """Something changed: waiting Pods, up to a priority, that it may help are tried again (MoveAllToActiveOrBackoffQueue)."""
        scheduler = self.scheduler
        if not scheduler.queue.waiting or not any(scheduler.queue.rejecting.get(name) for name in interested(change)):
            return
        for key in list(scheduler.queue.waiting):
            entry, pod = scheduler.queue.get(key), scheduler.pods.get(key)
            concerned = pod is not None and not entry.gated and (up_to is None or entry.priority <= up_to)
            concerned = concerned and (not entry.held or change == "pod/delete")  # of DefaultPreemption's own hints
            if concerned and self._may_help(entry, pod, change, old, new):
                scheduler.requeue(entry)

    def _may_help(self, entry: Entry, pod: dict, change: str, old, new) -> bool:
        """Whether a plugin that rejected this Pod asked to hear of such a change, and finds that it may help."""
        hints = [hint for name, hint in interested(change).items() if name in entry.plugins]
        info = PodInfo(pod) if hints else None
        return any(hint(info, old, new) for hint in hints)


def _nominated(pod: dict | None) -> str:
    return ((pod.get("status") or {}).get("nominatedNodeName") or "") if pod is not None else ""


def _is_as_before(old: dict, new: dict) -> bool:
    """Whether a Pod on its node is to the scheduler what it was, going or not; what it was resized to, its status tells."""
    before, after = old["metadata"], new["metadata"]
    is_going = "deletionTimestamp" in after
    return (
        new["spec"] is old["spec"] and ("deletionTimestamp" in before) is is_going and after.get("uid") == before.get("uid")
        and after.get("labels") == before.get("labels") and after.get("generation", 1) <= (2 if is_going else 1)
    )  # fmt: skip
