"""One look at one DaemonSet: nodes that lack a Pod, Pods that do not belong, Pods to be replaced, and the counts.

Source: pkg/controller/daemon/daemon_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.meta.objects import key_of

from . import _daemonset_nodes as nodes
from . import _daemonset_rollout as rollouts
from . import _pods
from ._daemonset_history import DaemonHistory, digest_of
from ._history import POD_LABEL
from ._pod_control import is_terminating_namespace
from ._rollout import SyncError
from ._tasks import all_at_once, slow_start

BURST_REPLICAS = 250
STATUS_UPDATE_RETRIES = 1
ALWAYS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
COUNTS = (*ALWAYS, "updatedNumberScheduled", "numberAvailable", "numberUnavailable")


class Look:
    """`run` is a unit of work; it returns an error text."""

    def __init__(self, controller, daemon_set: dict):
        self.controller, self.client, self.daemon_set = controller, controller.client, daemon_set
        self.key, self.now_unix_ms = key_of(daemon_set), controller.now_unix_ms
        self.history = DaemonHistory(controller, daemon_set)
        self.nodes = controller.nodes.items()
        demands = nodes.Demands(daemon_set)
        self.verdicts = {node["metadata"]["name"]: demands.judge(node) for node in self.nodes}
        self.wait_s = daemon_set["spec"].get("minReadySeconds") or 0
        self.desired = sum(should_run for should_run, _ in self.verdicts.values())
        self.deletions: list[tuple[dict, str]] = []  # (Pod, why)

    def run(self) -> Iterator[Any]:
        """Source: syncDaemonSet."""
        try:
            current, old = yield from self.history.construct()
        except SyncError as error:
            return str(error)
        self.digest = digest_of(current)
        if not self._is_satisfied():
            self._compared("wait", 0)
            return (yield from self._report(is_observed=False))
        error = yield from self._update(old)
        unwritten = yield from self._report(is_observed=True)
        return error or unwritten

    def _is_satisfied(self) -> bool:
        return self.controller.state.expectations.are_satisfied(self.key, self.controller.now_ms)

    def _update(self, old: list[dict]) -> Iterator[Any]:
        """Source: updateDaemonSet."""
        try:
            error = yield from self._manage()
            if not error and self._is_satisfied() and self.daemon_set["spec"]["updateStrategy"]["type"] == "RollingUpdate":
                error = yield from self._roll()
            if not error:
                yield from self.history.clean_up(old, (yield from self.history.pods()))
        except SyncError as refused:
            return str(refused)
        return error

    # -- one Pod a node ---------------------------------------------------------------------------------------------

    def _manage(self) -> Iterator[Any]:
        """Source: manage, podsShouldBeOnNode, getUnscheduledPodsWithoutNode."""
        placed = nodes.by_node((yield from self.history.pods()))
        self.deletions, create = [], []
        for name, (should_run, may_stay) in self.verdicts.items():
            pods = placed.get(name)
            if (should_run and pods is None) or (may_stay and self._tidy(name, pods or []) and should_run):
                create.append(name)
            elif not may_stay:
                self._drop(pods or (), "misplaced")
        for name, pods in placed.items():
            if name not in self.verdicts:
                self._drop([pod for pod in pods if not pod["spec"].get("nodeName")], "nowhere")
        return (yield from self._sync_nodes(create, sum(map(len, placed.values()))))

    def _drop(self, pods, why: str) -> None:
        self.deletions += [(pod, why) for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def _tidy(self, name: str, pods: list[dict]) -> bool:
        """Delete what has ended and what is too much on a node; whether a surging set has no Pod left there."""
        running = []
        for pod in pods:
            if "deletionTimestamp" not in pod["metadata"] and not self._is_over(name, pod):
                running.append(pod)
        running = nodes.oldest_first(running)
        if not rollouts.surge(self.daemon_set, 1):
            self._drop(running[1:], "excess")
            return False
        if len(running) > 1:
            self._keep_two(running)
        return not running

    def _is_over(self, name: str, pod: dict) -> bool:
        """Whether a Pod has ended: it is deleted, a failed one only after a back-off."""
        what = f"daemon pod {key_of(pod)} on node {name}, will try to"
        if _pods.phase(pod) == "Succeeded":
            self.controller.recorder.event(self.daemon_set, "Normal", "SucceededDaemonPod", f"Found succeeded {what} delete it")
            self._drop([pod], "ended")
            return True
        if _pods.phase(pod) != "Failed":
            return False
        observed = (self.daemon_set.get("status") or {}).get("observedGeneration", 0)
        backoff_key = f"{self.daemon_set['metadata']['uid']}/{observed}/{name}"
        wait_ms = self.controller.failed_pods.wait_ms(backoff_key, self.now_unix_ms)
        if wait_ms:
            self.controller.queue.add_after(self.key, wait_ms)
            return True
        self.controller.failed_pods.next(backoff_key, self.now_unix_ms)
        self.controller.recorder.event(self.daemon_set, "Warning", "FailedDaemonPod", f"Found failed {what} kill it")
        self._drop([pod], "ended")
        return True

    def _keep_two(self, running: list[dict]) -> None:
        """While surging a node has the oldest old Pod, if it is ready, and the oldest new one until that is available."""
        kept: dict[bool, dict] = {}
        for pod in running:
            is_new = (pod["metadata"].get("labels") or {}).get(POD_LABEL) == self.digest
            if is_new in kept:
                self._drop([pod], "excess")
            else:
                kept[is_new] = pod
        if len(kept) == 2 and (not _pods.is_ready(kept[False]) or _pods.is_available(kept[True], self.wait_s, self.now_unix_ms)):
            self._drop([kept[False]], "outdated")

    def _roll(self) -> Iterator[Any]:
        """Source: rollingUpdate."""
        placed = nodes.by_node((yield from self.history.pods()))
        for name, (should_run, _) in self.verdicts.items():
            if should_run:
                placed.setdefault(name, [])
        rollout = rollouts.Rollout(self.daemon_set, placed, self.digest, desired=self.desired, now_unix_ms=self.now_unix_ms,
                                   runs_on=lambda name: self.verdicts.get(name, (False, False))[0])
        step = rollout.step()
        self.deletions = [(pod, "outdated") for pod in step.delete]
        return (yield from self._sync_nodes(step.create, sum(map(len, placed.values())), is_rollout=True))

    # -- creating and deleting --------------------------------------------------------------------------------------

    def _sync_nodes(self, create: list[str], found: int, *, is_rollout: bool = False) -> Iterator[Any]:
        """Source: syncNodes."""
        create, deletions = create[:BURST_REPLICAS], self.deletions[:BURST_REPLICAS]
        self.controller.state.expectations.expect(self.key, len(create), [key_of(pod) for pod, _ in deletions], self.controller.now_ms)
        words = [f"{verb} {len(what)}" for verb, what in (("create", create), ("delete", deletions)) if what]
        if words or not is_rollout:
            self._compared(", ".join(words) or "nothing", found)
        self._explain(create, deletions)
        error = yield from self._create(create)
        replies = yield from all_at_once(self._delete(pod) for pod, _ in deletions)
        return error or next((reply for reply in replies if reply), "")

    def _explain(self, create: list[str], deletions: list[tuple[dict, str]]) -> None:
        for name in create:
            self.controller.trace("DaemonPodWanted", f"nodes//{name}", owner=self.key)
        for pod, why in deletions:
            self.controller.trace("DaemonPodUnwanted", f"pods/{key_of(pod)}", owner=self.key, node=nodes.node_of(pod), why=why)

    def _create(self, names: list[str]) -> Iterator[Any]:
        pod, rest = nodes.new_pod(self.daemon_set, self.digest), iter(names)
        made, error = yield from slow_start(len(names), lambda: self._create_one(nodes.on_node(pod, next(rest))))
        self.controller.state.expectations.creation_observed(self.key, len(names) - made)
        return error

    def _create_one(self, pod: dict) -> Iterator[Any]:
        reply = yield from self.controller.control.create(self.daemon_set, pod)
        if reply.ok:
            self.controller.state.writes.wrote(self.key, "pods", reply.body)
        return "" if reply.ok or is_terminating_namespace(reply) else reply.message or "create failed"

    def _delete(self, pod: dict) -> Iterator[Any]:
        reply = yield from self.controller.control.delete(self.daemon_set, pod)
        if not reply.ok:
            self.controller.state.expectations.deletion_observed(self.key, key_of(pod))
        return "" if reply.ok or reply.code == 404 else reply.message or "delete failed"

    def _compared(self, so: str, found: int) -> None:
        self.controller.trace("ReconcileCompared", self.controller.subject(self.key), wanted=self.desired, found=found, so=so)

    # -- status -----------------------------------------------------------------------------------------------------

    def _count(self, placed: dict[str, list[dict]]) -> dict[str, int]:
        """Source: updateDaemonSetStatus."""
        counts = {**dict.fromkeys(COUNTS, 0), "desiredNumberScheduled": self.desired}
        template_generation = nodes.generation(self.daemon_set)
        for name, (should_run, _) in self.verdicts.items():
            pods = placed.get(name)
            if not pods:
                continue
            if not should_run:
                counts["numberMisscheduled"] += 1
                continue
            pod = nodes.oldest_first(pods)[0]
            counts["currentNumberScheduled"] += 1
            counts["numberReady"] += _pods.is_ready(pod)
            counts["numberAvailable"] += _pods.is_available(pod, self.wait_s, self.controller.now_unix_ms)
            counts["updatedNumberScheduled"] += nodes.is_updated(pod, self.digest, template_generation)
        counts["numberUnavailable"] = self.desired - counts["numberAvailable"]
        return counts

    def _report(self, *, is_observed: bool) -> Iterator[Any]:
        try:
            counts = self._count(nodes.by_node((yield from self.history.pods())))
        except SyncError as error:
            return str(error)
        error = yield from self._write(counts, is_observed)
        if not error and self.wait_s and counts["numberReady"] != counts["numberAvailable"]:
            self.controller.queue.add_after(self.key, self.wait_s * 1000)
        return error

    def _write(self, counts: dict[str, int], is_observed: bool) -> Iterator[Any]:
        """One PUT, and one more on a fresh copy. Source: storeDaemonSetStatus."""
        daemon_set, old = self.daemon_set, self.daemon_set.get("status") or {}
        meta = daemon_set["metadata"]
        generation = meta.get("generation", 0)
        if all(old.get(name, 0) == counts[name] for name in COUNTS) and old.get("observedGeneration", 0) >= generation:
            return ""
        for attempt in range(STATUS_UPDATE_RETRIES + 1):
            status = wire(daemon_set.get("status") or {}, counts, generation if is_observed else None)
            reply = yield self.client.update("daemonsets", {**daemon_set, "status": status}, subresource="status")
            if reply.ok:
                self.controller.state.writes.wrote(self.key, "daemonsets", reply.body)
                return ""
            if attempt < STATUS_UPDATE_RETRIES:
                fresh = yield self.client.get("daemonsets", meta["name"], meta["namespace"])
                if not fresh.ok:
                    return fresh.message or "get failed"
                daemon_set = fresh.body
        return reply.message or "update failed"


def wire(old: dict, counts: dict[str, int], generation: int | None) -> dict:
    """The status as it is written: in the order of the Go struct, without zeros that it leaves out."""
    observed = old.get("observedGeneration", 0) if generation is None else generation
    status = {name: counts[name] for name in ALWAYS} | {"observedGeneration": observed} | {name: counts[name] for name in COUNTS[len(ALWAYS):]}
    kept = {name: old[name] for name in ("collisionCount", "conditions") if name in old}
    return {name: value for name, value in status.items() if value or name in ALWAYS} | kept
