"""replicaset-controller: keeps as many Pods of a template alive as asked for.

Source: pkg/controller/replicaset/replica_set.go, replica_set_utils.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.meta.objects import controller_of, key_of

from . import _deletion_rank, _pods, _replicaset_status
from ._claims import Claim, controller_index, controller_reference, resolve, selecting, verdict
from ._expectations import Expectations
from ._own_writes import OwnWrites
from ._pod_control import is_terminating_namespace, pod_from_template
from ._replicaset_status import Counts
from ._tally import Tally, basis
from ._tasks import Task, slow_start

BURST_REPLICAS = 500
STATUS_UPDATE_RETRIES = 1


@dataclass
class ReplicaSetState:
    expectations: Expectations = field(default_factory=Expectations)
    writes: OwnWrites = field(default_factory=OwnWrites)


class ReplicaSetController(Controller):
    """Its keys are ReplicaSets; it creates, deletes, adopts and releases Pods and writes ReplicaSets' status."""

    NAME = "replicaset-controller"
    RESOURCE = "replicasets"
    KIND, API_VERSION = "ReplicaSet", "apps/v1"
    SAYS_TERMINATING = True  # status.terminatingReplicas
    AWAITS_OWN_WRITES = True  # StaleControllerConsistencyReplicaSet

    def setup(self) -> None:
        self.state = ReplicaSetState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component=self.NAME))
        self.tallies: dict[str, Tally] = {}  # by uid; derived from the informers, so no part of the state

    def watch(self, informers) -> None:
        self.replica_sets = self.owners(informers.watch(self.RESOURCE, indexes={"controller": controller_index}))
        self.pods = informers.watch("pods", indexes={"controller": controller_index})
        self.written = {"pods": self.pods, self.RESOURCE: self.replica_sets}
        self.replica_sets.on(self.on_replica_set)
        self.pods.on_owned(self.KIND, self.on_pod, report=self.on_report)

    def owners(self, informer):
        """The informer of what this controller looks after."""
        return informer

    def seen(self, owner: dict) -> dict:
        """A stored owner as this controller looks at it."""
        return owner

    def stored(self, replica_set: dict) -> dict:
        """An owner as the API server has it."""
        return replica_set

    def drop_memory(self) -> None:
        super().drop_memory()
        self.tallies = {}

    def restore(self, data: dict) -> None:
        super().restore(data)
        self.tallies = {}

    @property
    def now_unix_ms(self) -> int:
        return self.engine.clock.unix_ms(self.now_ms)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_replica_set(self, kind: str, old: dict | None, new: dict) -> None:
        """Any change of a ReplicaSet is reason to look at it."""
        if kind == "DELETED" or (old is not None and old["metadata"]["uid"] != new["metadata"]["uid"]):
            gone = new if kind == "DELETED" else old
            self.tallies.pop(gone["metadata"]["uid"], None)
            self.state.expectations.forget(key_of(gone))
            self.state.writes.forget(key_of(gone))
        self.queue.add(key_of(new))

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """Find the ReplicaSets that a Pod's change concerns."""
        reference = controller_of(new)
        owner = self._named(new, reference)
        if reference is not None:
            self._count(new, reference, owner, gone=kind == "DELETED")
        if kind == "DELETED" or "deletionTimestamp" in new["metadata"]:
            self._going(new, owner)
        elif old is None:
            self._pod_added(new, reference, owner)
        else:
            self._pod_updated(old, new, reference, owner)

    def on_report(self, kind: str, old: dict, new: dict) -> None:
        """A Pod of the same owner tells how it does; it is counted under its owner's uid."""
        reference = controller_of(new)
        tally = self.tallies.get(reference["uid"]) if reference is not None else None
        owner = self._named(new, reference) if tally is None else self.replica_sets.get(tally.key)
        if owner is None or owner["metadata"]["uid"] != reference["uid"]:
            return
        if tally is not None:
            tally.put(owner, new)
        self._owned_pod_updated(old, new, owner)

    def _named(self, pod: dict, reference: dict | None) -> dict | None:
        """The owner that a Pod's reference means."""
        return resolve(self.replica_sets, pod["metadata"].get("namespace", ""), reference, self.KIND)

    def _going(self, pod: dict, owner: dict | None) -> None:
        if owner is not None:
            key = key_of(owner)
            self.state.expectations.deletion_observed(key, key_of(pod))
            self.queue.add(key)

    def _pod_added(self, pod: dict, reference: dict | None, owner: dict | None) -> None:
        if owner is not None:
            key = key_of(owner)
            self.state.expectations.creation_observed(key)
            self.queue.add(key)
        elif reference is None:
            self._offer(pod)

    def _offer(self, pod: dict) -> None:
        """An orphan: whoever selects it may want it."""
        for replica_set in selecting(self.replica_sets.items(), pod):
            self.queue.add(key_of(replica_set))

    def _pod_updated(self, old: dict, new: dict, reference: dict | None, owner: dict | None) -> None:
        before = controller_of(old)
        if before is not None and before is not reference and before != reference:
            self._left(old, before, reference)
        if reference is not None:
            if owner is not None:
                self._owned_pod_updated(old, new, owner)
        elif before is not None or old["metadata"].get("labels") != new["metadata"].get("labels"):
            self._offer(new)

    def _left(self, pod: dict, before: dict, reference: dict | None) -> None:
        """A Pod changed its controller: the old one must look again."""
        tally = self.tallies.get(before["uid"])
        if tally is not None and (reference is None or reference["uid"] != before["uid"]):
            tally.remove(pod)
        previous = self._named(pod, before)
        if previous is not None:
            self.queue.add(key_of(previous))

    def _owned_pod_updated(self, old: dict, new: dict, owner: dict) -> None:
        key = key_of(owner)
        self.queue.add(key)
        wait_s = owner["spec"].get("minReadySeconds")
        if wait_s and not _pods.is_ready(old) and _pods.is_ready(new):
            self.queue.add_after(key, wait_s * 1000)

    # -- counts -----------------------------------------------------------------------------------------------------

    def _count(self, pod: dict, reference: dict, owner: dict | None, *, gone: bool) -> None:
        tally = self.tallies.get(reference["uid"])
        if tally is None:
            return
        if gone:
            tally.remove(pod)
        elif owner is not None:
            tally.put(owner, pod)

    def tally(self, replica_set: dict) -> Tally:
        """A ReplicaSet's counts, made anew where none are kept or its selector or template labels changed."""
        uid = replica_set["metadata"]["uid"]
        tally = self.tallies.get(uid)
        if tally is None or tally.basis != basis(replica_set):
            tally = self.tallies[uid] = Tally(replica_set, self.pods.by("controller", uid))
        return tally

    # -- sync -------------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        if not self.state.writes.are_seen(key, self.written):
            self.trace("OwnWritesAwaited", self.subject(key))
            return "retry"
        replica_set = self.replica_sets.get(key)
        if replica_set is None:
            self.state.expectations.forget(key)
            return None
        satisfied = self.state.expectations.are_satisfied(key, self.now_ms)
        counts, error = yield from self._claim_and_count(replica_set)
        if error:
            return "retry"
        error = ""
        if "deletionTimestamp" not in replica_set["metadata"]:
            if satisfied:
                error = yield from self._manage(replica_set, counts.active)
            else:
                self._compared(replica_set, counts.active, "wait")
        return (yield from self._report(replica_set, counts, error))

    def _claim_and_count(self, replica_set: dict) -> Iterator[Any]:
        """(counts, error); looks at single Pods only where one has to be adopted, released or timed."""
        tally = self.tally(replica_set)
        adoptable = self._adoptable(replica_set)
        wait_s = replica_set["spec"].get("minReadySeconds", 0)
        if not adoptable and not tally.stray and not wait_s:
            counts = Counts(tally.active, tally.labelled, tally.ready, tally.ready, tally.terminating)
            return counts, ""
        pods, error = yield from self._claim(replica_set, self._active_own(replica_set) + adoptable)
        return self._count_claimed(replica_set, pods), error

    def _count_claimed(self, replica_set: dict, pods: list[dict]) -> Counts:
        """Counts of just these Pods: what was adopted counts already, as upstream has it."""
        wait_s, now = replica_set["spec"].get("minReadySeconds", 0), self.now_unix_ms
        wanted = (replica_set["spec"]["template"].get("metadata") or {}).get("labels") or {}
        labelled = sum(wanted.items() <= (pod["metadata"].get("labels") or {}).items() for pod in pods)
        available = sum(_pods.is_available(pod, wait_s, now) for pod in pods)
        ready = sum(map(_pods.is_ready, pods))
        return Counts(len(pods), labelled, ready, available, self.tally(replica_set).terminating)

    def _active_own(self, replica_set: dict) -> list[dict]:
        return [pod for pod in self.pods.by("controller", replica_set["metadata"]["uid"]) if _pods.is_active(pod)]

    def _adoptable(self, replica_set: dict) -> list[dict]:
        orphans = self.pods.by("controller", replica_set["metadata"]["namespace"] + "/")
        selector = replica_set["spec"]["selector"]
        return [pod for pod in orphans if verdict(replica_set, selector, pod) == "adopt" and _pods.is_active(pod)]

    def _claim(self, replica_set: dict, candidates: list[dict]) -> Iterator[Any]:
        claim = Claim(
            client=self.client,
            owner=replica_set,
            owner_resource=self.RESOURCE,
            api_version=self.API_VERSION,
            kind=self.KIND,
            selector=replica_set["spec"]["selector"],
            resource="pods",
            trace=self.trace,
            wrote=lambda pod: self._wrote(replica_set, "pods", pod),
        )
        return (yield from claim.run(candidates))

    def _wrote(self, replica_set: dict, resource: str, obj: dict) -> None:
        """An answer to a write of its own. Source: podWriteCallback in NewReplicaSetController."""
        if self.AWAITS_OWN_WRITES:
            self.state.writes.wrote(key_of(replica_set), resource, obj)

    def _compared(self, replica_set: dict, found: int, so: str) -> None:
        self.trace(
            "ReconcileCompared",
            self.subject(key_of(replica_set)),
            wanted=replica_set["spec"]["replicas"],
            found=found,
            so=so,
        )

    def _manage(self, replica_set: dict, found: int) -> Iterator[Any]:
        """Create what is missing or delete what is too much; returns an error text."""
        difference = found - replica_set["spec"]["replicas"]
        count = min(abs(difference), BURST_REPLICAS)
        if difference == 0:
            self._compared(replica_set, found, "nothing")
            return ""
        if difference < 0:
            self._compared(replica_set, found, f"create {count}")
            return (yield from self._create(replica_set, count))
        self._compared(replica_set, found, f"delete {count}")
        return (yield from self._delete(replica_set, count))

    # -- creating and deleting --------------------------------------------------------------------------------------

    def _create(self, replica_set: dict, count: int) -> Iterator[Any]:
        key = key_of(replica_set)
        self.state.expectations.expect_creations(key, count, self.now_ms)
        reference = controller_reference(replica_set, self.API_VERSION, self.KIND)
        pod = pod_from_template(replica_set, reference, replica_set["spec"]["template"])
        successes, error = yield from slow_start(count, lambda: self._create_one(replica_set, pod))
        self.state.expectations.creation_observed(key, count - successes)
        return error

    def _create_one(self, replica_set: dict, pod: dict) -> Iterator[Any]:
        reply = yield self.client.create("pods", pod)
        if reply.ok:
            self._wrote(replica_set, "pods", reply.body)
            self.recorder.event(
                replica_set, "Normal", "SuccessfulCreate", f"Created pod: {reply.body['metadata']['name']}"
            )
            return ""
        if is_terminating_namespace(reply):
            return ""
        self.recorder.event(replica_set, "Warning", "FailedCreate", f"Error creating: {reply.message}")
        return reply.message or "create failed"

    def _delete(self, replica_set: dict, count: int) -> Iterator[Any]:
        pods = self._active_own(replica_set)
        if self.tally(replica_set).stray:  # else its selector matches them all, so it keeps them all
            pods, _ = yield from self._claim(replica_set, pods)
        victims = _deletion_rank.choose(pods, self._related(replica_set), count, self.now_unix_ms)
        for pod in victims:
            self.trace("PodChosenForDeletion", f"pods/{key_of(pod)}", owner=key_of(replica_set))
        key = key_of(replica_set)
        self.state.expectations.expect_deletions(key, [key_of(pod) for pod in victims], self.now_ms)
        errors = yield [Task(self._delete_one(replica_set, pod)) for pod in victims]
        return next((error for error in errors if error), "")

    def _related(self, replica_set: dict) -> list[dict]:
        """Pods of all ReplicaSets with the same controller: their number on a node makes a Pod there cheaper.

        Simplified: owned Pods, not all that the selectors match.
        """
        reference = controller_of(replica_set)
        if reference is None:
            return []
        siblings = self.replica_sets.by("controller", reference["uid"])
        return [pod for sibling in siblings for pod in self.pods.by("controller", sibling["metadata"]["uid"])]

    def _delete_one(self, replica_set: dict, pod: dict) -> Iterator[Any]:
        meta = pod["metadata"]
        reply = yield self.client.delete("pods", meta["name"], meta["namespace"])
        if reply.ok:
            self.recorder.event(replica_set, "Normal", "SuccessfulDelete", f"Deleted pod: {meta['name']}")
            return ""
        self.state.expectations.deletion_observed(key_of(replica_set), key_of(pod))
        if reply.code == 404:
            return ""
        self.recorder.event(replica_set, "Warning", "FailedDelete", f"Error deleting: {reply.message}")
        return f"unable to delete pods: {reply.message}"

    # -- status -----------------------------------------------------------------------------------------------------

    def _report(self, replica_set: dict, counts: Counts, error: str) -> Iterator[Any]:
        """Write the status if it says something new; then plan the next look at Pods that are not available yet."""
        now = self.engine.clock.text(self.now_ms)
        status = _replicaset_status.calculate(replica_set, counts, error, now, says_terminating=self.SAYS_TERMINATING)
        if not _replicaset_status.is_unchanged(replica_set, status):
            status["observedGeneration"] = replica_set["metadata"].get("generation", 0)
            if not (yield from self._write_status(replica_set, status)):
                return "retry"
        if error:
            return "retry"
        wait_s = replica_set["spec"].get("minReadySeconds", 0)
        if wait_s and counts.ready != counts.available:
            next_ms = _pods.next_availability_ms(self._active_own(replica_set), wait_s, self.now_unix_ms)
            self.queue.add_after(key_of(replica_set), wait_s * 1000 if next_ms is None else next_ms)
        return None

    def _write_status(self, replica_set: dict, status: dict) -> Iterator[Any]:
        """One PUT, and one more on a fresh copy. Source: updateReplicaSetStatus."""
        for attempt in range(STATUS_UPDATE_RETRIES + 1):
            reply = yield self.client.update(self.RESOURCE, {**self.stored(replica_set), "status": status}, subresource="status")
            if reply.ok:
                self._wrote(replica_set, self.RESOURCE, reply.body)
                return True
            if attempt < STATUS_UPDATE_RETRIES:
                meta = replica_set["metadata"]
                fresh = yield self.client.get(self.RESOURCE, meta["name"], meta["namespace"])
                if not fresh.ok:
                    return False
                replica_set = self.seen(fresh.body)
        return False

