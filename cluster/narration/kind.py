"""What a kind of trace event declares about itself: where it is drawn and what is said of it."""
from __future__ import annotations

from dataclasses import dataclass

STAGES = ("kubectl", "admission", "store", "reconcile", "schedule", "bind", "sandbox", "pull", "start", "report", "delete", "fault")
MARKERS = ("user", "write", "watch", "cri", "status", "warning", "none")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One entry of the catalogue. lane: an actor's name, or "" for the event's own actor.

    step: whether the page stops here. fidelity: "exact" or "simplified". source: the upstream file.
    en, zh: captions with {names} from the event's data, beside {subject}, {name}, {actor}.
    """

    stage: str
    en: str
    zh: str
    marker: str = "none"
    lane: str = ""
    step: bool = True
    fidelity: str = "exact"
    source: str = ""
