"""daemonset-controller: one Pod on every node that a DaemonSet's Pod fits.

Source: pkg/controller/daemon/daemon_controller.go. What one look does is in _daemonset_update.py. Its second queue, of
nodes that changed, is left out: a node's change is judged as it comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.meta.objects import controller_of, key_of

from . import _daemonset_nodes as nodes
from . import _history as history
from . import _pods, _taints
from ._claims import controller_index, resolve, selecting
from ._daemonset_update import Look
from ._expectations import Expectations
from ._failed_pods import FailedPods
from ._own_writes import OwnWrites
from ._pod_control import PodControl

SKEW_MS = 1000  # added to minReadySeconds against clocks that differ by milliseconds


@dataclass
class DaemonSetState:
    expectations: Expectations = field(default_factory=Expectations)
    writes: OwnWrites = field(default_factory=OwnWrites)
    failed: FailedPods = field(default_factory=FailedPods)


class DaemonSetController(Controller):
    """Its keys are DaemonSets; it makes and deletes Pods, and says by a node affinity where each belongs."""

    NAME = "daemonset-controller"
    RESOURCE = "daemonsets"
    WORKERS = 2  # --concurrent-daemonset-syncs

    def setup(self) -> None:
        self.state = DaemonSetState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component=self.NAME))
        self.control = PodControl(self.client, self.recorder)

    def watch(self, informers) -> None:
        self.daemon_sets = informers.watch("daemonsets")
        self.pods = informers.watch("pods", indexes={"controller": controller_index})
        self.revisions = informers.watch("controllerrevisions", indexes={"controller": controller_index})
        self.nodes = informers.watch("nodes")
        self.history = history.History(self, self.revisions)
        self.written = {"pods": self.pods, "daemonsets": self.daemon_sets}
        self.daemon_sets.on(self.on_daemon_set)
        self.revisions.on_owned("DaemonSet", self.on_revision)
        self.pods.on_owned("DaemonSet", self.on_pod)
        self.nodes.on(self.on_node)

    @property
    def account(self) -> str:
        return "daemon-set-controller"

    @property
    def now_unix_ms(self) -> int:
        return self.engine.clock.unix_ms(self.now_ms)

    @property
    def failed_pods(self) -> FailedPods:
        return self.state.failed

    # -- news -------------------------------------------------------------------------------------------------------

    def on_daemon_set(self, kind: str, old: dict | None, new: dict) -> None:
        """Any change of a DaemonSet is reason to look at it."""
        if kind == "DELETED" or (old is not None and old["metadata"]["uid"] != new["metadata"]["uid"]):
            self._forget(key_of(new))
        self.queue.add(key_of(new))

    def _forget(self, key: str) -> None:
        self.state.expectations.forget(key)
        self.state.writes.forget(key)

    def on_revision(self, kind: str, old: dict | None, new: dict) -> None:
        """A new revision of our own is no news; a changed or lost one is, and so is an orphan."""
        reference = controller_of(new)
        before = self._left(kind, old, new)
        if reference is not None:
            if kind != "ADDED":
                self._wake(new)
        elif kind == "ADDED" or (kind == "MODIFIED" and (before or _labels(old) != _labels(new))):
            self._offer(new)

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """Find the DaemonSets that a Pod's change concerns. Source: addPod, updatePod, deletePod."""
        if kind == "DELETED" or "deletionTimestamp" in new["metadata"]:
            owner = self._wake(new)
            if owner is not None:
                self.state.expectations.deletion_observed(key_of(owner), key_of(new))
            return
        before = self._left(kind, old, new)
        if controller_of(new) is not None:
            owner = self._wake(new)
            if owner is not None and kind == "ADDED":
                self.state.expectations.creation_observed(key_of(owner))
            elif owner is not None:
                self._plan_availability_check(owner, old, new)
        elif kind == "ADDED" or before or _labels(old) != _labels(new):
            self._offer(new)

    def _left(self, kind: str, old: dict | None, new: dict) -> bool:
        """Wake the DaemonSet that an object has left; whether it had a controller that it has no more."""
        before = controller_of(old) if kind == "MODIFIED" else None
        if before is None or before == controller_of(new):
            return False
        self._wake(old)
        return True

    def _wake(self, obj: dict) -> dict | None:
        """Look at the DaemonSet that controls an object; which one that is."""
        owner = resolve(self.daemon_sets, obj["metadata"].get("namespace", ""), controller_of(obj), "DaemonSet")
        if owner is not None:
            self.queue.add(key_of(owner))
        return owner

    def _offer(self, obj: dict) -> None:
        for daemon_set in selecting(self.daemon_sets.items(), obj):
            self.queue.add(key_of(daemon_set))

    def _plan_availability_check(self, owner: dict, old: dict, new: dict) -> None:
        wait_s = owner["spec"].get("minReadySeconds") or 0
        if wait_s and not _pods.is_ready(old) and _pods.is_ready(new):
            self.queue.add_after(key_of(owner), wait_s * 1000 + SKEW_MS)

    def on_node(self, kind: str, old: dict | None, new: dict) -> None:
        """A node that is new, or has other labels or taints, may get a Pod or lose one. Source: syncNodeUpdate."""
        if kind == "DELETED" or (old is not None and _labels(old) == _labels(new) and _taints.of(old) == _taints.of(new)):
            return
        for daemon_set in self.daemon_sets.items():
            should_run, may_stay = nodes.Demands(daemon_set).judge(new)
            owned = self.pods.by("controller", daemon_set["metadata"]["uid"])
            is_there = any(pod["spec"].get("nodeName") == new["metadata"]["name"] for pod in owned)
            is_misplaced = ((daemon_set.get("status") or {}).get("numberMisscheduled") or 0) > 0
            if (not may_stay or is_misplaced) if is_there else should_run:
                self.queue.add(key_of(daemon_set))

    # -- sync -------------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        if not self.state.writes.are_seen(key, self.written):
            self.trace("OwnWritesAwaited", self.subject(key))
            return "retry"
        daemon_set = self.daemon_sets.get(key)
        if daemon_set is None:
            self._forget(key)
            return None
        if daemon_set["spec"].get("selector") == {}:
            message = "This daemon set is selecting all pods. A non-empty selector is required."
            self.recorder.event(daemon_set, "Warning", "SelectingAll", message)
            return None
        if "deletionTimestamp" in daemon_set["metadata"]:
            return None
        error = yield from Look(self, daemon_set).run()
        if error:
            self.trace("SyncFailed", self.subject(key), message=error)
        return "retry" if error else None


def _labels(obj: dict) -> dict:
    return obj["metadata"].get("labels") or {}
