"""When Python looks for cyclic garbage: the young often, the old only while nobody waits.

A sandbox of a thousand Pods is a million objects. To go through them all takes a tenth of a second, for which every request
would wait; and next to nothing would be found, since objects, facts and rows are trees that end with their last reference. What
is full of cycles is a whole sandbox that was let go.
"""
from __future__ import annotations

import gc
from collections.abc import Callable

YOUNG, MIDDLE = 2_000, 5        # a millisecond each time, and a few for the middle generation
OLD = 5_000                     # of the middle's, before the old are gone through even while somebody waits
WORTH_IT = 30                   # of the middle's, before a rest is used
REST_S = 1.0                    # without a command


class Collector:
    """Chooses the moments. `heard` and `rest` are called by the thread that works."""

    def __init__(self, wall: Callable[[], float]):
        self.wall, self.heard_s, self.has_forgotten = wall, wall(), False

    def begin(self) -> None:
        gc.set_threshold(YOUNG, MIDDLE, OLD)

    def heard(self) -> None:
        """A command came."""
        self.heard_s = self.wall()

    def forgot(self) -> None:
        """A sandbox was let go: what was set aside is to be gone through again."""
        self.has_forgotten = True

    def rest(self) -> None:
        """Nothing is due for a while: collect, if much has come since, and set aside what stays."""
        if self.wall() - self.heard_s < REST_S:
            return
        if self.has_forgotten:
            self.has_forgotten = False
            gc.unfreeze()
        elif gc.get_count()[2] < WORTH_IT:
            return
        gc.collect()
        gc.freeze()
