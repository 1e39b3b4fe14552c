"""When a Job may make Pods again after some have failed: 10 s after the last failure, doubling to 10 min.

Source: pkg/controller/job/backoff_utils.go.
"""

from __future__ import annotations

from cluster.engine import clock

from . import _job_pods, _pods

BASE_MS, MAX_MS = 10_000, 600_000  # DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff
Record = list  # [failures since the last success, unix ms of the last failure or None]; JSON-able


def finished_ms(pod: dict) -> int:
    """Unix ms at which a Pod ended, from the best that is known. Source: getFinishedTime."""
    ended = _containers_ended(pod)
    if ended is not None:
        return ended
    condition, meta = _pods.ready_condition(pod), pod["metadata"]
    if condition is not None and condition["status"] == "False" and condition.get("lastTransitionTime"):
        return clock.unix_ms(condition["lastTransitionTime"])
    if "deletionTimestamp" in meta:
        return clock.unix_ms(meta["deletionTimestamp"]) - (meta.get("deletionGracePeriodSeconds") or 0) * 1000
    return clock.unix_ms(meta["creationTimestamp"])


def _containers_ended(pod: dict) -> int | None:
    """The latest end of its containers and sidecars; None where it is not known. Source: getFinishTimeFromContainers."""
    status = pod.get("status") or {}
    sidecars = [c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"]
    statuses = list(status.get("containerStatuses") or ())
    of_sidecars = [s for s in status.get("initContainerStatuses") or () if s["name"] in sidecars]
    return _latest(_latest(None, statuses), of_sidecars)


def _latest(before: int | None, statuses: list[dict]) -> int | None:
    latest = before
    for status in statuses:
        ended = ((status.get("state") or {}).get("terminated") or {}).get("finishedAt")
        if not ended:
            return None
        latest = max(clock.unix_ms(ended), latest or 0)
    return latest


def next_record(record: Record | None, succeeded: list[dict], failed: list[dict]) -> Record:
    """A Job's record after some Pods have ended. Source: newBackoffRecord."""
    failures, last_ms = record or (0, None)
    failed_ms = sorted(map(finished_ms, failed))
    if not succeeded:
        return [failures + len(failed_ms), failed_ms[-1]] if failed_ms else [failures, last_ms]
    succeeded_ms = max(map(finished_ms, succeeded))
    later = [ms for ms in failed_ms if ms > succeeded_ms]
    return [len(later), later[-1] if later else None]


def remaining_ms(record: Record, now_unix_ms: int) -> int:
    """How long no Pod may be made yet. Source: getRemainingTimeForFailuresCount."""
    failures, last_ms = record
    if failures == 0 or last_ms is None:
        return 0
    wait_ms = min(BASE_MS << min(failures - 1, 10), MAX_MS)
    return max(0, wait_ms - (now_unix_ms - last_ms))


def remaining_of_index_ms(last_failed: dict | None, now_unix_ms: int) -> int:
    """The same for one index of a Job with backoffLimitPerIndex. Source: getRemainingTimePerIndex."""
    if last_failed is None:
        return 0
    return remaining_ms([_job_pods.all_index_failures(last_failed) + 1, finished_ms(last_failed)], now_unix_ms)
