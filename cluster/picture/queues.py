"""The controllers' part of the picture: what waits in each queue, what was compared last, and, beside it, the latest comparisons."""

from __future__ import annotations

from typing import Any

from cluster.narration.render import chinese

Set = list[list]
KEYS_SHOWN, COMPARISONS_KEPT, NAMED_KEYS = 8, 5, 200
# Controllers in the order of a Pod's way: those that keep Pods first, then those that serve and clean up.
ORDER = (
    "deployment-controller", "replicaset-controller", "daemonset-controller", "statefulset-controller", "job-controller", "cronjob-controller",
    "endpointslice-controller", "garbage-collector", "node-lifecycle-controller", "horizontal-pod-autoscaler-controller", "disruption-controller",
    "namespace-controller", "serviceaccount-controller",
)  # fmt: skip
LAST_RANK = 99


class QueuePictures:
    """Keeps the cells of `controllers` and `comparisons`; the latter are apart because a queue changes far more often."""

    def __init__(self, names: tuple[str, ...]):
        self.cells = {name: fresh(name) for name in names}
        self.waiting: dict[str, list[str]] = {}
        self.comparisons: dict[str, list[dict]] = {}

    def enqueued(self, name: str, subject: str, length: int) -> Set:
        waiting = self.waiting.setdefault(name, [])
        if subject not in waiting and len(waiting) < NAMED_KEYS:
            waiting.append(subject)
        return self._changed(name, queue=length, waiting=waiting[:KEYS_SHOWN])

    def started(self, name: str, subject: str, length: int, seq: int) -> Set:
        """A worker took a key. Keys that became dirty while they were worked on wait again without a fact of their own."""
        waiting = [each for each in self.waiting.get(name, ()) if each != subject]
        self.waiting[name] = waiting = waiting[len(waiting) - min(length, len(waiting)) :]
        return self._changed(name, queue=length, waiting=waiting[:KEYS_SHOWN], worked_seq=seq)

    def compared(self, name: str, seq: int, at_ms: int, subject: str, *, wanted: Any, found: Any, so: str) -> Set:
        """What was wanted, what was found, and what follows from it."""
        last = {"subject": subject, "wanted": wanted, "found": found, "so": {"en": so, "zh": chinese(so)}, "at_ms": at_ms}
        others = [one for one in self.comparisons.get(name, ()) if {**one, "at_ms": at_ms} != last]  # the same result again is no news
        self.comparisons[name] = [last, *others][:COMPARISONS_KEPT]
        return [*self._changed(name, last=last, worked_seq=seq), ["comparisons", name, self.comparisons[name]]]

    def stopped(self) -> Set:
        """The process stopped: what waited is forgotten."""
        self.waiting.clear()
        return [cell for name, old in self.cells.items() if old["queue"] for cell in self._changed(name, queue=0, waiting=[])]

    def switched(self, name: str, since_ms: int | None) -> Set:
        """One controller was switched off by itself, at that moment, or on (None): its queue begins empty."""
        self.waiting.pop(name, None)
        return self._changed(name, off=since_ms is not None, since_ms=since_ms, queue=0, waiting=[])

    def _changed(self, name: str, **changes) -> Set:
        self.cells[name] = {**(self.cells.get(name) or fresh(name)), **changes}
        return [["controllers", name, self.cells[name]]]


def fresh(name: str) -> dict[str, Any]:
    """A controller that has not done anything yet."""
    rank = ORDER.index(name) if name in ORDER else LAST_RANK
    return {"name": name, "rank": rank, "queue": 0, "waiting": [], "worked_seq": 0, "last": None, "off": False}
