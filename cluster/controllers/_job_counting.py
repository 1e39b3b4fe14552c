"""Counting each Pod's end exactly once: first into status.uncountedTerminatedPods, then off with its finalizer, then the sums.

Source: pkg/controller/job/job_controller.go (trackJobStatusAndRemoveFinalizers, enactJobFinished).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import _job_intervals as intervals
from . import _job_pods
from ._job_look import Look, set_condition
from ._job_policy import match_failure

MAX_UNCOUNTED = 500
SUMS = ("succeeded", "failed")


@dataclass
class Count:
    """What one sync counts. held: uids of Pods that still carry the finalizer."""

    held: list[str]
    free: list[dict] = field(default_factory=list)   # Pods whose finalizer may go once the status is written
    indexes: list[int] = field(default_factory=list)
    added: int = 0
    changed: bool = False
    full: bool = False


def count_ends(look: Look) -> Count:
    """Enter ended Pods in the status draft, and say whose finalizers may go then."""
    count = Count([_job_pods.uid(pod) for pod in look.pods if look.is_open(pod)])
    count.changed = settle(look.status, count.held)
    for pod in _ordered(look):
        if not look.is_open(pod) or not _may_be_freed(look, pod):
            continue
        count.free.append(pod)
        _enter(look, count, pod)
        if len(count.indexes) + sum(len(look.uncounted(name)) for name in SUMS) >= MAX_UNCOUNTED:
            count.full = True
            break
    if look.is_indexed:
        _enter_indexes(look, count)
    return count


def settle(status: dict, held: list[str]) -> bool:
    """Move Pods that carry no finalizer any more into the sums. Source: cleanUncountedPodsWithoutFinalizers."""
    uncounted, changed = status["uncountedTerminatedPods"], False
    for name in SUMS:
        before = uncounted.pop(name, None) or []
        left = [uid for uid in before if uid in held]
        if left:
            uncounted[name] = left
        if len(left) != len(before):
            status[name] = status.get(name, 0) + len(before) - len(left)
            changed = True
    return changed


def _ordered(look: Look) -> list[dict]:
    if not look.is_indexed:
        return look.pods
    none = -1
    return sorted(look.pods, key=lambda pod: none if (index := _job_pods.completion_index(pod)) is None else index)


def _may_be_freed(look: Look, pod: dict) -> bool:
    """Source: canRemoveFinalizer."""
    if "deletionTimestamp" in look.job["metadata"] or look.finished is not None or _job_pods.has_succeeded(pod):
        return True
    if not look.has_failed(pod):
        return False
    kept = look.replaced.get(_job_pods.completion_index(pod)) if look.by_index else None
    return kept is None or _job_pods.uid(kept) != _job_pods.uid(pod)


def _enter(look: Look, count: Count, pod: dict) -> None:
    uid = _job_pods.uid(pod)
    is_over = look.finished is not None and look.finished["type"] != "SuccessCriteriaMet"
    if _job_pods.has_succeeded(pod) and uid not in look.uncounted("failed"):
        _enter_success(look, count, pod)
    elif look.has_failed(pod) or is_over:  # where the Job has ended, a Pod that has not is taken for failed
        known = uid in look.uncounted("failed") or (look.is_indexed and look.valid_index(pod) is None)
        if not known and match_failure(look.spec.get("podFailurePolicy"), pod).counts:
            _append(look, count, "failed", uid)


def _enter_success(look: Look, count: Count, pod: dict) -> None:
    """An index is known by its number, any other Pod by its uid."""
    if not look.is_indexed:
        if _job_pods.uid(pod) not in look.uncounted("succeeded"):
            _append(look, count, "succeeded", _job_pods.uid(pod))
        return
    index = look.valid_index(pod)
    if index is not None and not intervals.has(look.counted_before, index):
        count.indexes.append(index)
        count.added += 1
        count.changed = True


def _append(look: Look, count: Count, name: str, uid: str) -> None:
    uncounted = look.status["uncountedTerminatedPods"]
    uncounted[name] = [*(uncounted.get(name) or []), uid]
    count.added += 1
    count.changed = True


def _enter_indexes(look: Look, count: Count) -> None:
    look.succeeded_indexes = intervals.with_indexes(look.succeeded_indexes, count.indexes)
    completed = intervals.text(look.succeeded_indexes)
    count.changed |= completed != look.status.get("completedIndexes", "")
    look.status["succeeded"] = intervals.total(look.succeeded_indexes)
    look.status["completedIndexes"] = completed
    failed = None if look.failed_indexes is None else intervals.text(look.failed_indexes)
    count.changed |= failed != look.status.get("failedIndexes")
    look.status["failedIndexes"] = failed


def announce(look: Look) -> bool:
    """Write down what the Job is to end in before any finalizer goes; whether that is news.

    Afterwards look.finished is the final condition.
    """
    finished, news = look.finished, False
    if finished is None or finished["type"] not in ("FailureTarget", "SuccessCriteriaMet"):
        return False
    if finished["type"] == "FailureTarget" or look.true_condition("SuccessCriteriaMet") is None:
        look.status.setdefault("conditions", []).append(finished)
        news = True
    final = "Failed" if finished["type"] == "FailureTarget" else "Complete"
    look.finished = look.condition(final, finished.get("reason", ""), finished.get("message", ""))
    return news


def finish(look: Look) -> bool:
    """End the Job once every Pod is counted and none is on its way out; whether it ended. Source: enactJobFinished."""
    if look.finished is None or look.terminating > 0 or any(map(look.uncounted, SUMS)):
        return False
    set_condition(look.status, look.finished)
    if look.finished["type"] == "Complete":
        look.status["completionTime"] = look.finished["lastTransitionTime"]
    return True


def wire(status: dict) -> dict:
    """The status as Go writes it: sums that are 0 and texts that are empty are left out."""
    optional = ("active", *SUMS, "completedIndexes", "failedIndexes")
    return {name: value for name, value in status.items() if name not in optional or value or (name == "failedIndexes" and value == "")}
