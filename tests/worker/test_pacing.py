"""How virtual time follows the wall clock, and what a client's own work costs."""
from __future__ import annotations

import pytest

from cluster.picture.awaited import FROM_OFF_MS
from cluster.worker.pacing import MOST_PATIENT_NODES, STEP_LIMIT_MS, Pacing, step_limit_ms


@pytest.fixture
def pacing():
    pacing = Pacing()
    assert pacing.target_ms(100.0, 5000, 16) == 5000
    return pacing


def test_the_clock_runs_at_its_speed(pacing):
    assert pacing.target_ms(101.0, 5000, 16) == 21_000
    assert pacing.wall_of(21_000, 16) == 101.0


def test_a_client_that_asks_again_soon_was_at_work_which_is_not_multiplied(pacing):
    for number in range(11):
        pacing.heard(101.0 + number * 0.07, 5000, 16)
    assert pacing.target_ms(101.7, 5000, 16) == 21_700


def test_the_clock_makes_up_for_a_client_that_went_away(pacing):
    pacing.heard(101.0, 5000, 16)
    assert pacing.target_ms(101.05, 5000, 16) == 21_050
    assert pacing.target_ms(102.0, 5000, 16) == 37_000


def test_it_makes_up_without_a_leap(pacing):
    pacing.heard(101.0, 5000, 16)
    assert pacing.target_ms(101.125, 5000, 16) == 21_125
    assert pacing.target_ms(101.135, 5000, 16) == 21_325
    assert pacing.target_ms(101.225, 5000, 16) == 23_125


def test_where_programs_are_slow_to_start_more_is_a_start(pacing):
    for number in range(4):
        pacing.heard(101.0 + number * 0.11, 5000, 16)
    assert pacing.target_ms(101.5, 5000, 16) == 21_500
    for number in range(8):
        pacing.heard(102.0 + number * 0.05, 5000, 16)
    moment_ms = pacing.target_ms(102.35, 5000, 16)
    assert pacing.target_ms(102.5, 5000, 16) == moment_ms + 625   # 0.125 s as on the wall, 0.025 s twenty times as fast


def test_a_client_that_watches_waits_for_the_cluster(pacing):
    pacing.heard(101.0, 5000, 16)
    pacing.heard(101.05, 5000, 16, waits=True)
    assert pacing.target_ms(101.1, 5000, 16) == 21_850


@pytest.mark.parametrize("speed, ahead_ms, wall_s", [(16, 50, 101.05), (16, 125, 101.125), (16, 200, 101.12875), (16, 32_000, 103.0),
                                                        (2, 100, 101.1), (2, 1000, 101.52), (2, 4000, 103.0)])
def test_it_wakes_when_what_is_due_is_reached(pacing, speed, ahead_ms, wall_s):
    pacing.anchor = None
    pacing.heard(101.0, 5000, speed)
    woken_s = pacing.wall_of(5000 + ahead_ms, speed)
    assert woken_s == pytest.approx(wall_s)
    assert pacing.target_ms(woken_s, 5000, speed) >= 5000 + ahead_ms


@pytest.mark.parametrize("speed", [0.25, 1])
def test_a_clock_that_does_not_multiply_goes_on(pacing, speed):
    pacing.heard(100.5, 5000, speed)
    assert pacing.target_ms(101.0, 5000, speed) == 5000 + 1000 * speed


@pytest.mark.parametrize(
    ("nodes", "off", "is_settled", "expected"),
    [
        (2, False, True, STEP_LIMIT_MS),
        (2, True, True, FROM_OFF_MS),
        (2, True, False, STEP_LIMIT_MS),
        (MOST_PATIENT_NODES + 1, True, True, STEP_LIMIT_MS),
    ],
)
def test_a_step_of_a_settled_cluster_reaches_what_follows_from_a_switch(nodes, off, is_settled, expected):
    cells = {"nodes": {f"node-{index}": {"kubelet": {"off": off}} for index in range(nodes)}}
    assert step_limit_ms(cells, 0, is_settled=is_settled) == expected
