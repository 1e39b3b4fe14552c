"""A sandbox under the worker: its modes, its pace, what waits and what leaves."""
from __future__ import annotations

import pytest

from cluster.worker.refusals import Refused

from .running import POD, Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    return Stage(is_looked_at=True)


def rows_of(stage: Stage) -> list[dict]:
    return [row for message in stage.published if message["type"] == "frame" for row in message["rows"]]


def steps_of(stage: Stage) -> list[int]:
    return [row["step"] for row in rows_of(stage) if row["step"] is not None]


def test_a_fresh_sandbox_holds_and_nothing_moves(stage):
    before = stage.runner.engine.steps
    stage.play(60)
    assert stage.sandbox.mode == "held" and stage.runner.engine.steps == before


def test_step_shows_one_step_and_its_details(stage):
    stage.apply()
    for wanted in (1, 2, 3):
        stage.runner.step()
        assert stage.runner.display.step == wanted
    stage.runner.finish_turn()
    assert steps_of(stage) == [1, 2, 3]


def test_many_steps_at_once_are_the_same_steps(stage):
    stage.apply()
    stage.runner.step(40)
    stage.play(1)
    assert steps_of(stage) == list(range(1, 41))


def test_steps_that_take_long_leave_the_thread_between_slices_and_say_when_they_are_done(stage):
    stage.apply()
    done = []
    stage.runner.wall = iter(range(1, 100_000)).__next__  # every look at the clock, a second has passed
    stage.runner.step(20, lambda: done.append(stage.runner.display.step))
    assert not done and 0 < stage.runner.display.step < 20
    while not done:
        stage.runner.tick()
    assert done == [20]


def test_hold_gives_up_steps_that_are_left(stage):
    stage.apply()
    done = []
    stage.runner.wall = iter(range(1, 100_000)).__next__
    stage.runner.step(1000, lambda: done.append(True))
    stage.runner.hold()
    assert done == [True] and stage.runner.tick() is None


def test_stage_goes_on_until_another_stage_begins(stage):
    stage.apply()
    stage.runner.step()
    begun = stage.runner.display.stage
    stage.runner.stage()
    assert stage.runner.display.stage != begun
    assert all(row["stage"] == begun for row in list(stage.runner.display.rows)[:-1] if row["step"] is not None)


def test_settle_runs_as_fast_as_it_can_and_holds_again(stage):
    stage.apply()
    stage.settle()
    pod = stage.runner.simulation.store.get("/registry/pods/default/web").value
    assert pod["status"]["phase"] == "Running" and stage.sandbox.mode == "held" and not stage.runner.display.pending


def test_step_in_a_settled_cluster_finds_none_within_bounds(stage):
    now_ms = stage.runner.engine.now_ms
    stage.runner.step()
    assert stage.runner.display.step == 0 and stage.runner.engine.now_ms - now_ms <= 16_000


def test_a_write_while_held_waits_for_its_steps(stage):
    stage.request(text=POD % "web")
    stage.play(60)
    assert not stage.replies() and not stage.pods()
    for _ in range(30):
        stage.runner.step()
        stage.runner.finish_turn()
        if stage.replies():
            break
    assert stage.replies() == [("caller", 201)] and stage.pods() == ["web"]


def test_the_reply_leaves_after_what_it_tells_of_is_committed(stage):
    kept = []
    stage.runner.deliver = lambda kind, token, *rest: kept.append(type(stage.sandbox).objects.get(pk=stage.sandbox.pk).revision)
    stage.request(text=POD % "web")
    stage.settle()
    assert kept and kept[0] >= int(stage.runner.simulation.store.get("/registry/pods/default/web").create_revision)


def test_a_write_runs_a_sandbox_that_is_held_only_because_nobody_has_looked():
    stage = Stage()
    stage.request(text=POD % "web")
    stage.play(1)
    assert stage.sandbox.mode == "running" and stage.replies() == [("caller", 201)]


def test_a_write_waits_where_somebody_pressed_hold_even_if_nobody_looks():
    stage = Stage()
    stage.runner.hold()
    stage.request(text=POD % "web")
    stage.play(5)
    assert stage.sandbox.mode == "held" and not stage.replies()


def test_paced_play_gives_each_step_its_time(stage):
    stage.apply()
    stage.runner.run()
    shown = []
    for _ in range(150):
        before, wall_s = stage.runner.display.step, stage.wall_s
        wake_s = stage.runner.tick()
        if stage.runner.display.step > before:
            assert stage.runner.display.step == before + 1
            shown.append(wall_s)
        stage.wall_s = max(wake_s, stage.wall_s)
    gaps = [later - earlier for earlier, later in zip(shown, shown[1:], strict=False)]
    assert len(gaps) > 30 and min(gaps) >= 0.42 - 1e-9


def test_speed_divides_the_time_of_a_step(stage):
    stage.runner.set_speed(4)
    stage.apply()
    stage.runner.run()
    stage.play(4.3)
    assert 30 <= stage.runner.display.step <= 43


def test_an_idle_gap_is_squeezed_and_marked_on_the_step_after_it(stage):
    slow = POD.replace('"nginx/nginx:v1"', '"busybox:1", command: [sh, -c, "sleep 30; exit 1"]')
    stage.apply(text=slow % "crasher")
    stage.runner.run()
    stage.play(60)
    marked = [row for row in rows_of(stage) if "squeezed_ms" in row]
    assert marked and all(row["step"] is not None and row["squeezed_ms"] > 1000 for row in marked)
    assert stage.runner.display.at_ms > 30_000


