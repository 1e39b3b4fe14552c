"""ttl-after-finished-controller against the real API server.

Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers.ttl_after_finished import expires_ms
from cluster.engine.clock import unix_ms
from tests.controllers.jobs import Jobs

ENDED = "2026-01-01T09:00:00Z"


@pytest.mark.parametrize(("condition", "seconds", "left_s"), [
    (None, 100, None), ("Complete", None, None), ("Complete", 0, 0), ("Complete", 10, 10), ("Failed", None, None), ("Failed", 0, 0),
    ("Failed", 15, 15),
])  # fmt: skip
def test_a_job_has_its_time_to_live_left_from_when_it_ended(condition, seconds, left_s):
    """Source: TestTimeLeft."""
    conditions = [{"type": condition, "status": "True", "lastTransitionTime": ENDED}] if condition else []
    job = {"metadata": {}, "spec": {} if seconds is None else {"ttlSecondsAfterFinished": seconds}, "status": {"conditions": conditions}}
    assert expires_ms(job) == (None if left_s is None else unix_ms(ENDED) + left_s * 1000)


def test_a_finished_job_goes_after_its_time_to_live_and_not_before():
    world = Jobs()
    world.job(ttlSecondsAfterFinished=20)
    world.end(world.open_pods[0])
    world.run(17_000)
    assert world.get("jobs", "job") is not None
    world.run(5_000)
    assert world.get("jobs", "job") is None and world.list("pods") == []
    assert world.traced("JobExpired") == [{"seconds": 20}]


def test_a_time_to_live_that_is_raised_in_time_counts():
    world = Jobs()
    world.job(ttlSecondsAfterFinished=20)
    world.end(world.open_pods[0])
    world.patch_job({"ttlSecondsAfterFinished": 100})
    world.run(60_000)
    assert world.get("jobs", "job") is not None
    world.run(50_000)
    assert world.get("jobs", "job") is None


def test_a_job_without_a_time_to_live_stays():
    world = Jobs()
    world.job()
    world.end(world.open_pods[0])
    world.run(3_600_000)
    assert world.get("jobs", "job") is not None
