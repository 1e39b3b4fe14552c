"""ttl-after-finished-controller against the real API server.

Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller_test.go.
"""

from __future__ import annotations

from tests.controllers.jobs import Jobs


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
