"""What becomes of a command: it has ended, goes on for some time, or waits for its input."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Finished:
    """A command that ended: what it printed (notes: to the errors, before its output), and whether the shell ends with it."""

    status: int
    output: str = ""
    errors: str = ""
    ends_shell: bool = False
    notes: str = ""


@dataclass
class Wait:
    """A command that goes on for some time; ms -1: until it is stopped."""

    ms: int


@dataclass
class Reads:
    """A command that waits for more of its program's input."""


Outcome = Finished | Wait | Reads
