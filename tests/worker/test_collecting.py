"""Full garbage collections wait until nobody asks for anything."""
from __future__ import annotations

import gc

import pytest

from cluster.worker import collecting
from cluster.worker.collecting import Collector


@pytest.fixture
def calls(monkeypatch):
    found = []
    for name in ("collect", "freeze", "unfreeze"):
        monkeypatch.setattr(collecting.gc, name, lambda name=name: found.append(name))
    return found


def test_much_that_is_new_is_gone_through_and_set_aside_once_nobody_has_asked_for_a_while(calls, monkeypatch):
    wall_s = 10.0
    collector = Collector(lambda: wall_s)
    monkeypatch.setattr(collecting.gc, "get_count", lambda: (0, 0, collecting.WORTH_IT))
    collector.heard()
    collector.rest()
    assert calls == []
    wall_s += collecting.REST_S
    collector.rest()
    assert calls == ["collect", "freeze"]


def test_a_rest_with_little_that_is_new_does_nothing_unless_a_sandbox_was_let_go(calls, monkeypatch):
    wall_s = 10.0
    collector = Collector(lambda: wall_s)
    monkeypatch.setattr(collecting.gc, "get_count", lambda: (0, 0, 1))
    wall_s += collecting.REST_S
    collector.rest()
    assert calls == []
    collector.forgot()
    collector.rest()
    collector.rest()
    assert calls == ["unfreeze", "collect", "freeze"]


def test_the_old_are_next_to_never_gone_through_by_themselves(monkeypatch):
    before = gc.get_threshold()
    try:
        Collector(lambda: 0.0).begin()
        assert gc.get_threshold() == (collecting.YOUNG, collecting.MIDDLE, collecting.OLD)
    finally:
        gc.set_threshold(*before)
