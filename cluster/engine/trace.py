"""The trace: what happened, as facts with causes. It is the product; everything drawn comes from it."""
from __future__ import annotations

from typing import Any

import msgspec


class TraceEvent(msgspec.Struct, array_like=True):
    """One fact. kind: past tense, an entry of the narration catalogue. subject: `resource/namespace/name` or "".

    cause: seq of the fact that made this one happen, 0 for the first causes. data: small, JSON-able.
    step: the engine event in which it happened; facts of one step belong together.
    """

    seq: int
    at_ms: int
    actor: str
    kind: str
    subject: str
    cause: int
    data: dict[str, Any]
    step: int = 0


class Trace:
    """Collects facts until the turn is committed.

    `on` may be switched off where nobody will ever look: then facts are not even numbered, and nothing but the trace differs.
    """

    def __init__(self, first_seq: int = 1):
        self.next_seq = first_seq
        self.events: list[TraceEvent] = []
        self.on = True

    def add(self, at_ms: int, actor: str, kind: str, subject: str, cause: int, data: dict, step: int = 0) -> int:
        seq = self.next_seq
        self.next_seq = seq + 1
        self.events.append(TraceEvent(seq, at_ms, actor, kind, subject, cause, data, step))
        return seq

    def drain(self) -> list[TraceEvent]:
        """The facts since the last call."""
        events, self.events = self.events, []
        return events
