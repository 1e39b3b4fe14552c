"""How long a Pod tolerates its Node's NoExecute taints, and what becomes of it.

Source: pkg/controller/tainteviction/taint_eviction_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers.taint_eviction import NOT_TOLERATED, tolerated_seconds
from cluster.meta.objects import key_of
from tests.controllers.rig import Rig

TAINT = {"key": "a", "effect": "NoExecute"}
OTHER = {"key": "b", "value": "x", "effect": "NoExecute"}


def exists(key, seconds=None):
    toleration = {"key": key, "operator": "Exists", "effect": "NoExecute"}
    return toleration if seconds is None else {**toleration, "tolerationSeconds": seconds}


@pytest.mark.parametrize(
    ("taints", "tolerations", "expected"),
    [
        ([TAINT], [], NOT_TOLERATED),
        ([TAINT], [exists("b")], NOT_TOLERATED),
        ([TAINT], [exists("a")], None),  # for ever
        ([TAINT], [exists("a", 300)], 300),
        ([TAINT], [exists("a", 0)], 0),
        ([TAINT], [exists("a", -5)], 0),
        ([TAINT, OTHER], [exists("a", 300), exists("b", 10)], 10),  # the shortest counts
        ([TAINT, OTHER], [exists("a", 300)], NOT_TOLERATED),
        ([OTHER], [{"key": "b", "value": "x"}], None),  # operator Equal, any effect
        ([OTHER], [{"key": "b", "value": "y"}], NOT_TOLERATED),
        ([TAINT], [{"operator": "Exists"}], None),
        ([TAINT], [{"operator": "Exists", "effect": "NoSchedule"}], NOT_TOLERATED),
    ],
)
def test_a_taint_is_tolerated_for_as_long_as_the_shortest_match_says(taints, tolerations, expected):
    """Source: TestGetMinTolerationTime."""
    assert tolerated_seconds(taints, tolerations) == expected


# -- what a Pod's or a Node's change leads to ----------------------------------------------------------------------------------------------------


def taints(*numbers):
    return [{"key": f"testTaint{number}", "value": f"test{number}", "effect": "NoExecute"} for number in numbers]


def node(*numbers):
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node1"}, "spec": {"taints": taints(*numbers)}}


def pod(name="pod1", on="node1", **seconds):
    """seconds: by t1, t2 … how long a taint is tolerated, None for ever."""
    tolerations = [{**taints(number[1:])[0], **({} if time is None else {"tolerationSeconds": time})} for number, time in seconds.items()]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [], "nodeName": on, "tolerations": tolerations},
            "status": {"phase": "Running"}}  # fmt: skip


class Evictions:
    """The controller over informers that a test changes; deletions with the seconds at which they came."""

    def __init__(self, *objects):
        self.rig = Rig({"controller": "taint-eviction-controller", "now": "2026-01-01T09:00:00Z", "objects": list(objects)})
        self.rig.controller.work = lambda work, done=None: self.rig.drive(work)
        for each in objects:
            self.rig.controller.on_node("ADDED", None, each) if each["kind"] == "Node" else self.rig.controller.on_pod("ADDED", None, each)

    def change(self, obj):
        informer = self.rig.informers.by_resource["pods" if obj["kind"] == "Pod" else "nodes", ""]
        old = informer.get(key_of(obj))
        self.rig.know(obj, 50)
        (self.rig.controller.on_node if obj["kind"] == "Node" else self.rig.controller.on_pod)("MODIFIED" if old else "ADDED", old, obj)
        return self

    def gone(self, seconds=0):
        self.rig.engine.run_until(self.rig.engine.now_ms + seconds * 1000)
        asked = [each["request"].split() for each in self.rig.requests]
        self.rig.requests.clear()
        assert [name for verb, what, name in asked if verb == "patch"] == [name for verb, _, name in asked if verb == "delete"]
        return [name for verb, _, name in asked if verb == "delete"]


@pytest.mark.parametrize(("before", "after", "then", "later"), [
    ([], pod(on=""), [], []), ([], pod(), [], []), ([node(1)], pod(), ["pod1"], []), ([node(1)], pod(t1=100), [], ["pod1"]),
    ([node(1)], pod(t1=None), [], []), ([node(1)], pod(t2=None), ["pod1"], []),
    ([node(1), pod(on="")], pod(), ["pod1"], []), ([node(1), pod(on="", t1=None)], pod(t1=None), [], []),
    ([node(1), pod(t1=100)], pod(), ["pod1"], []),
    ([pod()], node(), [], []), ([pod()], node(1), ["pod1"], []), ([pod(t1=None)], node(1), [], []),
    ([pod(), node()], node(1), ["pod1"], []), ([pod(t1=100), node()], node(1), [], ["pod1"]), ([pod(t1=100), node()], node(1, 2), ["pod1"], []),
    ([pod(t1=1), node(1)], node(), [], []),
])  # fmt: skip
def test_who_does_not_tolerate_a_taint_goes_at_once_or_when_its_time_is_over(before, after, then, later):
    """Source: TestCreatePod, TestUpdatePod, TestCreateNode, TestUpdateNode."""
    evictions = Evictions(*before)
    evictions.rig.requests.clear()
    evictions.change(after)
    assert (evictions.gone(), evictions.gone(99), evictions.gone(2)) == (then, [], later)


def test_a_toleration_that_is_lengthened_comes_too_late():
    """Source: TestUpdatePod (lengthening toleration shouldn't work)."""
    assert Evictions(node(1), pod(t1=1)).change(pod(t1=100)).gone(1) == ["pod1"]


def test_the_first_toleration_that_runs_out_counts():
    """Source: TestUpdateNode (pod with multiple tolerations)."""
    assert Evictions(pod(t1=1, t2=100), node()).change(node(1, 2)).gone(1) == ["pod1"]


def test_a_taint_that_was_tolerated_for_a_while_only_and_went_is_forgotten():
    """Source: TestUpdateNodeWithMultipleTaints."""
    evictions = Evictions(pod(t1=None, t2=60), node())
    planned = [list(evictions.change(node(*numbers)).rig.controller.state.evictions) for numbers in ((), (1,), (1, 2), (1,))]
    assert planned == [[], [], ["default/pod1"], []] and evictions.gone(100) == []
    assert evictions.rig.events == ["Normal TaintManagerEviction Cancelling deletion of Pod default/pod1"]


@pytest.mark.parametrize(("numbers", "at_once", "later"), [((1,), ["pod1"], ["pod2"]), ((1, 2), ["pod1", "pod2", "pod3"], [])])
def test_each_pod_goes_by_its_own_tolerations(numbers, at_once, later):
    """Source: TestUpdateNodeWithMultiplePods."""
    evictions = Evictions(pod("pod1"), pod("pod2", t1=1), pod("pod3", t1=None), node()).change(node(*numbers))
    assert (evictions.gone(), evictions.gone(1), evictions.gone(100)) == (at_once, later, [])


def test_what_is_gone_is_not_evicted_and_a_node_that_is_gone_is_forgotten():
    """Source: TestDeletePod, TestDeleteNode, TestPodDeletionEvent."""
    evictions = Evictions(node(1), pod(t1=10))
    evictions.rig.controller.on_pod("DELETED", pod(t1=10), {**pod(t1=10), "metadata": {"name": "pod1", "namespace": "default"}})
    evictions.rig.controller.on_node("DELETED", node(1), node(1))
    assert evictions.gone(20) == [] and evictions.rig.controller.state.tainted == {}
    assert evictions.rig.events == ["Normal TaintManagerEviction Cancelling deletion of Pod default/pod1"]
