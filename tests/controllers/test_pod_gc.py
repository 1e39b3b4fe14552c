"""pod-garbage-collector: when it looks at every Pod, and when it need not.

Source: pkg/controller/podgc/gc_controller.go.
"""

from __future__ import annotations

import pytest

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
