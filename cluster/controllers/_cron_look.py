"""One look at one CronJob: which Jobs have ended or are too old, whether a run is due, when to look again.

Source: pkg/controller/cronjob/cronjob_controllerv2.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cluster.engine import Sleep, clock
from cluster.kinds import _cron
from cluster.meta.gotext import quote
from cluster.meta.objects import controller_of, key_of

from . import _cron_jobs as jobs
from . import _cron_times as times
from ._own_writes import CATCH_UP_MS
from ._pod_control import is_terminating_namespace
from ._rollout import SyncError

UNSUPPORTED = ("CRON_TZ or TZ used in schedule {} is not officially supported, see "
               "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details")


def schedule_text(cron_job: dict) -> str:
    """The schedule with its zone before it, as the parser takes it. Source: formatSchedule."""
    spec = cron_job["spec"]
    zone = spec.get("timeZone")
    if "TZ" in spec["schedule"] or zone is None or zone_complaint(zone):
        return spec["schedule"]
    return f"TZ={zone} {spec['schedule']}"


def zone_complaint(zone: str) -> str:
    """Why a time zone cannot be used, "" if it can."""
    complaint = _cron.zone_complaint(zone)
    return complaint or ("" if clock.is_utc(zone) or clock.zone(zone) else f"unknown time zone {zone}")


class Look:
    """`run` is a unit of work; it returns the ms until the next look, or None. Raises SyncError where it is to be tried again."""

    def __init__(self, controller, cron_job: dict):
        self.controller, self.client, self.cron_job = controller, controller.client, cron_job
        self.key, self.subject = key_of(cron_job), controller.subject(key_of(cron_job))
        self.spec, self.status = cron_job["spec"], dict(cron_job.get("status") or {})
        self.has_news = False

    @property
    def now_unix_ms(self) -> int:
        return self.controller.engine.clock.unix_ms(self.controller.now_ms)

    def run(self) -> Iterator[Any]:
        """Source: sync."""
        found = self.controller.jobs.by("owner name", self.key)
        yield from self._trim_history(found)
        error, after_ms = None, None
        try:
            after_ms = yield from self._sync(found)
        except SyncError as refused:
            error = refused
        if self.has_news:
            yield from self._write()
        if error is not None:
            raise error
        return after_ms

    def _write(self) -> Iterator[Any]:
        order = ("active", "lastScheduleTime", "lastSuccessfulTime")
        status = {name: self.status[name] for name in order if self.status.get(name)}
        reply = yield self.client.update("cronjobs", {**self.cron_job, "status": status}, subresource="status")
        if not reply.ok:
            raise SyncError(reply.message)
        if self.controller.cron_jobs.get(self.key) is self.cron_job:
            yield Sleep(CATCH_UP_MS)

    def _event(self, kind: str, reason: str, message: str) -> None:
        self.controller.recorder.event(self.cron_job, kind, reason, message)

    @property
    def active(self) -> list[dict]:
        return self.status.get("active") or []

    def _is_active(self, uid: str) -> bool:
        return any(one["uid"] == uid for one in self.active)

    def _drop(self, uid: str) -> None:
        self.status["active"] = [one for one in self.active if one["uid"] != uid]
        self.has_news = True

    # -- Jobs that are there ----------------------------------------------------------------------------------------

    def _trim_history(self, found: list[dict]) -> Iterator[Any]:
        """Source: cleanupFinishedJobs, removeOldestJobs."""
        for end, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            limit = self.spec.get(field)
            ended = jobs.oldest_first([job for job in found if jobs.end_of(job) == end])
            for job in ended[: max(0, len(ended) - limit)] if limit is not None else ():
                self.controller.trace("JobHistoryTrimmed", f"jobs/{key_of(job)}", owner=self.key, limit=limit)
                yield from self._delete(job)

    def _delete(self, job: dict) -> Iterator[Any]:
        """Whether a Job could be deleted, its Pods soon after it. Source: deleteJob."""
        meta = job["metadata"]
        reply = yield self.client.delete("jobs", meta["name"], meta["namespace"], propagation_policy="Background")
        if not reply.ok:
            self._event("Warning", "FailedDelete", f"Deleted job: {reply.message}")
            return False
        self._drop(meta["uid"])
        self._event("Normal", "SuccessfulDelete", f"Deleted job {meta['name']}")
        return True

    def _take_stock(self, found: list[dict]) -> Iterator[Any]:
        """Note Jobs that have ended, that nobody knows of, that are gone."""
        for job in found:
            end = jobs.end_of(job)
            if end:
                self._note_end(job, end)
            elif not self._is_active(job["metadata"]["uid"]):
                yield from self._note_unknown(job)
        uids = [job["metadata"]["uid"] for job in found]
        for reference in [one for one in self.active if one["uid"] not in uids]:
            reply = yield self.client.get("jobs", reference["name"], reference["namespace"])
            if reply.code == 404:
                self._event("Normal", "MissingJob", f"Active job went missing: {reference['name']}")
                self._drop(reference["uid"])
            elif not reply.ok:
                raise SyncError(reply.message)

    def _note_end(self, job: dict, end: str) -> None:
        meta = job["metadata"]
        if self._is_active(meta["uid"]):
            self._drop(meta["uid"])
            self._event("Normal", "SawCompletedJob", f"Saw completed job: {meta['name']}, condition: {end}")
        completed, last = job["status"].get("completionTime"), self.status.get("lastSuccessfulTime")
        if end == "Complete" and completed and (last is None or completed > last):
            self.status["lastSuccessfulTime"] = completed
            self.has_news = True

    def _note_unknown(self, job: dict) -> Iterator[Any]:
        """A Job that is not in the list: made by hand, or a moment ago."""
        meta = self.cron_job["metadata"]
        fresh = yield self.client.get("cronjobs", meta["name"], meta["namespace"])
        if not fresh.ok:
            raise SyncError(fresh.message)
        listed = (fresh.body.get("status") or {}).get("active") or []
        if any(one["uid"] == job["metadata"]["uid"] for one in listed):
            self.cron_job, self.status = fresh.body, dict(fresh.body["status"])
        else:
            said = f"Saw a job that the controller did not create or forgot: {job['metadata']['name']}"
            self._event("Warning", "UnexpectedJob", said)

    # -- the next run -----------------------------------------------------------------------------------------------

    def _sync(self, found: list[dict]) -> Iterator[Any]:
        """Source: syncCronJob."""
        yield from self._take_stock(found)
        schedule = None if "deletionTimestamp" in self.cron_job["metadata"] else self._schedule()
        if schedule is None:
            self._compared(0, "nothing")
            return None
        now_ms = self.now_unix_ms
        try:
            recent = times.most_recent(self.cron_job, schedule, now_ms, with_deadline=True)
        except _cron.CronError as error:
            self._event("Warning", "InvalidSchedule", f"invalid schedule: {self.spec['schedule']} : {error}")
            return None
        if recent.due_ms is not None and recent.missed > times.MANY:
            said = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            self._event("Warning", "TooManyMissedTimes", said)
        if recent.due_ms is not None and self._may_start(recent.due_ms, now_ms):
            yield from self._make_room(recent.due_ms)
            if not (yield from self._start(recent.due_ms)):
                return None
        else:
            self._compared(0, "nothing")
        after_ms = times.wait_ms(self._with_status(), schedule, now_ms)
        next_s = (now_ms + after_ms - times.DELAY_MS) // 1000
        self.controller.trace("NextRunPlanned", self.subject, schedule=self.spec["schedule"], at=clock.rfc3339(next_s, schedule.time_zone))
        return after_ms

    def _with_status(self) -> dict:
        return {**self.cron_job, "status": self.status}

    def _compared(self, due: int, so: str) -> None:
        self.controller.trace("ReconcileCompared", self.subject, wanted=due, found=len(self.active), so=so)

    def _schedule(self) -> _cron.Schedule | None:
        """The schedule; None where there is none to keep."""
        zone = self.spec.get("timeZone")
        if zone is not None and (complaint := zone_complaint(zone)):
            self._event("Warning", "UnknownTimeZone", f"invalid timeZone: {quote(zone)}: {complaint}")
            return None
        if self.spec.get("suspend"):
            return None
        written = self.spec["schedule"]
        if "TZ" in written:
            self._event("Warning", "UnsupportedSchedule", UNSUPPORTED.format(quote(written)))
        try:
            schedule = _cron.parse(schedule_text(self.cron_job))
        except _cron.CronError as error:
            self._event("Warning", "UnparseableSchedule", f"unparseable schedule: {quote(written)} : {error}")
            return None
        return schedule

    def _may_start(self, due_ms: int, now_ms: int) -> bool:
        """Whether the run that is due is not too late, not made yet and not forbidden."""
        deadline_s = self.spec.get("startingDeadlineSeconds")
        if deadline_s is not None and due_ms + deadline_s * 1000 < now_ms:
            self._skipped(due_ms, "late")
            self._event("Warning", "MissSchedule", f"Missed scheduled time to start a job: {clock.rfc1123(due_ms // 1000)}")
            return False
        last = self.status.get("lastScheduleTime")
        name = jobs.name_for(self.cron_job, due_ms)
        if any(one["name"] == name for one in self.active) or (last and clock.unix_ms(last) == due_ms):
            return False
        if self.spec.get("concurrencyPolicy") == "Forbid" and self.active:
            self._skipped(due_ms, "forbidden")
            said = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._event("Normal", "JobAlreadyActive", said)
            return False
        return True

    def _skipped(self, due_ms: int, why: str) -> None:
        """Told once for a run, however often the CronJob is looked at meanwhile."""
        told = self.controller.state.skipped
        if told.get(self.key) != f"{due_ms} {why}":
            told[self.key] = f"{due_ms} {why}"
            self.controller.trace("RunSkipped", self.subject, due=clock.rfc3339(due_ms // 1000), why=why)

    def _make_room(self, due_ms: int) -> Iterator[Any]:
        """The policy Replace: whatever still runs goes."""
        for reference in list(self.active) if self.spec.get("concurrencyPolicy") == "Replace" else ():
            found = yield self.client.get("jobs", reference["name"], reference["namespace"])
            if not found.ok:
                self._event("Warning", "FailedGet", f"Get job: {found.message}")
                raise SyncError(found.message)
            self.controller.trace("RunReplaced", f"jobs/{key_of(found.body)}", owner=self.key)
            if not (yield from self._delete(found.body)):
                raise SyncError(f"could not replace job {reference['namespace']}/{reference['name']}")

    def _start(self, due_ms: int) -> Iterator[Any]:
        """Make the Job of a due time; whether it is one that the list lacked."""
        wanted = jobs.new_job(self.cron_job, due_ms)
        name = wanted["metadata"]["name"]
        self._compared(1, f"create {name}")
        self.controller.trace("RunDue", self.subject, due=clock.rfc3339(due_ms // 1000), job=name)
        reply = yield self.client.create("jobs", wanted)
        if reply.reason == "AlreadyExists":
            reply = yield self.client.get("jobs", name, wanted["metadata"]["namespace"])
            if reply.ok and not self._is_forgotten(reply.body):
                return False
        elif reply.ok:
            self._event("Normal", "SuccessfulCreate", f"Created job {name}")
        elif not is_terminating_namespace(reply):
            self._event("Warning", "FailedCreate", f"Error creating job: {reply.message}")
        if not reply.ok:
            raise SyncError(reply.message)
        self.status.update(active=[*self.active, jobs.reference_to(reply.body)], lastScheduleTime=clock.rfc3339(due_ms // 1000))
        self.has_news = True
        return True

    def _is_forgotten(self, job: dict) -> bool:
        """Whether a Job is ours and not in the list: it was made, but writing that down failed."""
        reference, uid = controller_of(job), self.cron_job["metadata"]["uid"]
        return reference is not None and reference["uid"] == uid and not self._is_active(job["metadata"]["uid"])
