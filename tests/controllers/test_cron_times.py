"""When schedules are due. The times are those of github.com/robfig/cron/v3 v3.0.1 for the same schedules."""

from __future__ import annotations

import pytest

from cluster.controllers import _cron_times as times
from cluster.engine import clock
from cluster.kinds._cron import CronError, parse

CHOSEN = (
    ("TZ=America/New_York 30 2 * * *", 1772841600, [1772868600, 1773037800, 1773124200]),
    ("TZ=America/New_York 30 1 * * *", 1793448000, [1793511000, 1793514600, 1793601000]),
    ("TZ=America/New_York */30 * * * *", 1793511000, [1793512800, 1793514600, 1793516400]),
    ("TZ=Europe/Berlin 0 2,3 * * *", 1774659600, [1774663200, 1774746000, 1774828800]),
    ("0 0 31 2 *", 1767258000, [None]),
    ("0 0 29 2 *", 1767258000, [1835395200, 1961625600, 2087856000]),
    ("0 0 */2 * 1", 1767258000, [1767398400, 1767571200, 1767744000]),
    ("0 0 * * 1", 1767258000, [1767571200, 1768176000, 1768780800]),
    ("0 0 1-31 * 1", 1767258000, [1767312000, 1767398400, 1767484800]),
    ("@every 1h30m", 1767258000, [1767263400, 1767268800, 1767274200]),
    ("@every 10ms", 1767258000, [1767258001, 1767258002, 1767258003]),
    ("@weekly", 1767258000, [1767484800, 1768089600, 1768694400]),
    ("0 0 30 2 1", 1767258000, [1769990400, 1770595200, 1771200000]),
)
DRAWN = (
    ("TZ=Asia/Kolkata * 20-23/4 ? * 3-3", 1671484968, [1671633000, 1671633060, 1671633120]),
    ("TZ=UTC ? 18,18,10,17 * 4-9 6,4", 1708932845, [1712224800, 1712224860, 1712224920]),
    ("TZ=Asia/Kolkata 58,15,28,45 5 ? * *", 1491066082, [1491090300, 1491091080, 1491092100]),
    ("19 17-21/1 * * *", 1460144022, [1460146740, 1460150340, 1460222340]),
    ("TZ=America/New_York 17,17,38 4-18/4 * */6 */1", 1454926222, [1467361020, 1467362280, 1467375420]),
    ("TZ=Asia/Kolkata 13,2 */8 */1 * ?", 1797340096, [1797359520, 1797360180, 1797388320]),
    ("TZ=America/New_York 22-30 15-22 */1 11-11/3 */2", 1606205922, [1606249320, 1606249380, 1606249440]),
    ("TZ=Europe/Berlin 39 19 * 9-11/1 ?", 1754983129, [1756748340, 1756834740, 1756921140]),
    ("TZ=Asia/Kolkata 33-33 8 * */4 *", 1500601990, [1504234980, 1504321380, 1504407780]),
    ("TZ=America/New_York */1 * 31-31 */1 */3", 1629558564, [1629558600, 1629558660, 1629558720]),
    ("TZ=Asia/Kolkata ? * * 4-11 4-6", 1860138420, [1870021800, 1870021860, 1870021920]),
    ("TZ=America/New_York 38 * ? */3 3-4", 1494203389, [1499229480, 1499233080, 1499236680]),
    ("TZ=America/New_York 56 1 * ? ?", 1501299199, [1501307760, 1501394160, 1501480560]),
    ("*/25 14 */12 * ?", 1469640583, [1470060000, 1470061500, 1470063000]),
    ("TZ=UTC 32 2 */1 */1 *", 1444935058, [1444962720, 1445049120, 1445135520]),
    ("TZ=America/New_York 29 * 31-31/1 * ?", 1857448799, [1861853340, 1861856940, 1861860540]),
    ("TZ=America/New_York ? */1 1,14,30 8-10 */1", 1685943574, [1690862400, 1690862460, 1690862520]),
    ("TZ=Europe/Berlin 8,33,13,41 */3 23-31/1 ? 4-5/4", 1791486640, [1791486780, 1791487980, 1791488460]),
    ("TZ=Europe/Berlin 21 9 * * 2,5,0", 1589054414, [1589095260, 1589268060, 1589527260]),
    ("TZ=UTC 1 ? */2 * 0-4", 1603522036, [1603584060, 1603587660, 1603591260]),
    ("44 */3 */1 */6 5-5/3", 1853363578, [1862268240, 1862279040, 1862289840]),
    ("TZ=Europe/Berlin 58-58/5 * 7-24 7-8/5 *", 1662623101, [1688684280, 1688687880, 1688691480]),
    ("TZ=America/New_York ? 15 ? * */1", 1699548826, [1699560000, 1699560060, 1699560120]),
    ("TZ=Europe/Berlin 25 1 20-26 ? 3-3", 1857470413, [1857860700, 1858292700, 1858379100]),
    ("TZ=UTC 11,20 8-18/2 * */1 6-6", 1478722479, [1478938260, 1478938800, 1478945460]),
    ("TZ=Asia/Kolkata 44 ? 20,14,9 ? *", 1833829826, [1834082040, 1834085640, 1834089240]),
)


