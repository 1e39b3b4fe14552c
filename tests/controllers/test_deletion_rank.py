"""Which Pods go first: one criterion a row, all others equal.

Source: pkg/controller/controller_utils_test.go (TestSortingActivePodsWithRanks), pkg/controller/replicaset/replica_set_test.go (TestGetPodsToDelete).
"""

from __future__ import annotations

import pytest

from cluster.controllers import _deletion_rank
from cluster.engine import clock

NOW_MS = clock.unix_ms("2026-01-01T10:00:00Z")


def pod(
    name,
    *,
    node="n1",
    phase="Running",
    ready=True,
    since="2026-01-01T09:00:00Z",
    created="2026-01-01T09:00:00Z",
    restarts=0,
    cost=None,
):
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": since}]
    return {
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": name,
            "creationTimestamp": created,
            "annotations": {_deletion_rank.DELETION_COST: cost} if cost else {},
        },
        "spec": {"nodeName": node} if node else {},
        "status": {
            "phase": phase,
            "conditions": conditions,
            "containerStatuses": [{"name": "app", "restartCount": restarts}],
        },
    }


@pytest.mark.parametrize(
    ("goes", "stays"),
    [
        (pod("z", node=""), pod("a")),  # unscheduled
        (pod("z", phase="Pending", ready=False), pod("a", ready=False)),
        (pod("z", ready=False), pod("a")),
        (pod("z", cost="-5"), pod("a")),
        (pod("z"), pod("a", cost="5")),
        (pod("z", since="2026-01-01T09:59:00Z"), pod("a")),  # ready for a shorter time
        (pod("z", restarts=3), pod("a")),
        (pod("z", ready=False, created="2026-01-01T09:59:00Z"), pod("a", ready=False)),
        (pod("a", since="2026-01-01T09:00:10Z"), pod("z")),  # about the same age: by uid
    ],
)
def test_the_less_valuable_pod_goes_first(goes, stays):
    for pods in ([goes, stays], [stays, goes]):
        assert _deletion_rank.choose(pods, pods, 1, NOW_MS) == [goes]


def test_a_crowded_node_gives_first():
    pods = [pod("lonely", node="n2"), pod("one"), pod("two")]
    assert _deletion_rank.choose(pods, pods, 1, NOW_MS)[0]["metadata"]["name"] != "lonely"


def test_pods_of_related_replica_sets_count_as_neighbours():
    mine = [pod("a", node="n1"), pod("b", node="n2")]
    related = [*mine, pod("other1", node="n2"), pod("other2", node="n2")]
    assert _deletion_rank.choose(mine, related, 1, NOW_MS)[0]["metadata"]["name"] == "b"


def test_nothing_is_ranked_when_all_go():
    pods = [pod("b"), pod("a")]
    assert _deletion_rank.choose(pods, [], 2, NOW_MS) == pods


@pytest.mark.parametrize(("text", "expected"), [("10", 10), ("-7", -7), ("0", 0), ("007", 0), ("+1", 0), ("x", 0)])
def test_a_deletion_cost_is_a_plain_number_or_nothing(text, expected):
    assert _deletion_rank.deletion_cost(pod("a", cost=text)) == expected
