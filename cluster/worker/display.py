"""What those who look at a sandbox have been shown: rows, the picture's cells, and the way back."""
from __future__ import annotations

from collections import deque
from typing import Any

KEPT_ROWS = 20_000
SNAPSHOT_ROWS = 2_000

Cells = dict[str, dict[str, Any]]


class Display:
    """Rows that were traced wait in `pending` until they are shown; `cells` is the picture at the last shown row."""

    def __init__(self, cells: Cells, *, seq: int, at_ms: int):
        self.cells: Cells = {name: dict(values) for name, values in cells.items()}
        self.pending: deque[dict] = deque()
        self.rows: deque[dict] = deque(maxlen=KEPT_ROWS)
        self.undo: deque[list] = deque(maxlen=KEPT_ROWS)
        self.seq, self.at_ms, self.step, self.stage = seq, at_ms, 0, ""
        self.base_seq = seq   # the oldest cursor from which the kept rows lead here
        self.fresh: list[dict] = []   # shown since the last frame was published
        self.fresh_after = seq        # the last row of the frames before
        self.steps_pending = 0

    def add(self, rows: list[dict]) -> None:
        self.pending.extend(rows)
        self.steps_pending += sum(1 for row in rows if row["step"] is not None)

    @property
    def has_step(self) -> bool:
        return self.steps_pending > 0

    def show_step(self) -> dict | None:
        """Show up to and including the next step, and the details that belong to it; its row, None if no step is pending."""
        if not self.has_step:
            return None
        self.show_details()
        step = self.pending[0]
        self._show_next()
        self.show_details()
        return step

    def show_details(self) -> None:
        """Show what is pending before the next step."""
        while self.pending and self.pending[0]["step"] is None:
            self._show_next()

    def show_all(self) -> None:
        while self.pending:
            self._show_next()

    def show_until(self, seq: int) -> None:
        """Show all up to a seq: what was shown before a restart."""
        while self.pending and self.pending[0]["seq"] <= seq:
            self._show_next()

    def next_step(self) -> dict | None:
        """The row of the next pending step."""
        return next((row for row in self.pending if row["step"] is not None), None) if self.has_step else None

    def _show_next(self) -> None:
        row, undo = self.pending.popleft(), []
        self.steps_pending -= row["step"] is not None
        for collection, cell, value in row["set"]:
            values = self.cells.setdefault(collection, {})
            undo.append((collection, cell, values.get(cell)))
            if value is None:
                values.pop(cell, None)
            else:
                values[cell] = value
        if len(self.rows) == KEPT_ROWS:
            self.base_seq = self.rows[0]["seq"]
        self.rows.append(row)
        self.undo.append(undo)
        self.fresh.append(row)
        self.seq, self.at_ms = row["seq"], row["at_ms"]
        if row["step"] is not None:
            self.step, self.stage = row["step"], row["stage"]

    def take_fresh(self) -> tuple[int, list[dict]]:
        """(the seq after which they come, the rows shown since the last call)."""
        after, rows = self.fresh_after, self.fresh
        self.fresh_after, self.fresh = self.seq, []
        return after, rows

    def history(self, before: int, limit: int) -> tuple[Cells, list[dict], bool]:
        """(the cells before the first row, up to `limit` rows with seq < before, whether earlier rows are kept)."""
        cells = {name: dict(values) for name, values in self.cells.items()}
        index = len(self.rows)
        picked: list[dict] = []
        while index > 0 and len(picked) < limit:
            index -= 1
            for collection, cell, value in reversed(self.undo[index]):
                if value is None:
                    cells.get(collection, {}).pop(cell, None)
                else:
                    cells.setdefault(collection, {})[cell] = value
            if self.rows[index]["seq"] < before:
                picked.append(self.rows[index])
        return cells, picked[::-1], index > 0

    def latest(self, limit: int) -> tuple[list[dict], bool]:
        """(the latest rows, whether earlier ones are kept)."""
        first = max(0, len(self.rows) - limit)
        return [self.rows[index] for index in range(first, len(self.rows))], first > 0

    def way_back(self, count: int) -> list[list]:
        """[collection, id, value] of each cell that differs before the latest `count` rows: of a large cluster, a small part of it."""
        before: dict[tuple[str, str], Any] = {}
        for index in range(len(self.rows) - 1, len(self.rows) - 1 - count, -1):
            before.update({(collection, cell): value for collection, cell, value in reversed(self.undo[index])})
        return [[collection, cell, value] for (collection, cell), value in before.items()]

    def after(self, seq: int) -> list[dict] | None:
        """The shown rows after a cursor; None if they are no longer kept."""
        if seq < self.base_seq or seq > self.seq:
            return None
        return [row for row in self.rows if row["seq"] > seq]