@pytest.mark.parametrize(("schedule", "after_s", "expected"), CHOSEN + DRAWN)
def test_the_next_three_times_are_those_of_upstreams_library(schedule, after_s, expected):
    found, after_ms = [], after_s * 1000
    for _ in expected:
        after_ms = times.next_ms(parse(schedule), after_ms)
        found.append(None if after_ms is None else after_ms // 1000)
    assert found == expected


START = "2026-01-01T09:00:00Z"
START_MS = clock.unix_ms(START)


def cron_job(deadline_s=None, last=None):
    spec = {} if deadline_s is None else {"startingDeadlineSeconds": deadline_s}
    return {"metadata": {"creationTimestamp": START}, "spec": spec, "status": {"lastScheduleTime": last} if last else {}}


@pytest.mark.parametrize(("schedule", "deadline_s", "after_s", "due_s", "missed"), [
    ("*/5 * * * *", None, 299, None, 0),
    ("*/5 * * * *", None, 300, 300, 0),
    ("*/5 * * * *", None, 599, 300, 0),
    ("*/5 * * * *", None, 600, 600, 2),
    ("* * * * *", None, 6_000, 6_000, 100),
    ("* * * * *", None, 6_060, 6_060, 101),
    ("*/5 * * * *", 10, 615, None, 0),
    ("*/5 * * * *", 30, 615, 600, 0),
    ("0,1 * * * *", None, 7_500, 7_260, 3),
    ("@every 1h", None, 9_000, 7_200, 2),
])
def test_the_last_run_that_was_missed_and_about_how_many(schedule, deadline_s, after_s, due_s, missed):
    """Source: mostRecentScheduleTime, whose count is a rough one where a schedule is uneven."""
    recent = times.most_recent(cron_job(deadline_s), parse(schedule), START_MS + after_s * 1000, with_deadline=True)
    assert (recent.due_ms and (recent.due_ms - START_MS) // 1000, recent.missed) == (due_s, missed)


def test_a_run_that_was_made_counts_no_more():
    made = cron_job(last="2026-01-01T09:05:00Z")
    assert times.most_recent(made, parse("*/5 * * * *"), START_MS + 599_000, with_deadline=True).due_ms is None


def test_a_day_that_never_comes_is_an_error_and_looked_at_no_later():
    with pytest.raises(CronError, match="less than 1 second"):
        times.most_recent(cron_job(), parse("0 0 31 2 *"), START_MS, with_deadline=True)
    assert times.wait_ms(cron_job(), parse("0 0 31 2 *"), START_MS) == 0


@pytest.mark.parametrize(("after_ms", "wait_ms"), [(0, 300_100), (299_999, 101), (300_000, 300_100), (300_101, 299_999)])
def test_the_next_look_is_a_tenth_of_a_second_after_the_next_run(after_ms, wait_ms):
    assert times.wait_ms(cron_job(), parse("*/5 * * * *"), START_MS + after_ms) == wait_ms


@pytest.mark.parametrize(("schedule", "said"), [
    ("* * * * *", "* * * * *"), ("? ? ? ? ?", "* * * * *"),
    ("*/20 1,3 */2 jan-mar 1-5", "0,20,40 1,3 " + ",".join(map(str, range(1, 32, 2))) + " 1,2,3 1,2,3,4,5"),
    ("0-59 0 1-31 * *", "* 0 " + ",".join(map(str, range(1, 32))) + " * *"),
])
def test_the_two_dialects_read_the_same_expression(schedule, said):
    """A list of all days is no star: day of month and day of week are then joined by OR."""
    assert times.expression(parse(schedule)) == said
