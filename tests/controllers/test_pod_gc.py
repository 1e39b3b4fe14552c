"""pod-garbage-collector: when it looks at every Pod, and when it need not.

Source: pkg/controller/podgc/gc_controller.go, gc_controller_test.go.
"""

from __future__ import annotations

import pytest

from cluster.controllers import pod_gc
from tests.controllers.rig import Rig
from tests.controllers.test_lost_node import bound_pod, world_with_nodes


@pytest.fixture
def world():
    world = world_with_nodes()
    bound_pod(world, "web")
    world.run(20_000)
    return world


def collector(world):
    return world.manager.controllers["pod-garbage-collector"]


def counted_anew(found):
    kept, found._ending = found._ending, None
    found._is_nothing_amiss()
    return kept == found._ending


def test_while_all_pods_go_on_it_looks_at_none(world):
    assert collector(world)._is_nothing_amiss()


def test_a_pod_that_is_going_or_has_ended_is_looked_at_until_it_is_no_more(world):
    world.do(world.client.delete("pods", "web", "default", grace_period_seconds=30))
    assert list(collector(world)._ending) == ["default/web"] and not collector(world)._is_nothing_amiss() and counted_anew(collector(world))
    world.do(world.client.delete("pods", "web", "default", grace_period_seconds=0))
    assert not collector(world)._ending and collector(world)._is_nothing_amiss() and counted_anew(collector(world))
    bound_pod(world, "job")
    world.do(world.client.patch("pods", "job", {"status": {"phase": "Succeeded"}}, patch_type="merge", namespace="default", subresource="status"))
    assert list(collector(world)._ending) == ["default/job"] and counted_anew(collector(world))


def test_a_node_that_goes_makes_it_look(world):
    world.do(world.client.delete("nodes", "n2"))
    assert not collector(world)._is_nothing_amiss()
    world.run(80_000)
    assert world.get("pods", "web") is None and collector(world)._is_nothing_amiss()


def test_what_it_remembers_is_lost_with_it(world):
    collector(world).drop_memory()
    assert collector(world)._ending is None


# -- which Pods go, and which are first said to have failed --------------------------------------------------------------------------------------

OUT = "node.kubernetes.io/out-of-service"


def pod(name, phase="Running", node="", *, going=False, reason="", order=0):
    meta = {"name": name, "creationTimestamp": f"2026-01-01T{order:02}:00:00Z", **({"deletionTimestamp": "2026-01-01T08:00:00Z"} if going else {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [], **({"nodeName": node} if node else {})},
            "status": {"phase": phase, **({"reason": reason} if reason else {})}}  # fmt: skip


def node(name, ready="True", effect="", value=""):
    taints = [{"key": OUT, "effect": effect, "value": value}] if effect else []
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"taints": taints},
            "status": {"conditions": [{"type": "Ready", "status": ready}]}}  # fmt: skip


def looked(rig):
    """(who was deleted, who was said to have failed)"""
    rig.requests.clear()
    rig.look({"call": "_collect"})
    assert all(each["body"]["status"]["phase"] == "Failed" for each in rig.requests if each["request"].startswith("patch"))
    asked = [each["request"].split() for each in rig.requests]
    return tuple("".join(sorted(name for verb, _, name in asked if verb == wanted)) for wanted in ("delete", "patch"))


def rig_of(*objects):
    return Rig({"controller": "pod-garbage-collector", "now": "2026-01-01T09:00:00Z", "objects": list(objects)})


