"""What set-up says while it works: one line a step on standard error, rewritten in place on a terminal."""

import sys
import time


class Progress:
    """One step of set-up: named when it begins, counted while it goes on, timed when it ends."""

    def __init__(self, title: str, stream=None):
        self.title = title
        self.stream = stream or sys.stderr
        self.is_terminal = self.stream.isatty()
        self.began_s = time.monotonic()
        self.last_share = 0.0
        self._write(f"{title} …", ends=not self.is_terminal)

    def at(self, done: int, total: int, detail: str = "") -> None:
        """Tell how far it is; off a terminal only every quarter of the way."""
        share = done / max(total, 1)
        if self.is_terminal:
            self._write(f"{self.title} … {done} of {total} {detail}"[:100], ends=False)
        elif share - self.last_share >= 0.25 and done < total:
            self.last_share = share
            self._write(f"{self.title} … {done} of {total}", ends=True)

    def done(self) -> None:
        """End the step, with the time that it took."""
        self._write(f"{self.title}: done in {time.monotonic() - self.began_s:.0f} s", ends=True)

    def failed(self) -> None:
        """Leave the terminal's line, so that the sentence about the failure stands alone."""
        if self.is_terminal:
            self._write(f"{self.title}: not done", ends=True)

    def _write(self, text: str, *, ends: bool) -> None:
        before = "\r\x1b[K" if self.is_terminal else ""
        self.stream.write(before + text + ("\n" if ends else ""))
        self.stream.flush()
