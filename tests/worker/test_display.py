"""What was shown, the way back, and cursors."""
from __future__ import annotations

import pytest

from cluster.worker import display as module
from cluster.worker.display import Display


def row(seq: int, step: int | None = None, *cells) -> dict:
    return {"seq": seq, "at_ms": seq * 10, "step": step, "stage": f"stage{step}" if step else "x", "set": [list(cell) for cell in cells]}


@pytest.fixture
def display():
    """Three steps over five rows; only what is before them is shown."""
    made = Display({"nodes": {"n1": "ready"}}, seq=0, at_ms=0)
    made.add([row(1, None, ("pods", "a", 1)), row(2, 1, ("pods", "a", 2)), row(3), row(4, 2, ("pods", "a", None), ("pods", "b", 1)),
              row(5, 3, ("nodes", "n1", "lost"))])
    return made


def test_a_step_comes_with_the_details_before_and_after_it(display):
    assert display.show_step()["seq"] == 2
    assert (display.seq, display.step, display.stage, display.at_ms) == (3, 1, "stage1", 30)
    assert display.cells["pods"] == {"a": 2}


def test_without_a_pending_step_nothing_is_shown(display):
    for _ in range(3):
        display.show_step()
    display.add([row(6)])
    assert display.show_step() is None and display.seq == 5 and display.next_step() is None
    display.show_details()
    assert display.seq == 6


def test_the_next_step_is_known_before_it_is_shown(display):
    assert display.next_step()["step"] == 1
    display.show_step()
    assert display.next_step()["step"] == 2


def test_history_goes_back_to_the_cells_before_its_first_row(display):
    display.show_all()
    assert display.history(6, 2) == ({"nodes": {"n1": "ready"}, "pods": {"a": 2}}, [display.rows[3], display.rows[4]], True)
    cells, rows, more = display.history(4, 10)
    assert (cells, [each["seq"] for each in rows], more) == ({"nodes": {"n1": "ready"}, "pods": {}}, [1, 2, 3], False)
    assert display.cells == {"nodes": {"n1": "lost"}, "pods": {"b": 1}}


@pytest.mark.parametrize(("before", "limit"), [(0, 5), (-3, 5), (9, 0), (9, -1)])
def test_history_of_nothing_is_empty(display, before, limit):
    display.show_all()
    assert display.history(before, limit)[1] == []


@pytest.mark.parametrize(("cursor", "wanted"), [(0, [1, 2, 3, 4, 5]), (3, [4, 5]), (5, []), (6, None), (-1, None)])
def test_rows_after_a_cursor(display, cursor, wanted):
    display.show_all()
    rows = display.after(cursor)
    assert (rows if rows is None else [each["seq"] for each in rows]) == wanted


def test_a_cursor_older_than_what_is_kept_is_refused(display, monkeypatch):
    monkeypatch.setattr(module, "KEPT_ROWS", 3)
    short = Display({}, seq=0, at_ms=0)
    short.rows, short.undo = type(short.rows)(maxlen=3), type(short.undo)(maxlen=3)
    short.add([row(seq, seq, ("pods", "a", seq)) for seq in range(1, 7)])
    short.show_all()
    assert short.base_seq == 3 and short.after(2) is None and [each["seq"] for each in short.after(3)] == [4, 5, 6]
    assert short.history(99, 10)[0] == {"pods": {"a": 3}}


def test_fresh_rows_are_taken_once_and_say_what_they_follow(display):
    display.show_step()
    assert [display.take_fresh()[0], display.take_fresh()] == [0, (3, [])]
    display.show_all()
    after, rows = display.take_fresh()
    assert after == 3 and [each["seq"] for each in rows] == [4, 5]


def test_what_was_shown_before_a_restart_is_shown_again(display):
    display.show_until(3)
    assert display.seq == 3 and display.steps_pending == 2


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_the_way_back_leads_to_the_cells_before_the_latest_rows(display, count):
    display.show_all()
    rows, is_more = display.latest(count)
    assert ([each["seq"] for each in rows], is_more) == (list(range(6 - count, 6)), count < 5)
    cells = {name: dict(values) for name, values in display.cells.items()}
    for name, cell, value in display.way_back(count):
        if value is None:
            cells[name].pop(cell, None)  # it came and went among these rows
        else:
            cells[name][cell] = value
    before, _, _ = display.history(6, count)
    assert cells == before