def test_a_pod_whose_node_is_gone_is_told_why_before_it_goes():
    """Source: TestGCInspectingPatchedPodBeforeDeletion."""
    stranded = pod("a", node="gone")
    stranded["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    rig = rig_of(stranded)
    rig.look({"call": "_collect"})
    rig.engine.now_ms += 80_000
    rig.look({"call": "_collect"})
    patch, delete = rig.requests
    [condition] = patch["body"]["status"]["conditions"]
    assert patch["body"]["status"]["phase"] == "Failed" and delete["body"] == {"gracePeriodSeconds": 0}
    told = {field: condition[field] for field in ("type", "status", "reason", "message")}
    assert told == {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC", "message": "PodGC: node no longer exists"}


FAILED, DONE = "Failed", "Succeeded"


@pytest.mark.parametrize(("phases", "limit", "gone"), [
    ((FAILED, DONE, FAILED), 1, "ab"), (("Running", DONE, FAILED), 1, "b"), ((FAILED, DONE), 1, "a"), ((FAILED, DONE), 5, ""),
    ((FAILED, DONE, "Evicted"), 1, "ac"), (("Running", DONE, "Evicted"), 1, "c"),
])  # fmt: skip
def test_the_oldest_that_ended_go_beyond_a_limit_and_evicted_ones_first(phases, limit, gone):
    """Source: TestGCTerminated."""
    pods = [pod(name, FAILED if phase == "Evicted" else phase, "n", reason=phase if phase == "Evicted" else "", order=order)
            for order, (name, phase) in enumerate(zip("abc", phases, strict=False))]  # fmt: skip
    assert "".join(sorted(each["metadata"]["name"] for each in pod_gc.surplus_terminated(pods, limit))) == gone


@pytest.mark.parametrize(("pods", "gone"), [
    ([pod("a", FAILED, going=True), pod("b", DONE, going=True), pod("c", going=True)], ("abc", "c")),
    ([pod("a", FAILED), pod("b", DONE, "n"), pod("c", node="n", going=True)], ("", "")),
])  # fmt: skip
def test_what_is_going_and_never_got_a_node_goes_at_once(pods, gone):
    """Source: TestGCUnscheduledTerminating."""
    assert looked(rig_of(node("n"), *pods)) == gone


@pytest.mark.parametrize(("on", "gone"), [
    (node("n", "False"), ("", "")),
    (node("n", "True", "NoExecute"), ("", "")),
    (node("n", "False", "NoExecute"), ("bcd", "b")),
    (node("n", "Unknown", "NoExecute", "any"), ("bcd", "b")),
    (node("n", "False", "NoSchedule"), ("bcd", "b")),
    (node("n", "False", "PreferNoSchedule"), ("bcd", "b")),
])
def test_what_is_going_on_a_node_that_is_out_of_service_goes_at_once(on, gone):
    """Source: TestGCTerminating."""
    pods = [pod("a", node="n"), pod("b", node="n", going=True), pod("c", FAILED, "n", going=True), pod("d", DONE, "n", going=True)]
    assert looked(rig_of(on, *pods)) == gone


ABC = [pod("a", FAILED, "gone"), pod("b", DONE, "gone"), pod("c", node="gone")]


@pytest.mark.parametrize(("pods", "nodes", "later", "wait_ms", "gone"), [
    (ABC, "gone", "gone", 80_000, ("", "")),  # there
    (ABC, "", "", 80_000, ("abc", "c")),
    (ABC, "", "", 20_000, ("", "")),  # its quarantine is not over
    (ABC, "other", "other", 80_000, ("abc", "c")),
    ([*ABC, pod("d", FAILED, "other")], "other", "other", 80_000, ("abc", "c")),
    (ABC, "", "live", 80_000, ("", "")),  # the API server knows it by then
    (ABC, "", "gone", 80_000, ("", "")),  # the informer does
    (ABC, "gone", "", 80_000, ("", "")),  # gone only just now
])  # fmt: skip
def test_pods_of_a_node_that_is_gone_go_when_it_still_is_after_a_while(pods, nodes, later, wait_ms, gone):
    """Source: TestGCOrphaned."""
    rig = rig_of(*pods, *([node(nodes)] if nodes else []))
    assert looked(rig) == ("", "")
    rig.engine.now_ms += wait_ms
    known = rig.informers.by_resource["nodes", ""]
    if later != nodes:
        known.state.objects.clear()
        rig.objects.pop(("nodes", nodes), None)
    if later:
        rig.objects["nodes", "gone" if later == "live" else later] = node("gone")
    if later == "gone" != nodes:
        known.put("ADDED", node("gone"))
    assert looked(rig) == gone
