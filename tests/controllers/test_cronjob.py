"""cronjob-controller against the real API server; the world begins on 2026-01-01 at 09:00:00Z.

Source: pkg/controller/cronjob/cronjob_controllerv2_test.go.
"""

from __future__ import annotations

from tests.controllers.jobs import TEMPLATE, Jobs

START_MINUTE = 1_767_258_000 // 60


class Cron(Jobs):
    def cron_job(self, schedule: str = "*/5 * * * *", *, job: dict | None = None, **spec) -> dict:
        template = {"spec": {"template": TEMPLATE, **(job or {})}}
        body = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
                "spec": {"schedule": schedule, "jobTemplate": template, **spec}}
        return self.create("cronjobs", body)

    def change(self, **spec) -> None:
        self.do(self.client.patch("cronjobs", "tick", {"spec": spec}, namespace="default", patch_type="merge"))

    def until(self, minute: float) -> None:
        """Run until so many minutes after the hour."""
        self.engine.run_until(int(minute * 60_000))

    def off(self) -> None:
        self.engine.stop(self.manager)

    def on(self) -> None:
        self.engine.start(self.manager)
        self.settle()

    @property
    def minutes(self) -> list[int]:
        """The minutes for which there are Jobs."""
        return [int(name.rpartition("-")[2]) - START_MINUTE for name in sorted(job["metadata"]["name"] for job in self.list("jobs"))]

    @property
    def cron_status(self) -> dict:
        return self.get("cronjobs", "tick")["status"]

    def finish(self, *, code: int = 0) -> None:
        for pod in self.open_pods:
            self.end(pod, code=code)


def test_a_job_is_made_when_the_schedule_is_due_and_listed_until_it_has_ended():
    world = Cron()
    world.cron_job(job={"backoffLimit": 0})
    world.until(4.9)
    assert world.minutes == [] and world.cron_status == {}
    world.until(5.01)
    (job,) = world.list("jobs")
    assert job["metadata"]["name"] == f"tick-{START_MINUTE + 5}"
    assert job["metadata"]["annotations"] == {"batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T09:05:00Z"}
    created = next(change.at_ms for change in world.store.changes if change.key.startswith("/registry/jobs/") and change.type == "ADDED")
    assert 300_100 <= created < 300_200
    (active,) = world.cron_status["active"]
    assert list(active) == ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion"] and active["uid"] == job["metadata"]["uid"]
    assert world.cron_status["lastScheduleTime"] == "2026-01-01T09:05:00Z"
    world.finish()
    assert "active" not in world.cron_status and world.cron_status["lastSuccessfulTime"].startswith("2026-01-01T09:05:")
    assert world.events("SuccessfulCreate")[0] == f"Created job {job['metadata']['name']}"
    assert world.events("SawCompletedJob") == [f"Saw completed job: {job['metadata']['name']}, condition: Complete"]
    world.until(10.01)
    assert world.minutes == [5, 10]


def test_waiting_for_a_schedule_is_no_work_left_to_do():
    world = Cron()
    world.cron_job()
    world.settle(limit_ms=1_000)
    assert world.engine.now_ms < 5_000 and world.traced("NextRunPlanned") == [{"schedule": "*/5 * * * *", "at": "2026-01-01T09:05:00Z"}]


def test_allow_lets_runs_overlap():
    world = Cron()
    world.cron_job(concurrencyPolicy="Allow")
    world.until(10.1)
    assert world.minutes == [5, 10] and len(world.cron_status["active"]) == 2


def test_forbid_skips_while_one_runs_and_starts_the_skipped_run_as_soon_as_it_ends():
    world = Cron()
    world.cron_job(concurrencyPolicy="Forbid")
    world.until(10.5)
    assert world.minutes == [5]
    assert world.events("JobAlreadyActive") == ["Not starting job because prior execution is running and concurrency policy is Forbid"]
    assert world.traced("RunSkipped") == [{"due": "2026-01-01T09:10:00Z", "why": "forbidden"}]
    world.finish()
    assert world.minutes == [5, 10] and world.cron_status["lastScheduleTime"] == "2026-01-01T09:10:00Z"


def test_forbid_drops_the_skipped_run_when_its_deadline_has_passed():
    world = Cron()
    world.cron_job(concurrencyPolicy="Forbid", startingDeadlineSeconds=60)
    world.until(12)
    world.finish()
    assert world.minutes == [5]
    world.until(15.1)
    assert world.minutes == [5, 15]


def test_replace_deletes_what_still_runs():
    world = Cron()
    world.cron_job(concurrencyPolicy="Replace")
    world.until(10.1)
    assert world.minutes == [10] and len(world.cron_status["active"]) == 1
    assert world.events("SuccessfulDelete")[0] == f"Deleted job tick-{START_MINUTE + 5}" and len(world.traced("RunReplaced")) == 1


