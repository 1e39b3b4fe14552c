"""Rows that are made only when somebody looks: the same ones, at the same place."""
from __future__ import annotations

import pytest

from cluster.worker import backlog
from tests.worker.running import Stage

pytestmark = pytest.mark.django_db(transaction=True)


def busy(name: str, *, is_looked_at: bool) -> Stage:
    """A sandbox that runs by the clock while a client is at work; its thread is wanted all the time."""
    stage = Stage(name, is_looked_at=is_looked_at)
    stage.runner.is_wanted = lambda: True
    stage.runner.set_pacing("clock")
    stage.runner.run()
    stage.apply()
    for _ in range(40):
        stage.wall_s += 0.1
        stage.runner.tick()
    return stage


def rows(stage: Stage) -> list[dict]:
    return list(stage.runner.display.rows)


def test_what_nobody_sees_waits_and_gives_the_same_rows_later():
    unseen, seen = busy("unseen", is_looked_at=False), busy("seen", is_looked_at=True)
    assert unseen.runner.backlog.is_unread and not seen.runner.backlog.is_unread
    assert unseen.runner.backlog.shown_seq >= seen.runner.display.seq, "facts without a row may come last"
    assert rows(unseen) == rows(seen) and unseen.runner.display.cells == seen.runner.display.cells
    assert not unseen.runner.backlog.is_unread and not unseen.runner.display.fresh


def test_who_comes_later_gets_the_whole_picture_and_then_frames_that_follow_it():
    stage = busy("unseen", is_looked_at=False)
    stage.runner.viewers.add("viewer")
    snapshot = stage.runner.snapshot_message(None)
    assert stage.runner.sandbox.shown_seq >= snapshot["seq"] == snapshot["rows"][-1]["seq"]
    stage.apply("another")
    stage.play(1)
    frames = [message for message in stage.published if message["type"] == "frame" and message["rows"]]
    assert frames and frames[0]["rows"][0]["seq"] > snapshot["seq"] >= frames[0]["after_seq"]


def test_the_backlog_is_worked_off_when_nobody_waits_for_the_thread():
    stage = busy("unseen", is_looked_at=False)
    stage.runner.is_wanted = lambda: False
    stage.play(1)
    assert not stage.runner.backlog.is_unread


def test_no_row_is_made_while_clients_ask_for_other_things():
    stage = busy("unseen", is_looked_at=False)
    stage.runner.is_wanted = lambda: False
    stage.runner.heard()
    wake_s = stage.runner.tick()
    assert stage.runner.backlog.is_unread and wake_s <= stage.runner.quiet_s
    stage.wall_s = stage.runner.quiet_s
    stage.runner.tick()
    assert not stage.runner.backlog.is_unread


def test_a_backlog_does_not_grow_for_ever(monkeypatch):
    monkeypatch.setattr(backlog, "MOST_EVENTS", 40)
    stage = busy("unseen", is_looked_at=False)
    assert stage.runner.backlog.is_unread
    assert sum(len(events) for events, _ in stage.runner.backlog._turns) <= 40


def test_after_a_restart_the_unread_is_shown_too():
    stage = busy("unseen", is_looked_at=False)
    last = busy("seen", is_looked_at=True).runner.display.seq
    stage.load()
    assert stage.runner.display.seq == last and not stage.runner.display.pending
