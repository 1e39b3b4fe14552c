"""job-controller: runs Pods until enough of them have succeeded, or too many have failed.

Source: pkg/controller/job/job_controller.go. Its second queue, of Pods that a Job no longer tracks, is part of the one
queue here (`orphans/…` keys); workload-aware scheduling (WorkloadWithJob, alpha) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.kinds.job import is_finished
from cluster.meta import labels
from cluster.meta.objects import controller_of, key_of

from . import _job_backoff, _job_counting, _job_look, _job_pods, _pods
from ._claims import Claim, controller_index, resolve, selecting, verdict
from ._expectations import Expectations
from ._job_look import Look
from ._own_writes import OwnWrites
from ._pod_control import PodControl, is_terminating_namespace
from ._tasks import all_at_once, slow_start

BATCH_MS = 1000  # SyncJobBatchPeriod
MOST_PODS = 500  # MaxPodCreateDeletePerSync
OWN_NAME = "kubernetes.io/job-controller"
ORPHANS = "orphans"


@dataclass
class JobState:
    """By the Job's key: what it waits for. finished: uids of Jobs whose end was written but not heard of yet."""

    expectations: Expectations = field(default_factory=Expectations)
    writes: OwnWrites = field(default_factory=OwnWrites)
    freed: dict[str, list[str]] = field(default_factory=dict)
    backoff: dict[str, list] = field(default_factory=dict)
    finished: dict[str, bool] = field(default_factory=dict)


def is_ours(job: dict) -> bool:
    """Whether no other controller is named in spec.managedBy. Source: managedByExternalController."""
    return job["spec"].get("managedBy") in (None, OWN_NAME)


