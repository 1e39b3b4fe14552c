"""Whatever happens to a Job's Pods, and whenever the controller manager is away: each end is counted, and once."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.controllers._job_pods import is_tracked
from tests.controllers.jobs import TEMPLATE, Jobs

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("end"), st.integers(0, 5), st.sampled_from([0, 1])),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("parallelism"), st.integers(0, 4)),
        st.tuples(st.just("manager"), st.booleans()),
        st.tuples(st.just("run"), st.integers(1, 700_000)),
    ),
    max_size=14,
)


class Walk(Jobs):
    """A Job of many Pods, with what became of them as the test knows it."""

    def __init__(self):
        super().__init__()
        self.succeeded = self.failed = 0
        self.job(completions=50, parallelism=3, backoffLimit=1000, template={"spec": {**TEMPLATE["spec"], "terminationGracePeriodSeconds": 0}})

    def play(self, move: tuple) -> None:
        name, *rest = move
        getattr(self, f"do_{name}")(*rest)

    def do_end(self, which: int, code: int) -> None:
        if not (pods := self.open_pods):
            return
        self.end(pods[which % len(pods)], code=code)
        self.succeeded += code == 0
        self.failed += code != 0

    def do_delete(self, which: int) -> None:
        """By somebody else: what had not ended counts as failed."""
        if not (pods := self.open_pods):
            return
        self.do(self.client.delete("pods", pods[which % len(pods)]["metadata"]["name"], "default"))
        self.failed += 1

    def do_parallelism(self, count: int) -> None:
        self.patch_job({"parallelism": count})

    def do_manager(self, on: bool) -> None:
        if on != self.manager.is_on:
            (self.engine.start if on else self.engine.stop)(self.manager)
            self.settle()

    def do_run(self, ms: int) -> None:
        self.run(ms)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MOVES)
def test_every_end_is_counted_once(moves):
    walk = Walk()
    for move in moves:
        walk.play(move)
    walk.do_manager(True)
    walk.run(700_000)
    status = walk.status()
    assert (status.get("succeeded", 0), status.get("failed", 0)) == (walk.succeeded, walk.failed)
    assert status["uncountedTerminatedPods"] == {} and status.get("active", 0) == len(walk.open_pods)
    assert all(is_tracked(pod) for pod in walk.open_pods)
    assert not any(is_tracked(pod) for pod in walk.list("pods") if pod not in walk.open_pods)
    assert len(walk.open_pods) == min(walk.get("jobs", "job")["spec"]["parallelism"], 50 - walk.succeeded)
