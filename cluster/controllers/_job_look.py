"""One look at a Job and its Pods: what is counted, what it comes to, how many Pods it wants.

Source: pkg/controller/job/job_controller.go (syncJob, syncJobCtx, manageJob).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cluster.engine import clock
from cluster.meta.objects import draft

from . import _job_backoff, _job_pods, _pods
from . import _job_intervals as intervals
from ._job_intervals import Intervals
from ._job_policy import match_failure, match_success

FAILURES_IN_SIGHT = 6  # the default of backoffLimit


@dataclass
class Look:
    """A Job as this sync sees it. `status` is a private draft, `now` the time as objects carry it."""

    job: dict
    pods: list[dict]
    freed: list[str]                        # uids of Pods whose finalizer is known to go
    now: str
    now_unix_ms: int
    status: dict = field(default_factory=dict)
    active_pods: list[dict] = field(default_factory=list)
    active: int = 0
    ready: int = 0
    terminating: int = 0
    succeeded: int = 0
    failed: int = 0
    record: list = field(default_factory=list)
    finished: dict | None = None            # the condition in which the Job ends
    counted_before: Intervals = field(default_factory=list)
    succeeded_indexes: Intervals = field(default_factory=list)
    failed_indexes: Intervals | None = None
    replaced: dict[int, dict] = field(default_factory=dict)  # index -> failed Pod kept until its replacement is there

    @property
    def spec(self) -> dict:
        return self.job["spec"]

    @property
    def is_indexed(self) -> bool:
        return self.spec.get("completionMode") == "Indexed"

    @property
    def is_suspended(self) -> bool:
        return bool(self.spec.get("suspend"))

    @property
    def by_index(self) -> bool:
        """Whether each index has a back-off limit of its own."""
        return self.spec.get("backoffLimitPerIndex") is not None

    @property
    def only_failed_replaced(self) -> bool:
        """Whether a Pod that is being deleted is replaced only once it has ended. Source: onlyReplaceFailedPods."""
        return self.spec.get("podReplacementPolicy") == "Failed" or self.spec.get("podFailurePolicy") is not None

    def uncounted(self, what: str) -> list[str]:
        """The uids in status.uncountedTerminatedPods; what: succeeded or failed."""
        return self.status["uncountedTerminatedPods"].get(what) or []

    def has_failed(self, pod: dict) -> bool:
        """Whether the Job takes the Pod for failed."""
        return _job_pods.has_failed(pod, only_phase=self.only_failed_replaced)

    def is_open(self, pod: dict) -> bool:
        """Whether the Pod's end is still to be counted."""
        return _job_pods.is_tracked(pod) and _job_pods.uid(pod) not in self.freed

    def valid_index(self, pod: dict) -> int | None:
        """The Pod's index if the Job still has it."""
        index = _job_pods.completion_index(pod)
        return index if index is not None and index < self.spec["completions"] else None

    def take_over(self, job: dict) -> None:
        """Go on from what the server answered to a write."""
        self.job, self.status = job, draft(job.get("status") or {})
        self.status.setdefault("uncountedTerminatedPods", {})

    def condition(self, kind: str, reason: str, message: str) -> dict:
        """A condition that is true from now on. Source: newCondition."""
        return condition(kind, "True", reason, message, self.now)

    def true_condition(self, kind: str) -> dict | None:
        """The Job's own condition of a kind, if it is True."""
        return next((c for c in self.status.get("conditions") or () if c["type"] == kind and c["status"] == "True"), None)


def condition(kind: str, status: str, reason: str, message: str, now: str) -> dict:
    """A Job's condition, in wire form."""
    return {"type": kind, "status": status, "lastProbeTime": now, "lastTransitionTime": now, "reason": reason, "message": message}


def set_condition(status: dict, new: dict) -> bool:
    """Put a condition into a status draft; whether that changed it. Source: ensureJobConditionStatus."""
    conditions = status.setdefault("conditions", [])
    for place, old in enumerate(conditions):
        if old["type"] == new["type"]:
            if all(old.get(name) == new[name] for name in ("status", "reason", "message")):
                return False
            conditions[place] = new
            return True
    if new["status"] != "False":
        conditions.append(new)
    elif not conditions:
        del status["conditions"]
    return new["status"] != "False"


