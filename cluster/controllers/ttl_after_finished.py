"""ttl-after-finished-controller: deletes Jobs ttlSecondsAfterFinished after they have ended, with all that is theirs.

Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.client import Controller
from cluster.engine import clock
from cluster.kinds.job import is_finished
from cluster.meta.objects import key_of, split_key


def expires_ms(job: dict) -> int | None:
    """Unix ms at which an ended Job is to go; None if it is not to. Source: needsCleanup, getFinishAndExpireTime."""
    seconds = job["spec"].get("ttlSecondsAfterFinished")
    if seconds is None or not is_finished(job) or "deletionTimestamp" in job["metadata"]:
        return None
    ended = next(c for c in job["status"]["conditions"] if c["type"] in ("Complete", "Failed") and c["status"] == "True")
    since = ended.get("lastTransitionTime")
    return clock.unix_ms(since) + seconds * 1000 if since else None


class TtlAfterFinishedController(Controller):
    """Its keys are Jobs."""

    NAME = "ttl-after-finished-controller"
    RESOURCE = "jobs"

    def watch(self, informers) -> None:
        self.jobs = informers.watch("jobs")
        self.jobs.on(self.on_job)

    def on_job(self, kind: str, old: dict | None, new: dict) -> None:
        """Only Jobs that have ended and carry a time to live matter."""
        if kind != "DELETED" and expires_ms(new) is not None:
            self.queue.add(key_of(new))

    def sync(self, key: str) -> Iterator[Any]:
        job = self.jobs.get(key)
        if job is None or not self._is_due(key, job):
            return None
        namespace, name = split_key(key)
        fresh = yield self.client.get("jobs", name, namespace)  # the informer's copy may be old
        if not fresh.ok:
            return None if fresh.code == 404 else "retry"
        if not self._is_due(key, fresh.body):
            return None
        self.trace("JobExpired", self.subject(key), seconds=fresh.body["spec"]["ttlSecondsAfterFinished"])
        reply = yield self.client.delete("jobs", name, namespace, propagation_policy="Foreground", uid=fresh.body["metadata"]["uid"])
        return None if reply.ok else "retry"

    def _is_due(self, key: str, job: dict) -> bool:
        """Whether the Job's time is over; if it is still to come, look again then. Source: processTTL."""
        due_ms = expires_ms(job)
        if due_ms is None:
            return False
        left_ms = due_ms - self.engine.clock.unix_ms(self.now_ms)
        if left_ms > 0:
            self.queue.add_after(key, left_ms, background=True)
        return left_ms <= 0
