"""statefulset-controller: Pods with names and storage that stay theirs, one after another or all at once.

Source: pkg/controller/statefulset/stateful_set.go. What one look does is in _statefulset_update.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.meta import labels
from cluster.meta.objects import controller_of, key_of

from . import _history as history
from . import _pods
from ._claims import Claim, controller_index, resolve, selecting, verdict
from ._own_writes import OwnWrites
from ._statefulset_identity import is_member
from ._statefulset_pods import StatefulPods
from ._statefulset_update import Update


@dataclass
class StatefulSetState:
    """awaited: by key, which Pod is waited for and until when, as told last."""

    writes: OwnWrites = field(default_factory=OwnWrites)
    awaited: dict[str, str] = field(default_factory=dict)


class StatefulSetController(Controller):
    """Its keys are StatefulSets; it makes and deletes Pods, claims and revisions, and adopts what is theirs by name."""

    NAME = "statefulset-controller"
    RESOURCE = "statefulsets"

    def setup(self) -> None:
        self.state = StatefulSetState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component=self.NAME))
        self.pod_control = StatefulPods(self)

    def watch(self, informers) -> None:
        self.stateful_sets = informers.watch("statefulsets")
        self.pods = informers.watch("pods", indexes={"controller": controller_index})
        self.claims = informers.watch("persistentvolumeclaims")
        self.revisions = informers.watch("controllerrevisions", indexes={"controller": controller_index})
        self.history = history.History(self, self.revisions)
        self.written = {"pods": self.pods, "persistentvolumeclaims": self.claims, "statefulsets": self.stateful_sets}
        self.stateful_sets.on(self.on_stateful_set)
        self.pods.on_owned("StatefulSet", self.on_pod)

    @property
    def now_unix_ms(self) -> int:
        return self.engine.clock.unix_ms(self.now_ms)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_stateful_set(self, kind: str, old: dict | None, new: dict) -> None:
        """Any change of a StatefulSet is reason to look at it."""
        self.queue.add(key_of(new))

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """Find the StatefulSets that a Pod's change concerns. Source: addPod, updatePod, deletePod."""
        reference = controller_of(new)
        before = controller_of(old) if kind == "MODIFIED" else None
        if before is not None and before != reference and (previous := self._owner(old)) is not None:
            self.queue.add(key_of(previous))
        if reference is not None:
            owner = self._owner(new)
            if owner is not None:
                self._changed(key_of(owner), owner, old if kind == "MODIFIED" else None, new)
        elif kind != "DELETED" and (old is None or before or _labels(old) != _labels(new)):
            for stateful_set in selecting(self.stateful_sets.items(), new):
                self.queue.add(key_of(stateful_set))

    def _owner(self, pod: dict) -> dict | None:
        return resolve(self.stateful_sets, pod["metadata"].get("namespace", ""), controller_of(pod), "StatefulSet")

    def _changed(self, key: str, owner: dict, old: dict | None, new: dict) -> None:
        self.queue.add(key)
        wait_s = owner["spec"].get("minReadySeconds") or 0
        if wait_s and old is not None and not _pods.is_ready(old) and _pods.is_ready(new):
            self.queue.add_after(key, wait_s * 1000)

    # -- sync -------------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        if not self.state.writes.are_seen(key, self.written):
            self.trace("OwnWritesAwaited", self.subject(key))
            return "retry"
        stateful_set = self.stateful_sets.get(key)
        if stateful_set is None:
            self.state.writes.forget(key)
            self.state.awaited.pop(key, None)
            return None
        if (yield from self._adopt_revisions(stateful_set)):
            return "retry"
        pods, error = yield from self._claim(stateful_set)
        if error:
            return "retry"
        update = Update(self, stateful_set, pods)
        status, error = yield from update.run()
        if error:
            self.trace("SyncFailed", self.subject(key), message=error)
            return "retry"
        self._plan_availability_check(key, update, status)
        return None

    def _plan_availability_check(self, key: str, update: Update, status: dict) -> None:
        if update.wait_s and status["readyReplicas"] != status["availableReplicas"]:
            next_ms = _pods.next_availability_ms(update.pods, update.wait_s, update.now_unix_ms)
            self.queue.add_after(key, update.wait_s * 1000 if next_ms is None else next_ms)

    def _adopt_revisions(self, stateful_set: dict) -> Iterator[Any]:
        """Make orphaned revisions ours; returns an error text. Source: adoptOrphanRevisions."""
        selector = labels.from_object(stateful_set["spec"]["selector"])
        free = [one for one in self.revisions.by("controller", stateful_set["metadata"]["namespace"] + "/")
                if selector.matches(one["metadata"].get("labels"))]
        if not free:
            return ""
        if "deletionTimestamp" in stateful_set["metadata"]:
            return f"can't adopt ControllerRevisions: {key_of(stateful_set)} has just been deleted"
        _, error = yield from self._claim_of(stateful_set, history.RESOURCE).run(free)
        return error

    def _claim(self, stateful_set: dict) -> Iterator[Any]:
        """(Pods of this set, error): its own, and orphans that it selects and whose names are of it."""
        meta, selector = stateful_set["metadata"], stateful_set["spec"]["selector"]
        claim = self._claim_of(stateful_set, "pods")
        claim.fits = lambda pod: is_member(stateful_set, pod)
        claim.wrote = lambda pod: self.state.writes.wrote(key_of(stateful_set), "pods", pod)
        orphans = [pod for pod in self.pods.by("controller", meta["namespace"] + "/")
                   if verdict(stateful_set, selector, pod, claim.fits) == "adopt"]
        return (yield from claim.run(self.pods.by("controller", meta["uid"]) + orphans))

    def _claim_of(self, stateful_set: dict, resource: str) -> Claim:
        return Claim(client=self.client, owner=stateful_set, owner_resource="statefulsets", api_version="apps/v1",
                     kind="StatefulSet", selector=stateful_set["spec"]["selector"], resource=resource, trace=self.trace)


def _labels(obj: dict) -> dict:
    return obj["metadata"].get("labels") or {}