def test_a_suspended_one_starts_nothing_and_makes_up_for_the_last_missed_run_alone():
    world = Cron()
    world.cron_job(suspend=True)
    world.until(17)
    assert world.minutes == []
    world.change(suspend=False)
    assert world.minutes == [15]


def test_history_limits_count_each_sort_of_end_for_itself():
    world = Cron()
    world.cron_job("* * * * *", successfulJobsHistoryLimit=2, failedJobsHistoryLimit=1, job={"backoffLimit": 0})
    for minute in range(1, 8):
        world.until(minute + 0.1)
        world.finish(code=minute % 2)
    assert world.minutes == [4, 6, 7]
    assert sorted({(fact["owner"], fact["limit"]) for fact in world.traced("JobHistoryTrimmed")}) == [("default/tick", 1), ("default/tick", 2)]


def test_a_limit_of_zero_keeps_none():
    world = Cron()
    world.cron_job(successfulJobsHistoryLimit=0)
    for minute in (5, 10, 15, 20):
        world.until(minute + 0.1)
        world.finish()
        assert world.minutes == []
    assert world.events("MissingJob") == [] and len(world.events("SuccessfulDelete")) == 4  # as the real one, who removed it itself


def test_a_controller_that_was_off_starts_the_last_run_it_missed():
    world = Cron()
    world.cron_job()
    world.off()
    world.until(23)
    world.on()
    assert world.minutes == [20] and world.events("TooManyMissedTimes") == []


def test_more_than_a_hundred_missed_runs_are_told():
    world = Cron()
    world.cron_job("* * * * *")
    world.off()
    world.until(102.5)
    world.on()
    assert world.minutes == [102]
    assert world.events("TooManyMissedTimes") == [
        "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"]


def test_a_missed_run_whose_deadline_has_passed_is_not_made():
    world = Cron()
    world.cron_job("0 * * * *", startingDeadlineSeconds=30)
    world.off()
    world.until(62)
    world.on()
    assert world.minutes == []


def test_a_changed_schedule_is_looked_at_when_it_is_due():
    world = Cron()
    world.cron_job("0 0 1 1 *")
    world.change(schedule="*/2 * * * *")
    world.until(2.1)
    assert world.minutes == [2]


def test_a_time_zone_moves_the_day_and_marks_the_job():
    world = Cron()
    world.cron_job("45 14 * * *", timeZone="Asia/Kolkata")
    world.until(15.1)
    (job,) = world.list("jobs")
    assert job["metadata"]["annotations"] == {"batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T14:45:00+05:30"}
    assert world.cron_status["lastScheduleTime"] == "2026-01-01T09:15:00Z"


def test_the_thirty_first_of_february_is_told_once_and_never_loops():
    world = Cron()
    world.cron_job("0 0 31 2 *")
    assert world.events("InvalidSchedule") == ["invalid schedule: 0 0 31 2 * : time difference between two schedules is less than 1 second"]
    world.until(600)
    assert len(world.events("InvalidSchedule")) == 1


def test_a_job_made_by_hand_is_told_and_left_alone():
    world = Cron()
    cron_job = world.cron_job(suspend=True)
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "tick", "uid": cron_job["metadata"]["uid"], "controller": True}
    world.create("jobs", {"metadata": {"name": "by-hand", "ownerReferences": [owner]}, "spec": {"template": TEMPLATE}})
    assert set(world.events("UnexpectedJob")) == {"Saw a job that the controller did not create or forgot: by-hand"}
    world.finish()
    assert "active" not in world.cron_status and "lastSuccessfulTime" in world.cron_status


def test_a_job_that_is_gone_is_taken_off_the_list():
    world = Cron()
    world.cron_job()
    world.until(5.1)
    name = world.list("jobs")[0]["metadata"]["name"]
    world.do(world.client.delete("jobs", name, "default", propagation_policy="Background"))
    assert world.events("MissingJob") == [f"Active job went missing: {name}"] and "active" not in world.cron_status
    assert world.minutes == []


def test_a_refused_job_is_told_and_tried_again():
    world = Cron()
    world.create("resourcequotas", {"metadata": {"name": "none"}, "spec": {"hard": {"count/jobs.batch": "0"}}})
    world.cron_job()
    world.until(5.1)
    said = world.events("FailedCreate")[0]
    assert said.startswith("Error creating job: jobs.batch") and "exceeded quota: none" in said
    world.do(world.client.delete("resourcequotas", "none", "default"), settle=False)
    world.until(6)
    assert world.minutes == [5]


def test_its_jobs_go_with_it():
    world = Cron()
    world.cron_job()
    world.until(5.1)
    world.do(world.client.delete("cronjobs", "tick", "default"))
    assert world.list("jobs") == [] and world.list("pods") == []