def take(job: dict, pods: list[dict], *, freed: list[str], record: list | None, now: str, now_unix_ms: int) -> Look:
    """Count a Job's Pods. freed: uids whose finalizer is known to go; record: its back-off so far."""
    look = Look(job=job, pods=pods, freed=freed, now=now, now_unix_ms=now_unix_ms, status=draft(job.get("status") or {}))
    look.status.setdefault("uncountedTerminatedPods", {})
    look.active_pods = [pod for pod in pods if _pods.is_active(pod)]
    look.active = len(look.active_pods)
    look.ready = sum(map(_pods.is_ready, look.active_pods))
    look.terminating = sum(map(_pods.is_terminating, pods))
    succeeded = _new(look, "succeeded", _job_pods.has_succeeded)
    failed = _new(look, "failed", look.has_failed)
    policy = look.spec.get("podFailurePolicy")
    counting = [pod for pod in failed if match_failure(policy, pod).counts]
    look.succeeded = look.status.get("succeeded", 0) + len(succeeded) + len(look.uncounted("succeeded"))
    look.failed = look.status.get("failed", 0) + len(counting) + len(look.uncounted("failed"))
    look.record = _job_backoff.next_record(record, succeeded, failed)
    return look


def _new(look: Look, what: str, is_such) -> list[dict]:
    """Pods that ended since the last look. Source: getNewFinishedPods, getValidPodsWithFilter."""
    known = look.uncounted(what)
    return [
        pod for pod in look.pods
        if look.is_open(pod) and _job_pods.uid(pod) not in known
        and (not look.is_indexed or look.valid_index(pod) is not None) and is_such(pod)
    ]


# -- what it comes to -----------------------------------------------------------------------------------------------


def judge(look: Look) -> None:
    """Find out whether the Job is to end, and how. Source: syncJob, the evaluations in their order."""
    look.finished = look.true_condition("SuccessCriteriaMet") or _failed_already(look) or _failed_by_policy(look)
    if look.finished is None:
        look.finished = _failed_by_limits(look)
    if not look.is_indexed:
        return
    _count_indexes(look)
    if look.finished is None:
        message = match_success(look.spec.get("successPolicy"), look.spec["completions"], look.succeeded_indexes)
        if message:
            look.finished = look.condition("SuccessCriteriaMet", "SuccessPolicy", message)


def _failed_already(look: Look) -> dict | None:
    interim = look.true_condition("FailureTarget")
    return interim and look.condition("Failed", interim.get("reason", ""), interim.get("message", ""))


def _failed_by_policy(look: Look) -> dict | None:
    """Source: getFailJobMessage."""
    policy = look.spec.get("podFailurePolicy")
    for pod in look.pods if policy is not None else ():
        message = match_failure(policy, pod).message if look.has_failed(pod) else ""
        if message:
            return look.condition("FailureTarget", "PodFailurePolicy", message)
    return None


