"""cronjob-controller: makes a Job each time that a schedule is due.

Source: pkg/controller/cronjob/cronjob_controllerv2.go. What one look does is in _cron_look.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cluster.client import Controller
from cluster.client.recorder import Recorder
from cluster.kinds import _cron
from cluster.meta.objects import controller_of, key_of

from . import _cron_times as times
from ._claims import resolve
from ._cron_jobs import owner_name_index
from ._cron_look import Look, schedule_text
from ._rollout import SyncError


@dataclass
class CronJobState:
    """skipped: by key, the run that was left out last, and why."""

    skipped: dict[str, str] = field(default_factory=dict)


class CronJobController(Controller):
    """Its keys are CronJobs; it looks at one when it or a Job of it changes, and when it is due."""

    NAME = "cronjob-controller"
    RESOURCE = "cronjobs"

    def setup(self) -> None:
        self.state = CronJobState()
        self.recorder = self.attach("recorder", Recorder(self, self.client, component=self.NAME))

    def watch(self, informers) -> None:
        self.cron_jobs = informers.watch("cronjobs")
        self.jobs = informers.watch("jobs", indexes={"owner name": owner_name_index})
        self.cron_jobs.on(self.on_cron_job)
        self.jobs.on_owned("CronJob", self.on_job)

    # -- news -------------------------------------------------------------------------------------------------------

    def on_cron_job(self, kind: str, old: dict | None, new: dict) -> None:
        """A changed schedule is looked at when it is due next, any other change now. Source: updateCronJob."""
        if kind != "MODIFIED" or _written(old) == _written(new):
            self.queue.add(key_of(new))
            return
        try:
            schedule = _cron.parse(schedule_text(new))
        except _cron.CronError:
            said = f"unparseable schedule for cronjob: {new['spec']['schedule']}"
            self.recorder.event(new, "Warning", "UnParseableCronJobSchedule", said)
            return
        self._look_after(key_of(new), times.wait_ms(new, schedule, self.engine.clock.unix_ms(self.now_ms)))

    def on_job(self, kind: str, old: dict | None, new: dict) -> None:
        """Find the CronJobs that a Job's change concerns. Source: addJob, updateJob, deleteJob."""
        before = controller_of(old) if kind == "MODIFIED" else None
        if before is not None and before != controller_of(new):
            self._wake(old)
        self._wake(new)

    def _wake(self, job: dict) -> None:
        owner = resolve(self.cron_jobs, job["metadata"]["namespace"], controller_of(job), "CronJob")
        if owner is not None:
            self.queue.add(key_of(owner))

    def _look_after(self, key: str, delay_ms: int) -> None:
        """A schedule goes on for ever: waiting for it is no work that a cluster has still to do."""
        self.queue.add_after(key, delay_ms, background=True)

    # -- sync -------------------------------------------------------------------------------------------------------

    def sync(self, key: str) -> Iterator[Any]:
        cron_job = self.cron_jobs.get(key)
        if cron_job is None:
            self.state.skipped.pop(key, None)
            return None
        try:
            after_ms = yield from Look(self, cron_job).run()
        except SyncError as error:
            self.trace("SyncFailed", self.subject(key), message=str(error))
            return "retry"
        if after_ms is not None:
            self._look_after(key, after_ms)
        return None


def _written(cron_job: dict) -> tuple:
    return cron_job["spec"]["schedule"], cron_job["spec"].get("timeZone")