class JobController(Controller):
    """Its keys are Jobs, and `orphans/pod/<key>` or `orphans/selected/<namespace>/<selector>`."""

    NAME = "job-controller"
    RESOURCE = "jobs"
    RETRY_BASE_MS, RETRY_MAX_MS = 1000, 60_000  # DefaultJobApiBackOff, MaxJobApiBackOff

    def setup(self) -> None:
        self.state = JobState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component=self.NAME))
        self.control = PodControl(self.client, self.recorder)

    def watch(self, informers) -> None:
        self.jobs = informers.watch("jobs")
        self.pods = informers.watch("pods", indexes={"controller": controller_index})
        self.written = {"pods": self.pods, "jobs": self.jobs}
        self.jobs.on(self.on_job)
        self.pods.on_owned("Job", self.on_pod)

    def subject(self, key: str) -> str:
        if key.startswith(f"{ORPHANS}/"):
            _, what, rest = key.split("/", 2)
            return f"pods/{rest}" if what == "pod" else f"pods/{rest.partition('/')[0]}/"
        return super().subject(key)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_job(self, kind: str, old: dict | None, new: dict) -> None:
        """A new or changed Job is looked at now, a changed status within a second. Source: addJob, updateJob, deleteJob."""
        key = key_of(new)
        if kind == "DELETED":
            self.queue.add(key)
            self.state.finished.pop(new["metadata"]["uid"], None)
            self.state.backoff.pop(key, None)
            self.state.writes.forget(key)
            self._free_selected(new)
        elif old is None:
            self.queue.add(key)
        elif is_finished(new):
            self.state.backoff.pop(key, None)
            self.state.finished.pop(new["metadata"]["uid"], None)
            self._free_selected(new)
        elif new["metadata"].get("generation") == old["metadata"].get("generation"):
            self.queue.add_after(key, BATCH_MS)
        else:
            self.queue.add(key)

    def on_pod(self, kind: str, old: dict | None, new: dict) -> None:
        """Find the Jobs that a Pod's change concerns. Source: addPod, updatePod, deletePod."""
        if kind == "DELETED" or "deletionTimestamp" in new["metadata"]:
            self._going(new, is_gone=kind == "DELETED")
            return
        reference = controller_of(new)
        before = controller_of(old) if old is not None else None
        if before is not None and before != reference:
            self._changed(self._owner(old), new)
        if reference is not None:
            owner = self._owner(new)
            if old is None and owner is not None:
                self.state.expectations.creation_observed(key_of(owner))
            self._changed(owner, new)
            return
        self._free_orphan(new)
        if old is None or before is not None or old["metadata"].get("labels") != new["metadata"].get("labels"):
            for job in selecting(self.jobs.items(), new):
                self.queue.add_after(key_of(job), BATCH_MS)

    def _owner(self, pod: dict) -> dict | None:
        return resolve(self.jobs, pod["metadata"].get("namespace", ""), controller_of(pod), "Job")

    def _changed(self, job: dict | None, pod: dict) -> None:
        if job is None:
            return
        key = key_of(job)
        if not _job_pods.is_tracked(pod):
            self._freed(key, pod)
        self.queue.add_after(key, BATCH_MS)

    def _freed(self, key: str, pod: dict) -> None:
        """The finalizer was seen to be gone, or is known to stay. Source: finalizerRemovalObserved."""
        waiting = self.state.freed.get(key)
        if waiting and _job_pods.uid(pod) in waiting:
            waiting.remove(_job_pods.uid(pod))

    def _going(self, pod: dict, *, is_gone: bool) -> None:
        job = self._owner(pod) if controller_of(pod) is not None else None
        if job is None or is_finished(job):
            self._free_orphan(pod)
            return
        key = key_of(job)
        self.state.expectations.deletion_observed(key, key_of(pod))
        if is_gone or not _job_pods.is_tracked(pod):
            self._freed(key, pod)
        self.queue.add_after(key, BATCH_MS)

    # -- Pods that no Job tracks any more ---------------------------------------------------------------------------

    def _free_orphan(self, pod: dict) -> None:
        if _job_pods.is_tracked(pod):
            self.queue.add(f"{ORPHANS}/pod/{key_of(pod)}")

    def _free_selected(self, job: dict) -> None:
        """A Job has ended or is gone: let go of Pods that it holds still. Looked at only where one is seen to be held."""
        if any(map(_job_pods.is_tracked, self._selected(job["metadata"]["namespace"], labels.from_object(job["spec"]["selector"])))):
            self.queue.add(f"{ORPHANS}/selected/{job['metadata']['namespace']}/{labels.from_object(job['spec']['selector'])}")

    def _selected(self, namespace: str, selector: labels.Selector) -> list[dict]:
        return [pod for pod in self.pods.items()
                if pod["metadata"]["namespace"] == namespace and selector.matches(pod["metadata"].get("labels"))]

    def _sync_orphans(self, key: str) -> Iterator[Any]:
        """Source: syncOrphanPod, handleSingleOrphanPod."""
        _, what, rest = key.split("/", 2)
        if what == "pod":
            found = [pod] if (pod := self.pods.get(rest)) is not None else []
        else:
            namespace, _, selector = rest.partition("/")
            found = self._selected(namespace, labels.parse(selector))
        for pod in filter(self._may_let_go, found):
            reply = yield from self._free_one(pod)
            if what == "pod" and not reply.ok and reply.code != 404:
                return "retry"
        return None

    def _may_let_go(self, pod: dict) -> bool:
        if not _job_pods.is_tracked(pod):
            return False
        reference = controller_of(pod)
        if reference is None:
            return True
        if reference["kind"] != "Job" or reference["apiVersion"] != "batch/v1":
            return False
        job = self._owner(pod)
        return job is None or (is_ours(job) and is_finished(job))

    def _free_one(self, pod: dict) -> Iterator[Any]:
        meta = pod["metadata"]
        patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": [_job_pods.FINALIZER]}}
        reply = yield self.client.patch("pods", meta["name"], patch, namespace=meta["namespace"])
        job = self._owner(pod) if reply.ok else None
        if job is not None:
            self._wrote(job, "pods", reply.body)
        return reply

    # -- sync -------------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        if key.startswith(f"{ORPHANS}/"):
            return (yield from self._sync_orphans(key))
        if not self.state.writes.are_seen(key, self.written):
            self.trace("OwnWritesAwaited", self.subject(key))
            return "retry"
        job = self.jobs.get(key)
        if job is None:
            self._forget(key)
            return None
        if not is_ours(job) or self._is_over(job):
            return None
        satisfied = self.state.expectations.are_satisfied(key, self.now_ms)
        pods, error = yield from self._claim(job)
        if error:
            return "retry"
        look = self._look(key, job, pods)
        changed, error = yield from self._act(key, look, satisfied)
        failed = yield from self._track(key, look, changed)
        return "retry" if failed or error else None

    def _wrote(self, job: dict, resource: str, obj: dict) -> None:
        """An answer to a write of its own. Source: podWriteCallback, updateJobStatus (StaleControllerConsistencyJob)."""
        self.state.writes.wrote(key_of(job), resource, obj)

    def _forget(self, key: str) -> None:
        self.state.expectations.forget(key)
        self.state.writes.forget(key)
        self.state.freed.pop(key, None)
        self.state.backoff.pop(key, None)

    def _is_over(self, job: dict) -> bool:
        if not is_finished(job):
            return job["metadata"]["uid"] in self.state.finished
        self.state.backoff.pop(key_of(job), None)
        self.state.writes.forget(key_of(job))
        self.state.finished.pop(job["metadata"]["uid"], None)
        return True

    def _claim(self, job: dict) -> Iterator[Any]:
        """(Pods of this Job, error): its own, and orphans that it selects, which get the finalizer too."""
        selector, meta = job["spec"]["selector"], job["metadata"]
        orphans = [pod for pod in self.pods.by("controller", meta["namespace"] + "/") if verdict(job, selector, pod) == "adopt"]
        claim = Claim(client=self.client, owner=job, owner_resource="jobs", api_version="batch/v1", kind="Job", selector=selector,
                      resource="pods", trace=self.trace, finalizers=(_job_pods.FINALIZER,), wrote=lambda pod: self._wrote(job, "pods", pod))
        pods, error = yield from claim.run(self.pods.by("controller", meta["uid"]) + orphans)
        return [_as_adopted(job, pod) for pod in pods], error

    def _look(self, key: str, job: dict, pods: list[dict]) -> Look:
        now = self.engine.clock.text(self.now_ms)
        look = _job_look.take(job, pods, freed=list(self.state.freed.get(key) or ()), record=self.state.backoff.get(key), now=now,
                              now_unix_ms=self.engine.clock.unix_ms(self.now_ms))
        if not look.is_suspended:
            look.status.setdefault("startTime", now)
        _job_look.judge(look)
        left_ms = _job_look.deadline_in_ms(look)
        if look.finished is None and left_ms is not None:
            self.queue.add_after(key, left_ms, background=True)
        return look

    def _act(self, key: str, look: Look, satisfied: bool) -> Iterator[Any]:
        """Create or delete what has to be; returns (whether the status has news, error)."""
        error, suspension = "", False
        if look.finished is not None:
            error = yield from self._end(look, satisfied)
        else:
            managed = satisfied and "deletionTimestamp" not in look.job["metadata"]
            if managed:
                error = yield from self._manage(key, look)
            if _job_look.is_complete(look):
                look.finished = look.condition("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
            elif managed:
                suspension = self._note_suspension(look)
        counts = {"active": look.active, "ready": look.ready, "terminating": look.terminating}
        changed = suspension or any(look.status.get(name, 0 if name == "active" else None) != count for name, count in counts.items())
        look.status.update(counts)
        return changed, error

    def _end(self, look: Look, satisfied: bool) -> Iterator[Any]:
        """Delete what still runs; the Job is over once all of that has been seen. Source: deleteActivePods."""
        self._compared(look, 0, f"delete {look.active}" if look.active else "nothing")
        victims, before = look.active_pods, look.active
        replies = yield from all_at_once(self.control.delete(look.job, pod) for pod in victims)
        errors = [reply.message for reply in replies if not reply.ok and reply.code != 404]
        deleted = len(replies) - len(errors)
        if deleted != before or not satisfied:
            look.finished = None
        look.active -= deleted
        look.terminating += deleted
        look.ready -= sum(map(_pods.is_ready, victims))
        return errors[0] if errors else ""

    def _note_suspension(self, look: Look) -> bool:
        """Source: syncJob; suspending drops startTime (MutableSchedulingDirectivesForSuspendedJobs)."""
        if look.is_suspended:
            changed = _job_look.set_condition(look.status, look.condition("Suspended", "JobSuspended", "Job suspended"))
            if changed:
                self.recorder.event(look.job, "Normal", "Suspended", "Job suspended")
                look.status.pop("startTime", None)
            return changed
        resumed = _job_look.condition("Suspended", "False", "JobResumed", "Job resumed", look.now)
        changed = _job_look.set_condition(look.status, resumed)
        if changed:
            self.recorder.event(look.job, "Normal", "Resumed", "Job resumed")
            look.status["startTime"] = look.now
        return changed

    def _compared(self, look: Look, wanted: int, so: str) -> None:
        self.trace("ReconcileCompared", self.subject(key_of(look.job)), wanted=wanted, found=look.active, so=so)

    # -- creating and deleting --------------------------------------------------------------------------------------

    def _manage(self, key: str, look: Look) -> Iterator[Any]:
        """Bring the number of Pods nearer to what is wanted; returns an error text. Source: manageJob."""
        wanted = _job_look.wanted(look)
        victims = _job_pods.for_removal(look.active_pods, max(0, look.active - wanted), look.spec["completions"] if look.is_indexed else None)
        if victims:
            victims = victims if look.is_suspended else victims[:MOST_PODS]
            self._compared(look, wanted, f"delete {len(victims)}")
            return (yield from self._remove(key, look, victims))
        missing = wanted - look.active - (look.terminating if look.only_failed_replaced else 0)
        if missing <= 0 or look.is_suspended:
            self._compared(look, wanted, "nothing")
            return ""
        return (yield from self._add(key, look, wanted, min(missing, MOST_PODS)))

    def _add(self, key: str, look: Look, wanted: int, missing: int) -> Iterator[Any]:
        """Create Pods, unless failures make it wait."""
        indexes = _job_look.pending_indexes(look, missing) if look.is_indexed else None
        if look.by_index:
            indexes, wait_ms = _ready_indexes(look, indexes)
        else:
            wait_ms = _job_backoff.remaining_ms(look.record, look.now_unix_ms)
        if wait_ms > 0:
            self._compared(look, wanted, "wait")
            self.trace("PodRecreationDelayed", self.subject(key), failures=look.failed, seconds=round(wait_ms / 1000))
            self.queue.add_after(key, max(wait_ms, BATCH_MS), background=_job_look.fails_for_ever(look))
            return ""
        count = missing if indexes is None else len(indexes)
        self._compared(look, wanted, f"create {count}" if count else "nothing")
        return (yield from self._create(key, look, count, indexes))

    def _create(self, key: str, look: Look, count: int, indexes: list[int] | None) -> Iterator[Any]:
        pod = _job_pods.from_template(look.job)
        pods = iter([pod] * count if indexes is None else
                    [_job_pods.with_index(pod, look.job, index, _job_look.failure_annotations(look, index)) for index in indexes])
        self.state.expectations.expect_creations(key, count, self.now_ms)
        created, error = yield from slow_start(count, lambda: self._create_one(look.job, next(pods)))
        self.state.expectations.creation_observed(key, count - created)
        look.active += created
        return error

    def _create_one(self, job: dict, pod: dict) -> Iterator[Any]:
        reply = yield from self.control.create(job, pod)
        if reply.ok:
            self._wrote(job, "pods", reply.body)
        return "" if reply.ok or is_terminating_namespace(reply) else reply.message or "create failed"

    def _remove(self, key: str, look: Look, victims: list[dict]) -> Iterator[Any]:
        """Let go of Pods and delete them; they count neither as succeeded nor as failed. Source: deleteJobPods."""
        self.state.expectations.expect_deletions(key, [key_of(pod) for pod in victims], self.now_ms)
        errors = yield from all_at_once(self._remove_one(key, look.job, pod) for pod in victims)
        removed = errors.count("")
        look.active -= removed
        look.terminating += removed
        look.ready -= sum(_pods.is_ready(pod) for pod, error in zip(victims, errors, strict=True) if not error)
        return next((error for error in errors if error), "")

    def _remove_one(self, key: str, job: dict, pod: dict) -> Iterator[Any]:
        reply = None
        if _job_pods.is_tracked(pod):
            reply = yield from self._free_one(pod)
        if reply is None or reply.ok:
            reply = yield from self.control.delete(job, pod)
        if not reply.ok:
            self.state.expectations.deletion_observed(key, key_of(pod))
        return "" if reply.ok or reply.code == 404 else reply.message or "delete failed"

    # -- counting ---------------------------------------------------------------------------------------------------

    def _track(self, key: str, look: Look, changed: bool) -> Iterator[Any]:
        """Count ended Pods, free them, end the Job; returns an error text.

        Source: trackJobStatusAndRemoveFinalizers, flushUncountedAndRemoveFinalizers.
        """
        count = _job_counting.count_ends(look)
        news = _job_counting.announce(look)
        if news:
            self.trace("JobVerdictReached", self.subject(key), condition=look.finished["type"], reason=look.finished["reason"])
        if count.added:
            self.trace("PodEndsCounted", self.subject(key), pods=count.added)
        if changed or count.changed or news:
            if (error := (yield from self._write(look))):
                return error
            self.state.backoff[key] = look.record
        error = yield from self._free(key, count)
        changed = _job_counting.settle(look.status, count.held)
        if error:
            return (yield from self._write(look)) or error if changed else error
        return (yield from self._conclude(look, count, changed))

    def _free(self, key: str, count: _job_counting.Count) -> Iterator[Any]:
        """Take the finalizer off counted Pods. Source: removeTrackingFinalizerFromPods."""
        if not count.free:
            return ""
        waiting = self.state.freed.setdefault(key, [])
        waiting += [uid for uid in map(_job_pods.uid, count.free) if uid not in waiting]
        replies = yield from all_at_once(self._free_one(pod) for pod in count.free)
        errors = []
        for pod, reply in zip(count.free, replies, strict=True):
            if not reply.ok:
                self._freed(key, pod)
            if reply.ok or reply.code == 404:
                count.held.remove(_job_pods.uid(pod))
            else:
                errors.append(reply.message or "patch failed")
        return errors[0] if errors else ""

    def _conclude(self, look: Look, count: _job_counting.Count, changed: bool) -> Iterator[Any]:
        ended = not count.full and _job_counting.finish(look)
        if not changed and not ended:
            return ""
        if (error := (yield from self._write(look))):
            return error
        if ended:
            self._report_end(look)
            if self._is_still_open(look.job):
                self.state.finished[look.job["metadata"]["uid"]] = True
        return ""

    def _is_still_open(self, job: dict) -> bool:
        """Whether the informer has not heard of the Job's end yet."""
        known = self.jobs.get(key_of(job))
        return known is not None and known["metadata"]["uid"] == job["metadata"]["uid"] and not is_finished(known)

    def _write(self, look: Look) -> Iterator[Any]:
        """PUT the status and go on with what the server made of it; returns an error text."""
        reply = yield self.client.update("jobs", {**look.job, "status": _job_counting.wire(look.status)}, subresource="status")
        if not reply.ok:
            return reply.message or "update failed"
        self._wrote(look.job, "jobs", reply.body)
        look.take_over(reply.body)
        return ""

    def _report_end(self, look: Look) -> None:
        """Source: recordJobFinished."""
        job, finished = look.job, look.finished
        if finished["type"] != "Complete":
            self.recorder.event(job, "Warning", finished["reason"], finished["message"])
            return
        completions = job["spec"].get("completions")
        if completions is not None and job["status"].get("succeeded", 0) > completions:
            message = "Too many succeeded pods running after completion count reached"
            self.recorder.event(job, "Warning", "TooManySucceededPods", message)
        self.recorder.event(job, "Normal", "Completed", "Job completed")


def _as_adopted(job: dict, pod: dict) -> dict:
    """A Pod just adopted is taken to carry the finalizer already."""
    meta = pod["metadata"]
    owned = any(owner["uid"] == job["metadata"]["uid"] for owner in meta.get("ownerReferences") or ())
    if owned or _job_pods.is_tracked(pod):
        return pod
    return {**pod, "metadata": {**meta, "finalizers": [*(meta.get("finalizers") or ()), _job_pods.FINALIZER]}}


def _ready_indexes(look: Look, indexes: list[int]) -> tuple[list[int], int]:
    """(indexes whose back-off is over, ms until the first of the others if there is none).

    Source: getPodCreationInfoForIndependentIndexes.
    """
    waits = {index: _job_backoff.remaining_of_index_ms(look.replaced.get(index), look.now_unix_ms) for index in indexes}
    ready = [index for index in indexes if waits[index] == 0]
    return (ready, 0) if ready or not waits else ([], min(waits.values()))
