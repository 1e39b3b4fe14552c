"""The wait before a failed daemon Pod on a node is deleted again, so that set and kubelet do not fight.

Source: k8s.io/client-go util/flowcontrol/backoff.go, cmd/kube-controller-manager/app/apps.go (1 s, doubling to 15 min).
"""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST_MS, LONGEST_MS = 1_000, 900_000


@dataclass
class FailedPods:
    """By key: [the wait in ms, the Unix ms of the last try]."""

    waits: dict[str, list[int]] = field(default_factory=dict)

    def wait_ms(self, key: str, now_unix_ms: int) -> int:
        """The whole wait while it lasts, else 0. Source: IsInBackOffSinceUpdate, Get."""
        entry = self.waits.get(key)
        return entry[0] if entry is not None and now_unix_ms - entry[1] < entry[0] else 0

    def next(self, key: str, now_unix_ms: int) -> None:
        """A try is made: the next wait is twice as long. What was not tried for long is forgotten. Source: Next, GC."""
        self.waits = {one: entry for one, entry in self.waits.items() if now_unix_ms - entry[1] <= 2 * LONGEST_MS}
        entry = self.waits.get(key)
        self.waits[key] = [FIRST_MS if entry is None else min(2 * entry[0], LONGEST_MS), now_unix_ms]
