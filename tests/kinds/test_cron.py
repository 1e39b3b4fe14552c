"""Schedules: what a text means, and what is said of one that means nothing."""
from __future__ import annotations

import pytest

from cluster.kinds._cron import CronError, duration_ns, parse, time_zones, zone_complaint


@pytest.mark.parametrize(("text", "field", "values"), [
    ("*/15 * * * *", 0, {0, 15, 30, 45}), ("5,7-9 * * * *", 0, {5, 7, 8, 9}), ("50/5 * * * *", 0, {50, 55}),
    ("0 9-17/4 * * *", 1, {9, 13, 17}), ("0 0 1,15 * *", 2, {1, 15}), ("0 0 1 jan-mar *", 3, {1, 2, 3}),
    ("0 0 * * MON,sun", 4, {0, 1}), ("@weekly", 4, {0}), ("@hourly", 0, {0}), ("TZ=UTC 3 * * * *", 0, {3}),
])
def test_a_field_has_its_values(text, field, values):
    assert parse(text).values[field] == values


@pytest.mark.parametrize(("text", "any_day", "any_weekday"), [
    ("0 0 * * 1", True, False), ("0 0 1 * ?", False, True), ("0 0 */2 * 1", False, False), ("0 0 */1 * *", True, True),
])
def test_a_star_is_any_day_unless_it_steps(text, any_day, any_weekday):
    assert (parse(text).any_day, parse(text).any_weekday) == (any_day, any_weekday)


@pytest.mark.parametrize(("text", "why"), [
    ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"), ("60 * * * *", "end of range (60) above maximum (59): 60"),
    ("* * 0 * *", "beginning of range (0) below minimum (1): 0"), ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
    ("*/0 * * * *", "step of range should be a positive number: */0"), ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
    ("1/2/3 * * * *", "too many slashes: 1/2/3"), ("a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'),
    ("*/-5 * * * *", "negative number (-5) not allowed: -5"), ("@soon", "unrecognized descriptor: @soon"),
    ("@every 1x", 'failed to parse duration @every 1x: time: unknown unit "x" in duration "1x"'),
    ("TZ=UTC", "invalid schedule format: runtime error: slice bounds out of range [:-1]"),
    ("TZ=Mars/Base * * * * *", "provided bad location Mars/Base: unknown time zone Mars/Base"), ("", "empty spec string"),
])
def test_a_wrong_schedule_is_refused_in_upstreams_words(text, why):
    with pytest.raises(CronError) as refused:
        parse(text)
    assert str(refused.value) == why


@pytest.mark.parametrize(("text", "nanoseconds"), [("1h30m", 5_400 * 10**9), ("1.5s", 15 * 10**8), ("0", 0), ("-2ms", -2 * 10**6)])
def test_durations_are_gos(text, nanoseconds):
    assert duration_ns(text) == nanoseconds
    assert parse("@every 90s").every_ns == 90 * 10**9


def test_time_zones_are_known_by_their_exact_names():
    assert len(time_zones()) > 500
    assert [zone_complaint(name) for name in ("UTC", "Europe/Berlin", "Asia/Shanghai")] == ["", "", ""]
    assert zone_complaint("europe/berlin") == "unknown time zone europe/berlin"
    assert zone_complaint("Europe") == "is a directory"
