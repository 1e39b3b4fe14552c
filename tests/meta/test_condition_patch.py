"""Which patch sets a condition. Source: pkg/scheduler/schedule_one_test.go (TestUpdatePod), the patches that it expects."""

from __future__ import annotations

import pytest

from cluster.meta.condition_patch import setting

OTHER = {"type": "Ready", "status": "False", "lastTransitionTime": "t0"}
OLD = {"type": "PodScheduled", "status": "False", "reason": "a", "message": "m", "lastProbeTime": None, "lastTransitionTime": "t0"}
NEW = {"type": "PodScheduled", "status": "False", "reason": "a", "message": "n", "lastProbeTime": None, "lastTransitionTime": "t0"}
KIND = {"type": "PodScheduled"}


@pytest.mark.parametrize(("conditions", "wanted", "patch"), [
    ([], NEW, {"conditions": [NEW]}),
    ([OTHER], NEW, {"$setElementOrder/conditions": [{"type": "Ready"}, KIND], "conditions": [NEW]}),
    ([OLD], NEW, {"$setElementOrder/conditions": [KIND], "conditions": [{**KIND, "message": "n"}]}),
    ([OLD, OTHER], {**NEW, "status": "True", "lastTransitionTime": "t1"},
     {"$setElementOrder/conditions": [KIND, {"type": "Ready"}],
      "conditions": [{**KIND, "status": "True", "message": "n", "lastTransitionTime": "t1"}]}),
    ([{**OLD, "observedGeneration": 2}], NEW,
     {"$setElementOrder/conditions": [KIND], "conditions": [{**KIND, "message": "n", "observedGeneration": None}]}),
])  # fmt: skip
def test_it_sends_what_is_new_and_says_the_order_where_there_is_one(conditions, wanted, patch):
    assert setting(conditions, wanted) == patch
