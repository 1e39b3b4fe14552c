"""When a schedule is due: the next time, the last one missed, and how many were.

Which minutes match is asked of `cronsim`, in the wall time of the schedule's zone; what a change of clocks does to them is
decided here, because upstream's library has none of Debian's extra rules: a time that the clocks leap over is not made up
for, one that comes twice counts twice.
Source: github.com/robfig/cron/v3 spec.go, constantdelay.go; pkg/controller/cronjob/utils.go.
"""

from __future__ import annotations

from typing import NamedTuple

from cronsim import CronSim, CronSimError

from cluster.engine import clock
from cluster.kinds._cron import FIELDS, CronError, Schedule

YEARS_AHEAD = 5
SCAN_S = 7 * 86_400  # two changes of a zone's clocks are further apart
MANY = 100
DELAY_MS = 100  # nextScheduleDelta
TOO_CLOSE = "time difference between two schedules is less than 1 second"


def next_ms(schedule: Schedule, after_ms: int) -> int | None:
    """The first due time after a moment, in Unix ms; None if there is none within five years. Source: SpecSchedule.Next."""
    after_s = after_ms // 1000
    if not schedule.values:
        return (after_s + max(1, schedule.every_ns // 10**9)) * 1000
    found = _next_s(schedule, after_s)
    return None if found is None else found * 1000


def _next_s(schedule: Schedule, after_s: int) -> int | None:
    """Span by span between two changes of the zone's clocks, in each of which wall time is UTC and a constant."""
    zone, last_year = schedule.time_zone, clock.calendar(after_s).year + YEARS_AHEAD
    while True:
        ahead = clock.offset_s(after_s + 1, zone)
        wall_s = _next_wall_s(schedule, after_s + ahead)
        if wall_s is None or clock.calendar(wall_s).year > last_year:
            return None
        change_s = _change_s(zone, after_s + 1, wall_s - ahead, ahead)
        if change_s is None:
            return wall_s - ahead
        after_s = change_s - 1


def _next_wall_s(schedule: Schedule, after_s: int) -> int | None:
    """The next matching wall time, written as if it were UTC."""
    if not all(schedule.values):
        return None
    try:
        return int(next(CronSim(expression(schedule), clock.calendar(after_s))).timestamp())
    except (CronSimError, StopIteration):
        return None


def expression(schedule: Schedule) -> str:
    """The schedule in words that cronsim and upstream's parser read alike: stars and lists of numbers."""
    _, _, day, _, weekday = range(len(FIELDS))
    stars = {day: schedule.any_day, weekday: schedule.any_weekday}
    return " ".join("*" if stars.get(place, len(values) == field.high - field.low + 1) else ",".join(map(str, sorted(values)))
                    for place, (values, field) in enumerate(zip(schedule.values, FIELDS, strict=True)))


def _change_s(zone: str, since_s: int, until_s: int, ahead: int) -> int | None:
    """The first second in (since, until] at which the clocks of a zone are not `ahead`; None if they always are."""
    if clock.is_utc(zone):
        return None
    low = since_s
    while low < until_s:
        high = min(low + SCAN_S, until_s)
        if clock.offset_s(high, zone) != ahead:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if clock.offset_s(middle, zone) == ahead else (low, middle)
            return high
        low = high
    return None


class Recent(NamedTuple):
    """earliest_ms: since when due times count; due_ms: the last one until now, None if there is none; missed: about how many."""

    earliest_ms: int
    due_ms: int | None
    missed: int = 0


def most_recent(cron_job: dict, schedule: Schedule, now_ms: int, *, with_deadline: bool) -> Recent:
    """Raises CronError where the schedule never comes. Source: mostRecentScheduleTime."""
    earliest_ms = _earliest_ms(cron_job, now_ms, with_deadline=with_deadline)
    first = next_ms(schedule, earliest_ms)
    second = None if first is None else next_ms(schedule, first)
    if first is not None and now_ms < first:
        return Recent(earliest_ms, None)
    if first is not None and second is not None and now_ms < second:
        return Recent(earliest_ms, first)
    if first is None or second is None:
        raise CronError(TOO_CLOSE)
    between_s = (second - first) // 1000
    missed = (now_ms - first) // 1000 // between_s + 1
    due_ms, found = None, next_ms(schedule, first + (missed - 2) * between_s * 1000)
    while found is not None and found <= now_ms:
        due_ms, found = found, next_ms(schedule, found)
    return Recent(earliest_ms, due_ms, missed)


def _earliest_ms(cron_job: dict, now_ms: int, *, with_deadline: bool) -> int:
    last = (cron_job.get("status") or {}).get("lastScheduleTime")
    earliest_ms = clock.unix_ms(last or cron_job["metadata"]["creationTimestamp"])
    deadline_s = cron_job["spec"].get("startingDeadlineSeconds")
    if with_deadline and deadline_s is not None:
        return max(earliest_ms, now_ms - deadline_s * 1000)
    return earliest_ms


def wait_ms(cron_job: dict, schedule: Schedule, now_ms: int) -> int:
    """How long to wait for the next due time, and a little longer. Source: nextScheduleTimeDuration."""
    try:
        recent = most_recent(cron_job, schedule, now_ms, with_deadline=False)
    except CronError:
        since_ms = now_ms
    else:
        since_ms = recent.due_ms if recent.due_ms is not None else now_ms if recent.missed else recent.earliest_ms
    found = next_ms(schedule, since_ms)
    return 0 if found is None else found + DELAY_MS - now_ms