def test_what_a_heartbeat_sets_in_motion_is_paced_again(stage):
    """A lost node is found by background checks; its steps must not rush by."""
    stage.runner.set_speed(64)
    stage.apply()
    stage.settle()
    stage.runner.fault("kubelet-stop", [stage.runner.simulation.store.get("/registry/pods/default/web").value["spec"]["nodeName"]])
    stage.runner.run()
    found = False
    for _ in range(3000):
        before = stage.runner.display.step
        wake_s = stage.runner.tick()
        assert stage.runner.display.step <= before + 1
        stage.wall_s = max(wake_s, stage.wall_s)
        last = "".join(map(str, list(stage.runner.display.rows)[-2:]))
        found = found or (stage.runner.display.step > before and "unreachable" in last)
        if found and stage.runner.engine.is_settled:
            break
    assert found


def test_with_nobody_looking_the_clock_decides():
    stage = Stage()
    stage.runner.run()
    begun_ms = stage.runner.engine.now_ms
    stage.play(30)
    assert 29_000 <= stage.runner.engine.now_ms - begun_ms <= 30_000


def test_clock_pacing_goes_by_the_clock_for_eyes_too(stage):
    stage.runner.set_pacing("clock")
    stage.runner.set_speed(2)
    stage.runner.run()
    begun_ms = stage.runner.engine.now_ms
    stage.play(30)
    assert 58_000 <= stage.runner.engine.now_ms - begun_ms <= 60_000


def test_the_clock_reaches_events_however_far_ahead():
    stage = Stage()
    stage.runner.run()
    engine = stage.runner.engine
    for event in list(engine._by_id.values()):
        engine.cancel(event.id)
    engine.actors["kubectl"].after(30_000, "on_start")
    steps = engine.steps
    stage.play(31)
    assert engine.steps == steps + 1


def test_a_clock_that_cannot_keep_up_starts_anew_from_where_it_is():
    stage = Stage()
    stage.runner.run()
    stage.play(1)
    begun_ms = stage.runner.engine.now_ms
    stage.wall_s += 3600
    stage.runner.wall = iter(range(5000, 10**9, 3)).__next__  # each look at the clock costs three seconds
    stage.runner.tick()
    stage.runner.tick()
    assert stage.runner.engine.now_ms - begun_ms < 60_000


@pytest.mark.parametrize("speed", [0, -1, 0.2, 65, float("nan"), float("inf")])
def test_a_speed_out_of_range_is_refused(stage, speed):
    with pytest.raises(Refused, match="between"):
        stage.runner.set_speed(speed)
    assert stage.sandbox.speed == 1


def test_an_unknown_pacing_is_refused(stage):
    with pytest.raises(Refused):
        stage.runner.set_pacing("hasty")


def test_frames_follow_one_another_without_gap_or_double(stage):
    stage.apply()
    stage.runner.set_speed(64)
    stage.runner.run()
    stage.play(20)
    frames = [message for message in stage.published if message["type"] == "frame"]
    known, rows = frames[0]["after_seq"], []
    for frame in frames:
        assert frame["after_seq"] == known
        rows += [row["seq"] for row in frame["rows"]]
        known = frame["to_seq"]
    assert rows == sorted(set(rows)) == [row["seq"] for row in stage.runner.display.rows if row["seq"] > frames[0]["after_seq"]]
    assert [frame["number"] for frame in frames] == sorted({frame["number"] for frame in frames})


def test_the_last_rows_of_a_burst_are_published_soon_even_if_nothing_follows(stage):
    stage.runner.set_pacing("clock")
    stage.runner.set_speed(64)
    stage.apply()
    stage.runner.run()
    stage.play(0.7)
    assert stage.runner.display.seq - max(frame["to_seq"] for frame in stage.published) < 400
    stage.runner.hold()
    stage.play(0.1)
    assert stage.published[-1]["to_seq"] == stage.runner.display.seq


def test_nothing_is_published_where_nobody_looks():
    stage = Stage()
    stage.apply()
    stage.settle()
    assert not stage.published


def test_a_cursor_gets_what_came_after_it_and_nothing_twice(stage):
    stage.apply()
    stage.runner.step(5)
    stage.play(1)
    cursor = stage.runner.display.seq
    stage.runner.step(5)
    stage.play(1)
    message = stage.runner.snapshot_message(cursor, 0)
    assert message["type"] == "frame" and message["after_seq"] == cursor
    assert [row["step"] for row in message["rows"] if row["step"] is not None] == [6, 7, 8, 9, 10]


@pytest.mark.parametrize(("cursor", "run"), [(None, None), (10**9, 0), (-5, 0), (0, 3)])
def test_a_cursor_that_means_nothing_gets_the_whole_picture(stage, cursor, run):
    stage.apply()
    stage.settle()
    message = stage.runner.snapshot_message(cursor, run)
    assert message["type"] == "snapshot" and message["cells"]["objects"]["pods/default/web"]


def test_reset_gives_a_fresh_cluster_and_leaves_nobody_waiting(stage):
    first = stage.runner.engine.trace.next_seq
    stage.runner.hold()
    stage.request(text=POD % "web")
    stage.apply("other")
    stage.runner.step(30)
    stage.request(text=POD % "late", token="late")
    cursor = stage.runner.display.seq
    stage.runner.reset()
    assert stage.replies()[-1] == ("late", 503) and not stage.pods()
    assert stage.runner.engine.trace.next_seq == first and stage.runner.display.step == 0
    assert stage.published[-1]["type"] == "snapshot"
    assert stage.runner.snapshot_message(cursor, 0)["type"] == "snapshot"


def test_the_same_journal_after_a_reset_leads_to_the_same_names(stage):
    stage.apply()
    stage.settle()
    uid = stage.runner.simulation.store.get("/registry/pods/default/web").value["metadata"]["uid"]
    stage.runner.reset()
    stage.apply()
    stage.settle()
    assert stage.runner.simulation.store.get("/registry/pods/default/web").value["metadata"]["uid"] == uid
