"""What a controller still expects to see of its own creates and deletes, so that it never acts twice on one gap."""

from __future__ import annotations

from dataclasses import dataclass, field

EXPIRE_MS = 300_000  # ExpectationsTimeout


@dataclass
class Expectation:
    """One object's outstanding creates and deletes; `deletions` names the Pods, in order."""

    creations: int = 0
    deletions: list[str] = field(default_factory=list)
    since_ms: int = 0


@dataclass
class Expectations:
    """Keyed by the owner's key. Source: pkg/controller/controller_utils.go UIDTrackingControllerExpectations."""

    by_key: dict[str, Expectation] = field(default_factory=dict)

    def expect_creations(self, key: str, count: int, now_ms: int) -> None:
        """Forget what was expected and wait for `count` creations."""
        self.by_key[key] = Expectation(creations=count, since_ms=now_ms)

    def expect_deletions(self, key: str, pods: list[str], now_ms: int) -> None:
        """Forget what was expected and wait until each of these Pods is seen going."""
        self.by_key[key] = Expectation(deletions=list(pods), since_ms=now_ms)

    def expect(self, key: str, creations: int, deletions: list[str], now_ms: int) -> None:
        """Forget what was expected and wait for both."""
        self.by_key[key] = Expectation(creations, list(deletions), now_ms)

    def creation_observed(self, key: str, count: int = 1) -> None:
        """Some creations came in, or are known not to come."""
        if key in self.by_key:
            self.by_key[key].creations -= count

    def deletion_observed(self, key: str, pod: str) -> None:
        """A Pod is going, or is known to stay; counts once."""
        expectation = self.by_key.get(key)
        if expectation and pod in expectation.deletions:
            expectation.deletions.remove(pod)

    def forget(self, key: str) -> None:
        """The owner is gone."""
        self.by_key.pop(key, None)

    def are_satisfied(self, key: str, now_ms: int) -> bool:
        """Whether nothing is outstanding, or it has been outstanding for five minutes."""
        expectation = self.by_key.get(key)
        if expectation is None or (expectation.creations <= 0 and not expectation.deletions):
            return True
        return now_ms - expectation.since_ms > EXPIRE_MS