def _failed_by_limits(look: Look) -> dict | None:
    if look.failed > look.spec["backoffLimit"] or _restarted_too_often(look):
        return look.condition("FailureTarget", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    if deadline_in_ms(look) is not None and deadline_in_ms(look) <= 0:
        return look.condition("FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")
    return None


def deadline_in_ms(look: Look) -> int | None:
    """Ms until activeDeadlineSeconds are over; None without a deadline, or while suspended. Source: pastActiveDeadline."""
    seconds, start = look.spec.get("activeDeadlineSeconds"), look.status.get("startTime")
    if seconds is None or start is None or look.is_suspended:
        return None
    return clock.unix_ms(start) + seconds * 1000 - look.now_unix_ms


def _restarted_too_often(look: Look) -> bool:
    """Containers of OnFailure Pods restart in place: their restarts count. Source: pastBackoffLimitOnFailure."""
    if look.spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    restarts = 0
    for pod in look.pods:
        if _pods.phase(pod) in ("Running", "Pending"):
            status = pod["status"]
            found = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
            restarts += sum(each.get("restartCount", 0) for each in found)
    limit = look.spec["backoffLimit"]
    return restarts > 0 if limit == 0 else restarts >= limit


# -- indexes --------------------------------------------------------------------------------------------------------


def _count_indexes(look: Look) -> None:
    completions = look.spec["completions"]
    look.counted_before = intervals.parse(look.status.get("completedIndexes", ""), completions)
    new = [pod for pod in look.pods if _job_pods.has_succeeded(pod) and _job_pods.is_tracked(pod) and look.valid_index(pod) is not None]
    look.succeeded_indexes = intervals.with_indexes(look.counted_before, _job_pods.indexes(new))
    look.succeeded = intervals.total(look.succeeded_indexes)
    if look.by_index:
        _count_failed_indexes(look, completions)
        look.replaced = _to_be_replaced(look)


def _count_failed_indexes(look: Look, completions: int) -> None:
    """Source: calculateFailedIndexes, and syncJob on MaxFailedIndexes."""
    before = intervals.parse(look.status.get("failedIndexes", ""), completions)
    new = [pod for pod in look.pods if _job_pods.is_tracked(pod) and look.valid_index(pod) is not None and _is_index_failed(look, pod)]
    look.failed_indexes = intervals.with_indexes(before, _job_pods.indexes(new))
    failed, most = intervals.total(look.failed_indexes), look.spec.get("maxFailedIndexes")
    if look.finished is not None:
        return
    if most is not None and failed > most:
        look.finished = look.condition(
            "FailureTarget", "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"
        )
    elif failed and failed + intervals.total(look.succeeded_indexes) >= completions:
        look.finished = look.condition("FailureTarget", "FailedIndexes", "Job has failed indexes")


def _is_index_failed(look: Look, pod: dict) -> bool:
    if not look.has_failed(pod):
        return False
    match = match_failure(look.spec.get("podFailurePolicy"), pod)
    return match.action == "FailIndex" or (match.counts and _job_pods.index_failures(pod) >= look.spec["backoffLimitPerIndex"])


def _to_be_replaced(look: Look) -> dict[int, dict]:
    """Failed Pods that stay until their replacement has taken over the count of failures.

    Source: getPodsWithDelayedDeletionPerIndex.
    """
    active, kept = _job_pods.indexes(look.active_pods), {}
    for pod in look.pods:
        index = look.valid_index(pod)
        if index is None or not look.is_open(pod) or not look.has_failed(pod) or index in active:
            continue
        if intervals.has(look.succeeded_indexes, index) or intervals.has(look.failed_indexes or [], index):
            continue
        if index not in kept or _replaces(pod, kept[index]):
            kept[index] = pod
    return kept


def _replaces(pod: dict, other: dict) -> bool:
    failures = _job_pods.all_index_failures
    return failures(other) <= failures(pod) and _job_backoff.finished_ms(pod) >= _job_backoff.finished_ms(other)


# -- how many Pods it wants -----------------------------------------------------------------------------------------


def wanted(look: Look) -> int:
    """How many Pods are to run. Source: manageJob."""
    if look.is_suspended:
        return 0
    completions, parallelism = look.spec.get("completions"), look.spec["parallelism"]
    if completions is None:
        return look.active if look.succeeded > 0 else parallelism
    return max(0, min(completions - look.succeeded, parallelism))


def is_complete(look: Look) -> bool:
    """Whether all that was wanted has succeeded and nothing runs."""
    completions = look.spec.get("completions")
    enough = look.succeeded > 0 if completions is None else look.succeeded >= completions
    return enough and look.active == 0


def fails_for_ever(look: Look) -> bool:
    """Whether Pods may go on failing without an end in sight: a cluster in which they wait for the next try is settled."""
    ignores = any(rule["action"] == "Ignore" for rule in (look.spec.get("podFailurePolicy") or {}).get("rules") or ())
    return ignores or look.failed > FAILURES_IN_SIGHT


def pending_indexes(look: Look, count: int) -> list[int]:
    """The lowest indexes that neither run, succeeded nor failed. Source: firstPendingIndexes."""
    covered = intervals.with_indexes(look.succeeded_indexes, _job_pods.indexes(look.active_pods))
    if look.only_failed_replaced:
        going = [pod for pod in look.pods if _pods.is_terminating(pod)]
        covered = intervals.with_indexes(covered, _job_pods.indexes(going))
    return intervals.first_missing(intervals.merge(covered, look.failed_indexes or []), count, look.spec["completions"])


def failure_annotations(look: Look, index: int) -> dict[str, str]:
    """What a replacement says of the failures in its index before it. Source: getNewIndexFailureCounts."""
    if not look.by_index:
        return {}
    before, failures, ignored = look.replaced.get(index), 0, 0
    if before is not None:
        failures = _job_pods.index_failures(before)
        ignored = _job_pods.all_index_failures(before) - failures
        counts = match_failure(look.spec.get("podFailurePolicy"), before).counts
        failures, ignored = (failures + 1, ignored) if counts else (failures, ignored + 1)
    return {_job_pods.INDEX_FAILURES: str(failures), **({_job_pods.INDEX_IGNORED: str(ignored)} if ignored else {})}
